/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Identities: RFC 7296 3.5. A value that owns its bytes; the same type stands for what a peer says
 * it is and for what configuration expects, where %any and "*.example.org" are patterns. A pattern
 * comes from configuration alone: what arrived from a peer is only ever compared as it stands.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "pdk/base/bytes.h"
#include "ikev2/codec/ikev2.h"

/* Longer ones are refused, from a peer too. */
#define IDENTITY_MAX 512
/* Text of any identity, escapes and NUL included; longer text ends in "...". */
#define IDENTITY_STRLEN 300

struct identity {
	uint8_t type; /* IKE_ID_*; 0: %any, matches everything and is never sent */
	uint16_t len;
	uint8_t data[IDENTITY_MAX];
};

#define IDENTITY_TYPE_ANY 0
#define IDENTITY_ANY      ((struct identity){ .type = IDENTITY_TYPE_ANY })

static inline bool identity_is_any(const struct identity *id)
{
	return id->type == IDENTITY_TYPE_ANY;
}

static inline struct bytes identity_data(const struct identity *id)
{
	return BYTES(id->data, id->len);
}

/*
 * From text as it stands in configuration: "%any" (also "0.0.0.0" and "::"), an address,
 * "user@host" (RFC822), "@name" and "name" (FQDN), "@#0a0b" (KEY_ID), and with the type said:
 * "ipv4:", "ipv6:", "fqdn:" or "dns:", "email:" or "rfc822:", "keyid:" (0x for hex), "asn1dn:" (#
 * for hex). Other text with "=" in it is a distinguished name (cert/dn.h).
 * -EINVAL; ret_expected (may be NULL) is then set to static text that says what would be right.
 */
int identity_parse(const char *text, struct identity *ret_id, const char **ret_expected);

/* As text for logs and lists: never a control character, never longer than size. Returns buf. */
char *identity_str(const struct identity *id, char *buf, size_t size);

/*
 * From an ID payload's type and data (codec's struct of the payload names them). -EBADMSG: an
 * address of the wrong length, or nothing in it; -EPROTONOSUPPORT: a type we don't compare;
 * -EMSGSIZE: longer than IDENTITY_MAX.
 */
int identity_from_wire(uint8_t type, struct bytes data, struct identity *ret_id);
/* The type octet, three reserved zeros and the data, as RFC 7296 2.15 signs them (IDx'). Not for
 * %any: -EINVAL. */
int identity_to_wire(const struct identity *id, struct writer *w);

struct netaddr;
/* ID_IPV4_ADDR or ID_IPV6_ADDR of an address: what a peer is by default. */
struct identity identity_from_addr(const struct netaddr *addr);

#define IDENTITY_CANONICAL_MAX (2 + 2 * IDENTITY_MAX)

/*
 * The canonical form in buf of IDENTITY_CANONICAL_MAX: what is equal has equal octets there, what
 * isn't hasn't. For tables and orders; type and data are compared, names of FQDN and RFC822
 * regardless of ASCII case, distinguished names by dn_canonical().
 */
struct bytes identity_canonical(const struct identity *id, uint8_t *buf);
bool identity_equal(const struct identity *a, const struct identity *b);
/* Does it stand for others than itself? */
bool identity_is_pattern(const struct identity *id);

/* How well the identity of a peer fits a configured one; more is better, 0 is not at all. */
enum identity_match {
	IDENTITY_MATCH_NONE = 0,
	IDENTITY_MATCH_ANY = 1,      /* %any */
	/* 2 + bytes of the pattern behind its '*' or attributes of a name that are equal, up to 999 */
	IDENTITY_MATCH_WILDCARD = 2,
	IDENTITY_MATCH_EXACT = 1000,
};

/*
 * Match what a peer says against a pattern of configuration. "*" at the front of an FQDN's or
 * RFC822 pattern stands for one or more characters ("*.example.org", "*@example.org"); "CN=*" in a
 * distinguished name for any value of that attribute.
 */
unsigned identity_match(const struct identity *pattern, const struct identity *id);

/* A pattern that is parsed once, where many are matched. */
struct identity_pattern {
	struct bytes canonical; /* owned; wildcards are kept in it */
	bool wild;              /* identity_is_pattern() */
};

/* -ENOMEM */
int identity_pattern_init(struct identity_pattern *pattern, const struct identity *id);
/* What is all 0 may be finished, too. */
void identity_pattern_fini(struct identity_pattern *pattern);
/* identity_match() for a name in its canonical form. */
unsigned identity_pattern_match(const struct identity_pattern *pattern, struct bytes name);
