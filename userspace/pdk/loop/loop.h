/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The event loop: one io_uring per thread, a heap of timers, and work put off to the end of a turn.
 * A loop belongs to the thread that made it: every function here is owner only, other threads
 * send a letter (pdk/worker/mailbox.h). Sockets, watches, timers and signals are built on it.
 *
 * A turn: submit what was prepared and wait until something completes or a timer is due; run the
 * callbacks of completions, of due timers, then what was deferred. Callbacks don't nest.
 */
#include <stdbool.h>
#include <stddef.h>
#include "pdk/base/list.h"
#include "pdk/base/time.h"

struct loop;

/* -ENOSYS or -EPERM when io_uring is not to be had, -ENOMEM, -EMFILE. */
int loop_new(struct loop **ret_loop);
/*
 * What was made on the loop (sockets, watches, mailboxes, signals) must have been freed or closed
 * before; their operations still in flight are waited for here. Takes NULL, returns NULL.
 */
struct loop *loop_free(struct loop *loop);

/* Turn until loop_stop(). 0, or -errno when the ring failed. */
int loop_run(struct loop *loop);
/* End loop_run() after this turn. To be called from a callback. */
void loop_stop(struct loop *loop);
/*
 * One turn that waits until the instant at the latest. 0 when something happened, -ETIME when
 * nothing did. For tests.
 */
int loop_run_once(struct loop *loop, struct instant until);
/* Turn until *flag is true or the instant is reached: 0 or -ETIME. For tests. */
int loop_run_until(struct loop *loop, const bool *flag, struct instant until);

/* The time at which this turn's callbacks began; the same for all of them. */
struct instant loop_now(const struct loop *loop);

/* What the ring offers, for the log: "io_uring single-issuer defer-taskrun sq=256 cq=4096". */
const char *loop_describe(const struct loop *loop);

struct loop_counters {
	uint64_t turns, completions, timers;
	uint64_t sq_full;     /* operations that had to wait for a submission slot */
	uint64_t cq_overflow; /* turns that found completions parked in the kernel */
};
const struct loop_counters *loop_counters(const struct loop *loop);

/* -------- deferred work -------- */

struct loop_deferred;
typedef void (*loop_deferred_fn)(struct loop_deferred *d);

/* Embedded. Runs once at the end of the turn; the callback may free it or defer it again. */
struct loop_deferred {
	struct list node;
	loop_deferred_fn fn;
};

void loop_deferred_init(struct loop_deferred *d, loop_deferred_fn fn);
/* Does nothing when d is waiting already. */
void loop_defer(struct loop *loop, struct loop_deferred *d);
void loop_defer_cancel(struct loop_deferred *d);

/* Ends a debug build that calls from a thread that isn't the owner. */
void loop_check_owner(const struct loop *loop);
