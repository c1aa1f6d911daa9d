/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include "pdk/base/random.h"

TEST(fills_all_of_a_large_buffer)
{
	static uint8_t buf[100000];
	unsigned zeros = 0;

	random_fill(buf, sizeof(buf));
	for (size_t i = 0; i < sizeof(buf); i++)
		zeros += buf[i] == 0;
	/* 390 are expected; either bound is more than ten standard deviations away. */
	EXPECT_GT(zeros, 150);
	EXPECT_LT(zeros, 700);
}

TEST(below_stays_below_and_reaches_every_value)
{
	unsigned hits[7] = { 0 };

	for (unsigned i = 0; i < 7000; i++) {
		uint32_t v = random_below(7);

		ASSERT_LT(v, 7);
		hits[v]++;
	}
	for (unsigned i = 0; i < 7; i++) {
		EXPECT_GT(hits[i], 600);
		EXPECT_LT(hits[i], 1400);
	}
	EXPECT_EQ(0, random_below(1));
}

TEST(numbers_do_not_repeat)
{
	EXPECT_NE(random_u64(), random_u64());
}

TEST_HARNESS_MAIN
