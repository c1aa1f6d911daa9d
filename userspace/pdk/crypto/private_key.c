/* SPDX-License-Identifier: MIT */
#include "pdk/crypto/private_key.h"

#include <errno.h>
#include <stdlib.h>

#include <openssl/err.h>

#include "pdk/crypto/key_impl.h"

struct private_key {
	unsigned refs;
	EVP_PKEY *pkey;
	struct public_key *public;
	bool blocks;
};

/* Of a key on a token too an object of ours: nothing but signing is the token's work. */
static int detach(struct public_key **key)
{
	struct public_key *copy;
	int err = public_key_from_spki(public_key_spki(*key), &copy);

	if (err == 0) {
		public_key_unref(*key);
		*key = copy;
	}
	return err;
}

int private_key_new_take(EVP_PKEY *pkey, bool blocks, struct private_key **ret_key)
{
	struct private_key *key = calloc(1, sizeof(*key));
	int err = key ? 0 : -ENOMEM;

	if (err == 0)
		err = public_key_from_evp(pkey, &key->public);
	if (err == 0 && blocks)
		err = detach(&key->public);
	if (err < 0) {
		if (key)
			public_key_unref(key->public);
		EVP_PKEY_free(pkey);
		free(key);
		return err;
	}
	key->refs = 1;
	key->pkey = pkey;
	key->blocks = blocks;
	*ret_key = key;
	return 0;
}

struct private_key *private_key_ref(const struct private_key *key)
{
	struct private_key *k = (struct private_key *)key;

	if (k)
		__atomic_add_fetch(&k->refs, 1, __ATOMIC_RELAXED);
	return k;
}

struct private_key *private_key_unref(const struct private_key *key)
{
	struct private_key *k = (struct private_key *)key;

	if (k && __atomic_sub_fetch(&k->refs, 1, __ATOMIC_ACQ_REL) == 0) {
		public_key_unref(k->public);
		EVP_PKEY_free(k->pkey); /* wipes */
		free(k);
	}
	return NULL;
}

const struct public_key *private_key_public(const struct private_key *key)
{
	return key->public;
}

bool private_key_blocks(const struct private_key *key)
{
	return key->blocks;
}

/* *len: the room in out, then the signature's length. */
static int sign_der(const struct private_key *key, EVP_MD_CTX *ctx,
		    const struct crypto_sign_scheme *scheme, const struct bytes *parts, size_t n,
		    uint8_t *out, size_t *len)
{
	EVP_PKEY_CTX *pctx;
	uint8_t *data;
	size_t data_len;
	int err, ok;

	if (EVP_DigestSignInit_ex(ctx, &pctx, key_md_name(scheme), NULL, NULL, key->pkey, NULL) !=
		    1 ||
	    !key_set_padding(pctx, scheme))
		return crypto_error(-ENOTSUP);
	/* At once: EdDSA has no other way, and tokens like it better. */
	err = key_join(parts, n, &data, &data_len);
	if (err < 0)
		return err;
	ok = EVP_DigestSign(ctx, out, len, data, data_len);
	free(data);
	if (ok == 1)
		return 0;
	switch (ERR_GET_REASON(ERR_peek_last_error())) {
	case RSA_R_DATA_TOO_LARGE_FOR_KEY_SIZE:
	case RSA_R_DIGEST_TOO_BIG_FOR_RSA_KEY:
		return crypto_error(-EINVAL);
	}
	return crypto_error(-EIO);
}

int private_key_sign(const struct private_key *key, const struct crypto_sign_scheme *scheme,
		     const struct bytes *parts, size_t n, struct writer *w)
{
	enum crypto_key_type type = public_key_type(key->public);
	size_t value_len = crypto_ecdsa_value_len(type);
	size_t len = CRYPTO_SIGNATURE_MAX;
	uint8_t raw[2 * 66], *out;
	EVP_MD_CTX *ctx;
	int err;

	if (!crypto_scheme_fits(scheme, type))
		return -EINVAL;
	out = malloc(len);
	ctx = EVP_MD_CTX_new();
	err = out && ctx ? 0 : crypto_error(-ENOMEM);
	if (err == 0)
		err = sign_der(key, ctx, scheme, parts, n, out, &len);
	if (err == 0 && scheme->padding == CRYPTO_ECDSA_RAW) {
		err = crypto_ecdsa_to_raw(BYTES(out, len), value_len, raw);
		if (err == 0)
			writer_bytes(w, BYTES(raw, 2 * value_len));
	} else if (err == 0) {
		writer_bytes(w, BYTES(out, len));
	}
	EVP_MD_CTX_free(ctx);
	free(out);
	return err ? err : w->err;
}
