/* SPDX-License-Identifier: MIT */
#include "pdk/crypto/mac_impl.h"

#include <errno.h>
#include <stdlib.h>

#include <openssl/core_names.h>

#include "pdk/crypto/ctx_impl.h"
#include "pdk/crypto/secret.h"
#include "pdk/crypto/xcbc_impl.h"

struct mac {
	enum mac_alg alg;
	EVP_MAC_CTX *evp; /* NULL: xcbc */
	struct xcbc xcbc;
};

static const struct mac_traits {
	uint8_t len, key_len;
	enum crypto_hash hash; /* HMAC */
} macs[] = {
	[MAC_HMAC_SHA1] = { 20, 0, CRYPTO_HASH_SHA1 },
	[MAC_HMAC_SHA256] = { 32, 0, CRYPTO_HASH_SHA256 },
	[MAC_HMAC_SHA384] = { 48, 0, CRYPTO_HASH_SHA384 },
	[MAC_HMAC_SHA512] = { 64, 0, CRYPTO_HASH_SHA512 },
	[MAC_AES_XCBC] = { 16, 16 },
	[MAC_AES_CMAC] = { 16, 16 },
};

size_t mac_len(enum mac_alg alg)
{
	return macs[alg].len;
}

size_t mac_key_len(enum mac_alg alg)
{
	return macs[alg].key_len;
}

bool mac_supported(const struct crypto_ctx *ctx, enum mac_alg alg)
{
	switch (alg) {
	case MAC_HMAC_SHA1:
	case MAC_HMAC_SHA256:
	case MAC_HMAC_SHA384:
	case MAC_HMAC_SHA512:
		return ctx->hmac && ctx->hash[macs[alg].hash];
	case MAC_AES_XCBC:
		return ctx->cipher[CTX_AES_CBC];
	case MAC_AES_CMAC:
		return ctx->cmac && ctx->cipher[CTX_AES_CBC];
	}
	return false;
}

/* Of an EVP_MAC: HMAC with its hash, CMAC with AES-128. */
static bool evp_init(struct mac *m, const struct crypto_ctx *ctx)
{
	bool cmac = m->alg == MAC_AES_CMAC;
	const char *part = cmac ? "AES-128-CBC" : crypto_hash_openssl(macs[m->alg].hash);
	OSSL_PARAM params[3] = {
		OSSL_PARAM_construct_utf8_string(
			cmac ? OSSL_MAC_PARAM_CIPHER : OSSL_MAC_PARAM_DIGEST, (char *)part, 0),
		OSSL_PARAM_construct_end(),
		OSSL_PARAM_construct_end(),
	};

	if (ctx->properties)
		params[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_PROPERTIES,
							     ctx->properties, 0);
	m->evp = EVP_MAC_CTX_new(cmac ? ctx->cmac : ctx->hmac);
	return m->evp && EVP_MAC_CTX_set_params(m->evp, params) == 1;
}

int mac_new(const struct crypto_ctx *ctx, enum mac_alg alg, struct mac **ret_mac)
{
	struct mac *m;
	bool ok;

	if (!mac_supported(ctx, alg)) {
		*ret_mac = NULL;
		return 0;
	}
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->alg = alg;
	ok = alg == MAC_AES_XCBC ? xcbc_init(&m->xcbc, ctx->cipher[CTX_AES_CBC]) : evp_init(m, ctx);
	if (!ok) {
		bool no_mem = !m->evp && !m->xcbc.cbc;

		mac_free(m);
		return crypto_error(no_mem ? -ENOMEM : -EIO);
	}
	*ret_mac = m;
	return 0;
}

struct mac *mac_free(struct mac *m)
{
	if (!m)
		return NULL;
	EVP_MAC_CTX_free(m->evp);
	xcbc_fini(&m->xcbc);
	secret_wipe(m, sizeof(*m));
	free(m);
	return NULL;
}

bool mac_start(struct mac *m, struct bytes key)
{
	static const uint8_t empty[1];

	if (macs[m->alg].key_len && key.len != macs[m->alg].key_len)
		return false;
	if (!m->evp)
		return xcbc_start(&m->xcbc, key.data);
	/* OpenSSL takes a NULL key for "the one from before"; an empty key must not look like it.
	 */
	return EVP_MAC_init(m->evp, key.len ? key.data : empty, key.len, NULL) == 1;
}

bool mac_restart(struct mac *m)
{
	return m->evp ? EVP_MAC_init(m->evp, NULL, 0, NULL) == 1 : xcbc_restart(&m->xcbc);
}

bool mac_update(struct mac *m, struct bytes part)
{
	if (!part.len)
		return true;
	return m->evp ? EVP_MAC_update(m->evp, part.data, part.len) == 1
		      : xcbc_update(&m->xcbc, part);
}

bool mac_end(struct mac *m, uint8_t out[static MAC_MAX])
{
	size_t len;

	return m->evp ? EVP_MAC_final(m->evp, out, &len, MAC_MAX) == 1 : xcbc_end(&m->xcbc, out);
}
