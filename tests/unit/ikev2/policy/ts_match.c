/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <stdlib.h>

#include "ikev2/policy/ts_conf.h"
#include "ikev2/policy/ts_match.h"

/*
 * The properties are shown by counting packets: a small space of 8 addresses, 3 protocols and 4
 * ports (port 3 stands for one that can't be seen) in which every packet is tried.
 */
#define ADDRS     8
#define PROTOCOLS 3
#define PORTS     4

static const uint8_t protocol_numbers[PROTOCOLS] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ESP };

static struct netaddr addr_of(unsigned n)
{
	uint8_t bytes[4] = { 10, 0, 0, (uint8_t)n };

	return netaddr_from_bytes(BYTES_OF(bytes), 0);
}

static bool holds(const struct ts *ts, unsigned addr, unsigned protocol, unsigned port)
{
	struct netaddr a = addr_of(addr);

	if (netaddr_compare(&a, &ts->first) < 0 || netaddr_compare(&a, &ts->last) > 0)
		return false;
	if (ts->protocol && ts->protocol != protocol_numbers[protocol])
		return false;
	if (ts->port_first == 0 && ts->port_last == UINT16_MAX)
		return true;
	if (ts->port_first > ts->port_last)
		return port == PORTS - 1;
	return port != PORTS - 1 && ts->port_first <= port && port <= ts->port_last;
}

static bool list_holds(const struct ts_list *list, unsigned addr, unsigned protocol, unsigned port)
{
	for (size_t i = 0; i < list->n; i++)
		if (holds(&list->v[i], addr, protocol, port))
			return true;
	return false;
}

static struct ts random_ts(unsigned *seed)
{
	unsigned a = (unsigned)rand_r(seed) % ADDRS, b = (unsigned)rand_r(seed) % ADDRS;
	unsigned p = (unsigned)rand_r(seed) % (PORTS - 1), q = (unsigned)rand_r(seed) % (PORTS - 1);
	struct ts ts = { .first = addr_of(a < b ? a : b), .last = addr_of(a < b ? b : a) };

	if (rand_r(seed) % 3)
		ts.protocol = protocol_numbers[(unsigned)rand_r(seed) % PROTOCOLS];
	switch (rand_r(seed) % 4) {
	case 0:
		ts.port_first = UINT16_MAX;
		break;
	case 1:
		ts.port_first = (uint16_t)(p < q ? p : q);
		ts.port_last = (uint16_t)(p < q ? q : p);
		break;
	default:
		ts.port_last = UINT16_MAX;
		break;
	}
	return ts;
}

static void random_list(struct ts_list *list, size_t max, unsigned *seed)
{
	list->n = 1 + (unsigned)rand_r(seed) % max;
	for (size_t i = 0; i < list->n; i++)
		list->v[i] = random_ts(seed);
}

#define for_each_packet(a, p, q)                                                                   \
	for (unsigned a = 0; a < ADDRS; a++)                                                       \
		for (unsigned p = 0; p < PROTOCOLS; p++)                                           \
			for (unsigned q = 0; q < PORTS; q++)

TEST(narrowing_is_exactly_the_packets_that_both_have)
{
	unsigned seed = 1;

	for (int round = 0; round < 20000; round++) {
		struct ts_list policy, offer, both = { .n = 0 };
		bool any = false;
		int verdict;

		random_list(&policy, 4, &seed);
		random_list(&offer, 4, &seed);
		verdict = ts_narrow(&policy, &offer, &both);
		for_each_packet(a, p, q)
		{
			bool expected = list_holds(&policy, a, p, q) && list_holds(&offer, a, p, q);

			any = any || expected;
			ASSERT_EQ(expected, list_holds(&both, a, p, q)) TH_LOG("round %d", round);
		}
		ASSERT_EQ(any ? 0 : TS_NONE_FITS, verdict);
		ASSERT_EQ(any, both.n > 0);
		if (any)
			ASSERT_TRUE(ts_answer_valid(&offer, &both));
	}
}

TEST(no_selector_of_a_result_is_inside_another)
{
	unsigned seed = 2;

	for (int round = 0; round < 5000; round++) {
		struct ts_list policy, offer, both = { .n = 0 };

		random_list(&policy, 6, &seed);
		random_list(&offer, 6, &seed);
		ts_narrow(&policy, &offer, &both);
		for (size_t i = 0; i < both.n; i++)
			for (size_t j = 0; j < both.n; j++)
				ASSERT_TRUE(i == j || !ts_contains(&both.v[i], &both.v[j]));
	}
}

TEST(the_first_choice_of_the_initiator_is_kept_first)
{
	unsigned seed = 3;

	for (int round = 0; round < 5000; round++) {
		struct ts_list policy, offer, both = { .n = 0 };

		random_list(&policy, 4, &seed);
		random_list(&offer, 4, &seed);
		/* As RFC 7296 2.9: policy allows all of the first selector. */
		policy.v[(unsigned)rand_r(&seed) % policy.n] = offer.v[0];
		ASSERT_EQ(0, ts_narrow(&policy, &offer, &both));
		ASSERT_TRUE(ts_contains(&both.v[0], &offer.v[0]));
	}
}

TEST(an_answer_is_valid_only_inside_of_the_offer)
{
	unsigned seed = 4;

	for (int round = 0; round < 20000; round++) {
		struct ts_list offer, answer;

		random_list(&offer, 3, &seed);
		random_list(&answer, 2, &seed);
		if (!ts_answer_valid(&offer, &answer))
			continue;
		for_each_packet(a, p, q)
			ASSERT_TRUE(!list_holds(&answer, a, p, q) || list_holds(&offer, a, p, q));
	}
}

static struct ts_list list_of(const char *const *texts)
{
	struct ts_list list = { .n = 0 };
	struct ts_conf conf;

	for (; *texts; texts++)
		if (ts_conf_parse(*texts, &conf, NULL) == 0)
			list.v[list.n++] = conf.ts;
	return list;
}

#define LIST(...) list_of((const char *const[]){ __VA_ARGS__, NULL })

TEST(an_empty_answer_and_one_from_elsewhere_are_invalid)
{
	struct ts_list offer = LIST("10.1.0.0/16"), none = { .n = 0 };
	struct ts_list inside = LIST("10.1.2.0/24[tcp]"),
		       outside = LIST("10.1.0.0/16", "10.2.0.0/24");

	EXPECT_FALSE(ts_answer_valid(&offer, &none));
	EXPECT_TRUE(ts_answer_valid(&offer, &offer));
	EXPECT_TRUE(ts_answer_valid(&offer, &inside));
	EXPECT_FALSE(ts_answer_valid(&offer, &outside));
	EXPECT_FALSE(ts_answer_valid(&inside, &offer));
}

TEST(families_do_not_mix)
{
	struct ts_list policy = LIST("::/0"), offer = LIST("0.0.0.0/0");
	struct ts_list both = { .n = 7 };

	EXPECT_EQ(TS_NONE_FITS, ts_narrow(&policy, &offer, &both));
	EXPECT_EQ(7, both.n);
	policy = LIST("0.0.0.0/0", "::/0");
	EXPECT_EQ(0, ts_narrow(&policy, &offer, &both));
	EXPECT_TRUE(ts_list_equal(&offer, &both));
}

TEST(an_empty_offer_fits_nothing)
{
	struct ts_list policy = LIST("::/0"), none = { .n = 0 }, both;

	EXPECT_EQ(TS_NONE_FITS, ts_narrow(&policy, &none, &both));
	EXPECT_EQ(TS_NONE_FITS, ts_narrow(&none, &policy, &both));
}

TEST(too_many_intersections_are_cut_off_and_stay_inside)
{
	struct ts_list policy = { .n = TS_LIST_MAX }, offer = { .n = TS_LIST_MAX }, both;

	/* Addresses one by one against ports one by one: all pairs differ. */
	for (unsigned i = 0; i < TS_LIST_MAX; i++) {
		struct ts whole = { addr_of(0), addr_of(255), 0, (uint16_t)i, (uint16_t)i };
		struct ts one = { addr_of(i), addr_of(i), 0, 0, UINT16_MAX };

		policy.v[i] = whole;
		offer.v[i] = one;
	}
	EXPECT_EQ(0, ts_narrow(&policy, &offer, &both));
	EXPECT_EQ(TS_LIST_MAX, both.n);
	EXPECT_TRUE(ts_answer_valid(&offer, &both));
	EXPECT_TRUE(ts_answer_valid(&policy, &both));
}

TEST(an_offer_puts_the_packet_before_the_policy)
{
	struct ts_list policy = LIST("10.1.0.0/16", "10.2.0.0/16"), offer;
	struct ts_list packet = LIST("10.2.0.7[tcp/80]"), other = LIST("10.3.0.7[tcp/80]");

	ts_offer(&policy, &packet.v[0], &offer);
	ASSERT_EQ(3, offer.n);
	EXPECT_TRUE(ts_equal(&packet.v[0], &offer.v[0]));
	EXPECT_TRUE(ts_equal(&policy.v[0], &offer.v[1]));
	EXPECT_TRUE(ts_equal(&policy.v[1], &offer.v[2]));

	ts_offer(&policy, &other.v[0], &offer);
	EXPECT_TRUE(ts_list_equal(&policy, &offer));
	ts_offer(&policy, NULL, &offer);
	EXPECT_TRUE(ts_list_equal(&policy, &offer));
	ts_offer(&policy, NULL, &policy);
	EXPECT_EQ(2, policy.n);

	policy.n = TS_LIST_MAX;
	for (unsigned i = 0; i < TS_LIST_MAX; i++)
		policy.v[i] = policy.v[1];
	ts_offer(&policy, &packet.v[0], &offer);
	EXPECT_TRUE(ts_list_equal(&policy, &offer));
}

TEST_HARNESS_MAIN
