/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include "pdk/crypto/hash.h"
#include "pdk/crypto/secret.h"
#include "fixture.h"

TEST_F(crypto, hashes_match_fips_180_and_take_parts)
{
	/* "abc", FIPS 180-4's first example. */
	static const char *const expected[CRYPTO_HASH_N] = {
		"a9993e364706816aba3e25717850c26c9cd0d89d",
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
		"8086072ba1e7cc2358baeca134c825a7",
		"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
	};
	const struct bytes whole = bytes_str("abc");
	const struct bytes parts[] = { bytes_str("a"), BYTES_NONE, bytes_str("bc") };
	uint8_t out[CRYPTO_HASH_MAX];

	for (enum crypto_hash alg = 0; alg < CRYPTO_HASH_N; alg++) {
		size_t len = crypto_hash_len(alg);

		EXPECT_TRUE(crypto_hash_supported(self->ctx, alg));
		ASSERT_EQ(0, crypto_hash(self->ctx, alg, &whole, 1, out));
		EXPECT_BYTES(HEX(expected[alg]), BYTES(out, len));
		memset(out, 0, sizeof(out));
		ASSERT_EQ(0, crypto_hash(self->ctx, alg, parts, 3, out));
		EXPECT_BYTES(HEX(expected[alg]), BYTES(out, len));
	}
	/* No input at all is an input. */
	ASSERT_EQ(0, crypto_hash(self->ctx, CRYPTO_HASH_SHA1, NULL, 0, out));
	EXPECT_BYTES(HEX("da39a3ee5e6b4b0d3255bfef95601890afd80709"), BYTES(out, 20));
}

TEST_F(crypto, every_hash_has_a_name_of_its_own)
{
	for (enum crypto_hash a = 0; a < CRYPTO_HASH_N; a++) {
		ASSERT_NE(NULL, crypto_hash_name(a));
		EXPECT_LE(crypto_hash_len(a), CRYPTO_HASH_MAX);
		for (enum crypto_hash b = 0; b < a; b++)
			EXPECT_STRNE(crypto_hash_name(b), crypto_hash_name(a));
	}
}

TEST_F(crypto, a_missing_hash_is_said_to_be_missing)
{
	uint8_t out[CRYPTO_HASH_MAX] = { 0x55 };

	EXPECT_FALSE(crypto_hash_supported(self->poor, CRYPTO_HASH_SHA256));
	EXPECT_EQ(-ENOTSUP, crypto_hash(self->poor, CRYPTO_HASH_SHA256, NULL, 0, out));
	EXPECT_EQ(0x55, out[0]);
}

TEST_F(crypto, a_property_query_without_syntax_is_refused)
{
	struct crypto_ctx *ctx = self->ctx;

	EXPECT_EQ(-EINVAL, crypto_ctx_new("this is = = no query", &ctx));
	EXPECT_EQ(self->ctx, ctx);
	EXPECT_EQ(0, crypto_ctx_new("provider=default", &ctx));
	EXPECT_TRUE(crypto_hash_supported(ctx, CRYPTO_HASH_SHA256));
	EXPECT_EQ(NULL, crypto_ctx_free(ctx));
	EXPECT_EQ(NULL, crypto_ctx_free(NULL));
}

TEST_F(crypto, random_bytes_differ)
{
	uint8_t a[64] = { 0 }, b[64] = { 0 };

	ASSERT_EQ(0, crypto_random(a, sizeof(a)));
	ASSERT_EQ(0, crypto_random(b, sizeof(b)));
	EXPECT_FALSE(bytes_equal(BYTES_OF(a), BYTES_OF(b)));
	/* The end is filled too: 16 zero bytes by chance are no concern. */
	EXPECT_FALSE(bytes_equal(BYTES(a + 48, 16), HEX("00000000000000000000000000000000")));
	EXPECT_EQ(0, crypto_random(a, 0));
}

TEST_F(crypto, secrets_move_and_finish)
{
	struct secret a, b, empty;

	ASSERT_EQ(0, secret_from_bytes(&a, bytes_str("key")));
	ASSERT_EQ(0, secret_init(&b, 5));
	EXPECT_BYTES(HEX("0000000000"), secret_bytes(&b));
	secret_move(&b, &a);
	EXPECT_BYTES(bytes_str("key"), secret_bytes(&b));
	EXPECT_EQ(NULL, a.data);
	EXPECT_EQ(0, a.len);
	secret_fini(&a);
	secret_fini(&b);
	EXPECT_EQ(NULL, b.data);
	EXPECT_EQ(0, b.len);
	secret_fini(&b);
	ASSERT_EQ(0, secret_from_bytes(&empty, BYTES_NONE));
	EXPECT_EQ(NULL, empty.data);
	secret_fini(&empty);
}

TEST_F(crypto, wiping_leaves_zeros)
{
	uint8_t key[8] = "secret!";

	secret_wipe(key, 6);
	EXPECT_BYTES(HEX("0000000000002100"), BYTES_OF(key));
	secret_wipe(NULL, 0);
}

TEST_HARNESS_MAIN
