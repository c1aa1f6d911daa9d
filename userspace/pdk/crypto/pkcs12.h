/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A PKCS#12 container (RFC 7292): a private key, its certificate and those of CAs, under a password.
 */
#include "pdk/crypto/private_key.h"

#define PKCS12_CERTIFICATES_MAX 32

struct pkcs12 {
	struct private_key *key; /* NULL: it has none */
	/* DER, each free()d by pkcs12_fini(). The one of the key comes first, if key_has_certificate.
	 */
	bool key_has_certificate;
	size_t n_certificates;
	struct {
		uint8_t *data;
		size_t len;
	} certificates[PKCS12_CERTIFICATES_MAX];
};

/*
 * 0; -EKEYREJECTED: the password is wrong; -EBADMSG: it isn't PKCS#12; -ENOTSUP: it is made with
 * algorithms (RC2, mostly) that OpenSSL has in its legacy provider only, or its key is of no kind
 * of ours; -E2BIG: too many certificates; -ENOMEM. End with pkcs12_fini().
 */
int pkcs12_read(struct bytes data, const char *password, struct pkcs12 *ret_content);
/* May be called on a zeroed or finished object. */
void pkcs12_fini(struct pkcs12 *content);
