/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <errno.h>

#include "ikev2/policy/ts_conf.h"

TEST(text_becomes_a_selector_and_text_again)
{
	static const char *const table[][2] = {
		{ "10.1.0.0/16", NULL },
		{ "10.1.2.3/16", "10.1.0.0/16" },
		{ "10.1.2.3", "10.1.2.3/32" },
		{ "0.0.0.0/0", NULL },
		{ "::/0", NULL },
		{ "2001:db8::/48", NULL },
		{ "10.0.0.1-10.0.0.9", NULL },
		{ "10.0.0.0-10.0.0.255", "10.0.0.0/24" },
		{ "dynamic", NULL },
		{ "10.1.0.0/16[tcp/80]", NULL },
		{ "10.1.0.0/16[tcp]", NULL },
		{ "10.1.0.0/16[6/80]", "10.1.0.0/16[tcp/80]" },
		{ "10.1.0.0/16[TCP/80]", "10.1.0.0/16[tcp/80]" },
		{ "10.1.0.0/16[253]", NULL },
		{ "10.1.0.0/16[/80]", NULL },
		{ "10.1.0.0/16[]", "10.1.0.0/16" },
		{ "10.1.0.0/16[any/any]", "10.1.0.0/16" },
		{ "10.1.0.0/16[udp/1000-2000]", NULL },
		{ "10.1.0.0/16[udp/5-5]", "10.1.0.0/16[udp/5]" },
		{ "10.1.0.0/16[tcp/opaque]", NULL },
		{ "dynamic[udp/1701]", NULL },
		{ "[udp/1000-2000]", "dynamic[udp/1000-2000]" },
		{ "::1[ipv6-icmp/2048]", "::1/128[icmpv6/8(0)]" },
		{ "::1[ipv6-icmp/128]", "::1/128[icmpv6/128(0)-128(255)]" },
		{ "::1[ipv6-icmp/128-129]", "::1/128[icmpv6/128(0)-129(255)]" },
		{ "10.1.0.0/16[icmp/3(4)]", NULL },
		{ "10.1.0.0/16[icmp/3(1)-4(2)]", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char text[TS_CONF_STRLEN];
		struct ts_conf ts;

		ASSERT_EQ(0, ts_conf_parse(table[i][0], &ts, NULL)) TH_LOG("%s", table[i][0]);
		EXPECT_STREQ(table[i][1] ? table[i][1] : table[i][0], ts_conf_str(&ts, text));
	}
}

TEST(what_is_no_selector_is_refused_with_what_was_expected)
{
	static const char addresses[] = "a network, an address";
	static const char brackets[] = "a traffic selector with one [protocol/port]";
	static const char upper[] = "[protocol/port] with known names";
	static const struct {
		const char *text, *expected;
	} bad[] = {
		{ "", addresses },
		{ "host", addresses },
		{ "10.0.0.0/33", addresses },
		{ "10.0.0.9-10.0.0.1", addresses },
		{ "10.0.0.1-::1", addresses },
		{ "fe80::1%lo", addresses },
		{ "10.0.0.0/8[tcp", brackets },
		{ "10.0.0.0/8[tcp]x", brackets },
		{ "10.0.0.0/8[tcp][udp]", brackets },
		{ "10.0.0.0/8[xyz]", upper },
		{ "10.0.0.0/8[256]", upper },
		{ "10.0.0.0/8[tcp/]", upper },
		{ "10.0.0.0/8[tcp/65536]", upper },
		{ "10.0.0.0/8[tcp/9-1]", upper },
		{ "10.0.0.0/8[tcp/1-]", upper },
		{ "10.0.0.0/8[tcp/-1]", upper },
		{ "10.0.0.0/8[tcp/http]", upper },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *expected = "";
		struct ts_conf ts;

		EXPECT_EQ(-EINVAL, ts_conf_parse(bad[i].text, &ts, &expected))
		TH_LOG("%s", bad[i].text);
		EXPECT_EQ(expected, strstr(expected, bad[i].expected)) TH_LOG("%s", bad[i].text);
	}
}

TEST(dynamic_becomes_the_address_of_the_host)
{
	struct ts_conf_list conf = { .n = 2 };
	struct netaddr host, none = NETADDR_NONE;
	struct ts_list list;
	char text[TS_STRLEN];

	ts_conf_parse("dynamic[udp/1701]", &conf.v[0], NULL);
	ts_conf_parse("10.0.0.0/8", &conf.v[1], NULL);
	EXPECT_TRUE(ts_conf_is_dynamic(&conf));
	netaddr_parse("192.0.2.1", 4500, &host);
	ts_conf_resolve(&conf, &host, &list);
	ASSERT_EQ(2, list.n);
	EXPECT_STREQ("192.0.2.1/32[udp/1701]", ts_str(&list.v[0], text));
	EXPECT_EQ(0, list.v[0].first.port);
	EXPECT_STREQ("10.0.0.0/8", ts_str(&list.v[1], text));

	ts_conf_resolve(&conf, &none, &list);
	ASSERT_EQ(1, list.n);
	EXPECT_STREQ("10.0.0.0/8", ts_str(&list.v[0], text));
	conf.v[0] = conf.v[1];
	EXPECT_FALSE(ts_conf_is_dynamic(&conf));
}

TEST_HARNESS_MAIN
