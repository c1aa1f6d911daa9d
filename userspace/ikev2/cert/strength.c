/* SPDX-License-Identifier: MIT */
#include "ikev2/cert/strength.h"

#include <stdio.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "ikev2/cert/x509_private.h"

#define RSA_BITS_MIN 2048
#define EC_BITS_MIN  224

const char *strength_of_key(EVP_PKEY *key, char *buf, size_t size)
{
	int bits = EVP_PKEY_get_bits(key);

	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		if (bits >= RSA_BITS_MIN)
			return NULL;
		snprintf(buf, size, "has an RSA key of %d bits, at least %d are wanted", bits,
			 RSA_BITS_MIN);
		return buf;
	case EVP_PKEY_EC:
		if (bits >= EC_BITS_MIN)
			return NULL;
		snprintf(buf, size, "has an ECDSA key of %d bits, at least %d are wanted", bits,
			 EC_BITS_MIN);
		return buf;
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

const char *strength_of_signature(X509 *cert, bool allow_sha1)
{
	int digest, bits;

	if (!X509_get_signature_info(cert, &digest, NULL, &bits, NULL))
		return "is signed with an algorithm that is not known";
	return strength_of_digest(digest, allow_sha1);
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
