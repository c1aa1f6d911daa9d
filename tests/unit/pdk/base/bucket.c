/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include "pdk/base/bucket.h"

static unsigned taken(struct bucket *b, int64_t ms, uint32_t rate)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 1000; i++)
		n += bucket_take(b, (struct instant){ (uint64_t)ms * 1000000 }, rate);
	return n;
}

TEST(a_second_is_in_it_and_comes_back_evenly)
{
	struct bucket b = { 0 };

	EXPECT_EQ(10, taken(&b, 5000, 10));
	EXPECT_EQ(0, taken(&b, 5099, 10));
	EXPECT_EQ(1, taken(&b, 5100, 10));
	EXPECT_EQ(3, taken(&b, 5400, 10));
	EXPECT_EQ(10, taken(&b, 100000, 10));
}

TEST(no_rate_is_no_token)
{
	struct bucket b = { 0 };

	EXPECT_EQ(0, taken(&b, 1, 0));
	EXPECT_EQ(1, taken(&b, 1, 1));
}

TEST_HARNESS_MAIN
