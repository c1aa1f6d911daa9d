/* SPDX-License-Identifier: MIT */
#include "pdk/worker/timer_letter.h"

static void timer_letter_deliver(struct mail *mail)
{
	struct timer_letter *t = container_of(mail, struct timer_letter, mail);

	/* From here on the next tick sends the letter again. */
	t->fn(t, __atomic_exchange_n(&t->ticks, 0, __ATOMIC_ACQ_REL), t->data);
}

static void timer_letter_due(struct loop_timer *timer, void *data _unused_)
{
	struct timer_letter *t = container_of(timer, struct timer_letter, timer);

	if (__atomic_fetch_add(&t->ticks, 1, __ATOMIC_ACQ_REL) == 0)
		mailbox_post(t->to, &t->mail, timer_letter_deliver);
}

void timer_letter_init(struct timer_letter *t, struct loop *loop, struct mailbox *to,
		       timer_letter_fn fn, void *data)
{
	*t = (struct timer_letter){ .to = to, .fn = fn, .data = data };
	timer_init(&t->timer, loop, timer_letter_due, NULL);
}

bool timer_letter_pending(const struct timer_letter *t)
{
	return __atomic_load_n(&t->ticks, __ATOMIC_ACQUIRE) != 0;
}
