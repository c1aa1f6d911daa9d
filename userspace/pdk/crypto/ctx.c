/* SPDX-License-Identifier: MIT */
#include "pdk/crypto/ctx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include "pdk/crypto/ctx_impl.h"

#define THREE(first, cipher, mode)                                                                 \
	[first] = cipher "-128-" mode, [first + 1] = cipher "-192-" mode,                          \
	[first + 2] = cipher "-256-" mode

static const char *const cipher_names[CTX_CIPHER_N] = {
	THREE(CTX_AES_CBC, "AES", "CBC"),
	THREE(CTX_AES_CTR, "AES", "CTR"),
	THREE(CTX_AES_GCM, "AES", "GCM"),
	THREE(CTX_AES_CCM, "AES", "CCM"),
	THREE(CTX_CAMELLIA_CBC, "CAMELLIA", "CBC"),
	[CTX_3DES_CBC] = "DES-EDE3-CBC",
	[CTX_CHACHA20_POLY1305] = "ChaCha20-Poly1305",
};

int crypto_error(int otherwise)
{
	unsigned long last = ERR_peek_last_error();

	ERR_clear_error();
	return ERR_GET_REASON(last) == ERR_R_MALLOC_FAILURE ? -ENOMEM : otherwise;
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
		ctx->hash[i] = EVP_MD_fetch(NULL, crypto_hash_openssl(i), ctx->properties);
		err = fetch_check();
	}
	for (size_t i = 0; !err && i < CTX_CIPHER_N; i++) {
		ctx->cipher[i] = EVP_CIPHER_fetch(NULL, cipher_names[i], ctx->properties);
		err = fetch_check();
	}
	if (err)
		return err;
	ctx->hmac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, ctx->properties);
	err = fetch_check();
	if (err)
		return err;
	ctx->cmac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_CMAC, ctx->properties);
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
		err = mac_new(ctx, crypto_prf_mac(i), &ctx->prf_mac[i]);
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
		mac_free(ctx->prf_mac[i]);
	EVP_MD_CTX_free(ctx->hash_ctx);
	for (size_t i = 0; i < CTX_CIPHER_N; i++)
		EVP_CIPHER_free(ctx->cipher[i]);
	EVP_MAC_free(ctx->cmac);
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
