/* SPDX-License-Identifier: MIT */
/*
 * A key keeps its cipher and MAC contexts keyed, so a message costs no key schedule. Where the two
 * kinds of algorithm differ is in two pairs of functions:
 *
 *	combined:  nonce = salt | IV, the cipher takes the associated data and makes the ICV
 *	separate:  CBC or CTR over the text, then a MAC over associated data | IV | text
 *
 * CTR counts its blocks behind nonce | IV, from 1 (RFC 5930 2).
 *
 * CBC schedules its key differently for each direction, so a context is keyed for the direction
 * that it was last used in. A key of an SA only ever sees one.
 */
#include "pdk/crypto/aead.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "pdk/crypto/aead_impl.h"
#include "pdk/crypto/secret.h"

#define NONCE_MAX 16 /* salt and IV */

enum aead_way {
	AEAD_OPEN = 0, /* the values that EVP_CipherInit_ex2() takes */
	AEAD_SEAL = 1,
	AEAD_UNKEYED,
};

struct aead_key {
	struct crypto_suite suite;
	EVP_CIPHER_CTX *cipher;
	struct mac *mac;   /* NULL with an AEAD */
	enum aead_way way; /* that cipher is keyed for */
	uint64_t next_iv;
	size_t key_len;                   /* without salt */
	uint8_t key[CRYPTO_ENCR_KEY_MAX]; /* key | salt */
};

static size_t salt_len(const struct aead_key *key)
{
	return encr_traits(&key->suite)->salt;
}

static int cipher_prepare(struct aead_key *key, EVP_CIPHER *cipher)
{
	const struct encr_traits *encr = encr_traits(&key->suite);
	EVP_CIPHER_CTX *c;

	c = key->cipher = EVP_CIPHER_CTX_new();
	if (!c)
		return crypto_error(-ENOMEM);
	if (EVP_CipherInit_ex2(c, cipher, NULL, NULL, AEAD_SEAL, NULL) != 1)
		return crypto_error(-EIO);
	if (!encr->icv)
		return EVP_CIPHER_CTX_set_padding(c, 0) == 1 ? 0 : crypto_error(-EIO);
	if (EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_IVLEN, encr->salt + encr->iv, NULL) != 1)
		return crypto_error(-EIO);
	/* CCM must know the length of its tag before it is keyed. */
	if (encr->cipher == CTX_AES_CCM &&
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, encr->icv, NULL) != 1)
		return crypto_error(-EIO);
	return 0;
}

int aead_key_new(struct crypto_ctx *ctx, const struct crypto_suite *suite, struct bytes encr_key,
		 struct bytes integ_key, struct aead_key **ret_key)
{
	struct aead_key *key;
	int err;

	if (!crypto_suite_valid(suite) || encr_key.len != crypto_suite_encr_key_len(suite) ||
	    integ_key.len != crypto_suite_integ_key_len(suite))
		return -EINVAL;
	if (!crypto_suite_supported(ctx, suite))
		return -ENOTSUP;
	key = calloc(1, sizeof(*key));
	if (!key)
		return -ENOMEM;
	key->suite = *suite;
	key->way = AEAD_UNKEYED;
	key->key_len = encr_key.len - encr_traits(suite)->salt;
	memcpy(key->key, encr_key.data, encr_key.len);
	err = cipher_prepare(key, suite_cipher(ctx, suite));
	if (err)
		goto fail;
	if (integ_key.len) {
		err = mac_new(ctx, integ_traits(suite)->mac, &key->mac);
		if (!err && !mac_start(key->mac, integ_key))
			err = crypto_error(-EIO);
		if (err)
			goto fail;
	}
	*ret_key = key;
	return 0;
fail:
	aead_key_free(key);
	return err;
}

struct aead_key *aead_key_free(struct aead_key *key)
{
	if (!key)
		return NULL;
	mac_free(key->mac);
	EVP_CIPHER_CTX_free(key->cipher);
	secret_wipe(key, sizeof(*key));
	free(key);
	return NULL;
}

const struct crypto_suite *aead_key_suite(const struct aead_key *key)
{
	return &key->suite;
}

/* Start a message in the given direction with nonce salt | iv. */
static bool cipher_start(struct aead_key *key, enum aead_way way, struct bytes iv)
{
	const uint8_t *new_key = key->way == way ? NULL : key->key;
	uint8_t nonce[NONCE_MAX] = { 0 };

	memcpy(nonce, key->key + key->key_len, salt_len(key));
	memcpy(nonce + salt_len(key), iv.data, iv.len);
	if (encr_traits(&key->suite)->cipher == CTX_AES_CTR)
		nonce[NONCE_MAX - 1] = 1;
	key->way = AEAD_UNKEYED;
	if (EVP_CipherInit_ex2(key->cipher, NULL, new_key, nonce, way, NULL) != 1)
		return false;
	key->way = way;
	return true;
}

/* An empty input still has an address: for CCM it is a message, and NULL would mean its length. */
static bool cipher_text(EVP_CIPHER_CTX *c, uint8_t *text, size_t len)
{
	uint8_t none[NONCE_MAX];
	int n;

	if (!len)
		text = none;
	return EVP_CipherUpdate(c, text, &n, text, (int)len) == 1 && (size_t)n == len;
}

static bool cipher_final(EVP_CIPHER_CTX *c)
{
	uint8_t none[NONCE_MAX];
	int n;

	return EVP_CipherFinal_ex(c, none, &n) == 1 && n == 0;
}

/* Everything that comes before the text of an AEAD. */
static bool combined_start(struct aead_key *key, enum aead_way way, struct bytes aad,
			   struct bytes iv, size_t text_len, const uint8_t *icv)
{
	const struct encr_traits *encr = encr_traits(&key->suite);
	EVP_CIPHER_CTX *c = key->cipher;
	int n;

	if (!cipher_start(key, way, iv))
		return false;
	if (icv && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, encr->icv, (void *)icv) != 1)
		return false;
	if (encr->cipher == CTX_AES_CCM && EVP_CipherUpdate(c, NULL, &n, NULL, (int)text_len) != 1)
		return false;
	return !aad.len || EVP_CipherUpdate(c, NULL, &n, aad.data, (int)aad.len) == 1;
}

static bool combined_seal(struct aead_key *key, struct bytes aad, struct bytes iv, uint8_t *text,
			  size_t len, uint8_t *icv)
{
	const struct encr_traits *encr = encr_traits(&key->suite);

	return combined_start(key, AEAD_SEAL, aad, iv, len, NULL) &&
	       cipher_text(key->cipher, text, len) && cipher_final(key->cipher) &&
	       EVP_CIPHER_CTX_ctrl(key->cipher, EVP_CTRL_AEAD_GET_TAG, encr->icv, icv) == 1;
}

static int combined_open(struct aead_key *key, struct bytes aad, struct bytes iv, uint8_t *text,
			 size_t len, struct bytes icv)
{
	if (!combined_start(key, AEAD_OPEN, aad, iv, len, icv.data))
		return crypto_error(-EIO);
	/* CCM verifies when it gets the text and has nothing left to say at the end. */
	if (!cipher_text(key->cipher, text, len))
		return crypto_error(-EBADMSG);
	if (encr_traits(&key->suite)->cipher != CTX_AES_CCM && !cipher_final(key->cipher))
		return crypto_error(-EBADMSG);
	return 0;
}

static bool separate_mac(struct aead_key *key, struct bytes aad, struct bytes iv,
			 const uint8_t *text, size_t len, uint8_t out[static MAC_MAX])
{
	return mac_restart(key->mac) && mac_update(key->mac, aad) && mac_update(key->mac, iv) &&
	       mac_update(key->mac, BYTES(text, len)) && mac_end(key->mac, out);
}

static bool separate_seal(struct aead_key *key, struct bytes aad, struct bytes iv, uint8_t *text,
			  size_t len, uint8_t *icv)
{
	uint8_t mac[MAC_MAX];

	if (!cipher_start(key, AEAD_SEAL, iv) || !cipher_text(key->cipher, text, len) ||
	    !cipher_final(key->cipher) || !separate_mac(key, aad, iv, text, len, mac))
		return false;
	memcpy(icv, mac, integ_traits(&key->suite)->icv);
	return true;
}

static int separate_open(struct aead_key *key, struct bytes aad, struct bytes iv, uint8_t *text,
			 size_t len, struct bytes icv)
{
	uint8_t mac[MAC_MAX];

	if (!separate_mac(key, aad, iv, text, len, mac))
		return crypto_error(-EIO);
	if (!bytes_equal_secret(BYTES(mac, icv.len), icv))
		return -EBADMSG;
	if (!cipher_start(key, AEAD_OPEN, iv) || !cipher_text(key->cipher, text, len) ||
	    !cipher_final(key->cipher))
		return crypto_error(-EIO);
	return 0;
}

/* Lengths that OpenSSL can take, and that the block length divides. */
static bool lengths_fit(const struct aead_key *key, struct bytes aad, struct bytes iv, size_t len)
{
	return aad.len <= INT_MAX && len <= INT_MAX && iv.len == crypto_suite_iv_len(&key->suite) &&
	       len % crypto_suite_block_len(&key->suite) == 0;
}

int aead_seal_iv(struct aead_key *key, struct bytes aad, struct bytes iv, uint8_t *text, size_t len,
		 uint8_t *ret_icv)
{
	uint8_t icv[CRYPTO_ICV_MAX];
	bool ok;

	if (!lengths_fit(key, aad, iv, len)) {
		secret_wipe(text, len);
		return -EINVAL;
	}
	ok = key->mac ? separate_seal(key, aad, iv, text, len, icv)
		      : combined_seal(key, aad, iv, text, len, icv);
	if (!ok) {
		secret_wipe(text, len);
		return crypto_error(-EIO);
	}
	memcpy(ret_icv, icv, crypto_suite_icv_len(&key->suite));
	return 0;
}

int aead_seal(struct aead_key *key, struct bytes aad, uint8_t *text, size_t len, uint8_t *ret_iv,
	      uint8_t *ret_icv)
{
	uint8_t iv[CRYPTO_IV_MAX];
	size_t iv_len = crypto_suite_iv_len(&key->suite);
	int err = 0;

	if (crypto_suite_block_len(&key->suite) > 1) {
		err = crypto_random(iv, iv_len);
	} else if (key->next_iv == UINT64_MAX) {
		err = -EOVERFLOW;
	} else {
		struct writer w;

		writer_init_fixed(&w, iv, sizeof(iv));
		writer_u64(&w, key->next_iv++);
	}
	if (err) {
		secret_wipe(text, len);
		return err;
	}
	err = aead_seal_iv(key, aad, BYTES(iv, iv_len), text, len, ret_icv);
	if (!err)
		memcpy(ret_iv, iv, iv_len);
	return err;
}

int aead_open(struct aead_key *key, struct bytes aad, struct bytes iv, uint8_t *text, size_t len,
	      struct bytes icv)
{
	int err;

	if (!lengths_fit(key, aad, iv, len) || icv.len != crypto_suite_icv_len(&key->suite))
		return -EBADMSG;
	err = key->mac ? separate_open(key, aad, iv, text, len, icv)
		       : combined_open(key, aad, iv, text, len, icv);
	if (err)
		secret_wipe(text, len);
	return err;
}
