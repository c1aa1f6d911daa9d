/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include "pdk/crypto/kex_impl.h"
#include "fixture.h"

struct dh_case {
	enum crypto_kex method;
	const char *priv_a, *pub_a, *priv_b, *pub_b, *shared;
};

#define PRF(...)
#define ICV(...)
#define DH(m, ...) { CRYPTO_KEX_##m, __VA_ARGS__ },
static const struct dh_case rfc[] = {
#include "tests/vectors/rfc.inc"
};

struct modp_case {
	unsigned int bits;
	const char *prime, *priv_a, *priv_b, *pub_a, *pub_b, *shared;
};

#define MODP(...) { __VA_ARGS__ },
static const struct modp_case modp[] = {
#include "tests/vectors/modp.inc"
};

struct kex_case {
	int tc;
	const char *priv, *pub, *shared; /* shared "": the public value must be refused */
};

#define KEX(...) { __VA_ARGS__ },
static const struct kex_case x25519[] = {
#include "tests/vectors/wycheproof_x25519.inc"
}, x448[] = {
#include "tests/vectors/wycheproof_x448.inc"
}, ecp256[] = {
#include "tests/vectors/wycheproof_ecp256.inc"
}, ecp384[] = {
#include "tests/vectors/wycheproof_ecp384.inc"
}, ecp521[] = {
#include "tests/vectors/wycheproof_ecp521.inc"
};

static enum crypto_kex modp_method(unsigned int bits)
{
	enum crypto_kex method = 0;

	while (kex_traits[method].kind != KEX_MODP || crypto_kex_public_len(method) != bits / 8)
		if (++method == CRYPTO_KEX_N)
			abort();
	return method;
}

/* One side of an exchange with known values. */
static void check_side(struct __test_metadata *_metadata, struct crypto_ctx *ctx,
		       enum crypto_kex method, const char *priv, const char *pub, const char *peer,
		       const char *shared)
{
	struct secret secret;
	struct kex *kex;

	ASSERT_EQ(0, kex_new_private(ctx, method, HEX(priv), &kex));
	EXPECT_BYTES(HEX(pub), kex_public(kex));
	ASSERT_EQ(0, kex_derive(kex, HEX(peer), &secret));
	EXPECT_BYTES(HEX(shared), secret_bytes(&secret));
	secret_fini(&secret);
	kex_free(kex);
}

/* A value must be refused, and leave the result alone. */
static void check_refused(struct __test_metadata *_metadata, const struct kex *kex,
			  struct bytes value)
{
	struct secret secret = { (uint8_t *)"untouched", 9 };

	EXPECT_EQ(-EBADMSG, kex_derive(kex, value, &secret))
	{
		char text[100];

		TH_LOG("%s %s", crypto_kex_name(kex_method(kex)),
		       bytes_hex(value, text, sizeof(text)));
	}
	EXPECT_EQ(9, secret.len);
}

static void check_wycheproof(struct __test_metadata *_metadata, struct crypto_ctx *ctx,
			     enum crypto_kex method, const struct kex_case *cases, size_t n)
{
	size_t refused = 0;

	for (size_t i = 0; i < n; i++) {
		const struct kex_case *c = &cases[i];
		struct secret secret;
		struct kex *kex;

		ASSERT_EQ(0, kex_new_private(ctx, method, HEX(c->priv), &kex))
		{
			TH_LOG("%s case %d", crypto_kex_name(method), c->tc);
		}
		if (*c->shared) {
			ASSERT_EQ(0, kex_derive(kex, HEX(c->pub), &secret))
			{
				TH_LOG("%s case %d", crypto_kex_name(method), c->tc);
			}
			EXPECT_BYTES(HEX(c->shared), secret_bytes(&secret));
			secret_fini(&secret);
		} else {
			check_refused(_metadata, kex, HEX(c->pub));
			refused++;
		}
		kex_free(kex);
	}
	/* Both sorts were there. */
	EXPECT_GT(refused, 0);
	EXPECT_GT(n, refused);
}

TEST_F(crypto, exchanges_match_rfc_5114_5903_6954_7748_and_8031)
{
	for (size_t i = 0; i < ARRAY_SIZE(rfc); i++) {
		const struct dh_case *c = &rfc[i];

		check_side(_metadata, self->ctx, c->method, c->priv_a, c->pub_a, c->pub_b,
			   c->shared);
		check_side(_metadata, self->ctx, c->method, c->priv_b, c->pub_b, c->pub_a,
			   c->shared);
	}
}

TEST_F(crypto, modp_matches_arithmetic_done_elsewhere)
{
	for (size_t i = 0; i < ARRAY_SIZE(modp); i++) {
		const struct modp_case *c = &modp[i];
		enum crypto_kex method = modp_method(c->bits);

		check_side(_metadata, self->ctx, method, c->priv_a, c->pub_a, c->pub_b, c->shared);
		check_side(_metadata, self->ctx, method, c->priv_b, c->pub_b, c->pub_a, c->shared);
	}
}

TEST_F(crypto, x25519_agrees_with_wycheproof)
{
	check_wycheproof(_metadata, self->ctx, CRYPTO_KEX_X25519, x25519, ARRAY_SIZE(x25519));
}

TEST_F(crypto, x448_agrees_with_wycheproof)
{
	check_wycheproof(_metadata, self->ctx, CRYPTO_KEX_X448, x448, ARRAY_SIZE(x448));
}

TEST_F(crypto, ecp_agrees_with_wycheproof)
{
	check_wycheproof(_metadata, self->ctx, CRYPTO_KEX_ECP_256, ecp256, ARRAY_SIZE(ecp256));
	check_wycheproof(_metadata, self->ctx, CRYPTO_KEX_ECP_384, ecp384, ARRAY_SIZE(ecp384));
	check_wycheproof(_metadata, self->ctx, CRYPTO_KEX_ECP_521, ecp521, ARRAY_SIZE(ecp521));
}

TEST_F(crypto, every_method_has_vectors)
{
	bool seen[CRYPTO_KEX_N] = { false };

	for (size_t i = 0; i < ARRAY_SIZE(rfc); i++)
		seen[rfc[i].method] = true;
	for (size_t i = 0; i < ARRAY_SIZE(modp); i++)
		seen[modp_method(modp[i].bits)] = true;
	for (enum crypto_kex method = 0; method < CRYPTO_KEX_N; method++) {
		EXPECT_TRUE(seen[method])
		{
			TH_LOG("%s", crypto_kex_name(method));
		}
	}
}

TEST_F(crypto, two_fresh_key_pairs_agree_for_every_method)
{
	for (enum crypto_kex method = 0; method < CRYPTO_KEX_N; method++) {
		struct kex *a, *b;
		struct secret sa, sb;

		EXPECT_TRUE(crypto_kex_supported(self->ctx, method));
		ASSERT_EQ(0, kex_new(self->ctx, method, &a));
		ASSERT_EQ(0, kex_new(self->ctx, method, &b));
		EXPECT_EQ(method, kex_method(a));
		EXPECT_EQ(crypto_kex_public_len(method), kex_public(a).len);
		EXPECT_FALSE(bytes_equal(kex_public(a), kex_public(b)));
		ASSERT_EQ(0, kex_derive(a, kex_public(b), &sa));
		ASSERT_EQ(0, kex_derive(b, kex_public(a), &sb));
		EXPECT_EQ(crypto_kex_shared_len(method), sa.len);
		EXPECT_BYTES(secret_bytes(&sa), secret_bytes(&sb));
		secret_fini(&sb);
		/* The same key pair once more, with another peer. */
		ASSERT_EQ(0, kex_derive(a, kex_public(a), &sb));
		EXPECT_FALSE(bytes_equal(secret_bytes(&sa), secret_bytes(&sb)));
		secret_fini(&sa);
		secret_fini(&sb);
		EXPECT_EQ(NULL, kex_free(a));
		kex_free(b);
	}
	EXPECT_EQ(NULL, kex_free(NULL));
}

TEST_F(crypto, values_of_the_wrong_length_are_refused)
{
	uint8_t buf[CRYPTO_KEX_PUBLIC_MAX + 2] = { 0 };

	for (enum crypto_kex method = 0; method < CRYPTO_KEX_N; method++) {
		size_t len = crypto_kex_public_len(method);
		struct kex *kex;

		ASSERT_EQ(0, kex_new(self->ctx, method, &kex));
		check_refused(_metadata, kex, BYTES_NONE);
		memcpy(buf, kex_public(kex).data, len);
		check_refused(_metadata, kex, BYTES(buf, len - 1));
		check_refused(_metadata, kex, BYTES(buf, len / 2));
		check_refused(_metadata, kex, BYTES(buf, len + 1));
		/* With a leading octet: 0x04 as other protocols write points, or a zero. */
		memcpy(buf + 1, kex_public(kex).data, len);
		buf[0] = 0x04;
		check_refused(_metadata, kex, BYTES(buf, len + 1));
		buf[0] = 0x00;
		check_refused(_metadata, kex, BYTES(buf, len + 1));
		kex_free(kex);
	}
}

/* As check_refused(), and our own check says so before OpenSSL is asked. */
static void check_refused_modp(struct __test_metadata *_metadata, const struct kex *kex,
			       const struct hex *value)
{
	const struct kex_traits *t = &kex_traits[kex_method(kex)];

	EXPECT_EQ(-EBADMSG, kex_check_modp(t, hex_bytes(value)));
	check_refused(_metadata, kex, hex_bytes(value));
}

/* RFC 6989 2.1: 1 < y < p - 1. */
TEST_F(crypto, modp_values_outside_the_group_are_refused)
{
	for (size_t i = 0; i < ARRAY_SIZE(modp); i++) {
		const struct modp_case *c = &modp[i];
		enum crypto_kex method = modp_method(c->bits);
		struct hex p, v;
		struct secret secret;
		struct kex *kex;

		hex_set(&p, c->prime);
		ASSERT_EQ(crypto_kex_public_len(method), p.len);
		ASSERT_EQ(0, kex_new_private(self->ctx, method, HEX(c->priv_a), &kex));

		v = p;
		check_refused_modp(_metadata, kex, &v);
		v.data[v.len - 1]--; /* p - 1; p is odd */
		check_refused_modp(_metadata, kex, &v);
		v.data[v.len - 1]--;
		ASSERT_EQ(0, kex_derive(kex, hex_bytes(&v), &secret));
		secret_fini(&secret);
		memset(v.data, 0xff, v.len);
		check_refused_modp(_metadata, kex, &v);
		memset(v.data, 0, v.len);
		check_refused_modp(_metadata, kex, &v);
		v.data[v.len - 1] = 1;
		check_refused_modp(_metadata, kex, &v);
		v.data[v.len - 1] = 2; /* the generator: the result is our own public value */
		ASSERT_EQ(0, kex_derive(kex, hex_bytes(&v), &secret));
		EXPECT_BYTES(HEX(c->pub_a), secret_bytes(&secret));
		secret_fini(&secret);
		kex_free(kex);
	}
}

/* RFC 6989 2.3 */
TEST_F(crypto, points_off_the_curve_are_refused)
{
	for (enum crypto_kex method = 0; method < CRYPTO_KEX_N; method++) {
		size_t len = crypto_kex_public_len(method);
		uint8_t value[CRYPTO_KEX_PUBLIC_MAX];
		struct kex *kex, *peer;

		if (kex_traits[method].kind != KEX_ECP)
			continue;

		ASSERT_EQ(0, kex_new(self->ctx, method, &kex));
		ASSERT_EQ(0, kex_new(self->ctx, method, &peer));
		/* One bit of every octet of a good point. */
		for (size_t i = 0; i < len; i++) {
			memcpy(value, kex_public(peer).data, len);
			value[i] ^= (uint8_t)(1 << (i % 8));
			check_refused(_metadata, kex, BYTES(value, len));
		}
		/* Coordinates beyond the field, and the point (0, 0). */
		memset(value, 0xff, len);
		check_refused(_metadata, kex, BYTES(value, len));
		memset(value, 0, len);
		check_refused(_metadata, kex, BYTES(value, len));
		kex_free(kex);
		kex_free(peer);
	}
}

TEST_F(crypto, an_all_zero_result_is_refused)
{
	for (enum crypto_kex method = 0; method < CRYPTO_KEX_N; method++) {
		uint8_t value[56] = { 0 };
		size_t len = crypto_kex_public_len(method);
		struct kex *kex;

		if (kex_traits[method].kind != KEX_X)
			continue;
		ASSERT_EQ(0, kex_new(self->ctx, method, &kex));
		check_refused(_metadata, kex, BYTES(value, len));
		value[0] = 1;
		check_refused(_metadata, kex, BYTES(value, len));
		kex_free(kex);
	}
}

TEST_F(crypto, private_values_outside_the_group_are_refused)
{
	/* The order of P-256, and one less, which is allowed. */
	const char *n = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
	const char *below = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550";
	uint8_t zeros[CRYPTO_KEX_PUBLIC_MAX + 1] = { 0 };
	struct kex *kex = NULL;

	for (enum crypto_kex method = 0; method < CRYPTO_KEX_N; method++) {
		bool x = kex_traits[method].kind == KEX_X;
		size_t len = crypto_kex_public_len(method);

		EXPECT_EQ(-EINVAL, kex_new_private(self->ctx, method, BYTES_NONE, &kex));
		EXPECT_EQ(-EINVAL, kex_new_private(self->ctx, method, BYTES(zeros, len + 1), &kex));
		if (!x)
			EXPECT_EQ(-EINVAL,
				  kex_new_private(self->ctx, method, BYTES(zeros, len), &kex));
	}
	EXPECT_EQ(-EINVAL, kex_new_private(self->ctx, CRYPTO_KEX_ECP_256, HEX(n), &kex));
	for (size_t i = 0; i < ARRAY_SIZE(modp); i++)
		EXPECT_EQ(-EINVAL, kex_new_private(self->ctx, modp_method(modp[i].bits),
						   HEX(modp[i].prime), &kex));
	EXPECT_EQ(NULL, kex);
	EXPECT_EQ(0, kex_new_private(self->ctx, CRYPTO_KEX_ECP_256, HEX(below), &kex));
	kex_free(kex);
}

TEST_F(crypto, every_method_has_a_name_and_lengths)
{
	for (enum crypto_kex a = 0; a < CRYPTO_KEX_N; a++) {
		ASSERT_NE(NULL, crypto_kex_name(a));
		EXPECT_GE(crypto_kex_public_len(a), 32);
		EXPECT_LE(crypto_kex_public_len(a), CRYPTO_KEX_PUBLIC_MAX);
		EXPECT_GE(crypto_kex_public_len(a), crypto_kex_shared_len(a));
		for (enum crypto_kex b = 0; b < a; b++)
			EXPECT_STRNE(crypto_kex_name(b), crypto_kex_name(a));
	}
}

TEST_F(crypto, a_missing_method_is_said_to_be_missing)
{
	for (enum crypto_kex method = 0; method < CRYPTO_KEX_N; method++) {
		struct kex *kex = NULL;

		EXPECT_FALSE(crypto_kex_supported(self->poor, method));
		EXPECT_EQ(-ENOTSUP, kex_new(self->poor, method, &kex));
		EXPECT_EQ(-ENOTSUP, kex_new_private(self->poor, method, bytes_str("x"), &kex));
		EXPECT_EQ(NULL, kex);
	}
}

TEST_HARNESS_MAIN
