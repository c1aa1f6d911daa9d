/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include "ikev2/codec/ts.h"
#include "common.h"

#define V4(protocol, ports, first, last) "07" protocol "0010" ports first last
#define NET10                            V4("00", "0000ffff", "0a000000", "0a0000ff")
#define V6_ONE                                                                                     \
	"08060028 00500050 20010db8000000000000000000000001"                                       \
	"20010db8000000000000000000000001"

static const struct {
	const char *what, *hex;
	int verdict;
	size_t offset, n;
	const char *reason;
} cases[] = {
	{ "one", "01000000" NET10, IKE_OK, 0, 1, "" },
	{ "both families", "02ffffff" NET10 V6_ONE, IKE_OK, 0, 2, "" },
	{ "none", "00000000", IKE_OK, 0, 0, "" },
	{ "unknown type is passed over", "02000000 0a000008 61626364" NET10, IKE_OK, 0, 1, "" },
	{ "unknown type of 4", "01000000 c8000004", IKE_OK, 0, 0, "" },
	{ "opaque ports", "01000000" V4("11", "ffff0000", "0a000001", "0a000001"), IKE_OK, 0, 1,
	  "" },
	{ "half a header", "010000", IKE_MALFORMED, 0, 0, "traffic selector payload too short" },
	{ "counted but missing", "01000000", IKE_MALFORMED, 4, 0,
	  "fewer traffic selectors than counted" },
	{ "the second is missing", "02000000" NET10, IKE_MALFORMED, 20, 0,
	  "fewer traffic selectors than counted" },
	{ "more than counted", "01000000" NET10 NET10, IKE_MALFORMED, 20, 0,
	  "more traffic selectors than counted" },
	{ "length 3", "01000000 c8000003", IKE_MALFORMED, 6, 0, "selector length below 4" },
	{ "beyond the payload", "01000000 c8000005", IKE_MALFORMED, 6, 0,
	  "selector longer than its payload" },
	{ "IPv4 of 15", "01000000 0700000f 0000ffff 0a000000 0a0000", IKE_MALFORMED, 6, 0,
	  "selector length doesn't fit its type" },
	{ "IPv4 of 17", "01000000 07000011 0000ffff 0a000000 0a0000ff ff", IKE_MALFORMED, 6, 0,
	  "selector length doesn't fit its type" },
	{ "IPv6 with the length of IPv4", "01000000 08000010 0000ffff 0a000000 0a0000ff",
	  IKE_MALFORMED, 6, 0, "selector length doesn't fit its type" },
	{ "ports backwards", "01000000" V4("06", "00510050", "0a000000", "0a0000ff"), IKE_MALFORMED,
	  8, 0, "port range of a selector runs backwards" },
	{ "addresses backwards", "01000000" V4("00", "0000ffff", "0a000001", "0a000000"),
	  IKE_MALFORMED, 12, 0, "address range of a selector runs backwards" },
};

TEST(payloads_get_the_verdict_and_reason_of_the_table)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bytes body = from_hex(cases[i].hex);
		struct ike_fault fault = { .reason = "" };
		struct ts_list list = { .n = 99 };
		int verdict = ts_payload_parse(body, &list, &fault);

		EXPECT_EQ(cases[i].verdict, verdict)
		{
			TH_LOG("%s", cases[i].what);
		}
		EXPECT_EQ(cases[i].offset, fault.offset)
		{
			TH_LOG("%s", cases[i].what);
		}
		EXPECT_EQ(verdict == IKE_OK ? cases[i].n : 99, list.n);
		EXPECT_STREQ(cases[i].reason, fault.reason);
		EXPECT_EQ(verdict, ts_payload_parse(body, &list, NULL));
		exact_free(body);
	}
}

TEST(selectors_are_bounded_in_number)
{
	for (size_t n = TS_LIST_MAX; n <= TS_LIST_MAX + 1; n++) {
		uint8_t buf[4 + 16 * (TS_LIST_MAX + 1)];
		struct bytes one = from_hex(NET10);
		struct ike_fault fault;
		struct ts_list list;
		struct writer w;

		writer_init_fixed(&w, buf, sizeof(buf));
		writer_u32(&w, (uint32_t)n << 24);
		for (size_t i = 0; i < n; i++)
			writer_bytes(&w, one);
		EXPECT_EQ(n == TS_LIST_MAX ? IKE_OK : IKE_TOO_MANY,
			  ts_payload_parse(writer_view(&w), &list, &fault));
		exact_free(one);
	}
}

static struct ts range(const char *first, const char *last, uint8_t protocol, uint16_t port_first,
		       uint16_t port_last)
{
	struct ts ts = { .protocol = protocol, .port_first = port_first, .port_last = port_last };

	if (netaddr_parse(first, 0, &ts.first) || netaddr_parse(last, 0, &ts.last))
		abort();
	return ts;
}

TEST(any_list_reads_back)
{
	struct rng rng = { 0x7473 };

	for (int round = 0; round < 500; round++) {
		uint8_t buf[4 + 40 * TS_LIST_MAX];
		struct ts_list in, out;
		struct writer w;

		in.n = rng_below(&rng, TS_LIST_MAX + 1);
		for (size_t i = 0; i < in.n; i++) {
			size_t len = rng_below(&rng, 2) ? 4 : 16;
			uint8_t addr[16];
			struct ts *ts = &in.v[i];

			ts->first = netaddr_from_bytes(rng_bytes(&rng, addr, len), 0);
			addr[len - 1] |= 0x0f;
			ts->last = netaddr_from_bytes(BYTES(addr, len), 0);
			ts->protocol = (uint8_t)rng_next(&rng);
			ts->port_first = (uint16_t)rng_below(&rng, 1000);
			ts->port_last = (uint16_t)(ts->port_first + rng_below(&rng, 1000));
		}
		writer_init_fixed(&w, buf, sizeof(buf));
		ts_payload_write(&w, &in);
		ASSERT_EQ(0, w.err);
		ASSERT_EQ(IKE_OK, ts_payload_parse(writer_view(&w), &out, NULL));
		EXPECT_TRUE(ts_list_equal(&in, &out));
	}
}

TEST(lists_of_other_selectors_or_lengths_differ)
{
	struct ts_list a = { .n = 1 }, b = { .n = 1 };

	a.v[0] = b.v[0] = range("10.0.0.0", "10.0.0.255", 6, 0, 65535);
	EXPECT_TRUE(ts_list_equal(&a, &b));
	b.v[0].protocol = 17;
	EXPECT_FALSE(ts_list_equal(&a, &b));
	b.v[0] = range("10.0.0.0", "10.0.0.254", 6, 0, 65535);
	EXPECT_FALSE(ts_list_equal(&a, &b));
	b.n = 0;
	EXPECT_FALSE(ts_list_equal(&a, &b));
}

#define ANY       0, 0, 65535
#define TCP(a, b) 6, a, b
#define OPAQUE    17, 65535, 0

TEST(intersection_and_containment_follow_the_table)
{
	const struct {
		struct ts a, b;
		bool meet, a_holds_b, b_holds_a;
		struct ts both;
	} each[] = {
		{ range("10.0.0.0", "10.0.0.255", ANY), range("10.0.0.0", "10.0.0.255", ANY), true,
		  true, true, range("10.0.0.0", "10.0.0.255", ANY) },
		{ range("10.0.0.0", "10.0.255.255", ANY),
		  range("10.0.1.0", "10.0.1.9", TCP(80, 80)), true, true, false,
		  range("10.0.1.0", "10.0.1.9", TCP(80, 80)) },
		{ range("10.0.0.0", "10.0.0.9", ANY), range("10.0.0.5", "10.0.0.20", ANY), true,
		  false, false, range("10.0.0.5", "10.0.0.9", ANY) },
		{ range("10.0.0.0", "10.0.0.9", ANY), range("10.0.0.10", "10.0.0.20", ANY), false,
		  false, false },
		{ range("10.0.0.0", "10.0.0.9", TCP(1, 100)),
		  range("10.0.0.0", "10.0.0.9", TCP(50, 200)), true, false, false,
		  range("10.0.0.0", "10.0.0.9", TCP(50, 100)) },
		{ range("10.0.0.0", "10.0.0.9", TCP(1, 100)),
		  range("10.0.0.0", "10.0.0.9", TCP(101, 200)), false, false, false },
		{ range("10.0.0.0", "10.0.0.9", TCP(0, 65535)),
		  range("10.0.0.0", "10.0.0.9", 17, 0, 65535), false, false, false },
		{ range("10.0.0.0", "10.0.0.9", ANY), range("10.0.0.0", "10.0.0.9", OPAQUE), true,
		  true, false, range("10.0.0.0", "10.0.0.9", OPAQUE) },
		{ range("10.0.0.0", "10.0.0.9", OPAQUE), range("10.0.0.0", "10.0.0.9", OPAQUE),
		  true, true, true, range("10.0.0.0", "10.0.0.9", OPAQUE) },
		{ range("10.0.0.0", "10.0.0.9", 17, 1, 65534),
		  range("10.0.0.0", "10.0.0.9", OPAQUE), false, false, false },
		{ range("0.0.0.0", "255.255.255.255", ANY),
		  range("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ANY), false, false,
		  false },
		{ range("2001:db8::", "2001:db8::ffff", ANY),
		  range("2001:db8::1", "2001:db8::1", TCP(22, 22)), true, true, false,
		  range("2001:db8::1", "2001:db8::1", TCP(22, 22)) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(each); i++) {
		struct ts both = { .protocol = 123 };

		EXPECT_EQ(each[i].meet, ts_intersect(&each[i].a, &each[i].b, &both))
		{
			TH_LOG("case %zu", i);
		}
		EXPECT_TRUE(each[i].meet ? ts_equal(&each[i].both, &both) : both.protocol == 123)
		{
			TH_LOG("case %zu", i);
		}
		EXPECT_EQ(each[i].meet, ts_intersect(&each[i].b, &each[i].a, &both));
		EXPECT_TRUE(!each[i].meet || ts_equal(&each[i].both, &both));
		EXPECT_EQ(each[i].a_holds_b, ts_contains(&each[i].a, &each[i].b))
		{
			TH_LOG("case %zu", i);
		}
		EXPECT_EQ(each[i].b_holds_a, ts_contains(&each[i].b, &each[i].a))
		{
			TH_LOG("case %zu", i);
		}
	}
}

/* On a small world of addresses and ports, against the definition packet by packet. */
TEST(intersection_is_the_set_of_common_packets)
{
	struct rng rng = { 0x7365 };

	for (int round = 0; round < 2000; round++) {
		struct ts t[2], both, packet;
		bool meet, any = false, inside = true;

		for (int i = 0; i < 2; i++) {
			unsigned lo = rng_below(&rng, 4), port = rng_below(&rng, 4);

			t[i] = range("10.0.0.0", "10.0.0.0", rng_below(&rng, 2) ? 6 : 0,
				     (uint16_t)port, (uint16_t)(port + rng_below(&rng, 3)));
			t[i].first.addr[3] = (uint8_t)lo;
			t[i].last.addr[3] = (uint8_t)(lo + rng_below(&rng, 3));
		}
		meet = ts_intersect(&t[0], &t[1], &both);
		for (unsigned n = 0; n < 8 * 8 * 2; n++) {
			uint16_t port = n / 8 % 8;
			bool common;

			packet = range("10.0.0.0", "10.0.0.0", n / 64 ? 6 : 17, port, port);
			packet.first.addr[3] = packet.last.addr[3] = n % 8;
			common = ts_contains(&t[0], &packet) && ts_contains(&t[1], &packet);
			any |= common;
			inside &= common == (meet && ts_contains(&both, &packet));
		}
		ASSERT_EQ(any, meet);
		ASSERT_TRUE(inside);
	}
}

TEST(prefix_becomes_its_range)
{
	struct netaddr net;
	unsigned prefix;
	struct ts ts, want = range("10.1.2.0", "10.1.2.255", 6, 80, 90);

	ASSERT_EQ(0, netaddr_parse_prefix("10.1.2.3/24", &net, &prefix));
	ts = ts_from_prefix(&net, prefix, 6, 80, 90);
	EXPECT_TRUE(ts_equal(&want, &ts));
}

TEST(text_is_short_where_it_can_be)
{
	const struct {
		struct ts ts;
		const char *text;
	} each[] = {
		{ range("10.0.0.0", "10.0.0.255", ANY), "10.0.0.0/24" },
		{ range("10.0.0.1", "10.0.0.1", ANY), "10.0.0.1/32" },
		{ range("0.0.0.0", "255.255.255.255", ANY), "0.0.0.0/0" },
		{ range("10.0.0.1", "10.0.0.9", ANY), "10.0.0.1-10.0.0.9" },
		{ range("10.0.0.0", "10.0.0.255", TCP(80, 80)), "10.0.0.0/24[tcp/80]" },
		{ range("10.0.0.0", "10.0.0.255", TCP(80, 90)), "10.0.0.0/24[tcp/80-90]" },
		{ range("10.0.0.0", "10.0.0.255", TCP(0, 65535)), "10.0.0.0/24[tcp]" },
		{ range("10.0.0.0", "10.0.0.255", OPAQUE), "10.0.0.0/24[udp/opaque]" },
		{ range("10.0.0.0", "10.0.0.255", 0, 80, 80), "10.0.0.0/24[any/80]" },
		{ range("10.0.0.0", "10.0.0.255", 47, 0, 65535), "10.0.0.0/24[47]" },
		{ range("10.0.0.0", "10.0.0.255", 1, 0x0800, 0x08ff),
		  "10.0.0.0/24[icmp/8(0)-8(255)]" },
		{ range("::1", "::1", 58, 0x8700, 0x8700), "::1/128[icmpv6/135(0)]" },
		{ range("::1", "::1", 132, 0, 65535), "::1/128[sctp]" },
		{ range("2001:db8::", "2001:db8:0:ffff:ffff:ffff:ffff:ffff", ANY),
		  "2001:db8::/48" },
	};
	char buf[TS_STRLEN];

	for (size_t i = 0; i < ARRAY_SIZE(each); i++) {
		EXPECT_STREQ(each[i].text, ts_str(&each[i].ts, buf));
	}
}

TEST_HARNESS_MAIN
