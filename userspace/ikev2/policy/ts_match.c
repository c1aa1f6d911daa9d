/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/ts_match.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

/* -------- text -------- */

static int parse_number(const char *text, unsigned long max, unsigned long *ret_value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	*ret_value = strtoul(text, &end, 10);
	return *end || *ret_value > max ? -EINVAL : 0;
}

static int parse_protocol(const char *text, uint8_t *ret_protocol)
{
	static const struct {
		const char *name;
		uint8_t number;
	} known[] = {
		{ "any", 0 },	{ "icmp", IPPROTO_ICMP }, { "ipv6-icmp", IPPROTO_ICMPV6 },
		{ "icmpv6", IPPROTO_ICMPV6 }, { "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP },
		{ "sctp", IPPROTO_SCTP }, { "gre", IPPROTO_GRE },
	};
	unsigned long number;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i].name, text) == 0) {
			*ret_protocol = known[i].number;
			return 0;
		}
	if (parse_number(text, UINT8_MAX, &number) < 0)
		return -EINVAL;
	*ret_protocol = (uint8_t)number;
	return 0;
}

static int parse_ports(char *text, struct ts *ts)
{
	unsigned long first, last;
	char *dash = strchr(text, '-');

	if (strcmp(text, "any") == 0)
		return 0;
	if (strcmp(text, "opaque") == 0) {
		ts->port_first = UINT16_MAX;
		ts->port_last = 0;
		return 0;
	}
	if (dash)
		*dash++ = '\0';
	if (parse_number(text, UINT16_MAX, &first) < 0 ||
	    parse_number(dash ? dash : text, UINT16_MAX, &last) < 0 || first > last)
		return -EINVAL;
	ts->port_first = (uint16_t)first;
	ts->port_last = (uint16_t)last;
	return 0;
}

/* What stands in brackets: "tcp/80". */
static int parse_upper(char *text, struct ts *ts)
{
	char *slash = strchr(text, '/');

	if (slash)
		*slash++ = '\0';
	if (parse_protocol(text, &ts->protocol) < 0)
		return -EINVAL;
	return slash ? parse_ports(slash, ts) : 0;
}

static int parse_addresses(char *text, struct ts_conf *conf)
{
	char *dash = strchr(text, '-');
	struct netaddr net;
	unsigned prefix;

	if (!*text || strcmp(text, "dynamic") == 0) {
		conf->dynamic = true;
		return 0;
	}
	if (dash) {
		*dash++ = '\0';
		if (netaddr_parse(text, 0, &conf->ts.first) < 0 ||
		    netaddr_parse(dash, 0, &conf->ts.last) < 0 ||
		    conf->ts.first.family != conf->ts.last.family ||
		    netaddr_compare(&conf->ts.first, &conf->ts.last) > 0)
			return -EINVAL;
		return 0;
	}
	if (netaddr_parse_prefix(text, &net, &prefix) < 0)
		return -EINVAL;
	conf->ts.first = netaddr_net_first(&net, prefix);
	conf->ts.last = netaddr_net_last(&net, prefix);
	return 0;
}

int ts_conf_parse(const char *text, struct ts_conf *ret_ts)
{
	struct ts_conf conf = { .ts = { .port_last = UINT16_MAX } };
	char copy[160], *bracket, *end;

	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return -EINVAL;
	bracket = strchr(copy, '[');
	if (bracket) {
		*bracket++ = '\0';
		end = strchr(bracket, ']');
		if (!end || end[1])
			return -EINVAL;
		*end = '\0';
		if (parse_upper(bracket, &conf.ts) < 0)
			return -EINVAL;
	}
	if (parse_addresses(copy, &conf) < 0)
		return -EINVAL;
	*ret_ts = conf;
	return 0;
}

/* -------- what becomes of them -------- */

void ts_conf_resolve(const struct ts_conf_list *conf, const struct netaddr *addr,
		     struct ts_list *ret_list)
{
	ret_list->n = 0;
	for (size_t i = 0; i < conf->n; i++) {
		struct ts *ts = &ret_list->v[ret_list->n++];

		*ts = conf->v[i].ts;
		if (conf->v[i].dynamic)
			ts->first = ts->last = netaddr_with_port(*addr, 0);
	}
}

void ts_list_prepend(struct ts_list *list, const struct ts *first)
{
	/* The last one gives way when there are too many: the first matters more (2.9). */
	if (list->n == TS_LIST_MAX)
		list->n--;
	memmove(&list->v[1], &list->v[0], list->n * sizeof(list->v[0]));
	list->v[0] = *first;
	list->n++;
}

/* Add ts, unless it is inside one that is there; those that are inside it go. */
static void ts_list_add(struct ts_list *list, const struct ts *ts)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		if (ts_contains(&list->v[i], ts))
			return;
	for (size_t i = 0; i < list->n; i++)
		if (!ts_contains(ts, &list->v[i]))
			list->v[n++] = list->v[i];
	list->n = n;
	if (list->n < TS_LIST_MAX)
		list->v[list->n++] = *ts;
}

bool ts_narrow(const struct ts_list *policy, const struct ts_list *offer,
	       struct ts_list *ret_narrowed)
{
	struct ts_list narrowed = { .n = 0 };
	struct ts common;

	for (size_t i = 0; i < offer->n; i++)
		for (size_t j = 0; j < policy->n; j++)
			if (ts_intersect(&policy->v[j], &offer->v[i], &common))
				ts_list_add(&narrowed, &common);
	if (!narrowed.n)
		return false;
	*ret_narrowed = narrowed;
	return true;
}
