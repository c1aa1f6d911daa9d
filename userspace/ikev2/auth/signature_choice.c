/* SPDX-License-Identifier: MIT */
#include "ikev2/auth/signature_choice.h"

#include <errno.h>

#include "ikev2/auth/signature_alg.h"

/* -------- signing -------- */

static const struct {
	enum crypto_key_type type;
	enum ike_auth_method method;
	struct crypto_sign_scheme scheme;
} old_methods[] = {
	/* SHA-1 is what every peer takes that knows nothing else (RFC 7296 3.8). */
	{ CRYPTO_KEY_RSA, IKE_AUTH_RSA_SIGNATURE, { CRYPTO_PKCS1, CRYPTO_HASH_SHA1, 0 } },
	{ CRYPTO_KEY_ECDSA_P256, IKE_AUTH_ECDSA_256, { CRYPTO_ECDSA_RAW, CRYPTO_HASH_SHA256, 0 } },
	{ CRYPTO_KEY_ECDSA_P384, IKE_AUTH_ECDSA_384, { CRYPTO_ECDSA_RAW, CRYPTO_HASH_SHA384, 0 } },
	{ CRYPTO_KEY_ECDSA_P521, IKE_AUTH_ECDSA_521, { CRYPTO_ECDSA_RAW, CRYPTO_HASH_SHA512, 0 } },
};

/* Hashes to try. */
#define HASHES 4

/* The one as strong as the key first (NIST SP 800-57 5.6.1), then the others, shorter ones first,
 * and in the end SHA-1, for constraints that name it. */
static enum crypto_hash nth_hash(enum crypto_key_type type, unsigned bits, unsigned n)
{
	enum crypto_hash best = CRYPTO_HASH_SHA256;

	if (type == CRYPTO_KEY_ECDSA_P384 || (type == CRYPTO_KEY_RSA && bits > 3072))
		best = CRYPTO_HASH_SHA384;
	if (type == CRYPTO_KEY_ECDSA_P521 || (type == CRYPTO_KEY_RSA && bits > 7680))
		best = CRYPTO_HASH_SHA512;
	if (n == 0)
		return best;
	if (n == HASHES - 1)
		return CRYPTO_HASH_SHA1;
	/* SHA-256, -384 and -512, but for the one that had its turn. */
	return (enum crypto_hash)(CRYPTO_HASH_SHA256 + n - (CRYPTO_HASH_SHA256 + n > best ? 0 : 1));
}

static bool acceptable(const struct crypto_sign_scheme *scheme, unsigned hashes,
		       const struct auth_constraints *c)
{
	return hashes & 1u << signature_alg_hash(scheme) && auth_constraints_allow(c, scheme);
}

static bool choose_digital(enum crypto_key_type type, unsigned bits, unsigned hashes,
			   const struct auth_constraints *c, struct crypto_sign_scheme *ret_scheme)
{
	/* RFC 8247 3.2: PSS rather than PKCS#1 v1.5. */
	const enum crypto_padding rsa[] = { c->prefer_pkcs1 ? CRYPTO_PKCS1 : CRYPTO_PSS,
					    c->prefer_pkcs1 ? CRYPTO_PSS : CRYPTO_PKCS1 };
	const enum crypto_padding ecdsa = CRYPTO_ECDSA_DER, eddsa = CRYPTO_EDDSA;
	bool is_rsa = type == CRYPTO_KEY_RSA, is_ecdsa = crypto_ecdsa_value_len(type);
	const enum crypto_padding *paddings = is_rsa ? rsa : is_ecdsa ? &ecdsa : &eddsa;

	for (unsigned p = 0; p < (is_rsa ? 2 : 1); p++)
		for (unsigned n = 0; n < (is_rsa || is_ecdsa ? HASHES : 1); n++) {
			*ret_scheme = (struct crypto_sign_scheme){ paddings[p],
								   nth_hash(type, bits, n), 0 };
			if (acceptable(ret_scheme, hashes, c))
				return true;
		}
	return false;
}

int signature_choose(enum crypto_key_type type, unsigned bits, unsigned peer_hashes,
		     const struct auth_constraints *c, struct signature_choice *ret_choice)
{
	struct crypto_sign_scheme scheme;

	if (peer_hashes) {
		if (!choose_digital(type, bits, peer_hashes, c, &scheme))
			return -ENOTSUP;
		*ret_choice = (struct signature_choice){ IKE_AUTH_DIGITAL_SIGNATURE, scheme };
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(old_methods); i++)
		if (old_methods[i].type == type) {
			/* Whoever asks for hashes by name doesn't get another one. */
			if ((c->ike || c->chain) &&
			    !auth_constraints_allow(c, &old_methods[i].scheme))
				return -ENOTSUP;
			ret_choice->method = old_methods[i].method;
			ret_choice->scheme = old_methods[i].scheme;
			return 0;
		}
	return -ENOTSUP;
}

int signature_write(struct writer *w, enum crypto_key_type type,
		    const struct signature_choice *choice, struct bytes signature)
{
	uint8_t alg[256];
	struct writer a;
	int err;

	writer_init_fixed(&a, alg, sizeof(alg));
	if (choice->method == IKE_AUTH_DIGITAL_SIGNATURE) {
		err = signature_alg_write(&a, type, &choice->scheme);
		if (err < 0)
			return err;
	}
	ike_auth_write(w, choice->method, writer_view(&a));
	writer_bytes(w, signature);
	return w->err;
}

/* -------- verifying -------- */

static int refuse(const char *why, const char **ret_why)
{
	*ret_why = why;
	return 1;
}

static const char wrong_signature[] =
	"its signature is wrong: it is not made with the key that belongs to this certificate or "
	"public key, or over other messages";

static const char with_sha1[] = "its signature is made with SHA-1";

static int verify(const struct public_key *key, const struct crypto_sign_scheme *scheme,
		  const struct bytes *octets, size_t n, struct bytes signature,
		  const char **ret_why)
{
	int err = public_key_verify(key, scheme, octets, n, signature);

	return err == -EBADMSG || err == -EINVAL ? refuse(wrong_signature, ret_why) : err;
}

static int check_digital(struct bytes data, const struct public_key *key,
			 const struct auth_constraints *c, const struct bytes *octets, size_t n,
			 const char **ret_why)
{
	struct crypto_sign_scheme scheme;
	struct bytes signature;
	unsigned types;
	int err = signature_alg_parse(data, &scheme, &types, &signature);

	if (err == -EBADMSG)
		return refuse("the algorithm of its signature is malformed", ret_why);
	if (err == -ENOTSUP)
		return refuse("the algorithm of its signature is not known", ret_why);
	if (!(types & 1u << public_key_type(key)))
		return refuse("the algorithm of its signature doesn't go with its key", ret_why);
	if (scheme.padding == CRYPTO_PSS && scheme.salt_len < crypto_hash_len(scheme.hash) / 2)
		return refuse("the salt of its signature is too short", ret_why);
	/* Among them what we haven't announced: SHA-1 (RFC 7427 4, RFC 8247 3.2). */
	if (!auth_constraints_allow(c, &scheme))
		return refuse(
			scheme.padding != CRYPTO_EDDSA && scheme.hash == CRYPTO_HASH_SHA1
				? with_sha1
				: "the algorithm of its signature is not among those that auth "
				  "names",
			ret_why);
	return verify(key, &scheme, octets, n, signature, ret_why);
}

/* The hash isn't announced: SHA-1 is the default, others are as good (RFC 7296 3.8). Who announces
 * hashes knows better ones (RFC 7427 3). */
static int check_rsa(struct bytes signature, const struct public_key *key, unsigned peer_hashes,
		     const struct auth_constraints *c, const struct bytes *octets, size_t n,
		     const char **ret_why)
{
	struct crypto_sign_scheme scheme = { .padding = CRYPTO_PKCS1 };
	int err = public_key_pkcs1_hash(key, signature, &scheme.hash);

	if (err == -ENOTSUP)
		return refuse("the hash of its signature is not known", ret_why);
	if (err == -EBADMSG)
		return refuse(wrong_signature, ret_why);
	if (err < 0)
		return err;
	if ((c->ike || c->chain) && !auth_constraints_allow(c, &scheme))
		return refuse("auth does not allow the hash of its authentication method", ret_why);
	if (peer_hashes && !auth_constraints_allow(c, &scheme))
		return refuse(with_sha1, ret_why);
	return verify(key, &scheme, octets, n, signature, ret_why);
}

int signature_check(const struct ike_auth *auth, const struct public_key *key, unsigned peer_hashes,
		    const struct auth_constraints *c, const struct bytes *octets, size_t n,
		    const char **ret_why)
{
	enum crypto_key_type type = public_key_type(key);
	const char *why = auth_constraints_refuse_key(c, type, public_key_bits(key));

	if (why)
		return refuse(why, ret_why);
	if (auth->method == IKE_AUTH_DIGITAL_SIGNATURE)
		return check_digital(auth->data, key, c, octets, n, ret_why);
	for (size_t i = 0; i < ARRAY_SIZE(old_methods); i++) {
		if (old_methods[i].method != auth->method)
			continue;
		if (old_methods[i].type != type)
			return refuse("its authentication method doesn't go with its key", ret_why);
		if (type == CRYPTO_KEY_RSA)
			return check_rsa(auth->data, key, peer_hashes, c, octets, n, ret_why);
		if ((c->ike || c->chain) && !auth_constraints_allow(c, &old_methods[i].scheme))
			return refuse("auth does not allow the hash of its authentication method",
				      ret_why);
		return verify(key, &old_methods[i].scheme, octets, n, auth->data, ret_why);
	}
	return refuse("it uses an authentication method that is no signature", ret_why);
}
