/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A public key that signatures are verified with: parsed once, never changed, counted. Any thread
 * may use it, several at a time. Errors are those of ctx.h.
 */
#include <openssl/types.h>
#include "pdk/crypto/signature.h"

#define PUBLIC_KEY_HASH_LEN 20 /* SHA-1 */

struct public_key;

/*
 * From the DER of a SubjectPublicKeyInfo, all of it (RFC 7670 2). -EBADMSG; -ENOTSUP: a kind of key,
 * or a curve, that isn't in enum crypto_key_type, or an RSA key that public_key_is_slow();
 * -ENOMEM.
 */
int public_key_from_spki(struct bytes der, struct public_key **ret_key);
/* From text or DER as it stands in a file: SubjectPublicKeyInfo or, of RSA, RSAPublicKey. */
int public_key_from_file(struct bytes data, struct public_key **ret_key);
/* Of a certificate, for instance. Takes a reference of its own. */
int public_key_from_evp(EVP_PKEY *pkey, struct public_key **ret_key);

/* An RSA key beyond CRYPTO_RSA_BITS_MAX or CRYPTO_RSA_EXPONENT_BITS_MAX. */
bool public_key_is_slow(EVP_PKEY *pkey);

struct public_key *public_key_ref(const struct public_key *key);
/* Takes NULL, returns NULL. */
struct public_key *public_key_unref(const struct public_key *key);

enum crypto_key_type public_key_type(const struct public_key *key);
unsigned public_key_bits(const struct public_key *key); /* of the modulus, the order */
/* Views that live as long as the key: DER of SubjectPublicKeyInfo; SHA-1 of that (RFC 7296 3.7);
 * SHA-1 of the subjectPublicKey alone (RFC 5280 4.2.1.2 (1), and what control clients call a key).
 */
struct bytes public_key_spki(const struct public_key *key);
struct bytes public_key_spki_hash(const struct public_key *key);
struct bytes public_key_id(const struct public_key *key);
bool public_key_equal(const struct public_key *a, const struct public_key *b);

/*
 * Is signature one over parts[0] | ... | parts[n - 1]? 0; -EBADMSG: it isn't; -EINVAL: scheme
 * doesn't go with the key; -ENOTSUP, -ENOMEM.
 */
int public_key_verify(const struct public_key *key, const struct crypto_sign_scheme *scheme,
		      const struct bytes *parts, size_t n, struct bytes signature);

/*
 * The hash that a signature of CRYPTO_PKCS1 is made with: it is inside (RFC 8017 9.2). -EBADMSG: it
 * is none that this RSA key has made; -EINVAL: no RSA key; -ENOTSUP: a hash that isn't ours;
 * -ENOMEM. Says nothing about what was signed.
 */
int public_key_pkcs1_hash(const struct public_key *key, struct bytes signature,
			  enum crypto_hash *ret_hash);
