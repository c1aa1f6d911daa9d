/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <arpa/inet.h>
#include <errno.h>

#include "ikev2/ipsec/xfrm_selector.h"
#include "pdk/base/random.h"

/* -------- the model: what a traffic selector and what a kernel selector match -------- */

struct packet {
	struct netaddr src, dst;
	uint8_t protocol;
	uint16_t sport, dport; /* ICMP: type, code */
};

static bool in_range(const struct ts *ts, const struct netaddr *a)
{
	return netaddr_compare(&ts->first, a) <= 0 && netaddr_compare(a, &ts->last) <= 0;
}

static bool has_type(uint8_t protocol)
{
	return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
}

static bool ts_match(const struct ts *src, const struct ts *dst, const struct packet *p)
{
	uint16_t s = p->sport, d = p->dport;

	if (has_type(p->protocol))
		s = d = (uint16_t)(p->sport << 8 | p->dport);
	return in_range(src, &p->src) && in_range(dst, &p->dst) &&
	       (src->protocol == 0 || src->protocol == p->protocol) &&
	       (dst->protocol == 0 || dst->protocol == p->protocol) && src->port_first <= s &&
	       s <= src->port_last && dst->port_first <= d && d <= dst->port_last;
}

static bool lists_match(const struct ts_list *src, const struct ts_list *dst,
			const struct packet *p)
{
	for (size_t i = 0; i < src->n; i++)
		for (size_t j = 0; j < dst->n; j++)
			if (ts_match(&src->v[i], &dst->v[j], p))
				return true;
	return false;
}

static bool prefix_match(const xfrm_address_t *net, uint8_t len, const struct netaddr *a)
{
	struct netaddr n = xfrm_netaddr(net, a->family, 0);

	return netaddr_prefix_match(&n, a, len);
}

/* As the kernel compares a flow with a selector. */
static bool selector_match(const struct xfrm_selector *sel, const struct packet *p)
{
	return sel->family == p->src.family &&
	       prefix_match(&sel->saddr, sel->prefixlen_s, &p->src) &&
	       prefix_match(&sel->daddr, sel->prefixlen_d, &p->dst) &&
	       !((htons(p->sport) ^ sel->sport) & sel->sport_mask) &&
	       !((htons(p->dport) ^ sel->dport) & sel->dport_mask) &&
	       (sel->proto == 0 || sel->proto == p->protocol);
}

static bool selectors_match(const struct xfrm_selectors *s, const struct packet *p)
{
	for (size_t i = 0; i < s->n; i++)
		if (selector_match(&s->v[i], p))
			return true;
	return false;
}

/* -------- samples -------- */

static struct netaddr v4(uint32_t a)
{
	uint32_t be = htonl(a);

	return netaddr_from_bytes(BYTES(&be, 4), 0);
}

static struct ts ts4(uint32_t first, uint32_t last, uint8_t protocol, uint16_t port_first,
		     uint16_t port_last)
{
	return (struct ts){ v4(first), v4(last), protocol, port_first, port_last };
}

static struct ts_list one(struct ts ts)
{
	return (struct ts_list){ .n = 1, .v = { ts } };
}

#define NET 0x0a000000u /* 10.0.0.0 */

static struct xfrm_selectors selectors;

/* -------- tests -------- */

TEST(a_prefix_stays_one_selector)
{
	struct ts_list local = one(ts4(NET, NET + 0xffff, 0, 0, 65535));
	struct ts_list remote = one(ts4(0, UINT32_MAX, 0, 0, 65535));

	ASSERT_EQ(0, xfrm_selectors_from_ts(&local, &remote, &selectors));
	ASSERT_EQ(1, selectors.n);
	EXPECT_EQ(16, selectors.v[0].prefixlen_s);
	EXPECT_EQ(0, selectors.v[0].prefixlen_d);
	EXPECT_EQ(htonl(NET), selectors.v[0].saddr.a4);
	EXPECT_EQ(0, selectors.v[0].sport_mask);
	EXPECT_EQ(0, selectors.v[0].dport_mask);
	EXPECT_EQ(AF_INET, selectors.v[0].family);
}

TEST(every_range_of_64_addresses_is_covered_exactly_and_without_overlap)
{
	struct ts_list remote = one(ts4(0, UINT32_MAX, 0, 0, 65535));

	for (unsigned first = 0; first < 64; first++) {
		for (unsigned last = first; last < 64; last++) {
			struct ts_list local = one(ts4(NET + first, NET + last, 0, 0, 65535));

			ASSERT_EQ(0, xfrm_selectors_from_ts(&local, &remote, &selectors));
			for (unsigned a = 0; a < 70; a++) {
				struct packet p = { v4(NET + a), v4(1), IPPROTO_UDP, 1, 2 };
				unsigned hits = 0;

				for (size_t i = 0; i < selectors.n; i++)
					hits += selector_match(&selectors.v[i], &p);
				ASSERT_EQ(first <= a && a <= last, hits);
			}
		}
	}
}

TEST(the_longest_decomposition_of_each_kind_fits)
{
	struct ts_list any = one(ts4(0, UINT32_MAX, 0, 0, 65535)), local;
	struct netaddr first = netaddr_any(AF_INET6, 0), last = first;
	struct ts_list any6;

	local = one(ts4(1, UINT32_MAX - 1, 0, 0, 65535));
	ASSERT_EQ(0, xfrm_selectors_from_ts(&local, &any, &selectors));
	EXPECT_EQ(62, selectors.n);
	local = one(ts4(0, UINT32_MAX, IPPROTO_UDP, 1, 65534));
	ASSERT_EQ(0, xfrm_selectors_from_ts(&local, &any, &selectors));
	EXPECT_EQ(30, selectors.n);
	memset(last.addr, 0xff, 16);
	any6 = one((struct ts){ first, last, 0, 0, 65535 });
	first.addr[15] = 1;
	last.addr[15] = 0xfe;
	local = one((struct ts){ first, last, 0, 0, 65535 });
	ASSERT_EQ(0, xfrm_selectors_from_ts(&local, &any6, &selectors));
	EXPECT_EQ(254, selectors.n);
	EXPECT_EQ(-E2BIG, xfrm_selectors_from_ts(&local, &local, &selectors));
}

/* A value near those that matter: edges of ranges. */
static uint32_t near(uint32_t edge)
{
	return edge + random_below(5) - 2;
}

static struct ts random_ts(uint8_t protocol)
{
	uint32_t a = random_below(64), b = random_below(64);
	uint16_t p = (uint16_t)random_below(2000), q = (uint16_t)random_below(2000);
	bool any_port = random_below(3) == 0;
	struct ts ts = ts4(NET + (a < b ? a : b), NET + (a < b ? b : a), protocol, p < q ? p : q,
			   p < q ? q : p);

	if (any_port || protocol == 0) {
		ts.port_first = 0;
		ts.port_last = 65535;
	}
	return ts;
}

TEST(random_lists_match_the_same_packets_before_and_after)
{
	static const uint8_t protocols[] = { 0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP };
	unsigned matched = 0, refused = 0;

	for (int round = 0; round < 300; round++) {
		struct ts_list local = { .n = 1 + random_below(2) },
			       remote = { .n = 1 + random_below(2) };
		int err;

		for (size_t i = 0; i < local.n; i++)
			local.v[i] = random_ts(protocols[random_below(4)]);
		for (size_t i = 0; i < remote.n; i++)
			remote.v[i] = random_ts(protocols[random_below(4)]);
		err = xfrm_selectors_from_ts(&local, &remote, &selectors);
		if (err == -EINVAL) { /* no packet could match */
			selectors.n = 0;
		} else if (err == -E2BIG) {
			refused++;
			continue;
		} else {
			ASSERT_EQ(0, err);
		}
		for (int i = 0; i < 300; i++) {
			const struct ts *l = &local.v[random_below((uint32_t)local.n)];
			const struct ts *r = &remote.v[random_below((uint32_t)remote.n)];
			struct packet p = {
				v4(near(NET + random_below(64))),
				v4(near(NET + random_below(64))),
				protocols[1 + random_below(3)],
				(uint16_t)near(random_below(2) ? l->port_first : l->port_last),
				(uint16_t)near(random_below(2) ? r->port_first : r->port_last),
			};
			bool expected;

			if (has_type(p.protocol)) {
				uint16_t number = random_below(2) ? p.sport : p.dport;

				p.sport = number >> 8;
				p.dport = number & 0xff;
			}
			expected = lists_match(&local, &remote, &p);
			ASSERT_EQ(expected, selectors_match(&selectors, &p));
			matched += expected;
		}
	}
	EXPECT_LT(1000, matched);
	EXPECT_GT(250, refused);
}

TEST(icmp_type_and_code_stand_in_the_ports_in_both_directions)
{
	/* Echo request: type 8, code 0 (RFC 7296 3.13.1: the type in the upper octet). */
	struct ts_list local = one(ts4(NET, NET, IPPROTO_ICMP, 8 << 8, 8 << 8));
	struct ts_list remote = one(ts4(NET + 1, NET + 1, 0, 0, 65535));
	struct xfrm_selector back;

	ASSERT_EQ(0, xfrm_selectors_from_ts(&local, &remote, &selectors));
	ASSERT_EQ(1, selectors.n);
	EXPECT_EQ(htons(8), selectors.v[0].sport);
	EXPECT_EQ(0xffff, selectors.v[0].sport_mask);
	EXPECT_EQ(0, selectors.v[0].dport);
	EXPECT_EQ(0xffff, selectors.v[0].dport_mask);
	back = xfrm_selector_reverse(&selectors.v[0]);
	EXPECT_EQ(htons(8), back.sport);
	EXPECT_EQ(htonl(NET + 1), back.saddr.a4);
	/* All codes of a type leave the code open. */
	local = one(ts4(NET, NET, IPPROTO_ICMP, 8 << 8, 8 << 8 | 0xff));
	ASSERT_EQ(0, xfrm_selectors_from_ts(&local, &remote, &selectors));
	ASSERT_EQ(1, selectors.n);
	EXPECT_EQ(0, selectors.v[0].dport_mask);
}

TEST(ports_change_sides_on_the_way_back)
{
	struct ts_list local = one(ts4(NET, NET, IPPROTO_TCP, 80, 80));
	struct ts_list remote = one(ts4(NET + 1, NET + 1, IPPROTO_TCP, 0, 65535));
	struct xfrm_selector back;

	ASSERT_EQ(0, xfrm_selectors_from_ts(&local, &remote, &selectors));
	back = xfrm_selector_reverse(&selectors.v[0]);
	EXPECT_EQ(htons(80), back.dport);
	EXPECT_EQ(0xffff, back.dport_mask);
	EXPECT_EQ(0, back.sport_mask);
	EXPECT_EQ(htonl(NET), back.daddr.a4);
}

TEST(what_no_packet_or_no_kernel_selector_can_be_is_refused)
{
	struct ts_list v4_list = one(ts4(NET, NET + 1, 0, 0, 65535)), v6_list, list;
	struct ts_list tcp = one(ts4(NET, NET + 1, IPPROTO_TCP, 0, 65535));
	struct ts_list udp = one(ts4(NET, NET + 1, IPPROTO_UDP, 0, 65535));
	struct netaddr a6 = netaddr_any(AF_INET6, 0);

	v6_list = one((struct ts){ a6, a6, 0, 0, 65535 });
	EXPECT_EQ(-EINVAL, xfrm_selectors_from_ts(&v4_list, &v6_list, &selectors));
	EXPECT_EQ(-EINVAL, xfrm_selectors_from_ts(&tcp, &udp, &selectors));
	list = (struct ts_list){ 0 };
	EXPECT_EQ(-EINVAL, xfrm_selectors_from_ts(&list, &v4_list, &selectors));
	list = one(ts4(NET + 1, NET, 0, 0, 65535)); /* upside down */
	EXPECT_EQ(-EINVAL, xfrm_selectors_from_ts(&list, &v4_list, &selectors));
	list = one(ts4(NET, NET, IPPROTO_ICMP, 65535, 0)); /* OPAQUE */
	EXPECT_EQ(-EOPNOTSUPP, xfrm_selectors_from_ts(&list, &v4_list, &selectors));
	list = (struct ts_list){ .n = TS_LIST_MAX + 1 };
	EXPECT_EQ(-EINVAL, xfrm_selectors_from_ts(&list, &v4_list, &selectors));
	/* A pair of one family among others is enough. */
	list = (struct ts_list){ .n = 2, .v = { v6_list.v[0], v4_list.v[0] } };
	ASSERT_EQ(0, xfrm_selectors_from_ts(&list, &v4_list, &selectors));
	EXPECT_EQ(1, selectors.n);
}

TEST(ports_that_cannot_be_seen_are_port_0)
{
	struct ts_list opaque = one(ts4(NET, NET, IPPROTO_UDP, 65535, 0));
	struct ts_list any = one(ts4(NET, NET, 0, 0, 65535));

	ASSERT_EQ(0, xfrm_selectors_from_ts(&opaque, &any, &selectors));
	ASSERT_EQ(1, selectors.n);
	EXPECT_EQ(0, selectors.v[0].sport);
	EXPECT_EQ(0xffff, selectors.v[0].sport_mask);
	EXPECT_EQ(0, selectors.v[0].dport_mask);
	EXPECT_EQ(IPPROTO_UDP, selectors.v[0].proto);
}

TEST(a_narrower_selector_has_the_better_priority)
{
	static const struct {
		uint8_t prefix, proto;
		uint16_t mask;
	} wide_to_narrow[] = { { 0, 0, 0 },       { 16, 0, 0 }, { 16, 6, 0 },  { 16, 6, 0xff00 },
			       { 16, 6, 0xffff }, { 17, 0, 0 }, { 128, 0, 0 }, { 128, 6, 0xffff } };

	for (size_t i = 1; i < ARRAY_SIZE(wide_to_narrow); i++) {
		struct xfrm_selector wide = { .prefixlen_s = wide_to_narrow[i - 1].prefix,
					      .proto = wide_to_narrow[i - 1].proto,
					      .sport_mask = wide_to_narrow[i - 1].mask,
					      .dport_mask = wide_to_narrow[i - 1].mask };
		struct xfrm_selector narrow = { .prefixlen_s = wide_to_narrow[i].prefix,
						.proto = wide_to_narrow[i].proto,
						.sport_mask = wide_to_narrow[i].mask,
						.dport_mask = wide_to_narrow[i].mask };

		EXPECT_LT(xfrm_selector_priority(&narrow), xfrm_selector_priority(&wide));
	}
}

TEST(the_selector_of_an_sa_covers_its_traffic)
{
	struct ts src = ts4(NET + 5, NET + 9, IPPROTO_UDP, 500, 500);
	struct ts dst = ts4(NET + 256, NET + 256, IPPROTO_UDP, 1, 2);
	struct xfrm_selector sel = xfrm_selector_cover(&src, &dst);
	struct packet p = { v4(NET + 7), v4(NET + 256), IPPROTO_UDP, 500, 2 };
	struct ts none = { 0 };

	EXPECT_EQ(28, sel.prefixlen_s);
	EXPECT_EQ(htonl(NET), sel.saddr.a4);
	EXPECT_EQ(32, sel.prefixlen_d);
	EXPECT_TRUE(selector_match(&sel, &p));
	sel = xfrm_selector_cover(&none, &none);
	EXPECT_EQ(AF_UNSPEC, sel.family);
}

TEST(selectors_of_the_kernel_become_traffic_selectors_again)
{
	struct ts_list local = one(ts4(NET, NET + 255, IPPROTO_UDP, 53, 53));
	struct ts_list remote = one(ts4(NET + 256, NET + 511, IPPROTO_UDP, 0, 65535));
	struct ts src, dst;

	ASSERT_EQ(0, xfrm_selectors_from_ts(&local, &remote, &selectors));
	xfrm_selector_to_ts(&selectors.v[0], &src, &dst);
	EXPECT_TRUE(ts_equal(&local.v[0], &src));
	EXPECT_TRUE(ts_equal(&remote.v[0], &dst));
	local = remote = one(ts4(NET, NET, IPPROTO_ICMP, 3 << 8 | 4, 3 << 8 | 4));
	ASSERT_EQ(0, xfrm_selectors_from_ts(&local, &remote, &selectors));
	xfrm_selector_to_ts(&selectors.v[0], &src, &dst);
	EXPECT_TRUE(ts_equal(&local.v[0], &src));
	EXPECT_TRUE(ts_equal(&remote.v[0], &dst));
}

TEST_HARNESS_MAIN
