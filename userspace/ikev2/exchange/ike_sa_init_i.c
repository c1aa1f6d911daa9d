/* SPDX-License-Identifier: MIT */
/*
 * IKE_SA_INIT as initiator (RFC 7296 1.2): SAi1, KEi, Ni and the NAT detection hashes go out, the
 * responder's choice comes back. Until then nothing is authenticated, so what an answer in clear
 * can do is bounded: a few rounds of COOKIE and INVALID_KE_PAYLOAD, and an error is a hint only, be
 * it told or made.
 */
#include <errno.h>
#include <stdio.h>

#include "pdk/log/log.h"
#include "ikev2/codec/payload.h"
#include "ikev2/codec/proposal.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/exchange/fragments.h"
#include "ikev2/exchange/handlers.h"
#include "ikev2/exchange/ike_auth.h"
#include "ikev2/fsm/state.h"
#include "ikev2/fsm/timers.h"
#include "ikev2/policy/connection.h"
#include "ikev2/policy/proposal_match.h"
#include "ikev2/sa/algorithms.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"
#include "ikev2/sa/nat.h"

LOG_USE(ike);

/* Answers that make us begin anew, altogether: whoever sends more wants to keep us busy (2.6). */
#define INIT_ROUNDS_MAX 5
/* How long an unprotected error may be contradicted by a better answer (2.21.1). */
#define INIT_ERROR_PATIENCE DURATION_S(2)

/* A key pair for method, unless sa has one for it already. */
static int init_kex(struct ike_sa *sa, uint16_t method)
{
	enum crypto_kex kex;
	int err;

	if (sa->kex && sa->ke_method == method)
		return 0;
	err = algorithms_kex(method, &kex);
	if (err < 0)
		return err;
	sa->kex = kex_free(sa->kex);
	err = kex_new(sa->core->crypto, kex, &sa->kex);
	if (err == 0)
		sa->ke_method = method;
	return err;
}

static int init_request(struct ike_sa *sa, struct exchange *x, struct message *m)
{
	const struct proposal_list *offer = &sa->conn->proposals;
	int err;

	err = init_kex(sa,
		       sa->ke_method ? sa->ke_method : proposal_id(&offer->v[0], IKE_TRANSFORM_KE));
	if (err < 0)
		return err;
	if (!sa->nonce_i.len)
		nonce_draw(&sa->nonce_i);
	if (sa->cookie_len)
		message_notify(m, IKE_NOTIFY_COOKIE, BYTES(sa->cookie, sa->cookie_len));
	sa_payload_write(message_payload(m, IKE_PAYLOAD_SA), offer);
	ike_ke_write(message_payload(m, IKE_PAYLOAD_KE), sa->ke_method, kex_public(sa->kex));
	ike_nonce_write(message_payload(m, IKE_PAYLOAD_NONCE), nonce_bytes(&sa->nonce_i));
	if (sa->conn->fragmentation != FRAGMENTATION_NO)
		message_notify(m, IKE_NOTIFY_IKEV2_FRAGMENTATION_SUPPORTED, BYTES_NONE);
	ike_auth_announce(sa, m);
	return nat_write(sa, m);
}

/* Everything that the good answer holds. NULL, or what is wrong with it; then nothing is taken. */
static const char *init_take(struct ike_sa *sa, const struct ike_message *m)
{
	_cleanup_secret_ struct secret shared = SECRET_NONE;
	struct proposal_list answer;
	struct bytes nonce;
	struct ike_ke ke;
	int err;

	if (!m->header.spi_r)
		return "the responder has no SPI";
	if (sa_payload_parse(ike_message_find(m, IKE_PAYLOAD_SA, 0)->body, &answer, NULL) ||
	    ike_ke_parse(ike_message_find(m, IKE_PAYLOAD_KE, 0)->body, &ke, NULL) ||
	    ike_nonce_parse(ike_message_find(m, IKE_PAYLOAD_NONCE, 0)->body, &nonce, NULL))
		return "the response is malformed";
	if (answer.n != 1 || !proposal_answer_valid(&sa->conn->proposals, &answer.v[0], NULL))
		return "the responder chose what we did not offer";
	if (proposal_id(&answer.v[0], IKE_TRANSFORM_KE) != sa->ke_method ||
	    ke.method != sa->ke_method)
		return "the responder's key exchange method is not the one chosen";
	err = kex_derive(sa->kex, ke.data, &shared);
	if (err == -EBADMSG)
		return "the responder's public value is not acceptable";
	if (err < 0)
		return "the key exchange failed";

	sa->proposal = answer.v[0];
	sa->spi_r = m->header.spi_r;
	nonce_set(&sa->nonce_r, nonce);
	if (ike_sa_derive_keys(sa, NULL, secret_bytes(&shared)) < 0) {
		sa->spi_r = 0;
		return "the keys could not be derived";
	}
	return NULL;
}

/* With a NAT in between, IKE moves to port 4500 on both ends (2.23). */
static void init_float(struct ike_sa *sa, const struct ike_message *m)
{
	const struct ike_core_params *params = &sa->core->params;

	if (!nat_detect(sa, m) || !ike_sa_needs_encap(sa))
		return;
	log_obj_info(ike, sa->log_name, "NAT %s: going on by UDP port %u",
		     sa->nat_local && sa->nat_remote ? "on both sides"
		     : sa->nat_local                 ? "before us"
		     : sa->nat_remote                ? "before the peer"
						     : "pretended",
		     params->natt_port);
	sa->local.port = params->natt_port;
	if (sa->remote.port == IKE_PORT)
		sa->remote.port = IKE_NATT_PORT;
}

/* RFC 6023 3: only who says so takes an IKE_AUTH without a Child SA. NULL: all is well. */
static const char *childless_contradiction(const struct ike_sa *sa)
{
	if (sa->peer_childless)
		return NULL;
	if (sa->conn->childless == CHILDLESS_FORCE)
		return "childless = force, and the peer takes no IKE SA without a Child SA";
	return list_empty(&sa->children)
		       ? "the peer takes no IKE SA without a Child SA; initiate a child"
		       : NULL;
}

static enum fsm_verdict init_response(struct ike_sa *sa, struct exchange *x,
				      const struct ike_message *m)
{
	const char *wrong;

	sa->init_error[0] = '\0';
	sa->init_response = packet_new(m->raw);
	init_float(sa, m);
	sa->fragments.agreed = fragments_agreed(sa, m);
	sa->peer_childless =
		ike_message_find_notify(m, IKE_NOTIFY_CHILDLESS_IKEV2_SUPPORTED, 0, NULL);
	wrong = childless_contradiction(sa);
	if (wrong) {
		fsm_enter(sa, IKE_STATE_DEAD, wrong);
		return FSM_STAY;
	}
	if (!sa->init_response) {
		fsm_enter(sa, IKE_STATE_DEAD, "out of memory");
		return FSM_STAY;
	}
	ike_auth_announced(sa, m);
	if (!sa->contacts_awaited)
		ike_auth_begin(sa);
	return FSM_OK;
}

/* Begin anew with what the responder asked for. */
static enum fsm_verdict init_again(struct ike_sa *sa)
{
	int err = exchange_restart(sa);

	if (err < 0)
		fsm_enter(sa, IKE_STATE_DEAD, strerror(-err));
	return FSM_STAY;
}

enum fsm_verdict ike_sa_init_cookie(struct ike_sa *sa, const struct ike_message *m)
{
	struct ike_notify notify;

	ike_message_find_notify(m, IKE_NOTIFY_COOKIE, 0, &notify);
	if (notify.data.len < IKE_COOKIE_MIN || notify.data.len > IKE_COOKIE_MAX ||
	    ++sa->init_rounds > INIT_ROUNDS_MAX)
		return FSM_STAY;
	sa->cookie_len = (uint8_t)notify.data.len;
	memcpy(sa->cookie, notify.data.data, notify.data.len);
	log_obj_debug(ike, sa->log_name, "the responder asks for a cookie");
	return init_again(sa);
}

enum fsm_verdict ike_sa_init_other_ke(struct ike_sa *sa, const struct ike_message *m)
{
	struct ike_notify notify;
	uint16_t method;

	ike_message_find_notify(m, IKE_NOTIFY_INVALID_KE_PAYLOAD, 0, &notify);
	/* Not one of ours, or the one just sent: no answer to what we asked (1.2, 2.7). */
	if (!ike_notify_u16(&notify, &method) || method == sa->ke_method ||
	    !proposal_list_has_ke(&sa->conn->proposals, method) ||
	    ++sa->init_rounds > INIT_ROUNDS_MAX)
		return FSM_STAY;
	log_obj_info(ike, sa->log_name, "the responder wants %s instead of %s", ike_ke_name(method),
		     ike_ke_name(sa->ke_method));
	sa->kex = kex_free(sa->kex);
	sa->ke_method = method;
	return init_again(sa);
}

/* Anybody on the way may have sent that: what the responder says may still come (2.21.1). */
static enum fsm_verdict init_hint(struct ike_sa *sa, const char *error)
{
	if (sa->init_error[0])
		return FSM_STAY;
	log_obj_warning(ike, sa->log_name, "IKE_SA_INIT is answered: %s", error);
	snprintf(sa->init_error, sizeof(sa->init_error), "%s", error);
	sa->init_error_until = instant_add(sa->core->now, INIT_ERROR_PATIENCE);
	return FSM_STAY;
}

enum fsm_verdict ike_sa_init_refused(struct ike_sa *sa, const struct ike_message *m)
{
	struct ike_notify notify;

	ike_message_find_error(m, &notify);
	return init_hint(sa, ike_notify_name(notify.type));
}

enum fsm_verdict ike_sa_init_answered(struct ike_sa *sa, const struct ike_message *m)
{
	const char *wrong = init_take(sa, m);

	return wrong ? init_hint(sa, wrong) : exchange_response(sa, m);
}

static void init_failed(struct ike_sa *sa, struct exchange *x, const char *why)
{
	fsm_enter(sa, IKE_STATE_DEAD, why);
}

const struct exchange_ops exchange_ike_sa_init = {
	.name = "IKE_SA_INIT",
	.type = IKE_EXCHANGE_IKE_SA_INIT,
	.request = init_request,
	.response = init_response,
	.failed = init_failed,
};
