/* SPDX-License-Identifier: MIT */
#include "pdk/crypto/pkcs12.h"

#include <errno.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "pdk/crypto/key_impl.h"

static int put_certificate(struct pkcs12 *content, X509 *cert)
{
	uint8_t *der = NULL;
	int err, len;

	if (content->n_certificates == PKCS12_CERTIFICATES_MAX)
		return -E2BIG;
	len = i2d_X509(cert, &der);
	if (len < 0)
		return crypto_error(-ENOMEM);
	err = bytes_dup(BYTES(der, len), &content->certificates[content->n_certificates].data);
	if (err == 0)
		content->certificates[content->n_certificates++].len = (size_t)len;
	OPENSSL_free(der);
	return err;
}

static int why_not(void)
{
	unsigned long last = ERR_peek_last_error();
	int reason = ERR_GET_REASON(last);

	/* An algorithm that can't be fetched stands somewhere in the queue, not always at its end. */
	for (unsigned long e = ERR_get_error(); e; e = ERR_get_error())
		if (ERR_GET_REASON(e) == ERR_R_UNSUPPORTED ||
		    ERR_GET_REASON(e) == EVP_R_UNSUPPORTED_ALGORITHM)
			return -ENOTSUP;
	return reason == PKCS12_R_MAC_VERIFY_FAILURE ? -EKEYREJECTED : -EBADMSG;
}

int pkcs12_read(struct bytes data, const char *password, struct pkcs12 *ret_content)
{
	const uint8_t *at = data.data;
	struct pkcs12 content = { 0 };
	PKCS12 *p12 = data.len <= INT32_MAX ? d2i_PKCS12(NULL, &at, (long)data.len) : NULL;
	STACK_OF(X509) *cas = NULL;
	EVP_PKEY *pkey = NULL;
	X509 *cert = NULL;
	int err;

	if (!p12)
		return crypto_error(-EBADMSG);
	err = PKCS12_parse(p12, password, &pkey, &cert, &cas) == 1 ? 0 : why_not();
	PKCS12_free(p12);
	if (err == 0 && cert) {
		content.key_has_certificate = pkey;
		err = put_certificate(&content, cert);
	}
	for (int i = 0; err == 0 && i < sk_X509_num(cas); i++)
		err = put_certificate(&content, sk_X509_value(cas, i));
	if (err == 0 && pkey)
		err = private_key_new_take(steal_ptr(pkey), false, &content.key);
	EVP_PKEY_free(pkey);
	X509_free(cert);
	sk_X509_pop_free(cas, X509_free);
	ERR_clear_error();
	if (err < 0)
		pkcs12_fini(&content);
	else
		*ret_content = content;
	return err;
}

void pkcs12_fini(struct pkcs12 *content)
{
	private_key_unref(content->key);
	for (size_t i = 0; i < content->n_certificates; i++)
		free(content->certificates[i].data);
	*content = (struct pkcs12){ 0 };
}
