/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A few threads for what blocks: name look-ups, files, hooks. Work comes through a bounded queue
 * and its completion goes back by mailbox.
 */
#include <stdbool.h>
#include "pdk/base/list.h"
#include "pdk/base/time.h"
#include "pdk/worker/mailbox.h"

struct jobs;
struct job;

typedef void (*job_fn)(struct job *job);

/*
 * Embedded in the object that carries input and result. From jobs_submit() until done() the object
 * belongs to the pool.
 */
struct job {
	struct mail mail; /* the pool's */
	struct list node; /* the pool's */
	job_fn run;       /* on a thread of the pool; may block */
	job_fn done;      /* on the thread that owns reply_to; may free the job */
	struct mailbox *reply_to;
	struct instant submitted; /* when jobs_submit() took it */
	bool cancelled; /* jobs_free() came first: run() was not called */
};

/* limit: jobs that may wait. With 0 threads nothing runs (for tests). -ENOMEM, -EAGAIN. */
int jobs_new(unsigned threads, unsigned limit, struct jobs **ret_jobs);
/*
 * Waits for the jobs that run; those that wait are sent back cancelled, and jobs_submit() takes no
 * more. The mailboxes must still be there.
 */
void jobs_end(struct jobs *jobs);
/* jobs_end(), unless that has been done, and the end of the pool. Takes NULL, returns NULL. */
struct jobs *jobs_free(struct jobs *jobs);

/* 0, or -EAGAIN when the queue is full: the job stays the caller's. any thread */
int jobs_submit(struct jobs *jobs, struct job *job, job_fn run, job_fn done,
		struct mailbox *reply_to);
