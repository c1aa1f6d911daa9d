/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The keys of an IKE SA and of its Child SAs, and the AUTH value of a shared key: RFC 7296 2.14 to
 * 2.18 on top of pdk/crypto. Pure functions: what goes in is the algorithms chosen, the nonces, the
 * SPIs and the shared secret. "i" and "r" are initiator and responder of the exchange that made
 * the keys (for a rekeyed IKE SA: of the rekeying, RFC 7296 2.18).
 *
 * All of these return 0, -EINVAL (a nonce longer than 256 bytes, an invalid suite) or what
 * pdk/crypto returns.
 */
#include "pdk/crypto/aead.h"
#include "pdk/crypto/ctx.h"
#include "pdk/crypto/prf.h"
#include "pdk/crypto/secret.h"

/* The key schedule of one IKE SA. The views point into the secret; with an AEAD ai, ar are empty.
 */
struct keymat {
	enum crypto_prf prf;
	struct crypto_suite suite;
	struct secret material;
	struct bytes sk_d, sk_ai, sk_ar, sk_ei, sk_er, sk_pi, sk_pr;
};

/* What both sides contributed to an exchange. */
struct keymat_input {
	struct bytes ni, nr;   /* nonce data, without payload headers; at most 256 bytes each */
	struct bytes shared;   /* g^ir; BYTES_NONE for a Child SA without key exchange of its own */
	uint64_t spi_i, spi_r; /* SPIs of the new IKE SA, host order; not read for a Child SA */
};

/* The keys of a first IKE SA (RFC 7296 2.14, RFC 5282 7.1). End with keymat_fini(). */
int keymat_init(struct crypto_ctx *ctx, enum crypto_prf prf, const struct crypto_suite *suite,
		const struct keymat_input *in, struct keymat *ret_keymat);

/*
 * The keys of the IKE SA that replaces the one of old (RFC 7296 2.18): SKEYSEED comes from old's
 * SK_d and old's prf, all that follows from the new prf.
 */
int keymat_init_rekey(struct crypto_ctx *ctx, const struct keymat *old, enum crypto_prf prf,
		      const struct crypto_suite *suite, const struct keymat_input *in,
		      struct keymat *ret_keymat);

/* Wipes; may be called on a zeroed or finished object. */
void keymat_fini(struct keymat *keymat);

/* -------- Child SAs -------- */

/* The keys of both directions; i: for what the exchange's initiator sends. The views point in. */
struct keymat_child {
	struct secret material;
	struct bytes encr_i, integ_i, encr_r, integ_r;
};

/*
 * KEYMAT of RFC 7296 2.17 with the key lengths of the chosen ESP algorithms in bytes, salt included
 * (algorithms_of_esp()). End with keymat_child_fini().
 */
int keymat_child_init(struct crypto_ctx *ctx, const struct keymat *ike,
		      const struct keymat_input *in, size_t encr_key_len, size_t integ_key_len,
		      struct keymat_child *ret_child);
void keymat_child_fini(struct keymat_child *child);

/* -------- authentication -------- */

enum keymat_side {
	KEYMAT_INITIATOR,
	KEYMAT_RESPONDER,
};

/*
 * The octets that one side signs or MACs (RFC 7296 2.15): its first message, the other side's nonce
 * and prf(SK_p, ID). They stay in parts, so nothing is copied. parts point to what the caller gave
 * and into the object itself: it must not be copied or moved.
 */
struct keymat_octets {
	struct bytes parts[4];
	size_t n;
	uint8_t maced_id[CRYPTO_PRF_MAX];
};

/*
 * side: whose octets. message: its IKE_SA_INIT message as it went over the wire, last sent
 * one, without non-ESP marker. nonce: the other side's nonce data. id: body of its ID payload, from
 * the ID type on, with the reserved bytes. int_auth: IntAuth of RFC 9242 3.3.2, or BYTES_NONE.
 */
int keymat_octets_init(struct crypto_ctx *ctx, const struct keymat *keymat, enum keymat_side side,
		       struct bytes message, struct bytes nonce, struct bytes id,
		       struct bytes int_auth, struct keymat_octets *ret_octets);

/*
 * AUTH with a shared key (RFC 7296 2.15): prf(prf(key, "Key Pad for IKEv2"), octets), of
 * crypto_prf_len(keymat->prf) bytes. key: the pre-shared key, the MSK of an EAP method, or SK_pi or
 * SK_pr after a method without key (2.16).
 */
int keymat_auth_shared(struct crypto_ctx *ctx, const struct keymat *keymat, struct bytes key,
		       const struct keymat_octets *octets, uint8_t *ret_auth);
