/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What the files of this folder share; nobody else includes it.
 */
#include <openssl/evp.h>
#include "pdk/crypto/ctx.h"
#include "pdk/crypto/hash.h"
#include "pdk/crypto/mac_impl.h"
#include "pdk/crypto/prf.h"

/* The ciphers that suites are made of; AES and Camellia in the key lengths 128, 192, 256. */
enum ctx_cipher {
	CTX_AES_CBC,
	CTX_AES_CTR = CTX_AES_CBC + 3,
	CTX_AES_GCM = CTX_AES_CTR + 3,
	CTX_AES_CCM = CTX_AES_GCM + 3,
	CTX_CAMELLIA_CBC = CTX_AES_CCM + 3,
	CTX_3DES_CBC = CTX_CAMELLIA_CBC + 3,
	CTX_CHACHA20_POLY1305,
};
#define CTX_CIPHER_N (CTX_CHACHA20_POLY1305 + 1)

struct crypto_ctx {
	char *properties; /* NULL: none */
	/* NULL where no provider has it. */
	EVP_MD *hash[CRYPTO_HASH_N];
	EVP_MAC *hmac, *cmac;
	EVP_CIPHER *cipher[CTX_CIPHER_N];
	/* Scratch, used by one call at a time. */
	EVP_MD_CTX *hash_ctx;
	struct mac *prf_mac[CRYPTO_PRF_N];
};

/*
 * Empty OpenSSL's error queue and say what its last entry means: -ENOMEM when memory ran out, else
 * what the caller takes the failure for.
 */
int crypto_error(int otherwise);

/* OpenSSL's name of a hash. */
const char *crypto_hash_openssl(enum crypto_hash alg);

/* What a PRF is made of. */
enum mac_alg crypto_prf_mac(enum crypto_prf alg);
