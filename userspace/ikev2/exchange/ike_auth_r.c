/* SPDX-License-Identifier: MIT */
/*
 * IKE_AUTH as responder (RFC 7296 1.2). The answer waits until the kernel has the Child SA: the
 * initiator may send on it as soon as it has read our answer.
 */
#include "pdk/log/log.h"
#include "ikev2/exchange/child_offer.h"
#include "ikev2/exchange/handlers.h"
#include "ikev2/exchange/ike_auth.h"
#include "ikev2/fsm/state.h"
#include "ikev2/policy/config.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

/* Whom the initiator wants to talk to, and who it is: that decides the connection. */
static const char *auth_find_connection(struct ike_sa *sa, const struct ike_message *m)
{
	const struct ike_payload *idr = ike_message_find(m, IKE_PAYLOAD_IDR, 0);
	struct identity wanted;
	const struct connection *conn;
	struct ike_id id;

	if (ike_id_parse(ike_message_find(m, IKE_PAYLOAD_IDI, 0)->body, &id, NULL) != IKE_OK ||
	    identity_from_wire(id.type, id.data, &sa->remote_id) < 0)
		return "its identity can't be read";
	if (idr && (ike_id_parse(idr->body, &id, NULL) != IKE_OK ||
		    identity_from_wire(id.type, id.data, &wanted) < 0))
		return "the identity that it asks for can't be read";
	conn = config_choose(sa->config, &sa->local, &sa->remote, &sa->remote_id,
			     idr ? &wanted : NULL, &sa->proposal);
	if (!conn)
		return "no connection fits the identities";
	ike_sa_set_connection(sa, conn);
	ike_auth_set_local_id(sa);
	return NULL;
}

/* The answer: child is NULL when there is none, and notify says why. */
static void auth_answer(struct ike_sa *sa, const struct child_sa *child, uint16_t notify)
{
	struct message m;
	int err;

	message_begin_response(sa, &m, IKE_EXCHANGE_IKE_AUTH);
	err = ike_auth_write_identity(sa, &m);
	if (err < 0) {
		writer_fini(&m.w);
		fsm_enter(sa, IKE_STATE_DEAD, strerror(-err));
		return;
	}
	if (child)
		child_offer_write_answer(child, &m);
	else
		message_notify(&m, notify, BYTES_NONE);
	message_respond(sa, &m);
	ike_auth_forget_init(sa);
}

enum fsm_verdict ike_auth_request(struct ike_sa *sa, const struct ike_message *m)
{
	char id[IDENTITY_STRLEN];
	const char *wrong = auth_find_connection(sa, m);
	int notify;

	if (!wrong)
		wrong = ike_auth_verify_peer(sa, m, IKE_PAYLOAD_IDI);
	if (wrong) {
		log_obj_warning(ike, sa->log_name, "connection %s: the initiator [%s] is refused: %s",
				sa->conn->name, identity_str(&sa->remote_id, id, sizeof(id)), wrong);
		message_respond_notify(sa, IKE_EXCHANGE_IKE_AUTH, IKE_NOTIFY_AUTHENTICATION_FAILED,
				       BYTES_NONE);
		fsm_enter(sa, IKE_STATE_DEAD, wrong);
		return FSM_STAY;
	}
	fsm_enter(sa, IKE_STATE_ESTABLISHED, "the initiator has shown who it is");
	notify = child_offer_take(sa, m, nonce_bytes(&sa->nonce_i), nonce_bytes(&sa->nonce_r),
				  &sa->answering);
	if (notify) {
		log_obj_warning(ike, sa->log_name, "connection %s: the Child SA is refused: %s",
				sa->conn->name, ike_notify_name(notify));
		auth_answer(sa, NULL, (uint16_t)notify);
	}
	return FSM_STAY;
}

void ike_auth_child_done(struct ike_sa *sa, struct child_sa *child, int err)
{
	sa->answering = NULL;
	auth_answer(sa, err ? NULL : child, IKE_NOTIFY_TEMPORARY_FAILURE);
}
