/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/algorithm_support.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>

#include "pdk/crypto/aead.h"
#include "pdk/crypto/kex.h"
#include "pdk/crypto/prf.h"
#include "pdk/log/log.h"

LOG_USE(policy);

/* What OpenSSL lacks: a bit for each key length of each row. */
#define ROWS_MAX 128
static uint8_t missing[ROWS_MAX];
static bool asked;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool has(const struct crypto_ctx *ctx, const struct algorithm *a, uint16_t key_bits)
{
	switch (a->type) {
	case IKE_TRANSFORM_ENCR:
		return crypto_encr_supported(ctx, (enum crypto_encr)a->crypto, key_bits);
	case IKE_TRANSFORM_INTEG:
		return crypto_integ_supported(ctx, (enum crypto_integ)a->crypto);
	case IKE_TRANSFORM_PRF:
		return crypto_prf_supported(ctx, (enum crypto_prf)a->crypto);
	case IKE_TRANSFORM_KE:
		return crypto_kex_supported(ctx, (enum crypto_kex)a->crypto);
	}
	return true;
}

static size_t row(const struct algorithm *a)
{
	size_t i = (size_t)(a - algorithm_next(NULL));

	assert(i < ROWS_MAX);
	return i;
}

/* Once, for who wonders where his defaults are. */
static void tell(void)
{
	char names[1500] = "", name[ALGORITHM_NAME_LEN];
	size_t len = 0;

	for_each_algorithm(a)
		for (size_t k = 0; k < algorithm_keys(a) && len < sizeof(names); k++)
			if (missing[row(a)] & 1 << k)
				len += (size_t)snprintf(names + len, sizeof(names) - len, " %s",
							algorithm_name(a, k, name));
	if (len)
		log_notice(policy, "OpenSSL, as it is configured here, does not offer%s", names);
}

static void ask(void)
{
	struct crypto_ctx *ctx;

	if (crypto_ctx_new(NULL, &ctx) < 0)
		return;
	for_each_algorithm(a)
		for (size_t k = 0; k < algorithm_keys(a); k++)
			if (a->crypto != ALGORITHM_NO_CRYPTO && !has(ctx, a, a->key_bits[k]))
				missing[row(a)] |= (uint8_t)(1 << k);
	crypto_ctx_free(ctx);
	asked = true;
	tell();
}

bool algorithm_supported(const struct algorithm *a, uint8_t protocol, uint16_t key_bits)
{
	size_t k = 0;
	bool ok;

	if (protocol != IKE_PROTOCOL_IKE && a->type != IKE_TRANSFORM_KE)
		return true;
	while (k + 1 < algorithm_keys(a) && a->key_bits[k] != key_bits)
		k++;
	pthread_mutex_lock(&lock);
	if (!asked)
		ask();
	ok = !(missing[row(a)] & 1 << k);
	pthread_mutex_unlock(&lock);
	return ok;
}
