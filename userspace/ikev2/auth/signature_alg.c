/* SPDX-License-Identifier: MIT */
/*
 * All but RSASSA-PSS are fixed strings of octets, which RFC 7427 3 allows to compare as such. The
 * parameters of PSS are read: peers write salt lengths of their own, and leave defaults out or not.
 */
#include "ikev2/auth/signature_alg.h"

#include <errno.h>
#include <stdio.h>

#include "pdk/crypto/der.h"

#define RSA_KEYS   (1u << CRYPTO_KEY_RSA)
#define ECDSA_KEYS (1u << CRYPTO_KEY_ECDSA_P256 | 1u << CRYPTO_KEY_ECDSA_P384 | 1u << CRYPTO_KEY_ECDSA_P521)

#define OID_RSA	  "\x2a\x86\x48\x86\xf7\x0d\x01\x01"
#define OID_ECDSA "\x2a\x86\x48\xce\x3d\x04"
#define OID_HASH  "\x60\x86\x48\x01\x65\x03\x04\x02"

/* The OID, and whether NULL parameters follow (A.1) or none may (A.3, RFC 8410 3). */
static const struct fixed {
	const char *oid;
	bool null;
	struct crypto_sign_scheme scheme;
	unsigned types;
} fixed[] = {
	{ OID_RSA "\x05", true, { CRYPTO_PKCS1, CRYPTO_HASH_SHA1, 0 }, RSA_KEYS },
	{ OID_RSA "\x0b", true, { CRYPTO_PKCS1, CRYPTO_HASH_SHA256, 0 }, RSA_KEYS },
	{ OID_RSA "\x0c", true, { CRYPTO_PKCS1, CRYPTO_HASH_SHA384, 0 }, RSA_KEYS },
	{ OID_RSA "\x0d", true, { CRYPTO_PKCS1, CRYPTO_HASH_SHA512, 0 }, RSA_KEYS },
	{ "\x2a\x86\x48\xce\x3d\x04\x01", false, { CRYPTO_ECDSA_DER, CRYPTO_HASH_SHA1, 0 }, ECDSA_KEYS },
	{ OID_ECDSA "\x03\x02", false, { CRYPTO_ECDSA_DER, CRYPTO_HASH_SHA256, 0 }, ECDSA_KEYS },
	{ OID_ECDSA "\x03\x03", false, { CRYPTO_ECDSA_DER, CRYPTO_HASH_SHA384, 0 }, ECDSA_KEYS },
	{ OID_ECDSA "\x03\x04", false, { CRYPTO_ECDSA_DER, CRYPTO_HASH_SHA512, 0 }, ECDSA_KEYS },
	{ "\x2b\x65\x70", false, { CRYPTO_EDDSA, CRYPTO_HASH_SHA512, 0 }, 1u << CRYPTO_KEY_ED25519 },
	{ "\x2b\x65\x71", false, { CRYPTO_EDDSA, CRYPTO_HASH_SHA512, 0 }, 1u << CRYPTO_KEY_ED448 },
};

static const char oid_pss[] = OID_RSA "\x0a";
static const char oid_mgf1[] = OID_RSA "\x08";

static const struct {
	const char *name, *oid;
	enum ike_sig_hash number;
} hashes[CRYPTO_HASH_N] = {
	[CRYPTO_HASH_SHA1] = { "SHA-1", "\x2b\x0e\x03\x02\x1a", IKE_SIG_HASH_SHA1 },
	[CRYPTO_HASH_SHA256] = { "SHA-256", OID_HASH "\x01", IKE_SIG_HASH_SHA2_256 },
	[CRYPTO_HASH_SHA384] = { "SHA-384", OID_HASH "\x02", IKE_SIG_HASH_SHA2_384 },
	[CRYPTO_HASH_SHA512] = { "SHA-512", OID_HASH "\x03", IKE_SIG_HASH_SHA2_512 },
};

/* -------- writing -------- */

#define ALG_MAX 128

/* Put an element around what inner holds. */
static void put(struct writer *w, uint8_t tag, struct bytes inner)
{
	writer_u8(w, tag);
	writer_u8(w, (uint8_t)inner.len);
	writer_bytes(w, inner);
}

/* SEQUENCE { OID, NULL } */
static struct bytes hash_identifier(enum crypto_hash hash, uint8_t buf[32])
{
	struct writer inner, w;
	uint8_t body[24];

	writer_init_fixed(&inner, body, sizeof(body));
	put(&inner, DER_OID, bytes_str(hashes[hash].oid));
	put(&inner, DER_NULL, BYTES_NONE);
	writer_init_fixed(&w, buf, 32);
	put(&w, DER_SEQUENCE, writer_view(&inner));
	return writer_view(&w);
}

/*
 * RSASSA-PSS-params without trailerField, whose value is the default: DER leaves such fields out
 * (X.690 11.5). The example of RFC 7427 A.4.3 has it, but libreswan takes only what is DER.
 */
static void put_pss(struct writer *w, const struct crypto_sign_scheme *scheme)
{
	uint8_t salt = (uint8_t)(scheme->salt_len ? scheme->salt_len
						  : crypto_hash_len(scheme->hash));
	uint8_t hash_buf[32], mgf_body[64], mgf_buf[64], params[ALG_MAX], number[3] = { DER_INTEGER, 1 };
	struct bytes hash = hash_identifier(scheme->hash, hash_buf);
	struct writer mgf, mgf_seq, p;

	writer_init_fixed(&mgf, mgf_body, sizeof(mgf_body));
	put(&mgf, DER_OID, bytes_str(oid_mgf1));
	writer_bytes(&mgf, hash);
	writer_init_fixed(&mgf_seq, mgf_buf, sizeof(mgf_buf));
	put(&mgf_seq, DER_SEQUENCE, writer_view(&mgf));
	writer_init_fixed(&p, params, sizeof(params));
	put(&p, DER_CONTEXT + 0, hash);
	put(&p, DER_CONTEXT + 1, writer_view(&mgf_seq));
	number[2] = salt;
	put(&p, DER_CONTEXT + 2, BYTES_OF(number));
	put(w, DER_SEQUENCE, writer_view(&p));
}

static const struct fixed *fixed_of(enum crypto_key_type type,
				    const struct crypto_sign_scheme *scheme)
{
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		if (fixed[i].scheme.padding == scheme->padding && fixed[i].types & 1u << type &&
		    (scheme->padding == CRYPTO_EDDSA || fixed[i].scheme.hash == scheme->hash))
			return &fixed[i];
	return NULL;
}

int signature_alg_write(struct writer *w, enum crypto_key_type type,
			const struct crypto_sign_scheme *scheme)
{
	uint8_t body[ALG_MAX], alg[ALG_MAX];
	struct writer inner, outer;

	writer_init_fixed(&inner, body, sizeof(body));
	writer_init_fixed(&outer, alg, sizeof(alg));
	if (scheme->padding == CRYPTO_PSS && type == CRYPTO_KEY_RSA) {
		put(&inner, DER_OID, bytes_str(oid_pss));
		put_pss(&inner, scheme);
	} else {
		const struct fixed *f = fixed_of(type, scheme);

		if (!f)
			return -EINVAL;
		put(&inner, DER_OID, bytes_str(f->oid));
		if (f->null)
			put(&inner, DER_NULL, BYTES_NONE);
	}
	put(&outer, DER_SEQUENCE, writer_view(&inner));
	if (inner.err || outer.err)
		return -EINVAL;
	writer_u8(w, (uint8_t)outer.len);
	writer_bytes(w, writer_view(&outer));
	return w->err;
}

/* -------- reading -------- */

static bool is_oid(struct bytes oid, const char *expected)
{
	return bytes_equal(oid, bytes_str(expected));
}

/* The parameters of an algorithm that has none: absent or NULL. */
static bool no_parameters(struct reader *r)
{
	if (reader_left(r) && der_take(r, DER_NULL).len)
		return false;
	return reader_done(r);
}

static int parse_hash(struct bytes identifier, enum crypto_hash *ret_hash)
{
	struct reader r;
	struct bytes oid;

	reader_init(&r, identifier);
	oid = der_take(&r, DER_OID);
	if (!no_parameters(&r))
		return -EBADMSG;
	for (enum crypto_hash h = 0; h < CRYPTO_HASH_N; h++)
		if (is_oid(oid, hashes[h].oid)) {
			*ret_hash = h;
			return 0;
		}
	return -ENOTSUP;
}

/* A small positive INTEGER. */
static int parse_number(struct bytes element, size_t *ret_number)
{
	struct reader r;
	struct bytes n;

	reader_init(&r, element);
	n = der_take(&r, DER_INTEGER);
	if (!reader_done(&r) || n.len != 1 || n.data[0] & 0x80)
		return -EBADMSG;
	*ret_number = n.data[0];
	return 0;
}

/* [1] { SEQUENCE { mgf1, SEQUENCE { hash } } } */
static int parse_mgf(struct bytes element, enum crypto_hash *ret_hash)
{
	struct reader outer, r;
	struct bytes oid, hash;

	reader_init(&outer, element);
	reader_init(&r, der_take(&outer, DER_SEQUENCE));
	if (!reader_done(&outer))
		return -EBADMSG;
	oid = der_take(&r, DER_OID);
	hash = der_take(&r, DER_SEQUENCE);
	if (!reader_done(&r))
		return -EBADMSG;
	return is_oid(oid, oid_mgf1) ? parse_hash(hash, ret_hash) : -ENOTSUP;
}

/* RFC 4055 3.1; what isn't there has its default, and those are about SHA-1. */
static int parse_pss(struct bytes params, struct crypto_sign_scheme *ret_scheme)
{
	enum crypto_hash hash = CRYPTO_HASH_SHA1, mgf_hash = CRYPTO_HASH_SHA1;
	size_t salt = 20, trailer = 1;
	struct reader r, inner;
	int err = 0;

	reader_init(&r, params);
	if (der_next_is(&r, DER_CONTEXT + 0)) {
		struct bytes element = der_take(&r, DER_CONTEXT + 0);

		reader_init(&inner, element);
		err = parse_hash(der_take(&inner, DER_SEQUENCE), &hash);
		if (!reader_done(&inner))
			err = -EBADMSG;
	}
	if (!err && der_next_is(&r, DER_CONTEXT + 1))
		err = parse_mgf(der_take(&r, DER_CONTEXT + 1), &mgf_hash);
	if (!err && der_next_is(&r, DER_CONTEXT + 2))
		err = parse_number(der_take(&r, DER_CONTEXT + 2), &salt);
	if (!err && der_next_is(&r, DER_CONTEXT + 3))
		err = parse_number(der_take(&r, DER_CONTEXT + 3), &trailer);
	if (err)
		return err;
	if (!reader_done(&r))
		return -EBADMSG;
	/* A salt of no length at all makes it deterministic: nobody needs that. */
	if (mgf_hash != hash || trailer != 1 || salt == 0)
		return -ENOTSUP;
	*ret_scheme = (struct crypto_sign_scheme){ CRYPTO_PSS, hash, salt };
	return 0;
}

static int parse_identifier(struct bytes alg, struct crypto_sign_scheme *ret_scheme,
			    unsigned *ret_types)
{
	struct reader outer, r;
	struct bytes oid, params;

	reader_init(&outer, alg);
	reader_init(&r, der_take(&outer, DER_SEQUENCE));
	oid = der_take(&r, DER_OID);
	if (!reader_done(&outer) || r.failed)
		return -EBADMSG;
	if (is_oid(oid, oid_pss)) {
		params = der_take(&r, DER_SEQUENCE);
		if (!reader_done(&r))
			return -EBADMSG;
		*ret_types = RSA_KEYS;
		return parse_pss(params, ret_scheme);
	}
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++) {
		if (!is_oid(oid, fixed[i].oid))
			continue;
		/* Some leave the NULL out, some put it where none belongs: it means nothing. */
		if (!no_parameters(&r))
			return -EBADMSG;
		*ret_scheme = fixed[i].scheme;
		*ret_types = fixed[i].types;
		return 0;
	}
	return -ENOTSUP;
}

int signature_alg_parse(struct bytes data, struct crypto_sign_scheme *ret_scheme,
			unsigned *ret_types, struct bytes *ret_signature)
{
	struct crypto_sign_scheme scheme = { 0 };
	unsigned types = 0;
	struct bytes alg;
	struct reader r;
	int err;

	reader_init(&r, data);
	alg = reader_take(&r, reader_u8(&r));
	if (r.failed || !alg.len)
		return -EBADMSG;
	err = parse_identifier(alg, &scheme, &types);
	if (err < 0)
		return err;
	*ret_scheme = scheme;
	*ret_types = types;
	*ret_signature = reader_rest(&r);
	return 0;
}

/* -------- names and numbers -------- */

char *signature_alg_str(const struct crypto_sign_scheme *scheme, char *buf)
{
	const char *padding = "";

	switch (scheme->padding) {
	case CRYPTO_PKCS1:
		padding = "RSASSA-PKCS1-v1_5";
		break;
	case CRYPTO_PSS:
		padding = "RSASSA-PSS";
		break;
	case CRYPTO_ECDSA_DER:
	case CRYPTO_ECDSA_RAW:
		padding = "ECDSA";
		break;
	case CRYPTO_EDDSA:
		snprintf(buf, SIGNATURE_ALG_STRLEN, "EdDSA");
		return buf;
	}
	snprintf(buf, SIGNATURE_ALG_STRLEN, "%s with %s", padding, hashes[scheme->hash].name);
	return buf;
}

enum ike_sig_hash signature_alg_hash(const struct crypto_sign_scheme *scheme)
{
	return scheme->padding == CRYPTO_EDDSA ? IKE_SIG_HASH_IDENTITY
					       : hashes[scheme->hash].number;
}

static const uint16_t announced[] = { IKE_SIG_HASH_SHA2_256, IKE_SIG_HASH_SHA2_384,
				      IKE_SIG_HASH_SHA2_512, IKE_SIG_HASH_IDENTITY };

void signature_hashes_write(struct writer *w)
{
	for (size_t i = 0; i < ARRAY_SIZE(announced); i++)
		writer_u16(w, announced[i]);
}

unsigned signature_hashes_parse(struct bytes data)
{
	unsigned set = SIGNATURE_HASHES_SAID;
	struct reader r;

	reader_init(&r, data);
	while (reader_left(&r) >= 2) {
		uint16_t number = reader_u16(&r);

		if (number < 16)
			set |= 1u << number;
	}
	return set;
}
