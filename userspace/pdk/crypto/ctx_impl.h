/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What the files of this folder share; nobody else includes it.
 */
#include <openssl/evp.h>
#include "pdk/crypto/ctx.h"
#include "pdk/crypto/hash.h"
#include "pdk/crypto/prf.h"

/* The ciphers that suites are made of; AES in three key lengths, in the order 128, 192, 256. */
enum ctx_cipher {
	CTX_AES_CBC,
	CTX_AES_GCM = CTX_AES_CBC + 3,
	CTX_AES_CCM = CTX_AES_GCM + 3,
	CTX_CHACHA20_POLY1305 = CTX_AES_CCM + 3,
};
#define CTX_CIPHER_N (CTX_CHACHA20_POLY1305 + 1)

struct crypto_ctx {
	char *properties; /* NULL: none */
	/* NULL where no provider has it. */
	EVP_MD *hash[CRYPTO_HASH_N];
	EVP_MAC *hmac;
	EVP_CIPHER *cipher[CTX_CIPHER_N];
	/* Scratch, used by one call at a time. */
	EVP_MD_CTX *hash_ctx;
	EVP_MAC_CTX *prf_ctx[CRYPTO_PRF_N];
};

/*
 * Empty OpenSSL's error queue and say what its last entry means: -ENOMEM when memory ran out, else
 * what the caller takes the failure for.
 */
int crypto_error(int otherwise);

/* An HMAC object without a key. NULL in *ret_mac when the provider lacks it. -ENOMEM, -EIO. */
int crypto_hmac_new(const struct crypto_ctx *ctx, enum crypto_hash hash, EVP_MAC_CTX **ret_mac);
