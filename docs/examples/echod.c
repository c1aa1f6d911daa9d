/* SPDX-License-Identifier: MIT */
/*
 * echod: a complete daemon on pdk in one page. Workers share a UDP port; each answers what reaches
 *it, with a token bucket of its own that a recurring timer fills. The main thread waits for
 *SIGTERM.
 *
 *	echod PORT [WORKERS]
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pdk/daemon/notify.h"
#include "pdk/daemon/start.h"
#include "pdk/log/limit.h"
#include "pdk/log/log.h"
#include "pdk/loop/loop.h"
#include "pdk/loop/signals.h"
#include "pdk/loop/timer.h"
#include "pdk/net/udp.h"
#include "pdk/worker/worker.h"

LOG_SUBSYSTEM(echo, "answers to datagrams");

#define ANSWERS_PER_TICK 100
#define TICK             DURATION_MS(100)

/* What one worker owns. Nobody else touches it. */
struct echo {
	struct udp_socket *socket;
	struct loop_timer tick;
	unsigned tokens;
	unsigned long answered, refused;
};

static void echo_tick(struct loop_timer *timer, void *data)
{
	struct echo *e = data;

	e->tokens = ANSWERS_PER_TICK;
}

static void echo_receive(const struct datagram *dg, void *data)
{
	struct echo *e = data;
	char peer[NETADDR_STRLEN];

	netaddr_str_port(&dg->remote, peer);
	if (!e->tokens) {
		e->refused++;
		log_remote(echo, LOG_LEVEL_WARNING, peer, "too many datagrams");
		return;
	}
	e->tokens--;
	log_obj_debug(echo, peer, "%zu octets", dg->payload.len);
	/* From the address that was asked, so the answer comes from where the peer expects it. */
	if (udp_send(e->socket, &dg->local, &dg->remote, BYTES_NONE, dg->payload) == 0)
		e->answered++;
}

static int echo_init(struct worker *w, void *data)
{
	const struct udp_options options = {
		.local = *(const struct netaddr *)data,
		.reuseport = true,
	};
	struct echo *e = calloc(1, sizeof(*e));
	int err;

	if (!e)
		return -ENOMEM;
	err = udp_open(w->loop, &options, echo_receive, e, &e->socket);
	if (err) {
		free(e);
		return err;
	}
	e->tokens = ANSWERS_PER_TICK;
	timer_init(&e->tick, w->loop, echo_tick, e);
	timer_arm_every(&e->tick, TICK);
	w->data = e;
	return 0;
}

static void echo_fini(struct worker *w, void *data)
{
	struct echo *e = w->data;

	log_notice(echo, "%lu answered, %lu refused", e->answered, e->refused);
	timer_disarm(&e->tick);
	udp_close(e->socket);
	free(e);
}

static void stop(int signo, void *data)
{
	log_notice(echo, "%s: stopping", strsignal(signo));
	daemon_notify("STOPPING=1");
	loop_stop(data);
}

int main(int argc, char **argv)
{
	unsigned n = argc > 2 ? (unsigned)atoi(argv[2]) : 2;
	struct netaddr local = netaddr_any(AF_INET, argc > 1 ? (uint16_t)atoi(argv[1]) : 0);
	struct loop_signals *signals = NULL;
	struct workers *workers = NULL;
	struct loop *loop = NULL;
	char text[NETADDR_STRLEN];
	int err;

	if (!local.port) {
		fprintf(stderr, "usage: echod PORT [WORKERS]\n");
		return 2;
	}
	log_add_sink(log_stderr_sink, NULL);
	err = daemon_start();
	if (!err)
		err = loop_new(&loop);
	if (!err)
		err = signals_new(loop, daemon_signals, daemon_n_signals, stop, loop, &signals);
	if (!err)
		err = workers_new(n, "echo", echo_init, echo_fini, &local, &workers);
	if (!err) {
		log_notice(echo, "%u workers at %s, %s", n, netaddr_str_port(&local, text),
			   loop_describe(loop));
		daemon_notify("READY=1");
		err = loop_run(loop);
	}
	if (err)
		log_error(echo, "%s", strerror(-err));
	workers_free(workers);
	signals_free(signals);
	loop_free(loop);
	return err ? 1 : 0;
}
