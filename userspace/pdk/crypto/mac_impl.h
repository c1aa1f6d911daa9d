/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Message authentication codes, whole: what the PRFs and the integrity algorithms of a suite are
 * made of. A keyed object takes message after message. No call but mac_new() empties OpenSSL's
 * error queue: who gets false does (crypto_error()).
 */
#include "pdk/crypto/ctx.h"

enum mac_alg {
	MAC_HMAC_SHA1, /* RFC 2104 */
	MAC_HMAC_SHA256,
	MAC_HMAC_SHA384,
	MAC_HMAC_SHA512,
	MAC_AES_XCBC, /* RFC 3566 */
	MAC_AES_CMAC, /* RFC 4493 */
};
#define MAC_MAX 64 /* bytes of the longest result */

struct mac;

/* Without a key yet. *ret_mac is NULL when the provider lacks it. -ENOMEM, -EIO. */
int mac_new(const struct crypto_ctx *ctx, enum mac_alg alg, struct mac **ret_mac);
/* Wipes. Takes NULL, returns NULL. */
struct mac *mac_free(struct mac *m);
/* The provider offers it. */
bool mac_supported(const struct crypto_ctx *ctx, enum mac_alg alg);

/* Bytes of the result. */
size_t mac_len(enum mac_alg alg);
/* Bytes of a key; 0: HMAC, which takes any length. */
size_t mac_key_len(enum mac_alg alg);

/* Begin a message under a new key, of mac_key_len() bytes or any length; or under the same. */
bool mac_start(struct mac *m, struct bytes key);
bool mac_restart(struct mac *m);
bool mac_update(struct mac *m, struct bytes part);
/* Writes mac_len() bytes. */
bool mac_end(struct mac *m, uint8_t out[static MAC_MAX]);
