/* SPDX-License-Identifier: MIT */
#include "pdk/loop/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "pdk/loop/buffer_ring.h"
#include "pdk/loop/loop_private.h"

#define LOOP_SQ_ENTRIES 256
#define LOOP_CQ_ENTRIES 4096

/* How long loop_free() waits for operations whose owners did not end them. */
#define LOOP_FREE_PATIENCE DURATION_S(2)

/* Tried in this order. Linux 6.1 has all of the first. */
static const struct {
	unsigned flags;
	const char *name;
} loop_setups[LOOP_SETUPS] = {
	{ IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL |
		  IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
	  "single-issuer defer-taskrun" },
	{ IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL, "coop-taskrun" },
	{ 0, "plain" },
};

static int loop_open_ring(struct loop *loop, size_t first_setup)
{
	int err = -ENOSYS;

	for (size_t i = first_setup; i < ARRAY_SIZE(loop_setups); i++) {
		struct io_uring_params params = {
			.flags = loop_setups[i].flags,
			.cq_entries = LOOP_CQ_ENTRIES,
		};

		err = io_uring_queue_init_params(LOOP_SQ_ENTRIES, &loop->ring, &params);
		if (err == 0) {
			/* Saves the look-up of the descriptor in each system call; not vital. */
			io_uring_register_ring_fd(&loop->ring);
			snprintf(loop->description, sizeof(loop->description),
				 "io_uring %s sq=%u cq=%u", loop_setups[i].name, params.sq_entries,
				 params.cq_entries);
			return 0;
		}
		if (err != -EINVAL)
			return err;
	}
	return err;
}

int loop_new_from_setup(size_t first_setup, struct loop **ret_loop)
{
	_cleanup_free_ struct loop *loop = calloc(1, sizeof(*loop));
	int err;

	if (!loop)
		return -ENOMEM;
	err = loop_open_ring(loop, first_setup);
	if (err)
		return err;
	loop->owner = pthread_self();
	loop->now = instant_now();
	heap_init(&loop->timers, loop_timer_before);
	list_init(&loop->queue);
	list_init(&loop->deferred);
	*ret_loop = steal_ptr(loop);
	return 0;
}

int loop_new(struct loop **ret_loop)
{
	return loop_new_from_setup(0, ret_loop);
}

void loop_check_owner(const struct loop *loop)
{
	assert(pthread_equal(loop->owner, pthread_self()));
}

static int loop_wait(struct loop *loop, struct instant until)
{
	struct instant now = instant_now();
	struct __kernel_timespec ts;
	struct io_uring_cqe *cqe;
	uint64_t ns;

	if (io_uring_cq_has_overflow(&loop->ring))
		loop->counters.cq_overflow++;
	if (instant_reached(now, until))
		return io_uring_submit_and_get_events(&loop->ring);
	if (instant_is_never(until))
		return io_uring_submit_and_wait(&loop->ring, 1);
	ns = until.ns - now.ns;
	ts = (struct __kernel_timespec){ .tv_sec = (long long)(ns / 1000000000),
					 .tv_nsec = (long long)(ns % 1000000000) };
	return io_uring_submit_and_wait_timeout(&loop->ring, &cqe, 1, &ts, NULL);
}

/* What the kernel may say without the ring being broken. */
static bool loop_wait_ok(int res)
{
	switch (res) {
	case -ETIME:
	case -EINTR:
	case -EAGAIN: /* no memory for a request just now, or the completion ring is full: */
	case -EBUSY:  /* both get better by taking completions */
	case -ENOMEM:
		return true;
	default:
		return res >= 0;
	}
}

static unsigned loop_reap(struct loop *loop)
{
	unsigned n = io_uring_cq_ready(&loop->ring), done;

	for (done = 0; done < n; done++) {
		struct io_uring_cqe *cqe;
		uint64_t user_data;
		uint32_t flags;
		int res;

		if (io_uring_peek_cqe(&loop->ring, &cqe) != 0)
			break;
		user_data = cqe->user_data;
		res = cqe->res;
		flags = cqe->flags;
		io_uring_cqe_seen(&loop->ring, cqe);
		loop_dispatch(loop, user_data, res, flags);
	}
	loop->counters.completions += done;
	return done;
}

static unsigned loop_run_deferred(struct loop *loop)
{
	struct list batch = LIST_INIT(batch);
	struct loop_deferred *d;
	unsigned n = 0;

	list_splice(&batch, &loop->deferred);
	while ((d = list_first(&batch, struct loop_deferred, node))) {
		list_remove(&d->node);
		n++;
		d->fn(d);
	}
	return n;
}

/* One turn. How many callbacks ran, or -errno. */
static int loop_turn(struct loop *loop, struct instant until)
{
	unsigned n = 0;
	int res;

	loop_check_owner(loop);
	loop->counters.turns++;
	loop_serve_queue(loop);
	if (!list_empty(&loop->queue) || !list_empty(&loop->deferred))
		until = loop->now;
	res = loop_wait(loop, instant_min(until, loop_next_timer(loop)));
	if (!loop_wait_ok(res))
		return res;
	loop->now = instant_now();
	n += loop_reap(loop);
	n += loop_run_timers(loop);
	n += loop_run_deferred(loop);
	return (int)n;
}

int loop_run(struct loop *loop)
{
	int res = 0;

	while (!loop->stop && res >= 0)
		res = loop_turn(loop, INSTANT_NEVER);
	loop->stop = false;
	return res < 0 ? res : 0;
}

void loop_stop(struct loop *loop)
{
	loop_check_owner(loop);
	loop->stop = true;
}

int loop_run_once(struct loop *loop, struct instant until)
{
	int res;

	do {
		res = loop_turn(loop, until);
	} while (res == 0 && !instant_reached(loop->now, until));
	if (res < 0)
		return res;
	return res ? 0 : -ETIME;
}

int loop_run_until(struct loop *loop, const bool *flag, struct instant until)
{
	int res = 0;

	while (!*flag && res == 0)
		res = loop_run_once(loop, until);
	return *flag ? 0 : res;
}

struct instant loop_now(const struct loop *loop)
{
	return loop->now;
}

const char *loop_describe(const struct loop *loop)
{
	return loop->description;
}

const struct loop_counters *loop_counters(const struct loop *loop)
{
	return &loop->counters;
}

void loop_deferred_init(struct loop_deferred *d, loop_deferred_fn fn)
{
	list_init(&d->node);
	d->fn = fn;
}

void loop_defer(struct loop *loop, struct loop_deferred *d)
{
	loop_check_owner(loop);
	if (list_empty(&d->node))
		list_append(&loop->deferred, &d->node);
}

void loop_defer_cancel(struct loop_deferred *d)
{
	list_remove(&d->node);
}

struct loop *loop_free(struct loop *loop)
{
	struct instant patience;

	if (!loop)
		return NULL;
	patience = instant_add(instant_now(), LOOP_FREE_PATIENCE);
	while (loop->busy || !list_empty(&loop->deferred)) {
		if (loop_turn(loop, patience) < 0 || instant_reached(loop->now, patience))
			break;
	}
	buffer_ring_free(loop->datagram_buffers);
	io_uring_queue_exit(&loop->ring);
	free(loop);
	return NULL;
}
