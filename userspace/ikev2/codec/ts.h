/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Traffic selectors: RFC 7296 3.13. A value type; protocol code, policy and the kernel interface
 * share it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "pdk/base/bytes.h"
#include "pdk/net/netaddr.h"
#include "ikev2/codec/fault.h"

/* More selectors in one payload than this are refused (TS_UNACCEPTABLE). */
#define TS_LIST_MAX 32

struct ts {
	struct netaddr first, last; /* same family, port 0, first <= last */
	uint8_t protocol;           /* IP protocol, 0: any */
	/* 0-65535: any; 65535-0: OPAQUE; for ICMP type << 8 | code (3.13.1) */
	uint16_t port_first, port_last;
};

struct ts_list {
	size_t n;
	struct ts v[TS_LIST_MAX];
};

/* Everything inside net/prefix. */
struct ts ts_from_prefix(const struct netaddr *net, unsigned prefix, uint8_t protocol,
			 uint16_t port_first, uint16_t port_last);
bool ts_equal(const struct ts *a, const struct ts *b);
bool ts_list_equal(const struct ts_list *a, const struct ts_list *b);
/* Does outer hold every packet that inner holds? */
bool ts_contains(const struct ts *outer, const struct ts *inner);
/* Ports are those that can't be seen (OPAQUE). */
bool ts_is_opaque(const struct ts *ts);
/* Do ports stand for type and code: ICMP, ICMPv6, Mobility Header (RFC 7296 3.13.1)? */
bool ts_has_type(uint8_t protocol);
/* The packets that are in both; false (and ret untouched) when there are none. */
bool ts_intersect(const struct ts *a, const struct ts *b, struct ts *ret);
/* "10.0.0.0/24[tcp/80]", "10.0.0.1-10.0.0.9"; buf of TS_STRLEN. Returns buf. */
#define TS_STRLEN 200
const char *ts_str(const struct ts *ts, char *buf);

/*
 * TSi/TSr body to list. IKE_OK; IKE_MALFORMED (INVALID_SYNTAX); IKE_TOO_MANY beyond TS_LIST_MAX.
 * Selectors of unknown type are skipped (3.13.1); a list may come out empty.
 */
int ts_payload_parse(struct bytes body, struct ts_list *ret_list, struct ike_fault *ret_fault);
/* List to TSi/TSr body, appended to w. */
void ts_payload_write(struct writer *w, const struct ts_list *list);
