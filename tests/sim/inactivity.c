/* SPDX-License-Identifier: MIT */
/*
 * Child SAs that carry nothing are closed, by what the kernel says of them (`inactivity`).
 */
#include <kselftest_harness.h>

#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/ike_sa.h"
#include "pair.h"

/* Memory for requests is short. */
static bool no_memory;
static unsigned asked_in_vain;

struct ipsec_request *__real_ipsec_request_new(size_t n);
struct ipsec_request *__wrap_ipsec_request_new(size_t n);
struct ipsec_request *__wrap_ipsec_request_new(size_t n)
{
	asked_in_vain += no_memory;
	return no_memory ? NULL : __real_ipsec_request_new(n);
}

FIXTURE(inactivity)
{
	struct sim sim;
};

FIXTURE_SETUP(inactivity)
{
	log_add_sink(log_stderr_sink, NULL);
}

FIXTURE_TEARDOWN(inactivity)
{
	sim_fini(&self->sim);
}

static bool begin(struct sim *sim, const char *child)
{
	const struct pair_options a = { .child = child };
	const struct pair_options b = { .child = "rekey_time = 0s\n close_action = none" };

	pair_init(sim, &a, &b);
	return pair_up(sim);
}

/* Seconds pass, in each of which something is sent or comes in. */
static void traffic(struct sim *sim, unsigned seconds, bool kernel_tells_time)
{
	for (unsigned i = 0; i < seconds; i++) {
		pair_wait(sim, DURATION_S(1));
		sim->peers[0].kernel.packets_in++;
		if (kernel_tells_time)
			sim->peers[0].kernel.esp_at = sim->now.ns / 1000000000;
	}
}

static unsigned children(const struct sim *sim)
{
	return sim->peers[0].core->n_children;
}

TEST_F(inactivity, what_never_carries_anything_is_closed)
{
	struct sim *sim = &self->sim;

	ASSERT_TRUE(begin(sim, "rekey_time = 0s\n inactivity = 60s\n start_action = start"));
	pair_wait(sim, DURATION_S(57));
	EXPECT_EQ(1, children(sim));
	pair_wait(sim, DURATION_S(5));
	EXPECT_EQ(0, children(sim));
	/* The IKE SA stays, and nobody brings the Child SA up again. */
	pair_wait(sim, DURATION_S(600));
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_EQ(1, sim->peers[0].core->n_sas);
	EXPECT_EQ(0, children(sim));
	EXPECT_EQ(1, sim->peers[0].child_downs);
	EXPECT_EQ(0, sim->peers[0].begun);
}

TEST_F(inactivity, what_the_kernel_has_lost_ends_at_the_next_look)
{
	static const enum ipsec_direction directions[] = { IPSEC_IN, IPSEC_OUT };

	for (unsigned i = 0; i < ARRAY_SIZE(directions); i++) {
		struct sim *sim = &self->sim;
		const struct child_sa *child;

		if (i)
			sim_fini(sim);
		ASSERT_TRUE(begin(sim, "rekey_time = 0s\n inactivity = 60s"));
		child = list_first(&sim_only_sa(&sim->peers[0])->children, struct child_sa, link);
		sim_kernel_lose(&sim->peers[0].kernel, i ? child->spi_out : child->spi_in,
				directions[i]);
		pair_wait(sim, DURATION_S(17));
		EXPECT_EQ(0, children(sim));
		EXPECT_EQ(1, sim->peers[0].core->n_sas);
		EXPECT_EQ(NULL, sim_agreement(sim));
	}
}

/* What the peer has asked for isn't sent on before it deletes the old one. */
TEST_F(inactivity, an_sa_that_is_not_there_yet_is_not_lost)
{
	struct sim *sim = &self->sim;

	ASSERT_TRUE(begin(sim, "rekey_time = 0s\n inactivity = 600s"));
	EXPECT_EQ(1, sim_rekey_child(sim, 1, "net"));
	for (int i = 0; i < 100 && children(sim) < 2; i++)
		pair_wait(sim, DURATION_MS(1));
	pair_wait(sim, DURATION_MS(1));
	/* Rekeying it asks for what it has carried. */
	EXPECT_EQ(1, sim_rekey_child(sim, 0, "net"));
	pair_wait(sim, DURATION_S(10));
	EXPECT_EQ(0, sim->peers[0].child_downs);
	EXPECT_EQ(1, children(sim));
	EXPECT_EQ(NULL, sim_agreement(sim));
}

TEST_F(inactivity, without_the_option_nothing_is_asked_and_nothing_closed)
{
	struct sim *sim = &self->sim;

	ASSERT_TRUE(begin(sim, "rekey_time = 0s"));
	pair_wait(sim, DURATION_S(7200));
	EXPECT_EQ(1, children(sim));
	EXPECT_EQ(0, sim->peers[0].kernel.queries);
}

TEST_F(inactivity, a_kernel_that_tells_the_time_is_believed_to_the_second)
{
	struct sim *sim = &self->sim;

	ASSERT_TRUE(begin(sim, "rekey_time = 0s\n inactivity = 60s"));
	traffic(sim, 600, true);
	EXPECT_EQ(1, children(sim));
	pair_wait(sim, DURATION_S(57));
	EXPECT_EQ(1, children(sim));
	pair_wait(sim, DURATION_S(5));
	EXPECT_EQ(0, children(sim));
	EXPECT_EQ(NULL, sim_agreement(sim));
}

/* One that only counts is asked four times in that time. */
TEST_F(inactivity, a_kernel_that_only_counts_is_asked_more_often)
{
	struct sim *sim = &self->sim;

	ASSERT_TRUE(begin(sim, "rekey_time = 0s\n inactivity = 60s"));
	traffic(sim, 600, false);
	EXPECT_EQ(1, children(sim));
	pair_wait(sim, DURATION_S(57));
	EXPECT_EQ(1, children(sim));
	pair_wait(sim, DURATION_S(22));
	EXPECT_EQ(0, children(sim));
	EXPECT_EQ(NULL, sim_agreement(sim));
}

/* New keys are no traffic; what the old ones carried is. */
TEST_F(inactivity, rekeying_neither_ends_nor_begins_the_wait)
{
	struct sim *sim = &self->sim;

	for (unsigned who = 0; who < 2; who++) {
		if (who)
			sim_fini(sim);
		ASSERT_TRUE(begin(sim, "rekey_time = 0s\n inactivity = 600s"));
		traffic(sim, 400, true);
		EXPECT_EQ(1, sim_rekey_child(sim, who, "net"));
		pair_wait(sim, DURATION_S(300));
		EXPECT_EQ(1, sim_rekey_child(sim, who, "net"));
		pair_wait(sim, DURATION_S(290));
		EXPECT_EQ(1, children(sim));
		pair_wait(sim, DURATION_S(15));
		EXPECT_EQ(0, children(sim));
		EXPECT_EQ(NULL, sim_agreement(sim));
		EXPECT_EQ(1, sim->peers[0].child_downs);
	}
}

TEST_F(inactivity, without_memory_to_ask_it_asks_again_now_and_then)
{
	struct sim *sim = &self->sim;

	ASSERT_TRUE(begin(sim, "rekey_time = 0s\n inactivity = 60s"));
	no_memory = true;
	pair_wait(sim, DURATION_S(300));
	EXPECT_GT(asked_in_vain, 10);
	EXPECT_LT(asked_in_vain, 1000);
	EXPECT_EQ(1, children(sim));
	no_memory = false;
	pair_wait(sim, DURATION_S(10));
	EXPECT_EQ(0, children(sim));
	EXPECT_EQ(NULL, sim_agreement(sim));
}

TEST_HARNESS_MAIN
