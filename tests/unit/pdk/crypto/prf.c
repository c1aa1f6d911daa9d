/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include "pdk/crypto/aead.h"
#include "pdk/crypto/prf.h"
#include "fixture.h"

static enum crypto_prf by_bits(unsigned int bits)
{
	return bits == 256   ? CRYPTO_PRF_HMAC_SHA256
	       : bits == 384 ? CRYPTO_PRF_HMAC_SHA384
			     : CRYPTO_PRF_HMAC_SHA512;
}

struct rfc_case {
	const char *name;
	unsigned int bits;
	const char *key, *data, *out;
};

#define PRF(...) { __VA_ARGS__ },
#define ICV(...)
#define DH(...)
static const struct rfc_case rfc_prf[] = {
#include "tests/vectors/rfc.inc"
};
#undef PRF
#undef ICV
#define PRF(...)
#define ICV(...) { __VA_ARGS__ },
static const struct rfc_case rfc_icv[] = {
#include "tests/vectors/rfc.inc"
};

struct hmac_case {
	int tc;
	unsigned int bits;
	const char *key, *data, *tag;
	bool valid;
};

#define HMAC(...) { __VA_ARGS__ },
static const struct hmac_case wycheproof[] = {
#include "tests/vectors/wycheproof_hmac.inc"
};

struct mac_case {
	enum crypto_prf prf;
	const char *key, *data, *out;
};

#define CTR(...)
#define BLOCK(...)
#define MAC(alg, ...) { CRYPTO_PRF_AES128_##alg, __VA_ARGS__ },
#define FIXED(alg, ...) { CRYPTO_PRF_AES128_##alg, __VA_ARGS__ },
static const struct mac_case rfc_aes[] = {
#include "tests/vectors/rfc_aes.inc"
};

struct cmac_case {
	int tc;
	const char *key, *data, *tag;
	bool valid;
};

#define CMAC(...) { __VA_ARGS__ },
static const struct cmac_case cmac[] = {
#include "tests/vectors/wycheproof_aes_cmac.inc"
};

/* With 16 octets of key the PRFs are the MACs themselves. */
TEST_F(crypto, prfs_of_aes_match_rfc_3566_4434_4493_and_4615)
{
	for (size_t i = 0; i < ARRAY_SIZE(rfc_aes); i++) {
		const struct mac_case *c = &rfc_aes[i];
		struct bytes data = HEX(c->data);
		uint8_t out[CRYPTO_PRF_MAX];

		EXPECT_EQ(16, crypto_prf_key_len(c->prf));
		ASSERT_EQ(0, crypto_prf(self->ctx, c->prf, HEX(c->key), &data, 1, out));
		EXPECT_BYTES(HEX(c->out), BYTES(out, 16));
	}
}

/* RFC 3566 4.6, its last case. */
TEST_F(crypto, xcbc_of_a_thousand_zeros_is_the_same_in_parts_of_any_length)
{
	static const uint8_t zeros[1000];

	for (size_t first = 0; first <= 40; first++) {
		const struct bytes parts[] = { BYTES(zeros, first), BYTES(zeros, 40 - first),
					       BYTES(zeros, 960) };
		uint8_t out[CRYPTO_PRF_MAX];

		ASSERT_EQ(0, crypto_prf(self->ctx, CRYPTO_PRF_AES128_XCBC,
					HEX("000102030405060708090a0b0c0d0e0f"), parts, 3, out));
		EXPECT_BYTES(HEX("f0dafee895db30253761103b5d84528f"), BYTES(out, 16));
	}
}

TEST_F(crypto, cmac_agrees_with_wycheproof)
{
	for (size_t i = 0; i < ARRAY_SIZE(cmac); i++) {
		const struct cmac_case *c = &cmac[i];
		struct bytes data = HEX(c->data);
		uint8_t out[CRYPTO_PRF_MAX];

		ASSERT_EQ(0, crypto_prf(self->ctx, CRYPTO_PRF_AES128_CMAC, HEX(c->key), &data, 1,
					out));
		EXPECT_EQ(c->valid, bytes_equal_secret(HEX(c->tag), BYTES(out, 16)))
		{
			TH_LOG("cmac case %d", c->tc);
		}
	}
}

TEST_F(crypto, prf_matches_rfc_4868)
{
	for (size_t i = 0; i < ARRAY_SIZE(rfc_prf); i++) {
		const struct rfc_case *c = &rfc_prf[i];
		enum crypto_prf alg = by_bits(c->bits);
		struct bytes data = HEX(c->data);
		uint8_t out[CRYPTO_PRF_MAX];

		ASSERT_EQ(0, crypto_prf(self->ctx, alg, HEX(c->key), &data, 1, out));
		EXPECT_BYTES(HEX(c->out), BYTES(out, crypto_prf_len(alg)));
	}
}

TEST_F(crypto, integrity_check_values_are_cut_as_in_rfc_4868)
{
	static const enum crypto_integ integs[] = {
		CRYPTO_INTEG_HMAC_SHA256_128,
		CRYPTO_INTEG_HMAC_SHA384_192,
		CRYPTO_INTEG_HMAC_SHA512_256,
	};

	for (size_t i = 0; i < ARRAY_SIZE(rfc_icv); i++) {
		const struct rfc_case *c = &rfc_icv[i];
		struct crypto_suite suite = {
			CRYPTO_ENCR_AES_CBC,
			128,
			integs[by_bits(c->bits) - CRYPTO_PRF_HMAC_SHA256],
		};
		struct bytes data = HEX(c->data);
		uint8_t out[CRYPTO_PRF_MAX];

		ASSERT_EQ(0, crypto_prf(self->ctx, by_bits(c->bits), HEX(c->key), &data, 1, out));
		EXPECT_BYTES(HEX(c->out), BYTES(out, crypto_suite_icv_len(&suite)));
	}
}

TEST_F(crypto, prf_with_sha1_matches_rfc_2202)
{
	struct bytes data = bytes_str("Hi There");
	uint8_t out[CRYPTO_PRF_MAX];

	ASSERT_EQ(0, crypto_prf(self->ctx, CRYPTO_PRF_HMAC_SHA1,
				HEX("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"), &data, 1, out));
	EXPECT_BYTES(HEX("b617318655057264e28bc0b6fb378c8ef146be00"), BYTES(out, 20));
	data = bytes_str("what do ya want for nothing?");
	ASSERT_EQ(0, crypto_prf(self->ctx, CRYPTO_PRF_HMAC_SHA1, bytes_str("Jefe"), &data, 1, out));
	EXPECT_BYTES(HEX("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"), BYTES(out, 20));
}

TEST_F(crypto, prf_agrees_with_wycheproof)
{
	for (size_t i = 0; i < ARRAY_SIZE(wycheproof); i++) {
		const struct hmac_case *c = &wycheproof[i];
		struct bytes data = HEX(c->data), tag = HEX(c->tag);
		uint8_t out[CRYPTO_PRF_MAX];

		ASSERT_EQ(0, crypto_prf(self->ctx, by_bits(c->bits), HEX(c->key), &data, 1, out));
		EXPECT_EQ(c->valid, bytes_equal_secret(tag, BYTES(out, tag.len)))
		{
			TH_LOG("hmac %u case %d", c->bits, c->tc);
		}
	}
}

TEST_F(crypto, parts_are_joined_and_no_key_is_an_empty_key)
{
	const struct bytes parts[] = { bytes_str("Hi"), BYTES_NONE, bytes_str(" There") };
	uint8_t out[CRYPTO_PRF_MAX];

	/* A key from before must not be used again. */
	ASSERT_EQ(0, crypto_prf(self->ctx, CRYPTO_PRF_HMAC_SHA256, bytes_str("before"), parts, 3,
				out));
	ASSERT_EQ(0, crypto_prf(self->ctx, CRYPTO_PRF_HMAC_SHA256,
				HEX("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"), parts, 3, out));
	EXPECT_BYTES(HEX("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
		     BYTES(out, 32));
	/* HMAC-SHA-256 of nothing under no key. */
	ASSERT_EQ(0, crypto_prf(self->ctx, CRYPTO_PRF_HMAC_SHA256, BYTES_NONE, NULL, 0, out));
	EXPECT_BYTES(HEX("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
		     BYTES(out, 32));
}

/* Every block of prf+ from its definition in RFC 7296 2.13, up to the last that there is. */
TEST_F(crypto, prf_plus_follows_its_definition_for_255_blocks)
{
	static uint8_t stream[255 * CRYPTO_PRF_MAX + 1];
	const struct bytes key = bytes_str("a key"), a = bytes_str("seed,"),
			   b = bytes_str(" in parts");
	const struct bytes seed[] = { a, b };

	for (enum crypto_prf alg = 0; alg < CRYPTO_PRF_N; alg++) {
		size_t len = crypto_prf_len(alg);
		uint8_t block[CRYPTO_PRF_MAX];
		struct bytes previous = BYTES_NONE;

		ASSERT_EQ(0, crypto_prf_plus(self->ctx, alg, key, seed, 2, stream, 255 * len));
		for (unsigned int i = 1; i <= 255; i++) {
			uint8_t counter = (uint8_t)i;
			const struct bytes parts[] = { previous, a, b, BYTES(&counter, 1) };

			ASSERT_EQ(0, crypto_prf(self->ctx, alg, key, parts, 4, block));
			EXPECT_BYTES(BYTES(block, len), BYTES(stream + (i - 1) * len, len));
			previous = BYTES(stream + (i - 1) * len, len);
		}
		memset(stream, 0x55, sizeof(stream));
		EXPECT_EQ(-EMSGSIZE,
			  crypto_prf_plus(self->ctx, alg, key, seed, 2, stream, 255 * len + 1));
		EXPECT_EQ(0x55, stream[0]);
	}
}

TEST_F(crypto, prf_plus_writes_as_much_as_is_asked_for)
{
	const struct bytes seed = bytes_str("seed");
	uint8_t whole[96], part[96];

	ASSERT_EQ(0, crypto_prf_plus(self->ctx, CRYPTO_PRF_HMAC_SHA256, bytes_str("key"), &seed, 1,
				     whole, sizeof(whole)));
	for (size_t len = 0; len < sizeof(part); len++) {
		memset(part, 0x55, sizeof(part));
		ASSERT_EQ(0, crypto_prf_plus(self->ctx, CRYPTO_PRF_HMAC_SHA256, bytes_str("key"),
					     &seed, 1, part, len));
		EXPECT_BYTES(BYTES(whole, len), BYTES(part, len));
		EXPECT_EQ(0x55, part[len]);
	}
}

TEST_F(crypto, every_prf_has_a_name_and_a_length)
{
	for (enum crypto_prf a = 0; a < CRYPTO_PRF_N; a++) {
		ASSERT_NE(NULL, crypto_prf_name(a));
		EXPECT_TRUE(crypto_prf_supported(self->ctx, a));
		EXPECT_GE(crypto_prf_len(a), 16);
		/* HMAC takes every length. */
		EXPECT_EQ(a >= CRYPTO_PRF_AES128_XCBC ? 16 : 0, crypto_prf_key_len(a));
		EXPECT_LE(crypto_prf_len(a), CRYPTO_PRF_MAX);
		for (enum crypto_prf b = 0; b < a; b++)
			EXPECT_STRNE(crypto_prf_name(b), crypto_prf_name(a));
	}
}

TEST_F(crypto, a_missing_prf_is_said_to_be_missing)
{
	uint8_t out[CRYPTO_PRF_MAX] = { 0x55 };

	for (enum crypto_prf alg = 0; alg < CRYPTO_PRF_N; alg++) {
		EXPECT_FALSE(crypto_prf_supported(self->poor, alg));
		EXPECT_EQ(-ENOTSUP, crypto_prf(self->poor, alg, BYTES_NONE, NULL, 0, out));
		EXPECT_EQ(-ENOTSUP, crypto_prf_plus(self->poor, alg, BYTES_NONE, NULL, 0, out, 1));
		EXPECT_EQ(0x55, out[0]);
	}
}

TEST_HARNESS_MAIN
