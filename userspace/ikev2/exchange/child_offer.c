/* SPDX-License-Identifier: MIT */
#include "ikev2/exchange/child_offer.h"

#include <errno.h>

#include "pdk/log/log.h"
#include "ikev2/codec/proposal.h"
#include "ikev2/codec/ts.h"
#include "ikev2/exchange/child_mode.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/policy/connection.h"
#include "ikev2/policy/proposal_match.h"
#include "ikev2/policy/ts_match.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/child_selectors.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"
#include "ikev2/sa/internal_addr.h"

LOG_USE(ike);

/* -------- initiator -------- */

/* The configured proposals with our inbound SPI; IKE_AUTH has no key exchange (1.2). */
static void offered_proposals(const struct child_sa *child, bool with_ke, struct proposal_list *ret)
{
	*ret = child->conf->esp_proposals;
	if (!with_ke)
		proposal_list_strip_ke(ret);
	for (size_t i = 0; i < ret->n; i++)
		proposal_set_spi32(&ret->v[i], child->spi_in);
}

void child_offer_write(struct child_sa *child, const struct key_exchange *kx, struct message *m)
{
	struct proposal_list offer;

	offered_proposals(child, kx != NULL, &offer);
	sa_payload_write(message_payload(m, IKE_PAYLOAD_SA), &offer);
	if (kx)
		key_exchange_write(kx, true, m);
	ts_payload_write(message_payload(m, IKE_PAYLOAD_TSI), &child->local_ts);
	ts_payload_write(message_payload(m, IKE_PAYLOAD_TSR), &child->remote_ts);
	child_mode_offer(child, m);
}

/*
 * Who asks for an internal address offers all addresses, and the peer may leave it at that (2.19):
 * ours are those that it lent. NULL, or what is wrong.
 */
static const char *narrow_to_internal(const struct ike_sa *sa, const struct child_conf *conf,
				      struct ts_list *local)
{
	struct ts_list policy;

	if (!sa->initiator || !sa->conn->n_vips)
		return NULL;
	if (!sa->internal)
		return "the peer lends us no internal address";
	internal_addrs_resolve_local(sa, &conf->local_ts, &policy);
	return ts_narrow(&policy, local, local) ? "its selectors leave out the address that it lends us"
						: NULL;
}

/*
 * The peer's selectors are to be within those that we offered (2.9). Who is asked to rekey must not
 * narrow them (2.9.2), but may answer with its whole policy, whatever it had been narrowed to in the
 * old SA (as OpenIKED does): what we offered is what both keep to. NULL, or what is wrong.
 */
static const char *take_selectors(const struct child_sa *child, const struct ts_list *offer,
				  struct ts_list *answer)
{
	if (!child->replaces)
		return ts_answer_valid(offer, answer) ? NULL
						      : "the peer's selectors are wider than ours";
	if (!ts_list_contains_all(answer, offer))
		return "the peer's selectors are narrower than what is in use";
	*answer = *offer;
	return NULL;
}

/* Asked by a packet, we got what another has already: the next packet would ask again. */
static bool is_there_already(const struct child_sa *child)
{
	const struct child_sa *other;

	if (!child->acquire_seq)
		return false;
	list_for_each (other, &child->ike->children, link)
		if (other != child && other->conf == child->conf && child_sa_is_up(other) &&
		    child_selectors_include(other, child))
			return true;
	return false;
}

const char *child_offer_accept(struct child_sa *child, const struct ike_message *m,
			       struct key_exchange *kx)
{
	const struct ike_payload *sa = ike_message_find(m, IKE_PAYLOAD_SA, 0);
	const struct ike_payload *tsi = ike_message_find(m, IKE_PAYLOAD_TSI, 0);
	const struct ike_payload *tsr = ike_message_find(m, IKE_PAYLOAD_TSR, 0);
	struct proposal_list offer, answer;
	struct ts_list local, remote;
	const char *wrong;
	uint32_t spi;

	if (!sa || !tsi || !tsr)
		return "the answer lacks SA, TSi or TSr";
	/* Their form is good: ike_message_check(). */
	if (sa_payload_parse(sa->body, &answer, NULL))
		return "the peer chose what we did not offer";
	if (ts_payload_parse(tsi->body, &local, NULL) || ts_payload_parse(tsr->body, &remote, NULL))
		return "the answer has more selectors than can be taken";
	if (!proposal_spi32(&answer.v[0], &spi) || spi < IKE_ESP_SPI_MIN)
		return "the answer has no SPI that may be used";
	/* Known even if the rest won't do: so it can be deleted again. */
	child_sa_set_spi_out(child, spi);
	offered_proposals(child, kx != NULL, &offer);
	if (answer.n != 1 || !proposal_answer_valid(&offer, &answer.v[0], NULL))
		return "the peer chose what we did not offer";
	wrong = take_selectors(child, &child->local_ts, &local);
	if (!wrong)
		wrong = take_selectors(child, &child->remote_ts, &remote);
	if (wrong)
		return wrong;
	wrong = narrow_to_internal(child->ike, child->conf, &local);
	if (wrong)
		return wrong;
	wrong = child_mode_accept(child, m, &local, &remote);
	if (wrong)
		return wrong;
	child->proposal = answer.v[0];
	child->local_ts = local;
	child->remote_ts = remote;
	if (is_there_already(child))
		return "the peer leaves out the packet that wants it";
	return kx ? key_exchange_take_answer(kx, m, proposal_id(&answer.v[0], IKE_TRANSFORM_KE))
		  : NULL;
}

bool child_offer_single_pair(struct child_sa *child, const struct ike_notify *notify)
{
	const char *name = child->conf->name;
	char local[TS_STRLEN], remote[TS_STRLEN];

	if (notify->type != IKE_NOTIFY_SINGLE_PAIR_REQUIRED)
		return false;
	if (!child_selectors_single_pair(child)) {
		log_obj_warning(
			ike, child->ike->log_name,
			"Child SA %s: the peer takes single pairs of addresses only, and no "
			"packet says which: start_action = trap waits for one",
			name);
		return false;
	}
	log_obj_info(ike, child->ike->log_name,
		     "Child SA %s: the peer takes a single pair only: %s === %s", name,
		     ts_str(&child->local_ts.v[0], local), ts_str(&child->remote_ts.v[0], remote));
	return true;
}

void child_offer_answered(struct child_sa *child, const struct ike_message *m)
{
	struct ike_sa *sa = child->ike;
	struct ike_notify notify;
	const char *wrong;
	int err;

	if (!ike_message_find(m, IKE_PAYLOAD_SA, 0) && ike_message_find_error(m, &notify)) {
		if (child_offer_single_pair(child, &notify))
			return; /* the caller asks for what has not been made */
		log_obj_warning(ike, sa->log_name, "the peer refuses Child SA %s: %s",
				child->conf->name, ike_notify_name(notify.type));
		child_sa_close(child, "the peer refuses it");
		return;
	}
	wrong = child_offer_accept(child, m, NULL);
	if (!wrong) {
		err = child_sa_install(child, nonce_bytes(&sa->nonce_i), nonce_bytes(&sa->nonce_r),
				       BYTES_NONE, CHILD_INSTALL_BOTH);
		if (err == 0)
			return;
		wrong = strerror(-err);
	}
	log_obj_warning(ike, sa->log_name, "Child SA %s failed: %s", child->conf->name, wrong);
	/* The peer believes that it is up. */
	exchange_queue(sa, &exchange_delete_child, child->spi_in);
	child_sa_close(child, wrong);
}

/* -------- responder -------- */

int child_offer_take(struct ike_sa *sa, const struct ike_message *m, const struct child_sa *old,
		     struct key_exchange *kx, struct child_sa **ret_child)
{
	struct proposal_list offer;
	struct child_choice choice;
	struct ts_list tsi, tsr;
	struct proposal chosen;
	struct child_sa *child;
	uint32_t spi;
	int notify;

	/* ike_message_check() has read them before; what is left is too many of them. */
	if (sa_payload_parse(ike_message_find(m, IKE_PAYLOAD_SA, 0)->body, &offer, NULL))
		return IKE_NOTIFY_NO_PROPOSAL_CHOSEN;
	if (ts_payload_parse(ike_message_find(m, IKE_PAYLOAD_TSI, 0)->body, &tsi, NULL) ||
	    ts_payload_parse(ike_message_find(m, IKE_PAYLOAD_TSR, 0)->body, &tsr, NULL))
		return IKE_NOTIFY_TS_UNACCEPTABLE;
	notify = child_mode_choose(sa, old, m, &offer, !kx, &tsi, &tsr, &choice);
	if (notify)
		return notify;
	if (proposal_select(&choice.conf->esp_proposals, &offer, sa->conn->prefer, !kx, &chosen) ||
	    !proposal_spi32(&chosen, &spi) || spi < IKE_ESP_SPI_MIN)
		return IKE_NOTIFY_NO_PROPOSAL_CHOSEN;
	if (kx) {
		uint16_t method = proposal_id(&chosen, IKE_TRANSFORM_KE);

		notify = key_exchange_respond(sa->core, m, method, kx);
		if (notify) {
			kx->method = method;
			return notify;
		}
	}
	child = child_sa_new(sa, choice.conf, false, 0);
	if (!child) {
		if (kx)
			key_exchange_fini(kx);
		return IKE_NOTIFY_TEMPORARY_FAILURE;
	}
	child->proposal = chosen;
	child_sa_set_spi_out(child, spi);
	child_mode_take(child, m, &tsi, &tsr, &choice);
	*ret_child = child;
	return 0;
}

void child_offer_write_answer(const struct child_sa *child, const struct key_exchange *kx,
			      struct message *m)
{
	struct proposal answer = child->proposal;

	proposal_set_spi32(&answer, child->spi_in);
	sa_payload_write_one(message_payload(m, IKE_PAYLOAD_SA), &answer);
	if (kx)
		key_exchange_write(kx, false, m);
	child_mode_answer(child, m);
}
