/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <signal.h>

#include "../leaks.h"
#include "fake_kernel.h"
#include "pdk/loop/loop.h"
#include "pdk/netlink/thread.h"

static int always_ok(struct fake_kernel *f, const struct nlmsghdr *h, char *text)
{
	return 0;
}

struct letter {
	struct mail mail;
	struct netlink_thread *t;
	struct mailbox *reply_to;
	unsigned *next; /* shared by the letters, touched by one thread at a time */
	unsigned number;
	bool in_order, blocks_signals, done;
	int err;
	pthread_t ran_on;
};

static void on_answer(struct mail *mail)
{
	container_of(mail, struct letter, mail)->done = true;
}

static void run_letter(struct mail *mail)
{
	struct letter *l = container_of(mail, struct letter, mail);
	uint32_t zero = 0;
	sigset_t blocked;

	l->in_order = (*l->next)++ == l->number;
	l->ran_on = pthread_self();
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	l->blocks_signals = sigismember(&blocked, SIGTERM) == 1;
	l->err = netlink_request(netlink_thread_socket(l->t),
				 netlink_msg_new(0x20, 0, BYTES(&zero, sizeof(zero)), 0), NULL,
				 NULL, NULL);
	if (l->reply_to)
		mailbox_post(l->reply_to, &l->mail, on_answer);
}

TEST(letters_run_in_order_on_the_thread_and_come_back)
{
	struct letter letters[50] = { 0 };
	struct fake_kernel fake;
	struct netlink_thread *t;
	struct mailbox *mailbox;
	unsigned next = 0;
	struct loop *loop;

	ASSERT_EQ(0, loop_new(&loop));
	ASSERT_EQ(0, mailbox_new(loop, &mailbox));
	ASSERT_EQ(0, netlink_thread_new("test", fake_start(&fake, always_ok, NULL), &t));
	for (unsigned i = 0; i < ARRAY_SIZE(letters); i++) {
		letters[i] =
			(struct letter){ .t = t, .reply_to = mailbox, .next = &next, .number = i };
		netlink_thread_post(t, &letters[i].mail, run_letter);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(letters); i++) {
		ASSERT_EQ(0, loop_run_until(loop, &letters[i].done,
					    instant_add(instant_now(), DURATION_S(10))));
		EXPECT_TRUE(letters[i].in_order);
		EXPECT_TRUE(letters[i].blocks_signals);
		EXPECT_EQ(0, letters[i].err);
		EXPECT_FALSE(pthread_equal(letters[i].ran_on, pthread_self()));
	}
	EXPECT_EQ(NULL, netlink_thread_free(t));
	fake_stop(&fake, NULL);
	mailbox_free(mailbox);
	loop_free(loop);
	EXPECT_NO_LEAKS();
}

TEST(letters_posted_before_the_end_are_run)
{
	struct letter letters[50] = { 0 };
	struct fake_kernel fake;
	struct netlink_thread *t;
	unsigned next = 0;

	ASSERT_EQ(0, netlink_thread_new("test", fake_start(&fake, always_ok, NULL), &t));
	for (unsigned i = 0; i < ARRAY_SIZE(letters); i++) {
		letters[i] = (struct letter){ .t = t, .next = &next, .number = i };
		netlink_thread_post(t, &letters[i].mail, run_letter);
	}
	netlink_thread_free(t);
	fake_stop(&fake, NULL);
	EXPECT_EQ(ARRAY_SIZE(letters), next);
	EXPECT_EQ(NULL, netlink_thread_free(NULL));
	EXPECT_NO_LEAKS();
}

TEST_HARNESS_MAIN
