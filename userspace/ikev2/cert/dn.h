/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Distinguished names: the DER of an X.501 Name (RFC 5280 4.1.2.4) and its text, "C=CH, O=Example,
 * CN=moon". Needs no OpenSSL, so configuration can use it too. Pure functions. Any thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include "pdk/base/bytes.h"

/* Attributes of a name, over all its RDNs; a name with more is refused. */
#define DN_ATTRIBUTES_MAX 32
/* Bytes of a name that comes from text. */
#define DN_DER_MAX 2048
/* Text of a usual name, NUL included; longer text ends in "...". */
#define DN_STRLEN 400

/*
 * Text to DER, appended to w. RDNs in the order of the encoding, separated by "," (or by "/" when
 * the text starts with one) and, within one RDN, by "+": "C=CH, O=Example, CN=moon",
 * "/C=CH/O=Example/CN=moon". A type is a short name
 * (C, CN, DC, E, L, O, OU, S, SN, ST, ... whatever case) or an OID in dots; a value may stand in
 * double quotes, and a backslash takes the meaning from the next character or starts two
 * hexadecimal digits; "#hex" is the DER of a value of any type. The value "*" is a wildcard for
 * dn_match() (a PrintableString, which can't hold an asterisk otherwise); "\*" is an asterisk. A
 * value becomes a PrintableString if it can be one, else a UTF8String; E and DC become an
 * IA5String. -EINVAL: ret_expected (may be NULL) is then set to static text that says what would be
 * right; -EMSGSIZE: longer than DN_DER_MAX. Or the writer's error.
 */
int dn_parse(const char *text, struct writer *w, const char **ret_expected);

/*
 * DER to text that dn_parse() reads back as an equal name: never a control character, never longer
 * than size. A name that isn't well-formed is printed as "#" and hexadecimal digits, an empty one
 * as "". Returns buf.
 */
char *dn_str(struct bytes der, char *buf, size_t size);

/* 0; -EBADMSG: not exactly one well-formed Name of at most DN_ATTRIBUTES_MAX attributes. */
int dn_check(struct bytes der);

/* Octets of the canonical form of a name of DN_DER_MAX. */
#define DN_CANONICAL_LEN(n) (2 * (n) + 1)
#define DN_CANONICAL_MAX    DN_CANONICAL_LEN(DN_DER_MAX)

/*
 * A name's canonical form, appended to w: names are the same by RFC 5280 7.1 if and only if it is.
 * The same RDNs in the same order, the attributes of each in any; string values regardless of their
 * string type, of ASCII case and of runs of blanks. What isn't well-formed is the same as its own
 * octets alone. pattern: wildcards are kept as such, for dn_canonical_match(). At most
 * DN_CANONICAL_LEN(der.len) octets. -EMSGSIZE: der is longer than DN_DER_MAX. Or the writer's
 * error.
 */
int dn_canonical(struct bytes der, bool pattern, struct writer *w);

/* The same name by dn_canonical(); a name that is too long for that equals only its own octets. */
bool dn_equal(struct bytes a, struct bytes b);

/* A value of the pattern is the wildcard "*". */
bool dn_has_wildcard(struct bytes pattern);

#define DN_MATCH_NONE  0
#define DN_MATCH_EXACT 1000

/*
 * How well a name fits a pattern: as many RDNs of the same attributes, and each
 * value equal unless the pattern's is the wildcard. DN_MATCH_NONE; DN_MATCH_EXACT without
 * wildcards; else 1 + the number of values that are equal. The name's own "*" means nothing. What
 * is longer than DN_DER_MAX matches nothing.
 */
unsigned dn_match(struct bytes pattern, struct bytes name);
/* The same of canonical forms, as dn_canonical() has made them. */
unsigned dn_canonical_match(struct bytes pattern, struct bytes name);
