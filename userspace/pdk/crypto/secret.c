/* SPDX-License-Identifier: MIT */
#include "pdk/crypto/secret.h"

#include <errno.h>
#include <stdlib.h>

#include <openssl/crypto.h>

int secret_init(struct secret *s, size_t len)
{
	uint8_t *data = NULL;

	if (len) {
		data = calloc(1, len);
		if (!data)
			return -ENOMEM;
	}
	*s = (struct secret){ data, len };
	return 0;
}

int secret_from_bytes(struct secret *s, struct bytes b)
{
	int err = secret_init(s, b.len);

	if (err)
		return err;
	if (b.len)
		memcpy(s->data, b.data, b.len);
	return 0;
}

void secret_fini(struct secret *s)
{
	secret_wipe(s->data, s->len);
	free(s->data);
	*s = SECRET_NONE;
}

void secret_move(struct secret *to, struct secret *from)
{
	secret_fini(to);
	*to = *from;
	*from = SECRET_NONE;
}

void secret_wipe(void *data, size_t len)
{
	if (len)
		OPENSSL_cleanse(data, len);
}
