/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <errno.h>

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

/* RFC 8247 2.1 to 2.4, RFC 5282 8 */
TEST(what_cannot_work_is_refused_with_a_reason)
{
	static const struct {
		uint8_t protocol;
		const char *text, *error;
	} table[] = {
		{ IKE, "", "unknown or unsupported algorithm '', supported are aes128 aes192" },
		{ IKE, "3des-sha256-modp2048", "unknown or unsupported algorithm '3des'" },
		{ IKE, "aes128-md5-modp1024", "unknown or unsupported algorithm 'md5'" },
		{ IKE, "aes128--x25519", "unknown or unsupported algorithm ''" },
		{ IKE, "aes128gcm16-aes128-prfsha256-x25519", "ciphers that authenticate" },
		{ IKE, "aes128-x25519", "it has no integrity algorithm" },
		{ IKE, "sha256-x25519", "it has no encryption algorithm" },
		{ IKE, "aes128-sha256", "it has no key exchange" },
		{ IKE, "aes128gcm16-x25519", "it has no PRF" },
		{ IKE, "aes128-sha256-x25519-esn", "esn and noesn are for ESP proposals" },
		{ ESP, "aes128gcm16-prfsha256", "a PRF is for IKE proposals" },
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

TEST(the_list_of_supported_algorithms_is_whole)
{
	char error[PROPOSAL_ERROR_LEN];
	struct proposal p;

	proposal_from_text("x", IKE, &p, error);
	EXPECT_STREQ("noesn", strrchr(error, ' ') + 1);
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
	}
}

TEST(support_depends_on_key_size_and_protocol)
{
	const struct transform no_bits = { IKE_TRANSFORM_ENCR, false, IKE_ENCR_AES_CBC, 0 };
	const struct transform bits = { IKE_TRANSFORM_ENCR, false, IKE_ENCR_AES_CBC, 128 };
	const struct transform odd = { IKE_TRANSFORM_ENCR, true, IKE_ENCR_AES_CBC, 128 };
	const struct transform prf = { IKE_TRANSFORM_PRF, false, IKE_PRF_HMAC_SHA2_256, 0 };
	const struct transform esn = { IKE_TRANSFORM_ESN, false, IKE_ESN_EXT_SEQ, 0 };
	const struct transform old = { IKE_TRANSFORM_KE, false, IKE_KE_MODP_1024, 0 };

	EXPECT_FALSE(proposal_supported(IKE, &no_bits));
	EXPECT_TRUE(proposal_supported(IKE, &bits));
	EXPECT_TRUE(proposal_supported(ESP, &bits));
	EXPECT_FALSE(proposal_supported(IKE, &odd));
	EXPECT_TRUE(proposal_supported(IKE, &prf));
	EXPECT_FALSE(proposal_supported(ESP, &prf));
	EXPECT_FALSE(proposal_supported(IKE, &esn));
	EXPECT_TRUE(proposal_supported(ESP, &esn));
	EXPECT_FALSE(proposal_supported(IKE, &old));
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
