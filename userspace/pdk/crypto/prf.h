/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Pseudorandom functions (HMAC, RFC 2104 and RFC 4868 2.1.2; AES-128 as RFC 4434 and RFC 4615 make
 * functions of it) and the key derivation function prf+ of RFC 7296 2.13 on top of them. Keys may
 * have any length. For all of these the preferred key length is the length of the result.
 */
#include "pdk/crypto/ctx.h"

enum crypto_prf {
	CRYPTO_PRF_HMAC_SHA1, /* old peers and vectors; RFC 8247 2.2 advises against it */
	CRYPTO_PRF_HMAC_SHA256,
	CRYPTO_PRF_HMAC_SHA384,
	CRYPTO_PRF_HMAC_SHA512,
	CRYPTO_PRF_AES128_XCBC, /* RFC 4434 */
	CRYPTO_PRF_AES128_CMAC, /* RFC 4615 */
};
#define CRYPTO_PRF_N   (CRYPTO_PRF_AES128_CMAC + 1)
#define CRYPTO_PRF_MAX 64 /* bytes of the longest result */

/* "prf-hmac-sha1", "prf-hmac-sha256", ... */
const char *crypto_prf_name(enum crypto_prf alg);
/* Bytes of the result, and of the preferred key. */
size_t crypto_prf_len(enum crypto_prf alg);
/*
 * Bytes of the one key length that the function is made for, 0 where there is none: RFC 7296 2.14
 * makes the first key of an IKE SA by it.
 */
size_t crypto_prf_key_len(enum crypto_prf alg);
/* The provider offers it. */
bool crypto_prf_supported(const struct crypto_ctx *ctx, enum crypto_prf alg);

/*
 * ret_out = prf(key, parts[0] | ... | parts[n - 1]), crypto_prf_len() bytes. The output may not
 * overlap the key. -ENOTSUP, -EIO.
 */
int crypto_prf(struct crypto_ctx *ctx, enum crypto_prf alg, struct bytes key,
	       const struct bytes *parts, size_t n, uint8_t *ret_out);

/*
 * The first len bytes of prf+(key, seed) with seed = parts[0] | ... | parts[n - 1] (RFC 7296 2.13).
 * The output may not overlap key or parts. -EMSGSIZE: more than 255 blocks are asked for;
 * -ENOTSUP, -EIO.
 */
int crypto_prf_plus(struct crypto_ctx *ctx, enum crypto_prf alg, struct bytes key,
		    const struct bytes *parts, size_t n, uint8_t *ret_out, size_t len);
