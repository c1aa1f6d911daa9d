/* SPDX-License-Identifier: MIT */
/*
 * An IKE SA that a user ends before it is up: whatever the peer has made of it by then, nothing
 * one-sided remains, and whoever waits is told (RFC 7296 1.4.1).
 */
#include <kselftest_harness.h>

#include "ikev2/policy/connection.h"
#include "ikev2/sa/ike_sa.h"
#include "pair.h"

#define STEP   DURATION_MS(10)
#define STEPS  20 /* the whole handshake, and a bit more */
#define SETTLE DURATION_S(600)

FIXTURE(terminate)
{
	struct sim sim;
};

/* A link with so much delay that there is something to come between. */
static void begin(struct sim *sim)
{
	pair_init(sim, NULL, NULL);
	sim->link.delay = DURATION_MS(50);
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

	for (int i = 0; i < 400 && !(sa->state == IKE_STATE_AUTH_SENT && sa->active); i++)
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
	/* Who waits for the Child SA needn't. */
	EXPECT_EQ(1, sim->peers[0].results);
	EXPECT_NE(0, sim->peers[0].result);
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

/* The end of the old one is none of the new one, which is being kept up. */
TEST(a_late_end_does_not_stop_what_has_begun_since)
{
	const struct pair_options up = { .child = "start_action = start",
					 .connection = "keyingtries = 0" };
	struct sim sim;

	pair_init(&sim, &up, NULL);
	sim.link.delay = DURATION_MS(50);
	sim_start(&sim, 0);
	ASSERT_TRUE(unanswered(&sim));
	EXPECT_EQ(1, end(&sim, false));
	sim.peers[0].no_way = true;
	sim_start(&sim, 0);
	pair_wait(&sim, SETTLE);
	EXPECT_EQ(0, sim.peers[0].core->n_sas);
	sim.peers[0].no_way = false;
	pair_cut(&sim, false);
	pair_wait(&sim, DURATION_S(3600));
	EXPECT_EQ(1, sim.peers[0].core->n_sas);
	sim_fini(&sim);
}

/* By the name of one of several Child SAs that it is being made for. */
TEST(ending_a_child_sa_ends_what_is_made_for_it)
{
	const struct pair_options two = {
		.children = "two { local_ts = 10.9.0.0/16\n remote_ts = 10.8.0.0/16\n }"
	};
	const struct ike_filter net = { .child = "net" };
	const struct connection *conn;
	struct sim sim;

	pair_init(&sim, &two, NULL);
	sim.link.delay = DURATION_MS(50);
	sim_initiate(&sim, 0);
	conn = sim.peers[0].config->connections[0];
	ike_input_initiate(sim.peers[0].core, sim.now, conn, &conn->children[1], &sim.peers[0].addr,
			   &sim.peers[1].addr, NULL, 3);
	ASSERT_TRUE(unanswered(&sim));
	EXPECT_EQ(1, ike_input_terminate(sim.peers[0].core, sim.now, &net, false, 2));
	sim_act(&sim, 0);
	pair_cut(&sim, false);
	pair_wait(&sim, SETTLE);
	EXPECT_EQ(0, sim.peers[0].core->n_sas);
	EXPECT_EQ(0, sim.peers[1].core->n_sas);
	EXPECT_EQ(3, sim.peers[0].results);
	sim_fini(&sim);
}

/* What waits to be made isn't made any more. */
TEST(ending_an_ike_sa_makes_no_more_child_sas)
{
	const struct pair_options two = {
		.children = "two { local_ts = 10.9.0.0/16\n remote_ts = 10.8.0.0/16\n }\n"
			    "three { local_ts = 10.7.0.0/16\n remote_ts = 10.6.0.0/16\n }"
	};
	const struct pair_options peers = {
		.children = "two { local_ts = 10.8.0.0/16\n remote_ts = 10.9.0.0/16\n }\n"
			    "three { local_ts = 10.6.0.0/16\n remote_ts = 10.7.0.0/16\n }"
	};
	const struct ike_filter net = { .child = "net" };
	const struct connection *conn;
	struct sim sim;

	pair_init(&sim, &two, &peers);
	ASSERT_TRUE(pair_up(&sim));
	conn = sim.peers[0].config->connections[0];
	EXPECT_EQ(1, ike_input_rekey(sim.peers[0].core, sim.now, &net));
	for (unsigned i = 1; i < 3; i++)
		ike_input_initiate(sim.peers[0].core, sim.now, conn, &conn->children[i],
				   &sim.peers[0].addr, &sim.peers[1].addr, NULL, 1 + i);
	EXPECT_EQ(1, end(&sim, false));
	pair_wait(&sim, DURATION_S(10));
	/* net up; two, three and its end. */
	EXPECT_EQ(4, sim.peers[0].results);
	EXPECT_EQ(1, sim.peers[0].child_ups);
	EXPECT_EQ(0, sim.peers[0].core->n_sas);
	EXPECT_EQ(NULL, sim_agreement(&sim));
	sim_fini(&sim);
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
