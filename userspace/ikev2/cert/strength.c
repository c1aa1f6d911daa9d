/* SPDX-License-Identifier: MIT */
#include "ikev2/cert/strength.h"

#include <stdio.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "pdk/crypto/signature.h"
#include "ikev2/cert/x509_private.h"

#define RSA_BITS_MIN 2048
#define EC_BITS_MIN  224

static const char *compare_bits(const char *kind, unsigned least, int bits, char *buf, size_t size)
{
	if (bits >= 0 && (unsigned)bits >= least)
		return NULL;
	snprintf(buf, size, "has an %s key of %d bits, at least %u are wanted", kind, bits, least);
	return buf;
}

const char *strength_of_key(EVP_PKEY *key, const struct strength_rules *rules, char *buf,
			    size_t size)
{
	unsigned rsa_bits = rules && rules->rsa_bits ? rules->rsa_bits : RSA_BITS_MIN;
	unsigned ec_bits = rules && rules->ecdsa_bits ? rules->ecdsa_bits : EC_BITS_MIN;
	int bits = EVP_PKEY_get_bits(key);

	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		return compare_bits("RSA", rsa_bits, bits, buf, size);
	case EVP_PKEY_EC:
		return compare_bits("ECDSA", ec_bits, bits, buf, size);
	case EVP_PKEY_ED25519:
	case EVP_PKEY_ED448:
		return NULL;
	}
	return "has a key that is neither RSA nor ECDSA nor EdDSA";
}

static const char *strength_of_digest(int nid, bool allow_sha1)
{
	switch (nid) {
	case NID_md2:
	case NID_md4:
	case NID_md5:
	case NID_md5_sha1:
		return "is signed with MD5";
	case NID_sha1:
		return allow_sha1 ? NULL : "is signed with SHA-1";
	}
	return NULL;
}

static const struct {
	int nid;
	enum crypto_hash hash;
} hashes[] = {
	{ NID_sha1, CRYPTO_HASH_SHA1 },
	{ NID_sha256, CRYPTO_HASH_SHA256 },
	{ NID_sha384, CRYPTO_HASH_SHA384 },
	{ NID_sha512, CRYPTO_HASH_SHA512 },
};

static const struct {
	int nid;
	enum crypto_padding padding;
} paddings[] = {
	{ NID_rsaEncryption, CRYPTO_PKCS1 },
	{ NID_rsassaPss, CRYPTO_PSS },
	{ NID_X9_62_id_ecPublicKey, CRYPTO_ECDSA_DER },
	{ NID_ED25519, CRYPTO_EDDSA },
	{ NID_ED448, CRYPTO_EDDSA },
};

/* False: it is none of ours. */
static bool scheme_of(int digest, int key, struct crypto_sign_scheme *ret_scheme)
{
	struct crypto_sign_scheme scheme = { .salt_len = 0 };
	bool known = false;

	for (size_t i = 0; i < ARRAY_SIZE(paddings) && !known; i++) {
		known = paddings[i].nid == key;
		scheme.padding = paddings[i].padding;
	}
	if (!known || scheme.padding == CRYPTO_EDDSA) {
		*ret_scheme = scheme;
		return known;
	}
	known = false;
	for (size_t i = 0; i < ARRAY_SIZE(hashes) && !known; i++) {
		known = hashes[i].nid == digest;
		scheme.hash = hashes[i].hash;
	}
	*ret_scheme = scheme;
	return known;
}

const char *strength_of_signature(X509 *cert, const struct strength_rules *rules, char *buf,
				  size_t size)
{
	struct crypto_sign_scheme scheme;
	int digest, key, bits;
	const char *wrong;

	if (!X509_get_signature_info(cert, &digest, &key, &bits, NULL))
		return "is signed with an algorithm that is not known";
	wrong = strength_of_digest(digest, rules->allow_sha1);
	if (wrong || !rules->allows)
		return wrong;
	if (rules->allows(scheme_of(digest, key, &scheme) ? &scheme : NULL, rules->data))
		return NULL;
	snprintf(buf, size, "is signed with %s%s%s, which auth does not allow in a chain",
		 key == NID_rsassaPss ? "RSASSA-PSS" : OBJ_nid2ln(X509_get_signature_nid(cert)),
		 key == NID_rsassaPss ? " and " : "",
		 key == NID_rsassaPss ? OBJ_nid2sn(digest) : "");
	return buf;
}

/* RFC 4055 3.1: the hash of RSASSA-PSS is a parameter, and SHA-1 unless it is said. */
static int pss_digest(const X509_ALGOR *alg)
{
	int nid = NID_sha1, type;
	RSA_PSS_PARAMS *params;
	const ASN1_OBJECT *hash;
	const void *value;

	X509_ALGOR_get0(NULL, &type, &value, alg);
	if (type != V_ASN1_SEQUENCE)
		return NID_undef;
	params = ASN1_item_unpack(value, ASN1_ITEM_rptr(RSA_PSS_PARAMS));
	if (!params)
		return NID_undef;
	if (params->hashAlgorithm) {
		X509_ALGOR_get0(&hash, NULL, NULL, params->hashAlgorithm);
		nid = OBJ_obj2nid(hash);
	}
	RSA_PSS_PARAMS_free(params);
	return nid;
}

const char *strength_of_algorithm(const X509_ALGOR *alg, bool allow_sha1)
{
	const ASN1_OBJECT *oid;
	int digest, nid;
	OPENSSL_SCOPE;

	X509_ALGOR_get0(&oid, NULL, NULL, alg);
	nid = OBJ_obj2nid(oid);
	if (nid == NID_rsassaPss)
		return strength_of_digest(pss_digest(alg), allow_sha1);
	if (!OBJ_find_sigid_algs(nid, &digest, NULL))
		return "is signed with an algorithm that is not known";
	return strength_of_digest(digest, allow_sha1);
}
