/* SPDX-License-Identifier: MIT */
#include "pdk/crypto/public_key.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "pdk/crypto/key_impl.h"

struct public_key {
	unsigned refs;
	EVP_PKEY *pkey;
	enum crypto_key_type type;
	unsigned bits;
	uint8_t spki_hash[PUBLIC_KEY_HASH_LEN], id[PUBLIC_KEY_HASH_LEN];
	size_t spki_len;
	uint8_t spki[];
};

/* -------- what kind of key -------- */

static const struct {
	const char *curve;
	enum crypto_key_type type;
} curves[] = {
	{ "prime256v1", CRYPTO_KEY_ECDSA_P256 },
	{ "P-256", CRYPTO_KEY_ECDSA_P256 },
	{ "secp384r1", CRYPTO_KEY_ECDSA_P384 },
	{ "P-384", CRYPTO_KEY_ECDSA_P384 },
	{ "secp521r1", CRYPTO_KEY_ECDSA_P521 },
	{ "P-521", CRYPTO_KEY_ECDSA_P521 },
};

static int curve_type(EVP_PKEY *pkey, enum crypto_key_type *ret_type)
{
	char name[64];
	size_t len;

	if (EVP_PKEY_get_group_name(pkey, name, sizeof(name), &len) != 1)
		return crypto_error(-ENOTSUP);
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++)
		if (strcmp(curves[i].curve, name) == 0) {
			*ret_type = curves[i].type;
			return 0;
		}
	return -ENOTSUP;
}

static bool is_rsa(EVP_PKEY *pkey)
{
	return EVP_PKEY_is_a(pkey, "RSA") || EVP_PKEY_is_a(pkey, "RSA-PSS");
}

bool public_key_is_slow(EVP_PKEY *pkey)
{
	BIGNUM *e = NULL;
	bool slow;

	if (!is_rsa(pkey))
		return false;
	/* A token may keep the exponent to itself; what a peer sends has one. */
	slow = EVP_PKEY_get_bits(pkey) > CRYPTO_RSA_BITS_MAX ||
	       (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
		BN_num_bits(e) > CRYPTO_RSA_EXPONENT_BITS_MAX);
	BN_free(e);
	return slow;
}

int key_type_of(EVP_PKEY *pkey, enum crypto_key_type *ret_type)
{
	if (EVP_PKEY_is_a(pkey, "EC"))
		return curve_type(pkey, ret_type);
	if (is_rsa(pkey)) {
		if (public_key_is_slow(pkey))
			return crypto_error(-ENOTSUP);
		*ret_type = CRYPTO_KEY_RSA;
		return 0;
	}
	if (EVP_PKEY_is_a(pkey, "ED25519"))
		*ret_type = CRYPTO_KEY_ED25519;
	else if (EVP_PKEY_is_a(pkey, "ED448"))
		*ret_type = CRYPTO_KEY_ED448;
	else
		return crypto_error(-ENOTSUP);
	return 0;
}

/* -------- making -------- */

/* The id: of the BIT STRING alone. */
static bool hash_bits(struct public_key *key)
{
	const uint8_t *at = key->spki, *bits;
	X509_PUBKEY *spki = d2i_X509_PUBKEY(NULL, &at, (long)key->spki_len);
	int len;
	bool ok = spki && X509_PUBKEY_get0_param(NULL, &bits, &len, NULL, spki) == 1 &&
		  SHA1(bits, (size_t)len, key->id);

	X509_PUBKEY_free(spki);
	return ok;
}

/* Takes pkey over, also when it fails. */
static int key_new_take(EVP_PKEY *pkey, struct public_key **ret_key)
{
	enum crypto_key_type type;
	struct public_key *key = NULL;
	uint8_t *spki = NULL;
	int err, len = 0;

	err = key_type_of(pkey, &type);
	if (err == 0) {
		len = i2d_PUBKEY(pkey, &spki);
		err = len > 0 ? 0 : crypto_error(-EBADMSG);
	}
	if (err == 0) {
		key = calloc(1, sizeof(*key) + (size_t)len);
		err = key ? 0 : -ENOMEM;
	}
	if (err < 0) {
		OPENSSL_free(spki);
		EVP_PKEY_free(pkey);
		return err;
	}
	key->refs = 1;
	key->pkey = pkey;
	key->type = type;
	key->bits = (unsigned)EVP_PKEY_get_bits(pkey);
	key->spki_len = (size_t)len;
	memcpy(key->spki, spki, key->spki_len);
	OPENSSL_free(spki);
	SHA1(key->spki, key->spki_len, key->spki_hash);
	if (!hash_bits(key)) {
		public_key_unref(key);
		return crypto_error(-EBADMSG);
	}
	*ret_key = key;
	return 0;
}

int public_key_from_evp(EVP_PKEY *pkey, struct public_key **ret_key)
{
	if (EVP_PKEY_up_ref(pkey) != 1)
		return crypto_error(-ENOMEM);
	return key_new_take(pkey, ret_key);
}

int public_key_from_spki(struct bytes der, struct public_key **ret_key)
{
	const uint8_t *at = der.data;
	EVP_PKEY *pkey;

	if (!der.len || der.len > INT32_MAX)
		return -EBADMSG;
	pkey = d2i_PUBKEY(NULL, &at, (long)der.len);
	if (!pkey) {
		bool unknown = ERR_GET_REASON(ERR_peek_last_error()) ==
			       EVP_R_UNSUPPORTED_ALGORITHM;

		return crypto_error(unknown ? -ENOTSUP : -EBADMSG);
	}
	if (at != der.data + der.len) {
		EVP_PKEY_free(pkey);
		return -EBADMSG;
	}
	return key_new_take(pkey, ret_key);
}

int public_key_from_file(struct bytes data, struct public_key **ret_key)
{
	const unsigned char *at = data.data;
	size_t left = data.len;
	EVP_PKEY *pkey = NULL;
	OSSL_DECODER_CTX *ctx;
	int ok;

	if (!data.len)
		return -EBADMSG;
	ctx = OSSL_DECODER_CTX_new_for_pkey(&pkey, NULL, NULL, NULL, EVP_PKEY_PUBLIC_KEY, NULL,
					    NULL);
	ok = ctx && OSSL_DECODER_from_data(ctx, &at, &left);
	OSSL_DECODER_CTX_free(ctx);
	if (!ok || !pkey) {
		EVP_PKEY_free(pkey);
		return crypto_error(-EBADMSG);
	}
	ERR_clear_error();
	return key_new_take(pkey, ret_key);
}

struct public_key *public_key_ref(const struct public_key *key)
{
	struct public_key *k = (struct public_key *)key;

	if (k)
		__atomic_add_fetch(&k->refs, 1, __ATOMIC_RELAXED);
	return k;
}

struct public_key *public_key_unref(const struct public_key *key)
{
	struct public_key *k = (struct public_key *)key;

	if (k && __atomic_sub_fetch(&k->refs, 1, __ATOMIC_ACQ_REL) == 0) {
		EVP_PKEY_free(k->pkey);
		free(k);
	}
	return NULL;
}

/* -------- looking -------- */

enum crypto_key_type public_key_type(const struct public_key *key)
{
	return key->type;
}

unsigned public_key_bits(const struct public_key *key)
{
	return key->bits;
}

struct bytes public_key_spki(const struct public_key *key)
{
	return BYTES(key->spki, key->spki_len);
}

struct bytes public_key_spki_hash(const struct public_key *key)
{
	return BYTES_OF(key->spki_hash);
}

struct bytes public_key_id(const struct public_key *key)
{
	return BYTES_OF(key->id);
}

bool public_key_equal(const struct public_key *a, const struct public_key *b)
{
	return bytes_equal(public_key_spki(a), public_key_spki(b));
}

/* -------- verifying -------- */

static const char *const md_names[CRYPTO_HASH_N] = {
	[CRYPTO_HASH_SHA1] = "SHA1",
	[CRYPTO_HASH_SHA256] = "SHA2-256",
	[CRYPTO_HASH_SHA384] = "SHA2-384",
	[CRYPTO_HASH_SHA512] = "SHA2-512",
};

const char *key_md_name(const struct crypto_sign_scheme *scheme)
{
	return scheme->padding == CRYPTO_EDDSA ? NULL : md_names[scheme->hash];
}

bool key_set_padding(EVP_PKEY_CTX *ctx, const struct crypto_sign_scheme *scheme)
{
	size_t salt = scheme->salt_len ? scheme->salt_len : crypto_hash_len(scheme->hash);

	switch (scheme->padding) {
	case CRYPTO_PKCS1:
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
	case CRYPTO_PSS:
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)salt) == 1;
	case CRYPTO_ECDSA_DER:
	case CRYPTO_ECDSA_RAW:
	case CRYPTO_EDDSA:
		return true;
	}
	return false;
}

int key_join(const struct bytes *parts, size_t n, uint8_t **ret_data, size_t *ret_len)
{
	size_t len = 0, at = 0;
	uint8_t *data;

	for (size_t i = 0; i < n; i++)
		len += parts[i].len;
	data = malloc(len ? len : 1);
	if (!data)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (parts[i].len)
			memcpy(data + at, parts[i].data, parts[i].len);
		at += parts[i].len;
	}
	*ret_data = data;
	*ret_len = len;
	return 0;
}

/* As OpenSSL has it: 1, 0, or less than 0 when it could not be tried. */
static int verify_der(const struct public_key *key, EVP_MD_CTX *ctx,
		      const struct crypto_sign_scheme *scheme, const struct bytes *parts, size_t n,
		      struct bytes signature)
{
	EVP_PKEY_CTX *pctx;
	uint8_t *data;
	size_t len;
	int ok;

	if (EVP_DigestVerifyInit_ex(ctx, &pctx, key_md_name(scheme), NULL, NULL, key->pkey,
				    NULL) != 1 ||
	    !key_set_padding(pctx, scheme))
		return crypto_error(-ENOTSUP);
	if (scheme->padding == CRYPTO_EDDSA) {
		/* EdDSA passes over its input twice, so there is nothing but the whole. */
		ok = key_join(parts, n, &data, &len);
		if (ok < 0)
			return ok;
		ok = EVP_DigestVerify(ctx, signature.data, signature.len, data, len);
		free(data);
	} else {
		for (size_t i = 0; i < n; i++)
			if (parts[i].len &&
			    EVP_DigestVerifyUpdate(ctx, parts[i].data, parts[i].len) != 1)
				return crypto_error(-EIO);
		ok = EVP_DigestVerifyFinal(ctx, signature.data, signature.len);
	}
	return ok == 1 ? 0 : crypto_error(-EBADMSG);
}

int public_key_verify(const struct public_key *key, const struct crypto_sign_scheme *scheme,
		      const struct bytes *parts, size_t n, struct bytes signature)
{
	uint8_t buf[160];
	EVP_MD_CTX *ctx;
	struct writer w;
	int err;

	if (!crypto_scheme_fits(scheme, key->type))
		return -EINVAL;
	if (!signature.len || signature.len > CRYPTO_SIGNATURE_MAX)
		return -EBADMSG;
	if (scheme->padding == CRYPTO_ECDSA_RAW) {
		writer_init_fixed(&w, buf, sizeof(buf));
		err = crypto_ecdsa_to_der(signature, crypto_ecdsa_value_len(key->type), &w);
		if (err < 0)
			return err;
		signature = writer_view(&w);
	}
	ctx = EVP_MD_CTX_new();
	if (!ctx)
		return crypto_error(-ENOMEM);
	err = verify_der(key, ctx, scheme, parts, n, signature);
	EVP_MD_CTX_free(ctx);
	return err;
}

static int read_hash(struct bytes digest_info, enum crypto_hash *ret_hash)
{
	const uint8_t *at = digest_info.data;
	X509_SIG *info = d2i_X509_SIG(NULL, &at, (long)digest_info.len);
	const ASN1_OBJECT *oid;
	const X509_ALGOR *alg;
	const EVP_MD *md;
	int err = -ENOTSUP;

	if (!info)
		return crypto_error(-EBADMSG);
	X509_SIG_get0(info, &alg, NULL);
	X509_ALGOR_get0(&oid, NULL, NULL, alg);
	md = EVP_get_digestbyobj(oid);
	for (enum crypto_hash hash = 0; md && hash < CRYPTO_HASH_N; hash++)
		if (EVP_MD_is_a(md, md_names[hash])) {
			*ret_hash = hash;
			err = 0;
		}
	X509_SIG_free(info);
	return err;
}

int public_key_pkcs1_hash(const struct public_key *key, struct bytes signature,
			  enum crypto_hash *ret_hash)
{
	uint8_t info[CRYPTO_SIGNATURE_MAX];
	size_t len = sizeof(info);
	EVP_PKEY_CTX *ctx;
	int ok;

	if (key->type != CRYPTO_KEY_RSA)
		return -EINVAL;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
	if (!ctx)
		return crypto_error(-ENOMEM);
	ok = EVP_PKEY_verify_recover_init(ctx) == 1 &&
	     EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
	     EVP_PKEY_verify_recover(ctx, info, &len, signature.data, signature.len) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok ? read_hash(BYTES(info, len), ret_hash) : crypto_error(-EBADMSG);
}
