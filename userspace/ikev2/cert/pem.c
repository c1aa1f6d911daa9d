/* SPDX-License-Identifier: MIT */
#include "ikev2/cert/pem.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <openssl/bio.h>
#include <openssl/pem.h>

#include "ikev2/cert/x509_private.h"

static bool is_pem(struct bytes input)
{
	static const char begin[] = "-----BEGIN ";

	return input.len && memmem(input.data, input.len, begin, sizeof(begin) - 1);
}

static bool is_wanted(const char *label, const char *const *labels)
{
	for (; *labels; labels++)
		if (strcmp(label, *labels) == 0)
			return true;
	return false;
}

int pem_or_der_for_each(struct bytes input, const char *const *labels, pem_fn fn, void *data,
			unsigned *ret_n)
{
	unsigned n = 0;
	OPENSSL_SCOPE;
	int err = 0;
	BIO *bio;

	if (!input.len || input.len > INT_MAX)
		return -EBADMSG;
	if (!is_pem(input)) {
		err = fn(input, data);
		if (!err)
			*ret_n = 1;
		return err;
	}
	bio = BIO_new_mem_buf(input.data, (int)input.len);
	if (!bio)
		return -ENOMEM;
	while (!err) {
		unsigned char *der = NULL;
		char *label = NULL, *header = NULL;
		long len;

		if (!PEM_read_bio(bio, &label, &header, &der, &len)) {
			/* At the end there is no start line; all else is damage. */
			if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
				err = -EBADMSG;
			break;
		}
		if (is_wanted(label, labels)) {
			err = fn(BYTES(der, (size_t)len), data);
			n += !err;
		}
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_clear_free(der, (size_t)len);
	}
	BIO_free(bio);
	if (!err && !n)
		err = -ENOENT;
	if (!err)
		*ret_n = n;
	return err;
}
