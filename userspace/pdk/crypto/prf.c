/* SPDX-License-Identifier: MIT */
#include "pdk/crypto/prf.h"

#include <errno.h>

#include "pdk/crypto/ctx_impl.h"
#include "pdk/crypto/secret.h"

static const struct {
	const char *name;
	size_t len;
} prfs[CRYPTO_PRF_N] = {
	[CRYPTO_PRF_HMAC_SHA1] = { "prf-hmac-sha1", 20 },
	[CRYPTO_PRF_HMAC_SHA256] = { "prf-hmac-sha256", 32 },
	[CRYPTO_PRF_HMAC_SHA384] = { "prf-hmac-sha384", 48 },
	[CRYPTO_PRF_HMAC_SHA512] = { "prf-hmac-sha512", 64 },
};

const char *crypto_prf_name(enum crypto_prf alg)
{
	return prfs[alg].name;
}

size_t crypto_prf_len(enum crypto_prf alg)
{
	return prfs[alg].len;
}

bool crypto_prf_supported(const struct crypto_ctx *ctx, enum crypto_prf alg)
{
	return ctx->prf_ctx[alg];
}

/* OpenSSL takes a NULL key for "the one from before"; an empty key must not look like it. */
static bool mac_start(EVP_MAC_CTX *mac, struct bytes key)
{
	static const uint8_t empty[1];

	return EVP_MAC_init(mac, key.len ? key.data : empty, key.len, NULL) == 1;
}

static bool mac_restart(EVP_MAC_CTX *mac)
{
	return EVP_MAC_init(mac, NULL, 0, NULL) == 1;
}

static bool mac_parts(EVP_MAC_CTX *mac, const struct bytes *parts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (parts[i].len && EVP_MAC_update(mac, parts[i].data, parts[i].len) != 1)
			return false;
	}
	return true;
}

static bool mac_end(EVP_MAC_CTX *mac, uint8_t out[static CRYPTO_PRF_MAX])
{
	size_t len;

	return EVP_MAC_final(mac, out, &len, CRYPTO_PRF_MAX) == 1;
}

int crypto_prf(struct crypto_ctx *ctx, enum crypto_prf alg, struct bytes key,
	       const struct bytes *parts, size_t n, uint8_t *ret_out)
{
	EVP_MAC_CTX *mac = ctx->prf_ctx[alg];
	uint8_t out[CRYPTO_PRF_MAX];

	if (!mac)
		return -ENOTSUP;
	if (!mac_start(mac, key) || !mac_parts(mac, parts, n) || !mac_end(mac, out))
		return crypto_error(-EIO);
	memcpy(ret_out, out, prfs[alg].len);
	secret_wipe(out, sizeof(out));
	return 0;
}

/* T1 = prf(K, S | 0x01), Tn = prf(K, Tn-1 | S | n); the output is T1 | T2 | ... */
int crypto_prf_plus(struct crypto_ctx *ctx, enum crypto_prf alg, struct bytes key,
		    const struct bytes *parts, size_t n, uint8_t *ret_out, size_t len)
{
	EVP_MAC_CTX *mac = ctx->prf_ctx[alg];
	size_t block_len = prfs[alg].len, done = 0;
	uint8_t block[CRYPTO_PRF_MAX];
	bool ok = true;

	if (!mac)
		return -ENOTSUP;
	if (len > 255 * block_len)
		return -EMSGSIZE;
	for (uint8_t i = 1; ok && done < len; i++) {
		size_t take = len - done < block_len ? len - done : block_len;

		ok = i == 1 ? mac_start(mac, key)
			    : mac_restart(mac) && EVP_MAC_update(mac, block, block_len) == 1;
		ok = ok && mac_parts(mac, parts, n) && EVP_MAC_update(mac, &i, 1) == 1 &&
		     mac_end(mac, block);
		if (ok)
			memcpy(ret_out + done, block, take);
		done += take;
	}
	secret_wipe(block, sizeof(block));
	if (ok)
		return 0;
	secret_wipe(ret_out, len);
	return crypto_error(-EIO);
}
