/* SPDX-License-Identifier: MIT */
/*
 * Inputs from the kernel: what its IPsec has done, and what it tells of itself.
 */
#include "pdk/log/log.h"
#include "ikev2/exchange/child.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/exchange/fragments.h"
#include "ikev2/exchange/handlers.h"
#include "ikev2/exchange/invalid_spi.h"
#include "ikev2/fsm/child_timers.h"
#include "ikev2/fsm/follow.h"
#include "ikev2/fsm/inactivity.h"
#include "ikev2/fsm/input.h"
#include "ikev2/fsm/input_private.h"
#include "ikev2/fsm/liveness.h"
#include "ikev2/fsm/reauth.h"
#include "ikev2/fsm/timers.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_ipsec.h"
#include "ikev2/sa/child_ports.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"
#include "ikev2/sa/internal_addr.h"

LOG_USE(ike);

static void child_installed(struct child_sa *child)
{
	struct ike_sa *sa = child->ike;
	char local[TS_STRLEN], remote[TS_STRLEN];
	struct child_sa *old;

	child->installed = sa->core->now;
	sa->children_changed = child->installed;
	if (child->redundant) {
		child_sa_enter(child, CHILD_REKEYED);
		return;
	}
	old = child_sa_take_place(child);
	child->used_at = old && child->conf->inactivity.ns ? old->used_at : child->installed;
	child->asked_usage = child->installed;
	child_sa_enter(child, CHILD_INSTALLED);
	follow_child(child);
	child_timers_start(child);
	sa->core->counters.children++;
	sa->core->counters.children_rekeyed += old != NULL;
	log_obj_notice(ike, sa->log_name, "Child SA %s{%u} %s: %s === %s, SPIs %08x in, %08x out",
		       child->conf->name, child->unique_id, old ? "rekeyed" : "up",
		       ts_str(&child->local_ts.v[0], local), ts_str(&child->remote_ts.v[0], remote),
		       child->spi_in, child->spi_out);
	if (old) {
		ike_core_event_child_rekey(old, child);
	} else {
		ike_core_event(sa->core, IKE_EVENT_CHILD_UP, sa, child);
		internal_addrs_child(child, true);
		fate_child_up(child);
	}
	reauth_progress(sa);
	ike_core_result(sa->core, child->token, 0, "Child SA %s{%u} up: %s === %s",
			child->conf->name, child->unique_id, ts_str(&child->local_ts.v[0], local),
			ts_str(&child->remote_ts.v[0], remote));
	child->token = 0;
	if (child->initiator && child->replaces)
		child_replaced_by(child);
}

static void child_not_installed(struct child_sa *child, const struct ipsec_request *req)
{
	struct ike_sa *sa = child->ike;

	log_obj_error(ike, sa->log_name, "the kernel refuses Child SA %s: %s%s%s",
		      child->conf->name, strerror(-req->err), req->error_text[0] ? ": " : "",
		      req->error_text);
	/* The backend has undone what it did. */
	child->state = CHILD_CREATING;
	if (child->initiator)
		exchange_queue(sa, &exchange_delete_child, child->spi_in);
	child_sa_close(child, "the kernel refuses it");
}

/* The SA to send on, which came later: without it the Child SA is none. */
static void child_not_sent_on(struct child_sa *child, const struct ipsec_request *req)
{
	log_obj_error(ike, child->ike->log_name, "the kernel refuses to send on Child SA %s: %s %s",
		      child->conf->name, strerror(-req->err), req->error_text);
	if (child->state == CHILD_INSTALLED)
		child_delete(child);
}

/* A batch that adds SAs of child has been worked off; its state may have changed meanwhile. */
static void child_done(struct child_sa *child, const struct ipsec_request *req)
{
	struct ike_sa *sa = child->ike;
	bool installing = child->state == CHILD_INSTALLING, answering = sa->answering == child;

	child_ipsec_answered(child, req);
	if (installing && req->err == 0)
		child_installed(child);
	if (answering && sa->held)
		create_child_done(sa, child, req->err);
	else if (answering)
		ike_auth_child_done(sa, child, req->err);
	if (req->err < 0 && installing)
		child_not_installed(child, req);
	else if (req->err < 0)
		child_not_sent_on(child, req);
	else if (!installing)
		follow_child(child);
	exchange_next(sa);
}

/* New ports have been told; the peer may have others by now. */
static void child_moved(struct child_sa *child, const struct ipsec_request *req)
{
	struct ike_sa *sa = child->ike;

	if (req->err < 0)
		log_obj_error(ike, sa->log_name,
			      "the kernel does not take the new ports of Child SA %s: %s%s%s",
			      child->conf->name, strerror(-req->err),
			      req->error_text[0] ? ": " : "", req->error_text);
	child_ports_answered(child);
	follow_child(child);
	exchange_next(sa);
}

void ike_input_ipsec_done(struct ike_core *core, struct instant now, struct ipsec_request *req)
{
	struct child_sa *child = child_sa_by_id(core, (uint32_t)req->cookie);

	core->now = now;
	if (req->ops[0].type == IPSEC_SA_QUERY && req->ops[0].sa.direction == IPSEC_OUT)
		inactivity_told(core, req);
	else if (req->ops[0].type == IPSEC_SA_QUERY)
		liveness_told(core, req);
	else if (child && req->ops[0].type == IPSEC_SA_ADD)
		child_done(child, req);
	else if (child && req->ops[0].type == IPSEC_SA_UPDATE)
		child_moved(child, req);
	else if (req->ops[0].type == IPSEC_SA_ADD && req->err == 0)
		child_ipsec_orphaned_take(core, steal_ptr(req));
	ipsec_request_free(req);
	input_end(core);
}

void ike_input_path_mtu(struct ike_core *core, struct instant now, uint64_t spi, size_t mtu)
{
	struct ike_sa *sa = ike_sa_by_spi(core, spi);

	core->now = now;
	if (sa && fragments_shrink_request(sa, mtu)) {
		ike_core_send(core, &sa->local, &sa->remote, sa->window.request);
		timers_update(sa);
	}
	input_end(core);
}

void ike_input_overrun(struct ike_core *core, struct instant now)
{
	struct ike_sa *sa;

	core->now = now;
	ike_sa_for_each(sa, core) liveness_resync(sa);
	input_end(core);
}

/* In UDP it comes from the port of the peer's NAT-T socket, or of the NAT before it (RFC 3948). */
static bool sends_from(const struct ike_sa *sa, const struct netaddr *local,
		       const struct netaddr *remote)
{
	return netaddr_same_addr(&sa->local, local) && netaddr_same_addr(&sa->remote, remote) &&
	       (remote->port ? remote->port == sa->remote.port : !ike_sa_needs_encap(sa));
}

void ike_input_unknown_esp(struct ike_core *core, struct instant now, const struct netaddr *local,
			   const struct netaddr *remote, uint32_t spi)
{
	struct ike_sa *sa;

	core->now = now;
	ike_sa_for_each(sa, core)
		if (sends_from(sa, local, remote)) {
			invalid_spi_seen(sa, spi);
			exchange_next(sa);
		}
	input_end(core);
}

void ike_input_expire(struct ike_core *core, struct instant now, const struct ipsec_expire *expire)
{
	struct child_sa *child = child_sa_of_kernel(core, expire->spi, expire->reqid);
	struct ike_sa *sa = child ? child->ike : NULL;

	core->now = now;
	if (child && expire->hard)
		child_expire(child, "its lifetime is over");
	else if (child)
		child_rekey(child);
	if (sa)
		exchange_next(sa);
	input_end(core);
}
