/* SPDX-License-Identifier: MIT */
/*
 * An IKE SA that a user ends before it is up: whatever the peer has made of it by then, nothing
 * one-sided remains, and whoever waits is told (RFC 7296 1.4.1).
 */
#include <kselftest_harness.h>

#include "ikev2/sa/ike_sa.h"
#include "pair.h"

#define STEP   DURATION_MS(5)
#define STEPS  14 /* the whole handshake, and a bit more */
#define SETTLE DURATION_S(600)

FIXTURE(terminate)
{
	struct sim sim;
};

/* A link with so much delay that there is something to come between. */
static void begin(struct sim *sim)
{
	pair_init(sim, NULL, NULL);
	sim->link.delay = DURATION_MS(20);
	sim->job_delay = DURATION_MS(10);
	sim_initiate(sim, 0);
}

FIXTURE_SETUP(terminate)
{
	begin(&self->sim);
}

FIXTURE_TEARDOWN(terminate)
{
	sim_fini(&self->sim);
}

static unsigned end(struct sim *sim, bool force)
{
	const struct ike_filter all = { 0 };
	unsigned n = ike_input_terminate(sim->peers[0].core, sim->now, &all, force, 2);

	sim_act(sim, 0);
	return n;
}

/* IKE_AUTH is out and comes to the peer, whose answer gets lost. */
static bool unanswered(struct sim *sim)
{
	const struct ike_sa *sa = sim_only_sa(&sim->peers[0]);

	for (int i = 0; i < 200 && !(sa->state == IKE_STATE_AUTH_SENT && sa->active); i++)
		pair_wait(sim, DURATION_MS(1));
	pair_cut(sim, true);
	pair_wait(sim, DURATION_MS(100));
	return sim->peers[1].ups == 1 && sa->state == IKE_STATE_AUTH_SENT;
}

TEST_F(terminate, before_the_peer_has_answered_takes_a_delete_when_it_does)
{
	struct sim *sim = &self->sim;

	ASSERT_TRUE(unanswered(sim));
	EXPECT_EQ(1, end(sim, false));
	EXPECT_EQ(1, sim->peers[0].core->n_sas);
	pair_cut(sim, false);
	ASSERT_TRUE(sim_run_results(sim, 0, 2, DURATION_S(60)));
	EXPECT_EQ(0, sim->peers[0].core->n_sas);
	EXPECT_EQ(0, sim->peers[1].core->n_sas);
	EXPECT_EQ(0, sim->peers[0].ups);
	EXPECT_EQ(1, sim->peers[1].downs);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

TEST_F(terminate, of_one_whose_peer_never_answers_ends_all_the_same)
{
	struct sim *sim = &self->sim;

	ASSERT_TRUE(unanswered(sim));
	EXPECT_EQ(1, end(sim, false));
	EXPECT_EQ(1, end(sim, false)); /* another user, who is told, too */
	ASSERT_TRUE(sim_run_results(sim, 0, 3, SETTLE));
	EXPECT_EQ(0, sim->peers[0].core->n_sas);
}

TEST_F(terminate, by_force_waits_for_nobody)
{
	struct sim *sim = &self->sim;

	ASSERT_TRUE(unanswered(sim));
	EXPECT_EQ(1, end(sim, false));
	EXPECT_EQ(1, end(sim, true));
	EXPECT_EQ(3, sim->peers[0].results);
	EXPECT_EQ(0, sim->peers[0].core->n_sas);
}

TEST_F(terminate, is_no_obstacle_for_a_new_one)
{
	struct sim *sim = &self->sim;

	ASSERT_TRUE(unanswered(sim));
	EXPECT_EQ(1, end(sim, false));
	sim_initiate(sim, 0);
	EXPECT_EQ(2, sim->peers[0].core->n_sas);
	pair_cut(sim, false);
	pair_wait(sim, DURATION_S(60));
	EXPECT_EQ(1, sim->peers[0].core->n_sas);
	EXPECT_EQ(1, sim->peers[0].ups);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

TEST(terminate_at_any_moment_with_any_mishap_leaves_nothing_one_sided)
{
	static const enum sim_mishap_kind kinds[] = { SIM_LOST, SIM_DELAYED, SIM_REPEATED };

	for (unsigned moment = 0; moment < STEPS * 8 * ARRAY_SIZE(kinds); moment++) {
		struct sim sim;

		begin(&sim);
		sim.mishap = (struct sim_mishap){ .nth = moment / STEPS % 8,
						  .kind = kinds[moment / STEPS / 8],
						  .later = DURATION_MS(900) };
		pair_wait(&sim, DURATION_NS(STEP.ns * (moment % STEPS)));
		ASSERT_EQ(1, end(&sim, false));
		pair_wait(&sim, SETTLE);
		EXPECT_EQ(0, sim.peers[0].core->n_sas);
		EXPECT_EQ(NULL, sim_agreement(&sim))
		{
			TH_LOG("moment %u: %s", moment, sim_agreement(&sim));
		}
		EXPECT_EQ(2, sim.peers[0].results);
		sim_fini(&sim);
	}
}

TEST_HARNESS_MAIN
