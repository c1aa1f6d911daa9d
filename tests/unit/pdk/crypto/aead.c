/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include "pdk/crypto/aead.h"
#include "pdk/crypto/prf.h"
#include "fixture.h"

#define TEXT_MAX 1600

struct aead_case {
	int tc;
	uint16_t bits;
	size_t tag_len;
	const char *key, *nonce, *aad, *plain, *cipher, *tag;
	bool valid;
};

#define AEAD(...) { __VA_ARGS__ },
static const struct aead_case gcm[] = {
#include "tests/vectors/wycheproof_aes_gcm.inc"
}, ccm[] = {
#include "tests/vectors/wycheproof_aes_ccm.inc"
}, chacha[] = {
#include "tests/vectors/wycheproof_chacha20_poly1305.inc"
};

struct cbc_case {
	int tc;
	uint16_t bits;
	const char *key, *iv, *plain, *cipher;
};

#define CBC(...) { __VA_ARGS__ },
static const struct cbc_case cbc[] = {
#include "tests/vectors/wycheproof_aes_cbc.inc"
};

struct ctr_case {
	uint16_t bits;
	const char *key, *nonce, *iv, *plain, *cipher;
};

struct block_case {
	enum crypto_encr encr;
	uint16_t bits;
	const char *key, *plain, *cipher;
};

#define CRYPTO_ENCR_3DES     CRYPTO_ENCR_3DES_CBC
#define CRYPTO_ENCR_CAMELLIA CRYPTO_ENCR_CAMELLIA_CBC
#define MAC(...)
#define FIXED(...)
#define BLOCK(...)
#define CTR(...) { __VA_ARGS__ },
static const struct ctr_case ctr[] = {
#include "tests/vectors/rfc_aes.inc"
};
#undef BLOCK
#undef CTR
#define CTR(...)
#define BLOCK(alg, ...) { CRYPTO_ENCR_##alg, __VA_ARGS__ },
static const struct block_case blocks[] = {
#include "tests/vectors/rfc_aes.inc"
};

/* The suites that are valid, one after another; false when there are no more. */
static bool next_suite(struct crypto_suite *suite)
{
	do {
		if (suite->key_bits < 256) {
			suite->key_bits += 64;
		} else if (suite->integ < CRYPTO_INTEG_N - 1) {
			suite->integ++;
			suite->key_bits = 128;
		} else {
			suite->encr++;
			suite->integ = CRYPTO_INTEG_NONE;
			suite->key_bits = 128;
		}
		if (suite->encr == CRYPTO_ENCR_N)
			return false;
	} while (!crypto_suite_valid(suite));
	return true;
}
#define for_each_suite(s) for (struct crypto_suite s = { 0, 64, 0 }; next_suite(&s);)

static const uint8_t some_key[CRYPTO_INTEG_KEY_MAX] = "0123456789abcdefghijklmnopqrstuvwxyz";

static struct aead_key *new_key(struct __test_metadata *_metadata, struct crypto_ctx *ctx,
				const struct crypto_suite *suite)
{
	struct aead_key *key = NULL;

	ASSERT_EQ(0, aead_key_new(ctx, suite, BYTES(some_key, crypto_suite_encr_key_len(suite)),
				  BYTES(some_key, crypto_suite_integ_key_len(suite)), &key));
	return key;
}

static void check_aead(struct __test_metadata *_metadata, struct crypto_ctx *ctx,
		       enum crypto_encr encr, const struct aead_case *c)
{
	struct crypto_suite suite = { encr, c->bits, CRYPTO_INTEG_NONE };
	struct hex text, key_and_salt, nonce;
	size_t salt = crypto_suite_encr_key_len(&suite) - c->bits / 8;
	struct bytes iv, aad = HEX(c->aad);
	uint8_t icv[CRYPTO_ICV_MAX];
	struct aead_key *key;

	/* The nonce is salt | IV, the key material key | salt. */
	hex_set(&nonce, c->nonce);
	hex_set(&key_and_salt, c->key);
	memcpy(key_and_salt.data + key_and_salt.len, nonce.data, salt);
	key_and_salt.len += salt;
	iv = BYTES(nonce.data + salt, nonce.len - salt);
	ASSERT_EQ(0, aead_key_new(ctx, &suite, hex_bytes(&key_and_salt), BYTES_NONE, &key));

	hex_set(&text, c->cipher);
	if (c->valid) {
		EXPECT_EQ(0, aead_open(key, aad, iv, text.data, text.len, HEX(c->tag)))
		{
			TH_LOG("%s case %d", crypto_encr_name(encr), c->tc);
		}
		EXPECT_BYTES(HEX(c->plain), hex_bytes(&text));
		EXPECT_EQ(0, aead_seal_iv(key, aad, iv, text.data, text.len, icv));
		EXPECT_BYTES(HEX(c->cipher), hex_bytes(&text));
		EXPECT_BYTES(HEX(c->tag), BYTES(icv, c->tag_len));
	} else {
		EXPECT_EQ(-EBADMSG, aead_open(key, aad, iv, text.data, text.len, HEX(c->tag)))
		{
			TH_LOG("%s case %d", crypto_encr_name(encr), c->tc);
		}
		if (text.len)
			EXPECT_FALSE(bytes_equal(HEX(c->plain), hex_bytes(&text)));
	}
	aead_key_free(key);
}

/* RFC 5282 3.2, 4 */
TEST_F(crypto, aes_gcm_agrees_with_wycheproof)
{
	for (size_t i = 0; i < ARRAY_SIZE(gcm); i++)
		check_aead(_metadata, self->ctx, CRYPTO_ENCR_AES_GCM_16, &gcm[i]);
}

TEST_F(crypto, aes_ccm_agrees_with_wycheproof)
{
	for (size_t i = 0; i < ARRAY_SIZE(ccm); i++) {
		const struct aead_case *c = &ccm[i];

		check_aead(_metadata, self->ctx,
			   c->tag_len == 8    ? CRYPTO_ENCR_AES_CCM_8
			   : c->tag_len == 12 ? CRYPTO_ENCR_AES_CCM_12
					      : CRYPTO_ENCR_AES_CCM_16,
			   c);
	}
}

TEST_F(crypto, chacha20_poly1305_agrees_with_wycheproof)
{
	for (size_t i = 0; i < ARRAY_SIZE(chacha); i++)
		check_aead(_metadata, self->ctx, CRYPTO_ENCR_CHACHA20_POLY1305, &chacha[i]);
}

TEST_F(crypto, aes_cbc_agrees_with_wycheproof)
{
	for (size_t i = 0; i < ARRAY_SIZE(cbc); i++) {
		const struct cbc_case *c = &cbc[i];
		struct crypto_suite suite = { CRYPTO_ENCR_AES_CBC, c->bits,
					      CRYPTO_INTEG_HMAC_SHA256_128 };
		struct aead_key *key;
		uint8_t icv[CRYPTO_ICV_MAX];
		struct hex text;

		hex_set(&text, c->plain);
		ASSERT_EQ(0,
			  aead_key_new(self->ctx, &suite, HEX(c->key), BYTES(some_key, 32), &key));
		EXPECT_EQ(0, aead_seal_iv(key, BYTES_NONE, HEX(c->iv), text.data, text.len, icv));
		EXPECT_BYTES(HEX(c->cipher), hex_bytes(&text));
		EXPECT_EQ(0, aead_open(key, BYTES_NONE, HEX(c->iv), text.data, text.len,
				       BYTES(icv, 16)));
		EXPECT_BYTES(HEX(c->plain), hex_bytes(&text));
		aead_key_free(key);
	}
}

/* RFC 5930 2, RFC 5930 3: nonce at the end of the key, IV in the message, blocks counted from 1. */
TEST_F(crypto, aes_ctr_matches_rfc_3686)
{
	for (size_t i = 0; i < ARRAY_SIZE(ctr); i++) {
		const struct ctr_case *c = &ctr[i];
		struct crypto_suite suite = { CRYPTO_ENCR_AES_CTR, c->bits,
					      CRYPTO_INTEG_HMAC_SHA256_128 };
		struct hex key_and_nonce, nonce, text;
		uint8_t icv[CRYPTO_ICV_MAX];
		struct aead_key *key;

		hex_set(&key_and_nonce, c->key);
		hex_set(&nonce, c->nonce);
		memcpy(key_and_nonce.data + key_and_nonce.len, nonce.data, nonce.len);
		key_and_nonce.len += nonce.len;
		ASSERT_EQ(0, aead_key_new(self->ctx, &suite, hex_bytes(&key_and_nonce),
					  BYTES(some_key, 32), &key));
		hex_set(&text, c->plain);
		EXPECT_EQ(0, aead_seal_iv(key, BYTES_NONE, HEX(c->iv), text.data, text.len, icv));
		EXPECT_BYTES(HEX(c->cipher), hex_bytes(&text));
		EXPECT_EQ(0, aead_open(key, BYTES_NONE, HEX(c->iv), text.data, text.len,
				       BYTES(icv, 16)));
		EXPECT_BYTES(HEX(c->plain), hex_bytes(&text));
		aead_key_free(key);
	}
}

/* The first block of CBC after an IV of zeros is the block cipher's alone. */
TEST_F(crypto, camellia_and_3des_match_their_standards)
{
	const uint8_t zeros[CRYPTO_IV_MAX] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
		const struct block_case *c = &blocks[i];
		struct crypto_suite suite = { c->encr, c->bits, CRYPTO_INTEG_HMAC_SHA1_96 };
		uint8_t icv[CRYPTO_ICV_MAX];
		struct aead_key *key;
		struct hex text;

		hex_set(&text, c->plain);
		ASSERT_EQ(0, aead_key_new(self->ctx, &suite, HEX(c->key), BYTES(some_key, 20),
					  &key));
		EXPECT_EQ(text.len, crypto_suite_block_len(&suite));
		EXPECT_EQ(0, aead_seal_iv(key, BYTES_NONE, BYTES(zeros, text.len), text.data,
					  text.len, icv));
		EXPECT_BYTES(HEX(c->cipher), hex_bytes(&text));
		aead_key_free(key);
	}
}

/* RFC 7634 appendix B: an INFORMATIONAL request with a SET_WINDOW_SIZE notification. */
TEST_F(crypto, the_ike_message_of_rfc_7634_opens_and_seals)
{
	const struct crypto_suite suite = { CRYPTO_ENCR_CHACHA20_POLY1305, 256, 0 };
	const char *plain = "0000000c000040010000000a00";
	struct aead_key *key;
	struct bytes aad, iv, icv;
	struct hex msg, original;
	uint8_t *text;

	hex_set(&msg, "c0c1c2c3c4c5c6c7d0d1d2d3d4d5d6d72e202500000000090000004529000029"
		      "1011121314151617610394701f8d017f7c129248896b71bfe25236efd7cdc670"
		      "66906315b2");
	original = msg;
	aad = BYTES(msg.data, 32);
	iv = BYTES(msg.data + 32, 8);
	text = msg.data + 40;
	icv = BYTES(text + 13, 16);
	ASSERT_EQ(0, aead_key_new(self->ctx, &suite,
				  HEX("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d"
				      "9e9fa0a1a2a3"),
				  BYTES_NONE, &key));
	ASSERT_EQ(0, aead_open(key, aad, iv, text, 13, icv));
	EXPECT_BYTES(HEX(plain), BYTES(text, 13));
	memset(text + 13, 0, 16);
	ASSERT_EQ(0, aead_seal_iv(key, aad, iv, text, 13, text + 13));
	EXPECT_BYTES(hex_bytes(&original), hex_bytes(&msg));
	aead_key_free(key);
}

TEST_F(crypto, every_suite_opens_what_it_seals)
{
	static const size_t lengths[] = { 0, 1, 2, 7, 93 };
	unsigned int suites = 0;

	for_each_suite(suite)
	{
		struct aead_key *a = new_key(_metadata, self->ctx, &suite);
		struct aead_key *b = new_key(_metadata, self->ctx, &suite);
		size_t block = crypto_suite_block_len(&suite);
		size_t icv_len = crypto_suite_icv_len(&suite), iv_len = crypto_suite_iv_len(&suite);

		suites++;
		EXPECT_TRUE(crypto_suite_supported(self->ctx, &suite));
		EXPECT_EQ(suite.encr, aead_key_suite(a)->encr);
		for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
			uint8_t text[TEXT_MAX], iv[CRYPTO_IV_MAX], icv[CRYPTO_ICV_MAX];
			size_t len = lengths[i] * block;
			uint8_t plain[TEXT_MAX];

			ASSERT_LE(len, sizeof(text));
			memset(plain, 'p', len);
			memcpy(text, plain, len);
			ASSERT_EQ(0, aead_seal(a, bytes_str("header"), text, len, iv, icv));
			if (len >= 16)
				EXPECT_FALSE(bytes_equal(BYTES(plain, len), BYTES(text, len)));
			EXPECT_EQ(0, aead_open(b, bytes_str("header"), BYTES(iv, iv_len), text, len,
					       BYTES(icv, icv_len)));
			EXPECT_BYTES(BYTES(plain, len), BYTES(text, len));
			/* And with the roles of the two key objects changed. */
			ASSERT_EQ(0, aead_seal(b, BYTES_NONE, text, len, iv, icv));
			EXPECT_EQ(0, aead_open(a, BYTES_NONE, BYTES(iv, iv_len), text, len,
					       BYTES(icv, icv_len)));
			EXPECT_BYTES(BYTES(plain, len), BYTES(text, len));
		}
		aead_key_free(a);
		aead_key_free(b);
	}
	/* In 3 key lengths 6 AES AEADs, and AES-CBC, AES-CTR and Camellia with 6 MACs; 3DES with
	 * them; ChaCha20. */
	EXPECT_EQ((6 + 3 * 6) * 3 + 6 + 1, suites);
}

/* Flip one bit of every octet of associated data, IV, text and ICV, and cut each of them. */
TEST_F(crypto, every_suite_refuses_what_was_changed)
{
	for_each_suite(suite)
	{
		struct aead_key *key = new_key(_metadata, self->ctx, &suite);
		size_t iv_len = crypto_suite_iv_len(&suite), icv_len = crypto_suite_icv_len(&suite);
		size_t text_at = 8 + iv_len, icv_at = text_at + 32, len = icv_at + icv_len;
		uint8_t msg[8 + CRYPTO_IV_MAX + 32 + CRYPTO_ICV_MAX] = "aadaadaa", m[sizeof(msg)];

		ASSERT_EQ(0,
			  aead_seal(key, BYTES(msg, 8), msg + text_at, 32, msg + 8, msg + icv_at));
		for (size_t i = 0; i < len; i++) {
			memcpy(m, msg, len);
			m[i] ^= (uint8_t)(1 << (i % 8));
			EXPECT_EQ(-EBADMSG, aead_open(key, BYTES(m, 8), BYTES(m + 8, iv_len),
						      m + text_at, 32, BYTES(m + icv_at, icv_len)))
			{
				TH_LOG("%s %u octet %zu", crypto_encr_name(suite.encr),
				       suite.key_bits, i);
			}
		}
		for (size_t cut = 0; cut < icv_len; cut++) {
			memcpy(m, msg, len);
			EXPECT_EQ(-EBADMSG, aead_open(key, BYTES(m, 8), BYTES(m + 8, iv_len),
						      m + text_at, 32, BYTES(m + icv_at, cut)));
		}
		for (size_t cut = 0; cut < iv_len; cut++) {
			memcpy(m, msg, len);
			EXPECT_EQ(-EBADMSG, aead_open(key, BYTES(m, 8), BYTES(m + 8, cut),
						      m + text_at, 32, BYTES(m + icv_at, icv_len)));
		}
		for (size_t cut = 0; cut < 32; cut++) {
			memcpy(m, msg, len);
			EXPECT_EQ(-EBADMSG,
				  aead_open(key, BYTES(m, 8), BYTES(m + 8, iv_len), m + text_at,
					    cut, BYTES(m + icv_at, icv_len)));
		}
		/* The key is none the worse for it. */
		memcpy(m, msg, len);
		EXPECT_EQ(0, aead_open(key, BYTES(m, 8), BYTES(m + 8, iv_len), m + text_at, 32,
				       BYTES(m + icv_at, icv_len)));
		aead_key_free(key);
	}
}

TEST_F(crypto, a_refused_text_is_not_left_decrypted)
{
	const uint8_t plain[32] = "this must not be seen by anyone";

	for_each_suite(suite)
	{
		struct aead_key *key = new_key(_metadata, self->ctx, &suite);
		uint8_t text[32], iv[CRYPTO_IV_MAX], icv[CRYPTO_ICV_MAX];

		memcpy(text, plain, sizeof(text));
		ASSERT_EQ(0, aead_seal(key, BYTES_NONE, text, 32, iv, icv));
		icv[0] ^= 1;
		ASSERT_EQ(-EBADMSG,
			  aead_open(key, BYTES_NONE, BYTES(iv, crypto_suite_iv_len(&suite)), text,
				    32, BYTES(icv, crypto_suite_icv_len(&suite))));
		for (size_t i = 0; i + 4 <= sizeof(text); i += 4)
			EXPECT_FALSE(bytes_equal(BYTES(text + i, 4), BYTES(plain + i, 4)));
		aead_key_free(key);
	}
}

TEST_F(crypto, ivs_count_for_an_aead_and_ctr_and_jump_for_cbc)
{
	for_each_suite(suite)
	{
		struct aead_key *key = new_key(_metadata, self->ctx, &suite);
		uint8_t text[16] = { 0 }, iv[CRYPTO_IV_MAX], last[CRYPTO_IV_MAX],
			icv[CRYPTO_ICV_MAX];
		size_t iv_len = crypto_suite_iv_len(&suite);

		ASSERT_EQ(0, aead_seal(key, BYTES_NONE, text, 16, last, icv));
		for (unsigned int i = 0; i < 300; i++) {
			ASSERT_EQ(0, aead_seal(key, BYTES_NONE, text, 16, iv, icv));
			if (crypto_suite_block_len(&suite) == 1) {
				EXPECT_GT(bytes_compare(BYTES(iv, iv_len), BYTES(last, iv_len)), 0);
			} else {
				EXPECT_FALSE(bytes_equal(BYTES(iv, 8), BYTES(last, 8)));
				EXPECT_FALSE(bytes_equal(BYTES(iv + iv_len - 8, 8),
							 BYTES(last + iv_len - 8, 8)));
			}
			memcpy(last, iv, iv_len);
		}
		aead_key_free(key);
	}
}

/* RFC 7296 3.14: the ICV of encrypt-then-MAC covers header, IV and cipher text. */
TEST_F(crypto, the_mac_covers_everything_before_it)
{
	static const enum crypto_prf prfs[CRYPTO_INTEG_N] = {
		[CRYPTO_INTEG_HMAC_SHA1_96] = CRYPTO_PRF_HMAC_SHA1,
		[CRYPTO_INTEG_HMAC_SHA256_128] = CRYPTO_PRF_HMAC_SHA256,
		[CRYPTO_INTEG_HMAC_SHA384_192] = CRYPTO_PRF_HMAC_SHA384,
		[CRYPTO_INTEG_HMAC_SHA512_256] = CRYPTO_PRF_HMAC_SHA512,
		[CRYPTO_INTEG_AES_XCBC_96] = CRYPTO_PRF_AES128_XCBC,
		[CRYPTO_INTEG_AES_CMAC_96] = CRYPTO_PRF_AES128_CMAC,
	};

	for_each_suite(suite)
	{
		struct aead_key *key;
		uint8_t text[32] = "text", iv[CRYPTO_IV_MAX], icv[CRYPTO_ICV_MAX],
			mac[CRYPTO_PRF_MAX];
		const struct bytes parts[] = { bytes_str("header"),
					       BYTES(iv, crypto_suite_iv_len(&suite)),
					       BYTES_OF(text) };

		if (crypto_encr_is_aead(suite.encr))
			continue;
		key = new_key(_metadata, self->ctx, &suite);
		ASSERT_EQ(0, aead_seal(key, bytes_str("header"), text, 32, iv, icv));
		ASSERT_EQ(0, crypto_prf(self->ctx, prfs[suite.integ],
					BYTES(some_key, crypto_suite_integ_key_len(&suite)), parts,
					3, mac));
		EXPECT_BYTES(BYTES(mac, crypto_suite_icv_len(&suite)),
			     BYTES(icv, crypto_suite_icv_len(&suite)));
		aead_key_free(key);
	}
}

TEST_F(crypto, shorter_gcm_tags_are_the_beginning_of_the_long_one)
{
	static const enum crypto_encr encrs[] = { CRYPTO_ENCR_AES_GCM_8, CRYPTO_ENCR_AES_GCM_12,
						  CRYPTO_ENCR_AES_GCM_16 };
	uint8_t icv[3][CRYPTO_ICV_MAX];

	for (size_t i = 0; i < 3; i++) {
		struct crypto_suite suite = { encrs[i], 128, CRYPTO_INTEG_NONE };
		struct aead_key *key = new_key(_metadata, self->ctx, &suite);
		uint8_t text[20] = "text";

		ASSERT_EQ(0,
			  aead_seal_iv(key, BYTES_NONE, bytes_str("an iv..."), text, 20, icv[i]));
		aead_key_free(key);
	}
	EXPECT_BYTES(BYTES(icv[2], 8), BYTES(icv[0], 8));
	EXPECT_BYTES(BYTES(icv[2], 12), BYTES(icv[1], 12));
}

TEST_F(crypto, a_seal_that_is_refused_leaves_no_plain_text)
{
	const struct crypto_suite suite = { CRYPTO_ENCR_AES_CBC, 128,
					    CRYPTO_INTEG_HMAC_SHA256_128 };
	struct aead_key *key = new_key(_metadata, self->ctx, &suite);
	uint8_t text[17] = "sixteen and one.", iv[16] = { 0x55 }, icv[16] = { 0x55 };
	const uint8_t zeros[17] = { 0 };

	EXPECT_EQ(-EINVAL, aead_seal(key, BYTES_NONE, text, 17, iv, icv));
	EXPECT_BYTES(BYTES_OF(zeros), BYTES_OF(text));
	EXPECT_EQ(0x55, iv[0]);
	EXPECT_EQ(0x55, icv[0]);
	EXPECT_EQ(-EINVAL, aead_seal_iv(key, BYTES_NONE, BYTES(iv, 15), text, 16, icv));
	aead_key_free(key);
}

TEST_F(crypto, suites_that_do_not_fit_together_are_refused)
{
	static const struct crypto_suite bad[] = {
		{ CRYPTO_ENCR_AES_CBC, 128, CRYPTO_INTEG_NONE },
		{ CRYPTO_ENCR_AES_CBC, 0, CRYPTO_INTEG_HMAC_SHA256_128 },
		{ CRYPTO_ENCR_AES_CBC, 129, CRYPTO_INTEG_HMAC_SHA256_128 },
		{ CRYPTO_ENCR_AES_GCM_16, 128, CRYPTO_INTEG_HMAC_SHA256_128 },
		{ CRYPTO_ENCR_AES_GCM_16, 0, CRYPTO_INTEG_NONE },
		{ CRYPTO_ENCR_AES_CCM_8, 512, CRYPTO_INTEG_NONE },
		{ CRYPTO_ENCR_CHACHA20_POLY1305, 128, CRYPTO_INTEG_NONE },
		{ CRYPTO_ENCR_3DES_CBC, 128, CRYPTO_INTEG_HMAC_SHA1_96 },
		{ CRYPTO_ENCR_AES_CTR, 128, CRYPTO_INTEG_NONE },
		{ CRYPTO_ENCR_N, 128, CRYPTO_INTEG_NONE },
		{ CRYPTO_ENCR_AES_CBC, 128, CRYPTO_INTEG_N },
	};
	const struct crypto_suite plain_chacha = { CRYPTO_ENCR_CHACHA20_POLY1305, 0, 0 };
	const struct crypto_suite plain_3des = { CRYPTO_ENCR_3DES_CBC, 0,
						 CRYPTO_INTEG_HMAC_SHA1_96 };
	struct aead_key *key = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_FALSE(crypto_suite_valid(&bad[i]));
		EXPECT_FALSE(crypto_suite_supported(self->ctx, &bad[i]));
		EXPECT_EQ(-EINVAL, aead_key_new(self->ctx, &bad[i], BYTES(some_key, 16),
						BYTES(some_key, 32), &key));
	}
	EXPECT_TRUE(crypto_suite_valid(&plain_chacha));
	EXPECT_EQ(36, crypto_suite_encr_key_len(&plain_chacha));
	EXPECT_TRUE(crypto_suite_supported(self->ctx, &plain_3des));
	EXPECT_EQ(24, crypto_suite_encr_key_len(&plain_3des));
	for_each_suite(suite)
	{
		size_t encr = crypto_suite_encr_key_len(&suite);
		size_t integ = crypto_suite_integ_key_len(&suite);

		EXPECT_EQ(-EINVAL, aead_key_new(self->ctx, &suite, BYTES(some_key, encr - 1),
						BYTES(some_key, integ), &key));
		EXPECT_EQ(-EINVAL, aead_key_new(self->ctx, &suite, BYTES(some_key, encr),
						BYTES(some_key, integ + 1), &key));
		EXPECT_EQ(-ENOTSUP, aead_key_new(self->poor, &suite, BYTES(some_key, encr),
						 BYTES(some_key, integ), &key));
		EXPECT_FALSE(crypto_suite_supported(self->poor, &suite));
	}
	EXPECT_EQ(NULL, key);
	EXPECT_EQ(NULL, aead_key_free(NULL));
}

/* Numbers from RFC 3602, 4868, 2404, 4106, 4309, 5282, 7634, 2451, 3566, 3686, 4312, 4494. */
TEST_F(crypto, lengths_are_those_of_the_standards)
{
	static const struct {
		struct crypto_suite suite;
		size_t encr_key, integ_key, iv, icv, block;
	} cases[] = {
		{ { CRYPTO_ENCR_AES_CBC, 128, CRYPTO_INTEG_HMAC_SHA1_96 }, 16, 20, 16, 12, 16 },
		{ { CRYPTO_ENCR_AES_CBC, 192, CRYPTO_INTEG_HMAC_SHA256_128 }, 24, 32, 16, 16, 16 },
		{ { CRYPTO_ENCR_AES_CBC, 256, CRYPTO_INTEG_HMAC_SHA384_192 }, 32, 48, 16, 24, 16 },
		{ { CRYPTO_ENCR_AES_CBC, 256, CRYPTO_INTEG_HMAC_SHA512_256 }, 32, 64, 16, 32, 16 },
		{ { CRYPTO_ENCR_AES_CTR, 128, CRYPTO_INTEG_AES_XCBC_96 }, 20, 16, 8, 12, 1 },
		{ { CRYPTO_ENCR_AES_CTR, 256, CRYPTO_INTEG_AES_CMAC_96 }, 36, 16, 8, 12, 1 },
		{ { CRYPTO_ENCR_3DES_CBC, 192, CRYPTO_INTEG_HMAC_SHA1_96 }, 24, 20, 8, 12, 8 },
		{ { CRYPTO_ENCR_CAMELLIA_CBC, 256, CRYPTO_INTEG_HMAC_SHA1_96 }, 32, 20, 16, 12, 16 },
		{ { CRYPTO_ENCR_AES_GCM_8, 128, 0 }, 20, 0, 8, 8, 1 },
		{ { CRYPTO_ENCR_AES_GCM_12, 192, 0 }, 28, 0, 8, 12, 1 },
		{ { CRYPTO_ENCR_AES_GCM_16, 256, 0 }, 36, 0, 8, 16, 1 },
		{ { CRYPTO_ENCR_AES_CCM_8, 128, 0 }, 19, 0, 8, 8, 1 },
		{ { CRYPTO_ENCR_AES_CCM_12, 192, 0 }, 27, 0, 8, 12, 1 },
		{ { CRYPTO_ENCR_AES_CCM_16, 256, 0 }, 35, 0, 8, 16, 1 },
		{ { CRYPTO_ENCR_CHACHA20_POLY1305, 256, 0 }, 36, 0, 8, 16, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].encr_key, crypto_suite_encr_key_len(&cases[i].suite));
		EXPECT_EQ(cases[i].integ_key, crypto_suite_integ_key_len(&cases[i].suite));
		EXPECT_EQ(cases[i].iv, crypto_suite_iv_len(&cases[i].suite));
		EXPECT_EQ(cases[i].icv, crypto_suite_icv_len(&cases[i].suite));
		EXPECT_EQ(cases[i].block, crypto_suite_block_len(&cases[i].suite));
	}
	for_each_suite(suite)
	{
		EXPECT_LE(crypto_suite_encr_key_len(&suite), CRYPTO_ENCR_KEY_MAX);
		EXPECT_LE(crypto_suite_integ_key_len(&suite), CRYPTO_INTEG_KEY_MAX);
		EXPECT_LE(crypto_suite_iv_len(&suite), CRYPTO_IV_MAX);
		EXPECT_LE(crypto_suite_icv_len(&suite), CRYPTO_ICV_MAX);
	}
}

TEST_F(crypto, every_algorithm_has_a_name_of_its_own)
{
	for (enum crypto_encr a = 0; a < CRYPTO_ENCR_N; a++) {
		ASSERT_NE(NULL, crypto_encr_name(a));
		for (enum crypto_encr b = 0; b < a; b++)
			EXPECT_STRNE(crypto_encr_name(b), crypto_encr_name(a));
	}
	for (enum crypto_integ a = 0; a < CRYPTO_INTEG_N; a++) {
		ASSERT_NE(NULL, crypto_integ_name(a));
		for (enum crypto_integ b = 0; b < a; b++)
			EXPECT_STRNE(crypto_integ_name(b), crypto_integ_name(a));
	}
}

TEST_HARNESS_MAIN
