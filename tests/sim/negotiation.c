/* SPDX-License-Identifier: MIT */
/*
 * How a handshake goes between two configurations: what they agree on, and how each disagreement
 * ends on both sides (RFC 7296 1.2, 2.6, 2.7, 2.9, 2.21).
 */
#include <stdio.h>
#include <kselftest_harness.h>

#include "pdk/log/log.h"
#include "ikev2/codec/algorithm.h"
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

/* -------- every algorithm of the table, so that a new one is here without a word -------- */

/* A proposal in which the algorithm stands with others that it fits. */
static void proposal_with(char *buf, size_t size, const struct algorithm *a, size_t k,
			  uint8_t protocol)
{
	bool ike = protocol == IKE_PROTOCOL_IKE, aead = algorithm_is_aead(a);
	char name[ALGORITHM_NAME_LEN];
	struct {
		uint8_t type;
		bool needed;
		const char *name;
	} words[] = {
		{ IKE_TRANSFORM_ENCR, true, "aes128" },  { IKE_TRANSFORM_INTEG, !aead, "sha256" },
		{ IKE_TRANSFORM_PRF, ike, "prfsha256" }, { IKE_TRANSFORM_KE, ike, "x25519" },
		{ IKE_TRANSFORM_ESN, false, NULL },
	};
	size_t len = 0;

	algorithm_name(a, k, name);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i].needed || words[i].type == a->type)
			len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? "-" : "",
						words[i].type == a->type ? name : words[i].name);
}

static bool chosen(const struct proposal *p, const struct algorithm *a, size_t k)
{
	const struct transform *t = proposal_transform(p, a->type, 0);

	return t && t->id == a->id && t->key_bits == a->key_bits[k];
}

/* An IKE SA with the algorithm comes up, is rekeyed by either side, and goes (2.14, 2.18). */
static void ike_with(struct __test_metadata *_metadata, struct sim *sim, const struct algorithm *a,
		     size_t k)
{
	struct side side_a = plain_a, side_b = plain_b;
	char text[100];

	proposal_with(text, sizeof(text), a, k, IKE_PROTOCOL_IKE);
	TH_LOG("%s", text);
	side_a.proposals = side_b.proposals = text;
	negotiate(_metadata, sim, &side_a, &side_b);
	expect_up(_metadata, sim, a->type == IKE_TRANSFORM_KE ? a->id : IKE_KE_CURVE_25519,
		  IKE_ENCR_AES_GCM_16);
	for (unsigned i = 0; i < 2; i++) {
		EXPECT_EQ(1, sim_rekey_ike(sim, i));
		sim_run(sim, instant_add(sim->now, DURATION_S(30)));
		EXPECT_EQ(i + 1, sim->peers[0].rekeys);
		ASSERT_NE(NULL, sim_only_sa(&sim->peers[i]));
		EXPECT_TRUE(chosen(&sim_only_sa(&sim->peers[i])->proposal, a, k));
		EXPECT_EQ(NULL, sim_agreement(sim));
	}
	sim_terminate(sim, 1);
	sim_run(sim, instant_add(sim->now, DURATION_S(30)));
	EXPECT_EQ(0, sim->peers[0].core->n_sas + sim->peers[1].core->n_sas);
}

/* A Child SA with the algorithm, before and after it is rekeyed, which makes use of a group. */
static void esp_with(struct __test_metadata *_metadata, struct sim *sim, const struct algorithm *a,
		     size_t k)
{
	struct side side_a = plain_a, side_b = plain_b;
	struct child_sa *child;
	char text[100];

	proposal_with(text, sizeof(text), a, k, IKE_PROTOCOL_ESP);
	TH_LOG("%s", text);
	side_a.esp = side_b.esp = text;
	negotiate(_metadata, sim, &side_a, &side_b);
	EXPECT_EQ(1, sim_rekey_child(sim, 1, "net"));
	sim_run(sim, instant_add(sim->now, DURATION_S(30)));
	EXPECT_EQ(1, sim->peers[1].child_rekeys);
	EXPECT_EQ(NULL, sim_agreement(sim));
	ASSERT_NE(NULL, sim_only_sa(&sim->peers[0]));
	child = list_first(&sim_only_sa(&sim->peers[0])->children, struct child_sa, link);
	ASSERT_NE(NULL, child);
	EXPECT_TRUE(chosen(&child->proposal, a, k));
}

static void every_algorithm(struct __test_metadata *_metadata, struct sim *sim, uint8_t protocol,
			    uint8_t type)
{
	unsigned n = 0;

	for_each_algorithm(a) {
		for (size_t k = 0; k < algorithm_keys(a); k++) {
			if (a->type != type || !algorithm_usable(a, protocol, a->key_bits[k]))
				continue;
			if (n++)
				sim_fini(sim);
			if (protocol == IKE_PROTOCOL_IKE)
				ike_with(_metadata, sim, a, k);
			else
				esp_with(_metadata, sim, a, k);
		}
	}
	ASSERT_LT(1, n);
}

TEST_F_TIMEOUT(pair, every_cipher_of_ike_is_agreed_on, 120)
{
	every_algorithm(_metadata, &self->sim, IKE_PROTOCOL_IKE, IKE_TRANSFORM_ENCR);
}

TEST_F_TIMEOUT(pair, every_integrity_algorithm_of_ike_is_agreed_on, 120)
{
	every_algorithm(_metadata, &self->sim, IKE_PROTOCOL_IKE, IKE_TRANSFORM_INTEG);
}

TEST_F_TIMEOUT(pair, every_prf_is_agreed_on, 120)
{
	every_algorithm(_metadata, &self->sim, IKE_PROTOCOL_IKE, IKE_TRANSFORM_PRF);
}

TEST_F_TIMEOUT(pair, every_key_exchange_of_ike_is_agreed_on, 300)
{
	every_algorithm(_metadata, &self->sim, IKE_PROTOCOL_IKE, IKE_TRANSFORM_KE);
}

TEST_F_TIMEOUT(pair, every_cipher_of_esp_is_agreed_on, 120)
{
	every_algorithm(_metadata, &self->sim, IKE_PROTOCOL_ESP, IKE_TRANSFORM_ENCR);
}

TEST_F_TIMEOUT(pair, every_integrity_algorithm_of_esp_is_agreed_on, 120)
{
	every_algorithm(_metadata, &self->sim, IKE_PROTOCOL_ESP, IKE_TRANSFORM_INTEG);
}

TEST_F_TIMEOUT(pair, every_key_exchange_of_esp_is_agreed_on, 300)
{
	every_algorithm(_metadata, &self->sim, IKE_PROTOCOL_ESP, IKE_TRANSFORM_KE);
}

TEST_F_TIMEOUT(pair, every_kind_of_sequence_number_is_agreed_on, 120)
{
	every_algorithm(_metadata, &self->sim, IKE_PROTOCOL_ESP, IKE_TRANSFORM_ESN);
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
