/* SPDX-License-Identifier: MIT */
#pragma once
/* Which keys and signature algorithms are strong enough: 112 bits (NIST SP 800-57), no MD5, and
 * SHA-1 only where configuration allows it. Pure. Any thread. */
#include <stdbool.h>
#include <stddef.h>
#include <openssl/types.h>

/* NULL: good. Else what is wrong with it, to stand behind a certificate's name; buf may hold it. */
const char *strength_of_key(EVP_PKEY *key, char *buf, size_t size);
/* Of a certificate's signature. */
const char *strength_of_signature(X509 *cert, bool allow_sha1);
/* Of a signature algorithm such as a CRL's or an OCSP response's. */
const char *strength_of_algorithm(const X509_ALGOR *alg, bool allow_sha1);
