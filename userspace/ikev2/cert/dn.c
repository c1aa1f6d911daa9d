/* SPDX-License-Identifier: MIT */
#include "ikev2/cert/dn.h"

#include <errno.h>

#include "ikev2/cert/dn_private.h"

/* -------- DER -------- */

uint8_t der_read(struct reader *r, struct bytes *ret_content, struct bytes *ret_whole)
{
	const uint8_t *start = r->pos;
	uint8_t tag = reader_u8(r);
	size_t len = reader_u8(r);

	if (len & 0x80) {
		size_t octets = len & 0x7f;

		/* X.690 10.1: definite, and no longer than need be. */
		if (octets == 0 || octets > 3)
			r->failed = true;
		len = 0;
		for (size_t i = 0; i < octets && !r->failed; i++)
			len = len << 8 | reader_u8(r);
		if (len < 0x80 || (octets > 1 && len >> (8 * (octets - 1)) == 0))
			r->failed = true;
	}
	if ((tag & 0x1f) == 0x1f)
		r->failed = true;
	*ret_content = reader_take(r, len);
	*ret_whole = r->failed ? BYTES_NONE : BYTES(start, (size_t)(r->pos - start));
	return r->failed ? 0 : tag;
}

void der_write_header(struct writer *w, uint8_t tag, size_t len)
{
	writer_u8(w, tag);
	if (len < 0x80) {
		writer_u8(w, (uint8_t)len);
	} else if (len < 0x100) {
		writer_u8(w, 0x81);
		writer_u8(w, (uint8_t)len);
	} else {
		writer_u8(w, 0x82);
		writer_u16(w, (uint16_t)len);
	}
}

/* AttributeTypeAndValue ::= SEQUENCE { type OBJECT IDENTIFIER, value ANY } */
static int attribute_read(struct bytes content, struct dn_attribute *ret_attribute)
{
	struct bytes ignored;
	struct reader r;

	reader_init(&r, content);
	if (der_read(&r, &ret_attribute->oid, &ignored) != DER_OID || !ret_attribute->oid.len ||
	    ret_attribute->oid.data[ret_attribute->oid.len - 1] & 0x80)
		return -EBADMSG;
	ret_attribute->tag = der_read(&r, &ret_attribute->value, &ret_attribute->whole);
	return reader_done(&r) ? 0 : -EBADMSG;
}

/* RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue */
static int rdn_read(struct bytes content, struct dn_attributes *attributes)
{
	struct bytes one, ignored;
	bool first = true;
	struct reader r;

	reader_init(&r, content);
	do {
		struct dn_attribute *attribute = &attributes->v[attributes->n];

		if (attributes->n == DN_ATTRIBUTES_MAX ||
		    der_read(&r, &one, &ignored) != DER_SEQUENCE ||
		    attribute_read(one, attribute) < 0)
			return -EBADMSG;
		attribute->starts_rdn = first;
		first = false;
		attributes->n++;
	} while (!reader_done(&r));
	return 0;
}

int dn_attributes_read(struct bytes der, struct dn_attributes *ret_attributes)
{
	struct bytes rdns, rdn, ignored;
	struct reader r;

	reader_init(&r, der);
	if (der_read(&r, &rdns, &ignored) != DER_SEQUENCE || !reader_done(&r))
		return -EBADMSG;
	ret_attributes->n = 0;
	reader_init(&r, rdns);
	while (!reader_done(&r))
		if (der_read(&r, &rdn, &ignored) != DER_SET || rdn_read(rdn, ret_attributes) < 0)
			return -EBADMSG;
	return 0;
}

int dn_check(struct bytes der)
{
	struct dn_attributes attributes;

	return dn_attributes_read(der, &attributes);
}

/* -------- values -------- */

size_t utf8_read(struct bytes s, uint32_t *ret_point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len;
	uint32_t point;

	if (!s.len)
		return 0;
	point = s.data[0];
	len = point < 0x80       ? 1
	      : point >> 5 == 6  ? 2
	      : point >> 4 == 14 ? 3
	      : point >> 3 == 30 ? 4
				 : 0;
	if (!len || len > s.len)
		return 0;
	if (len > 1)
		point &= 0x7fu >> len;
	for (size_t i = 1; i < len; i++) {
		if (s.data[i] >> 6 != 2)
			return 0;
		point = point << 6 | (s.data[i] & 0x3f);
	}
	if (point < least[len] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
		return 0;
	*ret_point = point;
	return len;
}

static void put_utf8(struct writer *w, uint32_t point)
{
	if (point < 0x80) {
		writer_u8(w, (uint8_t)point);
	} else if (point < 0x800) {
		writer_u8(w, (uint8_t)(0xc0 | point >> 6));
		writer_u8(w, (uint8_t)(0x80 | (point & 0x3f)));
	} else {
		writer_u8(w, (uint8_t)(0xe0 | point >> 12));
		writer_u8(w, (uint8_t)(0x80 | (point >> 6 & 0x3f)));
		writer_u8(w, (uint8_t)(0x80 | (point & 0x3f)));
	}
}

int dn_value_utf8(const struct dn_attribute *attribute, uint8_t *buf)
{
	struct bytes value = attribute->value;
	uint32_t point;
	struct writer w;
	size_t len;

	if (value.len > DN_VALUE_MAX)
		return -EBADMSG;
	writer_init_fixed(&w, buf, DN_VALUE_UTF8(DN_VALUE_MAX));
	switch (attribute->tag) {
	case DER_UTF8_STRING:
		for (size_t i = 0; i < value.len; i += len)
			if (!(len = utf8_read(BYTES(value.data + i, value.len - i), &point)))
				return -EBADMSG;
		writer_bytes(&w, value);
		break;
	case DER_NUMERIC_STRING:
	case DER_PRINTABLE_STRING:
	case DER_IA5_STRING:
	case DER_VISIBLE_STRING:
		for (size_t i = 0; i < value.len; i++)
			if (value.data[i] & 0x80)
				return -EBADMSG;
		writer_bytes(&w, value);
		break;
	case DER_T61_STRING:
		/* What everybody writes into it is Latin-1. */
		for (size_t i = 0; i < value.len; i++)
			put_utf8(&w, value.data[i]);
		break;
	case DER_BMP_STRING:
		if (value.len % 2)
			return -EBADMSG;
		for (size_t i = 0; i < value.len; i += 2) {
			point = (uint32_t)value.data[i] << 8 | value.data[i + 1];
			if (point >= 0xd800 && point < 0xe000)
				return -EBADMSG;
			put_utf8(&w, point);
		}
		break;
	default:
		return -EBADMSG;
	}
	return w.err ? -EBADMSG : (int)w.len;
}
