/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/addr_range.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct addr_range whole_family(int family)
{
	struct netaddr zero = netaddr_any(family, 0);

	return (struct addr_range){ netaddr_net_first(&zero, 0), netaddr_net_last(&zero, 0) };
}

static int parse_from_to(char *text, char *dash, struct addr_range *range)
{
	*dash = '\0';
	if (netaddr_parse(text, 0, &range->first) < 0 ||
	    netaddr_parse(dash + 1, 0, &range->last) < 0)
		return -EINVAL;
	if (range->first.family != range->last.family || range->first.scope || range->last.scope ||
	    netaddr_compare(&range->first, &range->last) > 0)
		return -EINVAL;
	return 0;
}

int addr_range_parse(const char *text, struct addr_range *ret_range)
{
	struct addr_range range = { NETADDR_NONE, NETADDR_NONE };
	char copy[ADDR_RANGE_STRLEN], *dash;
	struct netaddr net;
	unsigned prefix;

	if (strcmp(text, "%any") == 0) {
		*ret_range = range;
		return 0;
	}
	if (strcmp(text, "%any4") == 0 || strcmp(text, "%any6") == 0) {
		*ret_range = whole_family(text[4] == '4' ? AF_INET : AF_INET6);
		return 0;
	}
	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, text);
	/* An interface's name behind '%' may have a dash too, but ranges have no scope. */
	dash = strchr(copy, '%') ? NULL : strchr(copy, '-');
	if (dash) {
		if (parse_from_to(copy, dash, &range) < 0)
			return -EINVAL;
	} else if (netaddr_parse(copy, 0, &range.first) == 0) {
		range.last = range.first;
	} else {
		if (netaddr_parse_prefix(copy, &net, &prefix) < 0)
			return -EINVAL;
		range.first = netaddr_net_first(&net, prefix);
		range.last = netaddr_net_last(&net, prefix);
	}
	*ret_range = range;
	return 0;
}

static bool is_any(const struct addr_range *r)
{
	return r->first.family == AF_UNSPEC;
}

/* The bits from the first one in which the ends differ: 0 for a single address. */
static unsigned open_bits(const struct addr_range *r)
{
	size_t len = netaddr_len(&r->first);

	for (size_t i = 0; i < len; i++) {
		unsigned diff = r->first.addr[i] ^ r->last.addr[i], bits = 0;

		if (!diff)
			continue;
		for (; diff; diff >>= 1)
			bits++;
		return (unsigned)(len - 1 - i) * 8 + bits;
	}
	return 0;
}

char *addr_range_str(const struct addr_range *r, char *buf)
{
	unsigned bits = (unsigned)netaddr_len(&r->first) * 8, prefix = bits - open_bits(r);
	struct netaddr first = netaddr_net_first(&r->first, prefix);
	struct netaddr last = netaddr_net_last(&r->first, prefix);
	char a[NETADDR_STRLEN], b[NETADDR_STRLEN];

	if (is_any(r))
		strcpy(buf, "%any");
	else if (prefix == 0 && netaddr_same_addr(&first, &r->first) &&
		 netaddr_same_addr(&last, &r->last))
		strcpy(buf, r->first.family == AF_INET ? "%any4" : "%any6");
	else if (netaddr_same_addr(&r->first, &r->last))
		netaddr_str(&r->first, buf);
	else if (netaddr_same_addr(&first, &r->first) && netaddr_same_addr(&last, &r->last))
		snprintf(buf, ADDR_RANGE_STRLEN, "%s/%u", netaddr_str(&r->first, a), prefix);
	else
		snprintf(buf, ADDR_RANGE_STRLEN, "%s-%s", netaddr_str(&r->first, a),
			 netaddr_str(&r->last, b));
	return buf;
}

static bool range_holds(const struct addr_range *r, const struct netaddr *addr)
{
	struct netaddr bare = netaddr_with_port(*addr, 0);

	/* A scope says which link; without one any link will do. */
	if (!r->first.scope)
		bare.scope = 0;
	return r->first.family == addr->family && r->first.scope == bare.scope &&
	       netaddr_compare(&r->first, &bare) <= 0 && netaddr_compare(&bare, &r->last) <= 0;
}

unsigned addr_ranges_match(const struct addr_ranges *ranges, const struct netaddr *addr)
{
	unsigned best = 0;

	for (size_t i = 0; i < ranges->n; i++) {
		const struct addr_range *r = &ranges->v[i];
		unsigned score;

		if (is_any(r))
			score = 1;
		else if (range_holds(r, addr))
			score = 130 - open_bits(r);
		else
			continue;
		if (score > best)
			best = score;
	}
	return best;
}

bool addr_ranges_single(const struct addr_ranges *ranges, int family, struct netaddr *ret_addr)
{
	for (size_t i = 0; i < ranges->n; i++) {
		const struct addr_range *r = &ranges->v[i];

		if (is_any(r) || !netaddr_same_addr(&r->first, &r->last))
			continue;
		if (family != AF_UNSPEC && r->first.family != family)
			continue;
		*ret_addr = r->first;
		return true;
	}
	return false;
}
