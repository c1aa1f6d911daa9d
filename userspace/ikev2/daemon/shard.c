/* SPDX-License-Identifier: MIT */
#include "ikev2/daemon/shard.h"

#include <errno.h>
#include <stdlib.h>

#include "pdk/log/log.h"
#include "pdk/loop/loop.h"
#include "pdk/net/udp.h"
#include "pdk/worker/reuseport.h"
#include "pdk/worker/worker.h"
#include "ikev2/daemon/bpf.h"
#include "ikev2/daemon/key_log.h"
#include "ikev2/fsm/input.h"

LOG_USE(daemon);

/* -------- inputs: time, network -------- */

static void timer_due(struct loop_timer *timer, void *data)
{
	struct shard *shard = data;

	ike_input_time(shard->core, loop_now(shard->worker->loop));
	shard_perform(shard);
}

static void receive(const struct datagram *dg, void *data)
{
	struct shard_socket *socket = data;
	struct shard *shard = socket->shard;
	const struct steer_config *config = &shard->daemon->steer_config[socket->port];
	struct bytes message = dg->payload;
	uint32_t worker = shard->worker->index;

	/* One that is cut off has a length that its header denies: malformed. */
	if (steer_datagram(config, message.data, message.len, dg->remote.addr, &worker) ==
	    STEER_NOT_IKE)
		return; /* a keepalive, or ESP that the kernel didn't want */
	if (config->marker) {
		if (message.len < STEER_MARKER_LEN)
			return;
		message.data += STEER_MARKER_LEN;
		message.len -= STEER_MARKER_LEN;
	}
	if (worker != shard->worker->index) {
		shard_forward(shard, worker, &dg->local, &dg->remote, message);
		return;
	}
	/* The buffer is ours while the callback runs. */
	ike_input_datagram(shard->core, loop_now(shard->worker->loop), &dg->local, &dg->remote,
			   (uint8_t *)message.data, message.len);
	shard_perform(shard);
}

/* -------- life -------- */

struct prepare {
	struct ipsec *ipsec;
	int family;
	bool natt;
};

static int prepare_socket(int fd, void *data)
{
	const struct prepare *p = data;

	return p->ipsec->ops->prepare_socket(p->ipsec, fd, p->family, p->natt);
}

static int open_socket(struct shard *shard, unsigned family, unsigned port)
{
	struct shard_socket *socket = &shard->sockets[family][port];
	struct posternd *d = shard->daemon;
	struct prepare prepare = { d->ipsec, family_of(family), port == 1 };
	const struct udp_options options = {
		.local = netaddr_any(family_of(family), d->ports[port]),
		.reuseport = true,
		.prepare = prepare_socket,
		.prepare_data = &prepare,
	};
	int err;

	socket->shard = shard;
	socket->port = port;
	err = udp_open(shard->worker->loop, &options, receive, socket, &socket->udp);
	if (err == -EAFNOSUPPORT && family == 1) {
		if (shard->worker->index == 0 && port == 0)
			log_notice(daemon, "this host has no IPv6");
		return 0;
	}
	if (err < 0) {
		log_error(daemon, "cannot open UDP port %u (IPv%c): %s%s", d->ports[port],
			  family ? '6' : '4', strerror(-err),
			  err == -EADDRINUSE ? "; does another IKE daemon run?" : "");
		return err;
	}
	if (!d->steer[family][port])
		return 0;
	return reuseport_map_set(bpf_steer_map_fd(d->steer[family][port]), shard->worker->index,
				 udp_fd(socket->udp));
}

static int open_sockets(struct shard *shard)
{
	for (unsigned family = 0; family < FAMILIES; family++)
		for (unsigned port = 0; port < PORTS; port++) {
			int err = open_socket(shard, family, port);

			if (err < 0)
				return err;
		}
	return 0;
}

static void close_sockets(struct shard *shard)
{
	for (unsigned family = 0; family < FAMILIES; family++)
		for (unsigned port = 0; port < PORTS; port++)
			shard->sockets[family][port].udp =
				udp_close(shard->sockets[family][port].udp);
}

int shard_init(struct worker *worker, void *data)
{
	struct posternd *d = data;
	const struct ike_core_params params = {
		.worker = worker->index,
		.n_workers = d->n_workers,
		.port = d->ports[0],
		.natt_port = d->ports[1],
		.revocation = d->revocation,
		.key_log = d->key_log ? key_log_write : NULL,
		.key_log_data = d->key_log,
	};
	struct shard *shard = calloc(1, sizeof(*shard));
	int err;

	if (!shard)
		return -ENOMEM;
	shard->daemon = d;
	shard->worker = worker;
	timer_init(&shard->timer, worker->loop, timer_due, shard);
	err = ike_core_new(&params, d->config, &shard->core);
	if (err == 0)
		err = open_sockets(shard);
	if (err < 0) {
		close_sockets(shard);
		ike_core_free(shard->core);
		free(shard);
		return err;
	}
	worker->data = shard;
	d->shards[worker->index] = shard;
	return 0;
}

void shard_fini(struct worker *worker, void *data)
{
	struct shard *shard = worker->data;

	timer_disarm(&shard->timer);
	close_sockets(shard);
	shard->core = ike_core_free(shard->core);
}

/* -------- figures -------- */

void shard_publish_figures(struct shard *shard)
{
	const struct shard_figures figures = {
		.ike_sas = shard->core->n_sas,
		.half_open = shard->core->n_half_open,
		.child_sas = shard->core->n_children,
		.forwarded = shard->forwarded,
		.forward_refused = shard->forward_refused,
		.core = shard->core->counters,
	};
	const uint64_t *from = (const uint64_t *)&figures;
	uint64_t *to = (uint64_t *)&shard->figures;

	for (size_t i = 0; i < sizeof(figures) / sizeof(*from); i++)
		__atomic_store_n(&to[i], from[i], __ATOMIC_RELAXED);
}

void shards_figures(struct posternd *d, struct shard_figures *ret_sum)
{
	uint64_t *sum = (uint64_t *)ret_sum;

	*ret_sum = (struct shard_figures){ 0 };
	for (unsigned w = 0; w < d->n_workers; w++) {
		uint64_t *figures = (uint64_t *)&d->shards[w]->figures;

		for (size_t i = 0; i < sizeof(*ret_sum) / sizeof(*sum); i++)
			sum[i] += __atomic_load_n(&figures[i], __ATOMIC_RELAXED);
	}
}
