/* SPDX-License-Identifier: MIT */
/*
 * Key pairs by generation and from a given private value. For the latter OpenSSL wants the public
 * value beside it for MODP and ECP, so it is worked out here, by BN and EC_POINT.
 */
#include "pdk/crypto/kex_impl.h"

#include <errno.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>

#include "pdk/crypto/ctx_impl.h"

/* 2^x mod p for 0 < x < p - 1. */
static int modp_public(const struct kex_traits *t, const BIGNUM *x, BN_CTX *bn, BIGNUM **ret_y)
{
	BIGNUM *p = t->prime(NULL), *g = BN_new(), *y = BN_new();
	int err = 0;

	if (!p || !g || !y || !BN_set_word(g, 2)) {
		err = crypto_error(-ENOMEM);
		goto out;
	}
	BN_sub_word(p, 1);
	if (BN_cmp(x, p) >= 0) {
		err = -EINVAL;
		goto out;
	}
	BN_add_word(p, 1);
	if (!BN_mod_exp_mont_consttime(y, g, x, p, bn, NULL)) {
		err = crypto_error(-EIO);
		goto out;
	}
	*ret_y = y;
	y = NULL;
out:
	BN_free(y);
	BN_free(g);
	BN_free(p);
	return err;
}

/* x times the generator as 0x04 | x | y, for 0 < x < n. */
static int ecp_public(const struct kex_traits *t, const BIGNUM *x, BN_CTX *bn, uint8_t *ret_point)
{
	size_t len = 1 + t->public_len;
	EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_sn2nid(t->group));
	EC_POINT *point = group ? EC_POINT_new(group) : NULL;
	int err = 0;

	if (!point)
		err = crypto_error(-ENOMEM);
	else if (BN_cmp(x, EC_GROUP_get0_order(group)) >= 0)
		err = -EINVAL;
	else if (EC_POINT_mul(group, point, x, NULL, NULL, bn) != 1 ||
		 EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, ret_point, len,
				    bn) != len)
		err = crypto_error(-EIO);
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return err;
}

/* A key, or a group without one, from its parts. */
static int pkey_from(const struct crypto_ctx *ctx, const struct kex_traits *t, int selection,
		     OSSL_PARAM_BLD *bld, EVP_PKEY **ret_pkey)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, t->key_type, ctx->properties);
	EVP_PKEY *pkey = NULL;
	int err = 0;

	if (!params)
		err = crypto_error(-ENOMEM);
	else if (!c || EVP_PKEY_fromdata_init(c) != 1)
		err = crypto_error(-ENOTSUP);
	else if (EVP_PKEY_fromdata(c, &pkey, selection, params) != 1)
		err = crypto_error(-EIO);
	else
		*ret_pkey = pkey;
	EVP_PKEY_CTX_free(c);
	OSSL_PARAM_free(params);
	return err;
}

/* prime: the number that stays in bld until it is used. */
static bool push_group(OSSL_PARAM_BLD *bld, const struct kex_traits *t, BIGNUM **ret_prime)
{
	*ret_prime = NULL;
	if (t->group)
		return OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, t->group,
						       0) == 1;
	*ret_prime = t->prime(NULL);
	return *ret_prime && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_FFC_P, *ret_prime) == 1 &&
	       OSSL_PARAM_BLD_push_uint(bld, OSSL_PKEY_PARAM_FFC_G, 2) == 1;
}

/* The group of a method whose group has no name, as a key without values. */
static EVP_PKEY *group_of_numbers(const struct crypto_ctx *ctx, const struct kex_traits *t)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY *group = NULL;
	BIGNUM *prime = NULL;

	if (bld && push_group(bld, t, &prime))
		pkey_from(ctx, t, EVP_PKEY_KEY_PARAMETERS, bld, &group);
	OSSL_PARAM_BLD_free(bld);
	BN_free(prime);
	return group;
}

EVP_PKEY_CTX *kex_generator(const struct crypto_ctx *ctx, const struct kex_traits *t)
{
	bool numbers = t->kind == KEX_MODP && !t->group;
	EVP_PKEY *group = numbers ? group_of_numbers(ctx, t) : NULL;
	EVP_PKEY_CTX *c = NULL;

	if (!numbers)
		c = EVP_PKEY_CTX_new_from_name(NULL, t->key_type, ctx->properties);
	else if (group)
		c = EVP_PKEY_CTX_new_from_pkey(NULL, group, ctx->properties);
	EVP_PKEY_free(group);
	if (c && EVP_PKEY_keygen_init(c) == 1 &&
	    (!t->group || EVP_PKEY_CTX_set_group_name(c, t->group) == 1))
		return c;
	EVP_PKEY_CTX_free(c);
	return NULL;
}

static int group_import(struct crypto_ctx *ctx, const struct kex_traits *t, struct bytes priv,
			EVP_PKEY **ret_pkey)
{
	uint8_t point[1 + CRYPTO_KEX_PUBLIC_MAX];
	BIGNUM *x = BN_secure_new(), *y = NULL, *prime = NULL;
	BN_CTX *bn = BN_CTX_secure_new();
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	int err = -EINVAL;

	if (!x || !bn || !bld) {
		err = crypto_error(-ENOMEM);
		goto out;
	}
	if (priv.len > t->public_len || !BN_bin2bn(priv.data, (int)priv.len, x) || BN_is_zero(x))
		goto out;
	if (t->kind == KEX_MODP)
		err = modp_public(t, x, bn, &y);
	else
		err = ecp_public(t, x, bn, point);
	if (err)
		goto out;
	if (!push_group(bld, t, &prime) ||
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, x) != 1 ||
	    (t->kind == KEX_MODP ? OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PUB_KEY, y)
				 : OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY,
								    point, 1 + t->public_len)) != 1)
		err = crypto_error(-ENOMEM);
	else
		err = pkey_from(ctx, t, EVP_PKEY_KEYPAIR, bld, ret_pkey);
out:
	OSSL_PARAM_BLD_free(bld);
	BN_CTX_free(bn);
	BN_free(prime);
	BN_free(y);
	BN_clear_free(x);
	crypto_error(0);
	return err;
}

int kex_import_private(struct crypto_ctx *ctx, enum crypto_kex method, struct bytes priv,
		       EVP_PKEY **ret_pkey)
{
	const struct kex_traits *t = &kex_traits[method];
	EVP_PKEY *pkey;

	if (!crypto_kex_supported(ctx, method))
		return -ENOTSUP;
	if (t->kind != KEX_X)
		return group_import(ctx, t, priv, ret_pkey);
	if (priv.len != t->public_len)
		return -EINVAL;
	pkey = EVP_PKEY_new_raw_private_key_ex(NULL, t->key_type, ctx->properties, priv.data,
					       priv.len);
	if (!pkey)
		return crypto_error(-EIO);
	*ret_pkey = pkey;
	return 0;
}
