/* SPDX-License-Identifier: MIT */
/*
 * INFORMATIONAL (RFC 7296 1.4): Delete of the IKE SA and of Child SAs, and the empty message that
 * asks whether the peer is alive (2.4).
 */
#include "pdk/log/log.h"
#include "ikev2/codec/payload.h"
#include "ikev2/exchange/child.h"
#include "ikev2/exchange/configuration.h"
#include "ikev2/exchange/delete.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/exchange/handlers.h"
#include "ikev2/exchange/invalid_spi.h"
#include "ikev2/fsm/reauth.h"
#include "ikev2/fsm/state.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

/* -------- requests of the peer -------- */

/* What the answer to a request has to delete in its turn. */
struct deleted {
	uint32_t spis[CHILD_SAS_MAX]; /* ours, inbound */
	uint16_t n;
};

/*
 * The peer no longer receives on these SPIs: close both directions, and name ours in the answer
 * (1.4.1). Those that we are deleting ourselves are not named: the two Deletes have crossed.
 */
static void delete_children(struct ike_sa *sa, const struct ike_delete *d, struct deleted *deleted)
{
	for (size_t i = 0; i < d->n_spis; i++) {
		uint32_t spi = ike_delete_spi(d, i);
		struct child_sa *child = child_sa_by_spi_out(sa, spi);

		if (!child) {
			child_create_gone(sa, spi);
			continue;
		}
		if (child->state != CHILD_DELETING && deleted->n < CHILD_SAS_MAX)
			deleted->spis[deleted->n++] = child->spi_in;
		child_deleted(child, "deleted by the peer");
	}
}

/* What we have sent does not fit what was agreed on (3.10.1): the administrator has to know. */
static void report_selectors(const struct ike_sa *sa, const struct ike_message *m)
{
	struct ike_notify notify;
	uint32_t spi;

	if (ike_message_find_notify(m, IKE_NOTIFY_INVALID_SELECTORS, 0, &notify))
		log_obj_warning(ike, sa->log_name,
				"the peer drops packets on SPI %08x: they do not fit its selectors",
				ike_notify_esp_spi(&notify, &spi) ? spi : 0);
}

/* Is this the peer's first request after IKE_AUTH? The response to that is the last one then. */
static bool follows_ike_auth(const struct ike_sa *sa)
{
	struct ike_header header;

	return ike_header_parse(packet_bytes(sa->window.response), &header, NULL) == IKE_OK &&
	       header.exchange == IKE_EXCHANGE_IKE_AUTH;
}

/*
 * An initiator that didn't believe us, or didn't understand our response, says so in a request of
 * its own (2.21.2). What it says, or NULL.
 */
static const char *rejected_by_initiator(const struct ike_sa *sa, const struct ike_message *m)
{
	if (ike_message_find_notify(m, IKE_NOTIFY_AUTHENTICATION_FAILED, 0, NULL))
		return "the peer says AUTHENTICATION_FAILED";
	if (!follows_ike_auth(sa))
		return NULL;
	if (ike_message_find_notify(m, IKE_NOTIFY_INVALID_SYNTAX, 0, NULL))
		return "the peer says INVALID_SYNTAX of our IKE_AUTH";
	if (ike_message_find_notify(m, IKE_NOTIFY_UNSUPPORTED_CRITICAL_PAYLOAD, 0, NULL))
		return "the peer says UNSUPPORTED_CRITICAL_PAYLOAD of our IKE_AUTH";
	return NULL;
}

/* Why the whole IKE SA has to go after this request, or NULL. */
static const char *informational_take(struct ike_sa *sa, const struct ike_message *m,
				      struct deleted *deleted)
{
	const struct ike_payload *payload;
	const char *why = NULL;
	struct ike_notify notify;
	struct ike_delete d;

	for (size_t i = 0; (payload = ike_message_find(m, IKE_PAYLOAD_D, i)); i++) {
		if (ike_delete_parse(payload->body, &d, NULL) != IKE_OK)
			continue;
		if (d.protocol == IKE_PROTOCOL_IKE)
			why = "deleted by the peer";
		else if (d.protocol == IKE_PROTOCOL_ESP)
			delete_children(sa, &d, deleted);
	}
	for (size_t i = 0; ike_message_find_notify(m, IKE_NOTIFY_INVALID_SPI, i, &notify); i++)
		invalid_spi_take(sa, &notify);
	reauth_told(sa, m);
	report_selectors(sa, m);
	return why ? why : rejected_by_initiator(sa, m);
}

enum fsm_verdict informational_request(struct ike_sa *sa, const struct ike_message *m)
{
	struct deleted deleted;
	struct message answer;
	const char *why;

	deleted.n = 0;
	why = informational_take(sa, m, &deleted);
	message_begin_response(sa, &answer, IKE_EXCHANGE_INFORMATIONAL);
	if (!why && deleted.n)
		ike_delete_write_spis(message_payload(&answer, IKE_PAYLOAD_D), IKE_PROTOCOL_ESP,
				      deleted.spis, deleted.n);
	if (!why)
		configuration_answer(m, &answer);
	message_respond(sa, &answer);
	if (why)
		fsm_enter(sa, IKE_STATE_DEAD, why);
	return FSM_STAY;
}

/* -------- liveness: an empty message, and whatever comes back -------- */

const struct exchange_ops exchange_liveness = {
	.name = "liveness check",
	.type = IKE_EXCHANGE_INFORMATIONAL,
};
