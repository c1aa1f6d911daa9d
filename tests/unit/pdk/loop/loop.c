/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "pdk/loop/loop.h"
#include "pdk/loop/loop_private.h"
#include "pdk/loop/op.h"
#include "pdk/loop/signals.h"
#include "pdk/loop/timer.h"
#include "pdk/loop/watch.h"
#include "../leaks.h"

FIXTURE(loop)
{
	struct loop *loop;
};

FIXTURE_SETUP(loop)
{
	ASSERT_EQ(0, loop_new(&self->loop));
}

FIXTURE_TEARDOWN(loop)
{
	loop_free(self->loop);
	EXPECT_NO_LEAKS();
}

static struct instant in_ms(int64_t ms)
{
	return instant_add(instant_now(), DURATION_MS(ms));
}

TEST_F(loop, says_what_the_ring_offers)
{
	TH_LOG("%s", loop_describe(self->loop));
	EXPECT_EQ(loop_describe(self->loop), strstr(loop_describe(self->loop), "io_uring "));
}

TEST_F(loop, an_empty_turn_ends_at_its_time)
{
	struct instant until = in_ms(10);

	EXPECT_EQ(-ETIME, loop_run_once(self->loop, until));
	EXPECT_TRUE(instant_reached(instant_now(), until));
}

/* -------- operations -------- */

struct nop {
	struct loop_op op;
	unsigned *done;
	bool again;
	int res;
};

static void nop_prep(struct loop_op *op _unused_, struct io_uring_sqe *sqe)
{
	io_uring_prep_nop(sqe);
}

static void nop_done(struct loop_op *op, int res, uint32_t flags _unused_)
{
	struct nop *n = container_of(op, struct nop, op);

	n->res = res;
	(*n->done)++;
	if (n->again) {
		n->again = false;
		loop_op_start(op);
	}
}

static void set_flag(struct loop_timer *timer _unused_, void *data)
{
	*(bool *)data = true;
}

TEST(each_setup_of_the_ring_works)
{
	for (size_t setup = 0; setup < LOOP_SETUPS; setup++) {
		struct loop_timer t;
		struct nop n = { 0 };
		struct loop *loop;
		unsigned done = 0;
		bool rung = false;

		ASSERT_EQ(0, loop_new_from_setup(setup, &loop));
		TH_LOG("%s", loop_describe(loop));
		n.done = &done;
		loop_op_init(&n.op, loop, nop_prep, nop_done);
		loop_op_start(&n.op);
		timer_init(&t, loop, set_flag, &rung);
		timer_arm_after(&t, DURATION_MS(2));
		EXPECT_EQ(0, loop_run_until(loop, &rung, in_ms(1000)));
		EXPECT_EQ(1, done);
		EXPECT_EQ(-ETIME, loop_run_once(loop, in_ms(2)));
		loop_free(loop);
	}
	EXPECT_NO_LEAKS();
}

TEST_F(loop, no_operation_is_lost_when_the_submission_ring_is_full)
{
	const unsigned n = 20000; /* also more than the completion ring holds */
	struct nop *nops = calloc(n, sizeof(*nops));
	unsigned done = 0;

	for (unsigned i = 0; i < n; i++) {
		loop_op_init(&nops[i].op, self->loop, nop_prep, nop_done);
		nops[i].done = &done;
		nops[i].again = i % 2;
		loop_op_start(&nops[i].op);
	}
	while (done < n + n / 2)
		ASSERT_EQ(0, loop_run_once(self->loop, in_ms(1000)));
	for (unsigned i = 0; i < n; i++)
		ASSERT_EQ(0, nops[i].res);
	EXPECT_EQ(n + n / 2, loop_counters(self->loop)->completions);
	TH_LOG("sq_full %llu cq_overflow %llu",
	       (unsigned long long)loop_counters(self->loop)->sq_full,
	       (unsigned long long)loop_counters(self->loop)->cq_overflow);
	free(nops);
}

struct pipe_read {
	struct loop_op op;
	int fd;
	char buf[4];
	int res;
	bool done;
};

static void pipe_read_prep(struct loop_op *op, struct io_uring_sqe *sqe)
{
	struct pipe_read *r = container_of(op, struct pipe_read, op);

	io_uring_prep_read(sqe, r->fd, r->buf, sizeof(r->buf), 0);
}

static void pipe_read_done(struct loop_op *op, int res, uint32_t flags _unused_)
{
	struct pipe_read *r = container_of(op, struct pipe_read, op);

	r->res = res;
	r->done = true;
}

TEST_F(loop, a_cancelled_operation_still_completes)
{
	struct pipe_read r = { 0 };
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	r.fd = fds[0];
	loop_op_init(&r.op, self->loop, pipe_read_prep, pipe_read_done);

	/* Before it was submitted, and after. */
	for (unsigned submitted = 0; submitted < 2; submitted++) {
		r.done = false;
		loop_op_start(&r.op);
		if (submitted)
			EXPECT_EQ(-ETIME, loop_run_once(self->loop, in_ms(1)));
		loop_op_cancel(&r.op);
		loop_op_cancel(&r.op);
		EXPECT_TRUE(loop_op_busy(&r.op));
		EXPECT_EQ(0, loop_run_until(self->loop, &r.done, in_ms(1000)));
		EXPECT_EQ(-ECANCELED, r.res);
		EXPECT_FALSE(loop_op_busy(&r.op));
	}

	r.done = false;
	loop_op_start(&r.op);
	ASSERT_EQ(2, write(fds[1], "ok", 2));
	EXPECT_EQ(0, loop_run_until(self->loop, &r.done, in_ms(1000)));
	EXPECT_EQ(2, r.res);
	close(fds[0]);
	close(fds[1]);
}

TEST_F(loop, cancelling_with_a_full_ring_reaches_every_operation)
{
	const unsigned n = 1000;
	struct pipe_read *reads = calloc(n, sizeof(*reads));
	unsigned cancelled = 0;
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	for (unsigned i = 0; i < n; i++) {
		reads[i].fd = fds[0];
		loop_op_init(&reads[i].op, self->loop, pipe_read_prep, pipe_read_done);
		loop_op_start(&reads[i].op);
	}
	for (unsigned i = 0; i < n; i++)
		loop_op_cancel(&reads[i].op);
	for (unsigned i = 0; i < n; i++) {
		EXPECT_EQ(0, loop_run_until(self->loop, &reads[i].done, in_ms(1000)));
		cancelled += reads[i].res == -ECANCELED;
	}
	EXPECT_EQ(n, cancelled);
	free(reads);
	close(fds[0]);
	close(fds[1]);
}

/* As if the kernel had taken no more submissions: what follows has to wait in the queue. */
static void start_queued(struct loop_op *op)
{
	op->state = LOOP_OP_QUEUED;
	op->loop->busy++;
	list_append(&op->loop->queue, &op->node);
}

TEST_F(loop, operations_and_cancellations_that_have_to_wait_are_made_up_for)
{
	struct pipe_read flying = { 0 }, blocker = { 0 }, given_up = { 0 };
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	flying.fd = blocker.fd = given_up.fd = fds[0];
	loop_op_init(&flying.op, self->loop, pipe_read_prep, pipe_read_done);
	loop_op_init(&blocker.op, self->loop, pipe_read_prep, pipe_read_done);
	loop_op_init(&given_up.op, self->loop, pipe_read_prep, pipe_read_done);

	loop_op_start(&flying.op);
	EXPECT_EQ(-ETIME, loop_run_once(self->loop, in_ms(1)));
	start_queued(&blocker.op);
	loop_op_start(&given_up.op);
	EXPECT_EQ(LOOP_OP_QUEUED, given_up.op.state);
	loop_op_cancel(&given_up.op);
	loop_op_cancel(&flying.op);
	EXPECT_EQ(LOOP_OP_STOPPING, flying.op.state);

	EXPECT_EQ(0, loop_run_until(self->loop, &flying.done, in_ms(1000)));
	EXPECT_EQ(-ECANCELED, flying.res);
	EXPECT_EQ(0, loop_run_until(self->loop, &given_up.done, in_ms(1000)));
	EXPECT_EQ(-ECANCELED, given_up.res);
	ASSERT_EQ(2, write(fds[1], "ok", 2));
	EXPECT_EQ(0, loop_run_until(self->loop, &blocker.done, in_ms(1000)));
	EXPECT_EQ(2, blocker.res);
	close(fds[0]);
	close(fds[1]);
}

/* -------- deferred work, stop -------- */

struct later {
	struct loop_deferred d;
	struct loop *loop;
	unsigned runs, again;
};

static void later_run(struct loop_deferred *d)
{
	struct later *l = container_of(d, struct later, d);

	l->runs++;
	if (l->again) {
		l->again--;
		loop_defer(l->loop, d);
	} else {
		loop_stop(l->loop);
	}
}

TEST_F(loop, deferred_work_runs_once_per_deferral_and_may_stop_the_loop)
{
	struct later l = { .loop = self->loop, .again = 2 };

	loop_deferred_init(&l.d, later_run);
	loop_defer(self->loop, &l.d);
	loop_defer(self->loop, &l.d);
	EXPECT_EQ(0, loop_run(self->loop));
	EXPECT_EQ(3, l.runs);

	loop_defer(self->loop, &l.d);
	loop_defer_cancel(&l.d);
	EXPECT_EQ(-ETIME, loop_run_once(self->loop, in_ms(1)));
	EXPECT_EQ(3, l.runs);
}

/* -------- watches -------- */

struct watched {
	struct loop_watch *watch;
	int fd;
	unsigned calls, free_after;
	uint32_t last;
	bool called;
};

static void watched_ready(struct loop_watch *watch, uint32_t events, void *data)
{
	struct watched *w = data;
	char c;

	w->last = events;
	w->called = true;
	if ((events & POLLIN) && read(w->fd, &c, 1) != 1)
		abort();
	if (++w->calls == w->free_after) {
		close(w->fd);
		w->watch = watch_free(watch);
	}
}

TEST_F(loop, a_watch_fires_for_as_long_as_there_is_something)
{
	struct watched w = { 0 };
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	w.fd = fds[0];
	ASSERT_EQ(0, watch_new(self->loop, fds[0], POLLIN, watched_ready, &w, &w.watch));
	ASSERT_EQ(3, write(fds[1], "abc", 3));
	while (w.calls < 3)
		ASSERT_EQ(0, loop_run_once(self->loop, in_ms(1000)));
	EXPECT_EQ(-ETIME, loop_run_once(self->loop, in_ms(5)));
	EXPECT_EQ(3, w.calls);

	/* Not while it is told to watch for nothing; then again. */
	watch_set_events(w.watch, 0);
	ASSERT_EQ(1, write(fds[1], "d", 1));
	while (loop_run_once(self->loop, in_ms(5)) == 0)
		;
	EXPECT_EQ(3, w.calls);
	watch_set_events(w.watch, POLLIN);
	ASSERT_EQ(0, loop_run_once(self->loop, in_ms(1000)));
	EXPECT_EQ(4, w.calls);

	watch_free(w.watch);
	ASSERT_EQ(1, write(fds[1], "e", 1));
	while (loop_run_once(self->loop, in_ms(5)) == 0)
		;
	EXPECT_EQ(4, w.calls);
	close(fds[0]);
	close(fds[1]);
}

TEST_F(loop, a_callback_may_free_its_watch_and_close_the_descriptor)
{
	struct watched w = { .free_after = 1 };
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	w.fd = fds[0];
	ASSERT_EQ(0, watch_new(self->loop, fds[0], POLLIN, watched_ready, &w, &w.watch));
	ASSERT_EQ(2, write(fds[1], "ab", 2));
	while (loop_run_once(self->loop, in_ms(5)) == 0)
		;
	EXPECT_EQ(1, w.calls);
	EXPECT_EQ(NULL, w.watch);
	close(fds[1]);
}

TEST_F(loop, a_watch_on_a_closed_descriptor_says_so_once)
{
	struct watched w = { 0 };
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	close(fds[0]);
	close(fds[1]);
	ASSERT_EQ(0, watch_new(self->loop, fds[0], POLLIN, watched_ready, &w, &w.watch));
	while (loop_run_once(self->loop, in_ms(5)) == 0)
		;
	EXPECT_EQ(1, w.calls);
	EXPECT_EQ((uint32_t)POLLNVAL, w.last);
	watch_free(w.watch);
}

/* -------- signals -------- */

struct caught {
	struct loop_signals *signals;
	unsigned n;
	int last;
	bool any, free_it;
};

static void catch (int signo, void *data)
{
	struct caught *c = data;

	c->n++;
	c->last = signo;
	c->any = true;
	if (c->free_it)
		c->signals = signals_free(c->signals);
}

TEST_F(loop, blocked_signals_are_delivered_as_events)
{
	static const int signos[] = { SIGUSR1, SIGHUP };
	struct caught c = { 0 };

	ASSERT_EQ(0, signals_block(signos, ARRAY_SIZE(signos)));
	ASSERT_EQ(0, signals_new(self->loop, signos, ARRAY_SIZE(signos), catch, &c, &c.signals));
	kill(getpid(), SIGHUP);
	EXPECT_EQ(0, loop_run_until(self->loop, &c.any, in_ms(1000)));
	EXPECT_EQ(SIGHUP, c.last);
	c.any = false;
	c.free_it = true;
	kill(getpid(), SIGUSR1);
	EXPECT_EQ(0, loop_run_until(self->loop, &c.any, in_ms(1000)));
	EXPECT_EQ(SIGUSR1, c.last);
	EXPECT_EQ(2, c.n);
	EXPECT_EQ(NULL, c.signals);
}

TEST_HARNESS_MAIN
