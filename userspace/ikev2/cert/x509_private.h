/* SPDX-License-Identifier: MIT */
#pragma once
/* Small things that several files of this folder want of OpenSSL. */
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "pdk/base/bytes.h"
#include "ikev2/cert/wall_time.h"

/* -EBADMSG: no time at all. */
int asn1_time_read(const ASN1_TIME *time, struct wall_time *ret_time);

static inline struct bytes asn1_bytes(const ASN1_STRING *string)
{
	return string ? BYTES(ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string))
		      : BYTES_NONE;
}

/* DER of a name, kept inside it. */
static inline struct bytes x509_name_der(const X509_NAME *name)
{
	const unsigned char *der;
	size_t len;

	return X509_NAME_get0_der(name, &der, &len) ? BYTES(der, len) : BYTES_NONE;
}

/* Empties the error queue at the end of the scope: nothing is left for the next who looks. */
static inline void openssl_errors_clear(int *unused)
{
	ERR_clear_error();
}
#define OPENSSL_SCOPE _cleanup_(openssl_errors_clear) _unused_ int openssl_scope = 0
