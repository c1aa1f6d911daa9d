/* SPDX-License-Identifier: MIT */
#include "ikev2/daemon/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "pdk/log/log.h"
#include "ikev2/cert/revocation.h"
#include "ikev2/daemon/control_private.h"
#include "ikev2/daemon/keepup.h"
#include "ikev2/daemon/letters.h"
#include "ikev2/daemon/posternd.h"
#include "ikev2/daemon/shard.h"
#include "ikev2/daemon/traps.h"
#include "ikev2/daemon/updown.h"
#include "ikev2/vici/server.h"

LOG_USE(daemon);

/* -------- tokens -------- */

/* A request of a client on its way through the shards; its address is the token. */
struct wait {
	struct vici_request *req;
	unsigned workers; /* that have not answered yet */
	unsigned matched, answered, gone;
	bool terminating;
};

static struct wait *wait_new(struct vici_request *req)
{
	struct wait *wait = calloc(1, sizeof(*wait));

	if (wait)
		wait->req = req;
	else
		vici_request_fail(req, "out of memory");
	return wait;
}

static uint64_t wait_token(const struct wait *wait)
{
	return (uintptr_t)wait;
}

static struct wait *wait_of(uint64_t token)
{
	return (struct wait *)(uintptr_t)token;
}

/* -------- initiate -------- */

static void initiate(void *ctx, const char *ike, const char *child_name, struct vici_request *req)
{
	struct posternd *d = ctx;
	const struct connection *conn;
	const struct child_conf *child;
	struct netaddr local, remote;
	const char *why;
	struct wait *wait;

	if (child_name) {
		if (config_find_child(d->config, ike, child_name, &conn, &child) < 0) {
			vici_request_fail(req, "there is no child '%s'", child_name);
			return;
		}
	} else {
		conn = config_connection(d->config, ike);
		if (!conn) {
			vici_request_fail(req, "there is no connection '%s'", ike);
			return;
		}
		child = NULL;
	}
	if (child && !child_mode_negotiates(child->mode)) {
		vici_request_fail(req, "child '%s' is of a mode that makes no SA; install it",
				  child->name);
		return;
	}
	if (!connection_endpoints(d, conn, &local, &remote, &why)) {
		vici_request_fail(req, "connection '%s': %s", conn->name, why);
		return;
	}
	wait = wait_new(req);
	if (!wait)
		return;
	if (shard_initiate(d, posternd_initiator(d, conn->name), conn, child, &local, &remote, NULL,
			   wait_token(wait)) < 0) {
		vici_request_fail(req, "out of memory");
		free(wait);
		return;
	}
	if (child)
		keepup_begun(d, conn, child);
}

/* -------- terminate -------- */

/* All shards have said how many SAs they mean, and all those have ended. */
static void terminate_check(struct wait *wait)
{
	if (wait->workers || wait->answered < wait->matched)
		return;
	vici_request_terminated(wait->req, wait->matched, wait->gone);
	free(wait);
}

static void terminate(void *ctx, const struct vici_sa_filter *filter, bool force,
		      struct vici_request *req)
{
	struct posternd *d = ctx;
	struct wait *wait = wait_new(req);

	if (!wait)
		return;
	wait->terminating = true;
	/* What is down and waits for another try counts as one that is gone. */
	if (!filter->ike_id && !filter->child_id)
		wait->matched = wait->answered = wait->gone =
			keepup_cancel(d, filter->ike, filter->child);
	for (unsigned w = 0; w < d->n_workers; w++)
		if (shard_terminate(d, w, filter, force, wait_token(wait)) == 0)
			wait->workers++;
	terminate_check(wait);
}

/* -------- rekey -------- */

static void renewing_check(struct wait *wait)
{
	if (wait->workers)
		return;
	vici_request_rekeying(wait->req, wait->matched);
	free(wait);
}

static void rekey(void *ctx, const struct vici_sa_filter *filter, bool reauth,
		  struct vici_request *req)
{
	struct posternd *d = ctx;
	struct wait *wait = wait_new(req);

	if (!wait)
		return;
	for (unsigned w = 0; w < d->n_workers; w++)
		if (shard_rekey(d, w, filter, reauth, wait_token(wait)) == 0)
			wait->workers++;
	renewing_check(wait);
}

void control_deliver_renewing(struct mail *mail)
{
	struct letter_filter *letter = container_of(mail, struct letter_filter, letter.mail);
	struct wait *wait = wait_of(letter->token);

	wait->workers--;
	wait->matched += letter->matched;
	letter_filter_free(letter);
	renewing_check(wait);
}

/* -------- answers of shards -------- */

void control_deliver_terminated(struct mail *mail)
{
	struct letter_filter *letter = container_of(mail, struct letter_filter, letter.mail);
	struct wait *wait = wait_of(letter->token);

	wait->workers--;
	wait->matched += letter->matched;
	letter_filter_free(letter);
	terminate_check(wait);
}

/* The result comes behind it, so the token is still there. */
void control_deliver_progress(struct mail *mail)
{
	struct ike_action *action = container_of(mail, struct ike_action, mail);
	struct wait *wait = wait_of(action->progress.token);

	vici_request_log(wait->req, VICI_LOG_CONTROL, "IKE", action->progress.name,
			 action->progress.ike_id, "%s", action->progress.text);
	ike_action_free(action);
}

void control_deliver_result(struct mail *mail)
{
	struct ike_action *action = container_of(mail, struct ike_action, mail);
	struct wait *wait = wait_of(action->result.token);
	const char *text = action->result.text;

	if (wait->terminating) {
		wait->answered++;
		wait->gone += action->result.err == 0;
		terminate_check(wait);
	} else {
		vici_request_log(wait->req, VICI_LOG_CONTROL, "IKE", NULL, 0, "%s", text);
		if (action->result.err < 0)
			vici_request_fail(wait->req, "%s", text);
		else
			vici_request_ok(wait->req);
		free(wait);
	}
	ike_action_free(action);
}

/* -------- events -------- */

void control_deliver_event(struct mail *mail)
{
	struct ike_action *action = container_of(mail, struct ike_action, mail);
	const enum ike_event_type type = action->event.type;
	const struct ike_sa_info *info = action->event.info;
	struct posternd *d = action->shell;

	if (d->vici) {
		switch (type) {
		case IKE_EVENT_IKE_UP:
		case IKE_EVENT_IKE_DOWN:
			vici_event_ike_updown(d->vici, type == IKE_EVENT_IKE_UP, info);
			break;
		case IKE_EVENT_CHILD_UP:
		case IKE_EVENT_CHILD_DOWN:
			vici_event_child_updown(d->vici, type == IKE_EVENT_CHILD_UP, info, 0);
			break;
		case IKE_EVENT_IKE_REKEY:
			vici_event_ike_rekey(d->vici, action->event.old, info);
			break;
		case IKE_EVENT_CHILD_REKEY:
			vici_event_child_rekey(d->vici, info);
			break;
		}
	}
	if (type == IKE_EVENT_CHILD_UP || type == IKE_EVENT_CHILD_DOWN)
		updown_event_take(d->updown, type == IKE_EVENT_CHILD_UP,
				  steal_ptr(action->event.info));
	ike_action_free(action);
}

/* -------- the rest -------- */

static struct ike_config *get_config(void *ctx)
{
	struct posternd *d = ctx;

	return d->config;
}

static int set_config(void *ctx, struct ike_config *new_take, char *err, size_t err_size)
{
	posternd_set_config_take(ctx, new_take);
	return 0;
}

static void reload(void *ctx, struct vici_request *req)
{
	char *why = NULL;

	if (posternd_reload(ctx, &why) < 0)
		vici_request_fail(req, "%s", why ? why : "out of memory");
	else
		vici_request_ok(req);
	free(why);
}

static void install(void *ctx, const char *ike, const char *child_name, struct vici_request *req)
{
	struct posternd *d = ctx;
	const struct connection *conn;
	const struct child_conf *child;

	if (config_find_child(d->config, ike, child_name, &conn, &child) < 0)
		vici_request_fail(req, "there is no child '%s'", child_name);
	else
		trap_install(d, conn, child, req);
}

static void uninstall(void *ctx, const char *ike, const char *child, struct vici_request *req)
{
	if (trap_uninstall(ctx, ike, child))
		vici_request_ok(req);
	else
		vici_request_fail(req, "no trap of '%s' is installed", child);
}

static bool installed(void *ctx, const char *ike, const char *child)
{
	return trap_installed(ctx, ike, child);
}

static void stats(void *ctx, struct vici_stats *ret_stats)
{
	struct posternd *d = ctx;
	struct shard_figures f;

	shards_figures(d, &f);
	*ret_stats = (struct vici_stats){
		.uptime = instant_diff(instant_now(), d->started),
		.workers = d->n_workers,
		.ike_sas = f.ike_sas,
		.half_open = f.half_open,
		.child_sas = f.child_sas,
	};
	ret_stats->since = time(NULL) - (time_t)duration_s(ret_stats->uptime);
#define COUNTER(label, figure)                                                                     \
	ret_stats->counters[ret_stats->n_counters].name = (label);                                 \
	ret_stats->counters[ret_stats->n_counters++].value = (figure)
	COUNTER("received", f.core.received);
	COUNTER("sent", f.core.sent);
	COUNTER("forwarded", f.forwarded);
	COUNTER("forward-refused", f.forward_refused);
	COUNTER("retransmitted", f.core.retransmitted);
	COUNTER("repeated", f.core.repeated);
	COUNTER("malformed", f.core.malformed);
	COUNTER("unknown-spi", f.core.unknown_spi);
	COUNTER("out-of-window", f.core.out_of_window);
	COUNTER("unauthentic", f.core.unauthentic);
	COUNTER("unexpected", f.core.unexpected);
	COUNTER("errors-sent", f.core.errors_sent);
	COUNTER("errors-withheld", f.core.errors_withheld);
	COUNTER("fragments", f.core.fragments);
	COUNTER("fragments-refused", f.core.fragments_refused);
	COUNTER("reassembled", f.core.reassembled);
	COUNTER("reassembly-timeouts", f.core.reassembly_timeouts);
	COUNTER("followed", f.core.followed);
	COUNTER("cookies-sent", f.core.cookies_sent);
	COUNTER("half-open-refused", f.core.half_open_refused);
	COUNTER("established", f.core.established);
	COUNTER("failed", f.core.failed);
	COUNTER("children", f.core.children);
	COUNTER("rekeyed", f.core.rekeyed);
	COUNTER("children-rekeyed", f.core.children_rekeyed);
	COUNTER("no-memory", f.core.no_memory);
#undef COUNTER
}

static void flush_certs(void *ctx)
{
	struct posternd *d = ctx;

	revocation_flush(d->revocation);
	log_notice(daemon, "CRLs and OCSP responses that were fetched are forgotten");
}

const struct vici_backend control_backend = {
	.config = get_config,
	.set_config = set_config,
	.reload = reload,
	.initiate = initiate,
	.terminate = terminate,
	.rekey = rekey,
	.list_sas = control_list_sas,
	.install = install,
	.uninstall = uninstall,
	.installed = installed,
	.pool = control_pool,
	.leases = control_leases,
	.load_token = control_load_token,
	.flush_certs = flush_certs,
	.stats = stats,
};
