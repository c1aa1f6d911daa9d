/* SPDX-License-Identifier: MIT */
/*
 * All comparison is that of canonical forms: the type, then the octets; of names in lower case, of
 * a distinguished name its own canonical form (cert/dn.h).
 */
#include "ikev2/policy/identity.h"

#include "ikev2/cert/dn.h"

_Static_assert(IDENTITY_MAX <= DN_DER_MAX, "each has a canonical form");
_Static_assert(IDENTITY_CANONICAL_MAX >= 1 + DN_CANONICAL_LEN(IDENTITY_MAX), "room for each");

static bool is_name_type(uint8_t type)
{
	return type == IKE_ID_FQDN || type == IKE_ID_RFC822_ADDR;
}

/* ASCII alone, whatever the locale. */
static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static struct bytes canonical(const struct identity *id, bool pattern, uint8_t *buf)
{
	struct writer w;

	writer_init_fixed(&w, buf, IDENTITY_CANONICAL_MAX);
	writer_u8(&w, id->type);
	if (id->type == IKE_ID_DER_ASN1_DN)
		dn_canonical(identity_data(id), pattern, &w);
	else if (is_name_type(id->type))
		for (size_t i = 0; i < id->len; i++)
			writer_u8(&w, lower(id->data[i]));
	else
		writer_bytes(&w, identity_data(id));
	return writer_view(&w);
}

struct bytes identity_canonical(const struct identity *id, uint8_t *buf)
{
	return canonical(id, false, buf);
}

bool identity_equal(const struct identity *a, const struct identity *b)
{
	uint8_t x[IDENTITY_CANONICAL_MAX], y[IDENTITY_CANONICAL_MAX];

	return bytes_equal(identity_canonical(a, x), identity_canonical(b, y));
}

bool identity_is_pattern(const struct identity *id)
{
	return identity_is_any(id) || (is_name_type(id->type) && id->data[0] == '*') ||
	       (id->type == IKE_ID_DER_ASN1_DN && dn_has_wildcard(identity_data(id)));
}

/* "*" and the tail stand for a name that has something before the tail. */
static unsigned match_tail(struct bytes pattern, struct bytes name)
{
	size_t tail = pattern.len - 2;

	if (name.len - 1 <= tail ||
	    !bytes_equal(BYTES(pattern.data + 2, tail), BYTES(name.data + name.len - tail, tail)))
		return IDENTITY_MATCH_NONE;
	return IDENTITY_MATCH_WILDCARD + (unsigned)tail;
}

unsigned identity_match(const struct identity *pattern, const struct identity *id)
{
	uint8_t x[IDENTITY_CANONICAL_MAX], y[IDENTITY_CANONICAL_MAX];
	struct bytes p, n;
	unsigned match;

	if (identity_is_any(pattern))
		return IDENTITY_MATCH_ANY;
	if (pattern->type != id->type)
		return IDENTITY_MATCH_NONE;
	p = canonical(pattern, true, x);
	n = identity_canonical(id, y);
	if (!identity_is_pattern(pattern))
		return bytes_equal(p, n) ? IDENTITY_MATCH_EXACT : IDENTITY_MATCH_NONE;
	if (is_name_type(pattern->type))
		return match_tail(p, n);
	/* Of wildcards: the more values are literal, the better. */
	match = dn_canonical_match(BYTES(p.data + 1, p.len - 1), BYTES(n.data + 1, n.len - 1));
	return match == DN_MATCH_NONE ? IDENTITY_MATCH_NONE : IDENTITY_MATCH_WILDCARD + match;
}
