/* SPDX-License-Identifier: MIT */
#include "pdk/loop/watch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "pdk/base/cleanup.h"
#include "pdk/loop/op.h"

/*
 * One-shot poll operations, started again after each callback: the kernel checks readiness when a
 * poll is started, which makes this level-triggered. The object outlives watch_free() until its
 * operation is idle and its callback has returned; nobody but the ring holds it then.
 */
struct loop_watch {
	struct loop_op op;
	int fd;
	uint32_t events; /* wanted */
	uint32_t armed;  /* what the operation in flight polls for */
	watch_fn fn;
	void *data;
	bool inside; /* the callback is running */
	bool dead;   /* freed by its owner */
};

static void watch_prep(struct loop_op *op, struct io_uring_sqe *sqe)
{
	struct loop_watch *w = container_of(op, struct loop_watch, op);

	io_uring_prep_poll_add(sqe, w->fd, w->events);
	w->armed = w->events;
}

/* Bring the operation in line with what is wanted. */
static void watch_update(struct loop_watch *w)
{
	if (w->inside)
		return;
	if (loop_op_busy(&w->op)) {
		if (w->dead || w->armed != w->events)
			loop_op_cancel(&w->op);
	} else if (w->dead) {
		free(w);
	} else if (w->events) {
		w->armed = w->events;
		loop_op_start(&w->op);
	}
}

static void watch_done(struct loop_op *op, int res, uint32_t flags _unused_)
{
	struct loop_watch *w = container_of(op, struct loop_watch, op);
	uint32_t events = 0;

	if (res >= 0) {
		events = (uint32_t)res & (w->events | POLLERR | POLLHUP);
	} else if (res != -ECANCELED) {
		events = POLLNVAL;
		w->events = 0;
	}
	if (events && !w->dead) {
		w->inside = true;
		w->fn(w, events, w->data);
		w->inside = false;
	}
	watch_update(w);
}

int watch_new(struct loop *loop, int fd, uint32_t events, watch_fn fn, void *data,
	      struct loop_watch **ret_watch)
{
	struct loop_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	loop_op_init(&w->op, loop, watch_prep, watch_done);
	w->fd = fd;
	w->events = events;
	w->fn = fn;
	w->data = data;
	watch_update(w);
	*ret_watch = w;
	return 0;
}

struct loop_watch *watch_free(struct loop_watch *w)
{
	if (w) {
		w->dead = true;
		watch_update(w);
	}
	return NULL;
}

void watch_set_events(struct loop_watch *w, uint32_t events)
{
	w->events = events;
	watch_update(w);
}
