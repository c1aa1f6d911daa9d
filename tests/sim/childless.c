/* SPDX-License-Identifier: MIT */
/*
 * IKE SAs without a Child SA (RFC 6023), and what a client is told while it waits.
 */
#include <kselftest_harness.h>

#include <errno.h>

#include "ikev2/policy/connection.h"
#include "ikev2/sa/ike_sa.h"
#include "pair.h"

FIXTURE(childless)
{
	struct sim sim;
};

FIXTURE_SETUP(childless)
{
	log_add_sink(log_stderr_sink, NULL);
}

FIXTURE_TEARDOWN(childless)
{
	sim_fini(&self->sim);
}

static void initiate_alone(struct sim *sim, uint64_t token)
{
	struct sim_peer *peer = &sim->peers[0];

	ike_input_initiate(peer->core, sim->now, peer->config->connections[0], NULL, &peer->addr,
			   &sim->peers[1].addr, NULL, token);
	sim_run(sim, sim->now);
}

TEST_F(childless, an_ike_sa_alone_comes_up_and_goes)
{
	struct sim *sim = &self->sim;

	pair_init(sim, NULL, NULL);
	initiate_alone(sim, 1);
	/* Another client has to wait for its turn. */
	initiate_alone(sim, 2);
	EXPECT_EQ(-EALREADY, sim->peers[0].result);
	EXPECT_TRUE(sim_run_results(sim, 0, 2, DURATION_S(10)));
	EXPECT_EQ(0, sim->peers[0].result);
	pair_wait(sim, DURATION_S(1));
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_EQ(1, sim->peers[1].core->n_sas);
	EXPECT_EQ(0, sim->peers[1].core->n_children);
	EXPECT_LT(3, sim->peers[0].lines);
	initiate_alone(sim, 3);
	EXPECT_EQ(3, sim->peers[0].results);
	EXPECT_EQ(0, sim->peers[0].result);
	EXPECT_EQ(1, sim->peers[0].core->n_sas);
	sim_terminate(sim, 1);
	pair_wait(sim, DURATION_S(1));
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_EQ(0, sim->peers[0].core->n_sas);
}

TEST_F(childless, a_responder_that_never_does_is_not_asked)
{
	const struct pair_options b = { .connection = "childless = never" };
	struct sim *sim = &self->sim;

	pair_init(sim, NULL, &b);
	initiate_alone(sim, 1);
	EXPECT_TRUE(sim_run_results(sim, 0, 1, DURATION_S(10)));
	EXPECT_EQ(-ECONNREFUSED, sim->peers[0].result);
	pair_wait(sim, DURATION_S(60));
	EXPECT_EQ(0, sim->peers[0].core->n_sas + sim->peers[1].core->n_sas);
	/* With a child all is well. */
	sim->peers[0].results = 0;
	EXPECT_TRUE(pair_up(sim));
}

/* Which connection it is shows after the responder has said that it takes such IKE SAs. */
TEST_F(childless, a_connection_that_never_does_refuses)
{
	static const char two[] =
		"connections {\n"
		" any { local_addrs = 192.0.2.2\n proposals = aes128gcm16-prfsha256-x25519\n"
		"  remote_addrs = 192.0.2.1\n"
		"  local { auth = psk\n id = b.test }\n remote { auth = psk\n id = x.test } }\n"
		" a { local_addrs = 192.0.2.2\n proposals = aes128gcm16-prfsha256-x25519\n"
		"  remote_addrs = 192.0.2.1\n childless = never\n"
		"  local { auth = psk\n id = b.test }\n remote { auth = psk\n id = a.test } }\n"
		"}\nsecrets { ike-1 { secret = \"what both know\" } }\n";
	struct sim *sim = &self->sim;

	pair_init(sim, NULL, NULL);
	sim_reboot(sim, 1, two);
	initiate_alone(sim, 1);
	EXPECT_TRUE(sim_run_results(sim, 0, 1, DURATION_S(10)));
	EXPECT_EQ(-ECONNREFUSED, sim->peers[0].result);
	EXPECT_EQ(0, sim->peers[0].core->n_sas + sim->peers[1].core->n_sas);
	EXPECT_EQ(0, sim->peers[1].ups);
}

TEST_F(childless, nobody_is_told_of_progress_that_nobody_waits_for)
{
	const struct pair_options a = { .child = "start_action = start" };
	struct sim *sim = &self->sim;

	pair_init(sim, &a, NULL);
	sim_start(sim, 0);
	pair_wait(sim, DURATION_S(1));
	EXPECT_EQ(1, sim->peers[0].ups);
	EXPECT_EQ(0, sim->peers[0].lines);
	sim_terminate(sim, 0);
	pair_wait(sim, DURATION_S(1));
	EXPECT_TRUE(pair_up(sim));
	EXPECT_LE(5, sim->peers[0].lines);
}

TEST_HARNESS_MAIN
