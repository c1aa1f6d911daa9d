/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include "ikev2/sa/keymat.h"
#include "tests/unit/pdk/crypto/fixture.h"

struct kdf_case {
	unsigned int bits;
	const char *ni, *nr, *shared, *shared_new, *spi_i, *spi_r;
	const char *skeyseed, *ike, *child, *child_dh, *skeyseed_rekey;
};

#define KDF(...) { __VA_ARGS__ },
static const struct kdf_case kdf[] = {
#include "tests/vectors/ikev2_kdf.inc"
#include "tests/vectors/ikev2_kdf_own.inc"
};

static enum crypto_prf prf_of(const struct kdf_case *c)
{
	switch (c->bits) {
	case 1:
		return CRYPTO_PRF_HMAC_SHA1;
	case 256:
		return CRYPTO_PRF_HMAC_SHA256;
	case 384:
		return CRYPTO_PRF_HMAC_SHA384;
	default:
		return CRYPTO_PRF_HMAC_SHA512;
	}
}

/* AES-CBC with the MAC of the same hash: seven keys, none of them empty. */
static struct crypto_suite suite_of(const struct kdf_case *c)
{
	enum crypto_integ integ = CRYPTO_INTEG_HMAC_SHA1_96 + (prf_of(c) - CRYPTO_PRF_HMAC_SHA1);

	return (struct crypto_suite){ CRYPTO_ENCR_AES_CBC, 128, integ };
}

/* What was published of some output, and as much of the output. */
static void check_beginning(struct __test_metadata *_metadata, const char *expected,
			    struct bytes seen)
{
	struct bytes e = HEX(expected);

	if (e.len > seen.len)
		e.len = seen.len;
	EXPECT_BYTES(e, BYTES(seen.data, e.len));
}

static const struct crypto_suite gcm = { CRYPTO_ENCR_AES_GCM_16, 256, CRYPTO_INTEG_NONE };

static uint64_t spi(const char *text)
{
	return strtoull(text, NULL, 16);
}

#define INPUT(c)                                                                                   \
	{                                                                                          \
		.ni = HEX((c)->ni), .nr = HEX((c)->nr), .shared = HEX((c)->shared),                \
		.spi_i = spi((c)->spi_i), .spi_r = spi((c)->spi_r)                                 \
	}

TEST_F(crypto, keys_of_an_ike_sa_match_cavp)
{
	for (size_t i = 0; i < ARRAY_SIZE(kdf); i++) {
		const struct kdf_case *c = &kdf[i];
		const struct keymat_input in = INPUT(c);
		const struct crypto_suite suite = suite_of(c);
		struct keymat k;

		ASSERT_EQ(0, keymat_init(self->ctx, prf_of(c), &suite, &in, &k));
		check_beginning(_metadata, c->ike, secret_bytes(&k.material));
		keymat_fini(&k);
	}
}

/* RFC 7296 2.14 and RFC 5282 7.1: which keys in which order, and how long. */
TEST_F(crypto, keys_of_an_ike_sa_stand_in_order)
{
	const struct keymat_input in = INPUT(&kdf[2]);
	const struct crypto_suite cbc = suite_of(&kdf[2]);
	const uint8_t *at;
	struct keymat k;

	ASSERT_EQ(0, keymat_init(self->ctx, CRYPTO_PRF_HMAC_SHA384, &cbc, &in, &k));
	at = k.material.data;
	EXPECT_BYTES(BYTES(at, 48), k.sk_d);
	EXPECT_BYTES(BYTES(at + 48, 48), k.sk_ai);
	EXPECT_BYTES(BYTES(at + 96, 48), k.sk_ar);
	EXPECT_BYTES(BYTES(at + 144, 16), k.sk_ei);
	EXPECT_BYTES(BYTES(at + 160, 16), k.sk_er);
	EXPECT_BYTES(BYTES(at + 176, 48), k.sk_pi);
	EXPECT_BYTES(BYTES(at + 224, 48), k.sk_pr);
	EXPECT_EQ(272, k.material.len);
	keymat_fini(&k);

	ASSERT_EQ(0, keymat_init(self->ctx, CRYPTO_PRF_HMAC_SHA384, &gcm, &in, &k));
	at = k.material.data;
	EXPECT_EQ(0, k.sk_ai.len);
	EXPECT_EQ(0, k.sk_ar.len);
	EXPECT_BYTES(BYTES(at + 48, 36), k.sk_ei);
	EXPECT_BYTES(BYTES(at + 84, 36), k.sk_er);
	EXPECT_BYTES(BYTES(at + 120, 48), k.sk_pi);
	EXPECT_BYTES(BYTES(at + 168, 48), k.sk_pr);
	EXPECT_EQ(216, k.material.len);
	keymat_fini(&k);
	EXPECT_EQ(NULL, k.material.data);
	EXPECT_EQ(0, k.sk_d.len);
	keymat_fini(&k);
}

/* Keys of AES have 16 octets: 8 from each nonce in SKEYSEED, and all of both in prf+. */
TEST_F(crypto, a_prf_of_aes_takes_64_bits_of_each_nonce)
{
	static const enum crypto_prf prfs[] = { CRYPTO_PRF_AES128_XCBC, CRYPTO_PRF_AES128_CMAC };
	const struct keymat_input in = INPUT(&kdf[2]);

	for (size_t i = 0; i < ARRAY_SIZE(prfs); i++) {
		uint8_t key[16], seed[CRYPTO_PRF_MAX], spis[16], expected[3 * 16 + 2 * 36];
		const struct bytes parts[] = { in.ni, in.nr, BYTES_OF(spis) };
		struct writer w;
		struct keymat k;

		memcpy(key, in.ni.data, 8);
		memcpy(key + 8, in.nr.data, 8);
		writer_init_fixed(&w, spis, sizeof(spis));
		writer_u64(&w, in.spi_i);
		writer_u64(&w, in.spi_r);
		ASSERT_EQ(0, crypto_prf(self->ctx, prfs[i], BYTES_OF(key), &in.shared, 1, seed));
		ASSERT_EQ(0, crypto_prf_plus(self->ctx, prfs[i], BYTES(seed, 16), parts, 3,
					     expected, sizeof(expected)));
		ASSERT_EQ(0, keymat_init(self->ctx, prfs[i], &gcm, &in, &k));
		EXPECT_EQ(16, k.sk_d.len);
		EXPECT_BYTES(BYTES_OF(expected), secret_bytes(&k.material));
		keymat_fini(&k);
	}
}

TEST_F(crypto, keys_of_a_child_sa_match_cavp)
{
	for (size_t i = 0; i < ARRAY_SIZE(kdf); i++) {
		const struct kdf_case *c = &kdf[i];
		struct keymat_input in = INPUT(c);
		const struct crypto_suite suite = suite_of(c);
		struct keymat_child k;
		struct keymat ike;

		ASSERT_EQ(0, keymat_init(self->ctx, prf_of(c), &suite, &in, &ike));
		in.shared = BYTES_NONE;
		ASSERT_EQ(0, keymat_child_init(self->ctx, &ike, &in, 16, 20, &k));
		ASSERT_EQ(72, k.material.len);
		check_beginning(_metadata, c->child, secret_bytes(&k.material));
		EXPECT_BYTES(BYTES(k.material.data, 16), k.encr_i);
		EXPECT_BYTES(BYTES(k.material.data + 16, 20), k.integ_i);
		EXPECT_BYTES(BYTES(k.material.data + 36, 16), k.encr_r);
		EXPECT_BYTES(BYTES(k.material.data + 52, 20), k.integ_r);
		keymat_child_fini(&k);

		in.shared = HEX(c->shared_new);
		ASSERT_EQ(0, keymat_child_init(self->ctx, &ike, &in, 36, 0, &k));
		check_beginning(_metadata, c->child_dh, secret_bytes(&k.material));
		EXPECT_BYTES(BYTES(k.material.data, 36), k.encr_i);
		EXPECT_BYTES(BYTES(k.material.data + 36, 36), k.encr_r);
		EXPECT_EQ(0, k.integ_i.len);
		EXPECT_EQ(0, k.integ_r.len);
		keymat_child_fini(&k);
		EXPECT_EQ(NULL, k.material.data);
		keymat_fini(&ike);
	}
}

/*
 * Published is SKEYSEED of the rekeying; the keys follow from it by prf+ with the new prf, whose
 * output need not be as long as the old one's.
 */
TEST_F(crypto, keys_after_rekeying_an_ike_sa_match_cavp)
{
	for (size_t i = 0; i < ARRAY_SIZE(kdf); i++) {
		const struct kdf_case *c = &kdf[i];
		struct keymat_input in = INPUT(c);
		const struct crypto_suite suite = suite_of(c);
		struct keymat old, new;

		ASSERT_EQ(0, keymat_init(self->ctx, prf_of(c), &suite, &in, &old));
		in.shared = HEX(c->shared_new);
		in.spi_i = 0x0102030405060708;
		in.spi_r = 0x1112131415161718;
		for (enum crypto_prf prf = 0; prf < CRYPTO_PRF_N; prf++) {
			const struct bytes seed[] = { in.ni, in.nr, HEX("0102030405060708"),
						      HEX("1112131415161718") };
			uint8_t expected[512];

			ASSERT_EQ(0, keymat_init_rekey(self->ctx, &old, prf, &gcm, &in, &new));
			ASSERT_EQ(3 * crypto_prf_len(prf) + 72, new.material.len);
			ASSERT_EQ(0, crypto_prf_plus(self->ctx, prf, HEX(c->skeyseed_rekey), seed,
						     4, expected, new.material.len));
			EXPECT_BYTES(BYTES(expected, new.material.len),
				     secret_bytes(&new.material));
			EXPECT_EQ(prf, new.prf);
			EXPECT_EQ(gcm.encr, new.suite.encr);
			keymat_fini(&new);
		}
		keymat_fini(&old);
	}
}

/* RFC 7296 2.15, written out by hand. */
TEST_F(crypto, shared_key_authentication_follows_the_rfc)
{
	const struct keymat_input in = INPUT(&kdf[1]);
	const struct bytes message = bytes_str("IKE_SA_INIT as sent"),
			   nonce = bytes_str("the other's nonce"), psk = bytes_str("a secret"),
			   id = HEX("020000006677"), int_auth = bytes_str("IntAuth"),
			   pad = BYTES("Key Pad for IKEv2", 17);
	uint8_t macs[4][32], key[32], maced[32], expected[32];
	struct keymat k;

	ASSERT_EQ(0, keymat_init(self->ctx, CRYPTO_PRF_HMAC_SHA256, &gcm, &in, &k));
	ASSERT_EQ(0, crypto_prf(self->ctx, k.prf, psk, &pad, 1, key));
	for (int i = 0; i < 4; i++) {
		enum keymat_side side = i & 1 ? KEYMAT_RESPONDER : KEYMAT_INITIATOR;
		struct bytes extra = i & 2 ? int_auth : BYTES_NONE;
		const struct bytes parts[] = { message, nonce, BYTES_OF(maced), extra };
		struct keymat_octets octets;

		ASSERT_EQ(0, keymat_octets_init(self->ctx, &k, side, message, nonce, id, extra,
						&octets));
		ASSERT_EQ(0, keymat_auth_shared(self->ctx, &k, psk, &octets, macs[i]));
		ASSERT_EQ(0,
			  crypto_prf(self->ctx, k.prf, i & 1 ? k.sk_pr : k.sk_pi, &id, 1, maced));
		ASSERT_EQ(0, crypto_prf(self->ctx, k.prf, BYTES_OF(key), parts, 4, expected));
		EXPECT_BYTES(BYTES_OF(expected), BYTES_OF(macs[i]));
		for (int j = 0; j < i; j++)
			EXPECT_FALSE(bytes_equal(BYTES_OF(macs[i]), BYTES_OF(macs[j])));
	}
	keymat_fini(&k);
}

TEST_F(crypto, what_can_not_be_used_is_refused)
{
	static const uint8_t nonce[257];
	const struct crypto_suite bad = { CRYPTO_ENCR_AES_CBC, 128, CRYPTO_INTEG_NONE };
	struct keymat_input in = { .ni = BYTES(nonce, 256), .nr = BYTES(nonce, 256) };
	struct keymat k, other = { 0 };
	struct keymat_child child = { 0 };

	ASSERT_EQ(0, keymat_init(self->ctx, CRYPTO_PRF_HMAC_SHA256, &gcm, &in, &k));
	EXPECT_EQ(-EINVAL, keymat_init(self->ctx, CRYPTO_PRF_HMAC_SHA256, &bad, &in, &other));
	EXPECT_EQ(-EINVAL,
		  keymat_init_rekey(self->ctx, &k, CRYPTO_PRF_HMAC_SHA256, &bad, &in, &other));
	EXPECT_EQ(-ENOTSUP, keymat_init(self->poor, CRYPTO_PRF_HMAC_SHA256, &gcm, &in, &other));
	EXPECT_EQ(-ENOTSUP, keymat_child_init(self->poor, &k, &in, 16, 32, &child));
	EXPECT_EQ(-EMSGSIZE, keymat_child_init(self->ctx, &k, &in, 255 * 16, 1, &child));
	in.ni.len = 257;
	EXPECT_EQ(-EINVAL, keymat_init(self->ctx, CRYPTO_PRF_HMAC_SHA256, &gcm, &in, &other));
	EXPECT_EQ(-EINVAL,
		  keymat_init_rekey(self->ctx, &k, CRYPTO_PRF_HMAC_SHA256, &gcm, &in, &other));
	in.ni.len = 256;
	in.nr.len = 257;
	EXPECT_EQ(-EINVAL, keymat_child_init(self->ctx, &k, &in, 16, 32, &child));
	EXPECT_EQ(NULL, other.material.data);
	EXPECT_EQ(NULL, child.material.data);
	keymat_fini(&k);
}

TEST_HARNESS_MAIN
