/* SPDX-License-Identifier: MIT */
#pragma once
/* Shared by dn.c, dn_canonical.c and dn_text.c: the DER of a Name taken to pieces. */
#include <stdbool.h>
#include <stddef.h>
#include "pdk/base/bytes.h"
#include "ikev2/cert/dn.h"

/* Universal tags, X.690 8 and X.680 8. */
enum der_tag {
	DER_OID = 0x06,
	DER_UTF8_STRING = 0x0c,
	DER_NUMERIC_STRING = 0x12,
	DER_PRINTABLE_STRING = 0x13,
	DER_T61_STRING = 0x14,
	DER_IA5_STRING = 0x16,
	DER_VISIBLE_STRING = 0x1a,
	DER_BMP_STRING = 0x1e,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
};

struct dn_attribute {
	struct bytes oid;   /* content of the OBJECT IDENTIFIER */
	struct bytes whole; /* the value with its header */
	uint8_t tag;
	struct bytes value; /* its content */
	bool starts_rdn;
};

struct dn_attributes {
	size_t n;
	struct dn_attribute v[DN_ATTRIBUTES_MAX];
};

/* The next element: tag, content, and all of it. Definite, minimal lengths of low tags alone, as
 * DER has them; else the reader fails. */
uint8_t der_read(struct reader *r, struct bytes *ret_content, struct bytes *ret_whole);
/* Tag and length; content follows. */
void der_write_header(struct writer *w, uint8_t tag, size_t len);

/* -EBADMSG */
int dn_attributes_read(struct bytes der, struct dn_attributes *ret_attributes);

/* Bytes of UTF-8 that a value of len content octets can become. */
#define DN_VALUE_MAX     512
#define DN_VALUE_UTF8(n) (2 * (n))

/*
 * A string value as UTF-8 into buf of DN_VALUE_UTF8(DN_VALUE_MAX). Its length; -EBADMSG: no string,
 * not valid as what it says it is, or longer than DN_VALUE_MAX.
 */
int dn_value_utf8(const struct dn_attribute *attribute, uint8_t *buf);

/* The length of the UTF-8 sequence that s starts with, and its code point; 0: it is none. */
size_t utf8_read(struct bytes s, uint32_t *ret_point);

bool dn_is_wildcard(const struct dn_attribute *attribute);
