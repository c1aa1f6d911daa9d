/* SPDX-License-Identifier: MIT */
/*
 * The canonical form: for each RDN the number of its attributes, and these in the order of their
 * octets: kind, length of the type, type, length of the value, value. A string's value is its
 * UTF-8, folded; of what is no string the value is its DER. A number of 0, which no RDN has, comes
 * before the octets of what isn't well-formed.
 */
#include <errno.h>
#include <string.h>

#include "ikev2/cert/dn.h"
#include "ikev2/cert/dn_private.h"

enum value_kind {
	VALUE_STRING,
	VALUE_OTHER,
	VALUE_WILDCARD, /* of a pattern; nothing follows */
};

#define NOT_WELL_FORMED 0

/* -------- making -------- */

/*
 * In place: lower-case, and of blanks one between words and none at the ends. RFC 5280 7.1 asks for
 * the full StringPrep; ASCII is what can differ between a name's encodings in practice.
 */
static size_t fold(uint8_t *s, size_t len)
{
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == ' ' && (out == 0 || s[out - 1] == ' '))
			continue;
		s[out++] = s[i] >= 'A' && s[i] <= 'Z' ? s[i] | 0x20 : s[i];
	}
	return out && s[out - 1] == ' ' ? out - 1 : out;
}

bool dn_is_wildcard(const struct dn_attribute *attribute)
{
	return attribute->tag == DER_PRINTABLE_STRING && attribute->value.len == 1 &&
	       attribute->value.data[0] == '*';
}

static void put_attribute(struct writer *w, const struct dn_attribute *attribute, bool pattern)
{
	uint8_t utf8[DN_VALUE_UTF8(DN_VALUE_MAX)];
	struct bytes value = attribute->whole;
	enum value_kind kind = VALUE_OTHER;
	int len;

	if (pattern && dn_is_wildcard(attribute)) {
		kind = VALUE_WILDCARD;
		value = BYTES_NONE;
	} else if ((len = dn_value_utf8(attribute, utf8)) >= 0) {
		kind = VALUE_STRING;
		value = BYTES(utf8, fold(utf8, (size_t)len));
	}
	writer_u8(w, (uint8_t)kind);
	writer_u16(w, (uint16_t)attribute->oid.len);
	writer_bytes(w, attribute->oid);
	writer_u16(w, (uint16_t)value.len);
	writer_bytes(w, value);
}

/* RFC 5280 7.1: the attributes of one RDN are a set. */
static void put_rdn(struct writer *w, const struct dn_attribute *attributes, size_t n, bool pattern)
{
	struct bytes sorted[DN_ATTRIBUTES_MAX];
	uint8_t buf[DN_CANONICAL_MAX];
	struct writer scratch;

	writer_init_fixed(&scratch, buf, sizeof(buf));
	for (size_t i = 0; i < n; i++) {
		size_t start = scratch.len, at = i;
		struct bytes one;

		put_attribute(&scratch, &attributes[i], pattern);
		one = BYTES(buf + start, scratch.len - start);
		for (; at && bytes_compare(one, sorted[at - 1]) < 0; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = one;
	}
	writer_u8(w, (uint8_t)n);
	for (size_t i = 0; i < n; i++)
		writer_bytes(w, sorted[i]);
}

int dn_canonical(struct bytes der, bool pattern, struct writer *w)
{
	struct dn_attributes attributes;

	if (der.len > DN_DER_MAX)
		return -EMSGSIZE;
	if (dn_attributes_read(der, &attributes) < 0) {
		writer_u8(w, NOT_WELL_FORMED);
		writer_bytes(w, der);
		return w->err;
	}
	for (size_t start = 0, end; start < attributes.n; start = end) {
		end = start + 1;
		while (end < attributes.n && !attributes.v[end].starts_rdn)
			end++;
		put_rdn(w, attributes.v + start, end - start, pattern);
	}
	return w->err;
}

/* -------- comparing -------- */

struct canonical_rdn {
	size_t n;
	struct {
		enum value_kind kind;
		struct bytes oid, whole;
	} v[DN_ATTRIBUTES_MAX];
};

/* Of a form that dn_canonical() has made, and no end of it. */
static void read_rdn(struct reader *r, struct canonical_rdn *ret_rdn)
{
	ret_rdn->n = reader_u8(r);
	for (size_t i = 0; i < ret_rdn->n; i++) {
		const uint8_t *start = r->pos;

		ret_rdn->v[i].kind = (enum value_kind)reader_u8(r);
		ret_rdn->v[i].oid = reader_take(r, reader_u16(r));
		reader_take(r, reader_u16(r));
		ret_rdn->v[i].whole = BYTES(start, (size_t)(r->pos - start));
	}
}

/*
 * Each attribute of the pattern takes one of the name: those that are literal before the wildcards,
 * which take what is left of their type. Counts the former.
 */
static bool rdns_match(const struct canonical_rdn *pattern, const struct canonical_rdn *name,
		       unsigned *equal)
{
	uint32_t taken = 0;

	_Static_assert(DN_ATTRIBUTES_MAX <= 32, "a bit for each attribute");
	if (pattern->n != name->n)
		return false;
	for (int wild = 0; wild < 2; wild++)
		for (size_t i = 0; i < pattern->n; i++) {
			size_t at = 0;

			if ((pattern->v[i].kind == VALUE_WILDCARD) != wild)
				continue;
			while (at < name->n &&
			       (taken & 1u << at ||
				(wild ? !bytes_equal(pattern->v[i].oid, name->v[at].oid)
				      : !bytes_equal(pattern->v[i].whole, name->v[at].whole))))
				at++;
			if (at == name->n)
				return false;
			taken |= 1u << at;
			*equal += !wild;
		}
	return true;
}

unsigned dn_canonical_match(struct bytes pattern, struct bytes name)
{
	struct canonical_rdn x, y;
	struct reader p, n;
	unsigned equal = 0;

	if (bytes_equal(pattern, name))
		return DN_MATCH_EXACT;
	if ((pattern.len && pattern.data[0] == NOT_WELL_FORMED) ||
	    (name.len && name.data[0] == NOT_WELL_FORMED))
		return DN_MATCH_NONE;
	reader_init(&p, pattern);
	reader_init(&n, name);
	while (!reader_done(&p)) {
		if (reader_done(&n))
			return DN_MATCH_NONE;
		read_rdn(&p, &x);
		read_rdn(&n, &y);
		if (!rdns_match(&x, &y, &equal))
			return DN_MATCH_NONE;
	}
	/* Were all of them literal, the octets would be equal. */
	return reader_done(&n) ? 1 + equal : DN_MATCH_NONE;
}

/* Both in fixed buffers. -EMSGSIZE */
struct canonical_pair {
	uint8_t a_buf[DN_CANONICAL_MAX], b_buf[DN_CANONICAL_MAX];
	struct writer a, b;
};

static int pair_make(struct canonical_pair *pair, struct bytes a, bool pattern, struct bytes b)
{
	int err;

	writer_init_fixed(&pair->a, pair->a_buf, sizeof(pair->a_buf));
	writer_init_fixed(&pair->b, pair->b_buf, sizeof(pair->b_buf));
	err = dn_canonical(a, pattern, &pair->a);
	return err ? err : dn_canonical(b, false, &pair->b);
}

bool dn_equal(struct bytes a, struct bytes b)
{
	struct canonical_pair pair;

	return bytes_equal(a, b) || (pair_make(&pair, a, false, b) == 0 &&
				     bytes_equal(writer_view(&pair.a), writer_view(&pair.b)));
}

bool dn_has_wildcard(struct bytes pattern)
{
	struct dn_attributes attributes;

	if (dn_attributes_read(pattern, &attributes) < 0)
		return false;
	for (size_t i = 0; i < attributes.n; i++)
		if (dn_is_wildcard(&attributes.v[i]))
			return true;
	return false;
}

unsigned dn_match(struct bytes pattern, struct bytes name)
{
	struct canonical_pair pair;

	if (pair_make(&pair, pattern, true, name) < 0)
		return DN_MATCH_NONE;
	return dn_canonical_match(writer_view(&pair.a), writer_view(&pair.b));
}
