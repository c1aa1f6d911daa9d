/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Keys made for a test, and their encodings, by OpenSSL alone. Also for tests of other folders.
 */
#include <stdlib.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>
#include "pdk/base/bytes.h"
#include "pdk/crypto/signature.h"

static inline EVP_PKEY *test_pkey(enum crypto_key_type type)
{
	switch (type) {
	case CRYPTO_KEY_RSA:
		return EVP_RSA_gen(2048);
	case CRYPTO_KEY_ECDSA_P256:
		return EVP_EC_gen("P-256");
	case CRYPTO_KEY_ECDSA_P384:
		return EVP_EC_gen("P-384");
	case CRYPTO_KEY_ECDSA_P521:
		return EVP_EC_gen("P-521");
	case CRYPTO_KEY_ED25519:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	case CRYPTO_KEY_ED448:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
	}
	abort();
}

/* A public key of RSA that belongs to nobody. */
static inline EVP_PKEY *test_rsa_public(int modulus_bits, int exponent_bits)
{
	BIGNUM *n = BN_new(), *e = BN_new();
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *key = NULL;
	OSSL_PARAM *params;

	BN_rand(n, modulus_bits, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD);
	BN_rand(e, exponent_bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD);
	OSSL_PARAM_BLD_push_BN(bld, "n", n);
	OSSL_PARAM_BLD_push_BN(bld, "e", e);
	params = OSSL_PARAM_BLD_to_param(bld);
	if (EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		abort();
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n);
	BN_free(e);
	return key;
}

/* The content of bio, which is freed; free() the data. */
static inline struct bytes test_bio_bytes(BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	uint8_t *copy = malloc((size_t)len + 1);

	memcpy(copy, data, (size_t)len);
	copy[len] = 0;
	BIO_free(bio);
	return BYTES(copy, (size_t)len);
}

/* PKCS#8, encrypted if there is a password. */
static inline struct bytes test_pkcs8(EVP_PKEY *pkey, bool pem, const char *password)
{
	BIO *bio = BIO_new(BIO_s_mem());
	const EVP_CIPHER *cipher = password ? EVP_aes_256_cbc() : NULL;
	int len = password ? (int)strlen(password) : 0;

	if (pem)
		PEM_write_bio_PKCS8PrivateKey(bio, pkey, cipher, (char *)password, len, NULL, NULL);
	else
		i2d_PKCS8PrivateKey_bio(bio, pkey, cipher, (char *)password, len, NULL, NULL);
	return test_bio_bytes(bio);
}
