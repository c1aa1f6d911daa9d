/* SPDX-License-Identifier: MIT */
/*
 * All comparison is that of canonical forms: the type, then the octets; of names in lower case, of
 * a distinguished name its own canonical form (cert/dn.h).
 */
#include "ikev2/policy/identity.h"

#include <errno.h>
#include <stdlib.h>

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
	else
		writer_bytes(&w, identity_data(id));
	if (is_name_type(id->type))
		for (size_t i = 1; i < w.len; i++)
			buf[i] = lower(buf[i]);
	return writer_view(&w);
}

struct bytes identity_canonical(const struct identity *id, uint8_t *buf)
{
	return canonical(id, false, buf);
}

bool identity_equal(const struct identity *a, const struct identity *b)
{
	uint8_t x[IDENTITY_CANONICAL_MAX], y[IDENTITY_CANONICAL_MAX];

	return a->type == b->type &&
	       bytes_equal(identity_canonical(a, x), identity_canonical(b, y));
}

/* -------- patterns -------- */

bool identity_is_pattern(const struct identity *id)
{
	return identity_is_any(id) || (is_name_type(id->type) && id->data[0] == '*') ||
	       (id->type == IKE_ID_DER_ASN1_DN && dn_has_wildcard(identity_data(id)));
}

int identity_pattern_init(struct identity_pattern *pattern, const struct identity *id)
{
	uint8_t buf[IDENTITY_CANONICAL_MAX];
	struct bytes form = canonical(id, true, buf);
	uint8_t *copy;

	if (bytes_dup(form, &copy) < 0)
		return -ENOMEM;
	pattern->canonical = BYTES(copy, form.len);
	pattern->wild = identity_is_pattern(id);
	return 0;
}

void identity_pattern_fini(struct identity_pattern *pattern)
{
	free((void *)pattern->canonical.data);
	pattern->canonical = BYTES_NONE;
}

/* "*" and the tail stand for a name that has something before the tail. */
static unsigned match_tail(struct bytes pattern, struct bytes name)
{
	size_t tail = pattern.len - 1;

	if (name.len <= tail ||
	    !bytes_equal(BYTES(pattern.data + 1, tail), BYTES(name.data + name.len - tail, tail)))
		return IDENTITY_MATCH_NONE;
	return IDENTITY_MATCH_WILDCARD + (unsigned)tail;
}

/* Of wildcards: the more values are literal, the better. */
static unsigned match_dn(struct bytes pattern, struct bytes name)
{
	unsigned match = dn_canonical_match(pattern, name);

	return match == DN_MATCH_NONE ? IDENTITY_MATCH_NONE : IDENTITY_MATCH_WILDCARD + match;
}

unsigned identity_pattern_match(const struct identity_pattern *pattern, struct bytes name)
{
	struct bytes p = pattern->canonical;

	if (!pattern->wild)
		return bytes_equal(p, name) ? IDENTITY_MATCH_EXACT : IDENTITY_MATCH_NONE;
	if (p.data[0] == IDENTITY_TYPE_ANY)
		return IDENTITY_MATCH_ANY;
	if (p.data[0] != name.data[0])
		return IDENTITY_MATCH_NONE;
	p = BYTES(p.data + 1, p.len - 1);
	name = BYTES(name.data + 1, name.len - 1);
	return pattern->canonical.data[0] == IKE_ID_DER_ASN1_DN ? match_dn(p, name)
								: match_tail(p, name);
}

unsigned identity_match(const struct identity *pattern, const struct identity *id)
{
	uint8_t x[IDENTITY_CANONICAL_MAX], y[IDENTITY_CANONICAL_MAX];
	const struct identity_pattern p = { canonical(pattern, true, x),
					    identity_is_pattern(pattern) };

	return identity_pattern_match(&p, identity_canonical(id, y));
}
