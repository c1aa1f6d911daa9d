/* SPDX-License-Identifier: MIT */
#include "ikev2/codec/algorithm.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "pdk/crypto/aead.h"
#include "pdk/crypto/kex.h"
#include "pdk/crypto/prf.h"

#define MUST        ALGORITHM_MUST
#define MUST_MINUS  ALGORITHM_MUST_MINUS
#define SHOULD_PLUS ALGORITHM_SHOULD_PLUS
#define SHOULD      ALGORITHM_SHOULD
#define MAY         ALGORITHM_MAY
#define SHOULD_NOT  ALGORITHM_SHOULD_NOT
#define MUST_NOT    ALGORITHM_MUST_NOT

#define LIST(...)                                                                                  \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}
/* Three key lengths, at one level or with a level for each. */
#define BITS       .key_bits = LIST(128, 192, 256)
#define ALL(level) LIST(level, level, level)
#define ENCR(i)    .type = IKE_TRANSFORM_ENCR, .id = IKE_ENCR_##i
#define INTEG(i)   .type = IKE_TRANSFORM_INTEG, .id = IKE_INTEG_##i
#define PRF(i)     .type = IKE_TRANSFORM_PRF, .id = IKE_PRF_##i
#define KE(i)      .type = IKE_TRANSFORM_KE, .id = IKE_KE_##i
#define ESN(i)     .type = IKE_TRANSFORM_ESN, .id = IKE_ESN_##i, .crypto = ALGORITHM_NO_CRYPTO

#define OLD_BLOCKS "its blocks of 64 bits are too short"
#define OLD_SHA1   "attacks on SHA-1 get better"
#define IOT        "for small devices"

static const struct algorithm algorithms[] = {
	/* Encryption: RFC 8247 2.1, RFC 8221 5 */
	{ ENCR(AES_CBC), .names = "aes* aes", BITS, .ike = LIST(MUST, MAY, MUST),
	  .esp = LIST(MUST, MAY, MUST), .crypto = CRYPTO_ENCR_AES_CBC, .kernel = "cbc(aes)" },
	{ ENCR(AES_GCM_16), .names = "aes*gcm16 aes*gcm aes*gcm128", BITS, .salt = 4, .icv = 16,
	  .ike = LIST(SHOULD, MAY, SHOULD), .esp = LIST(MUST, MAY, MUST),
	  .crypto = CRYPTO_ENCR_AES_GCM_16, .kernel = "rfc4106(gcm(aes))" },
	{ ENCR(CHACHA20_POLY1305), .names = "chacha20poly1305", .key = 32, .salt = 4, .icv = 16,
	  .ike = LIST(SHOULD), .esp = LIST(SHOULD), .crypto = CRYPTO_ENCR_CHACHA20_POLY1305,
	  .kernel = "rfc7539esp(chacha20,poly1305)" },
	{ ENCR(AES_CCM_8), .names = "aes*ccm8 aes*ccm64", BITS, .salt = 3, .icv = 8,
	  .ike = LIST(SHOULD, MAY, MAY), .esp = LIST(SHOULD, MAY, MAY),
	  .crypto = CRYPTO_ENCR_AES_CCM_8, .kernel = "rfc4309(ccm(aes))", .note = IOT },
	{ ENCR(AES_CCM_12), .names = "aes*ccm12 aes*ccm96", BITS, .salt = 3, .icv = 12,
	  .ike = ALL(MAY), .esp = ALL(MAY), .crypto = CRYPTO_ENCR_AES_CCM_12,
	  .kernel = "rfc4309(ccm(aes))" },
	{ ENCR(AES_CCM_16), .names = "aes*ccm16 aes*ccm aes*ccm128", BITS, .salt = 3, .icv = 16,
	  .ike = ALL(MAY), .esp = ALL(MAY), .crypto = CRYPTO_ENCR_AES_CCM_16,
	  .kernel = "rfc4309(ccm(aes))" },
	{ ENCR(AES_GCM_8), .names = "aes*gcm8 aes*gcm64", BITS, .salt = 4, .icv = 8,
	  .ike = ALL(MAY), .esp = ALL(MAY), .crypto = CRYPTO_ENCR_AES_GCM_8,
	  .kernel = "rfc4106(gcm(aes))" },
	{ ENCR(AES_GCM_12), .names = "aes*gcm12 aes*gcm96", BITS, .salt = 4, .icv = 12,
	  .ike = ALL(MAY), .esp = ALL(MAY), .crypto = CRYPTO_ENCR_AES_GCM_12,
	  .kernel = "rfc4106(gcm(aes))" },
	{ ENCR(AES_CTR), .names = "aes*ctr", BITS, .salt = 4, .ike = ALL(MAY), .esp = ALL(MAY),
	  .crypto = CRYPTO_ENCR_AES_CTR, .kernel = "rfc3686(ctr(aes))" },
	{ ENCR(CAMELLIA_CBC), .names = "camellia* camellia", BITS, .ike = ALL(MAY), .esp = ALL(MAY),
	  .crypto = CRYPTO_ENCR_CAMELLIA_CBC, .kernel = "cbc(camellia)" },
	{ ENCR(3DES), .names = "3des", .key = 24, .ike = LIST(MAY), .esp = LIST(SHOULD_NOT),
	  .crypto = CRYPTO_ENCR_3DES_CBC, .kernel = "cbc(des3_ede)", .dated = true,
	  .note = OLD_BLOCKS },
	{ ENCR(NULL_AUTH_AES_GMAC), .names = "aes*gmac", BITS, .salt = 4, .icv = 16,
	  .esp = ALL(MAY), .crypto = ALGORITHM_NO_CRYPTO, .kernel = "rfc4543(gcm(aes))",
	  .dated = true, .note = "it does not encrypt" },
	{ ENCR(NULL), .names = "null", .ike = LIST(MUST_NOT), .esp = LIST(MUST),
	  .crypto = ALGORITHM_NO_CRYPTO, .kernel = "ecb(cipher_null)", .dated = true,
	  .note = "it does not encrypt" },

	/* Integrity: RFC 8247 2.3, RFC 8221 6 */
	{ INTEG(HMAC_SHA2_256_128), .names = "sha256 sha2_256", .key = 32, .icv = 16,
	  .ike = LIST(MUST), .esp = LIST(MUST), .crypto = CRYPTO_INTEG_HMAC_SHA256_128,
	  .kernel = "hmac(sha256)", .prf = IKE_PRF_HMAC_SHA2_256 },
	{ INTEG(HMAC_SHA2_384_192), .names = "sha384 sha2_384", .key = 48, .icv = 24,
	  .ike = LIST(MAY), .esp = LIST(MAY), .crypto = CRYPTO_INTEG_HMAC_SHA384_192,
	  .kernel = "hmac(sha384)", .prf = IKE_PRF_HMAC_SHA2_384 },
	{ INTEG(HMAC_SHA2_512_256), .names = "sha512 sha2_512", .key = 64, .icv = 32,
	  .ike = LIST(SHOULD), .esp = LIST(SHOULD), .crypto = CRYPTO_INTEG_HMAC_SHA512_256,
	  .kernel = "hmac(sha512)", .prf = IKE_PRF_HMAC_SHA2_512 },
	{ INTEG(AES_XCBC_96), .names = "aesxcbc", .key = 16, .icv = 12, .ike = LIST(SHOULD),
	  .esp = LIST(SHOULD), .crypto = CRYPTO_INTEG_AES_XCBC_96, .kernel = "xcbc(aes)",
	  .prf = IKE_PRF_AES128_XCBC, .note = IOT },
	{ INTEG(AES_CMAC_96), .names = "aescmac", .key = 16, .icv = 12, .ike = LIST(MAY),
	  .esp = LIST(MAY), .crypto = CRYPTO_INTEG_AES_CMAC_96, .kernel = "cmac(aes)",
	  .prf = IKE_PRF_AES128_CMAC },
	{ INTEG(HMAC_SHA1_96), .names = "sha1 sha", .key = 20, .icv = 12, .ike = LIST(MUST_MINUS),
	  .esp = LIST(MUST_MINUS), .crypto = CRYPTO_INTEG_HMAC_SHA1_96, .kernel = "hmac(sha1)",
	  .prf = IKE_PRF_HMAC_SHA1, .dated = true, .note = OLD_SHA1 },

	/* Pseudorandom functions: RFC 8247 2.2 */
	{ PRF(HMAC_SHA2_256), .names = "prfsha256", .ike = LIST(MUST),
	  .crypto = CRYPTO_PRF_HMAC_SHA256 },
	{ PRF(HMAC_SHA2_384), .names = "prfsha384", .ike = LIST(MAY),
	  .crypto = CRYPTO_PRF_HMAC_SHA384 },
	{ PRF(HMAC_SHA2_512), .names = "prfsha512", .ike = LIST(SHOULD_PLUS),
	  .crypto = CRYPTO_PRF_HMAC_SHA512 },
	{ PRF(AES128_XCBC), .names = "prfaesxcbc", .ike = LIST(SHOULD),
	  .crypto = CRYPTO_PRF_AES128_XCBC, .note = IOT },
	{ PRF(AES128_CMAC), .names = "prfaescmac", .ike = LIST(MAY),
	  .crypto = CRYPTO_PRF_AES128_CMAC },
	{ PRF(HMAC_SHA1), .names = "prfsha1", .ike = LIST(MUST_MINUS),
	  .crypto = CRYPTO_PRF_HMAC_SHA1, .dated = true, .note = OLD_SHA1 },

	/* Key exchange: RFC 8247 2.4 for both protocols */
	{ KE(CURVE_25519), .names = "x25519 curve25519", .ike = LIST(MAY), .esp = LIST(MAY),
	  .crypto = CRYPTO_KEX_X25519 },
	{ KE(CURVE_448), .names = "x448 curve448", .ike = LIST(MAY), .esp = LIST(MAY),
	  .crypto = CRYPTO_KEX_X448 },
	{ KE(ECP_256), .names = "ecp256", .ike = LIST(SHOULD), .esp = LIST(SHOULD),
	  .crypto = CRYPTO_KEX_ECP_256 },
	{ KE(ECP_384), .names = "ecp384", .ike = LIST(MAY), .esp = LIST(MAY),
	  .crypto = CRYPTO_KEX_ECP_384 },
	{ KE(ECP_521), .names = "ecp521", .ike = LIST(MAY), .esp = LIST(MAY),
	  .crypto = CRYPTO_KEX_ECP_521 },
	{ KE(MODP_2048), .names = "modp2048", .ike = LIST(MUST), .esp = LIST(MUST),
	  .crypto = CRYPTO_KEX_MODP_2048 },
	{ KE(MODP_3072), .names = "modp3072", .ike = LIST(MAY), .esp = LIST(MAY),
	  .crypto = CRYPTO_KEX_MODP_3072 },
	{ KE(MODP_4096), .names = "modp4096", .ike = LIST(MAY), .esp = LIST(MAY),
	  .crypto = CRYPTO_KEX_MODP_4096 },
	{ KE(MODP_6144), .names = "modp6144", .ike = LIST(MAY), .esp = LIST(MAY),
	  .crypto = CRYPTO_KEX_MODP_6144 },
	{ KE(MODP_8192), .names = "modp8192", .ike = LIST(MAY), .esp = LIST(MAY),
	  .crypto = CRYPTO_KEX_MODP_8192 },
	{ KE(ECP_224), .names = "ecp224", .ike = LIST(MAY), .esp = LIST(MAY),
	  .crypto = CRYPTO_KEX_ECP_224 },
	{ KE(ECP_224_BP), .names = "ecp224bp", .ike = LIST(MAY), .esp = LIST(MAY),
	  .crypto = CRYPTO_KEX_ECP_224_BP },
	{ KE(ECP_256_BP), .names = "ecp256bp", .ike = LIST(MAY), .esp = LIST(MAY),
	  .crypto = CRYPTO_KEX_ECP_256_BP },
	{ KE(ECP_384_BP), .names = "ecp384bp", .ike = LIST(MAY), .esp = LIST(MAY),
	  .crypto = CRYPTO_KEX_ECP_384_BP },
	{ KE(ECP_512_BP), .names = "ecp512bp", .ike = LIST(MAY), .esp = LIST(MAY),
	  .crypto = CRYPTO_KEX_ECP_512_BP },
	{ KE(MODP_1536), .names = "modp1536", .ike = LIST(SHOULD_NOT), .esp = LIST(SHOULD_NOT),
	  .crypto = CRYPTO_KEX_MODP_1536, .dated = true,
	  .note = "a state may be able to break it" },
	{ KE(MODP_1024), .names = "modp1024", .ike = LIST(SHOULD_NOT), .esp = LIST(SHOULD_NOT),
	  .crypto = CRYPTO_KEX_MODP_1024, .dated = true,
	  .note = "who can pay for it is able to break it" },

	/* Sequence numbers: RFC 4303 2.2.1 */
	{ ESN(NO_EXT_SEQ), .names = "noesn", .esp = LIST(MUST) },
	{ ESN(EXT_SEQ), .names = "esn", .esp = LIST(SHOULD) },
};

/* Names that other implementations know, and why we don't. */
static const struct {
	const char *name, *why;
} refused[] = {
	{ "des", "keys of 56 bits are found by trying all (RFC 8247 2.1, RFC 8221 5: MUST NOT)" },
	{ "blowfish128", "blocks of 64 bits, and nobody uses it (RFC 8221 5: MUST NOT)" },
	{ "blowfish192", "blocks of 64 bits, and nobody uses it (RFC 8221 5: MUST NOT)" },
	{ "blowfish256", "blocks of 64 bits, and nobody uses it (RFC 8221 5: MUST NOT)" },
	{ "blowfish", "blocks of 64 bits, and nobody uses it (RFC 8221 5: MUST NOT)" },
	{ "cast128", "blocks of 64 bits, and nobody uses it" },
	{ "md5", "MD5 is broken (RFC 8247 2.3, RFC 8221 6: MUST NOT)" },
	{ "md5_128", "MD5 is broken (RFC 8247 2.3, RFC 8221 6: MUST NOT)" },
	{ "prfmd5", "MD5 is broken (RFC 8247 2.2: MUST NOT)" },
	{ "modp768", "it is broken within hours (RFC 8247 2.4: MUST NOT)" },
	{ "modp1024s160", "it is too weak, and its seeds are unknown (RFC 8247 2.4: MUST NOT)" },
	{ "modp2048s224", "its seeds are unknown (RFC 8247 2.4: SHOULD NOT)" },
	{ "modp2048s256", "its seeds are unknown (RFC 8247 2.4: SHOULD NOT)" },
	{ "ecp192", "it is weaker than modp2048" },
};

const struct algorithm *algorithm_next(const struct algorithm *a)
{
	a = a ? a + 1 : algorithms;
	return a < algorithms + ARRAY_SIZE(algorithms) ? a : NULL;
}

const struct algorithm *algorithm_by_id(uint8_t type, uint16_t id)
{
	for_each_algorithm(a)
		if (a->type == type && a->id == id)
			return a;
	return NULL;
}

size_t algorithm_keys(const struct algorithm *a)
{
	size_t n = 0;

	while (n < ALGORITHM_KEYS_MAX && a->key_bits[n])
		n++;
	return n ? n : 1;
}

/* names up to the next space, with a key length in place of '*'. Returns what comes after. */
static const char *expand(const char *names, uint16_t bits, char buf[ALGORITHM_NAME_LEN])
{
	size_t len = strcspn(names, " "), before = strcspn(names, " *");

	if (before < len)
		snprintf(buf, ALGORITHM_NAME_LEN, "%.*s%u%.*s", (int)before, names, bits,
			 (int)(len - before - 1), names + before + 1);
	else
		snprintf(buf, ALGORITHM_NAME_LEN, "%.*s", (int)len, names);
	return names[len] ? names + len + 1 : NULL;
}

const char *algorithm_name(const struct algorithm *a, size_t k, char buf[ALGORITHM_NAME_LEN])
{
	expand(a->names, a->key_bits[k], buf);
	return buf;
}

const struct algorithm *algorithm_by_name(const char *name, uint16_t *ret_bits)
{
	char buf[ALGORITHM_NAME_LEN];

	for_each_algorithm(a) {
		for (size_t k = 0; k < algorithm_keys(a); k++) {
			for (const char *names = a->names; names;) {
				names = expand(names, a->key_bits[k], buf);
				if (strcasecmp(buf, name) == 0) {
					*ret_bits = a->key_bits[k];
					return a;
				}
			}
		}
	}
	return NULL;
}

const char *algorithm_refusal(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (strcasecmp(refused[i].name, name) == 0)
			return refused[i].why;
	return NULL;
}

const char *algorithm_refused(size_t i)
{
	return i < ARRAY_SIZE(refused) ? refused[i].name : NULL;
}

enum algorithm_level algorithm_level(const struct algorithm *a, uint8_t protocol, uint16_t key_bits)
{
	for (size_t k = 0; k < algorithm_keys(a); k++)
		if (a->key_bits[k] == key_bits)
			return protocol == IKE_PROTOCOL_IKE ? a->ike[k] : a->esp[k];
	return ALGORITHM_NONE;
}

const char *algorithm_level_name(enum algorithm_level level)
{
	static const char *const names[ALGORITHM_LEVEL_N] = {
		[ALGORITHM_NONE] = "-",
		[ALGORITHM_MUST] = "MUST",
		[ALGORITHM_MUST_MINUS] = "MUST-",
		[ALGORITHM_SHOULD_PLUS] = "SHOULD+",
		[ALGORITHM_SHOULD] = "SHOULD",
		[ALGORITHM_MAY] = "MAY",
		[ALGORITHM_SHOULD_NOT] = "SHOULD NOT",
		[ALGORITHM_MUST_NOT] = "MUST NOT",
	};

	return names[level];
}

const char *algorithm_reference(const struct algorithm *a, uint8_t protocol)
{
	bool ike = protocol == IKE_PROTOCOL_IKE;

	switch (a->type) {
	case IKE_TRANSFORM_ENCR:
		return ike ? "RFC 8247 2.1" : "RFC 8221 5";
	case IKE_TRANSFORM_PRF:
		return "RFC 8247 2.2";
	case IKE_TRANSFORM_INTEG:
		return ike ? "RFC 8247 2.3" : "RFC 8221 6";
	case IKE_TRANSFORM_KE:
		return "RFC 8247 2.4";
	}
	return "RFC 4303 2.2.1";
}
