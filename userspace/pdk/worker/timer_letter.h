/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A timer that is delivered to a queue: when it is due it posts a letter to a mailbox, which may be
 * another thread's. While one letter is on its way no second one is sent; ticks meanwhile are
 * counted.
 */
#include <stdbool.h>
#include "pdk/loop/timer.h"
#include "pdk/worker/mailbox.h"

struct timer_letter;

/* On the thread of the mailbox. ticks: how often the timer was due since the last delivery, >= 1.
 */
typedef void (*timer_letter_fn)(struct timer_letter *t, unsigned ticks, void *data);

/* Embedded. The timer is armed and disarmed through &t->timer on its loop's thread. */
struct timer_letter {
	struct loop_timer timer;
	struct mail mail;
	struct mailbox *to;
	timer_letter_fn fn;
	void *data;
	unsigned ticks; /* atomic; not 0: a letter is on its way */
};

/* owner of loop */
void timer_letter_init(struct timer_letter *t, struct loop *loop, struct mailbox *to,
		       timer_letter_fn fn, void *data);
/*
 * After the timer was disarmed: is a letter still on its way? The object may be freed when not;
 * otherwise in fn, or later. owner of loop
 */
bool timer_letter_pending(const struct timer_letter *t);
