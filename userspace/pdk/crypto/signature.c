/* SPDX-License-Identifier: MIT */
#include "pdk/crypto/signature.h"

#include <errno.h>

#include "pdk/crypto/der.h"

static const struct {
	const char *name;
	size_t value_len;
} key_types[CRYPTO_KEY_N] = {
	[CRYPTO_KEY_RSA] = { "RSA", 0 },
	[CRYPTO_KEY_ECDSA_P256] = { "ECDSA P-256", 32 },
	[CRYPTO_KEY_ECDSA_P384] = { "ECDSA P-384", 48 },
	[CRYPTO_KEY_ECDSA_P521] = { "ECDSA P-521", 66 },
	[CRYPTO_KEY_ED25519] = { "Ed25519", 0 },
	[CRYPTO_KEY_ED448] = { "Ed448", 0 },
};

const char *crypto_key_type_name(enum crypto_key_type type)
{
	return key_types[type].name;
}

size_t crypto_ecdsa_value_len(enum crypto_key_type type)
{
	return key_types[type].value_len;
}

bool crypto_scheme_fits(const struct crypto_sign_scheme *scheme, enum crypto_key_type type)
{
	switch (scheme->padding) {
	case CRYPTO_PKCS1:
	case CRYPTO_PSS:
		return type == CRYPTO_KEY_RSA;
	case CRYPTO_ECDSA_DER:
	case CRYPTO_ECDSA_RAW:
		return key_types[type].value_len;
	case CRYPTO_EDDSA:
		return type == CRYPTO_KEY_ED25519 || type == CRYPTO_KEY_ED448;
	}
	return false;
}

/* -------- ECDSA values -------- */

/* A positive INTEGER in the shortest form, right-aligned in value_len bytes. */
static void der_number(struct reader *r, uint8_t *ret_value, size_t value_len)
{
	struct bytes n = der_take(r, DER_INTEGER);

	if (r->failed || !n.len || n.data[0] & 0x80 ||
	    (n.len > 1 && n.data[0] == 0 && !(n.data[1] & 0x80))) {
		r->failed = true;
		return;
	}
	if (n.data[0] == 0) {
		n.data++;
		n.len--;
	}
	if (n.len > value_len) {
		r->failed = true;
		return;
	}
	memset(ret_value, 0, value_len - n.len);
	if (n.len)
		memcpy(ret_value + value_len - n.len, n.data, n.len);
}

int crypto_ecdsa_to_raw(struct bytes der, size_t value_len, uint8_t *ret_raw)
{
	struct reader outer, inner;
	uint8_t raw[2 * 66];
	struct bytes body;

	if (2 * value_len > sizeof(raw))
		return -EINVAL;
	reader_init(&outer, der);
	body = der_take(&outer, DER_SEQUENCE);
	if (!reader_done(&outer))
		return -EBADMSG;
	reader_init(&inner, body);
	der_number(&inner, raw, value_len);
	der_number(&inner, raw + value_len, value_len);
	if (!reader_done(&inner))
		return -EBADMSG;
	memcpy(ret_raw, raw, 2 * value_len);
	return 0;
}

static void der_put_header(struct writer *w, uint8_t tag, size_t len)
{
	writer_u8(w, tag);
	if (len > 0x7f)
		writer_u8(w, 0x81);
	writer_u8(w, (uint8_t)len);
}

static struct bytes without_zeros(struct bytes n)
{
	while (n.len > 1 && n.data[0] == 0) {
		n.data++;
		n.len--;
	}
	return n;
}

/* A zero goes before a number whose top bit is set, which would be negative else. */
static size_t padding_of(struct bytes n)
{
	return n.data[0] & 0x80 ? 1 : 0;
}

static size_t number_len(struct bytes n)
{
	return 2 + padding_of(n) + n.len;
}

static void der_put_number(struct writer *w, struct bytes n)
{
	der_put_header(w, DER_INTEGER, padding_of(n) + n.len);
	writer_zeros(w, padding_of(n));
	writer_bytes(w, n);
}

int crypto_ecdsa_to_der(struct bytes raw, size_t value_len, struct writer *w)
{
	struct bytes r, s;

	if (!value_len || value_len > 66 || raw.len != 2 * value_len)
		return -EBADMSG;
	r = without_zeros(BYTES(raw.data, value_len));
	s = without_zeros(BYTES(raw.data + value_len, value_len));
	der_put_header(w, DER_SEQUENCE, number_len(r) + number_len(s));
	der_put_number(w, r);
	der_put_number(w, s);
	return w->err;
}
