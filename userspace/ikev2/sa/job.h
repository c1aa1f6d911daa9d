/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Work of an IKE SA that may block, such as checking a certificate's revocation or signing on a
 * token. The core hands it out by IKE_ACTION_JOB and goes on; the shell runs it in a pool of
 * threads and gives it back by ike_input_job_done(). In the meantime the IKE SA may have died: then
 * the job is freed and nobody hears of it.
 */
#include <stdint.h>
#include "pdk/worker/jobs.h"

struct ike_core;
struct ike_job;
struct ike_sa;

struct ike_job_ops {
	const char *name; /* for logs: "certificate check" */
	/*
	 * On a thread of the pool, and may block. It sees the job alone: no core, no IKE SA, nothing
	 * of a worker; what it needs it owns, or holds a reference of that any thread may drop.
	 */
	void (*run)(struct ike_job *job);
	/* On the worker again: sa is the one the job was made for, and alive. Look at job->err first.
	 */
	void (*done)(struct ike_sa *sa, struct ike_job *job);
	/* On the worker or, when the daemon ends, on any thread: frees the object that embeds job. */
	void (*free)(struct ike_job *job);
};

/* Embedded in the object that carries input and result. */
struct ike_job {
	struct job job; /* the shell's: pool, and way back */
	const struct ike_job_ops *ops;
	uint64_t spi; /* our SPI of the IKE SA; ike_core_job_take() sets it */
	int err;      /* 0: run() was called; -EAGAIN: too many jobs; -ECANCELED: the daemon ends */
	void *shell;  /* whoever performs it */
};

/*
 * Queue the job of sa. It is the core's from now on, also when that fails: -ENOMEM, and done() won't
 * be called.
 */
int ike_core_job_take(struct ike_sa *sa, struct ike_job *job);

/* Takes NULL, returns NULL. */
static inline struct ike_job *ike_job_free(struct ike_job *job)
{
	if (job)
		job->ops->free(job);
	return NULL;
}
