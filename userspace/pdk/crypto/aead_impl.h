/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What suite.c (the table of algorithms) and aead.c (the keys) share.
 */
#include "pdk/crypto/aead.h"
#include "pdk/crypto/ctx_impl.h"

/* All lengths in bytes. */
struct encr_traits {
	const char *name;
	enum ctx_cipher cipher;       /* that with 128 bits, where there are three */
	uint8_t salt, iv, icv, block; /* icv 0: no AEAD */
	uint16_t key_bits;            /* the only length; 0: 128, 192, 256 */
};

struct integ_traits {
	const char *name;
	enum mac_alg mac;
	uint8_t key, icv;
};

const struct encr_traits *encr_traits(const struct crypto_suite *suite);
const struct integ_traits *integ_traits(const struct crypto_suite *suite);
/* The fetched cipher of a valid suite, NULL when it isn't offered. */
EVP_CIPHER *suite_cipher(const struct crypto_ctx *ctx, const struct crypto_suite *suite);
