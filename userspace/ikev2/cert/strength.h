/* SPDX-License-Identifier: MIT */
#pragma once
/* Which keys and signature algorithms are strong enough: 112 bits (NIST SP 800-57), no MD5, and
 * SHA-1 only where configuration allows it. Pure. Any thread. */
#include <stdbool.h>
#include <stddef.h>
#include <openssl/types.h>

struct crypto_sign_scheme;

/* What configuration asks for. Zero is the default of each. */
struct strength_rules {
	unsigned rsa_bits, ecdsa_bits; /* at least; 0: 2048, 224 */
	bool allow_sha1;
	/* May a certificate be signed so? scheme NULL: by one that we have no name for. NULL: it
	 * may. */
	bool (*allows)(const struct crypto_sign_scheme *scheme, const void *data);
	const void *data;
};

/*
 * NULL: good. Else what is wrong with it, to stand behind a certificate's name; buf may hold it.
 * rules NULL: the defaults.
 */
const char *strength_of_key(EVP_PKEY *key, const struct strength_rules *rules, char *buf,
			    size_t size);
/* Of a certificate's signature. */
const char *strength_of_signature(X509 *cert, const struct strength_rules *rules, char *buf,
				  size_t size);
/* Of a signature algorithm such as a CRL's or an OCSP response's. */
const char *strength_of_algorithm(const X509_ALGOR *alg, bool allow_sha1);
