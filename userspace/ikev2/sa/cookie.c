/* SPDX-License-Identifier: MIT */
/*
 * The source port is left out of the hash: a NAT may change it between the two requests. Whether
 * an address is real is all that a cookie has to show.
 */
#include "ikev2/sa/cookie.h"

#include "pdk/base/random.h"
#include "ikev2/codec/ikev2.h"

#define COOKIE_SECRET_LIFE DURATION_S(60)

static void cookie_rotate(struct ike_core *core)
{
	struct cookie_secret *now = &core->cookie_secrets[0];

	if (!instant_reached(core->now, core->cookie_rotation))
		return;
	core->cookie_secrets[1] = *now;
	now->version++;
	random_fill(&now->key, sizeof(now->key));
	core->cookie_rotation = instant_add(core->now, COOKIE_SECRET_LIFE);
}

static void cookie_compute(const struct cookie_secret *secret, const struct netaddr *remote,
			   uint64_t spi_i, struct bytes nonce_i, uint8_t ret_cookie[COOKIE_LEN])
{
	uint8_t input[8 + sizeof(remote->addr) + IKE_NONCE_MAX];
	struct writer w;

	writer_init_fixed(&w, input, sizeof(input));
	writer_u64(&w, spi_i);
	writer_bytes(&w, BYTES_OF(remote->addr));
	writer_bytes(&w, nonce_i);
	ret_cookie[0] = secret->version;
	writer_init_fixed(&w, ret_cookie + 1, COOKIE_LEN - 1);
	writer_u64(&w, siphash(&secret->key, input, 8 + sizeof(remote->addr) + nonce_i.len));
}

void cookie_make(struct ike_core *core, const struct netaddr *remote, uint64_t spi_i,
		 struct bytes nonce_i, uint8_t ret_cookie[COOKIE_LEN])
{
	cookie_rotate(core);
	cookie_compute(&core->cookie_secrets[0], remote, spi_i, nonce_i, ret_cookie);
}

bool cookie_valid(struct ike_core *core, const struct netaddr *remote, uint64_t spi_i,
		  struct bytes nonce_i, struct bytes cookie)
{
	cookie_rotate(core);
	for (size_t i = 0; i < ARRAY_SIZE(core->cookie_secrets); i++) {
		uint8_t expected[COOKIE_LEN];

		cookie_compute(&core->cookie_secrets[i], remote, spi_i, nonce_i, expected);
		if (bytes_equal_secret(cookie, BYTES_OF(expected)))
			return true;
	}
	return false;
}
