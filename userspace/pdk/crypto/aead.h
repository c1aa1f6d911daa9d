/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Authenticated encryption with one face for both kinds: AEAD algorithms (AES-GCM and AES-CCM as in
 * RFC 5282, ChaCha20-Poly1305 as in RFC 7634), and encrypt-then-MAC (AES-CBC, RFC 3602, and its
 * like, or AES-CTR, RFC 5930; with HMAC, RFC 4868, or a MAC of AES). The caller lays the message
 * out as
 *
 *	associated data | IV | text (sealed in place) | ICV
 *
 * and the ICV covers all that stands before it. For encrypt-then-MAC that is what RFC 7296 3.14
 * asks for; for an AEAD the IV is bound through the nonce. Padding is the caller's.
 */
#include "pdk/crypto/ctx.h"

enum crypto_encr {
	CRYPTO_ENCR_AES_CBC,
	CRYPTO_ENCR_AES_CTR,
	CRYPTO_ENCR_3DES_CBC,     /* old peers */
	CRYPTO_ENCR_CAMELLIA_CBC, /* RFC 5529 */
	CRYPTO_ENCR_AES_GCM_8,    /* ICV of 8, 12, 16 bytes: RFC 5282 3.2 */
	CRYPTO_ENCR_AES_GCM_12,
	CRYPTO_ENCR_AES_GCM_16,
	CRYPTO_ENCR_AES_CCM_8,
	CRYPTO_ENCR_AES_CCM_12,
	CRYPTO_ENCR_AES_CCM_16,
	CRYPTO_ENCR_CHACHA20_POLY1305,
};
#define CRYPTO_ENCR_N (CRYPTO_ENCR_CHACHA20_POLY1305 + 1)

enum crypto_integ {
	CRYPTO_INTEG_NONE,         /* with an AEAD */
	CRYPTO_INTEG_HMAC_SHA1_96, /* old peers */
	CRYPTO_INTEG_HMAC_SHA256_128,
	CRYPTO_INTEG_HMAC_SHA384_192,
	CRYPTO_INTEG_HMAC_SHA512_256,
	CRYPTO_INTEG_AES_XCBC_96, /* RFC 3566 */
	CRYPTO_INTEG_AES_CMAC_96, /* RFC 4494 */
};
#define CRYPTO_INTEG_N (CRYPTO_INTEG_AES_CMAC_96 + 1)

/* "aes-gcm-16", "aes-cbc", "chacha20-poly1305", ... */
const char *crypto_encr_name(enum crypto_encr encr);
/* "none", "hmac-sha256-128", ... */
const char *crypto_integ_name(enum crypto_integ integ);
/* It authenticates, too: stands with CRYPTO_INTEG_NONE. */
bool crypto_encr_is_aead(enum crypto_encr encr);

/* What protects a message: one algorithm or a pair. */
struct crypto_suite {
	enum crypto_encr encr;
	/* AES, Camellia: 128, 192, 256, without salt. ChaCha20: 256, 3DES: 192, or 0 for the same.
	 */
	uint16_t key_bits;
	enum crypto_integ integ;
};

/*
 * The members fit each other: the algorithm has such a key length, an AEAD stands alone, a cipher
 * that is none has a MAC. The functions below are for valid suites.
 */
bool crypto_suite_valid(const struct crypto_suite *suite);
/* The provider offers it, with that key length: half a suite each. */
bool crypto_encr_supported(const struct crypto_ctx *ctx, enum crypto_encr encr, uint16_t key_bits);
bool crypto_integ_supported(const struct crypto_ctx *ctx, enum crypto_integ integ);
/* Valid, and the provider offers all of it. */
bool crypto_suite_supported(const struct crypto_ctx *ctx, const struct crypto_suite *suite);

/* Lengths in bytes. */
#define CRYPTO_ENCR_KEY_MAX  36
#define CRYPTO_INTEG_KEY_MAX 64
#define CRYPTO_IV_MAX        16
#define CRYPTO_ICV_MAX       32
/* The encryption key with its salt at the end: 4 bytes for GCM, CTR and ChaCha20, 3 for CCM. */
size_t crypto_suite_encr_key_len(const struct crypto_suite *suite);
/* 0 for an AEAD. */
size_t crypto_suite_integ_key_len(const struct crypto_suite *suite);
/* The explicit IV, as it stands in the message. */
size_t crypto_suite_iv_len(const struct crypto_suite *suite);
size_t crypto_suite_icv_len(const struct crypto_suite *suite);
/* The text's length must be a multiple of it; 1 for an AEAD and CTR. */
size_t crypto_suite_block_len(const struct crypto_suite *suite);

/* -------- keys -------- */

/* The key of one direction of one SA, scheduled once. It belongs to the thread of its context. */
struct aead_key;

/*
 * encr_key has crypto_suite_encr_key_len() bytes, salt included; integ_key has
 * crypto_suite_integ_key_len(). Both are copied. -EINVAL (suite or lengths), -ENOTSUP, -ENOMEM,
 * -EIO.
 */
int aead_key_new(struct crypto_ctx *ctx, const struct crypto_suite *suite, struct bytes encr_key,
		 struct bytes integ_key, struct aead_key **ret_key);
/* Wipes. Takes NULL, returns NULL. */
struct aead_key *aead_key_free(struct aead_key *key);
const struct crypto_suite *aead_key_suite(const struct aead_key *key);

/*
 * Encrypt len bytes at text in place, and write the IV and the ICV. The IV is made here: for an
 * AEAD and CTR a counter that never repeats under this key (RFC 5282 3.1, RFC 7634 2, RFC 5930
 * 2), for CBC random. So a
 * key may seal only if no other object seals with the same key bytes, and what is sent again is
 * sent from a copy, not sealed again. aad may be up to the text, but not overlap it. ret_iv and
 * ret_icv have the suite's lengths. -EINVAL: len is no multiple of the block length; -EOVERFLOW:
 * all 2^64 IVs are used up; -EIO. On failure the text is wiped.
 */
int aead_seal(struct aead_key *key, struct bytes aad, uint8_t *text, size_t len, uint8_t *ret_iv,
	      uint8_t *ret_icv);

/*
 * As aead_seal() with an IV that the caller answers for: for test vectors, and for callers that
 * count themselves (as RFC 7383 fragments may). -EINVAL also for an IV of the wrong length.
 */
int aead_seal_iv(struct aead_key *key, struct bytes aad, struct bytes iv, uint8_t *text, size_t len,
		 uint8_t *ret_icv);

/*
 * Verify, in constant time, and decrypt len bytes at text in place. -EBADMSG: the ICV is wrong, or
 * a length is one that sealing can't have made; then text is wiped or untouched, never decrypted.
 */
int aead_open(struct aead_key *key, struct bytes aad, struct bytes iv, uint8_t *text, size_t len,
	      struct bytes icv);
