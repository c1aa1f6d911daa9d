/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Identities of IKE peers: RFC 7296 3.5. A value type.
 *
 * Text forms: "moon.example.org" and "fqdn:NAME" are FQDN, "user@example.org" and "email:ADDR" are
 * RFC822_ADDR, addresses are IPV4_ADDR and IPV6_ADDR ("ipv4:", "ipv6:" too), "@name" is FQDN,
 * "@#hex", "keyid:TEXT" and "keyid:0x..." are KEY_ID, "%any" is any identity. A pattern may begin
 * with "*": "*.example.org", "*@example.org".
 */
#include <stdbool.h>
#include <stdint.h>
#include "pdk/base/bytes.h"
#include "pdk/net/netaddr.h"

#define IDENTITY_DATA_MAX 512
#define IDENTITY_STRLEN	  (4 * IDENTITY_DATA_MAX + 16) /* every octet escaped */

struct identity {
	uint8_t type; /* IKE_ID_*; 0: any identity */
	uint16_t len;
	uint8_t data[IDENTITY_DATA_MAX];
};

void identity_set_any(struct identity *id);
/* -EINVAL: no identity can be read; -E2BIG: longer than IDENTITY_DATA_MAX. */
int identity_parse(const char *text, struct identity *ret_id);
/* Type octet and data of an ID payload, whatever the type. -E2BIG; -EINVAL: an address of the wrong
 * length, or a name with a NUL. */
int identity_from_wire(uint8_t type, struct bytes data, struct identity *ret_id);
/* IPV4_ADDR or IPV6_ADDR. */
void identity_from_addr(const struct netaddr *addr, struct identity *ret_id);

static inline struct bytes identity_bytes(const struct identity *id)
{
	return BYTES(id->data, id->len);
}

static inline bool identity_is_any(const struct identity *id)
{
	return id->type == 0;
}

/* A pattern that fits more than one identity. */
bool identity_has_wildcards(const struct identity *id);
/* FQDN and RFC822_ADDR compare without case, everything else octet by octet. */
bool identity_equal(const struct identity *a, const struct identity *b);
/*
 * How well id fits pattern: 0 not at all, else the more the more exact: 1 any, 2 a wildcard,
 * 3 equal.
 */
int identity_match(const struct identity *pattern, const struct identity *id);

/* Text for people: unprintable octets come escaped. buf has IDENTITY_STRLEN; returns it. */
const char *identity_str(const struct identity *id, char *buf);
