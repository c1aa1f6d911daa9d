/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Shards: n threads, each with a loop and a mailbox of its own, that share nothing. What one has to
 * tell another goes by mailbox.
 */
#include <stdbool.h>
#include "pdk/worker/mailbox.h"

struct loop;
struct workers;

#define WORKERS_MAX 256

struct worker {
	unsigned index; /* 0 ... n - 1 */
	char name[16];  /* of the thread: name-index */
	struct loop *loop;
	struct mailbox *mailbox;
	void *data;    /* the owner's, set by init */
	bool stopping; /* fini has run: letters that still come free what they own, and post nothing
			*/
};

/* On the new worker's thread, before its loop runs. Anything but 0 makes workers_new() fail with
 * it. */
typedef int (*worker_init_fn)(struct worker *w, void *data);
/* On the worker's thread, after its loop has stopped; frees what it made on the loop. */
typedef void (*worker_fini_fn)(struct worker *w, void *data);

/*
 * Start n workers (1 ... WORKERS_MAX, else -EINVAL) and wait until every init has succeeded. On
 * failure all are ended (fini where init had succeeded) and the first error is returned. init and
 * fini may be NULL.
 */
int workers_new(unsigned n, const char *name, worker_init_fn init, worker_fini_fn fini, void *data,
		struct workers **ret_workers);
/*
 * Stop all loops and run fini on each thread; when it returns all have come to rest, for good.
 * Letters may still be posted to them, from their fini too, and wait for workers_free(). Not from a
 * worker. Takes NULL.
 */
void workers_end(struct workers *ws);
/*
 * workers_end(), unless that has been done; deliver what is left in the mailboxes, join. Not from a
 * worker. Nobody else may post to them meanwhile (end job pools and netlink threads first). Takes
 * NULL, returns NULL.
 */
struct workers *workers_free(struct workers *ws);

/* any thread */
unsigned workers_count(const struct workers *ws);
/* Index, name, loop pointer and mailbox don't change; use of the loop is owner only. any thread */
struct worker *workers_at(struct workers *ws, unsigned index);
/* Post to the worker with this index. any thread */
void workers_post(struct workers *ws, unsigned index, struct mail *mail, mail_deliver_fn deliver);

/* The worker whose thread this is, or NULL. any thread */
struct worker *worker_current(void);
