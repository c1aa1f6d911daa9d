/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A worker's share of the daemon: a protocol core with sockets and a clock. It feeds the core with
 * datagrams and time (shard.c) and with letters (shard_letters.c), and performs its actions
 * (shard_actions.c).
 */
#include "pdk/loop/timer.h"
#include "ikev2/daemon/letters.h"
#include "ikev2/daemon/posternd.h"
#include "ikev2/sa/core.h"

struct contact;
struct ike_acquire;
struct udp_socket;
struct vici_sa_filter;
struct worker;
struct shard;

struct shard_socket {
	struct shard *shard;
	struct udp_socket *udp; /* NULL: the host lacks the family */
	unsigned port;		/* index */
};

/* Figures for other threads: written with relaxed atomics after each input. */
struct shard_figures {
	uint64_t ike_sas, half_open, child_sas;
	uint64_t forwarded; /* datagrams handed to the worker that owns their SA */
	uint64_t forward_refused; /* because too many waited for it already */
	struct ike_counters core;
};

struct shard {
	struct posternd *daemon;
	struct worker *worker;
	struct ike_core *core;
	struct shard_socket sockets[FAMILIES][PORTS];
	struct loop_timer timer;
	uint64_t forwarded, forward_refused;
	struct shard_figures figures;
	struct shard_letter stop; /* needs no memory that may be missing */
};

/* worker_init_fn and worker_fini_fn; data is the struct posternd. */
int shard_init(struct worker *worker, void *data);
void shard_fini(struct worker *worker, void *data);

/* After every input: do what the core wants done, and wake it up in time. The shard's thread. */
void shard_perform(struct shard *shard);
/* What others may read of the figures. The shard's thread. */
void shard_publish_figures(struct shard *shard);

/* -------- from shard to shard (the first one's thread) -------- */

/* Another worker owns the IKE SA: the steering program isn't there, or the group has changed. The
 * message is copied; when that worker can't keep up it is dropped, as a full socket would do. */
void shard_forward(struct shard *shard, unsigned worker, const struct netaddr *local,
		   const struct netaddr *remote, struct bytes message);
/* Tell or ask all others (fsm/contact.h); answers come back as inputs. */
void shard_contact_others(struct shard *shard, const struct contact *contact);

/* Sum of all shards' figures. Main thread. */
void shards_figures(struct posternd *d, struct shard_figures *ret_sum);

/* -------- from the main thread: questions and orders -------- */

/* References are taken; strings are copied. Without memory these log and answer the token. */
void shards_config(struct posternd *d, struct ike_config *config);
void shards_expire(struct posternd *d, const struct ipsec_expire *expire);
/* Events of the kernel have got lost. */
void shards_overrun(struct posternd *d);
/* An ESP packet found no SA (ike_input_unknown_esp()). */
void shards_unknown_esp(struct posternd *d, const struct netaddr *local,
			const struct netaddr *remote, uint32_t spi);
/* To the one shard that owns the inbound SPI. */
void shard_mapping(struct posternd *d, const struct ipsec_mapping *mapping);
/* They say good-bye to all their peers; each answers at posternd_deliver_stopped(). Once only. */
void shards_stop(struct posternd *d);
/* acquire may be NULL. -ENOMEM: nothing happens. */
int shard_initiate(struct posternd *d, unsigned worker, const struct connection *conn,
		   const struct child_conf *child, const struct netaddr *local,
		   const struct netaddr *remote, const struct ike_acquire *acquire, uint64_t token);
/*
 * The answers arrive at control_deliver_terminated(), control_deliver_renewing() and
 * control_deliver_listed() (control.h). -ENOMEM.
 */
int shard_terminate(struct posternd *d, unsigned worker, const struct vici_sa_filter *filter,
		    bool force, uint64_t token);
int shard_rekey(struct posternd *d, unsigned worker, const struct vici_sa_filter *filter,
		bool reauth, uint64_t token);
int shard_list(struct posternd *d, unsigned worker, const struct vici_sa_filter *filter,
	       uint32_t first, uint64_t token);
