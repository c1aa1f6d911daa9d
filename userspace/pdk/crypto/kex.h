/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Ephemeral Diffie-Hellman: MODP groups (RFC 7296 B.2, RFC 3526), NIST curves (RFC 5903, RFC 5114),
 * Brainpool curves (RFC 6954), X25519 and X448 (RFC 8031). A value on the wire has a fixed length
 * for each method. The checks of a peer's value are those of RFC 6989 and RFC 8031 3.1.
 */
#include "pdk/crypto/ctx.h"
#include "pdk/crypto/secret.h"

enum crypto_kex {
	CRYPTO_KEX_MODP_1024,  /* IKE group 2 */
	CRYPTO_KEX_MODP_1536,  /* 5 */
	CRYPTO_KEX_MODP_2048,  /* 14 */
	CRYPTO_KEX_MODP_3072,  /* 15 */
	CRYPTO_KEX_MODP_4096,  /* 16 */
	CRYPTO_KEX_MODP_6144,  /* 17 */
	CRYPTO_KEX_MODP_8192,  /* 18 */
	CRYPTO_KEX_ECP_256,    /* 19 */
	CRYPTO_KEX_ECP_384,    /* 20 */
	CRYPTO_KEX_ECP_521,    /* 21 */
	CRYPTO_KEX_ECP_224,    /* 26 */
	CRYPTO_KEX_ECP_224_BP, /* 27 */
	CRYPTO_KEX_ECP_256_BP, /* 28 */
	CRYPTO_KEX_ECP_384_BP, /* 29 */
	CRYPTO_KEX_ECP_512_BP, /* 30 */
	CRYPTO_KEX_X25519,     /* 31 */
	CRYPTO_KEX_X448,       /* 32 */
};
#define CRYPTO_KEX_N          (CRYPTO_KEX_X448 + 1)
#define CRYPTO_KEX_PUBLIC_MAX 1024 /* bytes of the longest public value */

/* "modp2048", "ecp256", "x25519", ... */
const char *crypto_kex_name(enum crypto_kex method);
/* Bytes of a public value: MODP as long as the prime, ECP x | y, X25519 and X448 as they are. */
size_t crypto_kex_public_len(enum crypto_kex method);
/* Bytes of the shared secret: MODP as long as the prime, ECP x alone (RFC 5903 9). */
size_t crypto_kex_shared_len(enum crypto_kex method);
/* The provider offers it. */
bool crypto_kex_supported(const struct crypto_ctx *ctx, enum crypto_kex method);

/* An own ephemeral key pair. It belongs to the thread of its context. */
struct kex;

/* Generate a key pair. -ENOTSUP, -ENOMEM, -EIO. */
int kex_new(struct crypto_ctx *ctx, enum crypto_kex method, struct kex **ret_kex);
/*
 * A key pair from a given private value, for test vectors and replays: big-endian for MODP and ECP,
 * as in RFC 7748 for X25519 and X448. -EINVAL: no private value of this group.
 */
int kex_new_private(struct crypto_ctx *ctx, enum crypto_kex method, struct bytes priv,
		    struct kex **ret_kex);
/* Wipes. Takes NULL, returns NULL. */
struct kex *kex_free(struct kex *kex);

enum crypto_kex kex_method(const struct kex *kex);
/* Our public value as it goes on the wire, crypto_kex_public_len() bytes; lives as long as kex. */
struct bytes kex_public(const struct kex *kex);

/*
 * The secret shared with the owner of peer_public, crypto_kex_shared_len() bytes. May be called
 * again, with other peers' values. -EBADMSG: the value has the wrong length, is not in the group
 * (MODP: not 1 < y < p - 1; ECP: not on the curve), or the result is all zero (X25519, X448).
 * -ENOMEM, -EIO. ret_secret is set as by secret_init(): what it held before is not looked at.
 */
int kex_derive(const struct kex *kex, struct bytes peer_public, struct secret *ret_secret);
