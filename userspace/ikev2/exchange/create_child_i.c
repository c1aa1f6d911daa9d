/* SPDX-License-Identifier: MIT */
/*
 * CREATE_CHILD_SA for a Child SA as initiator (RFC 7296 1.3.1, 1.3.3): a new one, or one that
 * replaces another. Both sides may replace the same one at the same time. Then each notes the lower
 * nonce of the peer's exchange while its own is on its way; the response brings the last of the
 * four, and the Child SA with the lowest of all is deleted by who created it (2.8.1).
 */
#include <errno.h>
#include <stdlib.h>

#include "pdk/log/log.h"
#include "ikev2/exchange/child.h"
#include "ikev2/exchange/child_offer.h"
#include "ikev2/exchange/delete.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/exchange/refusal.h"
#include "ikev2/fsm/child_timers.h"
#include "ikev2/fsm/inactivity.h"
#include "ikev2/fsm/state.h"
#include "ikev2/policy/connection.h"
#include "ikev2/policy/proposal_match.h"
#include "ikev2/sa/child_ipsec.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

/* INVALID_KE_PAYLOAD answers that make us begin anew. */
#define ROUNDS_MAX 3
#define GONE_MAX   8

struct create_child {
	struct exchange x;
	uint32_t child_id; /* the one being made; 0: not yet */
	uint32_t old_id;   /* the one that it replaces; 0: none */
	uint32_t spi_in;   /* of the one being made */
	unsigned rounds;
	uint16_t method; /* wanted by the peer; 0: it hasn't said */
	struct key_exchange kx;
	/* SPIs that the peer deleted meanwhile and that we don't know: one may be in its answer. */
	uint32_t gone[GONE_MAX];
	unsigned n_gone;
};

static struct create_child *create_of(const struct exchange *x)
{
	return container_of(x, struct create_child, x);
}

static struct child_sa *find(const struct ike_sa *sa, uint32_t id)
{
	struct child_sa *child = id ? child_sa_by_id(sa->core, id) : NULL;

	return child && child->ike == sa ? child : NULL;
}

static int create_queue(struct ike_sa *sa, uint32_t child_id, uint32_t old_id, uint16_t method,
			unsigned rounds)
{
	struct create_child *cc = calloc(1, sizeof(*cc));

	if (!cc) {
		sa->core->counters.no_memory++;
		return -ENOMEM;
	}
	cc->x.ops = &exchange_create_child;
	cc->child_id = child_id;
	cc->old_id = old_id;
	cc->method = method;
	cc->rounds = rounds;
	exchange_queue_take(sa, &cc->x);
	return 0;
}

void child_create(struct child_sa *child)
{
	if (create_queue(child->ike, child->unique_id, 0, 0, 0) < 0)
		child_sa_close(child, "out of memory");
}

void child_rekey(struct child_sa *child)
{
	if (child->state != CHILD_INSTALLED)
		return;
	if (create_queue(child->ike, 0, child->unique_id, 0, 0) < 0) {
		refusal_retry_child(child);
		return;
	}
	log_obj_info(ike, child->ike->log_name, "rekeying Child SA %s{%u}", child->conf->name,
		     child->unique_id);
	child_sa_enter(child, CHILD_REKEYING);
	inactivity_hand_on(child);
}

bool child_rekey_outstanding(const struct child_sa *child)
{
	const struct exchange *x = child->ike->active;

	return x && x->ops == &exchange_create_child && create_of(x)->old_id == child->unique_id;
}

bool child_create_outstanding(const struct ike_sa *sa)
{
	return sa->active && sa->active->ops == &exchange_create_child;
}

void child_create_gone(struct ike_sa *sa, uint32_t spi)
{
	struct create_child *cc;

	if (!child_create_outstanding(sa))
		return;
	cc = create_of(sa->active);
	cc->gone[cc->n_gone++ % GONE_MAX] = spi;
}

/* The peer's Delete has overtaken its answer. */
static bool is_gone(const struct create_child *cc, uint32_t spi)
{
	for (unsigned i = 0; i < cc->n_gone && i < GONE_MAX; i++)
		if (cc->gone[i] == spi)
			return true;
	return false;
}

/* -------- request -------- */

/* The same selectors, configuration and reqid as what it replaces (2.8, 2.9.2). */
static struct child_sa *successor_new(const struct child_sa *old)
{
	struct child_sa *child = child_sa_new(old->ike, old->conf, true, 0);

	if (child) {
		child->replaces = old->unique_id;
		child->reqid = old->reqid;
		child->numbers = old->numbers;
		child->local_ts = old->local_ts;
		child->remote_ts = old->remote_ts;
	}
	return child;
}

/* What the peer has asked for, else what the Child SA before had, else our first choice. */
static uint16_t choose_method(const struct create_child *cc, const struct child_sa *child,
			      const struct child_sa *old)
{
	const struct proposal_list *offer = &child->conf->esp_proposals;
	uint16_t before = old ? proposal_id(&old->proposal, IKE_TRANSFORM_KE) : 0;

	if (cc->method)
		return cc->method;
	return before ? before : proposal_id(&offer->v[0], IKE_TRANSFORM_KE);
}

static int create_request(struct ike_sa *sa, struct exchange *x, struct message *m)
{
	struct create_child *cc = create_of(x);
	struct child_sa *child = find(sa, cc->child_id), *old = find(sa, cc->old_id);
	int err;

	/* The Delete that waits behind this is for all. */
	if (sa->state != IKE_STATE_ESTABLISHED) {
		if (child)
			child_sa_close(child, "its IKE SA is being deleted");
		return -ENOENT;
	}
	if (cc->old_id && (!old || old->state != CHILD_REKEYING)) {
		if (child)
			child_sa_close(child, "what it was to replace is gone");
		return -ENOENT;
	}
	if (old && !child) {
		child = successor_new(old);
		if (!child)
			return -ENOMEM;
	}
	if (!child)
		return -ENOENT;
	cc->child_id = child->unique_id;
	cc->spi_in = child->spi_in;
	err = key_exchange_begin(sa->core, choose_method(cc, child, old), &cc->kx);
	if (err < 0)
		return err;
	if (old)
		message_notify_esp(m, IKE_NOTIFY_REKEY_SA, old->spi_in);
	child_offer_write(child, &cc->kx, m);
	return 0;
}

/* -------- response -------- */

/* Whom the peer made to replace the same one, with its nonces (2.8.1). */
static struct child_sa *find_rival(const struct ike_sa *sa, uint32_t old_id)
{
	struct child_sa *child;

	if (!old_id)
		return NULL;
	list_for_each(child, &sa->children, link)
		if (child->replaces == old_id && !child->initiator && child->state != CHILD_DELETED)
			return child;
	return NULL;
}

/* Does another than `but` replace old, or is about to? Not one that goes itself. */
static bool is_replaced(const struct child_sa *old, const struct child_sa *but)
{
	const struct child_sa *other;

	list_for_each(other, &old->ike->children, link)
		if (other != but && other->replaces == old->unique_id && !other->redundant &&
		    (other->state == CHILD_INSTALLING || child_sa_in_use(other)))
			return true;
	return false;
}

/*
 * Our try to replace old has ended without success: either the peer has replaced it meanwhile, or
 * it goes on as it is, for now.
 */
static void try_over(struct child_sa *old, const struct child_sa *tried)
{
	if (old->state != CHILD_REKEYING)
		return;
	if (is_replaced(old, tried))
		child_sa_enter(old, CHILD_REKEYED);
	else
		refusal_retry_child(old);
}

static void rekey_over(struct ike_sa *sa, const struct create_child *cc)
{
	struct child_sa *old = find(sa, cc->old_id);

	if (old)
		try_over(old, NULL);
}

void child_replaces_no_more(struct child_sa *child)
{
	struct child_sa *old = find(child->ike, child->replaces);

	if (!old || child->state == CHILD_DELETED)
		return;
	if (child->initiator && !child_rekey_outstanding(old))
		try_over(old, child);
	/* It is still sent on, unless it was replaced before that began. */
	if (old->state == CHILD_REKEYED && child->state != CHILD_DELETING &&
	    old->in_kernel & CHILD_IPSEC_OUT && !is_replaced(old, child))
		child_sa_enter(old, CHILD_INSTALLED);
}

/* INVALID_KE_PAYLOAD: once more with the method that the peer wants, if we had offered it (1.3). */
static bool retry_method(struct ike_sa *sa, const struct create_child *cc, struct child_sa *child,
			 const struct ike_notify *notify)
{
	uint16_t method;

	return notify->type == IKE_NOTIFY_INVALID_KE_PAYLOAD && ike_notify_u16(notify, &method) &&
	       method != cc->kx.method && cc->rounds < ROUNDS_MAX &&
	       proposal_list_has_ke(&child->conf->esp_proposals, method) &&
	       create_queue(sa, cc->child_id, cc->old_id, method, cc->rounds + 1) == 0;
}

/*
 * The peer doesn't know what we want to replace: it is gone, and is made anew (2.25), unless what
 * it had replaced itself goes on.
 */
static void not_found(struct ike_sa *sa, const struct create_child *cc, struct child_sa *child)
{
	struct child_sa *old = find(sa, cc->old_id), *before = old ? find(sa, old->replaces) : NULL;

	if (!old || find_rival(sa, cc->old_id)) {
		child_sa_close(child, "what it was to replace is gone");
		return;
	}
	child->replaces = 0;
	child_sa_close(old, "the peer does not know it");
	if (before && before->state == CHILD_INSTALLED)
		child_sa_close(child, "what was to be replaced before goes on");
	else
		child_create(child);
}

/* SINGLE_PAIR_REQUIRED: once more. What replaces another stays as wide as that (2.9.2). */
static bool retry_single_pair(struct ike_sa *sa, const struct create_child *cc,
			      struct child_sa *child, const struct ike_notify *notify)
{
	return !cc->old_id && cc->rounds < ROUNDS_MAX && child_offer_single_pair(child, notify) &&
	       create_queue(sa, cc->child_id, 0, cc->kx.method, cc->rounds + 1) == 0;
}

static void create_refused(struct ike_sa *sa, const struct create_child *cc, struct child_sa *child,
			   const struct ike_notify *notify)
{
	if (refusal_lasts(sa, notify->type) || retry_method(sa, cc, child, notify) ||
	    retry_single_pair(sa, cc, child, notify))
		return;
	log_obj_warning(ike, sa->log_name, "the peer refuses to %s Child SA %s: %s",
			cc->old_id ? "rekey" : "create", child->conf->name,
			ike_notify_name(notify->type));
	if (notify->type == IKE_NOTIFY_CHILD_SA_NOT_FOUND && cc->old_id) {
		not_found(sa, cc, child);
		return;
	}
	if (notify->type == IKE_NOTIFY_TEMPORARY_FAILURE && !cc->old_id &&
	    refusal_retry_create(child))
		return;
	rekey_over(sa, cc);
	child_sa_close(child, ike_notify_name(notify->type));
}

/* Ours is the one to go: receive on it as long as the peer may send, and delete it. */
static void collision_lost(struct child_sa *child, struct create_child *cc)
{
	log_obj_info(ike, child->ike->log_name,
		     "%s{%u} and the peer's were made at the same time: "
		     "ours goes",
		     child->conf->name, child->unique_id);
	if (child_sa_install(child, nonce_bytes(&cc->kx.ni), nonce_bytes(&cc->kx.nr),
			     secret_bytes(&cc->kx.shared), CHILD_INSTALL_INBOUND) == 0)
		child_delete(child);
	else {
		exchange_queue(child->ike, &exchange_delete_child, child->spi_in);
		child_sa_close(child, "redundant");
	}
}

/* NULL, or why the new one can't be. */
static const char *create_agreed(struct ike_sa *sa, struct create_child *cc, struct child_sa *child)
{
	const struct nonce *lowest = nonce_lowest(&cc->kx.ni, &cc->kx.nr);
	struct child_sa *rival = find_rival(sa, cc->old_id);
	int err;

	if (rival && rival->lowest && nonce_lower(lowest, rival->lowest)) {
		collision_lost(child, cc);
		rekey_over(sa, cc);
		return NULL;
	}
	err = child_sa_install(child, nonce_bytes(&cc->kx.ni), nonce_bytes(&cc->kx.nr),
			       secret_bytes(&cc->kx.shared), CHILD_INSTALL_BOTH);
	return err < 0 ? strerror(-err) : NULL;
}

static enum fsm_verdict create_response(struct ike_sa *sa, struct exchange *x,
					const struct ike_message *m)
{
	struct create_child *cc = create_of(x);
	struct child_sa *child = find(sa, cc->child_id);
	bool refused = !ike_message_find(m, IKE_PAYLOAD_SA, 0);
	struct ike_notify notify;
	const char *wrong;

	if (!child) {
		/* Terminated meanwhile: the peer has to hear of it. */
		if (!refused)
			exchange_queue(sa, &exchange_delete_child, cc->spi_in);
		rekey_over(sa, cc);
		return FSM_STAY;
	}
	if (refused && ike_message_find_error(m, &notify)) {
		create_refused(sa, cc, child, &notify);
		return FSM_STAY;
	}
	sa->refused_since = INSTANT_NEVER;
	wrong = child_offer_accept(child, m, &cc->kx);
	if (!wrong && is_gone(cc, child->spi_out)) {
		child_sa_close(child, "deleted by the peer");
		rekey_over(sa, cc);
		return FSM_STAY;
	}
	if (!wrong)
		wrong = create_agreed(sa, cc, child);
	if (!wrong)
		return FSM_STAY;
	log_obj_warning(ike, sa->log_name, "Child SA %s failed: %s", child->conf->name, wrong);
	exchange_queue(sa, &exchange_delete_child, cc->spi_in);
	child_sa_close(child, wrong);
	rekey_over(sa, cc);
	if (cc->kx.invalid)
		ike_sa_delete(sa, "the peer's public value is none"); /* RFC 6989 2.5 */
	return FSM_STAY;
}

/* The peer's of the same time is redundant from now on: until then ours could have failed. */
static void rival_lost(const struct child_sa *child, struct child_sa *rival)
{
	log_obj_info(ike, child->ike->log_name,
		     "%s{%u} and the peer's were made at the same time: the peer's goes",
		     child->conf->name, child->unique_id);
	rival->redundant = true;
	if (rival->state == CHILD_INSTALLED)
		child_sa_enter(rival, CHILD_REKEYED);
}

void child_replaced_by(struct child_sa *child)
{
	struct child_sa *old = find(child->ike, child->replaces);
	struct child_sa *rival = find_rival(child->ike, child->replaces);

	if (rival)
		rival_lost(child, rival);
	if (old && (old->state == CHILD_REKEYING || old->state == CHILD_REKEYED))
		child_delete(old);
}

static void create_failed(struct ike_sa *sa, struct exchange *x, const char *why)
{
	struct create_child *cc = create_of(x);
	struct child_sa *child = find(sa, cc->child_id);

	if (child)
		child_sa_close(child, why);
	if (sa->state == IKE_STATE_ESTABLISHED)
		rekey_over(sa, cc);
}

static void create_free(struct exchange *x)
{
	struct create_child *cc = create_of(x);

	key_exchange_fini(&cc->kx);
	free(cc);
}

const struct exchange_ops exchange_create_child = {
	.name = "CREATE_CHILD_SA for a Child SA",
	.type = IKE_EXCHANGE_CREATE_CHILD_SA,
	.request = create_request,
	.response = create_response,
	.failed = create_failed,
	.free = create_free,
};
