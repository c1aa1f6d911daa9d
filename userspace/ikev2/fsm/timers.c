/* SPDX-License-Identifier: MIT */
/*
 * The timers of an IKE SA, a sentence each:
 *
 * - An outstanding request is sent again with growing pauses until its response comes or the budget
 *   is used up; then the peer counts as dead (RFC 7296 2.4).
 * - A Delete that could not be built for want of memory is tried again every second.
 * - A long request that isn't answered is cut into smaller fragments (RFC 7383 2.5.2); the
 *   repetitions begin anew with each size.
 * - A message of which fragments are missing is forgotten when its sender must have given up (2.6).
 * - After an error in, or by, an unprotected IKE_SA_INIT response the initiator waits a while for a
 *   better answer and then gives up with that error (2.21.1).
 * - A half-open IKE SA of a responder is forgotten after half_open_timeout.
 * - An IKE_AUTH whose checks take longer than half_open_timeout is refused.
 * - An established one that heard nothing for dpd_delay asks whether the peer is alive (2.4): see
 *   fsm/liveness.h.
 * - One that a new one of the same peer has replaced is closed a little later: see fsm/contact.h.
 * - One that is old enough is made anew with authentication, and closed when it is too old: see
 *   fsm/reauth.h.
 * - Behind a NAT an established one sends a keepalive every nat_keepalive (RFC 3948 4), unless the
 *   kernel does so for one of its Child SAs.
 * - Internal addresses that were lent for a time are renewed at the half of it (RFC 7296 3.15.3).
 * - An established one is rekeyed at rekey_at, drawn somewhat before rekey_time is over, and closed
 *   at expire_at, whatever became of its rekeying (2.8).
 * - One whose Message IDs come to an end is rekeyed, and closed with the last of them (2.2).
 * - One that the peer has replaced is the peer's to delete; one that it doesn't delete is deleted
 *   by us.
 */
#include "ikev2/fsm/timers.h"

#include "pdk/base/random.h"
#include "pdk/log/log.h"
#include "ikev2/exchange/auth_run.h"
#include "ikev2/exchange/delete.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/exchange/fragments.h"
#include "ikev2/exchange/rekey_ike.h"
#include "ikev2/fsm/contact.h"
#include "ikev2/fsm/liveness.h"
#include "ikev2/fsm/reauth.h"
#include "ikev2/policy/config.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"
#include "ikev2/sa/internal_addr.h"
#include "ikev2/sa/progress.h"

LOG_USE(ike);

static struct instant half_open_end(const struct ike_sa *sa)
{
	if (sa->state != IKE_STATE_INIT_ANSWERED || sa->auth)
		return INSTANT_NEVER;
	return instant_add(sa->created, sa->core->config->settings.half_open_timeout);
}

static struct instant auth_end(const struct ike_sa *sa)
{
	return sa->auth ? sa->auth->deadline : INSTANT_NEVER;
}

static struct instant lease_end(const struct ike_sa *sa)
{
	return sa->internal ? sa->internal->renew_at : INSTANT_NEVER;
}

/* When its age asks for something. */
static struct instant age_time(const struct ike_sa *sa)
{
	if (sa->state == IKE_STATE_ESTABLISHED && window_is_spent(&sa->window))
		return sa->core->now;
	if (sa->state == IKE_STATE_ESTABLISHED)
		return instant_min(sa->rekey_at, sa->expire_at);
	return sa->state == IKE_STATE_REKEYED ? sa->gone_at : INSTANT_NEVER;
}

/* Once: should rekeying be refused, it is tried again later by itself (exchange/refusal.h). */
static void age_by_ids(struct ike_sa *sa)
{
	if (sa->ids_old || sa->state != IKE_STATE_ESTABLISHED || !window_is_old(&sa->window))
		return;
	log_obj_info(ike, sa->log_name, "its Message IDs come to an end: it has to be rekeyed");
	sa->ids_old = true;
	sa->rekey_at = sa->core->now;
}

void timers_update(struct ike_sa *sa)
{
	struct instant at = sa->window.request ? sa->window.retransmit_at : INSTANT_NEVER;

	age_by_ids(sa);
	if (sa->state == IKE_STATE_DEAD) {
		deadline_set(&sa->core->timers, &sa->deadline, INSTANT_NEVER);
		return;
	}
	if (sa->init_error[0])
		at = instant_min(at, sa->init_error_until);
	at = instant_min(at, sa->memory_at);
	at = instant_min(at, half_open_end(sa));
	at = instant_min(at, auth_end(sa));
	at = instant_min(at, liveness_time(sa));
	at = instant_min(at, age_time(sa));
	at = instant_min(at, sa->keepalive_at);
	at = instant_min(at, sa->fragments.requests.until);
	at = instant_min(at, sa->fragments.responses.until);
	at = instant_min(at, contact_time(sa));
	at = instant_min(at, reauth_time(sa));
	at = instant_min(at, lease_end(sa));
	deadline_set(&sa->core->timers, &sa->deadline, at);
}

static void timer_retransmit(struct ike_sa *sa)
{
	struct ike_core *core = sa->core;

	if (!fragments_shrink_request(sa, 0) &&
	    !window_retransmit(&sa->window, core->now, &core->config->settings)) {
		if (!sa->end)
			sa->end = SA_END_DEAD;
		fsm_enter(sa, IKE_STATE_DEAD, "the peer does not answer");
		return;
	}
	core->counters.retransmitted++;
	ike_sa_progress(sa, "%s sent again (%u)", sa->active->ops->name, sa->window.sent);
	ike_core_send(core, &sa->local, &sa->remote, sa->window.request);
	/* Where it is long, a router may have said by now why it didn't arrive. */
	if (sa->window.request->text)
		ike_core_path_mtu(core, &sa->local, &sa->remote, ike_sa_own_spi(sa));
}

void timers_keep_alive(struct ike_sa *sa)
{
	struct duration pause = sa->core->config->settings.nat_keepalive;

	sa->keepalive_at = INSTANT_NEVER;
	if (sa->state == IKE_STATE_ESTABLISHED && sa->nat_local && pause.ns)
		sa->keepalive_at = instant_add(sa->core->now, pause);
}

/* Its SAs send from and to the same ports, so that their keepalives are the IKE SA's, too. */
static bool kernel_keeps_alive(const struct ike_sa *sa)
{
	const struct child_sa *child;

	list_for_each (child, &sa->children, link)
		if (child->keeps_alive &&
		    (child->state == CHILD_INSTALLED || child->state == CHILD_REKEYING))
			return true;
	return false;
}

static void timer_keepalive(struct ike_sa *sa)
{
	if (!kernel_keeps_alive(sa))
		ike_core_keepalive(sa->core, &sa->local, &sa->remote);
	timers_keep_alive(sa);
}

static void timer_reassembly(struct ike_sa *sa, struct reassembly *r)
{
	log_obj_debug(ike, sa->log_name, "message %u: %u of %u fragments came", r->message_id, r->have,
		      r->total);
	sa->core->counters.reassembly_timeouts++;
	reassembly_reset(r);
}

void timers_age(struct ike_sa *sa)
{
	const struct connection *conn = sa->conn;
	struct duration time = conn->rekey_time;

	if (!time.ns)
		return;
	if (conn->rand_time.ns > 0 && conn->rand_time.ns < time.ns)
		time.ns -= (int64_t)(random_u64() % (uint64_t)conn->rand_time.ns);
	sa->rekey_at = instant_add(sa->core->now, time);
	sa->expire_at = instant_add(instant_add(sa->core->now, conn->rekey_time), conn->over_time);
}

static void timer_age(struct ike_sa *sa)
{
	struct instant now = sa->core->now;

	if (sa->state == IKE_STATE_REKEYED)
		ike_sa_delete(sa, "replaced, and the peer does not delete it");
	else if (instant_reached(now, sa->expire_at) || window_is_spent(&sa->window)) {
		sa->end = SA_END_EXPIRED;
		ike_sa_delete(sa, window_is_spent(&sa->window) ? "its Message IDs are used up"
							       : "its lifetime is over");
	} else {
		ike_sa_rekey(sa);
	}
}

void timers_due(struct deadline *d)
{
	struct ike_sa *sa = container_of(d, struct ike_sa, deadline);
	struct instant now = sa->core->now;

	if (sa->init_error[0] && instant_reached(now, sa->init_error_until))
		fsm_enter(sa, IKE_STATE_DEAD, sa->init_error);
	else if (instant_reached(now, half_open_end(sa)))
		fsm_enter(sa, IKE_STATE_DEAD, "the peer began, but did not go on to IKE_AUTH");
	else if (instant_reached(now, auth_end(sa)))
		auth_run_timeout(sa);
	else if (sa->window.request && instant_reached(now, sa->window.retransmit_at))
		timer_retransmit(sa);
	else if (instant_reached(now, sa->fragments.requests.until))
		timer_reassembly(sa, &sa->fragments.requests);
	else if (instant_reached(now, sa->fragments.responses.until))
		timer_reassembly(sa, &sa->fragments.responses);
	else if (instant_reached(now, lease_end(sa)))
		internal_addrs_renew(sa->internal);
	else if (instant_reached(now, contact_time(sa)))
		contact_due(sa);
	else if (instant_reached(now, reauth_time(sa)))
		reauth_due(sa);
	else if (instant_reached(now, sa->keepalive_at))
		timer_keepalive(sa);
	else if (instant_reached(now, age_time(sa)))
		timer_age(sa);
	else if (instant_reached(now, liveness_time(sa)))
		liveness_due(sa);
	exchange_next(sa);
}

void timers_run(struct ike_core *core)
{
	struct heap_node *first;

	while ((first = heap_first(&core->timers))) {
		struct deadline *d = heap_entry(first, struct deadline, node);

		if (!instant_reached(core->now, d->at))
			break;
		d->due(d);
	}
}
