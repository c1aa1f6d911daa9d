/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ikev2/cert/dn.h"
#include "ikev2/cert/dn_private.h"

/* -------- attribute types -------- */

#define OID_MAX 32

/* RFC 4519, RFC 5280 A.1 and PKCS #9; the first name of a type is the one that is printed. */
static const struct dn_type {
	const char *name;
	const char *oid; /* content octets */
} types[] = {
	{ "CN", "\x55\x04\x03" },
	{ "commonName", "\x55\x04\x03" },
	{ "SN", "\x55\x04\x04" },
	{ "S", "\x55\x04\x04" },
	{ "surname", "\x55\x04\x04" },
	{ "serialNumber", "\x55\x04\x05" },
	{ "C", "\x55\x04\x06" },
	{ "countryName", "\x55\x04\x06" },
	{ "L", "\x55\x04\x07" },
	{ "localityName", "\x55\x04\x07" },
	{ "ST", "\x55\x04\x08" },
	{ "stateOrProvinceName", "\x55\x04\x08" },
	{ "street", "\x55\x04\x09" },
	{ "O", "\x55\x04\x0a" },
	{ "organizationName", "\x55\x04\x0a" },
	{ "OU", "\x55\x04\x0b" },
	{ "organizationalUnitName", "\x55\x04\x0b" },
	{ "T", "\x55\x04\x0c" },
	{ "title", "\x55\x04\x0c" },
	{ "D", "\x55\x04\x0d" },
	{ "description", "\x55\x04\x0d" },
	{ "postalCode", "\x55\x04\x11" },
	{ "N", "\x55\x04\x29" },
	{ "name", "\x55\x04\x29" },
	{ "G", "\x55\x04\x2a" },
	{ "GN", "\x55\x04\x2a" },
	{ "givenName", "\x55\x04\x2a" },
	{ "I", "\x55\x04\x2b" },
	{ "initials", "\x55\x04\x2b" },
	{ "ID", "\x55\x04\x2d" },
	{ "x500UniqueIdentifier", "\x55\x04\x2d" },
	{ "dnQualifier", "\x55\x04\x2e" },
	{ "pseudonym", "\x55\x04\x41" },
	{ "UID", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01" },
	{ "DC", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19" },
	{ "domainComponent", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19" },
	{ "E", "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01" },
	{ "email", "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01" },
	{ "emailAddress", "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01" },
	{ "unstructuredName", "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02" },
	{ "unstructuredAddress", "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x08" },
};

static bool oid_is(struct bytes oid, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(types[i].name, name) == 0)
			return bytes_equal(oid, bytes_str(types[i].oid));
	return false;
}

/* "1.2.840.113549.1.9.1" to content octets. */
static bool oid_parse(const char *text, struct writer *w)
{
	unsigned long arcs[OID_MAX];
	size_t n = 0;
	char *end;

	for (;; text = end + 1) {
		if (!isdigit((unsigned char)*text) || n == ARRAY_SIZE(arcs))
			return false;
		errno = 0;
		arcs[n++] = strtoul(text, &end, 10);
		if (errno || arcs[n - 1] > UINT32_MAX)
			return false;
		if (*end == '\0')
			break;
		if (*end != '.')
			return false;
	}
	if (n < 2 || arcs[0] > 2 || (arcs[0] < 2 && arcs[1] > 39))
		return false;
	arcs[1] += 40 * arcs[0];
	for (size_t i = 1; i < n; i++) {
		unsigned shift = 0;

		while (arcs[i] >> shift >> 7)
			shift += 7;
		for (; shift; shift -= 7)
			writer_u8(w, (uint8_t)(0x80 | (arcs[i] >> shift & 0x7f)));
		writer_u8(w, arcs[i] & 0x7f);
	}
	return w->err == 0;
}

/* -------- from text -------- */

/* One attribute after the other is written to scratch until its RDN is complete. */
struct dn_parser {
	const char *pos;
	char separator;
	struct writer rdns, scratch;
	uint8_t rdns_buf[DN_DER_MAX - 4], scratch_buf[DN_DER_MAX]; /* but for the name's header */
	struct bytes rdn[DN_ATTRIBUTES_MAX]; /* views of scratch */
	size_t n_rdn, n;
	const char *expected;
};

struct dn_value {
	uint8_t data[DN_VALUE_MAX];
	size_t len;
	bool literal; /* had quotes or escapes: no wildcard, no "#hex" */
};

static void skip_blanks(struct dn_parser *p)
{
	while (*p->pos == ' ' || *p->pos == '\t')
		p->pos++;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool type_parse(struct dn_parser *p, struct writer *oid)
{
	size_t len = strcspn(p->pos, "=,/+ \t\"\\");
	char name[4 * OID_MAX];

	p->expected = "TYPE=value with a type such as C, O, OU, CN or an OID in dots";
	if (!len || len >= sizeof(name))
		return false;
	memcpy(name, p->pos, len);
	name[len] = '\0';
	p->pos += len;
	skip_blanks(p);
	if (*p->pos++ != '=')
		return false;
	skip_blanks(p);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcasecmp(types[i].name, name) == 0) {
			writer_bytes(oid, bytes_str(types[i].oid));
			return true;
		}
	return oid_parse(name, oid);
}

static bool put(struct dn_value *value, char c)
{
	if (value->len == sizeof(value->data))
		return false;
	value->data[value->len++] = (uint8_t)c;
	return true;
}

/* Behind a backslash. */
static bool escape_parse(struct dn_parser *p, struct dn_value *value)
{
	int high = hex_digit(p->pos[0]), low = high < 0 ? -1 : hex_digit(p->pos[1]);

	value->literal = true;
	if (low >= 0) {
		p->pos += 2;
		return put(value, (char)(high << 4 | low));
	}
	return *p->pos && put(value, *p->pos++);
}

static bool value_parse(struct dn_parser *p, struct dn_value *value)
{
	size_t keep = 0; /* blanks behind it are the text's, not the value's */
	bool quoted = false;

	p->expected = "a value of at most 512 bytes, with , + \" \\ escaped by \\";
	value->len = 0;
	value->literal = false;
	for (; *p->pos && (quoted || (*p->pos != p->separator && *p->pos != '+'));) {
		char c = *p->pos++;

		if (c == '"') {
			quoted = !quoted;
			value->literal = true;
			keep = value->len;
		} else if (c == '\\') {
			if (!escape_parse(p, value))
				return false;
			keep = value->len;
		} else {
			if (!put(value, c))
				return false;
			if (quoted || (c != ' ' && c != '\t'))
				keep = value->len;
		}
	}
	value->len = keep;
	return !quoted && (keep || value->literal);
}

/* "#hex": the whole DER of a value. */
static bool hex_value_write(struct dn_parser *p, const struct dn_value *value, struct writer *w)
{
	struct bytes content, whole;
	uint8_t der[DN_VALUE_MAX];
	size_t len = (value->len - 1) / 2;
	struct reader r;

	p->expected = "hexadecimal digits of a DER value behind '#'";
	if (value->len % 2 == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = hex_digit((char)value->data[1 + 2 * i]);
		int low = hex_digit((char)value->data[2 + 2 * i]);

		if (high < 0 || low < 0)
			return false;
		der[i] = (uint8_t)(high << 4 | low);
	}
	reader_init(&r, BYTES(der, len));
	der_read(&r, &content, &whole);
	if (!reader_done(&r))
		return false;
	writer_bytes(w, whole);
	return true;
}

static bool all_of(const struct dn_value *value, const char *others, bool alnum)
{
	for (size_t i = 0; i < value->len; i++) {
		uint8_t c = value->data[i];

		if (c == 0 || c >= 0x80 ||
		    !((alnum && isalnum(c)) || (others ? strchr(others, c) != NULL : true)))
			return false;
	}
	return true;
}

static bool value_write(struct dn_parser *p, struct bytes oid, const struct dn_value *value,
			struct writer *w)
{
	uint8_t tag = DER_UTF8_STRING;
	size_t i, len;
	uint32_t point;

	if (value->len && value->data[0] == '#' && !value->literal)
		return hex_value_write(p, value, w);
	p->expected = "a value in UTF-8";
	for (i = 0; i < value->len; i += len)
		if (!(len = utf8_read(BYTES(value->data + i, value->len - i), &point)))
			return false;
	/* RFC 5280 4.1.2.4, A.1: ia5 for these two, and a PrintableString where one will do. */
	if (value->len == 1 && value->data[0] == '*' && !value->literal)
		tag = DER_PRINTABLE_STRING;
	else if ((oid_is(oid, "E") || oid_is(oid, "DC")) && all_of(value, NULL, false))
		tag = DER_IA5_STRING;
	else if (all_of(value, " '()+,-./:=?", true))
		tag = DER_PRINTABLE_STRING;
	der_write_header(w, tag, value->len);
	writer_bytes(w, BYTES(value->data, value->len));
	return true;
}

static bool attribute_parse(struct dn_parser *p)
{
	uint8_t oid_buf[6 * OID_MAX], buf[DN_VALUE_MAX + 6 * OID_MAX + 16];
	size_t start = p->scratch.len;
	struct writer oid, body;
	struct dn_value value;

	writer_init_fixed(&oid, oid_buf, sizeof(oid_buf));
	skip_blanks(p);
	if (!type_parse(p, &oid) || !value_parse(p, &value))
		return false;
	writer_init_fixed(&body, buf, sizeof(buf));
	der_write_header(&body, DER_OID, oid.len);
	writer_bytes(&body, writer_view(&oid));
	if (!value_write(p, writer_view(&oid), &value, &body))
		return false;
	p->expected = "at most 32 attributes";
	if (p->n == DN_ATTRIBUTES_MAX)
		return false;
	der_write_header(&p->scratch, DER_SEQUENCE, body.len);
	writer_bytes(&p->scratch, writer_view(&body));
	p->rdn[p->n_rdn++] = BYTES(p->scratch.data + start, p->scratch.len - start);
	p->n++;
	return true;
}

/* X.690 11.6: DER has the members of a SET OF in the order of their encodings. */
static void rdn_write(struct dn_parser *p)
{
	size_t len = 0;

	for (size_t i = 0; i < p->n_rdn; i++) {
		len += p->rdn[i].len;
		for (size_t j = i; j && bytes_compare(p->rdn[j], p->rdn[j - 1]) < 0; j--) {
			struct bytes other = p->rdn[j];

			p->rdn[j] = p->rdn[j - 1];
			p->rdn[j - 1] = other;
		}
	}
	der_write_header(&p->rdns, DER_SET, len);
	for (size_t i = 0; i < p->n_rdn; i++)
		writer_bytes(&p->rdns, p->rdn[i]);
	p->n_rdn = 0;
	p->scratch.len = 0;
}

static bool name_parse(struct dn_parser *p)
{
	skip_blanks(p);
	p->separator = *p->pos == '/' ? '/' : ',';
	if (*p->pos == '/')
		p->pos++;
	for (;;) {
		if (!attribute_parse(p))
			return false;
		if (p->scratch.err)
			return true;
		if (*p->pos == '+') {
			p->pos++;
			continue;
		}
		rdn_write(p);
		if (!*p->pos)
			return true;
		p->pos++;
	}
}

int dn_parse(const char *text, struct writer *w, const char **ret_expected)
{
	struct dn_parser p = { .pos = text };

	writer_init_fixed(&p.rdns, p.rdns_buf, sizeof(p.rdns_buf));
	writer_init_fixed(&p.scratch, p.scratch_buf, sizeof(p.scratch_buf));
	if (!name_parse(&p)) {
		if (ret_expected)
			*ret_expected = p.expected;
		return -EINVAL;
	}
	if (p.scratch.err || p.rdns.err)
		return -EMSGSIZE;
	der_write_header(w, DER_SEQUENCE, p.rdns.len);
	writer_bytes(w, writer_view(&p.rdns));
	return w->err;
}

/* -------- to text -------- */

struct dn_printer {
	char *buf;
	size_t len, size;
	bool full;
};

/* All of token or, for want of room for it and "...", nothing from here on. */
static void print(struct dn_printer *p, const char *token)
{
	size_t len = strlen(token);

	if (p->full)
		return;
	if (p->len + len + 4 > p->size) {
		p->full = true;
		if (p->len + 4 <= p->size)
			strcpy(p->buf + p->len, "...");
		return;
	}
	memcpy(p->buf + p->len, token, len + 1);
	p->len += len;
}

static void print_hex(struct dn_printer *p, struct bytes bytes)
{
	char digits[3];

	print(p, "#");
	for (size_t i = 0; i < bytes.len && !p->full; i++)
		print(p, bytes_hex(BYTES(bytes.data + i, 1), digits, sizeof(digits)));
}

static void print_oid(struct dn_printer *p, struct bytes oid)
{
	char text[24];
	uint64_t arc = 0;
	bool first = true;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (bytes_equal(oid, bytes_str(types[i].oid))) {
			print(p, types[i].name);
			return;
		}
	for (size_t i = 0; i < oid.len; i++) {
		arc = arc << 7 | (oid.data[i] & 0x7f);
		if (oid.data[i] & 0x80)
			continue;
		if (first) {
			uint64_t top = arc < 40 ? 0 : arc < 80 ? 1 : 2;

			snprintf(text, sizeof(text), "%u.", (unsigned)top);
			print(p, text);
			arc -= 40 * top;
		}
		snprintf(text, sizeof(text), first ? "%llu" : ".%llu", (unsigned long long)arc);
		print(p, text);
		first = false;
		arc = 0;
	}
}

/* Letters that no terminal and no reader of logs trips over: Latin, Greek, Cyrillic, Armenian. */
static bool is_plain_letter(uint32_t point)
{
	return (point > 0xa0 && point < 0x300 && point != 0xad) ||
	       (point >= 0x370 && point < 0x590);
}

static void print_value(struct dn_printer *p, const struct dn_attribute *attribute)
{
	uint8_t utf8[DN_VALUE_UTF8(DN_VALUE_MAX)];
	int len = dn_value_utf8(attribute, utf8);
	size_t step;
	uint32_t point;

	if (len < 0) {
		print_hex(p, attribute->whole);
		return;
	}
	if (len == 0)
		print(p, "\"\"");
	if (dn_is_wildcard(attribute)) {
		print(p, "*");
		return;
	}
	for (size_t i = 0; i < (size_t)len && !p->full; i += step) {
		char token[16] = "";

		step = utf8_read(BYTES(utf8 + i, (size_t)len - i), &point);
		if (point >= 0x80 && is_plain_letter(point)) {
			memcpy(token, utf8 + i, step);
		} else if (point >= 0x80 || point < 0x20 || point == 0x7f) {
			for (size_t j = 0; j < step; j++)
				sprintf(token + 3 * j, "\\%02x", utf8[i + j]);
		} else {
			bool edge = i == 0 || i == (size_t)len - 1;

			sprintf(token, "%s%c",
				strchr(",+\"\\/", (int)point) || (edge && point == ' ') ||
						(i == 0 && (point == '#' || point == '*'))
					? "\\"
					: "",
				(char)point);
		}
		print(p, token);
	}
}

char *dn_str(struct bytes der, char *buf, size_t size)
{
	struct dn_printer p = { .buf = buf, .size = size };
	struct dn_attributes attributes;

	if (size)
		*buf = '\0';
	if (dn_attributes_read(der, &attributes) < 0) {
		print_hex(&p, der);
		return buf;
	}
	for (size_t i = 0; i < attributes.n; i++) {
		if (i)
			print(&p, attributes.v[i].starts_rdn ? ", " : "+");
		print_oid(&p, attributes.v[i].oid);
		print(&p, "=");
		print_value(&p, &attributes.v[i]);
	}
	return buf;
}
