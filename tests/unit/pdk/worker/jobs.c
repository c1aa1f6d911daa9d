/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <unistd.h>

#include "pdk/loop/loop.h"
#include "pdk/worker/jobs.h"
#include "../leaks.h"

FIXTURE(jobs)
{
	struct loop *loop;
	struct mailbox *box;
	struct jobs *jobs;
};

FIXTURE_SETUP(jobs)
{
	ASSERT_EQ(0, loop_new(&self->loop));
	ASSERT_EQ(0, mailbox_new(self->loop, &self->box));
}

FIXTURE_TEARDOWN(jobs)
{
	jobs_free(self->jobs);
	mailbox_free(self->box);
	loop_free(self->loop);
	EXPECT_NO_LEAKS();
}

static struct instant in_ms(int64_t ms)
{
	return instant_add(instant_now(), DURATION_MS(ms));
}

struct work {
	struct job job;
	unsigned in, out;
	pthread_t ran_on, done_on;
	sem_t *started, *gate; /* run() reports and then waits here */
	unsigned *done;
};

static void work_run(struct job *job)
{
	struct work *w = container_of(job, struct work, job);

	w->ran_on = pthread_self();
	if (w->gate) {
		sem_post(w->started);
		sem_wait(w->gate);
	}
	w->out = w->in * w->in;
}

static void work_done(struct job *job)
{
	struct work *w = container_of(job, struct work, job);

	w->done_on = pthread_self();
	++*w->done;
}

TEST_F(jobs, results_come_back_to_the_thread_that_asked)
{
	struct work works[200];
	unsigned done = 0;

	ASSERT_EQ(0, jobs_new(3, 200, &self->jobs));
	for (unsigned i = 0; i < 200; i++) {
		works[i] = (struct work){ .in = i, .done = &done };
		ASSERT_EQ(0,
			  jobs_submit(self->jobs, &works[i].job, work_run, work_done, self->box));
	}
	while (done < 200)
		ASSERT_EQ(0, loop_run_once(self->loop, in_ms(5000)));
	for (unsigned i = 0; i < 200; i++) {
		EXPECT_EQ(i * i, works[i].out);
		EXPECT_TRUE(pthread_equal(pthread_self(), works[i].done_on));
		EXPECT_FALSE(pthread_equal(pthread_self(), works[i].ran_on));
		EXPECT_FALSE(works[i].job.cancelled);
	}
}

TEST_F(jobs, a_full_queue_refuses_and_what_waits_at_the_end_comes_back_cancelled)
{
	unsigned done = 0, cancelled = 0;
	struct work works[5];
	sem_t started, gate;

	sem_init(&started, 0, 0);
	sem_init(&gate, 0, 0);
	ASSERT_EQ(0, jobs_new(1, 3, &self->jobs));
	for (unsigned i = 0; i < 5; i++)
		works[i] = (struct work){
			.in = 2, .done = &done, .started = &started, .gate = i ? NULL : &gate
		};
	/* The first keeps the only thread busy, three wait, the fifth is one too many. */
	ASSERT_EQ(0, jobs_submit(self->jobs, &works[0].job, work_run, work_done, self->box));
	sem_wait(&started);
	for (unsigned i = 1; i < 4; i++)
		ASSERT_EQ(0,
			  jobs_submit(self->jobs, &works[i].job, work_run, work_done, self->box));
	EXPECT_EQ(-EAGAIN, jobs_submit(self->jobs, &works[4].job, work_run, work_done, self->box));

	EXPECT_EQ(0, done);
	sem_post(&gate);
	self->jobs = jobs_free(self->jobs);
	while (done < 4)
		ASSERT_EQ(0, loop_run_once(self->loop, in_ms(5000)));
	EXPECT_EQ(4, works[0].out);
	EXPECT_FALSE(works[0].job.cancelled);
	for (unsigned i = 1; i < 4; i++) {
		EXPECT_EQ(works[i].job.cancelled ? 0 : 4, works[i].out);
		cancelled += works[i].job.cancelled;
	}
	TH_LOG("%u of 3 were cancelled", cancelled);
	sem_destroy(&gate);
	sem_destroy(&started);
}

TEST_F(jobs, freeing_cancels_what_never_ran)
{
	struct work works[10];
	unsigned done = 0;

	/* Without a thread nothing runs. */
	ASSERT_EQ(0, jobs_new(0, 10, &self->jobs));
	for (unsigned i = 0; i < 10; i++) {
		works[i] = (struct work){ .in = 3, .done = &done };
		ASSERT_EQ(0,
			  jobs_submit(self->jobs, &works[i].job, work_run, work_done, self->box));
	}
	self->jobs = jobs_free(self->jobs);
	while (done < 10)
		ASSERT_EQ(0, loop_run_once(self->loop, in_ms(1000)));
	for (unsigned i = 0; i < 10; i++) {
		EXPECT_TRUE(works[i].job.cancelled);
		EXPECT_EQ(0, works[i].out);
	}
}

TEST_HARNESS_MAIN
