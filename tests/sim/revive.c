/* SPDX-License-Identifier: MIT */
/*
 * Connections that are kept up: start_action, close_action, dpd_action and keyingtries between two
 * real cores, over minutes and hours.
 */
#include <kselftest_harness.h>

#include "ikev2/sa/ike_sa.h"
#include "pair.h"

#define FAST "retransmit_tries = 3\n retransmit_timeout = 500ms"

FIXTURE(revive)
{
	struct sim sim;
};

FIXTURE_SETUP(revive)
{
	log_add_sink(log_stderr_sink, NULL);
}

FIXTURE_TEARDOWN(revive)
{
	sim_fini(&self->sim);
}

static const struct pair_options restarting = {
	.settings = FAST,
	.connection = "dpd_delay = 10s\n keyingtries = 0",
	.child = "start_action = start\n dpd_action = restart\n close_action = start",
};
static const struct pair_options plain = { .settings = FAST, .connection = "dpd_delay = 10s" };

static bool both_up(struct sim *sim)
{
	return sim_only_sa(&sim->peers[0]) && sim->peers[0].core->n_children == 1 &&
	       !sim_agreement(sim);
}

TEST_F(revive, start_action_start_brings_it_up)
{
	pair_init(&self->sim, &restarting, &plain);
	sim_start(&self->sim, 0);
	pair_wait(&self->sim, DURATION_S(1));
	EXPECT_TRUE(both_up(&self->sim));
	EXPECT_EQ(1, self->sim.peers[0].begun);
}

TEST_F(revive, a_peer_that_is_away_at_first_is_reached_when_it_is_back)
{
	struct sim *sim = &self->sim;

	pair_init(sim, &restarting, &plain);
	pair_cut(sim, true);
	sim_start(sim, 0);
	pair_wait(sim, DURATION_S(3600));
	EXPECT_EQ(0, sim->peers[0].ups);
	EXPECT_GE(sim->peers[0].begun, 12);
	EXPECT_LE(sim->peers[0].begun, 30);
	pair_cut(sim, false);
	pair_wait(sim, DURATION_S(310));
	EXPECT_TRUE(both_up(sim));
}

TEST_F(revive, keyingtries_bounds_the_tries)
{
	const struct pair_options a = { .settings = FAST,
					.connection = "keyingtries = 3",
					.child = "start_action = start" };

	pair_init(&self->sim, &a, &plain);
	pair_cut(&self->sim, true);
	sim_start(&self->sim, 0);
	pair_wait(&self->sim, DURATION_S(36000));
	EXPECT_EQ(3, self->sim.peers[0].begun);
	EXPECT_EQ(3, self->sim.peers[0].core->counters.failed);
	EXPECT_EQ(0, self->sim.peers[0].core->n_sas);
}

TEST_F(revive, a_peer_that_refuses_is_not_asked_in_a_loop)
{
	const struct pair_options b = { .connection = "unique = never\n local_addrs = 192.0.2.9" };
	struct sim *sim = &self->sim;

	pair_init(sim, &restarting, &b);
	sim_start(sim, 0);
	pair_wait(sim, DURATION_S(60));
	EXPECT_LE(sim->peers[0].begun, 7);
	pair_wait(sim, DURATION_S(3600));
	EXPECT_EQ(0, sim->peers[0].ups);
	EXPECT_LE(sim->peers[0].begun, 30);
}

TEST_F(revive, a_dead_peer_is_called_again)
{
	struct sim *sim = &self->sim;

	pair_init(sim, &restarting, &plain);
	sim_start(sim, 0);
	pair_wait(sim, DURATION_S(100));
	ASSERT_TRUE(both_up(sim));
	pair_cut(sim, true);
	pair_wait(sim, DURATION_S(120));
	EXPECT_EQ(1, sim->peers[0].downs);
	EXPECT_EQ(1, sim->peers[1].downs);
	/* Nobody is told to restart on the other side. */
	EXPECT_EQ(0, sim->peers[1].begun);
	pair_cut(sim, false);
	pair_wait(sim, DURATION_S(310));
	EXPECT_TRUE(both_up(sim));
	EXPECT_EQ(2, sim->peers[0].ups);
}

TEST_F(revive, a_peer_that_closes_is_called_again_but_not_in_a_loop)
{
	struct sim *sim = &self->sim;

	pair_init(sim, &restarting, &plain);
	sim_start(sim, 0);
	pair_wait(sim, DURATION_S(100));
	sim_terminate(sim, 1);
	pair_wait(sim, DURATION_S(2));
	EXPECT_TRUE(both_up(sim));
	EXPECT_EQ(2, sim->peers[0].ups);
	/* It closes whatever comes up, at once. */
	for (unsigned i = 0; i < 600; i++) {
		pair_wait(sim, DURATION_S(1));
		sim_terminate(sim, 1);
	}
	EXPECT_LE(sim->peers[0].begun, 13);
	pair_wait(sim, DURATION_S(300));
	EXPECT_TRUE(both_up(sim));
}

TEST_F(revive, what_we_terminate_ourselves_stays_down)
{
	struct sim *sim = &self->sim;

	pair_init(sim, &restarting, &plain);
	sim_start(sim, 0);
	pair_wait(sim, DURATION_S(100));
	sim_terminate(sim, 0);
	pair_wait(sim, DURATION_S(3600));
	EXPECT_EQ(0, sim->peers[0].core->n_sas);
	EXPECT_EQ(1, sim->peers[0].begun);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

TEST_F(revive, a_trap_takes_over_when_it_is_told_to)
{
	const struct pair_options a = { .settings = FAST,
					.connection = "dpd_delay = 10s",
					.child = "dpd_action = trap\n close_action = trap" };
	struct sim *sim = &self->sim;

	pair_init(sim, &a, &plain);
	ASSERT_TRUE(pair_up(sim));
	sim_terminate(sim, 1);
	pair_wait(sim, DURATION_S(10));
	EXPECT_EQ(1, sim->peers[0].traps);
	sim->peers[0].results = 0;
	ASSERT_TRUE(pair_up(sim));
	pair_cut(sim, true);
	pair_wait(sim, DURATION_S(60));
	EXPECT_EQ(2, sim->peers[0].traps);
	EXPECT_EQ(0, sim->peers[0].begun);
}

TEST_HARNESS_MAIN
