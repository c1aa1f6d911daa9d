/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <errno.h>
#include <stdlib.h>

#include "ikev2/policy/addr_range.h"

TEST(text_becomes_a_range_and_text_again)
{
	static const char *const table[][2] = {
		{ "192.0.2.1", NULL },
		{ "192.0.2.0/24", NULL },
		{ "192.0.2.7/24", "192.0.2.0/24" },
		{ "192.0.2.1/32", "192.0.2.1" },
		{ "192.0.2.1-192.0.2.9", NULL },
		{ "192.0.2.0-192.0.2.255", "192.0.2.0/24" },
		{ "2001:db8::1", NULL },
		{ "2001:db8::/32", NULL },
		{ "2001:db8::1-2001:db8::5", NULL },
		{ "%any", NULL },
		{ "%any4", NULL },
		{ "%any6", NULL },
		{ "0.0.0.0/0", "%any4" },
		{ "::/0", "%any6" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct addr_range range;
		char text[ADDR_RANGE_STRLEN];

		ASSERT_EQ(0, addr_range_parse(table[i][0], &range)) TH_LOG("%s", table[i][0]);
		EXPECT_STREQ(table[i][1] ? table[i][1] : table[i][0], addr_range_str(&range, text));
	}
}

TEST(what_is_no_range_is_refused)
{
	static const char *const bad[] = {
		"",
		"host",
		"10.0.0.1-",
		"-10.0.0.1",
		"10.0.0.9-10.0.0.1",
		"10.0.0.1-::1",
		"10.0.0.0/33",
		"10.0.0.0/",
		"%any5",
		"%",
		"1.2.3",
		"10.0.0.1 10.0.0.2",
	};
	struct addr_range range;
	char longer[400];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, addr_range_parse(bad[i], &range)) TH_LOG("%s", bad[i]);
	}
	memset(longer, '1', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	EXPECT_EQ(-EINVAL, addr_range_parse(longer, &range));
}

static unsigned score(const char *range, const char *text)
{
	struct addr_ranges ranges = { .n = 1 };
	struct netaddr addr;

	addr_range_parse(range, &ranges.v[0]);
	netaddr_parse(text, 4500, &addr);
	return addr_ranges_match(&ranges, &addr);
}

TEST(the_smaller_range_is_the_closer_match)
{
	static const char *const closer[] = { "%any",        "0.0.0.0/0",         "10.0.0.0/8",
					      "10.1.0.0/16", "10.1.2.0-10.1.2.5", "10.1.2.3" };
	unsigned before = 0;

	for (size_t i = 0; i < ARRAY_SIZE(closer); i++) {
		EXPECT_GT(score(closer[i], "10.1.2.3"), before) TH_LOG("above %u", before);
		before = score(closer[i], "10.1.2.3");
	}
	EXPECT_EQ(130, before);
	EXPECT_EQ(130, score("::1", "::1"));
	EXPECT_EQ(1, score("%any", "::1"));
	EXPECT_EQ(2, score("%any6", "::1"));
}

TEST(addresses_outside_do_not_match)
{
	EXPECT_EQ(0, score("10.0.0.0/8", "11.0.0.0"));
	EXPECT_EQ(0, score("10.0.0.0/8", "9.255.255.255"));
	EXPECT_NE(0, score("10.0.0.0/8", "10.255.255.255"));
	EXPECT_EQ(0, score("10.0.0.1-10.0.0.9", "10.0.0.10"));
	EXPECT_EQ(0, score("%any4", "::1"));
	EXPECT_EQ(0, score("%any6", "10.0.0.1"));
}

TEST(the_best_of_several_counts)
{
	struct addr_ranges ranges = { .n = 3 };
	struct netaddr addr;

	addr_range_parse("%any", &ranges.v[0]);
	addr_range_parse("10.0.0.1", &ranges.v[1]);
	addr_range_parse("10.0.0.0/8", &ranges.v[2]);
	netaddr_parse("10.0.0.1", 0, &addr);
	EXPECT_EQ(130, addr_ranges_match(&ranges, &addr));
	ranges.n = 0;
	EXPECT_EQ(0, addr_ranges_match(&ranges, &addr));
}

TEST(a_link_local_address_matches_on_its_link_or_on_any)
{
	struct addr_ranges ranges = { .n = 1 };
	struct netaddr addr;

	addr_range_parse("fe80::1", &ranges.v[0]);
	netaddr_parse("fe80::1", 500, &addr);
	addr.scope = 7;
	EXPECT_EQ(130, addr_ranges_match(&ranges, &addr));
	ranges.v[0].first.scope = ranges.v[0].last.scope = 7;
	EXPECT_EQ(130, addr_ranges_match(&ranges, &addr));
	ranges.v[0].first.scope = ranges.v[0].last.scope = 8;
	EXPECT_EQ(0, addr_ranges_match(&ranges, &addr));
}

TEST(an_initiator_gets_the_first_single_address_of_the_family)
{
	struct addr_ranges ranges = { .n = 4 };
	struct netaddr addr, untouched = NETADDR_NONE;
	char text[NETADDR_STRLEN];

	addr_range_parse("%any", &ranges.v[0]);
	addr_range_parse("10.0.0.0/8", &ranges.v[1]);
	addr_range_parse("::1", &ranges.v[2]);
	addr_range_parse("10.0.0.1", &ranges.v[3]);
	EXPECT_TRUE(addr_ranges_single(&ranges, AF_UNSPEC, &addr));
	EXPECT_STREQ("::1", netaddr_str(&addr, text));
	EXPECT_TRUE(addr_ranges_single(&ranges, AF_INET, &addr));
	EXPECT_STREQ("10.0.0.1", netaddr_str(&addr, text));
	ranges.n = 2;
	EXPECT_FALSE(addr_ranges_single(&ranges, AF_UNSPEC, &untouched));
	EXPECT_FALSE(netaddr_is_set(&untouched));
}

TEST_HARNESS_MAIN
