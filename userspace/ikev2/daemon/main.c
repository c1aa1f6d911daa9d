/* SPDX-License-Identifier: MIT */
/*
 * posternd: starts the parts in their order, runs, and stops them. What fails on the way says why
 * and undoes what was done. There is one order of stopping, from wherever the start got to:
 *
 * 1. The shards say good-bye to their peers (begin_stop()), while the loop still runs for what they
 *    have to tell. From then on they begin nothing and answer nobody who begins.
 * 2. What gives orders goes: the control server, what keeps tunnels up, the traps.
 * 3. The shards come to rest (workers_end()): now nobody submits to the kernel any more.
 * 4. Commands for what has gone down are run to their end.
 * 5. The kernel's side is closed, which carries out what was submitted and sweeps; then jobs and
 *    leases. Their completions still find mailboxes: shards at rest only free what comes.
 * 6. The shards go, and what they hold on to.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "pdk/base/random.h"
#include "pdk/conf/report.h"
#include "pdk/daemon/claim.h"
#include "pdk/daemon/notify.h"
#include "pdk/daemon/start.h"
#include "pdk/log/log.h"
#include "pdk/loop/loop.h"
#include "pdk/loop/signals.h"
#include "pdk/net/udp.h"
#include "pdk/worker/jobs.h"
#include "pdk/worker/mailbox.h"
#include "pdk/worker/reuseport.h"
#include "pdk/worker/worker.h"
#include "ikev2/cfg/pools.h"
#include "ikev2/daemon/addresses.h"
#include "ikev2/cert/revocation.h"
#include "ikev2/daemon/bpf.h"
#include "ikev2/daemon/control.h"
#include "ikev2/daemon/creds_watch.h"
#include "ikev2/daemon/keepup.h"
#include "ikev2/daemon/key_log.h"
#include "ikev2/daemon/letters.h"
#include "ikev2/daemon/posternd.h"
#include "ikev2/daemon/resolve.h"
#include "ikev2/daemon/shard.h"
#include "ikev2/daemon/traps.h"
#include "ikev2/daemon/updown.h"
#include "ikev2/vici/log_feed.h"
#include "ikev2/vici/server.h"

LOG_SUBSYSTEM(daemon, "start, stop, configuration, traps");

/*
 * Jobs wait for networks and tokens more than they compute. Each of those that wait holds an IKE SA
 * that isn't established yet, so there is no use for more than that many.
 */
#define JOB_THREADS	 8
#define JOBS_WAITING_MAX 4096

/* -------- configuration -------- */

unsigned posternd_initiator(const struct posternd *d, const char *conn_name)
{
	return (unsigned)(siphash(&d->steer_config[0].key, conn_name, strlen(conn_name)) %
			  d->n_workers);
}

static void follow_pools(struct posternd *d)
{
	if (pools_set_config(d->pools, d->config) < 0)
		log_error(daemon, "out of memory: not all pools are as they are configured");
}

void posternd_set_config_take(struct posternd *d, struct ike_config *config)
{
	struct ike_config *old = d->config;

	d->config = config;
	follow_pools(d);
	shards_config(d, config);
	traps_follow_config(d);
	keepup_follow_config(d, old);
	config_unref(old);
}

/* Read the file. 0 or -errno; the reasons are in report. */
static int read_config(const char *path, const struct ike_config *old, struct ike_config **ret,
		       struct conf_report *report)
{
	return config_from_file(path, old, report, ret);
}

int posternd_reload(struct posternd *d, char **ret_why)
{
	struct conf_report report = CONF_REPORT_INIT;
	struct ike_config *config;
	int err = read_config(d->options.config, d->config, &config, &report);

	if (err < 0) {
		log_error(daemon, "%s is not taken over: %s", d->options.config,
			  conf_report_text(&report));
		*ret_why = strdup(conf_report_text(&report));
	} else {
		posternd_set_config_take(d, config);
		creds_watch_refresh(d->creds_watch);
		log_notice(daemon, "%s: %zu connections, %zu secrets", d->options.config,
			   d->config->n_connections, d->config->n_secrets);
	}
	conf_report_fini(&report);
	return err;
}

/* -------- events of the kernel -------- */

static void on_acquire(const struct ipsec_acquire *acquire, void *data)
{
	trap_acquire(data, acquire);
}

static void on_expire(const struct ipsec_expire *expire, void *data)
{
	shards_expire(data, expire);
}

static void on_mapping(const struct ipsec_mapping *mapping, void *data)
{
	shard_mapping(data, mapping);
}

static void on_overrun(void *data)
{
	shards_overrun(data);
}

static void on_unknown_esp(const struct netaddr *local, const struct netaddr *remote, uint32_t spi,
			   void *data)
{
	shards_unknown_esp(data, local, remote, spi);
}

static void sa_added(const struct ipsec_sa *sa, void *data)
{
	struct posternd *d = data;

	bpf_count_add(d->count, sa, sa->tunnel);
}

static void sa_removed(const struct netaddr *dst, uint32_t spi, void *data)
{
	struct posternd *d = data;

	bpf_count_remove(d->count, dst, spi, NULL);
}

/* -------- signals -------- */

static void begin_stop(struct posternd *d)
{
	if (d->stopping)
		return;
	log_notice(daemon, "stopping");
	daemon_notify("STOPPING=1");
	d->stopping = true;
	d->parting = d->n_workers;
	shards_stop(d);
}

void posternd_deliver_stopped(struct mail *mail)
{
	struct posternd *d = container_of(mail, struct shard, stop.mail)->daemon;

	if (--d->parting == 0)
		loop_stop(d->loop);
}

static void on_signal(int signo, void *data)
{
	struct posternd *d = data;
	char *why = NULL;

	if (signo != SIGHUP) {
		begin_stop(d);
		return;
	}
	if (d->stopping)
		return;
	daemon_notify_reloading();
	posternd_reload(d, &why);
	free(why);
	daemon_notify("READY=1");
}

/* -------- start and stop -------- */

static int claim(const char *what, const char *why)
{
	int err = daemon_claim("postern", what);

	if (err < 0)
		log_error(daemon, "%s: %s%s", why, strerror(-err),
			  err == -EADDRINUSE ? "; another posternd runs in this network namespace"
					     : "");
	return err;
}

/*
 * Two can't share the kernel's tables: each takes out of them what an earlier one has left, which
 * it can't tell from what another one needs. Nor a UDP port: SO_REUSEPORT would give each of them
 * some of the peers. Without the kernel's IPsec several can run side by side, on ports of their
 * own.
 */
static int claim_all(const struct posternd *d)
{
	const uint16_t ports[PORTS] = { d->config->settings.port, d->config->settings.port_nat_t };
	int err = d->options.ipsec_null ? 0 : claim("ipsec", "the kernel's IPsec");

	for (unsigned port = 0; port < PORTS && err == 0; port++) {
		char what[16], why[16];

		snprintf(what, sizeof(what), "udp/%u", ports[port]);
		snprintf(why, sizeof(why), "UDP port %u", ports[port]);
		err = claim(what, why);
	}
	return err;
}

static void load_bpf(struct posternd *d)
{
	if (!d->options.bpf) {
		log_notice(daemon, "no eBPF programs: workers forward to each other, nobody counts, "
				   "no peer is told of ESP that no SA takes");
		return;
	}
	for (unsigned family = 0; family < FAMILIES; family++)
		for (unsigned port = 0; port < PORTS; port++)
			if (bpf_steer_new(&d->steer_config[port], &d->steer[family][port]) < 0)
				return;
}

/* The kernel's ESP, as programs see it. */
static void load_esp_bpf(struct posternd *d)
{
	const struct ipsec_sa_observer observer = { sa_added, sa_removed, d };

	if (!d->options.bpf || d->options.ipsec_null)
		return;
	if (bpf_count_new(NULL, &d->count) < 0)
		return; /* and the next one would fail for the same reason */
	ipsec_set_observer(d->ipsec, &observer);
	bpf_unknown_esp_new(d->loop, on_unknown_esp, d, &d->unknown_esp);
}

static void attach_steering(struct posternd *d)
{
	for (unsigned family = 0; family < FAMILIES; family++)
		for (unsigned port = 0; port < PORTS; port++) {
			struct udp_socket *udp = d->shards[0]->sockets[family][port].udp;
			int err;

			if (!udp || !d->steer[family][port])
				continue;
			err = reuseport_attach(udp_fd(udp), bpf_steer_prog_fd(d->steer[family][port]));
			if (err < 0)
				log_warning(daemon, "steering is not attached: %s", strerror(-err));
		}
}

static void settle_sizes(struct posternd *d)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	d->n_workers = d->options.workers ? d->options.workers : d->config->settings.workers;
	if (!d->n_workers)
		d->n_workers = cores < 1 ? 1 : cores > WORKERS_MAX ? WORKERS_MAX : (unsigned)cores;
	d->ports[0] = d->config->settings.port;
	d->ports[1] = d->config->settings.port_nat_t;
	random_fill(&d->steer_config[0].key, sizeof(d->steer_config[0].key));
	for (unsigned port = 0; port < PORTS; port++)
		d->steer_config[port] = (struct steer_config){
			.key = d->steer_config[0].key,
			.n_workers = d->n_workers,
			.marker = port,
		};
}

static int start_lending(struct posternd *d)
{
	d->cfg = cfg_new(d->mailbox);
	d->pools = d->cfg ? pools_new() : NULL;
	if (!d->pools)
		return -ENOMEM;
	cfg_add_provider_take(d->cfg, pools_provider(d->pools));
	follow_pools(d);
	return 0;
}

static int start_workers(struct posternd *d)
{
	struct workers *workers;
	int err;

	d->shards = calloc(d->n_workers, sizeof(*d->shards));
	if (!d->shards)
		return -ENOMEM;
	err = workers_new(d->n_workers, "ike", shard_init, shard_fini, d, &workers);
	if (err < 0)
		return err;
	__atomic_store_n(&d->workers, workers, __ATOMIC_RELEASE);
	attach_steering(d);
	return 0;
}

static int start(struct posternd *d, struct loop_signals **ret_signals)
{
	const struct ipsec_ops *ops = d->options.ipsec_null ? &ipsec_null_ops : &ipsec_xfrm_ops;
	const struct ipsec_events events = { on_acquire, on_expire, on_mapping, on_overrun, d };
	const struct vici_server_options control = { .version = POSTERN_VERSION };
	int err;

	/* Before anything that another one would notice. */
	err = claim_all(d);
	if (err < 0)
		return err;
	err = loop_new(&d->loop);
	if (err < 0) {
		log_error(daemon, "io_uring is not available: %s", strerror(-err));
		return err;
	}
	log_info(daemon, "%s", loop_describe(d->loop));
	err = keepup_init(d);
	if (err == 0)
		err = revocation_new(NULL, &d->revocation);
	if (err == 0)
		err = mailbox_new(d->loop, &d->mailbox);
	if (err == 0)
		err = signals_new(d->loop, daemon_signals, daemon_n_signals, on_signal, d,
				  ret_signals);
	if (err == 0)
		err = updown_new(d->loop, UPDOWN_TIME, &d->updown);
	if (err == 0)
		err = start_lending(d);
	if (err == 0 && !d->options.ipsec_null)
		err = addresses_new(d->config->settings.fwmark, &d->addresses);
	if (err == 0 && d->options.key_file)
		err = key_log_new(d->options.key_file, &d->key_log);
	if (err == 0)
		err = ops->open(d->loop, &events, &d->ipsec);
	if (err < 0)
		return err;
	log_info(daemon, "ipsec %s: %s", ops->name, ops->features(d->ipsec));
	ipsec_set_socket_mark(d->ipsec, d->config->settings.fwmark);
	settle_sizes(d);
	load_bpf(d);
	load_esp_bpf(d);
	err = jobs_new(JOB_THREADS, JOBS_WAITING_MAX, &d->jobs);
	if (err == 0 && !d->options.ipsec_null)
		err = resolve_new(&d->config->settings, d->jobs, d->mailbox, &d->resolve);
	if (err == 0)
		err = start_workers(d);
	if (err < 0)
		return err;
	err = vici_server_new(d->loop, d->options.control, &control_backend, d, &control, &d->vici);
	if (err < 0) {
		log_error(daemon, "cannot listen on %s: %s%s", d->options.control, strerror(-err),
			  err == -EADDRINUSE ? "; another posternd answers there" : "");
		return err;
	}
	err = creds_watch_new(d, &d->creds_watch);
	if (err < 0)
		return err;
	return vici_log_feed_new(d->vici, d->mailbox, &d->log_feed);
}

/* From wherever start() got to; the order stands above. */
static void stop(struct posternd *d, struct loop_signals *signals)
{
	d->creds_watch = creds_watch_free(d->creds_watch);
	d->log_feed = vici_log_feed_free(d->log_feed);
	d->vici = vici_server_free(d->vici);
	keepup_fini(d);
	traps_fini(d);
	workers_end(d->workers);
	d->updown = updown_free(d->updown);
	d->unknown_esp = bpf_unknown_esp_free(d->unknown_esp);
	if (d->ipsec)
		d->ipsec->ops->close(d->ipsec);
	if (d->revocation)
		revocation_cancel(d->revocation);
	resolve_end(d->resolve);
	if (d->jobs)
		jobs_end(d->jobs);
	cfg_end(d->cfg);
	d->workers = workers_free(d->workers);
	d->jobs = jobs_free(d->jobs);
	d->revocation = revocation_free(d->revocation);
	d->addresses = addresses_free(d->addresses);
	for (unsigned family = 0; family < FAMILIES; family++)
		for (unsigned port = 0; port < PORTS; port++)
			bpf_steer_free(d->steer[family][port]);
	bpf_count_free(d->count);
	key_log_free(d->key_log);
	signals_free(signals);
	/* What the workers still had to give back arrives here. */
	mailbox_free(d->mailbox);
	for (unsigned w = 0; d->shards && w < d->n_workers; w++)
		free(d->shards[w]);
	free(d->shards);
	d->resolve = resolve_free(d->resolve);
	cfg_free(d->cfg);
	loop_free(d->loop);
}

static int run(struct posternd *d)
{
	struct loop_signals *signals = NULL;
	struct ike_config *nothing = config_new_empty();
	int err = nothing ? start(d, &signals) : -ENOMEM;

	if (err == 0) {
		/* All that was read is new. */
		traps_follow_config(d);
		keepup_follow_config(d, nothing);
		log_notice(daemon, "ready: %u workers, %zu connections, control socket %s",
			   d->n_workers, d->config->n_connections, d->options.control);
		daemon_notify("READY=1");
		err = loop_run(d->loop);
	} else if (d->workers) {
		/* They have answered who called in the meantime. */
		begin_stop(d);
		loop_run(d->loop);
	}
	stop(d, signals);
	config_unref(nothing);
	if (err < 0)
		log_error(daemon, "not started: %s", strerror(-err));
	else
		log_notice(daemon, "stopped");
	return err < 0 ? EX_OSERR : 0;
}

int main(int argc, char **argv)
{
	struct posternd d = { .started = instant_now() };
	struct conf_report report = CONF_REPORT_INIT;
	int code;

	log_add_sink(log_stderr_sink, NULL);
	code = options_parse(argc, argv, &d.options);
	if (code != OPTIONS_GO_ON)
		return code;
	list_init(&d.traps);
	if (read_config(d.options.config, NULL, &d.config, &report) < 0) {
		fputs(conf_report_text(&report), stderr);
		conf_report_fini(&report);
		return EX_CONFIG;
	}
	conf_report_fini(&report);
	if (d.options.check) {
		printf("%s is fine: %zu connections, %zu secrets\n", d.options.config,
		       d.config->n_connections, d.config->n_secrets);
		code = 0;
	} else {
		code = daemon_start() < 0 ? EX_OSERR : run(&d);
	}
	config_unref(d.config);
	return code;
}
