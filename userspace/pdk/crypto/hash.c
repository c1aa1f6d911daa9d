/* SPDX-License-Identifier: MIT */
#include "pdk/crypto/hash.h"

#include <errno.h>

#include "pdk/crypto/ctx_impl.h"
#include "pdk/crypto/secret.h"

static const struct {
	const char *name, *openssl;
	size_t len;
} hashes[CRYPTO_HASH_N] = {
	[CRYPTO_HASH_SHA1] = { "sha1", "SHA1", 20 },
	[CRYPTO_HASH_SHA256] = { "sha256", "SHA2-256", 32 },
	[CRYPTO_HASH_SHA384] = { "sha384", "SHA2-384", 48 },
	[CRYPTO_HASH_SHA512] = { "sha512", "SHA2-512", 64 },
};

const char *crypto_hash_name(enum crypto_hash alg)
{
	return hashes[alg].name;
}

const char *crypto_hash_openssl(enum crypto_hash alg)
{
	return hashes[alg].openssl;
}

size_t crypto_hash_len(enum crypto_hash alg)
{
	return hashes[alg].len;
}

bool crypto_hash_supported(const struct crypto_ctx *ctx, enum crypto_hash alg)
{
	return ctx->hash[alg];
}

int crypto_hash(struct crypto_ctx *ctx, enum crypto_hash alg, const struct bytes *parts, size_t n,
		uint8_t *ret_out)
{
	uint8_t out[EVP_MAX_MD_SIZE];
	bool ok;

	if (!ctx->hash[alg])
		return -ENOTSUP;
	ok = EVP_DigestInit_ex2(ctx->hash_ctx, ctx->hash[alg], NULL) == 1;
	for (size_t i = 0; ok && i < n; i++)
		ok = EVP_DigestUpdate(ctx->hash_ctx, parts[i].data, parts[i].len) == 1;
	ok = ok && EVP_DigestFinal_ex(ctx->hash_ctx, out, NULL) == 1;
	if (!ok)
		return crypto_error(-EIO);
	memcpy(ret_out, out, hashes[alg].len);
	secret_wipe(out, sizeof(out));
	return 0;
}
