/* SPDX-License-Identifier: MIT */
/*
 * IKE_AUTH as initiator (RFC 7296 1.2): both sides show who they are, and the first Child SA is
 * agreed on the way. A Child SA that fails does not take the IKE SA with it (2.21.2).
 */
#include <errno.h>

#include "pdk/log/log.h"
#include "ikev2/auth/own_proof.h"
#include "ikev2/exchange/auth_run.h"
#include "ikev2/exchange/child.h"
#include "ikev2/exchange/child_offer.h"
#include "ikev2/exchange/configuration.h"
#include "ikev2/exchange/delete.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/exchange/handlers.h"
#include "ikev2/exchange/ike_auth.h"
#include "ikev2/fsm/contact.h"
#include "ikev2/fsm/reauth.h"
#include "ikev2/fsm/state.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

/* By configuration all Child SAs are made afterwards, where the responder takes that (RFC 6023). */
static bool goes_alone(const struct ike_sa *sa)
{
	const enum childless_policy policy = sa->conn->childless;

	return sa->peer_childless && (policy == CHILDLESS_PREFER || policy == CHILDLESS_FORCE);
}

/* The Child SA that goes along: the first that is waiting to be made. NULL: none does. */
static struct child_sa *choose_child(struct ike_sa *sa)
{
	struct child_sa *child = list_first(&sa->children, struct child_sa, link);

	return child && child->state == CHILD_CREATING && !goes_alone(sa) ? child : NULL;
}

/* The one that went along, when the answer comes: it may be gone, and others may wait by now. */
static struct child_sa *child_sent(struct ike_sa *sa)
{
	struct child_sa *child = child_sa_by_id(sa->core, sa->auth_child);

	return child && child->ike == sa && child->state == CHILD_CREATING ? child : NULL;
}

/* Our AUTH is there, or can't be. */
static void proof_made(struct ike_sa *sa, int err)
{
	if (err < 0) {
		log_obj_warning(ike, sa->log_name, "connection %s: we can't show who we are: %s",
				sa->conn->name, own_proof_strerror(err));
		fsm_enter(sa, IKE_STATE_DEAD, own_proof_strerror(err));
	} else if (exchange_queue(sa, &exchange_ike_auth, 0) < 0) {
		fsm_enter(sa, IKE_STATE_DEAD, "out of memory");
	}
}

void ike_auth_begin(struct ike_sa *sa)
{
	const char *wrong;
	int err;

	if (sa->proof && sa->proof->begun)
		return;
	wrong = own_proof_choose(sa);
	if (wrong) {
		log_obj_warning(ike, sa->log_name, "connection %s: we can't show who we are: %s",
				sa->conn->name, wrong);
		fsm_enter(sa, IKE_STATE_DEAD, wrong);
		return;
	}
	/* With a wildcard the secret is looked up by our own identity alone. */
	sa->remote_id = sa->conn->remote.id;
	err = own_proof_make(sa, proof_made);
	if (err != OWN_PROOF_PENDING)
		proof_made(sa, err);
}

static int auth_request(struct ike_sa *sa, struct exchange *x, struct message *m)
{
	struct child_sa *child = choose_child(sa);
	/* A pattern fits many: then the responder shows whichever it has. */
	bool one = !identity_is_pattern(&sa->remote_id);

	ike_auth_write_proof(sa, m, one ? &sa->remote_id : NULL);
	if (contact_is_initial(sa))
		message_notify(m, IKE_NOTIFY_INITIAL_CONTACT, BYTES_NONE);
	configuration_write_request(sa, m);
	if (child)
		child_offer_write(child, NULL, m);
	sa->auth_child = child ? child->unique_id : 0;
	return 0;
}

/* We don't believe the responder: tell it (2.21.2), and that's that. */
static void initiator_refuse(struct ike_sa *sa, const char *why, const char *detail)
{
	char id[IDENTITY_STRLEN];
	struct packet *packet;
	struct message m;

	log_obj_warning(ike, sa->log_name, "connection %s: the responder [%s] is refused: %s",
			sa->conn->name, identity_str(&sa->remote_id, id, sizeof(id)),
			detail[0] ? detail : why);
	message_begin_request(sa, &m, IKE_EXCHANGE_INFORMATIONAL);
	message_notify(&m, IKE_NOTIFY_AUTHENTICATION_FAILED, BYTES_NONE);
	if (message_finish(&m, &packet) == 0) {
		ike_core_send(sa->core, &sa->local, &sa->remote, packet);
		packet_unref(packet);
	}
	fsm_enter(sa, IKE_STATE_DEAD, why);
}

/* -------- steps -------- */

static enum auth_step_end step_identity(struct ike_sa *sa, const struct ike_message *m)
{
	const char *wrong = NULL;
	struct ike_id id;

	if (ike_id_parse(ike_message_find(m, IKE_PAYLOAD_IDR, 0)->body, &id, NULL) != IKE_OK ||
	    identity_from_wire(id.type, id.data, &sa->remote_id) < 0)
		wrong = "its identity can't be read";
	else if (!identity_match(&sa->conn->remote.id, &sa->remote_id))
		wrong = "its identity is not the one configured";
	if (!wrong)
		return AUTH_STEP_DONE;
	initiator_refuse(sa, wrong, "");
	return AUTH_STEP_LAST;
}

static enum auth_step_end step_verification(struct ike_sa *sa, const struct ike_message *m)
{
	return ike_auth_verify(sa, m, IKE_PAYLOAD_IDR);
}

static enum auth_step_end step_authorisation(struct ike_sa *sa, const struct ike_message *m)
{
	ike_auth_forget_init(sa);
	fsm_enter(sa, IKE_STATE_ESTABLISHED, "the responder has shown who it is");
	reauth_told(sa, m);
	return AUTH_STEP_DONE;
}

/* Those that were wanted while the IKE SA was being made. */
static void ask_for_others(struct ike_sa *sa)
{
	struct child_sa *child, *next;

	list_for_each_safe(child, next, &sa->children, link)
		if (child->state == CHILD_CREATING)
			child_create(child);
}

static enum auth_step_end step_child(struct ike_sa *sa, const struct ike_message *m)
{
	struct child_sa *child = child_sent(sa);

	if (child)
		child_offer_answered(child, m);
	else
		reauth_progress(sa);
	ask_for_others(sa);
	return AUTH_STEP_DONE;
}

static const struct auth_step initiator_steps[] = {
	{ "identity", step_identity },
	{ "verification", step_verification },
	{ "authorisation", step_authorisation },
	/* Before the selectors, which depend on it (2.19). */
	{ "configuration", configuration_take_reply },
	{ "Child SA", step_child },
	{ NULL, NULL },
};

const struct auth_role auth_role_initiator = { initiator_steps, initiator_refuse };

static enum fsm_verdict auth_response(struct ike_sa *sa, struct exchange *x,
				      const struct ike_message *m)
{
	if (sa->end)
		ike_sa_delete(sa, "terminated"); /* whoever answers: it isn't wanted any more */
	else
		auth_run_start(sa, &auth_role_initiator, m);
	return FSM_STAY;
}

enum fsm_verdict ike_auth_refused(struct ike_sa *sa, const struct ike_message *m)
{
	struct ike_notify notify;

	ike_message_find_error(m, &notify);
	log_obj_warning(ike, sa->log_name, "IKE_AUTH is refused by the peer: %s",
			ike_notify_name(notify.type));
	fsm_enter(sa, IKE_STATE_DEAD,
		  notify.type == IKE_NOTIFY_AUTHENTICATION_FAILED
			  ? "the peer says AUTHENTICATION_FAILED"
			  : "the peer refuses IKE_AUTH");
	return FSM_STAY;
}

static void auth_failed(struct ike_sa *sa, struct exchange *x, const char *why)
{
	fsm_enter(sa, IKE_STATE_DEAD, why);
}

const struct exchange_ops exchange_ike_auth = {
	.name = "IKE_AUTH",
	.type = IKE_EXCHANGE_IKE_AUTH,
	.request = auth_request,
	.response = auth_response,
	.failed = auth_failed,
};
