/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "pdk/loop/loop.h"
#include "pdk/worker/worker.h"
#include "../leaks.h"

#define N 4

static struct {
	unsigned inits, finis; /* atomic */
	unsigned fail_at;      /* index + 1 of the worker whose init fails */
	unsigned wrong;        /* atomic: broken expectations on the threads */
} seen;

static int init(struct worker *w, void *data)
{
	char name[32];

	__atomic_add_fetch(&seen.inits, 1, __ATOMIC_RELAXED);
	pthread_getname_np(pthread_self(), name, sizeof(name));
	if (worker_current() != w || strcmp(name, w->name) != 0 || data != &seen)
		__atomic_add_fetch(&seen.wrong, 1, __ATOMIC_RELAXED);
	loop_check_owner(w->loop);
	return seen.fail_at == w->index + 1 ? -EIO : 0;
}

static void fini(struct worker *w, void *data _unused_)
{
	__atomic_add_fetch(&seen.finis, 1, __ATOMIC_RELAXED);
	if (worker_current() != w || w->stopping)
		__atomic_add_fetch(&seen.wrong, 1, __ATOMIC_RELAXED);
}

TEST(each_worker_has_its_own_thread_loop_and_mailbox)
{
	struct workers *ws = NULL;

	ASSERT_EQ(0, workers_new(N, "shard", init, fini, &seen, &ws));
	ASSERT_EQ(N, workers_count(ws));
	for (unsigned i = 0; i < N; i++) {
		EXPECT_EQ(i, workers_at(ws, i)->index);
		for (unsigned k = 0; k < i; k++) {
			EXPECT_NE(workers_at(ws, i)->loop, workers_at(ws, k)->loop);
			EXPECT_NE(workers_at(ws, i)->mailbox, workers_at(ws, k)->mailbox);
		}
	}
	EXPECT_STREQ("shard-2", workers_at(ws, 2)->name);
	EXPECT_EQ(NULL, worker_current());
	EXPECT_EQ(NULL, workers_free(ws));
	EXPECT_EQ(N, seen.inits);
	EXPECT_EQ(N, seen.finis);
	EXPECT_EQ(0, seen.wrong);
	EXPECT_NO_LEAKS();
}

TEST(when_one_init_fails_all_are_ended)
{
	struct workers *ws = NULL;

	seen.fail_at = 3;
	EXPECT_EQ(-EIO, workers_new(N, "shard", init, fini, &seen, &ws));
	EXPECT_EQ(NULL, ws);
	EXPECT_EQ(N, seen.inits);
	EXPECT_EQ(N - 1, seen.finis);
	EXPECT_EQ(-EINVAL, workers_new(0, "shard", init, fini, &seen, &ws));
	EXPECT_EQ(-EINVAL, workers_new(WORKERS_MAX + 1, "shard", init, fini, &seen, &ws));
	EXPECT_NO_LEAKS();
}

/* -------- letters between workers -------- */

#define HOPS 2000

struct ball {
	struct mail mail;
	struct workers *ws;
	unsigned hops; /* atomic: read by the test */
};

static void ball_land(struct mail *mail)
{
	struct ball *b = container_of(mail, struct ball, mail);
	unsigned hops = __atomic_add_fetch(&b->hops, 1, __ATOMIC_RELAXED);

	if (!worker_current())
		__atomic_add_fetch(&seen.wrong, 1, __ATOMIC_RELAXED);
	if (hops < HOPS)
		workers_post(b->ws, (worker_current()->index + 1) % N, mail, ball_land);
}

TEST(letters_go_round_between_workers)
{
	struct ball balls[8];
	struct workers *ws;

	ASSERT_EQ(0, workers_new(N, "shard", NULL, NULL, NULL, &ws));
	for (unsigned i = 0; i < 8; i++) {
		balls[i] = (struct ball){ .ws = ws };
		workers_post(ws, i % N, &balls[i].mail, ball_land);
	}
	for (unsigned i = 0; i < 8; i++)
		while (__atomic_load_n(&balls[i].hops, __ATOMIC_RELAXED) < HOPS)
			usleep(1000);
	workers_free(ws);
	for (unsigned i = 0; i < 8; i++)
		EXPECT_EQ(HOPS, balls[i].hops);
	EXPECT_EQ(0, seen.wrong);
	EXPECT_NO_LEAKS();
}

/* -------- what others send while they end -------- */

struct parcel {
	struct mail mail;
	unsigned *arrived; /* atomic */
};

static struct workers *parcel_workers;
static unsigned parcels_arrived;

static void parcel_land(struct mail *mail)
{
	struct parcel *p = container_of(mail, struct parcel, mail);

	__atomic_add_fetch(p->arrived, 1, __ATOMIC_RELAXED);
	free(p);
}

static void send_parcels(struct worker *w, void *data _unused_)
{
	for (unsigned i = 0; i < N; i++) {
		struct parcel *p = calloc(1, sizeof(*p));

		p->arrived = &parcels_arrived;
		workers_post(parcel_workers, i, &p->mail, parcel_land);
	}
}

TEST(letters_to_workers_that_rest_wait_for_their_end)
{
	struct workers *ws;

	ASSERT_EQ(0, workers_new(N, "shard", NULL, fini, &seen, &parcel_workers));
	ws = parcel_workers;
	workers_end(ws);
	EXPECT_EQ(N, seen.finis);
	send_parcels(NULL, NULL);
	workers_end(ws); /* once is enough */
	usleep(10000);
	EXPECT_EQ(0, __atomic_load_n(&parcels_arrived, __ATOMIC_RELAXED));
	EXPECT_EQ(NULL, workers_free(ws));
	EXPECT_EQ(N, parcels_arrived);
	EXPECT_EQ(N, seen.finis);
	EXPECT_EQ(0, seen.wrong);
	EXPECT_NO_LEAKS();
}

TEST(letters_sent_by_fini_are_delivered)
{
	for (unsigned round = 0; round < 50; round++) {
		parcels_arrived = 0;
		ASSERT_EQ(0, workers_new(N, "shard", NULL, send_parcels, NULL, &parcel_workers));
		workers_free(parcel_workers);
		ASSERT_EQ(N * N, parcels_arrived);
	}
	EXPECT_NO_LEAKS();
}

TEST_HARNESS_MAIN
