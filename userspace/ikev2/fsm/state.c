/* SPDX-License-Identifier: MIT */
#include "ikev2/fsm/state.h"

#include <errno.h>

#include "pdk/log/limit.h"
#include "pdk/log/log.h"
#include "ikev2/exchange/delete.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/fsm/contact.h"
#include "ikev2/fsm/reauth.h"
#include "ikev2/fsm/timers.h"
#include "ikev2/fsm/transition.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"
#include "ikev2/sa/internal_addr.h"
#include "ikev2/sa/progress.h"
#include "ikev2/sa/succession.h"

LOG_USE(ike);

static const struct {
	const char *name, *vici;
} states[IKE_STATE_N] = {
	[IKE_STATE_NEW] = { "NEW", "CREATED" },
	[IKE_STATE_INIT_SENT] = { "INIT_SENT", "CONNECTING" },
	[IKE_STATE_INIT_ANSWERED] = { "INIT_ANSWERED", "CONNECTING" },
	[IKE_STATE_AUTH_SENT] = { "AUTH_SENT", "CONNECTING" },
	[IKE_STATE_ESTABLISHED] = { "ESTABLISHED", "ESTABLISHED" },
	[IKE_STATE_REKEYED] = { "REKEYED", "REKEYED" },
	[IKE_STATE_DELETING] = { "DELETING", "DELETING" },
	[IKE_STATE_DEAD] = { "DEAD", "DESTROYING" },
};

const char *ike_state_name(enum ike_state state)
{
	return states[state].name;
}

const char *ike_state_vici_name(enum ike_state state)
{
	return states[state].vici;
}

/*
 * For the peer to delete what is its to delete: longer than it sends its requests again, for it may
 * not even have our answer yet.
 */
#define PATIENCE DURATION_S(300)

static void enter_established(struct ike_sa *sa, enum ike_state old)
{
	struct ike_core *core = sa->core;
	char local[NETADDR_STRLEN], remote[NETADDR_STRLEN];
	char local_id[IDENTITY_STRLEN], remote_id[IDENTITY_STRLEN];

	sa->established = core->now;
	sa->kex = kex_free(sa->kex);
	timers_keep_alive(sa);
	timers_age(sa);
	contact_enter(sa);
	if (old == IKE_STATE_NEW)
		return; /* it replaces one that was up already: see ike_sa_inherit() */
	core->counters.established++;
	reauth_authenticated(sa);
	sa->up = true;
	log_obj_notice(ike, sa->log_name, "established: %s[%s] - %s[%s]",
		       netaddr_str_port(&sa->local, local),
		       identity_str(&sa->local_id, local_id, sizeof(local_id)),
		       netaddr_str_port(&sa->remote, remote),
		       identity_str(&sa->remote_id, remote_id, sizeof(remote_id)));
	ike_sa_progress(sa, "IKE SA established with %s [%s]",
			netaddr_str_port(&sa->remote, remote),
			identity_str(&sa->remote_id, remote_id, sizeof(remote_id)));
	ike_core_result(core, sa->token, 0, "%s", "established");
	sa->token = 0;
	ike_core_event(core, IKE_EVENT_IKE_UP, sa, NULL);
}

/* Whoever waits for its end, or follows it, is told. */
static void report_end(struct ike_sa *sa, enum ike_state old, const char *why)
{
	struct ike_core *core = sa->core;
	struct sa_waiter *waiter;

	list_for_each(waiter, &sa->waiters, link)
		ike_core_result(core, waiter->token, 0, "%s", why);
	if (sa->up) {
		log_obj_notice(ike, sa->log_name, "closed: %s", why);
		ike_core_event(core, IKE_EVENT_IKE_DOWN, sa, NULL);
	} else if (sa->established.ns || (old == IKE_STATE_NEW && sa->initiator)) {
		log_obj_info(ike, sa->log_name, "gone: %s", why); /* of a rekeying */
	} else {
		core->counters.failed++;
		if (sa->initiator)
			log_obj_notice(ike, sa->log_name, "not established: %s", why);
		else
			log_remote(ike, LOG_LEVEL_NOTICE, sa->log_name, "not established: %s", why);
	}
}

static void enter_dead(struct ike_sa *sa, enum ike_state old, const char *why)
{
	struct ike_core *core = sa->core;
	struct ike_sa *rival = ike_sa_rival(sa);
	struct child_sa *child;

	ike_core_result(core, sa->token, -ECONNREFUSED, "IKE SA: %s", why);
	/* Both sides were about to replace it: what the peer has made is there (2.8.2). */
	if (rival && sa->end == SA_END_USER) {
		ike_sa_delete(rival, why);
		exchange_next(rival);
	} else if (rival) {
		ike_sa_inherit(rival, sa);
	}
	exchange_abort_all(sa, why);
	while ((child = list_first(&sa->children, struct child_sa, link)))
		child_sa_close(child, why);
	internal_addrs_drop(sa);
	report_end(sa, old, why);
	hash_remove(&core->by_spi, &sa->by_spi);
	hash_remove(&core->by_init, &sa->by_init);
	contact_leave(sa);
	reauth_gone(sa);
	list_append(&core->dead, &sa->dead);
	core->n_sas--;
}

void fsm_enter(struct ike_sa *sa, enum ike_state state, const char *why)
{
	enum ike_state old = sa->state;

	if (old == state || old == IKE_STATE_DEAD)
		return;
	if (!transition_allows(old, state))
		log_obj_error(ike, sa->log_name, "bug: no transition from %s to %s (%s)",
			      ike_state_name(old), ike_state_name(state), why);
	log_obj_debug(ike, sa->log_name, "%s -> %s: %s", ike_state_name(old), ike_state_name(state),
		      why);
	sa->state = state;
	if (state == IKE_STATE_INIT_ANSWERED)
		half_open_enter(sa);
	if (old == IKE_STATE_INIT_ANSWERED)
		half_open_leave(sa);
	if (state == IKE_STATE_ESTABLISHED)
		enter_established(sa, old);
	else if (state == IKE_STATE_DELETING)
		sa->rival_of = 0; /* whatever it might have replaced */
	else if (state == IKE_STATE_REKEYED)
		sa->gone_at = instant_add(sa->core->now, PATIENCE);
	else if (state == IKE_STATE_DEAD)
		enter_dead(sa, old, why);
	timers_update(sa);
}
