/* SPDX-License-Identifier: MIT */
/*
 * How a handshake goes between two configurations: what they agree on, and how each disagreement
 * ends on both sides (RFC 7296 1.2, 2.6, 2.7, 2.9, 2.21).
 */
#include <stdio.h>
#include <kselftest_harness.h>

#include "pdk/log/log.h"
#include "ikev2/codec/message.h"
#include "ikev2/policy/proposal_match.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/ike_sa.h"
#include "sim.h"

/* What one side may say differently from the other. */
struct side {
	const char *proposals, *esp, *local_ts, *remote_ts, *secret, *settings, *id;
};

static const struct side plain_a = {
	"aes128gcm16-prfsha256-x25519",
	"aes128gcm16",
	"10.1.0.0/16",
	"10.2.0.0/16",
	"secret",
	"",
	"a.test",
};
static const struct side plain_b = {
	"aes128gcm16-prfsha256-x25519",
	"aes128gcm16",
	"10.2.0.0/16",
	"10.1.0.0/16",
	"secret",
	"",
	"b.test",
};

static void config_text(char *buf, size_t size, const struct side *s, bool b)
{
	snprintf(buf, size,
		 "settings { %s }\n"
		 "connections { c { local_addrs = %s\n remote_addrs = %s\n proposals = %s\n"
		 " dpd_delay = 10s\n"
		 " local { auth = psk\n id = %s }\n remote { auth = psk\n id = %s }\n"
		 " children { net { local_ts = %s\n remote_ts = %s\n esp_proposals = %s } } } }\n"
		 "secrets { ike-1 { secret = \"%s\" } }\n",
		 s->settings, b ? "192.0.2.2" : "192.0.2.1", b ? "192.0.2.1" : "192.0.2.2",
		 s->proposals, s->id, b ? "a.test" : "b.test", s->local_ts, s->remote_ts, s->esp,
		 s->secret);
}

FIXTURE(pair)
{
	struct sim sim;
};

FIXTURE_SETUP(pair)
{
	log_set_level(NULL, LOG_LEVEL_ERROR);
	log_add_sink(log_stderr_sink, NULL);
}

FIXTURE_TEARDOWN(pair)
{
	sim_fini(&self->sim);
}

/* Peer 0 initiates; afterwards all has calmed down and both sides agree. */
static void negotiate(struct __test_metadata *_metadata, struct sim *sim, const struct side *a,
		      const struct side *b)
{
	char text_a[2048], text_b[2048];

	config_text(text_a, sizeof(text_a), a, false);
	config_text(text_b, sizeof(text_b), b, true);
	sim_init(sim, 7, text_a, text_b);
	sim->link.delay = DURATION_MS(10);
	sim_initiate(sim, 0);
	EXPECT_TRUE(sim_run_results(sim, 0, 1, DURATION_S(600)));
	sim_run(sim, instant_add(sim->now, DURATION_S(300)));
	EXPECT_EQ(NULL, sim_agreement(sim));
}

/* Up, with this key exchange and this ESP encryption. */
static void expect_up(struct __test_metadata *_metadata, struct sim *sim, uint16_t ke,
		      uint16_t encr)
{
	struct ike_sa *sa = sim_only_sa(&sim->peers[1]);
	struct child_sa *child;

	EXPECT_EQ(0, sim->peers[0].result);
	ASSERT_NE(NULL, sa);
	child = list_first(&sa->children, struct child_sa, link);
	ASSERT_NE(NULL, child);
	EXPECT_EQ(ke, proposal_id(&sa->proposal, IKE_TRANSFORM_KE));
	EXPECT_EQ(encr, proposal_id(&child->proposal, IKE_TRANSFORM_ENCR));
}

/* No IKE SA on either side. */
static void expect_nothing(struct __test_metadata *_metadata, struct sim *sim)
{
	EXPECT_GT(0, sim->peers[0].result);
	for (size_t i = 0; i < 2; i++) {
		EXPECT_EQ(0, sim->peers[i].core->n_sas);
		EXPECT_EQ(0, sim->peers[i].core->n_half_open);
		EXPECT_EQ(0, sim->peers[i].kernel.n_sas);
	}
}

/* The IKE SA is up, without a Child SA: 2.21.2. */
static void expect_childless(struct __test_metadata *_metadata, struct sim *sim)
{
	EXPECT_GT(0, sim->peers[0].result);
	for (size_t i = 0; i < 2; i++) {
		EXPECT_EQ(1, sim->peers[i].core->n_sas);
		EXPECT_EQ(0, sim->peers[i].core->n_children);
		EXPECT_EQ(0, sim->peers[i].kernel.n_sas);
	}
}

TEST_F(pair, every_key_exchange_and_cipher_is_agreed_on)
{
	static const struct {
		const char *ike, *esp;
		uint16_t ke, encr;
	} cases[] = {
		{ "aes128gcm16-prfsha256-modp2048", "aes128gcm16", 14, IKE_ENCR_AES_GCM_16 },
		{ "aes256gcm16-prfsha384-modp3072", "aes256gcm16", 15, IKE_ENCR_AES_GCM_16 },
		{ "aes256gcm16-prfsha512-modp4096", "aes256gcm16-esn", 16, IKE_ENCR_AES_GCM_16 },
		{ "chacha20poly1305-prfsha256-ecp256", "chacha20poly1305", 19,
		  IKE_ENCR_CHACHA20_POLY1305 },
		{ "aes128-sha256-ecp384", "aes128-sha256", 20, IKE_ENCR_AES_CBC },
		{ "aes256-sha384-ecp521", "aes256-sha384", 21, IKE_ENCR_AES_CBC },
		{ "aes256-sha512-x25519", "aes256-sha512", 31, IKE_ENCR_AES_CBC },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct side a = plain_a, b = plain_b;

		a.proposals = b.proposals = cases[i].ike;
		a.esp = b.esp = cases[i].esp;
		if (i)
			sim_fini(&self->sim);
		negotiate(_metadata, &self->sim, &a, &b);
		expect_up(_metadata, &self->sim, cases[i].ke, cases[i].encr);
	}
}

TEST_F(pair, another_key_exchange_is_asked_for_and_used)
{
	struct side a = plain_a, b = plain_b;

	a.proposals = "aes128gcm16-prfsha256-x25519-ecp256";
	b.proposals = "aes128gcm16-prfsha256-ecp256";
	negotiate(_metadata, &self->sim, &a, &b);
	expect_up(_metadata, &self->sim, IKE_KE_ECP_256, IKE_ENCR_AES_GCM_16);
}

TEST_F(pair, under_pressure_a_cookie_is_asked_for)
{
	struct side b = plain_b;
	char text_a[2048], text_b[2048];
	struct sim *sim = &self->sim;

	b.settings = "cookie_threshold = 1";
	config_text(text_a, sizeof(text_a), &plain_a, false);
	config_text(text_b, sizeof(text_b), &b, true);
	sim_init(sim, 7, text_a, text_b);
	/* One that stays half-open: everything that the initiator sends after its first is lost. */
	sim_initiate(sim, 0);
	sim_run(sim, instant_add(sim->now, DURATION_US(1)));
	while (sim->peers[1].core->n_half_open == 0)
		sim_run(sim, instant_add(sim->now, DURATION_US(1)));
	sim->link.loss = 1000;
	sim_run(sim, instant_add(sim->now, DURATION_US(100)));
	sim_terminate(sim, 0);
	sim_run(sim, instant_add(sim->now, DURATION_MS(1)));
	ASSERT_EQ(1, sim->peers[1].core->n_half_open);
	EXPECT_EQ(0, sim->peers[1].core->counters.cookies_sent);

	sim->link.loss = 0;
	sim->peers[0].results = 0;
	sim_initiate(sim, 0);
	EXPECT_TRUE(sim_run_results(sim, 0, 1, DURATION_S(60)));
	EXPECT_EQ(0, sim->peers[0].result);
	EXPECT_EQ(1, sim->peers[1].core->counters.cookies_sent);
	sim_run(sim, instant_add(sim->now, DURATION_S(60)));
	EXPECT_EQ(0, sim->peers[1].core->n_half_open);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

TEST_F(pair, no_common_ike_proposal_is_no_ike_sa)
{
	struct side b = plain_b;

	b.proposals = "aes256-sha512-modp4096";
	negotiate(_metadata, &self->sim, &plain_a, &b);
	expect_nothing(_metadata, &self->sim);
}

TEST_F(pair, other_secrets_are_no_ike_sa)
{
	struct side b = plain_b;

	b.secret = "something else";
	negotiate(_metadata, &self->sim, &plain_a, &b);
	expect_nothing(_metadata, &self->sim);
}

TEST_F(pair, another_identity_than_expected_is_no_ike_sa)
{
	struct side a = plain_a, b = plain_b;

	a.id = "c.test";
	negotiate(_metadata, &self->sim, &a, &plain_b);
	expect_nothing(_metadata, &self->sim);
	sim_fini(&self->sim);
	b.id = "c.test";
	negotiate(_metadata, &self->sim, &plain_a, &b);
	expect_nothing(_metadata, &self->sim);
}

TEST_F(pair, no_common_esp_proposal_leaves_the_ike_sa)
{
	struct side b = plain_b;

	b.esp = "aes256-sha512";
	negotiate(_metadata, &self->sim, &plain_a, &b);
	expect_childless(_metadata, &self->sim);
}

TEST_F(pair, no_common_selectors_leave_the_ike_sa)
{
	struct side b = plain_b;

	b.local_ts = "10.9.0.0/16";
	negotiate(_metadata, &self->sim, &plain_a, &b);
	expect_childless(_metadata, &self->sim);
}

TEST_F(pair, selectors_are_narrowed_to_what_both_want)
{
	struct side b = plain_b;
	struct child_sa *child;
	char text[TS_STRLEN];

	b.local_ts = "10.2.3.0/24";
	b.remote_ts = "10.0.0.0/8";
	negotiate(_metadata, &self->sim, &plain_a, &b);
	expect_up(_metadata, &self->sim, IKE_KE_CURVE_25519, IKE_ENCR_AES_GCM_16);
	child = list_first(&sim_only_sa(&self->sim.peers[0])->children, struct child_sa, link);
	EXPECT_STREQ("10.1.0.0/16", ts_str(&child->local_ts.v[0], text));
	EXPECT_STREQ("10.2.3.0/24", ts_str(&child->remote_ts.v[0], text));
}

TEST_F(pair, a_peer_that_is_gone_is_noticed)
{
	struct sim *sim = &self->sim;

	negotiate(_metadata, sim, &plain_a, &plain_b);
	sim->link.loss = 1000;
	sim_run(sim, instant_add(sim->now, DURATION_S(400)));
	EXPECT_EQ(0, sim->peers[0].core->n_sas);
	EXPECT_EQ(0, sim->peers[1].core->n_sas);
	EXPECT_EQ(0, sim->peers[0].kernel.n_sas + sim->peers[1].kernel.n_sas);
	EXPECT_EQ(0, sim->peers[0].kernel.n_policies + sim->peers[1].kernel.n_policies);
}

TEST_HARNESS_MAIN
