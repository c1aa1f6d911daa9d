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

/* What the initiator has sent for Child SAs. */
struct seen {
	unsigned auth_with_child, auth_alone, create_child, key_exchanges;
};

static void look(struct sim *sim, unsigned to, const struct netaddr *local,
		 const struct netaddr *remote, struct bytes raw, void *data)
{
	static struct pair_message message;
	const struct ike_message *m = &message.m;
	struct seen *seen = data;
	bool child;

	if (to != 1 || !pair_open(sim, to, raw, &message))
		return;
	child = ike_message_find(m, IKE_PAYLOAD_SA, 0) || ike_message_find(m, IKE_PAYLOAD_TSI, 0) ||
		ike_message_find(m, IKE_PAYLOAD_TSR, 0);
	seen->create_child += m->header.exchange == IKE_EXCHANGE_CREATE_CHILD_SA;
	seen->auth_with_child += m->header.exchange == IKE_EXCHANGE_IKE_AUTH && child;
	seen->auth_alone += m->header.exchange == IKE_EXCHANGE_IKE_AUTH && !child;
	seen->key_exchanges += ike_message_find(m, IKE_PAYLOAD_KE, 0) != NULL;
}

static void begin(struct sim *sim, const struct pair_options *a, const struct pair_options *b,
		  struct seen *seen)
{
	pair_init(sim, a, b);
	sim->tap = look;
	sim->tap_data = seen;
}

TEST_F(childless, who_prefers_it_makes_the_child_sa_by_an_exchange_of_its_own)
{
	static const char *const policies[] = { "childless = prefer", "childless = force" };
	struct sim *sim = &self->sim;

	for (size_t i = 0; i < 2; i++) {
		const struct pair_options o = {
			.connection = policies[i],
			.child = "esp_proposals = aes128gcm16-x25519",
		};
		struct seen seen = { 0 };

		if (i)
			sim_fini(sim);
		begin(sim, &o, &o, &seen);
		EXPECT_TRUE(pair_up(sim));
		EXPECT_EQ(1, sim->peers[0].child_ups);
		EXPECT_EQ(1, sim->peers[1].core->n_children);
		EXPECT_EQ(0, seen.auth_with_child);
		EXPECT_EQ(1, seen.auth_alone);
		EXPECT_EQ(1, seen.create_child);
		EXPECT_EQ(1, seen.key_exchanges);
	}
}

TEST_F(childless, who_only_prefers_it_does_without)
{
	const struct pair_options a = { .connection = "childless = prefer" };
	const struct pair_options b = { .connection = "childless = never" };
	struct sim *sim = &self->sim;
	struct seen seen = { 0 };

	begin(sim, &a, &b, &seen);
	EXPECT_TRUE(pair_up(sim));
	EXPECT_EQ(1, seen.auth_with_child);
	EXPECT_EQ(0, seen.auth_alone + seen.create_child);
}

TEST_F(childless, who_forces_it_does_not_without)
{
	const struct pair_options a = { .connection = "childless = force" };
	const struct pair_options b = { .connection = "childless = never" };
	struct sim *sim = &self->sim;
	struct seen seen = { 0 };

	begin(sim, &a, &b, &seen);
	EXPECT_FALSE(pair_up(sim));
	EXPECT_EQ(-ECONNREFUSED, sim->peers[0].result);
	EXPECT_NE(NULL, strstr(sim->peers[0].result_text, "childless = force"));
	EXPECT_EQ(0, sim->peers[0].core->n_sas);
	EXPECT_EQ(0, seen.auth_with_child + seen.auth_alone);
}

TEST_F(childless, a_responder_that_forces_it_refuses_the_others)
{
	const struct pair_options b = { .connection = "childless = force" };
	struct sim *sim = &self->sim;
	struct seen seen = { 0 };

	begin(sim, NULL, &b, &seen);
	EXPECT_FALSE(pair_up(sim));
	EXPECT_EQ(-ECONNREFUSED, sim->peers[0].result);
	EXPECT_EQ(1, seen.auth_with_child);
	EXPECT_EQ(0, sim->peers[0].core->n_sas + sim->peers[1].core->n_sas);
	EXPECT_EQ(0, sim->peers[1].kernel.n_sas);
}

/* The one that the addresses fit best says "never"; the one that the identities mean wants it. */
TEST_F(childless, it_is_announced_when_any_connection_of_the_addresses_takes_it)
{
	static const char two[] =
		"connections {\n"
		" any { local_addrs = 192.0.2.2\n proposals = aes128gcm16-prfsha256-x25519\n"
		"  remote_addrs = 192.0.2.1\n childless = never\n"
		"  local { auth = psk\n id = b.test }\n remote { auth = psk\n id = x.test } }\n"
		" a { local_addrs = 192.0.2.2\n proposals = aes128gcm16-prfsha256-x25519\n"
		"  remote_addrs = 192.0.2.1\n childless = force\n"
		"  local { auth = psk\n id = b.test }\n remote { auth = psk\n id = a.test }\n"
		"  children { net { local_ts = 10.2.0.0/16\n remote_ts = 10.1.0.0/16\n"
		"   esp_proposals = aes128gcm16 } } }\n"
		"}\nsecrets { ike-1 { secret = \"what both know\" } }\n";
	const struct pair_options a = { .connection = "childless = force" };
	struct sim *sim = &self->sim;

	pair_init(sim, &a, NULL);
	sim_reboot(sim, 1, two);
	EXPECT_TRUE(pair_up(sim));
}

/* The IKE SA has come up before: its failure leaves it alone (2.21.2). */
TEST_F(childless, a_child_sa_that_is_refused_leaves_the_ike_sa)
{
	const struct pair_options a = { .connection = "childless = prefer" };
	const struct pair_options b = { .child = "esp_proposals = aes256-sha512" };
	struct sim *sim = &self->sim;

	pair_init(sim, &a, &b);
	EXPECT_FALSE(pair_up(sim));
	EXPECT_EQ(-ECONNREFUSED, sim->peers[0].result);
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_EQ(1, sim->peers[0].core->n_sas);
	EXPECT_EQ(0, sim->peers[0].core->n_children);
}

/* The IKE SA alone is not refused, what it would be for is (RFC 7296 2.19). */
TEST_F(childless, who_has_to_ask_for_an_address_and_does_not_gets_no_child_sa)
{
	const struct pair_options a = { .connection = "childless = force" };
	const struct pair_options b = { .connection = "pools = p" };
	struct sim *sim = &self->sim;

	pair_init(sim, &a, &b);
	EXPECT_FALSE(pair_up(sim));
	EXPECT_NE(NULL, strstr(sim->peers[0].result_text, "FAILED_CP_REQUIRED"));
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_EQ(1, sim->peers[0].core->n_sas);
	EXPECT_EQ(0, sim->peers[0].core->n_children);
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

/* What is wanted while IKE_AUTH is on its way without it is made afterwards. */
TEST_F(childless, a_child_sa_that_is_wanted_meanwhile_comes_after)
{
	struct sim *sim = &self->sim;
	struct sim_peer *peer = &sim->peers[0];
	const struct connection *conn;

	pair_init(sim, NULL, NULL);
	conn = peer->config->connections[0];
	initiate_alone(sim, 1);
	for (int i = 0; i < 200 && !(sim_only_sa(peer)->state == IKE_STATE_AUTH_SENT &&
				     sim_only_sa(peer)->window.request);
	     i++)
		pair_wait(sim, DURATION_MS(1));
	ike_input_initiate(peer->core, sim->now, conn, &conn->children[0], &peer->addr,
			   &sim->peers[1].addr, NULL, 2);
	sim_act(sim, 0);
	pair_wait(sim, DURATION_S(5));
	EXPECT_EQ(2, peer->results);
	EXPECT_EQ(0, peer->result);
	EXPECT_EQ(1, peer->child_ups);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

/* The peer has rekeyed the IKE SA, and its Delete of the old one is on its way. */
TEST_F(childless, one_that_has_been_replaced_is_not_what_is_wanted)
{
	struct sim *sim = &self->sim;

	pair_init(sim, NULL, NULL);
	ASSERT_TRUE(pair_up(sim));
	EXPECT_EQ(1, sim_rekey_ike(sim, 1));
	for (int i = 0; i < 200 && sim->peers[0].core->n_sas < 2; i++)
		pair_wait(sim, DURATION_MS(1));
	initiate_alone(sim, 9);
	sim_act(sim, 0);
	pair_wait(sim, DURATION_S(5));
	EXPECT_EQ(2, sim->peers[0].results);
	EXPECT_EQ(0, sim->peers[0].result);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

TEST_HARNESS_MAIN
