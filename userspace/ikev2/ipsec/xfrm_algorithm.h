/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The kernel's names of the ESP algorithms that IKEv2 negotiates by number (RFC 7296 3.3.2).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xfrm_encr {
	uint16_t id; /* IKE_ENCR_* */
	bool aead;
	uint8_t salt;         /* octets of the key behind the cipher's key: salt or nonce */
	uint16_t icv_bits;    /* AEAD */
	uint16_t key_bits[3]; /* allowed, 0: none */
	const char *name;
};

struct xfrm_integ {
	uint16_t id; /* IKE_INTEG_* */
	uint16_t key_bits, trunc_bits;
	const char *name;
};

/* The entry of a transform ID; NULL when the kernel has no such algorithm for ESP. */
const struct xfrm_encr *xfrm_encr_by_id(uint16_t id);
const struct xfrm_integ *xfrm_integ_by_id(uint16_t id);

/* Does key_len (octets, with the salt) fit, and bits (without the salt; 0: not told) to key_len? */
bool xfrm_encr_key_fits(const struct xfrm_encr *e, size_t key_len, unsigned bits);
