/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <stdlib.h>
#include <unistd.h>

#include "pdk/loop/loop.h"
#include "pdk/loop/timer.h"
#include "../leaks.h"

#define N 5000

FIXTURE(timer)
{
	struct loop *loop;
};

FIXTURE_SETUP(timer)
{
	ASSERT_EQ(0, loop_new(&self->loop));
}

FIXTURE_TEARDOWN(timer)
{
	EXPECT_EQ(NULL, loop_free(self->loop));
	EXPECT_NO_LEAKS();
}

static struct instant in_ms(int64_t ms)
{
	return instant_add(instant_now(), DURATION_MS(ms));
}

/* -------- order -------- */

struct random_timer {
	struct loop_timer timer;
	struct instant wanted;
	unsigned armed_as; /* number of the arming */
	unsigned fired;
};

static struct {
	struct instant last;
	unsigned last_armed_as;
	unsigned fired, early, disorder;
} order;

static void note_order(struct loop_timer *timer, void *data)
{
	struct random_timer *t = data;

	order.early += instant_before(loop_now(timer->loop), t->wanted);
	order.disorder += instant_before(t->wanted, order.last) ||
			  (t->wanted.ns == order.last.ns && t->armed_as < order.last_armed_as);
	order.last = t->wanted;
	order.last_armed_as = t->armed_as;
	order.fired++;
	t->fired++;
}

TEST_F(timer, thousands_fire_once_each_in_order_and_never_early)
{
	static struct random_timer timers[N];
	unsigned short seed[3] = { 1, 2, (unsigned short)getpid() };
	struct instant base = instant_add(loop_now(self->loop), DURATION_MS(20));
	unsigned armings = 0, expected = 0;

	TH_LOG("seed %u", seed[2]);
	for (unsigned i = 0; i < N; i++)
		timer_init(&timers[i].timer, self->loop, note_order, &timers[i]);
	/* Some are armed again, some disarmed; instants are coarse, so many are equal. */
	for (unsigned i = 0; i < 3 * N; i++) {
		struct random_timer *t = &timers[(unsigned)nrand48(seed) % N];

		if (nrand48(seed) % 4 == 0) {
			timer_disarm(&t->timer);
			continue;
		}
		t->wanted = instant_add(base, DURATION_US(nrand48(seed) % 600 * 100));
		t->armed_as = ++armings;
		timer_arm(&t->timer, t->wanted);
	}
	for (unsigned i = 0; i < N; i++)
		expected += timer_armed(&timers[i].timer);
	while (loop_run_once(self->loop, in_ms(200)) == 0)
		;
	EXPECT_EQ(expected, order.fired);
	EXPECT_EQ(0, order.early);
	EXPECT_EQ(0, order.disorder);
	for (unsigned i = 0; i < N; i++) {
		EXPECT_LE(timers[i].fired, 1);
		EXPECT_FALSE(timer_armed(&timers[i].timer));
	}
	EXPECT_EQ(expected, loop_counters(self->loop)->timers);
}

/* -------- recurring -------- */

static void count(struct loop_timer *timer _unused_, void *data)
{
	(*(unsigned *)data)++;
}

TEST_F(timer, a_recurring_one_goes_on_until_it_is_disarmed)
{
	struct loop_timer tick;
	unsigned ticks = 0;

	timer_init(&tick, self->loop, count, &ticks);
	timer_arm_every(&tick, DURATION_MS(2));
	while (ticks < 5)
		ASSERT_EQ(0, loop_run_once(self->loop, in_ms(1000)));
	timer_disarm(&tick);
	EXPECT_EQ(-ETIME, loop_run_once(self->loop, in_ms(20)));
	EXPECT_EQ(5, ticks);
}

TEST_F(timer, a_late_recurring_one_leaves_out_ticks_and_keeps_its_beat)
{
	struct instant start = loop_now(self->loop);
	struct loop_timer tick;
	unsigned ticks = 0;

	timer_init(&tick, self->loop, count, &ticks);
	timer_arm_every(&tick, DURATION_MS(10));
	usleep(55000);
	ASSERT_EQ(0, loop_run_once(self->loop, in_ms(1000)));
	EXPECT_EQ(1, ticks);
	EXPECT_EQ(0, instant_diff(tick.at, start).ns % 10000000);
	EXPECT_TRUE(instant_before(loop_now(self->loop), tick.at));
	timer_disarm(&tick);
}

/* -------- callbacks that act on timers -------- */

static void free_itself(struct loop_timer *timer, void *data)
{
	(*(unsigned *)data)++;
	timer_disarm(timer);
	free(timer);
}

TEST_F(timer, a_callback_may_free_its_own_timer)
{
	struct loop_timer *once = malloc(sizeof(*once)), *often = malloc(sizeof(*often));
	unsigned calls = 0;

	timer_init(once, self->loop, free_itself, &calls);
	timer_init(often, self->loop, free_itself, &calls);
	timer_arm_after(once, DURATION_MS(1));
	timer_arm_every(often, DURATION_MS(1));
	while (loop_run_once(self->loop, in_ms(30)) == 0)
		;
	EXPECT_EQ(2, calls);
}

static void arm_again(struct loop_timer *timer, void *data)
{
	if (++*(unsigned *)data < 4)
		timer_arm_after(timer, DURATION_MS(1));
}

TEST_F(timer, a_callback_may_arm_its_own_timer)
{
	struct loop_timer t;
	unsigned calls = 0;

	timer_init(&t, self->loop, arm_again, &calls);
	timer_arm_after(&t, DURATION_MS(1));
	while (loop_run_once(self->loop, in_ms(30)) == 0)
		;
	EXPECT_EQ(4, calls);
}

static void arm_in_the_past(struct loop_timer *timer, void *data)
{
	if (++*(unsigned *)data < 1000)
		timer_arm(timer, (struct instant){ 0 });
}

TEST_F(timer, one_that_is_always_due_keeps_nobody_from_running)
{
	struct loop_timer greedy, modest;
	unsigned greedy_calls = 0, modest_calls = 0;

	timer_init(&greedy, self->loop, arm_in_the_past, &greedy_calls);
	timer_init(&modest, self->loop, count, &modest_calls);
	timer_arm(&greedy, (struct instant){ 0 });
	timer_arm_after(&modest, DURATION_US(1));
	for (unsigned turn = 0; turn < 5; turn++)
		ASSERT_EQ(0, loop_run_once(self->loop, in_ms(100)));
	EXPECT_EQ(5, greedy_calls);
	EXPECT_EQ(1, modest_calls);
	timer_disarm(&greedy);
}

static void disarm_other(struct loop_timer *timer _unused_, void *data)
{
	timer_disarm(data);
}

TEST_F(timer, a_callback_may_disarm_another_that_is_due_as_well)
{
	struct loop_timer first, second;
	struct instant at = in_ms(2);

	timer_init(&second, self->loop, count, NULL);
	timer_init(&first, self->loop, disarm_other, &second);
	timer_arm(&first, at);
	timer_arm(&second, at);
	EXPECT_EQ(0, loop_run_once(self->loop, in_ms(100)));
	/* count() would have crashed on its NULL. */
	EXPECT_EQ(-ETIME, loop_run_once(self->loop, in_ms(5)));
	EXPECT_EQ(1, loop_counters(self->loop)->timers);
}

TEST_F(timer, never_disarms)
{
	struct loop_timer t;

	timer_init(&t, self->loop, count, NULL);
	timer_arm_after(&t, DURATION_MS(1));
	EXPECT_TRUE(timer_armed(&t));
	timer_arm(&t, INSTANT_NEVER);
	EXPECT_FALSE(timer_armed(&t));
}

TEST_HARNESS_MAIN
