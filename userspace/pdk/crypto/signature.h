/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What public_key.h and private_key.h have in common: kinds of keys, and ways to make signatures
 * with them. Errors are those of ctx.h.
 */
#include "pdk/crypto/hash.h"

enum crypto_key_type {
	CRYPTO_KEY_RSA,
	CRYPTO_KEY_ECDSA_P256,
	CRYPTO_KEY_ECDSA_P384,
	CRYPTO_KEY_ECDSA_P521,
	CRYPTO_KEY_ED25519,
	CRYPTO_KEY_ED448,
};
#define CRYPTO_KEY_N (CRYPTO_KEY_ED448 + 1)

/* "RSA", "ECDSA P-256", ...: for logs */
const char *crypto_key_type_name(enum crypto_key_type type);

enum crypto_padding {
	CRYPTO_PKCS1,	  /* RSASSA-PKCS1-v1_5, RFC 8017 8.2 */
	CRYPTO_PSS,	  /* RSASSA-PSS, RFC 8017 8.1, MGF1 with the same hash */
	CRYPTO_ECDSA_DER, /* ECDSA-Sig-Value, RFC 3279 2.2.3 */
	CRYPTO_ECDSA_RAW, /* r | s, each as long as the curve's order: RFC 4754 3 */
	CRYPTO_EDDSA,	  /* RFC 8032, without context and not prehashed; takes no hash */
};

struct crypto_sign_scheme {
	enum crypto_padding padding;
	enum crypto_hash hash;	/* not read for CRYPTO_EDDSA */
	/* CRYPTO_PSS: bytes of salt. 0: as many as the hash has, when signing as well as verifying. */
	size_t salt_len;
};

/* Does it go with a key of this kind? */
bool crypto_scheme_fits(const struct crypto_sign_scheme *scheme, enum crypto_key_type type);

/* Of a modulus and of a public exponent. A key with more is refused: whoever sends one could make us
 * compute for long before we know him. */
#define CRYPTO_RSA_BITS_MAX	     8192
#define CRYPTO_RSA_EXPONENT_BITS_MAX 64
#define CRYPTO_SIGNATURE_MAX	     (CRYPTO_RSA_BITS_MAX / 8)

/* -------- ECDSA values -------- */

/* Bytes of r and of s in the raw form; 0 for keys that aren't of a curve. */
size_t crypto_ecdsa_value_len(enum crypto_key_type type);

/*
 * ECDSA-Sig-Value to r | s, 2 * value_len bytes. -EBADMSG: malformed, or a number is too long.
 */
int crypto_ecdsa_to_raw(struct bytes der, size_t value_len, uint8_t *ret_raw);
/* r | s to ECDSA-Sig-Value, appended to w. -EBADMSG: not two numbers of value_len bytes; -ENOMEM. */
int crypto_ecdsa_to_der(struct bytes raw, size_t value_len, struct writer *w);
