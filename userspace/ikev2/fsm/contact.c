/* SPDX-License-Identifier: MIT */
#include "ikev2/fsm/contact.h"

#include <errno.h>

#include "pdk/log/log.h"
#include "ikev2/auth/own_proof.h"
#include "ikev2/codec/message.h"
#include "ikev2/exchange/auth_run.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/exchange/ike_auth.h"
#include "ikev2/fsm/input.h"
#include "ikev2/fsm/input_private.h"
#include "ikev2/fsm/state.h"
#include "ikev2/fsm/timers.h"
#include "ikev2/policy/config.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

/*
 * A peer that authenticates anew from the same address is probably about to delete the old IKE SA
 * itself, when all is moved to the new one: it gets this time for it.
 */
#define REPLACE_PATIENCE DURATION_S(10)

/* -------- the table -------- */

static uint64_t id_hash(const struct ike_core *core, const struct identity *id)
{
	uint8_t buf[IDENTITY_CANONICAL_MAX];

	return ike_core_hash(core, identity_canonical(id, buf));
}

static uint64_t pair_hash(const struct ike_core *core, const struct identity *local,
			  const struct identity *remote)
{
	return id_hash(core, local) * 3 + id_hash(core, remote);
}

void contact_enter(struct ike_sa *sa)
{
	if (!hash_linked(&sa->by_peer))
		hash_insert(&sa->core->by_peer, pair_hash(sa->core, &sa->local_id, &sa->remote_id),
			    &sa->by_peer);
}

void contact_leave(struct ike_sa *sa)
{
	hash_remove(&sa->core->by_peer, &sa->by_peer);
}

/* The next SA (from n on) of this pair other than `except`; NULL. */
static struct ike_sa *next_of(struct hash_node *n, const struct identity *local,
			      const struct identity *remote, const struct ike_sa *except)
{
	for (; n; n = hash_next(n)) {
		struct ike_sa *sa = hash_entry(n, struct ike_sa, by_peer);

		if (sa != except && identity_equal(&sa->local_id, local) &&
		    identity_equal(&sa->remote_id, remote))
			return sa;
	}
	return NULL;
}

static struct ike_sa *first_of(const struct ike_core *core, const struct identity *local,
			       const struct identity *remote, const struct ike_sa *except)
{
	return next_of(hash_first(&core->by_peer, pair_hash(core, local, remote)), local, remote,
		       except);
}

/*
 * Is there one that came before (worker, unique number)? Of two that are being checked at the same
 * time the one of the lower worker came first.
 */
static bool exists(const struct ike_core *core, const struct identity *local,
		   const struct identity *remote, const struct ike_sa *except, unsigned worker)
{
	struct ike_sa *sa = first_of(core, local, remote, except);

	while (sa) {
		if (sa->state == IKE_STATE_ESTABLISHED)
			return true;
		if (sa->state == IKE_STATE_INIT_ANSWERED &&
		    (core->params.worker < worker ||
		     (except && core->params.worker == worker && sa->unique_id < except->unique_id)))
			return true;
		sa = next_of(hash_next(&sa->by_peer), local, remote, except);
	}
	return false;
}

/*
 * Do we begin another one with that peer? Of two that are begun at once neither claims to be the
 * only one: whichever claim came last would end the other one.
 */
static bool begun_beside(const struct ike_core *core, const struct identity *local,
			 const struct identity *remote, const struct ike_sa *except)
{
	struct ike_sa *sa;
	bool found = false;

	ike_sa_for_each(sa, core) {
		if (sa == except ||
		    (sa->state != IKE_STATE_INIT_SENT && sa->state != IKE_STATE_AUTH_SENT) ||
		    !identity_equal(&sa->conn->remote.id, remote) ||
		    !identity_equal(&sa->local_id, local))
			continue;
		sa->contact_exists = true;
		found = true;
	}
	return found;
}

/* -------- asking -------- */

static struct contact contact_about(const struct ike_sa *sa, enum contact_kind kind,
				    const struct identity *remote_id)
{
	return (struct contact){
		.kind = kind,
		.begins = sa->initiator,
		.worker = sa->core->params.worker,
		.spi = ike_sa_own_spi(sa),
		.since = sa->authenticated,
		.remote = sa->remote,
		.local_id = sa->local_id,
		.remote_id = *remote_id,
	};
}

static void ask(struct ike_sa *sa, const struct identity *remote_id)
{
	sa->contacts_awaited = sa->core->params.n_workers - 1;
	sa->contact_exists = exists(sa->core, &sa->local_id, remote_id, sa,
				    sa->core->params.worker);
	if (sa->contacts_awaited) {
		struct contact contact = contact_about(sa, CONTACT_ASK, remote_id);

		ike_core_contact(sa->core, &contact);
	}
}

void contact_begin(struct ike_sa *sa)
{
	const struct identity *remote = &sa->conn->remote.id;

	/* Who we'll most likely be: should that not work out, IKE_AUTH will say so. */
	own_proof_choose(sa);
	/* A pattern names nobody to compare with. */
	if (sa->conn->unique == UNIQUE_NEVER || sa->reauth_of || identity_is_pattern(remote)) {
		sa->contact_exists = true;
		return;
	}
	ask(sa, remote);
	sa->contact_exists |= begun_beside(sa->core, &sa->local_id, remote, sa);
}

bool contact_is_initial(const struct ike_sa *sa)
{
	return !sa->contact_exists && !sa->contacts_awaited &&
	       !exists(sa->core, &sa->local_id, &sa->remote_id, sa, sa->core->params.worker);
}

int contact_check(struct ike_sa *sa)
{
	if (sa->conn->unique != UNIQUE_KEEP)
		return 0;
	contact_enter(sa);
	ask(sa, &sa->remote_id);
	if (sa->contact_exists)
		return -EEXIST;
	return sa->contacts_awaited ? 1 : 0;
}

/* All is known, or we do without: IKE_AUTH goes out. */
static void begin_auth(struct ike_sa *sa)
{
	if (sa->state != IKE_STATE_AUTH_SENT || sa->active || !list_empty(&sa->queue))
		return;
	ike_auth_begin(sa);
}

void ike_input_contact_answer(struct ike_core *core, struct instant now, uint64_t spi,
			      bool exists)
{
	struct ike_sa *sa = ike_sa_by_spi(core, spi);

	core->now = now;
	if (sa && sa->contacts_awaited) {
		sa->contact_exists |= exists;
		if (--sa->contacts_awaited == 0) {
			if (sa->initiator)
				begin_auth(sa);
			else
				contact_checked(sa, sa->contact_exists);
			exchange_next(sa);
		}
	}
	input_end(core);
}

/* -------- closing -------- */

/* Two may come up at once on two workers: each of them hears of the other, and one is to stay. */
static bool came_later(const struct ike_sa *sa, const struct contact *c)
{
	if (instant_before(sa->authenticated, c->since))
		return false;
	return instant_before(c->since, sa->authenticated) || sa->core->params.worker > c->worker;
}

/* The peer is told once in any case: it may know of the old one after all. */
static void close_others(struct ike_core *core, const struct contact *c, const struct ike_sa *except)
{
	struct ike_sa *sa = first_of(core, &c->local_id, &c->remote_id, except), *next;

	for (; sa; sa = next) {
		next = next_of(hash_next(&sa->by_peer), &c->local_id, &c->remote_id, except);
		if (sa->state != IKE_STATE_ESTABLISHED || sa->end || came_later(sa, c))
			continue;
		if (c->kind == CONTACT_INITIAL) {
			sa->end = SA_END_REPLACED;
			input_terminate_ike(sa, true, 0, "the peer made an initial contact");
		} else if (!netaddr_same_addr(&sa->remote, &c->remote)) {
			sa->end = SA_END_REPLACED;
			input_terminate_ike(sa, false, 0, "replaced by a new one of the same peer");
		} else if (instant_is_never(sa->replaced_until)) {
			sa->replaced_until = instant_add(core->now, REPLACE_PATIENCE);
			timers_update(sa);
		}
	}
}

struct instant contact_time(const struct ike_sa *sa)
{
	if (sa->state == IKE_STATE_AUTH_SENT && sa->contacts_awaited)
		return instant_add(sa->created, sa->core->config->settings.half_open_timeout);
	return sa->state == IKE_STATE_ESTABLISHED ? sa->replaced_until : INSTANT_NEVER;
}

void contact_due(struct ike_sa *sa)
{
	if (sa->state == IKE_STATE_AUTH_SENT) {
		sa->contacts_awaited = 0;
		sa->contact_exists = true;
		begin_auth(sa);
		return;
	}
	sa->replaced_until = INSTANT_NEVER;
	sa->end = SA_END_REPLACED;
	input_terminate_ike(sa, false, 0, "replaced by a new one of the same peer");
}

void contact_established(struct ike_sa *sa, const struct ike_message *m)
{
	bool initial = ike_message_find_notify(m, IKE_NOTIFY_INITIAL_CONTACT, 0, NULL);
	struct contact contact;

	if (sa->conn->unique == UNIQUE_NEVER || (!initial && sa->conn->unique != UNIQUE_REPLACE))
		return;
	contact = contact_about(sa, initial ? CONTACT_INITIAL : CONTACT_REPLACE, &sa->remote_id);
	close_others(sa->core, &contact, sa);
	if (sa->core->params.n_workers > 1)
		ike_core_contact(sa->core, &contact);
}

bool ike_input_contact(struct ike_core *core, struct instant now, const struct contact *c)
{
	bool found = false;

	core->now = now;
	if (c->kind == CONTACT_ASK)
		found = (c->begins && begun_beside(core, &c->local_id, &c->remote_id, NULL)) ||
			exists(core, &c->local_id, &c->remote_id, NULL, c->worker);
	else
		close_others(core, c, NULL);
	input_end(core);
	return found;
}
