/* SPDX-License-Identifier: MIT */
/*
 * A range is taken apart by halving: a block that lies inside the range is a prefix of the result,
 * one outside is nothing, one that does both is cut in two. That gives the fewest possible
 * prefixes, at most 2 * bits - 2 of them. Ports are 16-bit numbers with the same treatment.
 *
 * ICMP and Mobility Header: the traffic selector holds type << 8 | code in place of a port (RFC
 * 7296 3.13.1), the kernel compares the type with the source port and the code with the destination
 * port, in either direction. A block of the 16-bit number is a type mask and a code mask.
 */
#include "ikev2/ipsec/xfrm_selector.h"

#include <arpa/inet.h>
#include <errno.h>

/* -------- addresses -------- */

#define PREFIXES_MAX 254 /* of an IPv6 range: 2 * 128 - 2 */

struct prefixes {
	size_t n;
	struct {
		struct netaddr net;
		uint8_t len;
	} v[PREFIXES_MAX];
};

static void split_addresses(const struct ts *ts, const struct netaddr *base, unsigned len,
			    struct prefixes *out)
{
	struct netaddr first = netaddr_net_first(base, len), last = netaddr_net_last(base, len);
	unsigned half = len + 1;
	struct netaddr upper;

	if (netaddr_compare(&last, &ts->first) < 0 || netaddr_compare(&ts->last, &first) < 0)
		return;
	if (netaddr_compare(&ts->first, &first) <= 0 && netaddr_compare(&last, &ts->last) <= 0) {
		out->v[out->n].net = first;
		out->v[out->n].len = (uint8_t)len;
		out->n++;
		return;
	}
	upper = first;
	upper.addr[len / 8] |= (uint8_t)(0x80 >> len % 8);
	split_addresses(ts, &first, half, out);
	split_addresses(ts, &upper, half, out);
}

static void addresses_of(const struct ts *ts, struct prefixes *out)
{
	struct ts plain = *ts;
	struct netaddr base;

	plain.first.port = plain.last.port = 0;
	plain.first.scope = plain.last.scope = 0;
	base = netaddr_any(ts->first.family, 0);
	out->n = 0;
	split_addresses(&plain, &base, 0, out);
}

/* -------- ports -------- */

#define BLOCKS_MAX 30 /* of a 16-bit range: 2 * 16 - 2 */

struct port_block {
	uint16_t value, mask;
};

struct port_blocks {
	size_t n;
	struct port_block v[BLOCKS_MAX];
};

static void split_ports(uint32_t first, uint32_t last, uint32_t base, uint32_t size,
			struct port_blocks *out)
{
	if (base + size - 1 < first || last < base)
		return;
	if (first <= base && base + size - 1 <= last) {
		out->v[out->n++] = (struct port_block){ (uint16_t)base, (uint16_t) ~(size - 1) };
		return;
	}
	split_ports(first, last, base, size / 2, out);
	split_ports(first, last, base + size / 2, size / 2, out);
}

static void ports_of(uint16_t first, uint16_t last, struct port_blocks *out)
{
	out->n = 0;
	split_ports(first, last, 0, 65536, out);
}

/*
 * Where ports can't be seen, in a fragment for instance, the kernel compares zeros; and no packet
 * that has ports has a zero there. So OPAQUE is port 0.
 */
static void ports_of_ts(const struct ts *ts, struct port_blocks *out)
{
	if (ts_is_opaque(ts))
		ports_of(0, 0, out);
	else
		ports_of(ts->port_first, ts->port_last, out);
}

static void put_type(struct xfrm_selector *sel, struct port_block b)
{
	uint16_t type_mask = b.mask >> 8, code_mask = b.mask & 0xff;

	/* The kernel's numbers are 16 bits wide with a zero upper half: take it into the mask. */
	if (type_mask != 0) {
		sel->sport = htons(b.value >> 8);
		sel->sport_mask = htons(0xff00 | type_mask);
	}
	if (code_mask != 0) {
		sel->dport = htons(b.value & 0xff);
		sel->dport_mask = htons(0xff00 | code_mask);
	}
}

/* -------- pairs -------- */

static bool ts_well_formed(const struct ts *ts)
{
	return netaddr_len(&ts->first) != 0 && ts->first.family == ts->last.family &&
	       netaddr_compare(&ts->first, &ts->last) <= 0;
}

static int emit(struct xfrm_selectors *out, const struct xfrm_selector *sel)
{
	if (out->n == IPSEC_SELECTORS_MAX)
		return -E2BIG;
	out->v[out->n++] = *sel;
	return 0;
}

/* sel has the addresses; add one selector for each combination of ports. */
static int emit_ports(struct xfrm_selectors *out, struct xfrm_selector sel, const struct ts *local,
		      const struct ts *remote)
{
	struct port_blocks src, dst;
	int err = 0;

	if (ts_has_type(sel.proto)) {
		/* One number for both directions: it has to be in both selectors. */
		uint16_t first = local->port_first > remote->port_first ? local->port_first
									: remote->port_first;
		uint16_t last =
			local->port_last < remote->port_last ? local->port_last : remote->port_last;

		if (first > last)
			return 0;
		ports_of(first, last, &src);
		for (size_t i = 0; err == 0 && i < src.n; i++) {
			struct xfrm_selector one = sel;

			put_type(&one, src.v[i]);
			err = emit(out, &one);
		}
		return err;
	}
	ports_of_ts(local, &src);
	ports_of_ts(remote, &dst);
	for (size_t i = 0; err == 0 && i < src.n; i++) {
		for (size_t j = 0; err == 0 && j < dst.n; j++) {
			sel.sport = htons(src.v[i].value);
			sel.sport_mask = htons(src.v[i].mask);
			sel.dport = htons(dst.v[j].value);
			sel.dport_mask = htons(dst.v[j].mask);
			err = emit(out, &sel);
		}
	}
	return err;
}

static int emit_pair(struct xfrm_selectors *out, const struct ts *local, const struct ts *remote)
{
	struct xfrm_selector sel = { .family = local->first.family };
	struct prefixes src, dst;
	int err = 0;

	if (local->first.family != remote->first.family)
		return 0;
	if (local->protocol != 0 && remote->protocol != 0 && local->protocol != remote->protocol)
		return 0;
	sel.proto = local->protocol ? local->protocol : remote->protocol;
	/* Type 0 is one that packets have. */
	if (ts_has_type(sel.proto) && (ts_is_opaque(local) || ts_is_opaque(remote)))
		return -EOPNOTSUPP;
	addresses_of(local, &src);
	addresses_of(remote, &dst);
	for (size_t i = 0; err == 0 && i < src.n; i++) {
		for (size_t j = 0; err == 0 && j < dst.n; j++) {
			sel.saddr = xfrm_address(&src.v[i].net);
			sel.prefixlen_s = src.v[i].len;
			sel.daddr = xfrm_address(&dst.v[j].net);
			sel.prefixlen_d = dst.v[j].len;
			err = emit_ports(out, sel, local, remote);
		}
	}
	return err;
}

int xfrm_selectors_from_ts(const struct ts_list *local, const struct ts_list *remote,
			   struct xfrm_selectors *ret_selectors)
{
	struct xfrm_selectors *out = ret_selectors;
	int err;

	out->n = 0;
	if (local->n > TS_LIST_MAX || remote->n > TS_LIST_MAX)
		return -EINVAL;
	for (size_t i = 0; i < local->n; i++)
		if (!ts_well_formed(&local->v[i]))
			return -EINVAL;
	for (size_t i = 0; i < remote->n; i++)
		if (!ts_well_formed(&remote->v[i]))
			return -EINVAL;
	for (size_t i = 0; i < local->n; i++) {
		for (size_t j = 0; j < remote->n; j++) {
			err = emit_pair(out, &local->v[i], &remote->v[j]);
			if (err < 0)
				return err;
		}
	}
	return out->n > 0 ? 0 : -EINVAL;
}

/* -------- single selectors -------- */

struct xfrm_selector xfrm_selector_reverse(const struct xfrm_selector *sel)
{
	struct xfrm_selector r = *sel;

	r.saddr = sel->daddr;
	r.daddr = sel->saddr;
	r.prefixlen_s = sel->prefixlen_d;
	r.prefixlen_d = sel->prefixlen_s;
	if (!ts_has_type(sel->proto)) {
		r.sport = sel->dport;
		r.sport_mask = sel->dport_mask;
		r.dport = sel->sport;
		r.dport_mask = sel->sport_mask;
	}
	return r;
}

/* Bits that the first and the last address share. */
static uint8_t common_prefix(const struct ts *ts)
{
	unsigned bits = 8 * (unsigned)netaddr_len(&ts->first), len = 0;

	while (len < bits && netaddr_prefix_match(&ts->first, &ts->last, len + 1))
		len++;
	return (uint8_t)len;
}

struct xfrm_selector xfrm_selector_cover(const struct ts *src, const struct ts *dst)
{
	struct xfrm_selector sel = { 0 };
	struct netaddr net;

	if (!ts_well_formed(src) || !ts_well_formed(dst) || src->first.family != dst->first.family)
		return sel;
	sel.family = src->first.family;
	sel.prefixlen_s = common_prefix(src);
	net = netaddr_net_first(&src->first, sel.prefixlen_s);
	sel.saddr = xfrm_address(&net);
	sel.prefixlen_d = common_prefix(dst);
	net = netaddr_net_first(&dst->first, sel.prefixlen_d);
	sel.daddr = xfrm_address(&net);
	if (src->protocol == dst->protocol)
		sel.proto = src->protocol;
	if (sel.proto == 0 || ts_has_type(sel.proto))
		return sel;
	if (src->port_first == src->port_last) {
		sel.sport = htons(src->port_first);
		sel.sport_mask = 0xffff;
	}
	if (dst->port_first == dst->port_last) {
		sel.dport = htons(dst->port_first);
		sel.dport_mask = 0xffff;
	}
	return sel;
}

static struct ts side_to_ts(const struct xfrm_selector *sel, const xfrm_address_t *addr,
			    uint8_t prefix, __be16 port, __be16 mask)
{
	struct netaddr net = xfrm_netaddr(addr, sel->family, 0);
	uint16_t m = ntohs(mask), p = ntohs(port) & m;

	return (struct ts){
		.first = netaddr_net_first(&net, prefix),
		.last = netaddr_net_last(&net, prefix),
		.protocol = sel->proto,
		.port_first = p,
		.port_last = p | (uint16_t)~m,
	};
}

void xfrm_selector_to_ts(const struct xfrm_selector *sel, struct ts *ret_src, struct ts *ret_dst)
{
	struct ts src = side_to_ts(sel, &sel->saddr, sel->prefixlen_s, sel->sport, sel->sport_mask);
	struct ts dst = side_to_ts(sel, &sel->daddr, sel->prefixlen_d, sel->dport, sel->dport_mask);

	if (ts_has_type(sel->proto)) {
		uint16_t type = src.port_first & 0xff, code = dst.port_first & 0xff;
		bool any_type = sel->sport_mask == 0, any_code = sel->dport_mask == 0;

		src.port_first = any_type ? 0 : (uint16_t)(type << 8 | (any_code ? 0 : code));
		src.port_last =
			any_type ? 0xffff : (uint16_t)(type << 8 | (any_code ? 0xff : code));
		dst.port_first = src.port_first;
		dst.port_last = src.port_last;
	}
	*ret_src = src;
	*ret_dst = dst;
}

/* Weights leave no overlap: ports count at most 32, a protocol 64, each bit of prefix 128. */
#define PRIORITY_WIDEST 0x40000u

uint32_t xfrm_selector_priority(const struct xfrm_selector *sel)
{
	uint32_t narrow = 128u * ((uint32_t)sel->prefixlen_s + sel->prefixlen_d);

	if (sel->proto != 0)
		narrow += 64;
	narrow += (uint32_t)__builtin_popcount(sel->sport_mask) +
		  (uint32_t)__builtin_popcount(sel->dport_mask);
	return PRIORITY_WIDEST - narrow;
}
