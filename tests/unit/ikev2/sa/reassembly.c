/* SPDX-License-Identifier: MIT */
/*
 * Reassembly by RFC 7383 2.6 and its attacks: repeated fragments, older sets, sets that never end.
 */
#include <kselftest_harness.h>

#include <errno.h>
#include <stdlib.h>

#include "ikev2/sa/reassembly.h"
#include "../../pdk/leaks.h"

static const struct instant later = { 5000000000 };

FIXTURE(reassembly)
{
	struct reassembly r;
	size_t used;
};

FIXTURE_SETUP(reassembly)
{
	reassembly_init(&self->r, &self->used);
}

FIXTURE_TEARDOWN(reassembly)
{
	reassembly_reset(&self->r);
	EXPECT_EQ(0, self->used);
	EXPECT_NO_LEAKS();
}

static int add(struct reassembly *r, uint32_t id, uint16_t number, uint16_t total, const char *text)
{
	struct ike_fragment f = { number, total, number == 1 ? IKE_PAYLOAD_IDI : 0 };

	if (!reassembly_wants(r, id, &f))
		return -EALREADY;
	return reassembly_add(r, id, &f, bytes_str(text), 100 + strlen(text), later);
}

#define EXPECT_WHOLE(text)                                                                         \
	do {                                                                                       \
		uint8_t _first, *_data;                                                            \
		size_t _len;                                                                       \
		ASSERT_EQ(0, reassembly_take(&self->r, &_first, &_data, &_len));                   \
		EXPECT_EQ(IKE_PAYLOAD_IDI, _first);                                                \
		EXPECT_TRUE(bytes_equal(bytes_str(text), BYTES(_data, _len)));                     \
		free(_data);                                                                       \
	} while (0)

TEST_F(reassembly, fragments_in_any_order_make_the_message)
{
	static const uint16_t orders[][3] = { { 1, 2, 3 }, { 3, 2, 1 }, { 2, 3, 1 }, { 2, 1, 3 } };
	static const char *const parts[] = { "one,", "two,", "three" };

	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		for (size_t k = 0; k < 3; k++) {
			uint16_t n = orders[i][k];

			EXPECT_EQ(k < 2 ? REASSEMBLY_STORED : REASSEMBLY_COMPLETE,
				  add(&self->r, (uint32_t)i, n, 3, parts[n - 1]));
			EXPECT_EQ(later.ns, self->r.until.ns);
		}
		EXPECT_EQ(105, self->r.largest);
		EXPECT_WHOLE("one,two,three");
		EXPECT_TRUE(instant_is_never(self->r.until));
		EXPECT_EQ(0, self->used);
	}
}

TEST_F(reassembly, one_fragment_may_be_all_and_chunks_may_be_empty)
{
	EXPECT_EQ(REASSEMBLY_COMPLETE, add(&self->r, 1, 1, 1, "all"));
	EXPECT_WHOLE("all");
	EXPECT_EQ(REASSEMBLY_STORED, add(&self->r, 1, 1, 2, ""));
	EXPECT_EQ(REASSEMBLY_COMPLETE, add(&self->r, 1, 2, 2, ""));
	EXPECT_WHOLE("");
}

TEST_F(reassembly, a_fragment_that_is_here_is_not_wanted_again)
{
	EXPECT_EQ(REASSEMBLY_STORED, add(&self->r, 1, 2, 2, "b"));
	for (int i = 0; i < 5; i++)
		EXPECT_EQ(-EALREADY, add(&self->r, 1, 2, 2, "x"));
	EXPECT_EQ(REASSEMBLY_COMPLETE, add(&self->r, 1, 1, 2, "a"));
	EXPECT_EQ(-EALREADY, add(&self->r, 1, 1, 2, "x"));
	EXPECT_WHOLE("ab");
}

/* 2.6: a greater total begins anew; 2.5.2: it is how smaller fragments show themselves. */
TEST_F(reassembly, a_set_of_more_fragments_replaces_the_one_before)
{
	EXPECT_EQ(REASSEMBLY_STORED, add(&self->r, 1, 1, 3, "old1"));
	EXPECT_EQ(REASSEMBLY_STORED, add(&self->r, 1, 2, 3, "old2"));
	EXPECT_EQ(REASSEMBLY_STORED, add(&self->r, 1, 4, 4, "d"));
	EXPECT_EQ(1, self->r.have);
	/* What is still on its way, or repeated, of the old set is of no use. */
	EXPECT_EQ(-EALREADY, add(&self->r, 1, 3, 3, "old3"));
	EXPECT_EQ(-EALREADY, add(&self->r, 1, 1, 3, "old1"));
	EXPECT_EQ(-EALREADY, add(&self->r, 1, 1, 1, "old"));
	EXPECT_EQ(REASSEMBLY_STORED, add(&self->r, 1, 1, 4, "a"));
	EXPECT_EQ(REASSEMBLY_STORED, add(&self->r, 1, 3, 4, "c"));
	EXPECT_EQ(REASSEMBLY_COMPLETE, add(&self->r, 1, 2, 4, "b"));
	EXPECT_WHOLE("abcd");
}

TEST_F(reassembly, another_message_begins_anew)
{
	EXPECT_EQ(REASSEMBLY_STORED, add(&self->r, 1, 1, 2, "old"));
	EXPECT_EQ(REASSEMBLY_STORED, add(&self->r, 2, 2, 2, "b"));
	EXPECT_EQ(REASSEMBLY_COMPLETE, add(&self->r, 2, 1, 2, "a"));
	EXPECT_WHOLE("ab");
}

/* 5: a large set that never ends. */
TEST_F(reassembly, content_is_limited)
{
	char *big = calloc(1, 1001);
	int verdict = REASSEMBLY_STORED;
	uint16_t n = 0;

	ASSERT_NE(NULL, big);
	memset(big, 'x', 1000);
	while (verdict == REASSEMBLY_STORED)
		verdict = add(&self->r, 1, ++n, REASSEMBLY_FRAGMENTS_MAX, big);
	EXPECT_EQ(REASSEMBLY_TOO_MUCH, verdict);
	EXPECT_EQ(REASSEMBLY_SIZE_MAX / 1000 + 1, n);
	EXPECT_EQ(0, self->used);
	EXPECT_EQ(0, self->r.total);
	free(big);
}

TEST_F(reassembly, the_number_of_fragments_is_limited)
{
	EXPECT_EQ(REASSEMBLY_STORED, add(&self->r, 1, 1, REASSEMBLY_FRAGMENTS_MAX, ""));
	EXPECT_EQ(REASSEMBLY_TOO_MUCH, add(&self->r, 1, 1, REASSEMBLY_FRAGMENTS_MAX + 1, ""));
	EXPECT_EQ(REASSEMBLY_TOO_MUCH, add(&self->r, 1, 65535, 65535, ""));
	EXPECT_EQ(0, self->used);
}

TEST_F(reassembly, memory_is_accounted_for_all_together)
{
	struct reassembly other;
	size_t one;

	reassembly_init(&other, &self->used);
	EXPECT_EQ(REASSEMBLY_STORED, add(&self->r, 1, 1, 2, "some"));
	one = self->used;
	EXPECT_LE(4, one);
	EXPECT_EQ(REASSEMBLY_STORED, add(&other, 1, 1, 2, "some"));
	EXPECT_EQ(2 * one, self->used);
	reassembly_reset(&other);
	EXPECT_EQ(one, self->used);
}

TEST_HARNESS_MAIN
