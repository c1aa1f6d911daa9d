/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The outer addresses that a connection allows at one of its ends: addresses, prefixes, ranges, or
 * any.
 */
#include <stdbool.h>
#include <stddef.h>
#include "pdk/net/netaddr.h"

struct addr_range {
	/* Same family, port 0; AF_UNSPEC in both: any address of either family. */
	struct netaddr first, last;
};

#define ADDR_RANGES_MAX 16

struct addr_ranges {
	size_t n;
	struct addr_range v[ADDR_RANGES_MAX];
};

/* "192.0.2.1", "192.0.2.0/24", "192.0.2.1-192.0.2.9", "%any", "%any4", "%any6". -EINVAL. */
int addr_range_parse(const char *text, struct addr_range *ret_range);
#define ADDR_RANGE_STRLEN (2 * NETADDR_STRLEN)
/* Returns buf of ADDR_RANGE_STRLEN. */
char *addr_range_str(const struct addr_range *range, char *buf);

/*
 * How closely the ranges name this address: 0 not at all, 1 by "any", more the smaller the range,
 * 130 for the address alone.
 */
unsigned addr_ranges_match(const struct addr_ranges *ranges, const struct netaddr *addr);

/* The first single address, for an initiator; false when there are but ranges. family AF_UNSPEC:
 * either. */
bool addr_ranges_single(const struct addr_ranges *ranges, int family, struct netaddr *ret_addr);
