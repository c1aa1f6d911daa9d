/* SPDX-License-Identifier: MIT */
/*
 * Jobs of an IKE SA (sa/job.h): their way out and back, and what becomes of them when the IKE SA
 * dies meanwhile.
 */
#include <errno.h>
#include <stdlib.h>
#include <kselftest_harness.h>

#include "pdk/log/log.h"
#include "ikev2/sa/ike_sa.h"
#include "sim.h"

#define CONFIG(local, remote)                                                                      \
	"connections { c { remote_addrs = 192.0.2.0/24\n local { auth = psk\n id = " local " }\n"  \
	" remote { auth = psk\n id = " remote " }\n children { net { local_ts = 0.0.0.0/0\n"       \
	" remote_ts = 0.0.0.0/0 } } } }\n secrets { ike-1 { secret = s } }\n"

/* What has been done to the job of a test; the job itself frees. */
struct seen {
	unsigned runs, dones, frees;
	int err;
	const struct ike_sa *sa;
};

struct test_job {
	struct ike_job job;
	struct seen *seen;
};

static struct seen *seen_of(struct ike_job *job)
{
	return container_of(job, struct test_job, job)->seen;
}

static void job_run(struct ike_job *job)
{
	seen_of(job)->runs++;
}

static void job_done(struct ike_sa *sa, struct ike_job *job)
{
	seen_of(job)->dones++;
	seen_of(job)->sa = sa;
	seen_of(job)->err = job->err;
}

static void job_free(struct ike_job *job)
{
	seen_of(job)->frees++;
	free(container_of(job, struct test_job, job));
}

static const struct ike_job_ops ops = { "a test", job_run, job_done, job_free };

static void begin(struct ike_sa *sa, struct seen *seen)
{
	struct test_job *t = calloc(1, sizeof(*t));

	if (!t)
		exit(1);
	t->job.ops = &ops;
	t->seen = seen;
	ike_core_job_take(sa, &t->job);
}

FIXTURE(up)
{
	struct sim sim;
	struct ike_sa *sa;
	struct seen seen;
};

FIXTURE_SETUP(up)
{
	log_set_level(NULL, LOG_LEVEL_ERROR);
	log_add_sink(log_stderr_sink, NULL);
	sim_init(&self->sim, 5, CONFIG("a.test", "b.test"), CONFIG("b.test", "a.test"));
	self->sim.job_delay = DURATION_S(2);
	sim_initiate(&self->sim, 0);
	ASSERT_TRUE(sim_run_results(&self->sim, 0, 1, DURATION_S(10)));
	self->sa = sim_only_sa(&self->sim.peers[0]);
	ASSERT_NE(NULL, self->sa);
	begin(self->sa, &self->seen);
}

FIXTURE_TEARDOWN(up)
{
	sim_fini(&self->sim);
}

static void perform_and_wait(struct sim *sim)
{
	/* Actions are taken out after an input: an empty datagram is one that does nothing. */
	sim_deliver(sim, 0, &sim->peers[0].addr, &sim->peers[1].addr, BYTES_NONE);
	sim_run(sim, instant_add(sim->now, DURATION_S(5)));
}

TEST_F(up, a_job_is_run_and_comes_back_to_its_ike_sa)
{
	perform_and_wait(&self->sim);
	EXPECT_EQ(1, self->seen.runs);
	EXPECT_EQ(1, self->seen.dones);
	EXPECT_EQ(1, self->seen.frees);
	EXPECT_EQ(0, self->seen.err);
	EXPECT_EQ(self->sa, self->seen.sa);
}

TEST_F(up, a_job_that_finds_no_room_comes_back_with_an_error)
{
	self->sim.jobs_full = true;
	perform_and_wait(&self->sim);
	EXPECT_EQ(0, self->seen.runs);
	EXPECT_EQ(1, self->seen.dones);
	EXPECT_EQ(-EAGAIN, self->seen.err);
	EXPECT_EQ(1, self->seen.frees);
}

TEST_F(up, a_job_of_a_dead_ike_sa_is_dropped)
{
	sim_terminate(&self->sim, 0);
	perform_and_wait(&self->sim);
	EXPECT_EQ(0, self->sim.peers[0].core->n_sas);
	EXPECT_EQ(1, self->seen.runs);
	EXPECT_EQ(0, self->seen.dones);
	EXPECT_EQ(1, self->seen.frees);
}

TEST_F(up, a_job_that_nobody_took_out_goes_with_the_core)
{
	sim_fini(&self->sim);
	EXPECT_EQ(0, self->seen.runs);
	EXPECT_EQ(1, self->seen.frees);
	sim_init(&self->sim, 5, CONFIG("a.test", "b.test"), CONFIG("b.test", "a.test"));
}

TEST_HARNESS_MAIN
