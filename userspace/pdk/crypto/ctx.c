/* SPDX-License-Identifier: MIT */
#include "pdk/crypto/ctx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include "pdk/crypto/ctx_impl.h"

static const char *const cipher_names[CTX_CIPHER_N] = {
	[CTX_AES_CBC + 0] = "AES-128-CBC", [CTX_AES_CBC + 1] = "AES-192-CBC",
	[CTX_AES_CBC + 2] = "AES-256-CBC", [CTX_AES_GCM + 0] = "AES-128-GCM",
	[CTX_AES_GCM + 1] = "AES-192-GCM", [CTX_AES_GCM + 2] = "AES-256-GCM",
	[CTX_AES_CCM + 0] = "AES-128-CCM", [CTX_AES_CCM + 1] = "AES-192-CCM",
	[CTX_AES_CCM + 2] = "AES-256-CCM", [CTX_CHACHA20_POLY1305] = "ChaCha20-Poly1305",
};

static const char *const md_names[CRYPTO_HASH_N] = {
	[CRYPTO_HASH_SHA1] = "SHA1",
	[CRYPTO_HASH_SHA256] = "SHA2-256",
	[CRYPTO_HASH_SHA384] = "SHA2-384",
	[CRYPTO_HASH_SHA512] = "SHA2-512",
};

static const enum crypto_hash prf_hashes[CRYPTO_PRF_N] = {
	[CRYPTO_PRF_HMAC_SHA1] = CRYPTO_HASH_SHA1,
	[CRYPTO_PRF_HMAC_SHA256] = CRYPTO_HASH_SHA256,
	[CRYPTO_PRF_HMAC_SHA384] = CRYPTO_HASH_SHA384,
	[CRYPTO_PRF_HMAC_SHA512] = CRYPTO_HASH_SHA512,
};

int crypto_error(int otherwise)
{
	unsigned long last = ERR_peek_last_error();

	ERR_clear_error();
	return ERR_GET_REASON(last) == ERR_R_MALLOC_FAILURE ? -ENOMEM : otherwise;
}

int crypto_hmac_new(const struct crypto_ctx *ctx, enum crypto_hash hash, EVP_MAC_CTX **ret_mac)
{
	char *properties = ctx->properties;
	OSSL_PARAM params[3] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)md_names[hash], 0),
		OSSL_PARAM_construct_end(),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC_CTX *mac;

	if (!ctx->hmac || !ctx->hash[hash]) {
		*ret_mac = NULL;
		return 0;
	}
	if (properties)
		params[1] =
			OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_PROPERTIES, properties, 0);
	mac = EVP_MAC_CTX_new(ctx->hmac);
	if (!mac)
		return crypto_error(-ENOMEM);
	if (EVP_MAC_CTX_set_params(mac, params) != 1) {
		EVP_MAC_CTX_free(mac);
		return crypto_error(-EIO);
	}
	*ret_mac = mac;
	return 0;
}

/*
 * After a fetch. That nothing was found is no error here. A query with a fault in it is one, though
 * OpenSSL may fetch as if it had not been given.
 */
static int fetch_check(void)
{
	return crypto_error(ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_PROP ? -EINVAL : 0);
}

static int ctx_fetch(struct crypto_ctx *ctx)
{
	int err = 0;

	ERR_clear_error();
	for (size_t i = 0; !err && i < CRYPTO_HASH_N; i++) {
		ctx->hash[i] = EVP_MD_fetch(NULL, md_names[i], ctx->properties);
		err = fetch_check();
	}
	for (size_t i = 0; !err && i < CTX_CIPHER_N; i++) {
		ctx->cipher[i] = EVP_CIPHER_fetch(NULL, cipher_names[i], ctx->properties);
		err = fetch_check();
	}
	if (err)
		return err;
	ctx->hmac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, ctx->properties);
	return fetch_check();
}

int crypto_ctx_new(const char *properties, struct crypto_ctx **ret_ctx)
{
	struct crypto_ctx *ctx = calloc(1, sizeof(*ctx));
	int err = -ENOMEM;

	if (!ctx)
		return -ENOMEM;
	if (properties) {
		ctx->properties = strdup(properties);
		if (!ctx->properties)
			goto fail;
	}
	ctx->hash_ctx = EVP_MD_CTX_new();
	if (!ctx->hash_ctx)
		goto fail;
	err = ctx_fetch(ctx);
	for (size_t i = 0; !err && i < CRYPTO_PRF_N; i++)
		err = crypto_hmac_new(ctx, prf_hashes[i], &ctx->prf_ctx[i]);
	if (err)
		goto fail;
	*ret_ctx = ctx;
	return 0;
fail:
	crypto_ctx_free(ctx);
	ERR_clear_error();
	return err;
}

struct crypto_ctx *crypto_ctx_free(struct crypto_ctx *ctx)
{
	if (!ctx)
		return NULL;
	for (size_t i = 0; i < CRYPTO_PRF_N; i++)
		EVP_MAC_CTX_free(ctx->prf_ctx[i]);
	EVP_MD_CTX_free(ctx->hash_ctx);
	for (size_t i = 0; i < CTX_CIPHER_N; i++)
		EVP_CIPHER_free(ctx->cipher[i]);
	EVP_MAC_free(ctx->hmac);
	for (size_t i = 0; i < CRYPTO_HASH_N; i++)
		EVP_MD_free(ctx->hash[i]);
	free(ctx->properties);
	free(ctx);
	return NULL;
}

int crypto_random(void *buf, size_t len)
{
	if (RAND_bytes_ex(NULL, buf, len, 0) != 1) {
		memset(buf, 0, len);
		return crypto_error(-EIO);
	}
	return 0;
}
