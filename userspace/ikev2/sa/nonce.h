/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Nonces (RFC 7296 2.10), which also decide which of two redundant SAs goes (2.8.1).
 */
#include <stdbool.h>
#include <stdint.h>
#include "pdk/base/bytes.h"
#include "ikev2/codec/ikev2.h"

/* One of ours is as long as the preferred key of any PRF of ours asks (2.10). */
#define NONCE_LEN 32

struct nonce {
	uint16_t len; /* 0: none yet */
	uint8_t data[IKE_NONCE_MAX];
};

/* A new one of ours. */
void nonce_draw(struct nonce *nonce);
/* A copy of what a peer sent, of at most IKE_NONCE_MAX octets. */
void nonce_set(struct nonce *nonce, struct bytes data);

/* A view. */
static inline struct bytes nonce_bytes(const struct nonce *n)
{
	return BYTES(n->data, n->len);
}

/* Octet by octet; one that ends first is the lower (2.8.1). */
bool nonce_lower(const struct nonce *a, const struct nonce *b);
/* The lower of two. */
const struct nonce *nonce_lowest(const struct nonce *a, const struct nonce *b);
