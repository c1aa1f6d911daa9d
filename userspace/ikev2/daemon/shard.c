/* SPDX-License-Identifier: MIT */
#include "ikev2/daemon/shard.h"

#include <errno.h>
#include <stdlib.h>

#include "pdk/log/log.h"
#include "pdk/loop/loop.h"
#include "pdk/net/udp.h"
#include "pdk/worker/jobs.h"
#include "pdk/worker/reuseport.h"
#include "pdk/worker/worker.h"
#include "ikev2/codec/ikev2.h"
#include "ikev2/cfg/cfg.h"
#include "ikev2/daemon/addresses.h"
#include "ikev2/daemon/bpf.h"
#include "ikev2/daemon/control.h"
#include "ikev2/daemon/keepup.h"
#include "ikev2/daemon/key_log.h"
#include "ikev2/daemon/letters.h"
#include "ikev2/daemon/path_mtu.h"
#include "ikev2/fsm/input.h"

LOG_USE(daemon);

static const uint8_t non_esp_marker[STEER_MARKER_LEN]; /* RFC 3948 2.2, RFC 7296 2 */

/* -------- outputs -------- */

static void perform_send(struct shard *shard, const struct ike_action *action)
{
	const struct netaddr *local = &action->send.local;
	bool natt = local->port == shard->daemon->ports[1];
	struct udp_socket *udp = shard->sockets[family_index(local->family)][natt].udp;

	/* What can't be sent is as good as lost on the way: the core sends again. */
	if (udp)
		udp_send(udp, local, &action->send.remote,
			 natt ? BYTES_OF(non_esp_marker) : BYTES_NONE,
			 packet_bytes(action->send.packet));
}

/* Not IKE: without the marker (RFC 3948 2.3). */
static void perform_keepalive(struct shard *shard, const struct ike_action *action)
{
	static const uint8_t keepalive[] = { 0xff };
	const struct netaddr *local = &action->send.local;
	struct udp_socket *udp = shard->sockets[family_index(local->family)][1].udp;

	if (udp)
		udp_send(udp, local, &action->send.remote, BYTES_NONE, BYTES_OF(keepalive));
}

/* Nothing is sent for it, so the answer is there at once. */
static void perform_path_mtu(struct shard *shard, const struct ike_action *action)
{
	size_t mtu = path_mtu(shard->daemon->ipsec, &action->path.local, &action->path.remote);

	if (mtu)
		ike_input_path_mtu(shard->core, loop_now(shard->worker->loop), action->path.spi,
				   mtu);
}

static void ipsec_done(struct ipsec_request *req, void *data);

static void perform_ipsec(struct shard *shard, struct ike_action *action)
{
	struct ipsec_request *req = steal_ptr(action->ipsec);

	req->reply_to = shard->worker->mailbox;
	req->done = ipsec_done;
	req->data = shard;
	ipsec_submit(shard->daemon->ipsec, req);
}

static void run_job(struct job *job)
{
	struct ike_job *j = container_of(job, struct ike_job, job);

	j->ops->run(j);
}

static void shard_perform(struct shard *shard);

static void job_done(struct job *job)
{
	struct ike_job *j = container_of(job, struct ike_job, job);
	struct shard *shard = j->shell;

	if (shard->worker->stopping) {
		ike_job_free(j);
		return;
	}
	if (job->cancelled)
		j->err = -ECANCELED;
	ike_input_job_done(shard->core, loop_now(shard->worker->loop), j);
	shard_perform(shard);
}

static void perform_job(struct shard *shard, struct ike_action *action)
{
	struct ike_job *j = steal_ptr(action->job);

	j->shell = shard;
	j->err = jobs_submit(shard->daemon->jobs, &j->job, run_job, job_done,
			     shard->worker->mailbox);
	if (j->err < 0)
		ike_input_job_done(shard->core, loop_now(shard->worker->loop), j);
}

static void lease_done(struct cfg_request *req, void *data)
{
	struct shard *shard = data;

	if (shard->worker->stopping) {
		cfg_request_free(req);
		return;
	}
	ike_input_lease(shard->core, loop_now(shard->worker->loop), req);
	shard_perform(shard);
}

static void perform_lease(struct shard *shard, struct ike_action *action)
{
	struct cfg_request *req = steal_ptr(action->lease);

	req->reply_to = shard->worker->mailbox;
	req->done = lease_done;
	req->data = shard;
	cfg_post(shard->daemon->cfg, req);
}

static void perform_event(struct shard *shard, struct ike_action *action)
{
	struct letter_event *letter = calloc(1, sizeof(*letter));

	if (!letter)
		return;
	letter->daemon = shard->daemon;
	letter->type = action->event.type;
	letter->info = steal_ptr(action->event.info);
	letter->old = steal_ptr(action->event.old);
	mailbox_post(shard->daemon->mailbox, &letter->mail, control_deliver_event);
}

static void deliver_contact_answer(struct mail *mail)
{
	struct letter_contact *letter = container_of(mail, struct letter_contact, mail);
	struct shard *shard = letter->from;

	if (!shard->worker->stopping) {
		ike_input_contact_answer(shard->core, loop_now(shard->worker->loop),
					 letter->contact.spi, letter->exists);
		shard_perform(shard);
	}
	free(letter);
}

static void deliver_contact(struct mail *mail)
{
	struct letter_contact *letter = container_of(mail, struct letter_contact, mail);
	struct shard *shard = letter->to;

	if (!shard->worker->stopping) {
		letter->exists = ike_input_contact(shard->core, loop_now(shard->worker->loop),
						   &letter->contact);
		shard_perform(shard);
	}
	if (letter->contact.kind == CONTACT_ASK)
		workers_post(shard->daemon->workers, letter->from->worker->index, &letter->mail,
			     deliver_contact_answer);
	else
		free(letter);
}

/*
 * To all others. Whom memory doesn't suffice to ask knows of none. No core has an IKE SA before all
 * workers have started, but when the first ones come in just then, there is nobody to tell.
 */
static void perform_contact(struct shard *shard, const struct ike_action *action)
{
	struct workers *workers = __atomic_load_n(&shard->daemon->workers, __ATOMIC_ACQUIRE);

	for (unsigned w = 0; w < shard->daemon->n_workers; w++) {
		struct letter_contact *letter;

		if (w == shard->worker->index)
			continue;
		letter = workers ? calloc(1, sizeof(*letter)) : NULL;
		if (letter) {
			letter->to = shard->daemon->shards[w];
			letter->from = shard;
			letter->contact = *action->contact;
			workers_post(workers, w, &letter->mail, deliver_contact);
		} else if (action->contact->kind == CONTACT_ASK) {
			ike_input_contact_answer(shard->core, loop_now(shard->worker->loop),
						 action->contact->spi, false);
		}
	}
}

static void perform_fate(struct shard *shard, struct ike_action *action)
{
	struct letter_fate *letter = calloc(1, sizeof(*letter));

	if (!letter)
		return;
	letter->daemon = shard->daemon;
	letter->conn = steal_ptr(action->fate.conn);
	letter->child = action->fate.child;
	letter->fate = action->fate.fate;
	mailbox_post(shard->daemon->mailbox, &letter->mail, keepup_deliver_fate);
}

static void perform_progress(struct shard *shard, const struct ike_action *action)
{
	struct letter_progress *letter = calloc(1, sizeof(*letter));

	if (!letter)
		return;
	letter->token = action->progress.token;
	letter->ike_id = action->progress.ike_id;
	memcpy(letter->name, action->progress.name, sizeof(letter->name));
	memcpy(letter->text, action->progress.text, sizeof(letter->text));
	mailbox_post(shard->daemon->mailbox, &letter->mail, control_deliver_progress);
}

static void perform_result(struct shard *shard, const struct ike_action *action)
{
	struct letter_result *letter = calloc(1, sizeof(*letter));

	if (!letter)
		return;
	letter->daemon = shard->daemon;
	letter->token = action->result.token;
	letter->err = action->result.err;
	memcpy(letter->text, action->result.text, sizeof(letter->text));
	mailbox_post(shard->daemon->mailbox, &letter->mail, control_deliver_result);
}

static void publish_figures(struct shard *shard)
{
	const struct shard_figures figures = {
		.ike_sas = shard->core->n_sas,
		.half_open = shard->core->n_half_open,
		.child_sas = shard->core->n_children,
		.forwarded = shard->forwarded,
		.core = shard->core->counters,
	};
	const uint64_t *from = (const uint64_t *)&figures;
	uint64_t *to = (uint64_t *)&shard->figures;

	for (size_t i = 0; i < sizeof(figures) / sizeof(*from); i++)
		__atomic_store_n(&to[i], from[i], __ATOMIC_RELAXED);
}

/* -------- after every input -------- */

/* Do what the core wants done, and wake it up in time. */
static void shard_perform(struct shard *shard)
{
	struct ike_action *action;

	while ((action = ike_core_next_action(shard->core))) {
		switch (action->type) {
		case IKE_ACTION_SEND:
			perform_send(shard, action);
			break;
		case IKE_ACTION_KEEPALIVE:
			perform_keepalive(shard, action);
			break;
		case IKE_ACTION_PATH_MTU:
			perform_path_mtu(shard, action);
			break;
		case IKE_ACTION_IPSEC:
			perform_ipsec(shard, action);
			break;
		case IKE_ACTION_JOB:
			perform_job(shard, action);
			break;
		case IKE_ACTION_LEASE:
			perform_lease(shard, action);
			break;
		case IKE_ACTION_INTERNAL:
			addresses_post(shard->daemon->addresses, &action->internal);
			break;
		case IKE_ACTION_EVENT:
			perform_event(shard, action);
			break;
		case IKE_ACTION_CONTACT:
			perform_contact(shard, action);
			break;
		case IKE_ACTION_FATE:
			perform_fate(shard, action);
			break;
		case IKE_ACTION_PROGRESS:
			perform_progress(shard, action);
			break;
		case IKE_ACTION_RESULT:
			perform_result(shard, action);
			break;
		}
		ike_action_free(action);
	}
	timer_arm(&shard->timer, ike_input_deadline(shard->core));
	publish_figures(shard);
}

/* -------- inputs: time, kernel, network -------- */

static void timer_due(struct loop_timer *timer, void *data)
{
	struct shard *shard = data;

	ike_input_time(shard->core, loop_now(shard->worker->loop));
	shard_perform(shard);
}

static void ipsec_done(struct ipsec_request *req, void *data)
{
	struct shard *shard = data;

	if (shard->worker->stopping) {
		ipsec_request_free(req);
		return;
	}
	ike_input_ipsec_done(shard->core, loop_now(shard->worker->loop), req);
	shard_perform(shard);
}

static void deliver_datagram(struct mail *mail)
{
	struct letter_datagram *letter = container_of(mail, struct letter_datagram, mail);
	struct shard *shard = letter->to;

	if (!shard->worker->stopping) {
		ike_input_datagram(shard->core, loop_now(shard->worker->loop), &letter->local,
				   &letter->remote, letter->data, letter->len);
		shard_perform(shard);
	}
	free(letter);
}

/* Another worker owns the IKE SA: the steering program isn't there, or the group has changed. */
static void forward(struct shard *shard, unsigned worker, const struct datagram *dg,
		    struct bytes message)
{
	struct workers *workers = __atomic_load_n(&shard->daemon->workers, __ATOMIC_ACQUIRE);
	struct letter_datagram *letter;

	if (!workers)
		return; /* the others are still starting: the peer will send again */
	letter = malloc(sizeof(*letter) + message.len);
	if (!letter)
		return;
	letter->to = shard->daemon->shards[worker];
	letter->local = dg->local;
	letter->remote = dg->remote;
	letter->len = message.len;
	memcpy(letter->data, message.data, message.len);
	shard->forwarded++;
	publish_figures(shard);
	workers_post(workers, worker, &letter->mail, deliver_datagram);
}

static void receive(const struct datagram *dg, void *data)
{
	struct shard_socket *socket = data;
	struct shard *shard = socket->shard;
	const struct steer_config *config = &shard->daemon->steer_config[socket->port];
	struct bytes message = dg->payload;
	uint32_t worker = shard->worker->index;

	if (dg->truncated ||
	    steer_datagram(config, message.data, message.len, dg->remote.addr, &worker) ==
		    STEER_NOT_IKE)
		return; /* a keepalive, or ESP that the kernel didn't want */
	if (config->marker) {
		if (message.len < STEER_MARKER_LEN)
			return;
		message.data += STEER_MARKER_LEN;
		message.len -= STEER_MARKER_LEN;
	}
	if (worker != shard->worker->index) {
		forward(shard, worker, dg, message);
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

/* -------- letters from the main thread -------- */

static void deliver_config(struct mail *mail)
{
	struct letter_config *letter = container_of(mail, struct letter_config, mail);
	struct shard *shard = letter->to;

	if (!shard->worker->stopping) {
		ike_input_config(shard->core, loop_now(shard->worker->loop), letter->config);
		shard_perform(shard);
	}
	config_unref(letter->config);
	free(letter);
}

void shards_config(struct posternd *d, struct ike_config *config)
{
	for (unsigned w = 0; w < d->n_workers; w++) {
		struct letter_config *letter = calloc(1, sizeof(*letter));

		if (!letter) {
			log_error(daemon, "out of memory: worker %u keeps the old configuration", w);
			continue;
		}
		letter->to = d->shards[w];
		letter->config = config_ref(config);
		workers_post(d->workers, w, &letter->mail, deliver_config);
	}
}

static void deliver_expire(struct mail *mail)
{
	struct letter_expire *letter = container_of(mail, struct letter_expire, mail);
	struct shard *shard = letter->to;

	if (!shard->worker->stopping) {
		ike_input_expire(shard->core, loop_now(shard->worker->loop), &letter->expire);
		shard_perform(shard);
	}
	free(letter);
}

void shards_expire(struct posternd *d, const struct ipsec_expire *expire)
{
	/* The SPI of an outbound SA is the peer's and says nothing: all have a look. */
	for (unsigned w = 0; w < d->n_workers; w++) {
		struct letter_expire *letter = calloc(1, sizeof(*letter));

		if (!letter)
			return;
		letter->to = d->shards[w];
		letter->expire = *expire;
		workers_post(d->workers, w, &letter->mail, deliver_expire);
	}
}

static void deliver_mapping(struct mail *mail)
{
	struct letter_mapping *letter = container_of(mail, struct letter_mapping, mail);
	struct shard *shard = letter->to;

	if (!shard->worker->stopping) {
		ike_input_mapping(shard->core, loop_now(shard->worker->loop), &letter->mapping);
		shard_perform(shard);
	}
	free(letter);
}

void shard_mapping(struct posternd *d, const struct ipsec_mapping *mapping)
{
	/* Our SPIs tell who has drawn them. */
	const unsigned worker = mapping->spi >> 24;
	struct letter_mapping *letter;

	if (worker >= d->n_workers)
		return;
	letter = calloc(1, sizeof(*letter));
	if (!letter)
		return;
	letter->to = d->shards[worker];
	letter->mapping = *mapping;
	workers_post(d->workers, worker, &letter->mail, deliver_mapping);
}

static void deliver_initiate(struct mail *mail)
{
	struct letter_initiate *letter = container_of(mail, struct letter_initiate, mail);
	struct shard *shard = letter->to;

	if (!shard->worker->stopping) {
		ike_input_initiate(shard->core, loop_now(shard->worker->loop), letter->conn,
				   letter->child, &letter->local, &letter->remote,
				   letter->acquired ? &letter->acquire : NULL, letter->token);
		shard_perform(shard);
	}
	connection_unref(letter->conn);
	free(letter);
}

int shard_initiate(struct posternd *d, unsigned worker, const struct connection *conn,
		   const struct child_conf *child, const struct netaddr *local,
		   const struct netaddr *remote, const struct ike_acquire *acquire, uint64_t token)
{
	struct letter_initiate *letter = calloc(1, sizeof(*letter));

	if (!letter)
		return -ENOMEM;
	letter->to = d->shards[worker];
	letter->conn = connection_ref(conn);
	letter->child = child;
	letter->local = *local;
	letter->remote = *remote;
	letter->acquired = acquire != NULL;
	if (acquire)
		letter->acquire = *acquire;
	letter->token = token;
	workers_post(d->workers, worker, &letter->mail, deliver_initiate);
	return 0;
}

static void deliver_terminate(struct mail *mail)
{
	struct letter_filter *letter = container_of(mail, struct letter_filter, mail);
	const struct ike_filter filter = {
		.ike = letter->filter.ike,
		.child = letter->filter.child,
		.ike_id = letter->filter.ike_id,
		.child_id = letter->filter.child_id,
	};
	struct shard *shard = letter->to;

	if (!shard->worker->stopping) {
		letter->matched = ike_input_terminate(shard->core, loop_now(shard->worker->loop),
						      &filter, letter->force, letter->token);
		mailbox_post(shard->daemon->mailbox, &letter->mail, control_deliver_terminated);
		shard_perform(shard);
		return;
	}
	mailbox_post(shard->daemon->mailbox, &letter->mail, control_deliver_terminated);
}

static struct letter_filter *filter_letter(struct posternd *d, unsigned worker,
					   const struct vici_sa_filter *filter, uint64_t token)
{
	struct letter_filter *letter = calloc(1, sizeof(*letter));

	if (!letter || !letter_filter_set(letter, filter))
		return letter_filter_free(letter);
	letter->to = d->shards[worker];
	letter->daemon = d;
	letter->token = token;
	return letter;
}

int shard_terminate(struct posternd *d, unsigned worker, const struct vici_sa_filter *filter,
		    bool force, uint64_t token)
{
	struct letter_filter *letter = filter_letter(d, worker, filter, token);

	if (!letter)
		return -ENOMEM;
	letter->force = force;
	workers_post(d->workers, worker, &letter->mail, deliver_terminate);
	return 0;
}

static void deliver_rekey(struct mail *mail)
{
	struct letter_filter *letter = container_of(mail, struct letter_filter, mail);
	const struct ike_filter filter = {
		.ike = letter->filter.ike,
		.child = letter->filter.child,
		.ike_id = letter->filter.ike_id,
		.child_id = letter->filter.child_id,
	};
	struct shard *shard = letter->to;
	struct instant now;

	if (!shard->worker->stopping) {
		now = loop_now(shard->worker->loop);
		letter->matched = letter->reauth ? ike_input_reauth(shard->core, now, &filter)
						 : ike_input_rekey(shard->core, now, &filter);
		shard_perform(shard);
	}
	mailbox_post(shard->daemon->mailbox, &letter->mail, control_deliver_renewing);
}

int shard_rekey(struct posternd *d, unsigned worker, const struct vici_sa_filter *filter,
		bool reauth, uint64_t token)
{
	struct letter_filter *letter = filter_letter(d, worker, filter, token);

	if (!letter)
		return -ENOMEM;
	letter->reauth = reauth;
	workers_post(d->workers, worker, &letter->mail, deliver_rekey);
	return 0;
}

static void deliver_list(struct mail *mail)
{
	struct letter_filter *letter = container_of(mail, struct letter_filter, mail);
	struct shard *shard = letter->to;

	if (!shard->worker->stopping) {
		shard->core->now = loop_now(shard->worker->loop);
		letter->page = control_make_page(shard->core, &letter->filter, letter->first);
	}
	mailbox_post(shard->daemon->mailbox, &letter->mail, control_deliver_listed);
}

int shard_list(struct posternd *d, unsigned worker, const struct vici_sa_filter *filter,
	       uint32_t first, uint64_t token)
{
	struct letter_filter *letter = filter_letter(d, worker, filter, token);

	if (!letter)
		return -ENOMEM;
	letter->first = first;
	workers_post(d->workers, worker, &letter->mail, deliver_list);
	return 0;
}

static void deliver_stop(struct mail *mail)
{
	struct letter_stop *letter = container_of(mail, struct letter_stop, mail);
	struct shard *shard = letter->to;

	ike_input_stop(shard->core, loop_now(shard->worker->loop));
	shard_perform(shard);
	mailbox_post(letter->daemon->mailbox, &letter->mail, posternd_deliver_stopped);
}

void shards_stop(struct posternd *d)
{
	for (unsigned w = 0; w < d->n_workers; w++) {
		struct letter_stop *letter = calloc(1, sizeof(*letter));

		if (!letter)
			continue;
		letter->to = d->shards[w];
		letter->daemon = d;
		d->stopping++;
		workers_post(d->workers, w, &letter->mail, deliver_stop);
	}
}
