/* SPDX-License-Identifier: MIT */
#include "pdk/crypto/aead.h"

#include "pdk/crypto/aead_impl.h"

/* Lengths in bytes; of the algorithms that combine encryption and MAC the RFC that fixes them. */
static const struct encr_traits encrs[CRYPTO_ENCR_N] = {
	[CRYPTO_ENCR_AES_CBC] = { "aes-cbc", CTX_AES_CBC, .iv = 16, .block = 16 },
	/* RFC 5930 2, RFC 5930 3, RFC 3686 */
	[CRYPTO_ENCR_AES_CTR] = { "aes-ctr", CTX_AES_CTR, 4, 8, 0, 1 },
	/* RFC 2451 */
	[CRYPTO_ENCR_3DES_CBC] = { "3des-cbc", CTX_3DES_CBC, 0, 8, 0, 8, .key_bits = 192 },
	/* RFC 4312 */
	[CRYPTO_ENCR_CAMELLIA_CBC] = { "camellia-cbc", CTX_CAMELLIA_CBC, 0, 16, 0, 16 },
	/* RFC 5282 4 and 7, RFC 4106 */
	[CRYPTO_ENCR_AES_GCM_8] = { "aes-gcm-8", CTX_AES_GCM, 4, 8, 8, 1 },
	[CRYPTO_ENCR_AES_GCM_12] = { "aes-gcm-12", CTX_AES_GCM, 4, 8, 12, 1 },
	[CRYPTO_ENCR_AES_GCM_16] = { "aes-gcm-16", CTX_AES_GCM, 4, 8, 16, 1 },
	/* RFC 5282 4 and 7, RFC 4309 */
	[CRYPTO_ENCR_AES_CCM_8] = { "aes-ccm-8", CTX_AES_CCM, 3, 8, 8, 1 },
	[CRYPTO_ENCR_AES_CCM_12] = { "aes-ccm-12", CTX_AES_CCM, 3, 8, 12, 1 },
	[CRYPTO_ENCR_AES_CCM_16] = { "aes-ccm-16", CTX_AES_CCM, 3, 8, 16, 1 },
	/* RFC 7634 2 */
	[CRYPTO_ENCR_CHACHA20_POLY1305] = { "chacha20-poly1305", CTX_CHACHA20_POLY1305, 4, 8, 16, 1,
					    .key_bits = 256 },
};

static const struct integ_traits integs[CRYPTO_INTEG_N] = {
	[CRYPTO_INTEG_NONE] = { "none" },
	[CRYPTO_INTEG_HMAC_SHA1_96] = { "hmac-sha1-96", MAC_HMAC_SHA1, 20, 12 },
	[CRYPTO_INTEG_HMAC_SHA256_128] = { "hmac-sha256-128", MAC_HMAC_SHA256, 32, 16 },
	[CRYPTO_INTEG_HMAC_SHA384_192] = { "hmac-sha384-192", MAC_HMAC_SHA384, 48, 24 },
	[CRYPTO_INTEG_HMAC_SHA512_256] = { "hmac-sha512-256", MAC_HMAC_SHA512, 64, 32 },
	[CRYPTO_INTEG_AES_XCBC_96] = { "aes-xcbc-96", MAC_AES_XCBC, 16, 12 },
	[CRYPTO_INTEG_AES_CMAC_96] = { "aes-cmac-96", MAC_AES_CMAC, 16, 12 },
};

const struct encr_traits *encr_traits(const struct crypto_suite *suite)
{
	return &encrs[suite->encr];
}

const struct integ_traits *integ_traits(const struct crypto_suite *suite)
{
	return &integs[suite->integ];
}

EVP_CIPHER *suite_cipher(const struct crypto_ctx *ctx, const struct crypto_suite *suite)
{
	size_t first = encrs[suite->encr].cipher;

	if (encrs[suite->encr].key_bits)
		return ctx->cipher[first];
	return ctx->cipher[first + (suite->key_bits - 128) / 64];
}

const char *crypto_encr_name(enum crypto_encr encr)
{
	return encrs[encr].name;
}

const char *crypto_integ_name(enum crypto_integ integ)
{
	return integs[integ].name;
}

bool crypto_encr_is_aead(enum crypto_encr encr)
{
	return encrs[encr].icv;
}

static bool key_bits_valid(enum crypto_encr encr, uint16_t bits)
{
	if (encrs[encr].key_bits)
		return bits == 0 || bits == encrs[encr].key_bits;
	return bits == 128 || bits == 192 || bits == 256;
}

bool crypto_suite_valid(const struct crypto_suite *suite)
{
	if ((size_t)suite->encr >= CRYPTO_ENCR_N || (size_t)suite->integ >= CRYPTO_INTEG_N)
		return false;
	if (crypto_encr_is_aead(suite->encr) != (suite->integ == CRYPTO_INTEG_NONE))
		return false;
	return key_bits_valid(suite->encr, suite->key_bits);
}

bool crypto_encr_supported(const struct crypto_ctx *ctx, enum crypto_encr encr, uint16_t key_bits)
{
	const struct crypto_suite suite = { .encr = encr, .key_bits = key_bits };

	return key_bits_valid(encr, key_bits) && suite_cipher(ctx, &suite);
}

bool crypto_integ_supported(const struct crypto_ctx *ctx, enum crypto_integ integ)
{
	return integ == CRYPTO_INTEG_NONE || mac_supported(ctx, integs[integ].mac);
}

bool crypto_suite_supported(const struct crypto_ctx *ctx, const struct crypto_suite *suite)
{
	return crypto_suite_valid(suite) &&
	       crypto_encr_supported(ctx, suite->encr, suite->key_bits) &&
	       crypto_integ_supported(ctx, suite->integ);
}

size_t crypto_suite_encr_key_len(const struct crypto_suite *suite)
{
	uint16_t only = encrs[suite->encr].key_bits;

	return (only ? only : suite->key_bits) / 8 + encrs[suite->encr].salt;
}

size_t crypto_suite_integ_key_len(const struct crypto_suite *suite)
{
	return integs[suite->integ].key;
}

size_t crypto_suite_iv_len(const struct crypto_suite *suite)
{
	return encrs[suite->encr].iv;
}

size_t crypto_suite_icv_len(const struct crypto_suite *suite)
{
	return encrs[suite->encr].icv + integs[suite->integ].icv;
}

size_t crypto_suite_block_len(const struct crypto_suite *suite)
{
	return encrs[suite->encr].block;
}
