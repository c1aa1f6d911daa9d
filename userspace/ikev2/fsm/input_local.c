/* SPDX-License-Identifier: MIT */
/*
 * Inputs that are no messages: time, completions of the kernel, and what users want.
 */
#include <errno.h>

#include "pdk/log/log.h"
#include "ikev2/exchange/auth_run.h"
#include "ikev2/exchange/configuration.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/exchange/fragments.h"
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

	return first ? heap_entry(first, struct ike_sa, timer)->deadline : INSTANT_NEVER;
}

/* -------- the kernel -------- */

static void child_installed(struct child_sa *child)
{
	struct ike_sa *sa = child->ike;
	char local[TS_STRLEN], remote[TS_STRLEN];

	child->state = CHILD_INSTALLED;
	child->installed = sa->core->now;
	follow_child(child);
	sa->core->counters.children++;
	log_obj_notice(ike, sa->log_name, "Child SA %s{%u} up: %s === %s, SPIs %08x in, %08x out",
		       child->conf->name, child->unique_id, ts_str(&child->local_ts.v[0], local),
		       ts_str(&child->remote_ts.v[0], remote), child->spi_in, child->spi_out);
	internal_addrs_child(child, true);
	ike_core_event(sa->core, IKE_EVENT_CHILD_UP, sa, child);
	fate_child_up(child);
	reauth_progress(sa);
	ike_core_result(sa->core, child->token, 0, "Child SA %s{%u} up: %s === %s",
			child->conf->name, child->unique_id, ts_str(&child->local_ts.v[0], local),
			ts_str(&child->remote_ts.v[0], remote));
	child->token = 0;
}

static void child_not_installed(struct child_sa *child, const struct ipsec_request *req)
{
	struct ike_sa *sa = child->ike;

	log_obj_error(ike, sa->log_name, "the kernel refuses Child SA %s: %s%s%s",
		      child->conf->name, strerror(-req->err), req->error_text[0] ? ": " : "",
		      req->error_text);
	/* The backend has undone what it did. */
	child->state = CHILD_CREATING;
	child->in_kernel = 0;
	if (child->initiator)
		exchange_queue(sa, &exchange_delete_child, child->spi_in);
	child_sa_close(child, "the kernel refuses it");
}

void ike_input_ipsec_done(struct ike_core *core, struct instant now, struct ipsec_request *req)
{
	struct child_sa *child = child_sa_by_id(core, (uint32_t)req->cookie);

	core->now = now;
	if (req->ops[0].type == IPSEC_SA_QUERY)
		liveness_told(core, req);
	else if (child && child->state == CHILD_INSTALLING && req->ops[0].type == IPSEC_SA_ADD) {
		struct ike_sa *sa = child->ike;
		bool answering = sa->answering == child;

		if (req->err == 0) {
			child_ipsec_installed(child, req);
			child_installed(child);
		}
		if (answering)
			ike_auth_child_done(sa, child, req->err);
		if (req->err < 0)
			child_not_installed(child, req);
		exchange_next(sa);
	}
	if (child && req->ops[0].type == IPSEC_SA_UPDATE && req->err < 0)
		log_obj_error(ike, child->ike->log_name,
			      "the kernel does not take the new ports of Child SA %s: %s%s%s",
			      child->conf->name, strerror(-req->err),
			      req->error_text[0] ? ": " : "", req->error_text);
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

void ike_input_expire(struct ike_core *core, struct instant now, const struct ipsec_expire *expire)
{
	struct ike_sa *sa;

	core->now = now;
	list_for_each(sa, &core->sas, link) {
		struct child_sa *child = child_sa_by_spi_in(sa, expire->spi);

		if (!child)
			child = child_sa_by_spi_out(sa, expire->spi);
		if (!child || child->reqid != expire->reqid || !expire->hard)
			continue;
		child->end = SA_END_EXPIRED;
		exchange_queue(sa, &exchange_delete_child, child->spi_in);
		child_sa_close(child, "its lifetime is over");
		exchange_next(sa);
		break;
	}
	input_end(core);
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

/* The Child SA of this configuration that is up or on its way, whatever IKE SA it belongs to. */
static struct child_sa *find_child(struct ike_core *core, const struct connection *conn,
				   const struct child_conf *conf)
{
	struct child_sa *child;
	struct ike_sa *sa;

	list_for_each(sa, &core->sas, link) {
		if (strcmp(sa->conn->name, conn->name) != 0 || sa->state == IKE_STATE_DELETING)
			continue;
		list_for_each(child, &sa->children, link)
			if (child->state != CHILD_DELETING &&
			    strcmp(child->conf->name, conf->name) == 0)
				return child;
	}
	return NULL;
}

void input_child_selectors(struct child_sa *child, const struct ike_acquire *acquire)
{
	const struct ike_sa *sa = child->ike;
	const struct ts *packet_src;
	struct ts_list policy;

	if (acquire)
		child->acquire_seq = acquire->seq;
	internal_addrs_resolve_local(sa, &child->conf->local_ts, &policy);
	/* With an internal address packets will have another source than this one. */
	packet_src = acquire && !sa->conn->n_vips ? &acquire->packet_src : NULL;
	ts_offer(&policy, packet_src, &child->local_ts);
	internal_addrs_resolve_remote(sa, &child->conf->remote_ts, &policy);
	ts_offer(&policy, acquire ? &acquire->packet_dst : NULL, &child->remote_ts);
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

void input_terminate_ike(struct ike_sa *sa, bool force, uint64_t token, const char *why)
{
	/* An initiator that is still making up its mind about the responder has been believed. */
	bool peer_holds_it_for_up = sa->state == IKE_STATE_ESTABLISHED ||
				    (sa->state == IKE_STATE_AUTH_SENT && sa->auth);

	if (!sa->end)
		sa->end = SA_END_USER;
	/* Who can't be told later is told now. */
	if (ike_sa_wait(sa, token) < 0)
		ike_core_result(sa->core, token, -ENOMEM, "%s", "out of memory");
	if (sa->state != IKE_STATE_ESTABLISHED || force) {
		/* With force the peer is told, too, but not waited for. */
		if (sa->initiator)
			sa->auth = auth_run_free(sa->auth);
		if (peer_holds_it_for_up && !sa->window.request &&
		    exchange_queue(sa, &exchange_delete_ike, 0) == 0)
			exchange_next(sa);
		if (sa->state != IKE_STATE_DELETING || force)
			fsm_enter(sa, IKE_STATE_DEAD, why);
		return;
	}
	fsm_enter(sa, IKE_STATE_DELETING, why);
	if (exchange_queue(sa, &exchange_delete_ike, 0) < 0)
		fsm_enter(sa, IKE_STATE_DEAD, "out of memory");
	else
		exchange_next(sa);
}

/*
 * An IKE SA of ours whose Child SA failed or is gone lives on (2.21.2), but serves nobody: each Child
 * SA comes with an IKE SA of its own. It makes room for the next try.
 */
static void close_childless(struct ike_core *core, const struct connection *conn)
{
	struct ike_sa *sa, *next;

	list_for_each_safe(sa, next, &core->sas, link)
		if (sa->initiator && sa->state == IKE_STATE_ESTABLISHED &&
		    list_empty(&sa->children) && strcmp(sa->conn->name, conn->name) == 0)
			input_terminate_ike(sa, false, 0, "it has no Child SA");
}

static void initiate(struct ike_core *core, const struct connection *conn,
		     const struct child_conf *conf, const struct netaddr *local,
		     const struct netaddr *remote, const struct ike_acquire *acquire,
		     uint64_t token)
{
	struct child_sa *child = find_child(core, conn, conf);
	struct ike_sa *sa;

	if (child && (child->state == CHILD_INSTALLED || !token)) {
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
	close_childless(core, conn);
	sa = ike_sa_new(core, conn, true, local, remote);
	child = sa ? child_sa_new(sa, conf, true, token) : NULL;
	if (!child) {
		ike_core_result(core, token, -ENOMEM, "%s", "out of memory");
		fate_not_begun(core, conn, conf, SA_END_FAILED);
		if (sa)
			fsm_enter(sa, IKE_STATE_DEAD, "out of memory");
		return;
	}
	contact_begin(sa);
	input_child_selectors(child, acquire);
	log_obj_info(ike, sa->log_name, "initiating Child SA %s", conf->name);
	if (exchange_queue(sa, &exchange_ike_sa_init, 0) < 0) {
		fsm_enter(sa, IKE_STATE_DEAD, "out of memory");
		return;
	}
	fsm_enter(sa, IKE_STATE_INIT_SENT, "we begin");
	exchange_next(sa);
}

void ike_input_initiate(struct ike_core *core, struct instant now, const struct connection *conn,
			const struct child_conf *child, const struct netaddr *local,
			const struct netaddr *remote, const struct ike_acquire *acquire,
			uint64_t token)
{
	core->now = now;
	if (child)
		initiate(core, conn, child, local, remote, acquire, token);
	else
		childless_initiate(core, conn, local, remote, token);
	input_end(core);
}

static void terminate_child(struct child_sa *child, bool force, uint64_t token)
{
	struct ike_sa *sa = child->ike;

	if (child->state == CHILD_CREATING) {
		/* It is all that this IKE SA is being made for. */
		input_terminate_ike(sa, force, token, "terminated");
		return;
	}
	child->end = SA_END_USER;
	if (child->token)
		ike_core_result(sa->core, child->token, -ECANCELED, "%s", "terminated");
	child->token = token;
	if (exchange_queue(sa, &exchange_delete_child, child->spi_in) < 0 || force)
		child_sa_close(child, "terminated");
	else
		child->state = CHILD_DELETING;
	exchange_next(sa);
}

unsigned ike_input_terminate(struct ike_core *core, struct instant now,
			     const struct ike_filter *filter, bool force, uint64_t token)
{
	bool children = filter->child || filter->child_id;
	struct ike_sa *sa, *next_sa;
	struct child_sa *child, *next;
	unsigned n = 0;

	core->now = now;
	list_for_each_safe(sa, next_sa, &core->sas, link) {
		if (!filter_fits_ike(filter, sa))
			continue;
		if (!children) {
			input_terminate_ike(sa, force, token, "terminated");
			n++;
			continue;
		}
		list_for_each_safe(child, next, &sa->children, link) {
			if (!filter_fits_child(filter, child) || child->state == CHILD_DELETING)
				continue;
			terminate_child(child, force, token);
			n++;
			if (sa->state == IKE_STATE_DEAD)
				break;
		}
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
	struct ike_sa *sa, *next;

	core->now = now;
	list_for_each_safe(sa, next, &core->sas, link)
		input_terminate_ike(sa, true, 0, "the daemon stops");
	input_end(core);
}
