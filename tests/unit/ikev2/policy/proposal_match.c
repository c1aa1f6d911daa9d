/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <stdlib.h>
#include <string.h>

#include "ikev2/policy/proposal_conf.h"
#include "ikev2/policy/proposal_match.h"

#define IKE  IKE_PROTOCOL_IKE
#define ESP  IKE_PROTOCOL_ESP
#define OWN  PROPOSAL_PREFER_OWN
#define PEER PROPOSAL_PREFER_PEER

/* A list from proposals with commas between them. */
static struct proposal_list list_of(const char *text, uint8_t protocol)
{
	char copy[1000], error[PROPOSAL_ERROR_LEN], *rest = copy, *item;
	struct proposal_list list = { .n = 0 };

	strcpy(copy, text);
	while ((item = strsep(&rest, ",")))
		if (proposal_list_add_text(&list, item, protocol, error) < 0)
			fprintf(stderr, "# %s: %s\n", item, error);
	return list;
}

static const struct {
	uint8_t protocol;
	const char *own, *offer;
	enum proposal_prefer prefer;
	bool without_ke;
	const char *chosen; /* NULL: none */
	uint8_t number;
} table[] = {
	{ IKE, "aes128gcm16-prfsha256-x25519", "aes128gcm16-prfsha256-x25519", OWN, false,
	  "aes128gcm16-prfsha256-x25519", 1 },
	/* One of each type, and our order decides. */
	{ IKE, "aes128gcm16-aes256gcm16-prfsha256-prfsha384-x25519-ecp256",
	  "aes256gcm16-aes128gcm16-prfsha384-prfsha256-ecp256-x25519", OWN, false,
	  "aes128gcm16-prfsha256-x25519", 1 },
	{ IKE, "aes128gcm16-aes256gcm16-prfsha256-prfsha384-x25519-ecp256",
	  "aes256gcm16-aes128gcm16-prfsha384-prfsha256-ecp256-x25519", PEER, false,
	  "aes256gcm16-prfsha384-ecp256", 1 },
	/* Of several proposals. */
	{ IKE, "aes256gcm16-prfsha384-ecp384,aes128-sha256-modp2048",
	  "aes128-sha256-modp2048,aes256gcm16-prfsha384-ecp384", OWN, false,
	  "aes256gcm16-prfsha384-ecp384", 2 },
	{ IKE, "aes256gcm16-prfsha384-ecp384,aes128-sha256-modp2048",
	  "aes128-sha256-modp2048,aes256gcm16-prfsha384-ecp384", PEER, false,
	  "aes128-sha256-prfsha256-modp2048", 1 },
	{ IKE, "aes128gcm16-prfsha256-x25519", "aes128-sha256-x25519,aes128gcm16-prfsha256-x25519",
	  OWN, false, "aes128gcm16-prfsha256-x25519", 2 },
	/* Key lengths are exact. */
	{ IKE, "aes128gcm16-prfsha256-x25519", "aes256gcm16-prfsha256-x25519", OWN, false, NULL,
	  0 },
	/* Something is missing. */
	{ IKE, "aes128gcm16-prfsha256-x25519", "aes128gcm16-prfsha256-ecp256", OWN, false, NULL,
	  0 },
	{ IKE, "aes128gcm16-prfsha256-x25519", "aes128gcm16-prfsha384-x25519", OWN, false, NULL,
	  0 },
	{ IKE, "aes128-sha256-x25519", "aes128-sha384-x25519", OWN, false, NULL, 0 },
	{ IKE, "aes128gcm16-prfsha256-x25519", "aes128gcm12-prfsha256-x25519", OWN, false, NULL,
	  0 },
	{ IKE, "aes128gcm16-prfsha256-x25519", "aes128-sha256-x25519", OWN, false, NULL, 0 },
	/* ESP, with and without a key exchange. */
	{ ESP, "aes128gcm16", "aes128gcm16", OWN, false, "aes128gcm16-noesn", 1 },
	{ ESP, "aes128gcm16-esn", "aes128gcm16", OWN, false, NULL, 0 },
	{ ESP, "aes128gcm16-noesn-esn", "aes128gcm16-esn-noesn", OWN, false, "aes128gcm16-noesn",
	  1 },
	{ ESP, "aes128gcm16-noesn-esn", "aes128gcm16-esn-noesn", PEER, false, "aes128gcm16-esn",
	  1 },
	{ ESP, "aes128gcm16-x25519", "aes128gcm16-x25519", OWN, false, "aes128gcm16-x25519-noesn",
	  1 },
	{ ESP, "aes128gcm16-x25519", "aes128gcm16", OWN, false, NULL, 0 },
	{ ESP, "aes128gcm16", "aes128gcm16-x25519", OWN, false, NULL, 0 },
	{ ESP, "aes128gcm16-x25519", "aes128gcm16", OWN, true, "aes128gcm16-noesn", 1 },
	{ ESP, "aes128gcm16", "aes128gcm16-x25519", OWN, true, "aes128gcm16-noesn", 1 },
	{ ESP, "aes128gcm16-x25519", "aes128gcm16-ecp256", OWN, true, "aes128gcm16-noesn", 1 },
	{ ESP, "aes256-aes128-sha256", "aes128-sha512-sha256", PEER, false, "aes128-sha256-noesn",
	  1 },
	{ ESP, "chacha20poly1305", "aes128gcm16,chacha20poly1305", OWN, false,
	  "chacha20poly1305-noesn", 2 },
};

/* The same transforms, whatever their order. */
static bool same_transforms(const struct proposal *a, const struct proposal *b)
{
	for (size_t i = 0; i < a->n; i++) {
		bool found = false;

		for (size_t j = 0; j < b->n; j++)
			found = found || transform_equal(&a->v[i], &b->v[j]);
		if (!found)
			return false;
	}
	return a->n == b->n;
}

/* RFC 7296 2.7, 3.3.4, 3.3.6 */
TEST(one_proposal_with_one_transform_of_a_type_is_chosen)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct proposal_list own = list_of(table[i].own, table[i].protocol);
		struct proposal_list offer = list_of(table[i].offer, table[i].protocol);
		struct proposal chosen = { .number = 99 };
		char text[200];
		int verdict;

		proposal_set_spi32(&offer.v[0], 0x11111111);
		if (offer.n > 1)
			proposal_set_spi32(&offer.v[1], 0x22222222);
		verdict = proposal_select(&own, &offer, table[i].prefer, table[i].without_ke,
					  &chosen);
		EXPECT_EQ(table[i].chosen ? 0 : PROPOSAL_NONE_FITS, verdict) TH_LOG("row %zu", i);
		if (!table[i].chosen) {
			EXPECT_EQ(99, chosen.number);
			continue;
		}
		struct proposal expected = list_of(table[i].chosen, table[i].protocol).v[0];
		uint32_t spi = 0;

		EXPECT_EQ(table[i].number, chosen.number);
		EXPECT_TRUE(same_transforms(&expected, &chosen))
		TH_LOG("row %zu: %s", i, proposal_to_text(&chosen, text, sizeof(text)));
		EXPECT_TRUE(proposal_spi32(&chosen, &spi));
		EXPECT_EQ(table[i].number == 1 ? 0x11111111 : 0x22222222, spi);
		if (!table[i].without_ke)
			EXPECT_TRUE(proposal_answer_valid(&offer, &chosen, NULL));
	}
}

TEST(none_offered_in_words_is_answered_in_words)
{
	struct proposal_list own = list_of("aes128gcm16", ESP), offer = own;
	struct proposal chosen;

	proposal_add(&offer.v[0], IKE_TRANSFORM_INTEG, IKE_INTEG_NONE, 0);
	proposal_add(&offer.v[0], IKE_TRANSFORM_KE, IKE_KE_NONE, 0);
	proposal_add(&offer.v[0], IKE_TRANSFORM_KE, IKE_KE_CURVE_25519, 0);
	proposal_add(&offer.v[0], IKE_TRANSFORM_ADDKE1, 0, 0);
	ASSERT_EQ(0, proposal_select(&own, &offer, OWN, false, &chosen));
	EXPECT_EQ(5, chosen.n);
	EXPECT_NE(NULL, proposal_transform(&chosen, IKE_TRANSFORM_INTEG, 0));
	EXPECT_NE(NULL, proposal_transform(&chosen, IKE_TRANSFORM_KE, 0));
	EXPECT_EQ(IKE_KE_NONE, proposal_id(&chosen, IKE_TRANSFORM_KE));
	EXPECT_TRUE(proposal_answer_valid(&offer, &chosen, NULL));
	/* Leaving NONE out says the same. */
	chosen = own.v[0];
	EXPECT_TRUE(proposal_answer_valid(&offer, &chosen, NULL));
}

TEST(unknown_types_and_unusable_transforms_are_not_chosen)
{
	struct proposal_list own = list_of("aes128gcm16-aes256gcm16", ESP), offer = own;
	struct proposal chosen;

	offer.v[0].v[0].unusable = true;
	ASSERT_EQ(0, proposal_select(&own, &offer, OWN, false, &chosen));
	EXPECT_EQ(256, proposal_transform(&chosen, IKE_TRANSFORM_ENCR, 0)->key_bits);
	offer = own;
	proposal_add(&offer.v[0], 200, 1, 0);
	EXPECT_EQ(PROPOSAL_NONE_FITS, proposal_select(&own, &offer, OWN, false, &chosen));
	offer = own;
	proposal_add(&offer.v[0], IKE_TRANSFORM_ADDKE1, IKE_KE_ML_KEM_768, 0);
	EXPECT_EQ(PROPOSAL_NONE_FITS, proposal_select(&own, &offer, OWN, false, &chosen));
}

TEST(protocols_and_missing_types_do_not_fit)
{
	struct proposal_list own = list_of("aes128gcm16", ESP), offer = own, none = { .n = 0 };
	struct proposal chosen;

	offer.v[0].protocol = IKE_PROTOCOL_AH;
	EXPECT_EQ(PROPOSAL_NONE_FITS, proposal_select(&own, &offer, OWN, false, &chosen));
	offer = own;
	offer.v[0].n = 1; /* no ESN, which is mandatory (RFC 7296 3.3.3) */
	EXPECT_EQ(PROPOSAL_NONE_FITS, proposal_select(&own, &offer, OWN, false, &chosen));
	EXPECT_EQ(PROPOSAL_NONE_FITS, proposal_select(&own, &none, OWN, false, &chosen));
	EXPECT_EQ(PROPOSAL_NONE_FITS, proposal_select(&none, &own, PEER, false, &chosen));
}

TEST(aead_and_integrity_in_one_offer_are_kept_apart)
{
	struct proposal_list own = list_of("aes128gcm16,aes128-sha256", ESP), offer = { .n = 1 };
	struct proposal *p = &offer.v[0], chosen;

	/* A peer that mixes what RFC 7296 3.3 wants in two proposals. */
	proposal_init(p, 1, ESP);
	proposal_add(p, IKE_TRANSFORM_ENCR, IKE_ENCR_AES_GCM_16, 128);
	proposal_add(p, IKE_TRANSFORM_ENCR, IKE_ENCR_AES_CBC, 128);
	proposal_add(p, IKE_TRANSFORM_INTEG, IKE_INTEG_HMAC_SHA2_256_128, 0);
	proposal_add(p, IKE_TRANSFORM_ESN, 0, 0);
	ASSERT_EQ(0, proposal_select(&own, &offer, OWN, false, &chosen));
	EXPECT_EQ(IKE_ENCR_AES_CBC, proposal_id(&chosen, IKE_TRANSFORM_ENCR));
	EXPECT_EQ(IKE_INTEG_HMAC_SHA2_256_128, proposal_id(&chosen, IKE_TRANSFORM_INTEG));

	/* No integrity for a cipher that needs one. */
	proposal_init(p, 1, ESP);
	proposal_add(p, IKE_TRANSFORM_ENCR, IKE_ENCR_AES_CBC, 128);
	proposal_add(p, IKE_TRANSFORM_ESN, 0, 0);
	own = offer;
	EXPECT_EQ(PROPOSAL_NONE_FITS, proposal_select(&own, &offer, OWN, false, &chosen));
}

static struct proposal random_proposal(unsigned *seed)
{
	static const struct transform pool[] = {
		{ IKE_TRANSFORM_ENCR, false, IKE_ENCR_AES_GCM_16, 128 },
		{ IKE_TRANSFORM_ENCR, false, IKE_ENCR_AES_GCM_16, 256 },
		{ IKE_TRANSFORM_ENCR, false, IKE_ENCR_AES_CBC, 128 },
		{ IKE_TRANSFORM_PRF, false, IKE_PRF_HMAC_SHA2_256, 0 },
		{ IKE_TRANSFORM_PRF, false, IKE_PRF_HMAC_SHA2_384, 0 },
		{ IKE_TRANSFORM_INTEG, false, IKE_INTEG_NONE, 0 },
		{ IKE_TRANSFORM_INTEG, false, IKE_INTEG_HMAC_SHA2_256_128, 0 },
		{ IKE_TRANSFORM_KE, false, IKE_KE_CURVE_25519, 0 },
		{ IKE_TRANSFORM_KE, false, IKE_KE_NONE, 0 },
		{ IKE_TRANSFORM_KE, true, IKE_KE_ECP_256, 0 },
		{ 200, false, 1, 0 },
	};
	struct proposal p;

	proposal_init(&p, 1, IKE);
	for (size_t i = 0; i < ARRAY_SIZE(pool) - (rand_r(seed) % 8 != 0); i++)
		if (rand_r(seed) % 2)
			p.v[p.n++] = pool[i];
	return p;
}

/* Every way to take one transform of each type, tried one after the other. */
static bool exists_answer(const struct proposal_list *a, const struct proposal_list *b,
			  struct proposal *picked, size_t at)
{
	const struct proposal *p = &a->v[0];
	uint8_t type;

	if (at == p->n)
		return picked->n && proposal_transform(picked, IKE_TRANSFORM_ENCR, 0) &&
		       proposal_answer_valid(a, picked, NULL) &&
		       proposal_answer_valid(b, picked, NULL);
	type = p->v[at].type;
	if (!proposal_transform(picked, type, 0)) {
		picked->v[picked->n++] = p->v[at];
		if (exists_answer(a, b, picked, at + 1))
			return true;
		picked->n--;
	}
	return exists_answer(a, b, picked, at + 1);
}

static bool needs_integ(const struct proposal *p)
{
	return !proposal_encr_is_aead(proposal_id(p, IKE_TRANSFORM_ENCR)) &&
	       !proposal_id(p, IKE_TRANSFORM_INTEG);
}

TEST(a_choice_is_an_answer_to_both_lists_and_there_is_one_if_there_can_be)
{
	unsigned seed = 1, found = 0;

	for (int round = 0; round < 20000; round++) {
		struct proposal_list own = { .n = 1 }, offer = { .n = 1 };
		struct proposal chosen, picked;
		bool got;

		own.v[0] = random_proposal(&seed);
		offer.v[0] = random_proposal(&seed);
		got = proposal_select(&own, &offer, round % 2 ? OWN : PEER, false, &chosen) == 0;
		if (got) {
			found++;
			ASSERT_TRUE(proposal_answer_valid(&offer, &chosen, NULL));
			ASSERT_TRUE(proposal_answer_valid(&own, &chosen, NULL));
			ASSERT_FALSE(needs_integ(&chosen));
			continue;
		}
		proposal_init(&picked, 1, IKE);
		ASSERT_FALSE(exists_answer(&offer, &own, &picked, 0) && !needs_integ(&picked))
		TH_LOG("round %d", round);
	}
	EXPECT_GT(found, 100);
}

TEST(answers_that_were_not_offered_are_invalid)
{
	struct proposal_list offer =
		list_of("aes128gcm16-aes256gcm16-prfsha256-x25519,aes128-sha256-modp2048", IKE);
	struct proposal_list good = list_of("aes256gcm16-prfsha256-x25519", IKE);
	struct proposal answer = good.v[0];
	size_t index = 9;

	EXPECT_TRUE(proposal_answer_valid(&offer, &answer, &index));
	EXPECT_EQ(0, index);
	answer.number = 2;
	EXPECT_FALSE(proposal_answer_valid(&offer, &answer, NULL));
	answer = good.v[0];
	answer.protocol = ESP;
	EXPECT_FALSE(proposal_answer_valid(&offer, &answer, NULL));
	answer = good.v[0];
	answer.v[0].key_bits = 192;
	EXPECT_FALSE(proposal_answer_valid(&offer, &answer, NULL));
	answer = good.v[0];
	answer.n--;
	EXPECT_FALSE(proposal_answer_valid(&offer, &answer, NULL));
	answer = good.v[0];
	proposal_add(&answer, IKE_TRANSFORM_ENCR, IKE_ENCR_AES_GCM_16, 128);
	EXPECT_FALSE(proposal_answer_valid(&offer, &answer, NULL));
	answer = good.v[0];
	proposal_add(&answer, IKE_TRANSFORM_ESN, 0, 0);
	EXPECT_FALSE(proposal_answer_valid(&offer, &answer, NULL));
	answer = good.v[0];
	answer.v[0].unusable = true;
	EXPECT_FALSE(proposal_answer_valid(&offer, &answer, NULL));
	answer.n = 0;
	EXPECT_FALSE(proposal_answer_valid(&offer, &answer, NULL));
}

TEST(stripping_key_exchanges_joins_what_is_then_the_same)
{
	struct proposal_list list =
		list_of("aes128gcm16-x25519,aes128-sha256,aes128gcm16-ecp256,aes128gcm16", ESP);

	proposal_list_strip_ke(&list);
	ASSERT_EQ(2, list.n);
	EXPECT_EQ(1, list.v[0].number);
	EXPECT_EQ(2, list.v[1].number);
	EXPECT_EQ(IKE_ENCR_AES_GCM_16, proposal_id(&list.v[0], IKE_TRANSFORM_ENCR));
	EXPECT_EQ(IKE_ENCR_AES_CBC, proposal_id(&list.v[1], IKE_TRANSFORM_ENCR));
	EXPECT_EQ(NULL, proposal_transform(&list.v[0], IKE_TRANSFORM_KE, 0));
	EXPECT_NE(NULL, proposal_transform(&list.v[0], IKE_TRANSFORM_ESN, 0));
}

TEST(key_exchanges_of_a_list_are_found)
{
	struct proposal_list list =
		list_of("aes128gcm16-prfsha256-x25519,aes128-sha256-ecp256", IKE);

	EXPECT_TRUE(proposal_list_has_ke(&list, IKE_KE_CURVE_25519));
	EXPECT_TRUE(proposal_list_has_ke(&list, IKE_KE_ECP_256));
	EXPECT_FALSE(proposal_list_has_ke(&list, IKE_KE_MODP_2048));
	/* A number of another type. */
	EXPECT_FALSE(proposal_list_has_ke(&list, IKE_PRF_HMAC_SHA2_256));
}

TEST_HARNESS_MAIN
