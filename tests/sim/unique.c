/* SPDX-License-Identifier: MIT */
/*
 * A peer that comes again (RFC 7296 2.4): INITIAL_CONTACT and the uniqueness policies, with an
 * other worker that may know of more.
 */
#include <kselftest_harness.h>

#include "ikev2/policy/connection.h"
#include "ikev2/sa/ike_sa.h"
#include "pair.h"

FIXTURE(unique)
{
	struct sim sim;
};

FIXTURE_SETUP(unique)
{
	log_add_sink(log_stderr_sink, NULL);
}

FIXTURE_TEARDOWN(unique)
{
	sim_fini(&self->sim);
}

static const struct pair_options no = { .connection = "unique = no" };
static const struct pair_options never = { .connection = "unique = never" };
static const struct pair_options replace = { .connection = "unique = replace" };
static const struct pair_options keep = { .connection = "unique = keep" };

/* Up; peer 0 forgets everything and comes again with the options `again`. Its result. */
static int come_again(struct __test_metadata *_metadata, struct sim *sim,
		      const struct pair_options *again, const struct pair_options *b)
{
	pair_init(sim, NULL, b);
	EXPECT_TRUE(pair_up(sim));
	pair_wait(sim, DURATION_S(60));
	pair_reboot(sim, 0, again);
	sim_initiate(sim, 0);
	EXPECT_TRUE(sim_run_results(sim, 0, 1, DURATION_S(60)));
	pair_wait(sim, DURATION_S(1));
	return sim->peers[0].result;
}

TEST_F(unique, the_first_contact_after_a_reboot_takes_away_what_was)
{
	struct sim *sim = &self->sim;

	EXPECT_EQ(0, come_again(_metadata, sim, NULL, &no));
	EXPECT_EQ(1, sim->peers[1].downs);
	EXPECT_EQ(NULL, sim_agreement(sim));
	/* The other worker was told. */
	EXPECT_EQ(CONTACT_INITIAL, sim->peers[1].contact.kind);
}

TEST_F(unique, never_keeps_all)
{
	EXPECT_EQ(0, come_again(_metadata, &self->sim, NULL, &never));
	EXPECT_EQ(2, self->sim.peers[1].core->n_sas);
	EXPECT_EQ(0, self->sim.peers[1].downs);
}

TEST_F(unique, who_never_enforces_does_not_claim_to_be_the_only_one)
{
	EXPECT_EQ(0, come_again(_metadata, &self->sim, &never, &no));
	EXPECT_EQ(2, self->sim.peers[1].core->n_sas);
}

TEST_F(unique, another_worker_with_an_ike_sa_forbids_the_claim)
{
	struct sim *sim = &self->sim;

	pair_init(sim, NULL, &no);
	ASSERT_TRUE(pair_up(sim));
	pair_reboot(sim, 0, &no);
	sim->peers[0].contact_exists = true;
	sim_initiate(sim, 0);
	EXPECT_TRUE(sim_run_results(sim, 0, 1, DURATION_S(60)));
	EXPECT_EQ(2, sim->peers[1].core->n_sas);
}

/* Nor may be claimed what the other worker has not confirmed. */
TEST_F(unique, the_first_contact_waits_for_the_other_worker)
{
	struct sim *sim = &self->sim;

	pair_init(sim, NULL, &no);
	ASSERT_TRUE(pair_up(sim));
	pair_reboot(sim, 0, &no);
	sim->peers[0].hold_contacts = true;
	sim_initiate(sim, 0);
	pair_wait(sim, DURATION_S(20));
	EXPECT_EQ(0, sim->peers[0].ups);
	EXPECT_EQ(1, sim->peers[1].ups);
	ike_input_contact_answer(sim->peers[0].core, sim->now, sim->peers[0].contact.spi, false);
	EXPECT_TRUE(sim_run_results(sim, 0, 1, DURATION_S(60)));
	pair_wait(sim, DURATION_S(1));
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_EQ(1, sim->peers[1].downs);
	/* One that never answers does not stop us. */
	pair_reboot(sim, 0, &no);
	sim->peers[0].hold_contacts = true;
	sim_initiate(sim, 0);
	EXPECT_TRUE(sim_run_results(sim, 0, 1, DURATION_S(60)));
	EXPECT_EQ(0, sim->peers[0].result);
	EXPECT_EQ(2, sim->peers[1].core->n_sas);
}

TEST_F(unique, a_second_ike_sa_of_ours_is_no_initial_contact)
{
	const struct pair_options two = {
		.children = "more { local_ts = 10.11.0.0/16\n remote_ts = 10.12.0.0/16\n }"
	};
	const struct pair_options two_b = {
		.children = "more { local_ts = 10.12.0.0/16\n remote_ts = 10.11.0.0/16\n }"
	};
	struct sim *sim = &self->sim;
	const struct connection *conn;

	pair_init(sim, &two, &two_b);
	ASSERT_TRUE(pair_up(sim));
	conn = sim->peers[0].config->connections[0];
	ike_input_initiate(sim->peers[0].core, sim->now, conn, connection_child(conn, "more"),
			   &sim->peers[0].addr, &sim->peers[1].addr, NULL, 2);
	pair_wait(sim, DURATION_S(2));
	EXPECT_EQ(2, sim->peers[1].core->n_children);
	EXPECT_EQ(0, sim->peers[1].downs);
}

TEST_F(unique, of_two_that_are_begun_at_once_neither_ends_the_other)
{
	/* Another connection to the same peer. */
	const struct pair_options two = {
		.children = "} } d { local_addrs = 192.0.2.1\n remote_addrs = 192.0.2.2\n"
			    " proposals = aes128gcm16-prfsha256-x25519\n"
			    " local { auth = psk\n id = a.test }\n remote { auth = psk\n id = b.test }\n"
			    " children { more { local_ts = 10.11.0.0/16\n remote_ts = 10.12.0.0/16\n }"
	};
	const struct pair_options two_b = {
		.children = "more { local_ts = 10.12.0.0/16\n remote_ts = 10.11.0.0/16\n }"
	};
	struct sim *sim = &self->sim;
	const struct connection *d;

	pair_init(sim, &two, &two_b);
	d = config_connection(sim->peers[0].config, "d");
	ASSERT_NE(NULL, d);
	sim_initiate(sim, 0);
	ike_input_initiate(sim->peers[0].core, sim->now, d, &d->children[0], &sim->peers[0].addr,
			   &sim->peers[1].addr, NULL, 2);
	pair_wait(sim, DURATION_S(10));
	EXPECT_EQ(2, sim->peers[0].results);
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_EQ(2, sim->peers[1].core->n_sas);
}

TEST_F(unique, replace_gives_the_old_one_a_moment_and_closes_it)
{
	struct sim *sim = &self->sim;

	EXPECT_EQ(0, come_again(_metadata, sim, &never, &replace));
	EXPECT_EQ(CONTACT_REPLACE, sim->peers[1].contact.kind);
	EXPECT_EQ(2, sim->peers[1].core->n_sas);
	pair_wait(sim, DURATION_S(400));
	EXPECT_EQ(1, sim->peers[1].core->n_sas);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

TEST_F(unique, keep_refuses_the_new_one)
{
	struct sim *sim = &self->sim;

	EXPECT_GT(0, come_again(_metadata, sim, NULL, &keep));
	EXPECT_EQ(0, sim->peers[0].core->n_sas);
	EXPECT_EQ(1, sim->peers[1].core->n_sas);
	EXPECT_EQ(1, sim->peers[1].ups);
}

/* "CN=moon" as PrintableString, then as UTF8String: the same name, so the same peer. */
TEST_F(unique, a_name_in_another_encoding_is_no_other_peer)
{
	const struct pair_options printable = {
		.connection = "unique = never\n local { id = \"CN=moon\" }"
	};
	const struct pair_options utf8 = {
		.connection = "unique = never\n local { id = \"CN=#0c046d6f6f6e\" }"
	};
	const struct pair_options b = {
		.connection = "unique = keep\n remote { id = \"CN=moon\" }"
	};
	struct sim *sim = &self->sim;

	pair_init(sim, &printable, &b);
	ASSERT_TRUE(pair_up(sim));
	pair_reboot(sim, 0, &utf8);
	sim_initiate(sim, 0);
	EXPECT_TRUE(sim_run_results(sim, 0, 1, DURATION_S(60)));
	EXPECT_GT(0, sim->peers[0].result);
	EXPECT_EQ(1, sim->peers[1].core->n_sas);
}

TEST_F(unique, keep_waits_for_the_other_worker)
{
	struct sim *sim = &self->sim;

	for (int exists = 0; exists < 2; exists++) {
		if (exists)
			sim_fini(sim);
		pair_init(sim, NULL, &keep);
		sim->peers[1].hold_contacts = true;
		sim_initiate(sim, 0);
		pair_wait(sim, DURATION_S(5));
		EXPECT_EQ(0, sim->peers[0].ups + sim->peers[1].ups);
		ASSERT_EQ(1, sim->peers[1].contacts);
		EXPECT_EQ(CONTACT_ASK, sim->peers[1].contact.kind);
		ike_input_contact_answer(sim->peers[1].core, sim->now, sim->peers[1].contact.spi,
					 exists);
		sim_run_results(sim, 0, 1, DURATION_S(60));
		pair_wait(sim, DURATION_S(1));
		EXPECT_EQ(!exists, sim->peers[0].ups);
		EXPECT_EQ(exists, sim->peers[0].result != 0);
		EXPECT_EQ(NULL, sim_agreement(sim));
		/* An answer too many does nothing. */
		ike_input_contact_answer(sim->peers[1].core, sim->now, sim->peers[1].contact.spi,
					 true);
		EXPECT_EQ(NULL, sim_agreement(sim));
	}
}

TEST_F(unique, keep_without_an_answer_refuses_in_the_end)
{
	struct sim *sim = &self->sim;

	pair_init(sim, NULL, &keep);
	sim->peers[1].hold_contacts = true;
	sim_initiate(sim, 0);
	pair_wait(sim, DURATION_S(60));
	EXPECT_EQ(0, sim->peers[0].core->n_sas + sim->peers[1].core->n_sas);
	ike_input_contact_answer(sim->peers[1].core, sim->now, sim->peers[1].contact.spi, false);
	EXPECT_EQ(0, sim->peers[1].core->n_sas);
}

/* What the other worker tells us. */
TEST_F(unique, the_other_workers_word_counts_for_its_pair_only)
{
	struct sim *sim = &self->sim;
	struct contact contact = { .kind = CONTACT_ASK, .worker = 0 };
	struct ike_core *core;
	struct ike_sa *sa;

	pair_init(sim, NULL, NULL);
	ASSERT_TRUE(pair_up(sim));
	core = sim->peers[1].core;
	sa = sim_only_sa(&sim->peers[1]);
	contact.local_id = sa->local_id;
	contact.remote_id = sa->remote_id;
	contact.remote = sa->remote;
	contact.since = sim->now;
	EXPECT_TRUE(ike_input_contact(core, sim->now, &contact));
	/* The name of a host is the same in capitals. */
	contact.remote_id.data[0] = 'A';
	EXPECT_TRUE(ike_input_contact(core, sim->now, &contact));
	contact.remote_id.data[0] = 'c';
	EXPECT_FALSE(ike_input_contact(core, sim->now, &contact));
	contact.kind = CONTACT_INITIAL;
	EXPECT_FALSE(ike_input_contact(core, sim->now, &contact));
	EXPECT_EQ(1, core->n_sas);
	contact.remote_id.data[0] = 'a';
	ike_input_contact(core, sim->now, &contact);
	EXPECT_EQ(0, core->n_sas);
	pair_wait(sim, DURATION_S(1));
	/* And the peer heard of it. */
	EXPECT_EQ(0, sim->peers[0].core->n_sas);
}

/* 2.4: honoured only after authentication. */
TEST_F(unique, who_can_not_prove_its_identity_takes_nothing_away)
{
	static const char impostor[] =
		"connections { c { local_addrs = 192.0.2.1\n remote_addrs = 192.0.2.2\n"
		" proposals = aes128gcm16-prfsha256-x25519\n local { auth = psk\n id = a.test }\n"
		" remote { auth = psk\n id = b.test }\n children { net { local_ts = 10.1.0.0/16\n"
		" remote_ts = 10.2.0.0/16\n esp_proposals = aes128gcm16 } } } }\n"
		"secrets { ike-1 { secret = \"a guess\" } }\n";
	struct sim *sim = &self->sim;

	pair_init(sim, NULL, &replace);
	ASSERT_TRUE(pair_up(sim));
	sim_reboot(sim, 0, impostor);
	sim_initiate(sim, 0);
	EXPECT_TRUE(sim_run_results(sim, 0, 1, DURATION_S(60)));
	pair_wait(sim, DURATION_S(30));
	EXPECT_GT(0, sim->peers[0].result);
	EXPECT_EQ(1, sim->peers[1].core->n_sas);
	EXPECT_EQ(0, sim->peers[1].downs);
}

/* Two that come up at once on two workers hear of each other: the later one stays. */
TEST_F(unique, of_two_that_replace_each_other_one_stays)
{
	struct sim *sim = &self->sim;
	struct contact contact;
	struct ike_core *core;

	pair_init(sim, NULL, &replace);
	ASSERT_TRUE(pair_up(sim));
	core = sim->peers[1].core;
	contact = sim->peers[1].contact;
	contact.kind = CONTACT_REPLACE;
	contact.since = instant_add(sim_only_sa(&sim->peers[1])->authenticated, DURATION_MS(-1));
	ike_input_contact(core, sim->now, &contact);
	pair_wait(sim, DURATION_S(15));
	EXPECT_EQ(1, core->n_sas);
	/* At the same instant the workers' order decides. */
	contact.since = sim_only_sa(&sim->peers[1])->authenticated;
	contact.worker = core->params.worker - 1;
	ike_input_contact(core, sim->now, &contact);
	pair_wait(sim, DURATION_S(15));
	EXPECT_EQ(1, core->n_sas);
	contact.worker = core->params.worker + 1;
	ike_input_contact(core, sim->now, &contact);
	pair_wait(sim, DURATION_S(15));
	EXPECT_EQ(0, core->n_sas);
}

TEST_F(unique, rekeying_does_not_save_what_has_been_replaced)
{
	struct sim *sim = &self->sim;
	struct contact contact;

	pair_init(sim, NULL, &replace);
	ASSERT_TRUE(pair_up(sim));
	contact = sim->peers[1].contact;
	contact.kind = CONTACT_REPLACE;
	contact.since = sim->now;
	ike_input_contact(sim->peers[1].core, sim->now, &contact);
	EXPECT_EQ(1, sim_rekey_ike(sim, 0));
	pair_wait(sim, DURATION_S(15));
	EXPECT_EQ(1, sim->peers[1].rekeys);
	EXPECT_EQ(0, sim->peers[1].core->n_sas);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

TEST_HARNESS_MAIN
