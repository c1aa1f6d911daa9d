/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Timers of a loop: one-shot or recurring, embedded in their object, run as callbacks on the loop's
 * thread. Timers that are due run in the order of their instants, equal ones in the order in which
 * they were armed. A callback may arm, disarm or free its own timer or another one. For delivery to
 * a queue see pdk/worker/timer_letter.h. Owner thread only.
 */
#include "pdk/base/heap.h"
#include "pdk/base/time.h"

struct loop;
struct loop_timer;

typedef void (*timer_fn)(struct loop_timer *timer, void *data);

struct loop_timer {
	struct heap_node node;
	struct loop *loop;
	timer_fn fn;
	void *data;
	struct instant at;
	struct duration period; /* 0: one-shot */
	uint64_t seq;           /* order of arming */
};

/* Disarmed. */
void timer_init(struct loop_timer *t, struct loop *loop, timer_fn fn, void *data);

/*
 * Arm for an instant, or for a duration after loop_now(). Replaces an earlier arming. An instant
 * that has passed means as soon as possible; INSTANT_NEVER disarms.
 */
void timer_arm(struct loop_timer *t, struct instant at);
void timer_arm_after(struct loop_timer *t, struct duration d);
/* Every period (> 0) from now on; when the loop was late, missed ticks are left out. */
void timer_arm_every(struct loop_timer *t, struct duration period);

/* Disarmed timers may be freed. Does nothing when not armed. */
void timer_disarm(struct loop_timer *t);

static inline bool timer_armed(const struct loop_timer *t)
{
	return heap_linked(&t->node);
}
