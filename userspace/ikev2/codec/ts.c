/* SPDX-License-Identifier: MIT */
#include "ikev2/codec/ts.h"

#include "ikev2/codec/ikev2.h"
#include "ikev2/codec/text.h"

#define SELECTOR_HEADER_LEN 8 /* 3.13.1, up to the addresses */
#define TYPED_HEADER_LEN    4 /* what selectors of any type begin with */
#define PORT_MAX            65535

/* -------- sets of packets -------- */

static bool ports_any(const struct ts *ts)
{
	return ts->port_first == 0 && ts->port_last == PORT_MAX;
}

/* OPAQUE: packets whose ports can't be seen (RFC 4301 4.4.1.1). ANY holds them too. */
bool ts_is_opaque(const struct ts *ts)
{
	return ts->port_first == PORT_MAX && ts->port_last == 0;
}

bool ts_has_type(uint8_t protocol)
{
	return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6 || protocol == IPPROTO_MH;
}

struct ts ts_from_prefix(const struct netaddr *net, unsigned prefix, uint8_t protocol,
			 uint16_t port_first, uint16_t port_last)
{
	return (struct ts){
		.first = netaddr_with_port(netaddr_net_first(net, prefix), 0),
		.last = netaddr_with_port(netaddr_net_last(net, prefix), 0),
		.protocol = protocol,
		.port_first = port_first,
		.port_last = port_last,
	};
}

bool ts_equal(const struct ts *a, const struct ts *b)
{
	return netaddr_same_addr(&a->first, &b->first) && netaddr_same_addr(&a->last, &b->last) &&
	       a->protocol == b->protocol && a->port_first == b->port_first &&
	       a->port_last == b->port_last;
}

bool ts_list_equal(const struct ts_list *a, const struct ts_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (!ts_equal(&a->v[i], &b->v[i]))
			return false;
	}
	return true;
}

static bool ports_contain(const struct ts *outer, const struct ts *inner)
{
	if (ports_any(outer))
		return true;
	if (ts_is_opaque(outer) || ts_is_opaque(inner))
		return ts_is_opaque(outer) && ts_is_opaque(inner);
	return outer->port_first <= inner->port_first && inner->port_last <= outer->port_last;
}

bool ts_contains(const struct ts *outer, const struct ts *inner)
{
	return outer->first.family == inner->first.family &&
	       (outer->protocol == 0 || outer->protocol == inner->protocol) &&
	       netaddr_compare(&outer->first, &inner->first) <= 0 &&
	       netaddr_compare(&inner->last, &outer->last) <= 0 && ports_contain(outer, inner);
}

static bool ports_intersect(const struct ts *a, const struct ts *b, struct ts *both)
{
	if (ts_is_opaque(a) || ts_is_opaque(b)) {
		both->port_first = PORT_MAX;
		both->port_last = 0;
		return (ts_is_opaque(a) || ports_any(a)) && (ts_is_opaque(b) || ports_any(b));
	}
	both->port_first = a->port_first > b->port_first ? a->port_first : b->port_first;
	both->port_last = a->port_last < b->port_last ? a->port_last : b->port_last;
	return both->port_first <= both->port_last;
}

bool ts_intersect(const struct ts *a, const struct ts *b, struct ts *ret)
{
	struct ts both;

	if (a->first.family != b->first.family ||
	    (a->protocol && b->protocol && a->protocol != b->protocol))
		return false;
	both.protocol = a->protocol ? a->protocol : b->protocol;
	both.first = netaddr_compare(&a->first, &b->first) > 0 ? a->first : b->first;
	both.last = netaddr_compare(&a->last, &b->last) < 0 ? a->last : b->last;
	if (netaddr_compare(&both.first, &both.last) > 0 || !ports_intersect(a, b, &both))
		return false;
	*ret = both;
	return true;
}

/* -------- text -------- */

/* The prefix length of the range, or -1 when it is none. */
static int range_prefix(const struct ts *ts)
{
	unsigned bits = (unsigned)netaddr_len(&ts->first) * 8;

	for (unsigned prefix = 0; prefix <= bits; prefix++) {
		struct netaddr first = netaddr_net_first(&ts->first, prefix);
		struct netaddr last = netaddr_net_last(&ts->first, prefix);

		if (netaddr_same_addr(&first, &ts->first) && netaddr_same_addr(&last, &ts->last))
			return (int)prefix;
	}
	return -1;
}

static const char *protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case 0:
		return "any";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMPV6:
		return "icmpv6";
	case IPPROTO_SCTP:
		return "sctp";
	default:
		return NULL;
	}
}

static void add_port(struct text *t, const struct ts *ts, uint16_t port)
{
	if (ts->protocol == IPPROTO_ICMP || ts->protocol == IPPROTO_ICMPV6)
		text_add(t, "%u(%u)", port >> 8, port & 0xff);
	else
		text_add(t, "%u", port);
}

const char *ts_str(const struct ts *ts, char *buf)
{
	const char *protocol = protocol_name(ts->protocol);
	int prefix = range_prefix(ts);
	char addr[NETADDR_STRLEN];
	struct text t;

	text_init(&t, buf, TS_STRLEN);
	text_add(&t, "%s", netaddr_str(&ts->first, addr));
	if (prefix < 0)
		text_add(&t, "-%s", netaddr_str(&ts->last, addr));
	else
		text_add(&t, "/%d", prefix);
	if (ts->protocol == 0 && ports_any(ts))
		return text_end(&t);

	if (protocol)
		text_add(&t, "[%s", protocol);
	else
		text_add(&t, "[%u", ts->protocol);
	if (ts_is_opaque(ts)) {
		text_add(&t, "/opaque");
	} else if (!ports_any(ts)) {
		text_add(&t, "/");
		add_port(&t, ts, ts->port_first);
		if (ts->port_last != ts->port_first) {
			text_add(&t, "-");
			add_port(&t, ts, ts->port_last);
		}
	}
	text_add(&t, "]");
	return text_end(&t);
}

/* -------- wire -------- */

static int check_selector(const struct ts *ts, size_t at, struct ike_fault *ret_fault)
{
	if (ts->port_first > ts->port_last && !ts_is_opaque(ts))
		return ike_fault_set(ret_fault, IKE_MALFORMED, at + 4,
				     "port range of a selector runs backwards");
	if (netaddr_compare(&ts->first, &ts->last) > 0)
		return ike_fault_set(ret_fault, IKE_MALFORMED, at + SELECTOR_HEADER_LEN,
				     "address range of a selector runs backwards");
	return IKE_OK;
}

/* inside is the selector without its first four octets. */
static int parse_selector(uint8_t type, uint8_t protocol, struct bytes inside, size_t at,
			  struct ts_list *list, struct ike_fault *ret_fault)
{
	size_t addr_len = netaddr_family_len(type == IKE_TS_IPV4_ADDR_RANGE ? AF_INET : AF_INET6);
	struct reader r;
	struct ts ts;
	int verdict;

	reader_init(&r, inside);
	ts.protocol = protocol;
	ts.port_first = reader_u16(&r);
	ts.port_last = reader_u16(&r);
	ts.first = netaddr_from_bytes(reader_take(&r, addr_len), 0);
	ts.last = netaddr_from_bytes(reader_take(&r, addr_len), 0);
	if (!reader_done(&r))
		return ike_fault_set(ret_fault, IKE_MALFORMED, at + 2,
				     "selector length doesn't fit its type");
	verdict = check_selector(&ts, at, ret_fault);
	if (verdict != IKE_OK)
		return verdict;
	if (list->n == TS_LIST_MAX)
		return ike_fault_set(ret_fault, IKE_TOO_MANY, at, "too many traffic selectors");
	list->v[list->n++] = ts;
	return IKE_OK;
}

int ts_payload_parse(struct bytes body, struct ts_list *ret_list, struct ike_fault *ret_fault)
{
	struct ts_list list = { .n = 0 };
	struct reader r;
	uint8_t n;

	reader_init(&r, body);
	n = reader_u8(&r);
	reader_take(&r, 3); /* reserved */
	if (r.failed)
		return ike_fault_set(ret_fault, IKE_MALFORMED, 0,
				     "traffic selector payload too short");
	while (n--) {
		size_t at = reader_offset(&r);
		uint8_t type = reader_u8(&r);
		uint8_t protocol = reader_u8(&r);
		uint16_t len = reader_u16(&r);
		struct bytes inside;
		int verdict;

		if (r.failed)
			return ike_fault_set(ret_fault, IKE_MALFORMED, at,
					     "fewer traffic selectors than counted");
		if (len < TYPED_HEADER_LEN)
			return ike_fault_set(ret_fault, IKE_MALFORMED, at + 2,
					     "selector length below 4");
		inside = reader_take(&r, len - TYPED_HEADER_LEN);
		if (r.failed)
			return ike_fault_set(ret_fault, IKE_MALFORMED, at + 2,
					     "selector longer than its payload");
		if (type != IKE_TS_IPV4_ADDR_RANGE && type != IKE_TS_IPV6_ADDR_RANGE)
			continue;
		verdict = parse_selector(type, protocol, inside, at, &list, ret_fault);
		if (verdict != IKE_OK)
			return verdict;
	}
	if (!reader_done(&r))
		return ike_fault_set(ret_fault, IKE_MALFORMED, reader_offset(&r),
				     "more traffic selectors than counted");
	ret_list->n = list.n;
	memcpy(ret_list->v, list.v, list.n * sizeof(list.v[0]));
	return IKE_OK;
}

void ts_payload_write(struct writer *w, const struct ts_list *list)
{
	writer_u8(w, (uint8_t)list->n);
	writer_zeros(w, 3);
	for (size_t i = 0; i < list->n; i++) {
		const struct ts *ts = &list->v[i];

		writer_u8(w, ts->first.family == AF_INET ? IKE_TS_IPV4_ADDR_RANGE
							 : IKE_TS_IPV6_ADDR_RANGE);
		writer_u8(w, ts->protocol);
		writer_u16(w, (uint16_t)(SELECTOR_HEADER_LEN + 2 * netaddr_len(&ts->first)));
		writer_u16(w, ts->port_first);
		writer_u16(w, ts->port_last);
		writer_bytes(w, netaddr_bytes(&ts->first));
		writer_bytes(w, netaddr_bytes(&ts->last));
	}
}
