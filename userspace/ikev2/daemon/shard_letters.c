/* SPDX-License-Identifier: MIT */
/*
 * Letters to a shard, from the main thread and from other shards. All go the same way: post() hands
 * one over, deliver() has it read on the shard's thread, performs what that led to, and closes it.
 */
#include "ikev2/daemon/shard.h"

#include <errno.h>
#include <stdlib.h>

#include "pdk/log/log.h"
#include "pdk/loop/loop.h"
#include "pdk/worker/worker.h"
#include "ikev2/daemon/control.h"
#include "ikev2/daemon/letters.h"
#include "ikev2/fsm/input.h"

LOG_USE(daemon);

/* -------- the way -------- */

static void deliver(struct mail *mail)
{
	struct shard_letter *letter = container_of(mail, struct shard_letter, mail);
	struct shard *shard = letter->to;

	if (!shard->worker->stopping) {
		letter->ops->read(shard, loop_now(shard->worker->loop), letter);
		shard_perform(shard);
	}
	letter->ops->close(letter);
}

static void post(struct posternd *d, unsigned worker, struct shard_letter *letter,
		 const struct shard_letter_ops *ops)
{
	struct workers *workers = __atomic_load_n(&d->workers, __ATOMIC_ACQUIRE);

	letter->to = d->shards[worker];
	letter->ops = ops;
	workers_post(workers, worker, &letter->mail, deliver);
}

/* For letters that own nothing. */
static void close_plain(struct shard_letter *letter)
{
	free(letter);
}

/* -------- between shards -------- */

static void read_datagram(struct shard *shard, struct instant now, struct shard_letter *letter)
{
	struct letter_datagram *l = container_of(letter, struct letter_datagram, letter);

	ike_input_datagram(shard->core, now, &l->local, &l->remote, l->data, l->len);
}

/* More than that may not wait for a worker that others hand datagrams to: strangers send them. */
#define FORWARD_WAITING_MAX 1024

void shard_forward(struct shard *shard, unsigned worker, const struct netaddr *local,
		   const struct netaddr *remote, struct bytes message)
{
	static const struct shard_letter_ops ops = { read_datagram, close_plain };
	struct letter_datagram *l;

	if (!__atomic_load_n(&shard->daemon->workers, __ATOMIC_ACQUIRE))
		return; /* the others are still starting: the peer will send again */
	if (mailbox_waiting(shard->daemon->shards[worker]->worker->mailbox) >=
	    FORWARD_WAITING_MAX) {
		shard->forward_refused++;
		return;
	}
	l = malloc(sizeof(*l) + message.len);
	if (!l)
		return;
	l->local = *local;
	l->remote = *remote;
	l->len = message.len;
	memcpy(l->data, message.data, message.len);
	shard->forwarded++;
	shard_publish_figures(shard);
	post(shard->daemon, worker, &l->letter, &ops);
}

static void read_contact_answer(struct shard *shard, struct instant now,
				struct shard_letter *letter)
{
	struct letter_contact *l = container_of(letter, struct letter_contact, letter);

	ike_input_contact_answer(shard->core, now, l->contact.spi, l->exists);
}

static void read_contact(struct shard *shard, struct instant now, struct shard_letter *letter)
{
	struct letter_contact *l = container_of(letter, struct letter_contact, letter);

	l->exists = ike_input_contact(shard->core, now, &l->contact);
}

static void close_contact(struct shard_letter *letter)
{
	static const struct shard_letter_ops answer = { read_contact_answer, close_plain };
	struct letter_contact *l = container_of(letter, struct letter_contact, letter);

	if (l->contact.kind == CONTACT_ASK)
		post(letter->to->daemon, l->from->worker->index, letter, &answer);
	else
		free(l);
}

/*
 * Whom memory doesn't suffice to ask knows of none. No core has an IKE SA before all workers have
 * started, but when the first ones come in just then, there is nobody to tell.
 */
void shard_contact_others(struct shard *shard, const struct contact *contact)
{
	static const struct shard_letter_ops ops = { read_contact, close_contact };
	struct posternd *d = shard->daemon;
	const bool started = __atomic_load_n(&d->workers, __ATOMIC_ACQUIRE);

	for (unsigned w = 0; w < d->n_workers; w++) {
		struct letter_contact *l;

		if (w == shard->worker->index)
			continue;
		l = started ? calloc(1, sizeof(*l)) : NULL;
		if (l) {
			l->from = shard;
			l->contact = *contact;
			post(d, w, &l->letter, &ops);
		} else if (contact->kind == CONTACT_ASK) {
			ike_input_contact_answer(shard->core, loop_now(shard->worker->loop),
						 contact->spi, false);
		}
	}
}

/* -------- news from the main thread -------- */

static void read_config(struct shard *shard, struct instant now, struct shard_letter *letter)
{
	struct letter_config *l = container_of(letter, struct letter_config, letter);

	ike_input_config(shard->core, now, l->config);
}

static void close_config(struct shard_letter *letter)
{
	struct letter_config *l = container_of(letter, struct letter_config, letter);

	config_unref(l->config);
	free(l);
}

void shards_config(struct posternd *d, struct ike_config *config)
{
	static const struct shard_letter_ops ops = { read_config, close_config };

	for (unsigned w = 0; w < d->n_workers; w++) {
		struct letter_config *l = calloc(1, sizeof(*l));

		if (!l) {
			log_error(daemon, "out of memory: worker %u keeps the old configuration",
				  w);
			continue;
		}
		l->config = config_ref(config);
		post(d, w, &l->letter, &ops);
	}
}

static void read_expire(struct shard *shard, struct instant now, struct shard_letter *letter)
{
	ike_input_expire(shard->core, now,
			 &container_of(letter, struct letter_expire, letter)->expire);
}

void shards_expire(struct posternd *d, const struct ipsec_expire *expire)
{
	static const struct shard_letter_ops ops = { read_expire, close_plain };

	/* The SPI of an outbound SA is the peer's and says nothing: all have a look. */
	for (unsigned w = 0; w < d->n_workers; w++) {
		struct letter_expire *l = calloc(1, sizeof(*l));

		if (!l)
			return;
		l->expire = *expire;
		post(d, w, &l->letter, &ops);
	}
}

static void read_overrun(struct shard *shard, struct instant now, struct shard_letter *letter)
{
	ike_input_overrun(shard->core, now);
}

void shards_overrun(struct posternd *d)
{
	static const struct shard_letter_ops ops = { read_overrun, close_plain };

	for (unsigned w = 0; w < d->n_workers; w++) {
		struct shard_letter *l = calloc(1, sizeof(*l));

		if (!l)
			return;
		post(d, w, l, &ops);
	}
}

static void read_unknown_esp(struct shard *shard, struct instant now, struct shard_letter *letter)
{
	struct letter_unknown_esp *l = container_of(letter, struct letter_unknown_esp, letter);

	ike_input_unknown_esp(shard->core, now, &l->local, &l->remote, l->spi);
}

/* Who has drawn the SPI says nothing about who has an IKE SA with the sender: all have a look. */
void shards_unknown_esp(struct posternd *d, const struct netaddr *local,
			const struct netaddr *remote, uint32_t spi)
{
	static const struct shard_letter_ops ops = { read_unknown_esp, close_plain };

	for (unsigned w = 0; w < d->n_workers; w++) {
		struct letter_unknown_esp *l = calloc(1, sizeof(*l));

		if (!l)
			return;
		l->local = *local;
		l->remote = *remote;
		l->spi = spi;
		post(d, w, &l->letter, &ops);
	}
}

static void read_mapping(struct shard *shard, struct instant now, struct shard_letter *letter)
{
	ike_input_mapping(shard->core, now,
			  &container_of(letter, struct letter_mapping, letter)->mapping);
}

void shard_mapping(struct posternd *d, const struct ipsec_mapping *mapping)
{
	static const struct shard_letter_ops ops = { read_mapping, close_plain };
	/* Our SPIs tell who has drawn them. */
	const unsigned worker = mapping->spi >> 24;
	struct letter_mapping *l;

	if (worker >= d->n_workers)
		return;
	l = calloc(1, sizeof(*l));
	if (!l)
		return;
	l->mapping = *mapping;
	post(d, worker, &l->letter, &ops);
}

/* -------- orders from the main thread -------- */

static void read_initiate(struct shard *shard, struct instant now, struct shard_letter *letter)
{
	struct letter_initiate *l = container_of(letter, struct letter_initiate, letter);

	ike_input_initiate(shard->core, now, l->conn, l->child, &l->local, &l->remote,
			   l->acquired ? &l->acquire : NULL, l->token);
}

static void close_initiate(struct shard_letter *letter)
{
	struct letter_initiate *l = container_of(letter, struct letter_initiate, letter);

	connection_unref(l->conn);
	free(l);
}

int shard_initiate(struct posternd *d, unsigned worker, const struct connection *conn,
		   const struct child_conf *child, const struct netaddr *local,
		   const struct netaddr *remote, const struct ike_acquire *acquire, uint64_t token)
{
	static const struct shard_letter_ops ops = { read_initiate, close_initiate };
	struct letter_initiate *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->conn = connection_ref(conn);
	l->child = child;
	l->local = *local;
	l->remote = *remote;
	l->acquired = acquire != NULL;
	if (acquire)
		l->acquire = *acquire;
	l->token = token;
	post(d, worker, &l->letter, &ops);
	return 0;
}

static struct ike_filter ike_filter_of(const struct letter_filter *l)
{
	return (struct ike_filter){
		.ike = l->filter.ike,
		.child = l->filter.child,
		.ike_id = l->filter.ike_id,
		.child_id = l->filter.child_id,
	};
}

static struct letter_filter *filter_letter(struct posternd *d, const struct vici_sa_filter *filter,
					   uint64_t token)
{
	struct letter_filter *l = calloc(1, sizeof(*l));

	if (!l || !letter_filter_set(l, filter))
		return letter_filter_free(l);
	l->daemon = d;
	l->token = token;
	return l;
}

static void read_terminate(struct shard *shard, struct instant now, struct shard_letter *letter)
{
	struct letter_filter *l = container_of(letter, struct letter_filter, letter);
	const struct ike_filter filter = ike_filter_of(l);

	l->matched = ike_input_terminate(shard->core, now, &filter, l->force, l->token);
}

static void close_terminate(struct shard_letter *letter)
{
	mailbox_post(letter->to->daemon->mailbox, &letter->mail, control_deliver_terminated);
}

int shard_terminate(struct posternd *d, unsigned worker, const struct vici_sa_filter *filter,
		    bool force, uint64_t token)
{
	static const struct shard_letter_ops ops = { read_terminate, close_terminate };
	struct letter_filter *l = filter_letter(d, filter, token);

	if (!l)
		return -ENOMEM;
	l->force = force;
	post(d, worker, &l->letter, &ops);
	return 0;
}

static void read_rekey(struct shard *shard, struct instant now, struct shard_letter *letter)
{
	struct letter_filter *l = container_of(letter, struct letter_filter, letter);
	const struct ike_filter filter = ike_filter_of(l);

	l->matched = l->reauth ? ike_input_reauth(shard->core, now, &filter)
			       : ike_input_rekey(shard->core, now, &filter);
}

static void close_rekey(struct shard_letter *letter)
{
	mailbox_post(letter->to->daemon->mailbox, &letter->mail, control_deliver_renewing);
}

int shard_rekey(struct posternd *d, unsigned worker, const struct vici_sa_filter *filter,
		bool reauth, uint64_t token)
{
	static const struct shard_letter_ops ops = { read_rekey, close_rekey };
	struct letter_filter *l = filter_letter(d, filter, token);

	if (!l)
		return -ENOMEM;
	l->reauth = reauth;
	post(d, worker, &l->letter, &ops);
	return 0;
}

static void read_list(struct shard *shard, struct instant now, struct shard_letter *letter)
{
	struct letter_filter *l = container_of(letter, struct letter_filter, letter);

	shard->core->now = now;
	l->page = control_make_page(shard->core, &l->filter, l->first);
}

static void close_list(struct shard_letter *letter)
{
	mailbox_post(letter->to->daemon->mailbox, &letter->mail, control_deliver_listed);
}

int shard_list(struct posternd *d, unsigned worker, const struct vici_sa_filter *filter,
	       uint32_t first, uint64_t token)
{
	static const struct shard_letter_ops ops = { read_list, close_list };
	struct letter_filter *l = filter_letter(d, filter, token);

	if (!l)
		return -ENOMEM;
	l->first = first;
	post(d, worker, &l->letter, &ops);
	return 0;
}

static void read_stop(struct shard *shard, struct instant now, struct shard_letter *letter)
{
	ike_input_stop(shard->core, now);
}

static void close_stop(struct shard_letter *letter)
{
	mailbox_post(letter->to->daemon->mailbox, &letter->mail, posternd_deliver_stopped);
}

void shards_stop(struct posternd *d)
{
	static const struct shard_letter_ops ops = { read_stop, close_stop };

	for (unsigned w = 0; w < d->n_workers; w++)
		post(d, w, &d->shards[w]->stop, &ops);
}
