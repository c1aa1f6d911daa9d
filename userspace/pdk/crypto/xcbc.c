/* SPDX-License-Identifier: MIT */
/*
 * The chain of CBC is that of the MAC: what it encrypts is thrown away up to the last block. That
 * one is held back until the message ends, as K2 or K3 goes into it (RFC 3566 4).
 */
#include "pdk/crypto/xcbc_impl.h"

#include "pdk/crypto/secret.h"

#define CHUNK 256 /* bytes that go through the cipher at once */

static const uint8_t zero_iv[XCBC_LEN];

bool xcbc_init(struct xcbc *x, EVP_CIPHER *cipher)
{
	*x = (struct xcbc){ .cbc = EVP_CIPHER_CTX_new() };
	return x->cbc && EVP_EncryptInit_ex2(x->cbc, cipher, NULL, NULL, NULL) == 1 &&
	       EVP_CIPHER_CTX_set_padding(x->cbc, 0) == 1;
}

void xcbc_fini(struct xcbc *x)
{
	EVP_CIPHER_CTX_free(x->cbc);
}

static bool chain(struct xcbc *x, const uint8_t *blocks, size_t len, uint8_t *out)
{
	int n;

	return EVP_EncryptUpdate(x->cbc, out, &n, blocks, (int)len) == 1 && (size_t)n == len;
}

bool xcbc_restart(struct xcbc *x)
{
	x->n = 0;
	return EVP_EncryptInit_ex2(x->cbc, NULL, NULL, zero_iv, NULL) == 1;
}

/* Kn = E(K, n n n ...); the first block of CBC under an IV of zeros is that. */
static bool subkey(struct xcbc *x, uint8_t n, uint8_t *ret_key)
{
	uint8_t block[XCBC_LEN];

	memset(block, n, sizeof(block));
	return xcbc_restart(x) && chain(x, block, sizeof(block), ret_key);
}

bool xcbc_start(struct xcbc *x, const uint8_t key[static XCBC_LEN])
{
	uint8_t k1[XCBC_LEN];
	bool ok;

	ok = EVP_EncryptInit_ex2(x->cbc, NULL, key, zero_iv, NULL) == 1 && subkey(x, 1, k1) &&
	     subkey(x, 2, x->k2) && subkey(x, 3, x->k3) &&
	     EVP_EncryptInit_ex2(x->cbc, NULL, k1, zero_iv, NULL) == 1;
	secret_wipe(k1, sizeof(k1));
	x->n = 0;
	return ok;
}

bool xcbc_update(struct xcbc *x, struct bytes part)
{
	uint8_t thrown[CHUNK];

	while (part.len) {
		size_t take;

		if (x->n == XCBC_LEN) {
			if (!chain(x, x->last, XCBC_LEN, thrown))
				return false;
			x->n = 0;
		}
		/* Whole blocks go past the buffer as long as something comes after them. */
		take = (part.len - 1) / XCBC_LEN * XCBC_LEN;
		if (x->n == 0 && take) {
			take = take < CHUNK ? take : CHUNK;
			if (!chain(x, part.data, take, thrown))
				return false;
		} else {
			take = XCBC_LEN - x->n < part.len ? XCBC_LEN - x->n : part.len;
			memcpy(x->last + x->n, part.data, take);
			x->n += take;
		}
		part = BYTES(part.data + take, part.len - take);
	}
	return true;
}

bool xcbc_end(struct xcbc *x, uint8_t out[static XCBC_LEN])
{
	const uint8_t *key = x->n == XCBC_LEN ? x->k2 : x->k3;

	if (x->n < XCBC_LEN) {
		x->last[x->n] = 0x80;
		memset(x->last + x->n + 1, 0, XCBC_LEN - x->n - 1);
	}
	for (size_t i = 0; i < XCBC_LEN; i++)
		x->last[i] ^= key[i];
	return chain(x, x->last, XCBC_LEN, out);
}
