/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Hash functions, one-shot over several parts. SHA-1 is for the NAT detection hash of RFC 7296
 * 2.23, nothing else.
 */
#include "pdk/crypto/ctx.h"

enum crypto_hash {
	CRYPTO_HASH_SHA1,
	CRYPTO_HASH_SHA256,
	CRYPTO_HASH_SHA384,
	CRYPTO_HASH_SHA512,
};
#define CRYPTO_HASH_N   (CRYPTO_HASH_SHA512 + 1)
#define CRYPTO_HASH_MAX 64 /* bytes of the longest result */

/* "sha1", "sha256", ... */
const char *crypto_hash_name(enum crypto_hash alg);
/* Bytes of the result. */
size_t crypto_hash_len(enum crypto_hash alg);
/* The provider offers it. */
bool crypto_hash_supported(const struct crypto_ctx *ctx, enum crypto_hash alg);

/* ret_out = hash(parts[0] | ... | parts[n - 1]), crypto_hash_len() bytes. -ENOTSUP, -EIO. */
int crypto_hash(struct crypto_ctx *ctx, enum crypto_hash alg, const struct bytes *parts, size_t n,
		uint8_t *ret_out);
