/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What kex.c and kex_private.c share, and their test sees.
 */
#include <openssl/bn.h>
#include <openssl/evp.h>
#include "pdk/crypto/kex.h"

enum kex_kind {
	KEX_MODP,
	KEX_ECP,
	KEX_X, /* X25519, X448 */
};

struct kex_traits {
	const char *name;
	enum kex_kind kind;
	const char *key_type, *group; /* OpenSSL's names; MODP without one: by its prime */
	uint16_t public_len, shared_len;
	BIGNUM *(*prime)(BIGNUM *into); /* MODP: a new number with NULL */
};

extern const struct kex_traits kex_traits[CRYPTO_KEX_N];

/*
 * A generator of key pairs of the method, with a group without a name given by its numbers. NULL:
 * the provider lacks it, with OpenSSL's error queue not emptied.
 */
EVP_PKEY_CTX *kex_generator(const struct crypto_ctx *ctx, const struct kex_traits *t);

/* The key pair of a private value, which is checked. -EINVAL, -ENOTSUP, -ENOMEM, -EIO. */
int kex_import_private(struct crypto_ctx *ctx, enum crypto_kex method, struct bytes priv,
		       EVP_PKEY **ret_pkey);

/* A peer's value in a MODP group: -EBADMSG when not 1 < y < p - 1 (RFC 6989 2.1), -ENOMEM. */
int kex_check_modp(const struct kex_traits *t, struct bytes y);
