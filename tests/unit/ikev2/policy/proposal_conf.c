/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <errno.h>
#include <openssl/evp.h>

#include "ikev2/codec/algorithm.h"
#include "ikev2/policy/proposal_conf.h"

#define IKE IKE_PROTOCOL_IKE
#define ESP IKE_PROTOCOL_ESP

/* RFC 7296 3.3.4, RFC 8247 2.1 to 2.4 */
TEST(keywords_become_a_proposal_and_text_again)
{
	static const struct {
		uint8_t protocol;
		const char *text, *printed;
	} table[] = {
		{ IKE, "aes128gcm16-prfsha256-x25519", NULL },
		{ IKE, "aes256-sha256-modp2048", "aes256-sha256-modp2048-prfsha256" },
		{ IKE, "aes256-sha384-prfsha512-ecp384", NULL },
		{ IKE, "aes128-aes256-sha256-sha512-ecp256-x25519",
		  "aes128-aes256-sha256-sha512-ecp256-x25519-prfsha256-prfsha512" },
		{ IKE, "aes128gcm16-sha256-x25519", "aes128gcm16-x25519-prfsha256" },
		{ IKE, "chacha20poly1305-prfsha256-curve25519",
		  "chacha20poly1305-prfsha256-x25519" },
		{ IKE, "AES256GCM-PRFSHA384-ECP384", "aes256gcm16-prfsha384-ecp384" },
		{ IKE, "aes-aes128-sha2_256-modp3072", "aes128-sha256-modp3072-prfsha256" },
		{ IKE, "aes128-sha1-modp2048", "aes128-sha1-modp2048-prfsha1" },
		{ ESP, "aes128gcm16", "aes128gcm16-noesn" },
		{ ESP, "aes128gcm128-esn", "aes128gcm16-esn" },
		{ ESP, "aes256gcm16-x25519-esn-noesn", NULL },
		{ ESP, "aes256-sha512-modp4096-noesn", NULL },
		{ ESP, "chacha20poly1305-x25519", "chacha20poly1305-x25519-noesn" },
		{ IKE, "3des-sha-modp1024", "3des-sha1-modp1024-prfsha1" },
		{ IKE, "aes128ctr-aesxcbc-modp1536", "aes128ctr-aesxcbc-modp1536-prfaesxcbc" },
		{ IKE, "camellia-aescmac-ecp256bp", "camellia128-aescmac-ecp256bp-prfaescmac" },
		{ IKE, "aes256ccm-prfaescmac-modp8192", "aes256ccm16-prfaescmac-modp8192" },
		{ ESP, "null-sha256", "null-sha256-noesn" },
		{ ESP, "aes192gmac-esn", "aes192gmac-esn" },
		{ ESP, "3des-aes256ctr-sha1", "3des-aes256ctr-sha1-noesn" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char error[PROPOSAL_ERROR_LEN] = "", text[200];
		struct proposal p, again;

		ASSERT_EQ(0, proposal_from_text(table[i].text, table[i].protocol, &p, error))
		TH_LOG("%s: %s", table[i].text, error);
		EXPECT_EQ(1, p.number);
		EXPECT_EQ(table[i].protocol, p.protocol);
		EXPECT_EQ(0, p.spi_len);
		EXPECT_STREQ(table[i].printed ? table[i].printed : table[i].text,
			     proposal_to_text(&p, text, sizeof(text)));
		ASSERT_EQ(0, proposal_from_text(text, table[i].protocol, &again, error));
		EXPECT_EQ(p.n, again.n);
		for (size_t k = 0; k < p.n; k++)
			EXPECT_TRUE(proposal_supported(p.protocol, &p.v[k]));
	}
}

/* RFC 8247 2.1 to 2.4, RFC 8221 4 and 5, RFC 5282 8 */
TEST(what_cannot_work_is_refused_with_a_reason)
{
	static const struct {
		uint8_t protocol;
		const char *text, *error;
	} table[] = {
		{ IKE, "", "unknown algorithm ''" },
		{ IKE, "des-sha256-modp2048", "'des' is not supported: keys of 56 bits are" },
		{ IKE, "aes128-md5-modp1024", "'md5' is not supported: MD5 is broken (RFC 8247 2.3" },
		{ IKE, "aes128-sha1-modp768", "'modp768' is not supported: it is broken within" },
		{ IKE, "null-sha256-x25519",
		  "'null' is refused in IKE proposals: it does not encrypt (RFC 8247 2.1: MUST" },
		{ IKE, "aes128gmac-prfsha256-x25519", "'aes128gmac' is not for IKE proposals" },
		{ IKE, "aes512-sha256-x25519", "unknown algorithm 'aes512'" },
		{ IKE, "aes*-sha256-x25519", "unknown algorithm 'aes*'" },
		{ ESP, "null", "it has no integrity algorithm" },
		{ IKE, "aes128--x25519", "unknown algorithm ''" },
		{ IKE, "aes128gcm16-aes128-prfsha256-x25519", "ciphers that authenticate" },
		{ IKE, "aes128-x25519", "it has no integrity algorithm" },
		{ IKE, "sha256-x25519", "it has no encryption algorithm" },
		{ IKE, "aes128-sha256", "it has no key exchange" },
		{ IKE, "aes128gcm16-x25519", "it has no PRF" },
		{ IKE, "aes128-sha256-x25519-esn", "'esn' is not for IKE proposals" },
		{ ESP, "aes128gcm16-prfsha256", "'prfsha256' is not for ESP proposals" },
		{ ESP, "aes128gcm16-sha256", "an integrity algorithm is of no use with gcm" },
		{ ESP, "aes128", "it has no integrity algorithm" },
		{ ESP, "sha256", "it has no encryption algorithm" },
	};
	char longer[600], error[PROPOSAL_ERROR_LEN];
	struct proposal p = { .number = 77 };

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		EXPECT_EQ(-EINVAL, proposal_from_text(table[i].text, table[i].protocol, &p, error));
		EXPECT_EQ(0, strncmp(error, table[i].error, strlen(table[i].error)))
		TH_LOG("%s", error);
	}
	memset(longer, 'a', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	EXPECT_EQ(-EINVAL, proposal_from_text(longer, IKE, &p, error));
	EXPECT_STREQ("it is too long", error);
	EXPECT_EQ(77, p.number);
}

/* RFC 8247 1.2, 2.1 to 2.4; RFC 8221 5, 6 */
TEST(dated_algorithms_are_advised_against_and_no_others)
{
	static const struct {
		uint8_t protocol;
		const char *text, *advice;
	} table[] = {
		{ IKE, "aes128-sha256-x25519", NULL },
		{ IKE, "aes192gcm8-prfaesxcbc-modp6144", NULL },
		{ ESP, "camellia256-aesxcbc-ecp224bp-esn", NULL },
		{ IKE, "3des-sha256-x25519",
		  "3des: its blocks of 64 bits are too short (RFC 8247 2.1: MAY)" },
		{ ESP, "3des-sha256",
		  "3des: its blocks of 64 bits are too short (RFC 8221 5: SHOULD NOT)" },
		{ IKE, "aes128-sha1-modp1024",
		  "sha1: attacks on SHA-1 get better (RFC 8247 2.3: MUST-); modp1024: who can pay for "
		  "it is able to break it (RFC 8247 2.4: SHOULD NOT); prfsha1: attacks on SHA-1 get "
		  "better (RFC 8247 2.2: MUST-)" },
		{ ESP, "null-sha256", "null: it does not encrypt (RFC 8221 5: MUST)" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char advice[400] = "", error[PROPOSAL_ERROR_LEN];
		struct proposal p;

		ASSERT_EQ(0, proposal_from_text(table[i].text, table[i].protocol, &p, error));
		EXPECT_EQ(table[i].advice != NULL, proposal_advice(&p, advice, sizeof(advice)));
		EXPECT_STREQ(table[i].advice ? table[i].advice : "", advice);
	}
}

TEST(a_list_counts_its_proposals_and_ends_at_its_limit)
{
	char error[PROPOSAL_ERROR_LEN];
	struct proposal_list list = { .n = 0 };

	for (size_t i = 0; i < PROPOSALS_MAX; i++) {
		ASSERT_EQ(0, proposal_list_add_text(&list, "aes128gcm16", ESP, error));
		EXPECT_EQ(i + 1, list.v[i].number);
	}
	EXPECT_EQ(-E2BIG, proposal_list_add_text(&list, "aes128gcm16", ESP, error));
	EXPECT_STREQ("there are too many proposals", error);
	EXPECT_EQ(-E2BIG, proposal_list_add_text(&list, "default", ESP, error));
	EXPECT_EQ(PROPOSALS_MAX, list.n);
}

TEST(defaults_are_supported_and_start_with_aead)
{
	static const uint8_t protocols[] = { IKE, ESP };

	for (size_t k = 0; k < ARRAY_SIZE(protocols); k++) {
		struct proposal_list list = { .n = 9 };

		proposal_list_defaults(&list, protocols[k]);
		ASSERT_EQ(2, list.n);
		EXPECT_EQ(2, list.v[1].number);
		EXPECT_TRUE(proposal_encr_is_aead(list.v[0].v[0].id));
		EXPECT_EQ(NULL, proposal_transform(&list.v[0], IKE_TRANSFORM_INTEG, 0));
		EXPECT_NE(NULL, proposal_transform(&list.v[1], IKE_TRANSFORM_INTEG, 0));
		EXPECT_EQ(protocols[k] == IKE,
			  proposal_transform(&list.v[0], IKE_TRANSFORM_KE, 0) != NULL);
		for (size_t i = 0; i < list.n; i++)
			for (size_t j = 0; j < list.v[i].n; j++)
				EXPECT_TRUE(proposal_supported(protocols[k], &list.v[i].v[j]));
		for (size_t i = 0; i < list.n; i++)
			EXPECT_FALSE(proposal_advice(&list.v[i], (char[10]){ "" }, 10));
	}
}

/* What RFC 8247 2 and RFC 8221 5, 6 name MUST or SHOULD, but for what is dated or for small devices
 * and 192 bits. */
TEST(defaults_have_what_everybody_shall_have)
{
	static const uint8_t protocols[] = { IKE, ESP };

	for (size_t k = 0; k < ARRAY_SIZE(protocols); k++) {
		struct proposal_list list;

		proposal_list_defaults(&list, protocols[k]);
		for_each_algorithm(a) {
			for (size_t n = 0; n < algorithm_keys(a); n++) {
				enum algorithm_level level =
					algorithm_level(a, protocols[k], a->key_bits[n]);
				bool found = false;

				/* PFS is for who asks for it. */
				if (level == ALGORITHM_NONE || level > ALGORITHM_SHOULD || a->note ||
				    (protocols[k] == ESP && a->type == IKE_TRANSFORM_KE))
					continue;
				for (size_t i = 0; i < list.n; i++)
					for (size_t j = 0; j < list.v[i].n; j++)
						found |= list.v[i].v[j].type == a->type &&
							 list.v[i].v[j].id == a->id &&
							 list.v[i].v[j].key_bits == a->key_bits[n];
				EXPECT_TRUE(found)
				{
					TH_LOG("%s in %d", a->names, protocols[k]);
				}
			}
		}
	}
}

/* FIPS mode, say: a provider that has less. Asked once, so in a process of its own, as all tests. */
TEST(what_openssl_lacks_is_reported)
{
	char error[PROPOSAL_ERROR_LEN];
	struct proposal_list list;
	struct proposal p;

	ASSERT_EQ(1, EVP_set_default_properties(NULL, "provider=none"));
	EXPECT_EQ(-EINVAL, proposal_from_text("aes128-sha256-x25519", IKE, &p, error));
	EXPECT_STREQ("'aes128' is not offered by OpenSSL, as it is configured here", error);
	/* The kernel computes ESP, but not its key exchange. */
	EXPECT_EQ(0, proposal_from_text("aes128-sha256", ESP, &p, error));
	EXPECT_EQ(-EINVAL, proposal_from_text("aes128-sha256-x25519", ESP, &p, error));
	EXPECT_STREQ("'x25519' is not offered by OpenSSL, as it is configured here", error);
	list.n = 0;
	EXPECT_EQ(-EINVAL, proposal_list_add_text(&list, "default", IKE, error));
	EXPECT_STREQ("OpenSSL, as it is configured here, offers none of the defaults", error);
	EXPECT_EQ(0, list.n);
	EXPECT_EQ(0, proposal_list_add_text(&list, "default", ESP, error));
	EXPECT_EQ(2, list.n);
}

TEST(support_depends_on_key_size_and_protocol)
{
	const struct transform no_bits = { IKE_TRANSFORM_ENCR, false, IKE_ENCR_AES_CBC, 0 };
	const struct transform bits = { IKE_TRANSFORM_ENCR, false, IKE_ENCR_AES_CBC, 128 };
	const struct transform odd = { IKE_TRANSFORM_ENCR, true, IKE_ENCR_AES_CBC, 128 };
	const struct transform prf = { IKE_TRANSFORM_PRF, false, IKE_PRF_HMAC_SHA2_256, 0 };
	const struct transform esn = { IKE_TRANSFORM_ESN, false, IKE_ESN_EXT_SEQ, 0 };
	const struct transform old = { IKE_TRANSFORM_KE, false, IKE_KE_MODP_768, 0 };
	const struct transform null = { IKE_TRANSFORM_ENCR, false, IKE_ENCR_NULL, 0 };

	EXPECT_FALSE(proposal_supported(IKE, &no_bits));
	EXPECT_TRUE(proposal_supported(IKE, &bits));
	EXPECT_TRUE(proposal_supported(ESP, &bits));
	EXPECT_FALSE(proposal_supported(IKE, &odd));
	EXPECT_TRUE(proposal_supported(IKE, &prf));
	EXPECT_FALSE(proposal_supported(ESP, &prf));
	EXPECT_FALSE(proposal_supported(IKE, &esn));
	EXPECT_TRUE(proposal_supported(ESP, &esn));
	EXPECT_FALSE(proposal_supported(IKE, &old));
	EXPECT_FALSE(proposal_supported(IKE, &null));
	EXPECT_TRUE(proposal_supported(ESP, &null));
}

TEST(unknown_transforms_print_as_numbers_and_text_is_cut_to_size)
{
	struct proposal p;
	char text[40], small[10];

	proposal_init(&p, 1, IKE);
	proposal_add(&p, IKE_TRANSFORM_ENCR, IKE_ENCR_AES_GCM_16, 128);
	proposal_add(&p, IKE_TRANSFORM_KE, 1234, 0);
	EXPECT_STREQ("aes128gcm16-4/1234", proposal_to_text(&p, text, sizeof(text)));
	EXPECT_STREQ("aes128...", proposal_to_text(&p, small, sizeof(small)));
}

TEST_HARNESS_MAIN
