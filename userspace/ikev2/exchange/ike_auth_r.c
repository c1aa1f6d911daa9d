/* SPDX-License-Identifier: MIT */
/*
 * IKE_AUTH as responder (RFC 7296 1.2). The answer waits until the kernel has the Child SA: the
 * initiator may send on it as soon as it has read our answer.
 */
#include "pdk/log/limit.h"
#include "pdk/log/log.h"
#include "ikev2/auth/own_proof.h"
#include "ikev2/exchange/auth_run.h"
#include "ikev2/exchange/child_offer.h"
#include "ikev2/exchange/configuration.h"
#include "ikev2/exchange/handlers.h"
#include "ikev2/exchange/ike_auth.h"
#include "ikev2/fsm/contact.h"
#include "ikev2/fsm/reauth.h"
#include "ikev2/fsm/state.h"
#include "ikev2/policy/config.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

/* AUTHENTICATION_FAILED, and no IKE SA (2.21.2). */
static void responder_refuse_for(struct ike_sa *sa, const char *why, const char *detail)
{
	char id[IDENTITY_STRLEN];

	log_remote(ike, LOG_LEVEL_WARNING, sa->log_name,
		   "connection %s: the initiator [%s] is refused: %s", sa->conn->name,
		   identity_str(&sa->remote_id, id, sizeof(id)), detail[0] ? detail : why);
	message_respond_notify(sa, IKE_EXCHANGE_IKE_AUTH, IKE_NOTIFY_AUTHENTICATION_FAILED,
			       BYTES_NONE);
	fsm_enter(sa, IKE_STATE_DEAD, why);
}

static void responder_refuse(struct ike_sa *sa, const char *why)
{
	responder_refuse_for(sa, why, "");
}

/* -------- steps -------- */

/* Whom the initiator wants to talk to, and who it is: that decides the connection. */
static const char *find_connection(struct ike_sa *sa, const struct ike_message *m)
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
	ike_auth_announced(sa, m);
	sa->local_id = idr ? wanted : IDENTITY_ANY;
	return own_proof_choose(sa);
}

/* RFC 6023: SA, TSi and TSr may be left out together. */
static bool is_childless(const struct ike_message *m)
{
	return !ike_message_find(m, IKE_PAYLOAD_SA, 0);
}

static enum auth_step_end refuse_syntax(struct ike_sa *sa, const char *why)
{
	log_remote(ike, LOG_LEVEL_WARNING, sa->log_name, "connection %s: %s", sa->conn->name, why);
	message_respond_notify(sa, IKE_EXCHANGE_IKE_AUTH, IKE_NOTIFY_INVALID_SYNTAX, BYTES_NONE);
	fsm_enter(sa, IKE_STATE_DEAD, why);
	return AUTH_STEP_LAST;
}

static enum auth_step_end step_identities(struct ike_sa *sa, const struct ike_message *m)
{
	const char *wrong = find_connection(sa, m);

	if (!wrong)
		return AUTH_STEP_DONE;
	responder_refuse(sa, wrong);
	return AUTH_STEP_LAST;
}

static enum auth_step_end step_verification(struct ike_sa *sa, const struct ike_message *m)
{
	return ike_auth_verify(sa, m, IKE_PAYLOAD_IDI);
}

static enum auth_step_end step_childless(struct ike_sa *sa, const struct ike_message *m)
{
	if (is_childless(m) && sa->conn->childless == CHILDLESS_NEVER)
		return refuse_syntax(sa, "the initiator wants no Child SA, and childless = never");
	/* A matter of policy, which INVALID_SYNTAX stands for, too (RFC 7296 3.10.1). */
	if (!is_childless(m) && sa->conn->childless == CHILDLESS_FORCE)
		return refuse_syntax(sa, "the initiator wants a Child SA along with IKE_AUTH, and "
					 "childless = force");
	return AUTH_STEP_DONE;
}

static const char kept[] = "unique = keep, and there is an IKE SA of that peer already";

static enum auth_step_end step_uniqueness(struct ike_sa *sa, const struct ike_message *m)
{
	int err = contact_check(sa);

	if (err == 0)
		return AUTH_STEP_DONE;
	if (err > 0)
		return AUTH_STEP_PENDING; /* contact_checked() */
	responder_refuse(sa, kept);
	return AUTH_STEP_LAST;
}

void contact_checked(struct ike_sa *sa, bool exists)
{
	/* What has taken too long has been refused meanwhile. */
	if (!sa->auth || sa->auth->step->run != step_uniqueness)
		return;
	if (exists)
		responder_refuse(sa, kept);
	auth_run_resume(sa, exists ? AUTH_STEP_LAST : AUTH_STEP_DONE);
}

static void proof_made(struct ike_sa *sa, int err)
{
	if (!sa->auth)
		return;
	if (err < 0)
		responder_refuse(sa, own_proof_strerror(err));
	auth_run_resume(sa, err < 0 ? AUTH_STEP_LAST : AUTH_STEP_DONE);
}

static enum auth_step_end step_own_proof(struct ike_sa *sa, const struct ike_message *m)
{
	int err = own_proof_make(sa, proof_made);

	if (err == OWN_PROOF_PENDING)
		return AUTH_STEP_PENDING;
	if (err == 0)
		return AUTH_STEP_DONE;
	responder_refuse(sa, own_proof_strerror(err));
	return AUTH_STEP_LAST;
}

/* We know who it is; may it? Its identity is the connection's, or it would not be this one. */
static enum auth_step_end step_authorisation(struct ike_sa *sa, const struct ike_message *m)
{
	fsm_enter(sa, IKE_STATE_ESTABLISHED, "the initiator has shown who it is");
	contact_established(sa, m);
	return AUTH_STEP_DONE;
}

static enum auth_step_end step_child(struct ike_sa *sa, const struct ike_message *m)
{
	struct child_sa *child;
	int err, notify;

	if (is_childless(m) || sa->auth->child_refused)
		return AUTH_STEP_DONE;
	notify = child_offer_take(sa, m, NULL, NULL, &child);
	if (!notify) {
		err = child_sa_install(child, nonce_bytes(&sa->nonce_i), nonce_bytes(&sa->nonce_r),
				       BYTES_NONE, CHILD_INSTALL_BOTH);
		if (err == 0) {
			sa->answering = child;
			return AUTH_STEP_PENDING; /* ike_auth_child_done() */
		}
		child_sa_close(child, strerror(-err));
		notify = IKE_NOTIFY_TEMPORARY_FAILURE;
	}
	log_obj_warning(ike, sa->log_name, "connection %s: the Child SA is refused: %s",
			sa->conn->name, ike_notify_name(notify));
	sa->auth->child_notify = (uint16_t)notify;
	return AUTH_STEP_DONE;
}

void ike_auth_child_done(struct ike_sa *sa, struct child_sa *child, int err)
{
	sa->answering = NULL;
	if (!sa->auth)
		return;
	sa->auth->child = err ? NULL : child;
	sa->auth->child_notify = IKE_NOTIFY_TEMPORARY_FAILURE;
	auth_run_resume(sa, AUTH_STEP_DONE);
}

static enum auth_step_end step_answer(struct ike_sa *sa, const struct ike_message *request)
{
	const struct auth_run *run = sa->auth;
	struct message m;

	message_begin_response(sa, &m, IKE_EXCHANGE_IKE_AUTH);
	ike_auth_write_proof(sa, &m, NULL);
	configuration_write_reply(sa, &m);
	if (run->child)
		child_offer_write_answer(run->child, NULL, &m);
	else if (run->child_notify)
		message_notify(&m, run->child_notify, BYTES_NONE);
	if (reauth_lifetime(sa))
		message_notify_u32(&m, IKE_NOTIFY_AUTH_LIFETIME, reauth_lifetime(sa)); /* RFC 4478 */
	message_respond(sa, &m);
	ike_auth_forget_init(sa);
	return AUTH_STEP_LAST;
}

static const struct auth_step responder_steps[] = {
	{ "identities", step_identities },
	{ "verification", step_verification },
	{ "childlessness", step_childless },
	{ "uniqueness", step_uniqueness },
	{ "our own proof", step_own_proof },
	{ "authorisation", step_authorisation },
	/* Before the selectors, which depend on it (2.19). */
	{ "configuration", configuration_take_request },
	{ "Child SA", step_child },
	{ "answer", step_answer },
	{ NULL, NULL },
};

const struct auth_role auth_role_responder = { responder_steps, responder_refuse_for };

enum fsm_verdict ike_auth_request(struct ike_sa *sa, const struct ike_message *m)
{
	bool some = ike_message_find(m, IKE_PAYLOAD_SA, 0) ||
		    ike_message_find(m, IKE_PAYLOAD_TSI, 0) ||
		    ike_message_find(m, IKE_PAYLOAD_TSR, 0);
	bool all = ike_message_find(m, IKE_PAYLOAD_SA, 0) &&
		   ike_message_find(m, IKE_PAYLOAD_TSI, 0) &&
		   ike_message_find(m, IKE_PAYLOAD_TSR, 0);

	if (some != all)
		refuse_syntax(sa, "IKE_AUTH lacks SA, TSi or TSr");
	else
		auth_run_start(sa, &auth_role_responder, m);
	return FSM_STAY;
}

enum fsm_verdict ike_auth_by_eap(struct ike_sa *sa, const struct ike_message *m)
{
	responder_refuse(sa, "it sends no AUTH, which asks for EAP");
	return FSM_STAY;
}
