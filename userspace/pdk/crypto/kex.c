/* SPDX-License-Identifier: MIT */
/*
 * All methods go the same way through OpenSSL, told apart by a table: the kind of key, the name of
 * its group, the lengths on the wire. What remains by kind:
 *
 * MODP: the group has a name in OpenSSL but for that of 1024 bits. y is checked here against 1 < y
 * < p - 1, which for safe primes is all that RFC 6989 2.1 asks for, at the cost of a comparison.
 * OpenSSL does the same when it takes the value in, but doesn't promise to.
 *
 * ECP: OpenSSL writes points as 0x04 | x | y, IKE without the 0x04. Taking a point in checks that
 * it is on the curve, and the cofactor is 1, so that is RFC 6989 2.3.
 *
 * X25519, X448: OpenSSL refuses an all-zero result; so do we, should it cease to.
 */
#include "pdk/crypto/kex.h"

#include <errno.h>
#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/dh.h>

#include "pdk/crypto/ctx_impl.h"
#include "pdk/crypto/kex_impl.h"

#define MODP(bits, group, prime)                                                                   \
	{                                                                                          \
		"modp" #bits, KEX_MODP, "DH", group, (bits) / 8, (bits) / 8, prime                 \
	}
#define ECP(name, group, len)                                                                      \
	{                                                                                          \
		name, KEX_ECP, "EC", group, 2 * (len), len                                         \
	}

const struct kex_traits kex_traits[CRYPTO_KEX_N] = {
	[CRYPTO_KEX_MODP_1024] = MODP(1024, NULL, BN_get_rfc2409_prime_1024),
	[CRYPTO_KEX_MODP_1536] = MODP(1536, "modp_1536", BN_get_rfc3526_prime_1536),
	[CRYPTO_KEX_MODP_2048] = MODP(2048, "modp_2048", BN_get_rfc3526_prime_2048),
	[CRYPTO_KEX_MODP_3072] = MODP(3072, "modp_3072", BN_get_rfc3526_prime_3072),
	[CRYPTO_KEX_MODP_4096] = MODP(4096, "modp_4096", BN_get_rfc3526_prime_4096),
	[CRYPTO_KEX_MODP_6144] = MODP(6144, "modp_6144", BN_get_rfc3526_prime_6144),
	[CRYPTO_KEX_MODP_8192] = MODP(8192, "modp_8192", BN_get_rfc3526_prime_8192),
	[CRYPTO_KEX_ECP_256] = ECP("ecp256", "prime256v1", 32),
	[CRYPTO_KEX_ECP_384] = ECP("ecp384", "secp384r1", 48),
	[CRYPTO_KEX_ECP_521] = ECP("ecp521", "secp521r1", 66),
	[CRYPTO_KEX_ECP_224] = ECP("ecp224", "secp224r1", 28),
	[CRYPTO_KEX_ECP_224_BP] = ECP("ecp224bp", "brainpoolP224r1", 28),
	[CRYPTO_KEX_ECP_256_BP] = ECP("ecp256bp", "brainpoolP256r1", 32),
	[CRYPTO_KEX_ECP_384_BP] = ECP("ecp384bp", "brainpoolP384r1", 48),
	[CRYPTO_KEX_ECP_512_BP] = ECP("ecp512bp", "brainpoolP512r1", 64),
	[CRYPTO_KEX_X25519] = { "x25519", KEX_X, "X25519", NULL, 32, 32 },
	[CRYPTO_KEX_X448] = { "x448", KEX_X, "X448", NULL, 56, 56 },
};

struct kex {
	enum crypto_kex method;
	EVP_PKEY *pkey;
	const char *properties;                     /* the context's */
	uint8_t encoded[1 + CRYPTO_KEX_PUBLIC_MAX]; /* as OpenSSL writes it */
};

/* The bytes that OpenSSL puts before a public value and IKE doesn't. */
static size_t prefix_len(enum crypto_kex method)
{
	return kex_traits[method].kind == KEX_ECP ? 1 : 0;
}

const char *crypto_kex_name(enum crypto_kex method)
{
	return kex_traits[method].name;
}

size_t crypto_kex_public_len(enum crypto_kex method)
{
	return kex_traits[method].public_len;
}

size_t crypto_kex_shared_len(enum crypto_kex method)
{
	return kex_traits[method].shared_len;
}

bool crypto_kex_supported(const struct crypto_ctx *ctx, enum crypto_kex method)
{
	EVP_PKEY_CTX *c = kex_generator(ctx, &kex_traits[method]);
	bool ok = c;

	EVP_PKEY_CTX_free(c);
	crypto_error(0);
	return ok;
}

static int pkey_generate(struct crypto_ctx *ctx, enum crypto_kex method, EVP_PKEY **ret_pkey)
{
	EVP_PKEY_CTX *c = kex_generator(ctx, &kex_traits[method]);
	EVP_PKEY *pkey = NULL;
	int err = 0;

	if (!c)
		err = crypto_error(-ENOTSUP);
	else if (EVP_PKEY_generate(c, &pkey) != 1)
		err = crypto_error(-EIO);
	EVP_PKEY_CTX_free(c);
	if (!err)
		*ret_pkey = pkey;
	return err;
}

/* Takes pkey over, also when it fails. */
static int kex_wrap(struct crypto_ctx *ctx, enum crypto_kex method, EVP_PKEY *pkey,
		    struct kex **ret_kex)
{
	size_t expected = prefix_len(method) + kex_traits[method].public_len, len;
	struct kex *kex = calloc(1, sizeof(*kex));

	if (!kex) {
		EVP_PKEY_free(pkey);
		return -ENOMEM;
	}
	kex->method = method;
	kex->pkey = pkey;
	kex->properties = ctx->properties;
	if (EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, kex->encoded,
					    sizeof(kex->encoded), &len) != 1 ||
	    len != expected) {
		kex_free(kex);
		return crypto_error(-EIO);
	}
	*ret_kex = kex;
	return 0;
}

int kex_new(struct crypto_ctx *ctx, enum crypto_kex method, struct kex **ret_kex)
{
	EVP_PKEY *pkey;
	int err = pkey_generate(ctx, method, &pkey);

	return err ? err : kex_wrap(ctx, method, pkey, ret_kex);
}

int kex_new_private(struct crypto_ctx *ctx, enum crypto_kex method, struct bytes priv,
		    struct kex **ret_kex)
{
	EVP_PKEY *pkey;
	int err = kex_import_private(ctx, method, priv, &pkey);

	return err ? err : kex_wrap(ctx, method, pkey, ret_kex);
}

struct kex *kex_free(struct kex *kex)
{
	if (!kex)
		return NULL;
	EVP_PKEY_free(kex->pkey);
	secret_wipe(kex, sizeof(*kex));
	free(kex);
	return NULL;
}

enum crypto_kex kex_method(const struct kex *kex)
{
	return kex->method;
}

struct bytes kex_public(const struct kex *kex)
{
	return BYTES(kex->encoded + prefix_len(kex->method), kex_traits[kex->method].public_len);
}

int kex_check_modp(const struct kex_traits *t, struct bytes y)
{
	BIGNUM *limit = t->prime(NULL), *value = BN_bin2bn(y.data, (int)y.len, NULL);
	int err = 0;

	if (!limit || !value || !BN_sub_word(limit, 1))
		err = crypto_error(-ENOMEM);
	else if (BN_is_zero(value) || BN_is_one(value) || BN_cmp(value, limit) >= 0)
		err = -EBADMSG;
	BN_free(value);
	BN_free(limit);
	return err;
}

/* The peer's value as a key object, after the checks that can be made before deriving. */
static int peer_import(const struct kex *kex, struct bytes value, EVP_PKEY **ret_peer)
{
	const struct kex_traits *t = &kex_traits[kex->method];
	uint8_t encoded[1 + CRYPTO_KEX_PUBLIC_MAX] = { 0x04 };
	size_t prefix = prefix_len(kex->method);
	EVP_PKEY *peer;
	int err;

	if (value.len != t->public_len)
		return -EBADMSG;
	if (t->kind == KEX_X) {
		peer = EVP_PKEY_new_raw_public_key_ex(NULL, t->key_type, kex->properties,
						      value.data, value.len);
		if (!peer)
			return crypto_error(-EIO);
		*ret_peer = peer;
		return 0;
	}
	if (t->kind == KEX_MODP) {
		err = kex_check_modp(t, value);
		if (err)
			return err;
	}
	peer = EVP_PKEY_new();
	if (!peer || EVP_PKEY_copy_parameters(peer, kex->pkey) != 1) {
		err = crypto_error(-EIO);
		goto fail;
	}
	memcpy(encoded + prefix, value.data, value.len);
	if (EVP_PKEY_set1_encoded_public_key(peer, encoded, prefix + value.len) != 1) {
		err = crypto_error(-EBADMSG);
		goto fail;
	}
	*ret_peer = peer;
	return 0;
fail:
	EVP_PKEY_free(peer);
	return err;
}

static bool all_zero(const struct secret *s)
{
	uint8_t any = 0;

	for (size_t i = 0; i < s->len; i++)
		any |= s->data[i];
	return !any;
}

static int derive(const struct kex *kex, EVP_PKEY *peer, struct secret *out)
{
	const struct kex_traits *t = &kex_traits[kex->method];
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_pkey(NULL, kex->pkey, kex->properties);
	size_t len = out->len;
	int err = 0;

	/* The peer's value has been checked: not once more, at the price of a derivation. */
	if (!c || EVP_PKEY_derive_init(c) != 1 ||
	    (t->kind == KEX_MODP && EVP_PKEY_CTX_set_dh_pad(c, 1) != 1) ||
	    EVP_PKEY_derive_set_peer_ex(c, peer, 0) != 1)
		err = crypto_error(-EIO);
	else if (EVP_PKEY_derive(c, out->data, &len) != 1)
		err = crypto_error(t->kind == KEX_X ? -EBADMSG : -EIO);
	else if (len != out->len)
		err = -EIO;
	else if (t->kind == KEX_X && all_zero(out))
		err = -EBADMSG;
	EVP_PKEY_CTX_free(c);
	return err;
}

int kex_derive(const struct kex *kex, struct bytes peer_public, struct secret *ret_secret)
{
	struct secret out;
	EVP_PKEY *peer;
	int err;

	err = peer_import(kex, peer_public, &peer);
	if (err)
		return err;
	err = secret_init(&out, kex_traits[kex->method].shared_len);
	if (!err) {
		err = derive(kex, peer, &out);
		if (err)
			secret_fini(&out);
		else
			*ret_secret = out;
	}
	EVP_PKEY_free(peer);
	return err;
}
