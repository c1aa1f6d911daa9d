/* SPDX-License-Identifier: MIT */
#include "pdk/loop/timer.h"

#include "pdk/loop/loop_private.h"

static struct loop_timer *timer_of(struct heap_node *node)
{
	return node ? heap_entry(node, struct loop_timer, node) : NULL;
}

bool loop_timer_before(const struct heap_node *a, const struct heap_node *b)
{
	const struct loop_timer *ta = heap_entry(a, struct loop_timer, node);
	const struct loop_timer *tb = heap_entry(b, struct loop_timer, node);

	if (ta->at.ns != tb->at.ns)
		return ta->at.ns < tb->at.ns;
	return ta->seq < tb->seq;
}

void timer_init(struct loop_timer *t, struct loop *loop, timer_fn fn, void *data)
{
	*t = (struct loop_timer){ .loop = loop, .fn = fn, .data = data };
}

static void timer_put(struct loop_timer *t, struct instant at, struct duration period)
{
	struct loop *loop = t->loop;

	loop_check_owner(loop);
	timer_disarm(t);
	if (instant_is_never(at))
		return;
	/*
	 * Nothing lies before now: a timer that always rearms itself in the past would keep the
	 * others from the top of the heap.
	 */
	t->at = instant_before(at, loop->now) ? loop->now : at;
	t->period = period;
	t->seq = ++loop->timer_seq;
	heap_insert(&loop->timers, &t->node);
}

void timer_arm(struct loop_timer *t, struct instant at)
{
	timer_put(t, at, DURATION_NS(0));
}

void timer_arm_after(struct loop_timer *t, struct duration d)
{
	timer_put(t, instant_add(t->loop->now, d), DURATION_NS(0));
}

void timer_arm_every(struct loop_timer *t, struct duration period)
{
	timer_put(t, instant_add(t->loop->now, period), period);
}

void timer_disarm(struct loop_timer *t)
{
	if (timer_armed(t))
		heap_remove(&t->loop->timers, &t->node);
}

struct instant loop_next_timer(const struct loop *loop)
{
	const struct loop_timer *t = timer_of(heap_first(&loop->timers));

	return t ? t->at : INSTANT_NEVER;
}

/* The next tick after now, a whole number of periods after the last one. */
static struct instant timer_next_tick(const struct loop_timer *t)
{
	uint64_t period = (uint64_t)t->period.ns;
	uint64_t late = (t->loop->now.ns - t->at.ns) / period;

	return (struct instant){ t->at.ns + (late + 1) * period };
}

unsigned loop_run_timers(struct loop *loop)
{
	/* What callbacks arm now runs in the next turn, so this ends. */
	uint64_t last = loop->timer_seq;
	struct loop_timer *t;
	unsigned n = 0;

	while ((t = timer_of(heap_first(&loop->timers))) && instant_reached(loop->now, t->at) &&
	       t->seq <= last) {
		heap_remove(&loop->timers, &t->node);
		if (t->period.ns > 0)
			timer_put(t, timer_next_tick(t), t->period);
		n++;
		t->fn(t, t->data);
	}
	loop->counters.timers += n;
	return n;
}
