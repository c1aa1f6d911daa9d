/* SPDX-License-Identifier: MIT */
#include "pdk/worker/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pdk/log/log.h"
#include "pdk/loop/loop.h"

LOG_SUBSYSTEM(worker, "worker threads");

/*
 * Life of a worker's thread: loop and mailbox are made on it and init runs; it waits until
 * workers_new() has seen that all came up; the loop runs until the stop letter; fini runs; it waits
 * until nobody can post any more (all fini have run, and workers_free() says so for all others);
 * then it delivers what is left in its mailbox and goes.
 */

enum workers_verdict {
	WORKERS_WAIT,
	WORKERS_RUN,
	WORKERS_GIVE_UP,
};

struct worker_slot {
	struct worker worker;
	struct workers *all;
	pthread_t thread;
	struct mail stop;
	int err; /* of loop_new(), mailbox_new() or init */
};

struct workers {
	unsigned n; /* threads that were made */
	worker_init_fn init;
	worker_fini_fn fini;
	void *data;

	pthread_mutex_t lock;
	pthread_cond_t changed; /* one of these four: */
	unsigned n_begun;       /* workers that have tried init */
	enum workers_verdict verdict;
	unsigned n_ended; /* workers that have run fini */
	bool freeing;     /* nobody else posts any more */

	bool ending; /* owner only: the stop letters are out */

	struct worker_slot slots[];
};

static __thread struct worker *worker_here;

struct worker *worker_current(void)
{
	return worker_here;
}

unsigned workers_count(const struct workers *ws)
{
	return ws->n;
}

struct worker *workers_at(struct workers *ws, unsigned index)
{
	return &ws->slots[index].worker;
}

void workers_post(struct workers *ws, unsigned index, struct mail *mail, mail_deliver_fn deliver)
{
	mailbox_post(ws->slots[index].worker.mailbox, mail, deliver);
}

/* What it leaves behind on failure goes in worker_end(). */
static int worker_begin(struct worker_slot *slot)
{
	struct worker *w = &slot->worker;
	int err;

	pthread_setname_np(pthread_self(), w->name);
	log_set_thread_name(w->name);
	worker_here = w;
	err = loop_new(&w->loop);
	if (err)
		return err;
	err = mailbox_new(w->loop, &w->mailbox);
	if (err)
		return err;
	return slot->all->init ? slot->all->init(w, slot->all->data) : 0;
}

/* Change a field of ws and tell those who wait for it. */
#define workers_change(ws, change)                                                                 \
	do {                                                                                       \
		pthread_mutex_lock(&(ws)->lock);                                                   \
		change;                                                                            \
		pthread_cond_broadcast(&(ws)->changed);                                            \
		pthread_mutex_unlock(&(ws)->lock);                                                 \
	} while (0)

#define workers_wait(ws, condition)                                                                \
	do {                                                                                       \
		pthread_mutex_lock(&(ws)->lock);                                                   \
		while (!(condition))                                                               \
			pthread_cond_wait(&(ws)->changed, &(ws)->lock);                            \
		pthread_mutex_unlock(&(ws)->lock);                                                 \
	} while (0)

static void worker_end(struct worker_slot *slot)
{
	struct workers *ws = slot->all;
	struct worker *w = &slot->worker;

	if (!slot->err && ws->fini)
		ws->fini(w, ws->data);
	w->stopping = true;
	workers_change(ws, ws->n_ended++);
	workers_wait(ws, ws->n_ended == ws->n && ws->freeing);
	mailbox_free(w->mailbox);
	loop_free(w->loop);
}

static void *worker_thread(void *data)
{
	struct worker_slot *slot = data;
	struct workers *ws = slot->all;
	int err;

	slot->err = worker_begin(slot);
	workers_change(ws, ws->n_begun++);
	workers_wait(ws, ws->verdict != WORKERS_WAIT);
	if (ws->verdict == WORKERS_RUN) {
		err = loop_run(slot->worker.loop);
		if (err) {
			/* Its SAs would go unserved for ever: better to be started afresh. */
			log_error(worker, "the ring of %s broke: %s", slot->worker.name,
				  strerror(-err));
			abort();
		}
	}
	worker_end(slot);
	return NULL;
}

/* On a worker: the stop letter. */
static void worker_stop(struct mail *mail)
{
	loop_stop(container_of(mail, struct worker_slot, stop)->worker.loop);
}

static void workers_join(struct workers *ws)
{
	workers_change(ws, ws->freeing = true);
	for (unsigned i = 0; i < ws->n; i++)
		pthread_join(ws->slots[i].thread, NULL);
	pthread_cond_destroy(&ws->changed);
	pthread_mutex_destroy(&ws->lock);
	free(ws);
}

int workers_new(unsigned n, const char *name, worker_init_fn init, worker_fini_fn fini, void *data,
		struct workers **ret_workers)
{
	struct workers *ws;
	int err = 0;

	if (!n || n > WORKERS_MAX)
		return -EINVAL;
	ws = calloc(1, sizeof(*ws) + n * sizeof(ws->slots[0]));
	if (!ws)
		return -ENOMEM;
	ws->init = init;
	ws->fini = fini;
	ws->data = data;
	pthread_mutex_init(&ws->lock, NULL);
	pthread_cond_init(&ws->changed, NULL);
	for (; ws->n < n; ws->n++) {
		struct worker_slot *slot = &ws->slots[ws->n];

		slot->all = ws;
		slot->worker.index = ws->n;
		snprintf(slot->worker.name, sizeof(slot->worker.name), "%.11s-%u", name,
			 (uint8_t)ws->n);
		err = -pthread_create(&slot->thread, NULL, worker_thread, slot);
		if (err)
			break;
	}

	workers_wait(ws, ws->n_begun == ws->n);
	for (unsigned i = 0; i < ws->n && !err; i++)
		err = ws->slots[i].err;
	workers_change(ws, ws->verdict = err ? WORKERS_GIVE_UP : WORKERS_RUN);
	if (err) {
		workers_join(ws);
		return err;
	}
	*ret_workers = ws;
	return 0;
}

void workers_end(struct workers *ws)
{
	if (!ws || ws->ending)
		return;
	ws->ending = true;
	for (unsigned i = 0; i < ws->n; i++)
		mailbox_post(ws->slots[i].worker.mailbox, &ws->slots[i].stop, worker_stop);
	workers_wait(ws, ws->n_ended == ws->n);
}

struct workers *workers_free(struct workers *ws)
{
	if (!ws)
		return NULL;
	workers_end(ws);
	workers_join(ws);
	return NULL;
}
