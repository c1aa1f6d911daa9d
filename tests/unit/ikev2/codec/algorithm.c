/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <ctype.h>

#include "pdk/crypto/aead.h"
#include "pdk/crypto/kex.h"
#include "pdk/crypto/prf.h"
#include "ikev2/codec/algorithm.h"

#define IKE IKE_PROTOCOL_IKE
#define ESP IKE_PROTOCOL_ESP

/* The tables of RFC 8247 2.1 to 2.4 and RFC 8221 5 and 6, as far as there is something to have. */
TEST(levels_are_those_of_rfc_8247_and_rfc_8221)
{
	static const struct {
		const char *name, *ike, *esp;
	} table[] = {
		{ "aes128", "MUST", "MUST" },
		{ "aes192", "MAY", "MAY" },
		{ "aes256", "MUST", "MUST" },
		{ "chacha20poly1305", "SHOULD", "SHOULD" },
		{ "aes128gcm16", "SHOULD", "MUST" },
		{ "aes192gcm16", "MAY", "MAY" },
		{ "aes256gcm16", "SHOULD", "MUST" },
		{ "aes128ccm8", "SHOULD", "SHOULD" },
		{ "aes192ccm8", "MAY", "MAY" },
		{ "aes256ccm8", "MAY", "MAY" },
		{ "aes128gcm8", "MAY", "MAY" },
		{ "aes256gcm12", "MAY", "MAY" },
		{ "aes128ctr", "MAY", "MAY" },
		{ "3des", "MAY", "SHOULD NOT" },
		{ "null", "MUST NOT", "MUST" },
		{ "aes128gmac", "-", "MAY" },
		{ "prfsha256", "MUST", "-" },
		{ "prfsha512", "SHOULD+", "-" },
		{ "prfsha1", "MUST-", "-" },
		{ "prfaesxcbc", "SHOULD", "-" },
		{ "sha256", "MUST", "MUST" },
		{ "sha512", "SHOULD", "SHOULD" },
		{ "sha1", "MUST-", "MUST-" },
		{ "aesxcbc", "SHOULD", "SHOULD" },
		{ "modp2048", "MUST", "MUST" },
		{ "ecp256", "SHOULD", "SHOULD" },
		{ "modp1536", "SHOULD NOT", "SHOULD NOT" },
		{ "modp1024", "SHOULD NOT", "SHOULD NOT" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct algorithm *a;
		uint16_t bits;

		a = algorithm_by_name(table[i].name, &bits);
		ASSERT_NE(NULL, a);
		EXPECT_STREQ(table[i].ike, algorithm_level_name(algorithm_level(a, IKE, bits)));
		EXPECT_STREQ(table[i].esp, algorithm_level_name(algorithm_level(a, ESP, bits)));
	}
}

/* Every name leads back to its row and key length, and no other has it, known or refused. */
TEST(names_are_unique_and_found_in_any_case)
{
	char name[ALGORITHM_NAME_LEN];
	uint16_t bits;

	for_each_algorithm(a) {
		for (size_t k = 0; k < algorithm_keys(a); k++) {
			algorithm_name(a, k, name);
			EXPECT_EQ(NULL, strpbrk(name, "*- "));
			EXPECT_EQ(a, algorithm_by_name(name, &bits));
			EXPECT_EQ(a->key_bits[k], bits);
			EXPECT_EQ(NULL, algorithm_refusal(name));
			name[0] = (char)toupper(name[0]);
			EXPECT_EQ(a, algorithm_by_name(name, &bits));
		}
		EXPECT_EQ(a, algorithm_by_id(a->type, a->id));
	}
	for (size_t i = 0; algorithm_refused(i); i++) {
		EXPECT_NE(NULL, algorithm_refusal(algorithm_refused(i)));
		EXPECT_EQ(NULL, algorithm_by_name(algorithm_refused(i), &bits));
	}
}

TEST(other_names_are_those_of_strongswan)
{
	static const struct {
		const char *other, *name;
		uint16_t bits;
	} table[] = {
		{ "aes", "aes128", 128 },
		{ "aes256gcm", "aes256gcm16", 256 },
		{ "aes192gcm128", "aes192gcm16", 192 },
		{ "aes128gcm64", "aes128gcm8", 128 },
		{ "aes128ccm", "aes128ccm16", 128 },
		{ "aes256ccm96", "aes256ccm12", 256 },
		{ "sha", "sha1", 0 },
		{ "sha2_512", "sha512", 0 },
		{ "curve25519", "x25519", 0 },
		{ "camellia", "camellia128", 128 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		uint16_t bits = 1, again = 2;

		EXPECT_EQ(algorithm_by_name(table[i].name, &again),
			  algorithm_by_name(table[i].other, &bits));
		EXPECT_EQ(table[i].bits, bits);
		EXPECT_EQ(bits, again);
	}
	EXPECT_EQ(NULL, algorithm_by_name("", &(uint16_t){ 0 }));
	EXPECT_EQ(NULL, algorithm_by_name("aes*", &(uint16_t){ 0 }));
	EXPECT_EQ(NULL, algorithm_by_name("aes128 aes", &(uint16_t){ 0 }));
}

/* Who computes what: IKE we do, ESP the kernel, and each knows how. */
TEST(every_usable_algorithm_has_someone_who_computes_it)
{
	for_each_algorithm(a) {
		bool cipher = a->type == IKE_TRANSFORM_ENCR || a->type == IKE_TRANSFORM_INTEG;

		for (size_t k = 0; k < algorithm_keys(a); k++) {
			if (algorithm_usable(a, IKE, a->key_bits[k]) || a->type == IKE_TRANSFORM_KE)
				EXPECT_NE(ALGORITHM_NO_CRYPTO, a->crypto);
			if (algorithm_usable(a, ESP, a->key_bits[k]))
				EXPECT_EQ(cipher, a->kernel != NULL);
			if (a->kernel)
				EXPECT_GT(64, strlen(a->kernel));
		}
		EXPECT_FALSE(algorithm_usable(a, IKE, 129));
		/* Whom we warn, we tell why. */
		if (a->dated)
			EXPECT_NE(NULL, a->note);
		EXPECT_EQ(a->type == IKE_TRANSFORM_INTEG, a->prf != 0);
		if (a->prf)
			EXPECT_NE(NULL, algorithm_by_id(IKE_TRANSFORM_PRF, a->prf));
	}
}

/* The lengths stand here for the kernel, and in pdk/crypto for what is computed there. */
TEST(lengths_agree_with_what_computes)
{
	for_each_algorithm(a) {
		struct crypto_suite suite = { CRYPTO_ENCR_AES_CBC, 128,
					      CRYPTO_INTEG_HMAC_SHA256_128 };

		if (a->crypto == ALGORITHM_NO_CRYPTO)
			continue;
		for (size_t k = 0; k < algorithm_keys(a); k++) {
			if (a->type == IKE_TRANSFORM_INTEG) {
				suite.integ = (enum crypto_integ)a->crypto;
				EXPECT_EQ(algorithm_key_len(a, 0),
					  crypto_suite_integ_key_len(&suite));
				EXPECT_EQ(a->icv, crypto_suite_icv_len(&suite));
			} else if (a->type == IKE_TRANSFORM_ENCR) {
				suite.encr = (enum crypto_encr)a->crypto;
				suite.key_bits = a->key_bits[k];
				suite.integ = algorithm_is_aead(a) ? CRYPTO_INTEG_NONE
								   : CRYPTO_INTEG_AES_XCBC_96;
				EXPECT_TRUE(crypto_suite_valid(&suite));
				EXPECT_EQ(algorithm_key_len(a, a->key_bits[k]),
					  crypto_suite_encr_key_len(&suite));
				EXPECT_EQ(algorithm_is_aead(a) ? a->icv : 12,
					  crypto_suite_icv_len(&suite));
			}
		}
	}
}

/* pdk/crypto has nothing that can't be asked for, and nothing stands twice. */
TEST(everything_that_can_be_computed_has_a_row_of_its_own)
{
	static const struct {
		uint8_t type;
		int n;
	} types[] = {
		{ IKE_TRANSFORM_ENCR, CRYPTO_ENCR_N },
		{ IKE_TRANSFORM_INTEG, CRYPTO_INTEG_N },
		{ IKE_TRANSFORM_PRF, CRYPTO_PRF_N },
		{ IKE_TRANSFORM_KE, CRYPTO_KEX_N },
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		for (int crypto = 0; crypto < types[i].n; crypto++) {
			unsigned rows = 0;

			for_each_algorithm(a)
				rows += a->type == types[i].type && a->crypto == crypto;
			/* NONE isn't negotiated by name. */
			EXPECT_EQ(types[i].type != IKE_TRANSFORM_INTEG ||
					  crypto != CRYPTO_INTEG_NONE,
				  rows);
		}
	}
}

TEST_HARNESS_MAIN
