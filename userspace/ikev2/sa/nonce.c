/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/nonce.h"

#include <string.h>

#include "pdk/base/random.h"

void nonce_draw(struct nonce *nonce)
{
	nonce->len = NONCE_LEN;
	random_fill(nonce->data, nonce->len);
}

void nonce_set(struct nonce *nonce, struct bytes data)
{
	nonce->len = (uint16_t)(data.len < IKE_NONCE_MAX ? data.len : IKE_NONCE_MAX);
	memcpy(nonce->data, data.data, nonce->len);
}

bool nonce_lower(const struct nonce *a, const struct nonce *b)
{
	int order = memcmp(a->data, b->data, a->len < b->len ? a->len : b->len);

	return order ? order < 0 : a->len < b->len;
}

const struct nonce *nonce_lowest(const struct nonce *a, const struct nonce *b)
{
	return nonce_lower(b, a) ? b : a;
}
