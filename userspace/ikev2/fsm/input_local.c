/* SPDX-License-Identifier: MIT */
/*
 * Inputs that are no messages: time, completions of jobs, and what users want.
 */
#include <errno.h>

#include "pdk/log/log.h"
#include "ikev2/exchange/auth_run.h"
#include "ikev2/exchange/child.h"
#include "ikev2/exchange/configuration.h"
#include "ikev2/exchange/delete.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/exchange/rekey_ike.h"
#include "ikev2/exchange/handlers.h"
#include "ikev2/fsm/childless.h"
#include "ikev2/fsm/contact.h"
#include "ikev2/fsm/follow.h"
#include "ikev2/fsm/input.h"
#include "ikev2/fsm/input_private.h"
#include "ikev2/fsm/liveness.h"
#include "ikev2/fsm/reauth.h"
#include "ikev2/fsm/state.h"
#include "ikev2/fsm/timers.h"
#include "ikev2/policy/config.h"
#include "ikev2/policy/connection.h"
#include "ikev2/policy/ts_match.h"
#include "ikev2/sa/child_ipsec.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/child_selectors.h"
#include "ikev2/sa/ike_sa.h"
#include "ikev2/sa/internal_addr.h"

LOG_USE(ike);

/* -------- time -------- */

void ike_input_time(struct ike_core *core, struct instant now)
{
	core->now = now;
	timers_run(core);
	input_end(core);
}

struct instant ike_input_deadline(const struct ike_core *core)
{
	struct heap_node *first = heap_first(&core->timers);

	return first ? heap_entry(first, struct deadline, node)->at : INSTANT_NEVER;
}

/* -------- jobs -------- */

void ike_input_job_done(struct ike_core *core, struct instant now, struct ike_job *job)
{
	struct ike_sa *sa = ike_sa_by_spi(core, job->spi);

	core->now = now;
	if (sa) {
		job->ops->done(sa, job);
		exchange_next(sa);
	}
	ike_job_free(job);
	input_end(core);
}

/* -------- internal addresses -------- */

void ike_input_lease(struct ike_core *core, struct instant now, struct cfg_request *req)
{
	struct internal_addrs *ia = internal_addrs_by_id(core, req->id);
	struct ike_sa *sa = ia ? ia->sa : NULL;
	bool lost = req->type == CFG_RENEW && req->err < 0;

	core->now = now;
	if (sa && req->type == CFG_ACQUIRE)
		configuration_provided_take(sa, req);
	else if (ia)
		internal_addrs_acquired(ia, req);
	else
		cfg_request_free(req);
	if (sa && lost)
		input_terminate_ike(sa, false, 0, "the lease of its internal address has ended");
	if (sa)
		exchange_next(sa);
	input_end(core);
}

/* -------- users -------- */

static const char stops[] = "the daemon stops";

static bool ike_usable(const struct ike_sa *sa)
{
	return sa->state != IKE_STATE_DELETING && sa->state != IKE_STATE_REKEYED && !sa->end;
}

static bool child_usable(const struct child_sa *child)
{
	return child->state == CHILD_CREATING || child->state == CHILD_INSTALLING ||
	       child->state == CHILD_INSTALLED || child->state == CHILD_REKEYING;
}

/*
 * Does it serve whoever asks? One that the peer has narrowed holds not all packets that may ask;
 * what one on its way will hold isn't known yet.
 */
static bool serves(const struct child_sa *child, const struct ike_acquire *acquire)
{
	return child_usable(child) &&
	       (!acquire || child->conf->fixed_reqid || child->state == CHILD_CREATING ||
		child_selectors_hold(child, acquire));
}

/* The Child SA of this configuration that is up or on its way, whatever IKE SA it belongs to. */
static struct child_sa *find_child(struct ike_core *core, const struct connection *conn,
				   const struct child_conf *conf, const struct ike_acquire *acquire)
{
	struct child_sa *child;
	struct ike_sa *sa;

	ike_sa_for_each(sa, core) {
		if (strcmp(sa->conn->name, conn->name) != 0 || !ike_usable(sa))
			continue;
		list_for_each(child, &sa->children, link)
			if (serves(child, acquire) && strcmp(child->conf->name, conf->name) == 0)
				return child;
	}
	return NULL;
}

static bool names_match(const char *wanted, const char *name)
{
	return !wanted || strcmp(wanted, name) == 0;
}

static bool filter_fits_ike(const struct ike_filter *f, const struct ike_sa *sa)
{
	return names_match(f->ike, sa->conn->name) && (!f->ike_id || f->ike_id == sa->unique_id);
}

static bool filter_fits_child(const struct ike_filter *f, const struct child_sa *child)
{
	return names_match(f->child, child->conf->name) &&
	       (!f->child_id || f->child_id == child->unique_id);
}

/* What it was being made for will not be: whoever waits for that is told now. */
static void forsake(struct ike_sa *sa, const char *why)
{
	struct child_sa *child;

	while ((child = list_first(&sa->children, struct child_sa, link)))
		child_sa_close(child, why);
	ike_core_result(sa->core, sa->token, -ECANCELED, "IKE SA: %s", why);
	sa->token = 0;
}

void input_terminate_ike(struct ike_sa *sa, bool force, uint64_t token, const char *why)
{
	/* An initiator that is still making up its mind about the responder has been believed. */
	const bool peer_holds_it_for_up = sa->state == IKE_STATE_ESTABLISHED ||
					  (sa->state == IKE_STATE_AUTH_SENT && sa->auth);

	if (!sa->end)
		sa->end = SA_END_USER;
	/* Who can't be told later is told now. */
	if (ike_sa_wait(sa, token) < 0)
		ike_core_result(sa->core, token, -ENOMEM, "%s", "out of memory");
	if (sa->state == IKE_STATE_AUTH_SENT)
		forsake(sa, why);
	/* The peer may have it by now, and can't be told before it answers: see ike_auth_i.c. */
	if (sa->state == IKE_STATE_AUTH_SENT && sa->window.request && !force)
		return;
	if (sa->initiator && (sa->state == IKE_STATE_AUTH_SENT || force))
		sa->auth = auth_run_free(sa->auth);
	if (!peer_holds_it_for_up || force) {
		/* With force the peer is told, too, but not waited for. */
		if (peer_holds_it_for_up && !sa->window.request &&
		    exchange_queue(sa, &exchange_delete_ike, 0) == 0)
			exchange_next(sa);
		if (sa->state != IKE_STATE_DELETING || force)
			fsm_enter(sa, IKE_STATE_DEAD, why);
		return;
	}
	ike_sa_delete(sa, why);
	exchange_next(sa);
}

/*
 * The IKE SA of this very configuration with that peer which takes another Child SA, and will have it
 * for longer than it takes to be made anew; NULL.
 */
static struct ike_sa *find_ike(struct ike_core *core, const struct connection *conn,
			       const struct netaddr *remote)
{
	struct ike_sa *sa;

	ike_sa_for_each(sa, core)
		if (sa->conn == conn && ike_usable(sa) && sa->state != IKE_STATE_NEW &&
		    sa->state != IKE_STATE_INIT_ANSWERED &&
		    (!connection_many_peers(conn) || netaddr_same_addr(&sa->remote, remote)) &&
		    !reauth_under_way(sa))
			return sa;
	return NULL;
}

/* A new IKE SA of ours; NULL without memory. */
static struct ike_sa *begin_ike(struct ike_core *core, const struct connection *conn,
				const struct netaddr *local, const struct netaddr *remote)
{
	struct ike_sa *sa = ike_sa_new(core, conn, true, local, remote);

	if (!sa)
		return NULL;
	if (exchange_queue(sa, &exchange_ike_sa_init, 0) < 0) {
		fsm_enter(sa, IKE_STATE_DEAD, "out of memory");
		return NULL;
	}
	contact_begin(sa);
	fsm_enter(sa, IKE_STATE_INIT_SENT, "we begin");
	return sa;
}

/* An ACQUIRE may have been on its way already when the Child SA came up. */
#define ACQUIRE_DELAY DURATION_S(5)

/* A packet found no SA to go by, though there should be one: the kernel has lost it. New ones then.
 */
static void acquired_again(struct child_sa *child, const struct ike_acquire *acquire)
{
	struct ike_sa *sa = child->ike;

	/* The trap may be wider than what the peer has agreed to. */
	if (!instant_reached(sa->core->now, instant_add(child->installed, ACQUIRE_DELAY)) ||
	    !ts_list_contains(&child->local_ts, &acquire->packet_src) ||
	    !ts_list_contains(&child->remote_ts, &acquire->packet_dst))
		return;
	log_obj_notice(ike, sa->log_name, "the kernel asks for Child SA %s{%u}, which it has",
		       child->conf->name, child->unique_id);
	child_rekey(child);
	exchange_next(sa);
}

static void initiate(struct ike_core *core, const struct connection *conn,
		     const struct child_conf *conf, const struct netaddr *local,
		     const struct netaddr *remote, const struct ike_acquire *acquire,
		     uint64_t token)
{
	struct child_sa *child = find_child(core, conn, conf, acquire);
	struct ike_sa *sa;

	if (child && child->up && acquire)
		acquired_again(child, acquire);
	if (child && (child->up || !token)) {
		ike_core_result(core, token, 0, "%s", "up already");
		fate_not_begun(core, conn, conf, SA_END_REPLACED);
		return;
	}
	if (child && !child->token) {
		child->token = token; /* on its way for somebody who doesn't wait */
		return;
	}
	if (child) {
		ike_core_result(core, token, -EALREADY, "Child SA %s is being made already",
				conf->name);
		return;
	}
	sa = find_ike(core, conn, remote);
	if (!sa)
		sa = begin_ike(core, conn, local, remote);
	child = sa ? child_sa_new(sa, conf, true, token) : NULL;
	if (!child) {
		/* One that has been begun for this Child SA alone. */
		if (sa && sa->state == IKE_STATE_INIT_SENT && list_empty(&sa->children))
			fsm_enter(sa, IKE_STATE_DEAD, "out of memory");
		ike_core_result(core, token, -ENOMEM, "%s", "out of memory");
		fate_not_begun(core, conn, conf, SA_END_FAILED);
		return;
	}
	child_selectors_offer(child, acquire);
	log_obj_info(ike, sa->log_name, "initiating Child SA %s", conf->name);
	/* Else it goes along with IKE_AUTH, or is asked for after that. */
	if (sa->state == IKE_STATE_ESTABLISHED)
		child_create(child);
	exchange_next(sa);
}

void ike_input_initiate(struct ike_core *core, struct instant now, const struct connection *conn,
			const struct child_conf *child, const struct netaddr *local,
			const struct netaddr *remote, const struct ike_acquire *acquire,
			uint64_t token)
{
	core->now = now;
	if (core->stopping)
		ike_core_result(core, token, -ECANCELED, "%s", stops);
	else if (child)
		initiate(core, conn, child, local, remote, acquire, token);
	else
		childless_initiate(core, conn, local, remote, token);
	input_end(core);
}

/* False: its IKE SA goes with all others, because it is what that one is being made for. */
static bool terminate_child(struct child_sa *child, bool force, uint64_t token)
{
	struct ike_sa *sa = child->ike;

	if (child->state == CHILD_CREATING && sa->state != IKE_STATE_ESTABLISHED) {
		input_terminate_ike(sa, force, token, "terminated");
		return false;
	}
	child->end = SA_END_USER;
	if (child->token)
		ike_core_result(sa->core, child->token, -ECANCELED, "%s", "terminated");
	child->token = token;
	if (child->state == CHILD_CREATING) {
		/* Should the peer make it yet, the exchange deletes it. */
		child->token = 0;
		ike_core_result(sa->core, token, 0, "%s", "terminated");
		child_sa_close(child, "terminated");
	} else {
		child_delete(child);
		if (force)
			child_sa_close(child, "terminated");
	}
	exchange_next(sa);
	return true;
}

unsigned ike_input_terminate(struct ike_core *core, struct instant now,
			     const struct ike_filter *filter, bool force, uint64_t token)
{
	bool children = filter->child || filter->child_id;
	struct ike_sa *sa;
	struct child_sa *child, *next;
	unsigned n = 0;

	core->now = now;
	ike_sa_for_each(sa, core) {
		/* What is to replace another one goes with that: the peer may have made it by now. */
		if (!filter_fits_ike(filter, sa) || sa->state == IKE_STATE_NEW)
			continue;
		if (!children) {
			input_terminate_ike(sa, force, token, "terminated");
			n++;
			continue;
		}
		list_for_each_safe(child, next, &sa->children, link) {
			if (!filter_fits_child(filter, child) || child->state == CHILD_DELETING ||
			    child->state == CHILD_DELETED)
				continue;
			n++;
			if (!terminate_child(child, force, token))
				break;
		}
		exchange_next(sa);
	}
	input_end(core);
	return n;
}

unsigned ike_input_rekey(struct ike_core *core, struct instant now, const struct ike_filter *filter)
{
	bool children = filter->child || filter->child_id;
	struct ike_sa *sa;
	struct child_sa *child;
	unsigned n = 0;

	core->now = now;
	ike_sa_for_each(sa, core) {
		if (!filter_fits_ike(filter, sa) || sa->state != IKE_STATE_ESTABLISHED)
			continue;
		if (!children) {
			ike_sa_rekey(sa);
			n++;
		}
		list_for_each(child, &sa->children, link)
			if (children && filter_fits_child(filter, child) &&
			    child->state == CHILD_INSTALLED) {
				child_rekey(child);
				n++;
			}
		exchange_next(sa);
	}
	input_end(core);
	return n;
}

void ike_input_config(struct ike_core *core, struct instant now, const struct ike_config *config)
{
	const struct ike_config *old = core->config;

	core->now = now;
	core->config = config_ref(config);
	config_unref(old);
	input_end(core);
}

void ike_input_stop(struct ike_core *core, struct instant now)
{
	struct ike_sa *sa;

	core->now = now;
	core->stopping = true;
	ike_sa_for_each(sa, core)
		input_terminate_ike(sa, true, 0, stops);
	input_end(core);
}
