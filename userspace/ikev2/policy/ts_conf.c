/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/ts_conf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "pdk/conf/options.h"

static const struct {
	const char *name;
	uint8_t number;
} protocols[] = {
	{ "icmp", IPPROTO_ICMP },
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "icmpv6", IPPROTO_ICMPV6 },
	{ "ipv6-icmp", IPPROTO_ICMPV6 },
	{ "sctp", IPPROTO_SCTP },
	{ "gre", IPPROTO_GRE },
	{ "esp", IPPROTO_ESP },
	{ "ah", IPPROTO_AH },
	{ "ipip", IPPROTO_IPIP },
	{ "ipv6", IPPROTO_IPV6 },
	{ "udplite", IPPROTO_UDPLITE },
	{ "ospf", 89 },
	{ "vrrp", 112 },
	{ "l2tp", 115 },
};

static int parse_protocol(const char *text, uint8_t *ret)
{
	uint64_t number;

	if (!*text || strcmp(text, "any") == 0) {
		*ret = 0;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (strcasecmp(protocols[i].name, text) == 0) {
			*ret = protocols[i].number;
			return 0;
		}
	if (conf_parse_uint(text, &number) < 0 || number > UINT8_MAX)
		return -EINVAL;
	*ret = (uint8_t)number;
	return 0;
}

/*
 * A port; with ICMP (3.13.1) "type(code)", or a number: below 256 a type with any code, from there
 * on type << 8 | code. ret_last: of the ports that it stands for.
 */
static int parse_port(const char *text, uint8_t protocol, uint16_t *ret_first, uint16_t *ret_last)
{
	unsigned type, code;
	uint64_t number;
	int end = 0;

	if (ts_has_type(protocol) && sscanf(text, "%3u(%3u)%n", &type, &code, &end) == 2 &&
	    !text[end] && end > 0 && type <= UINT8_MAX && code <= UINT8_MAX) {
		*ret_first = *ret_last = (uint16_t)(type << 8 | code);
		return 0;
	}
	if (conf_parse_uint(text, &number) < 0 || number > UINT16_MAX)
		return -EINVAL;
	*ret_first = *ret_last = (uint16_t)number;
	if (ts_has_type(protocol) && number <= UINT8_MAX) {
		*ret_first = (uint16_t)(number << 8);
		*ret_last = (uint16_t)(number << 8 | 0xff);
	}
	return 0;
}

static int parse_ports(char *text, struct ts *ts)
{
	char *dash = strchr(text, '-');
	uint16_t first, last, unused;

	if (strcmp(text, "any") == 0)
		return 0;
	if (strcmp(text, "opaque") == 0) {
		ts->port_first = UINT16_MAX;
		ts->port_last = 0;
		return ts_has_type(ts->protocol) ? -EINVAL : 0;
	}
	if (dash)
		*dash++ = '\0';
	if (parse_port(text, ts->protocol, &first, &last) < 0 ||
	    (dash && parse_port(dash, ts->protocol, &unused, &last) < 0) || first > last)
		return -EINVAL;
	ts->port_first = first;
	ts->port_last = last;
	return 0;
}

/* What stands in brackets: "tcp/80", "udp", "/443". */
static int parse_upper(char *text, struct ts *ts)
{
	char *slash = strchr(text, '/');

	if (slash)
		*slash++ = '\0';
	if (parse_protocol(text, &ts->protocol) < 0)
		return -EINVAL;
	return slash ? parse_ports(slash, ts) : 0;
}

static int parse_range(char *text, char *dash, struct ts *ts)
{
	*dash++ = '\0';
	if (netaddr_parse(text, 0, &ts->first) < 0 || netaddr_parse(dash, 0, &ts->last) < 0)
		return -EINVAL;
	if (ts->first.family != ts->last.family || netaddr_compare(&ts->first, &ts->last) > 0)
		return -EINVAL;
	return 0;
}

static int parse_addresses(char *text, struct ts_conf *conf)
{
	struct netaddr net;
	unsigned prefix;
	char *dash;

	if (!*text || strcmp(text, "dynamic") == 0) {
		conf->dynamic = true;
		return 0;
	}
	if (strchr(text, '%'))
		return -EINVAL;
	dash = strchr(text, '-');
	if (dash)
		return parse_range(text, dash, &conf->ts);
	if (netaddr_parse_prefix(text, &net, &prefix) < 0)
		return -EINVAL;
	conf->ts.first = netaddr_net_first(&net, prefix);
	conf->ts.last = netaddr_net_last(&net, prefix);
	return 0;
}

int ts_conf_parse(const char *text, struct ts_conf *ret_ts, const char **ret_expected)
{
	struct ts_conf conf = { .ts = { .port_last = UINT16_MAX } };
	char copy[TS_CONF_STRLEN], *bracket, *end;
	const char *expected = "a network, an address, a range first-last, or dynamic";

	if (!*text || strlen(text) >= sizeof(copy))
		goto bad;
	strcpy(copy, text);
	bracket = strchr(copy, '[');
	if (bracket) {
		*bracket++ = '\0';
		end = strchr(bracket, ']');
		if (!end || end[1]) {
			expected = "a traffic selector with one [protocol/port] at its end";
			goto bad;
		}
		*end = '\0';
		if (parse_upper(bracket, &conf.ts) < 0) {
			expected = "[protocol/port] with known names, numbers, or first-last for "
				   "the port";
			goto bad;
		}
	}
	if (parse_addresses(copy, &conf) < 0)
		goto bad;
	*ret_ts = conf;
	return 0;
bad:
	if (ret_expected)
		*ret_expected = expected;
	return -EINVAL;
}

/* -------- text -------- */

static const char *protocol_str(uint8_t number, char *buf, size_t size)
{
	if (!number)
		return "";
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (protocols[i].number == number)
			return protocols[i].name;
	snprintf(buf, size, "%u", number);
	return buf;
}

#define PORT_STRLEN 16

static const char *port_str(const struct ts *ts, uint16_t port, char *buf)
{
	if (ts_has_type(ts->protocol))
		snprintf(buf, PORT_STRLEN, "%u(%u)", port >> 8, port & 0xff);
	else
		snprintf(buf, PORT_STRLEN, "%u", port);
	return buf;
}

static void put_addresses(const struct ts *ts, char *buf, size_t size)
{
	unsigned bits = (unsigned)netaddr_len(&ts->first) * 8;
	char first[NETADDR_STRLEN], last[NETADDR_STRLEN];

	netaddr_str(&ts->first, first);
	for (unsigned prefix = 0; prefix <= bits; prefix++) {
		struct netaddr a = netaddr_net_first(&ts->first, prefix);
		struct netaddr b = netaddr_net_last(&ts->first, prefix);

		if (netaddr_same_addr(&a, &ts->first) && netaddr_same_addr(&b, &ts->last)) {
			snprintf(buf, size, "%s/%u", first, prefix);
			return;
		}
	}
	snprintf(buf, size, "%s-%s", first, netaddr_str(&ts->last, last));
}

char *ts_conf_str(const struct ts_conf *conf, char *buf)
{
	const struct ts *ts = &conf->ts;
	bool any_port = ts->port_first == 0 && ts->port_last == UINT16_MAX;
	char number[PORT_STRLEN], number_last[PORT_STRLEN];
	size_t len;

	if (conf->dynamic)
		strcpy(buf, "dynamic");
	else
		put_addresses(ts, buf, TS_CONF_STRLEN);
	if (any_port && !ts->protocol)
		return buf;

	len = strlen(buf);
	len += (size_t)snprintf(buf + len, TS_CONF_STRLEN - len, "[%s",
				protocol_str(ts->protocol, number, sizeof(number)));
	if (any_port)
		snprintf(buf + len, TS_CONF_STRLEN - len, "]");
	else if (ts_is_opaque(ts))
		snprintf(buf + len, TS_CONF_STRLEN - len, "/opaque]");
	else if (ts->port_first == ts->port_last)
		snprintf(buf + len, TS_CONF_STRLEN - len, "/%s]",
			 port_str(ts, ts->port_first, number));
	else
		snprintf(buf + len, TS_CONF_STRLEN - len, "/%s-%s]",
			 port_str(ts, ts->port_first, number),
			 port_str(ts, ts->port_last, number_last));
	return buf;
}

/* -------- what becomes of them -------- */

bool ts_conf_is_dynamic(const struct ts_conf_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].dynamic)
			return true;
	return false;
}

static void add_dynamic(struct ts_list *list, const struct ts *ts, const struct netaddr *host)
{
	struct netaddr addr = netaddr_with_port(*host, 0);
	struct ts *to = &list->v[list->n];

	if (!netaddr_is_set(host) || list->n == TS_LIST_MAX)
		return;
	/* Selectors know no link. */
	addr.scope = 0;
	*to = *ts;
	to->first = to->last = addr;
	if (netaddr_is_any(&addr))
		to->last = netaddr_net_last(&addr, 0);
	list->n++;
}

void ts_conf_resolve_hosts(const struct ts_conf_list *conf, const struct netaddr *hosts, size_t n,
			   struct ts_list *ret_list)
{
	ret_list->n = 0;
	for (size_t i = 0; i < conf->n; i++) {
		const struct ts_conf *ts = &conf->v[i];

		for (size_t j = 0; ts->dynamic && j < n; j++)
			add_dynamic(ret_list, &ts->ts, &hosts[j]);
		if (!ts->dynamic && ret_list->n < TS_LIST_MAX)
			ret_list->v[ret_list->n++] = ts->ts;
	}
}

void ts_conf_resolve(const struct ts_conf_list *conf, const struct netaddr *host,
		     struct ts_list *ret_list)
{
	ts_conf_resolve_hosts(conf, host, 1, ret_list);
}
