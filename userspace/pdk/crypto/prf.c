/* SPDX-License-Identifier: MIT */
#include "pdk/crypto/prf.h"

#include <errno.h>

#include "pdk/crypto/ctx_impl.h"
#include "pdk/crypto/secret.h"

static const struct {
	const char *name;
	enum mac_alg mac;
	bool pads; /* fixed key length: shorter keys are padded, not hashed */
} prfs[CRYPTO_PRF_N] = {
	[CRYPTO_PRF_HMAC_SHA1] = { "prf-hmac-sha1", MAC_HMAC_SHA1 },
	[CRYPTO_PRF_HMAC_SHA256] = { "prf-hmac-sha256", MAC_HMAC_SHA256 },
	[CRYPTO_PRF_HMAC_SHA384] = { "prf-hmac-sha384", MAC_HMAC_SHA384 },
	[CRYPTO_PRF_HMAC_SHA512] = { "prf-hmac-sha512", MAC_HMAC_SHA512 },
	[CRYPTO_PRF_AES128_XCBC] = { "prf-aes128-xcbc", MAC_AES_XCBC, .pads = true },
	[CRYPTO_PRF_AES128_CMAC] = { "prf-aes128-cmac", MAC_AES_CMAC },
};

enum mac_alg crypto_prf_mac(enum crypto_prf alg)
{
	return prfs[alg].mac;
}

const char *crypto_prf_name(enum crypto_prf alg)
{
	return prfs[alg].name;
}

size_t crypto_prf_len(enum crypto_prf alg)
{
	return mac_len(prfs[alg].mac);
}

size_t crypto_prf_key_len(enum crypto_prf alg)
{
	return mac_key_len(prfs[alg].mac);
}

bool crypto_prf_supported(const struct crypto_ctx *ctx, enum crypto_prf alg)
{
	return ctx->prf_mac[alg];
}

/*
 * Keys of AES have one length. One that is longer becomes its MAC under zeros; one that is shorter
 * too with CMAC (RFC 4615 3), while XCBC pads it with zeros (RFC 4434 2).
 */
static bool prf_start(struct mac *mac, enum crypto_prf alg, struct bytes key)
{
	uint8_t fixed[MAC_MAX] = { 0 };
	size_t key_len = crypto_prf_key_len(alg);
	bool ok;

	if (!key_len || key.len == key_len)
		return mac_start(mac, key);
	if (prfs[alg].pads && key.len < key_len) {
		if (key.len)
			memcpy(fixed, key.data, key.len);
		ok = true;
	} else {
		ok = mac_start(mac, BYTES(fixed, key_len)) && mac_update(mac, key) &&
		     mac_end(mac, fixed);
	}
	ok = ok && mac_start(mac, BYTES(fixed, key_len));
	secret_wipe(fixed, sizeof(fixed));
	return ok;
}

static bool mac_parts(struct mac *mac, const struct bytes *parts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!mac_update(mac, parts[i]))
			return false;
	}
	return true;
}

int crypto_prf(struct crypto_ctx *ctx, enum crypto_prf alg, struct bytes key,
	       const struct bytes *parts, size_t n, uint8_t *ret_out)
{
	struct mac *mac = ctx->prf_mac[alg];
	uint8_t out[CRYPTO_PRF_MAX];

	if (!mac)
		return -ENOTSUP;
	if (!prf_start(mac, alg, key) || !mac_parts(mac, parts, n) || !mac_end(mac, out))
		return crypto_error(-EIO);
	memcpy(ret_out, out, crypto_prf_len(alg));
	secret_wipe(out, sizeof(out));
	return 0;
}

/* T1 = prf(K, S | 0x01), Tn = prf(K, Tn-1 | S | n); the output is T1 | T2 | ... */
int crypto_prf_plus(struct crypto_ctx *ctx, enum crypto_prf alg, struct bytes key,
		    const struct bytes *parts, size_t n, uint8_t *ret_out, size_t len)
{
	struct mac *mac = ctx->prf_mac[alg];
	size_t block_len = crypto_prf_len(alg), done = 0;
	uint8_t block[CRYPTO_PRF_MAX];
	bool ok = true;

	if (!mac)
		return -ENOTSUP;
	if (len > 255 * block_len)
		return -EMSGSIZE;
	for (uint8_t i = 1; ok && done < len; i++) {
		size_t take = len - done < block_len ? len - done : block_len;

		ok = i == 1 ? prf_start(mac, alg, key)
			    : mac_restart(mac) && mac_update(mac, BYTES(block, block_len));
		ok = ok && mac_parts(mac, parts, n) && mac_update(mac, BYTES(&i, 1)) &&
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
