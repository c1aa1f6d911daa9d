/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "pdk/loop/loop.h"
#include "pdk/worker/mailbox.h"
#include "pdk/worker/timer_letter.h"
#include "../leaks.h"

#define SENDERS 4
#define LETTERS 100000

FIXTURE(mailbox)
{
	struct loop *loop;
	struct mailbox *box;
};

FIXTURE_SETUP(mailbox)
{
	ASSERT_EQ(0, loop_new(&self->loop));
	ASSERT_EQ(0, mailbox_new(self->loop, &self->box));
}

FIXTURE_TEARDOWN(mailbox)
{
	mailbox_free(self->box);
	loop_free(self->loop);
	EXPECT_NO_LEAKS();
}

static struct instant in_ms(int64_t ms)
{
	return instant_add(instant_now(), DURATION_MS(ms));
}

/* -------- many senders -------- */

struct letter {
	struct mail mail;
	struct sender *sender;
	unsigned number;
};

struct sender {
	pthread_t thread;
	struct mailbox *box;
	struct letter *letters;
	unsigned next; /* number that has to come next */
};

static unsigned disorder, delivered;

static void letter_deliver(struct mail *mail)
{
	struct letter *l = container_of(mail, struct letter, mail);

	disorder += l->number != l->sender->next;
	l->sender->next = l->number + 1;
	delivered++;
}

static void *sender_run(void *data)
{
	struct sender *s = data;

	for (unsigned i = 0; i < LETTERS; i++) {
		mailbox_post(s->box, &s->letters[i].mail, letter_deliver);
		/* So that receiver and senders really meet, on few cores too. */
		if (i % 64 == 0)
			sched_yield();
	}
	return NULL;
}

TEST_F(mailbox, letters_of_many_senders_arrive_once_and_in_order)
{
	struct sender senders[SENDERS];

	for (unsigned i = 0; i < SENDERS; i++) {
		senders[i] = (struct sender){ .box = self->box };
		senders[i].letters = calloc(LETTERS, sizeof(struct letter));
		for (unsigned k = 0; k < LETTERS; k++) {
			senders[i].letters[k].sender = &senders[i];
			senders[i].letters[k].number = k;
		}
		ASSERT_EQ(0, pthread_create(&senders[i].thread, NULL, sender_run, &senders[i]));
	}
	while (delivered < SENDERS * LETTERS)
		ASSERT_EQ(0, loop_run_once(self->loop, in_ms(5000)));
	for (unsigned i = 0; i < SENDERS; i++) {
		pthread_join(senders[i].thread, NULL);
		EXPECT_EQ(LETTERS, senders[i].next);
		free(senders[i].letters);
	}
	EXPECT_EQ(0, disorder);
	EXPECT_EQ(SENDERS * LETTERS, delivered);
	/* A busy receiver is not woken for every letter. */
	TH_LOG("%llu turns for %u letters", (unsigned long long)loop_counters(self->loop)->turns,
	       delivered);
}

/* -------- one thread -------- */

struct note {
	struct mail mail;
	struct mailbox *box;
	unsigned *count, again;
	bool free_box, on_heap;
};

static void note_deliver(struct mail *mail)
{
	struct note *n = container_of(mail, struct note, mail);

	++*n->count;
	if (n->again) {
		n->again--;
		mailbox_post(n->box, mail, note_deliver);
	} else if (n->free_box) {
		mailbox_free(n->box);
	}
	if (n->on_heap)
		free(n);
}

TEST_F(mailbox, a_batch_wakes_the_receiver_once)
{
	struct note notes[100];
	unsigned count = 0;
	uint64_t completions;

	loop_run_once(self->loop, in_ms(1));
	completions = loop_counters(self->loop)->completions;
	for (unsigned i = 0; i < 100; i++) {
		notes[i] = (struct note){ .count = &count };
		mailbox_post(self->box, &notes[i].mail, note_deliver);
	}
	EXPECT_EQ(0, loop_run_once(self->loop, in_ms(1000)));
	EXPECT_EQ(100, count);
	EXPECT_EQ(-ETIME, loop_run_once(self->loop, in_ms(5)));
	EXPECT_EQ(completions + 1, loop_counters(self->loop)->completions);
}

TEST_F(mailbox, letters_that_wait_are_counted)
{
	struct letter letters[3] = { 0 };
	struct sender sender = { .box = self->box };

	EXPECT_EQ(0, mailbox_waiting(self->box));
	for (unsigned i = 0; i < 3; i++) {
		letters[i].sender = &sender;
		letters[i].number = i;
		mailbox_post(self->box, &letters[i].mail, letter_deliver);
		EXPECT_EQ(i + 1, mailbox_waiting(self->box));
	}
	delivered = 0;
	while (delivered < 3)
		ASSERT_EQ(0, loop_run_once(self->loop, in_ms(1000)));
	EXPECT_EQ(0, mailbox_waiting(self->box));
}

TEST_F(mailbox, a_letter_may_be_posted_again_or_freed_while_it_is_delivered)
{
	struct note again = { .box = self->box, .again = 9 };
	struct note *freed = calloc(1, sizeof(*freed));
	unsigned count = 0;

	again.count = freed->count = &count;
	freed->on_heap = true;
	mailbox_post(self->box, &again.mail, note_deliver);
	mailbox_post(self->box, &freed->mail, note_deliver);
	while (loop_run_once(self->loop, in_ms(10)) == 0)
		;
	EXPECT_EQ(11, count);
}

TEST_F(mailbox, freeing_delivers_what_is_inside)
{
	struct note a = { .box = self->box, .again = 3 }, b = { 0 };
	unsigned count = 0;

	a.count = b.count = &count;
	mailbox_post(self->box, &a.mail, note_deliver);
	mailbox_post(self->box, &b.mail, note_deliver);
	self->box = mailbox_free(self->box);
	EXPECT_EQ(NULL, self->box);
	EXPECT_EQ(5, count);
}

TEST_F(mailbox, a_letter_may_free_the_mailbox_and_the_rest_is_delivered)
{
	struct note first = { .box = self->box, .free_box = true }, second = { 0 };
	unsigned count = 0;

	first.count = second.count = &count;
	mailbox_post(self->box, &first.mail, note_deliver);
	mailbox_post(self->box, &second.mail, note_deliver);
	while (loop_run_once(self->loop, in_ms(10)) == 0)
		;
	EXPECT_EQ(2, count);
	self->box = NULL;
}

/* -------- timers by letter -------- */

struct ticker {
	struct timer_letter letter;
	struct loop *stop;
	unsigned calls, ticks;
};

static void ticked(struct timer_letter *t _unused_, unsigned ticks, void *data)
{
	struct ticker *k = data;

	k->calls++;
	k->ticks += ticks;
	if (k->stop && k->ticks >= 5)
		loop_stop(k->stop);
}

struct receiver {
	pthread_t thread;
	struct mailbox *box; /* made on the thread */
	struct loop *loop;
	pthread_barrier_t ready;
};

static void *receiver_run(void *data)
{
	struct receiver *r = data;

	if (loop_new(&r->loop) != 0 || mailbox_new(r->loop, &r->box) != 0)
		abort();
	pthread_barrier_wait(&r->ready);
	loop_run(r->loop);
	pthread_barrier_wait(&r->ready);
	mailbox_free(r->box);
	loop_free(r->loop);
	return NULL;
}

TEST_F(mailbox, a_timer_can_be_delivered_to_the_queue_of_another_thread)
{
	struct ticker k = { 0 };
	struct receiver r;

	pthread_barrier_init(&r.ready, NULL, 2);
	ASSERT_EQ(0, pthread_create(&r.thread, NULL, receiver_run, &r));
	pthread_barrier_wait(&r.ready);
	k.stop = r.loop;
	timer_letter_init(&k.letter, self->loop, r.box, ticked, &k);
	timer_arm_every(&k.letter.timer, DURATION_MS(2));
	for (unsigned i = 0; i < 10; i++)
		ASSERT_EQ(0, loop_run_once(self->loop, in_ms(1000)));
	timer_disarm(&k.letter.timer);
	pthread_barrier_wait(&r.ready); /* it was stopped by the fifth tick */
	pthread_join(r.thread, NULL);
	EXPECT_EQ(10, k.ticks);
	EXPECT_LE(k.calls, k.ticks);
	EXPECT_FALSE(timer_letter_pending(&k.letter));
	pthread_barrier_destroy(&r.ready);
}

TEST_F(mailbox, ticks_are_counted_while_the_letter_is_on_its_way)
{
	struct ticker k = { 0 };

	/* The mailbox is served by the same loop, whose timers run after its letters. */
	timer_letter_init(&k.letter, self->loop, self->box, ticked, &k);
	k.letter.timer.fn(&k.letter.timer, NULL);
	k.letter.timer.fn(&k.letter.timer, NULL);
	k.letter.timer.fn(&k.letter.timer, NULL);
	EXPECT_TRUE(timer_letter_pending(&k.letter));
	EXPECT_EQ(0, loop_run_once(self->loop, in_ms(1000)));
	EXPECT_EQ(1, k.calls);
	EXPECT_EQ(3, k.ticks);
	EXPECT_FALSE(timer_letter_pending(&k.letter));
}

TEST_HARNESS_MAIN
