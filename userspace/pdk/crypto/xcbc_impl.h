/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * AES-XCBC-MAC (RFC 3566) without truncation, made of AES-128-CBC as no provider has it. Only mac.c
 * uses it.
 */
#include <openssl/evp.h>
#include "pdk/base/bytes.h"

#define XCBC_LEN 16 /* of key, block and result */

struct xcbc {
	EVP_CIPHER_CTX *cbc; /* under K1 */
	uint8_t k2[XCBC_LEN], k3[XCBC_LEN];
	uint8_t last[XCBC_LEN]; /* what may be the last block */
	size_t n;               /* bytes in it */
};

/* cipher: AES-128-CBC. False: out of memory, or the provider failed. */
bool xcbc_init(struct xcbc *x, EVP_CIPHER *cipher);
/* Does not wipe. */
void xcbc_fini(struct xcbc *x);
/* Begin a message under a new key; under the same. These four are false when the provider fails. */
bool xcbc_start(struct xcbc *x, const uint8_t key[static XCBC_LEN]);
bool xcbc_restart(struct xcbc *x);
/* Its next part, of any length. */
bool xcbc_update(struct xcbc *x, struct bytes part);
/* The result; another message begins by xcbc_start() or xcbc_restart(). */
bool xcbc_end(struct xcbc *x, uint8_t out[static XCBC_LEN]);
