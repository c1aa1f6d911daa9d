/* SPDX-License-Identifier: MIT */
/*
 * A core whose daemon stops: it has told its peers, and from then on it begins nothing and answers
 * no one who begins, however long the daemon takes to go.
 */
#include <kselftest_harness.h>

#include <errno.h>

#include "ikev2/policy/connection.h"
#include "ikev2/sa/ike_sa.h"
#include "pair.h"

static void stop(struct sim *sim, unsigned i)
{
	ike_input_stop(sim->peers[i].core, sim->now);
	sim_act(sim, i);
}

TEST(peers_are_told)
{
	struct sim sim;

	pair_init(&sim, NULL, NULL);
	sim_initiate(&sim, 0);
	pair_wait(&sim, DURATION_S(5));
	ASSERT_EQ(1, sim.peers[1].ups);
	stop(&sim, 1);
	EXPECT_EQ(0, sim.peers[1].core->n_sas);
	pair_wait(&sim, DURATION_S(5));
	EXPECT_EQ(1, sim.peers[0].downs);
	EXPECT_EQ(NULL, sim_agreement(&sim));
	sim_fini(&sim);
}

TEST(a_peer_that_calls_again_gets_no_answer)
{
	struct sim sim;

	pair_init(&sim, NULL, NULL);
	stop(&sim, 1);
	sim_initiate(&sim, 0);
	pair_wait(&sim, DURATION_S(5));
	EXPECT_EQ(0, sim.peers[1].core->n_sas);
	EXPECT_EQ(0, sim.peers[1].core->counters.sent);
	/* It calls on, so that whoever is started next may answer. */
	EXPECT_EQ(1, sim.peers[0].core->n_sas);
	sim_fini(&sim);
}

TEST(a_handshake_under_way_ends_at_any_moment)
{
	for (unsigned ms = 0; ms < 400; ms += 10) {
		struct sim sim;

		pair_init(&sim, NULL, NULL);
		sim.link.delay = DURATION_MS(50);
		sim_initiate(&sim, 0);
		pair_wait(&sim, DURATION_MS(ms));
		stop(&sim, ms / 10 % 2);
		EXPECT_EQ(0, sim.peers[ms / 10 % 2].core->n_sas);
		pair_wait(&sim, DURATION_S(600));
		EXPECT_EQ(0, sim.peers[0].core->n_sas)
		{
			TH_LOG("stopped after %u ms", ms);
		}
		EXPECT_EQ(NULL, sim_agreement(&sim));
		sim_fini(&sim);
	}
}

TEST(who_wants_something_begun_is_refused)
{
	struct sim_peer *peer;
	struct sim sim;

	pair_init(&sim, NULL, NULL);
	peer = &sim.peers[0];
	stop(&sim, 0);
	sim_initiate(&sim, 0);
	EXPECT_EQ(1, peer->results);
	EXPECT_EQ(-ECANCELED, peer->result);
	ike_input_initiate(peer->core, sim.now, peer->config->connections[0], NULL, &peer->addr,
			   &sim.peers[1].addr, NULL, 2);
	sim_act(&sim, 0);
	EXPECT_EQ(2, peer->results);
	EXPECT_EQ(-ECANCELED, peer->result);
	EXPECT_EQ(0, peer->core->n_sas);
	EXPECT_EQ(0, peer->core->counters.sent);
	sim_fini(&sim);
}

TEST_HARNESS_MAIN
