/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <stdlib.h>

#include "pdk/base/bytes.h"
#include "../leaks.h"

static const uint8_t sample[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09 };

TEST(reader_takes_big_endian_integers_in_order)
{
	struct reader r;

	reader_init(&r, BYTES_OF(sample));
	EXPECT_EQ(0x01, reader_u8(&r));
	EXPECT_EQ(0x0203, reader_u16(&r));
	EXPECT_EQ(0x04050607u, reader_u32(&r));
	EXPECT_EQ(7, reader_offset(&r));
	EXPECT_EQ(2, reader_left(&r));
	EXPECT_FALSE(reader_done(&r));
	EXPECT_EQ(0x0809, reader_u16(&r));
	EXPECT_TRUE(reader_done(&r));

	reader_init(&r, BYTES_OF(sample));
	EXPECT_EQ(0x0102030405060708ull, reader_u64(&r));
}

TEST(reader_fails_at_every_shorter_length_and_stays_failed)
{
	for (size_t len = 0; len < 7; len++) {
		/* Memory of exactly that size, so that a sanitizer sees one octet too many. */
		uint8_t *exact = malloc(len ? len : 1);
		struct reader r;

		memcpy(exact, sample, len);
		reader_init(&r, BYTES(exact, len));
		reader_u8(&r);
		reader_u16(&r);
		reader_u32(&r);
		EXPECT_TRUE(r.failed);
		EXPECT_EQ(0, reader_u8(&r));
		EXPECT_EQ(0, reader_left(&r));
		EXPECT_EQ(0, reader_take(&r, 0).len);
		EXPECT_FALSE(reader_done(&r));
		free(exact);
	}
}

TEST(reader_of_nothing_is_done_at_once)
{
	struct reader r;

	reader_init(&r, BYTES_NONE);
	EXPECT_TRUE(reader_done(&r));
	EXPECT_EQ(0, reader_rest(&r).len);
	EXPECT_TRUE(reader_done(&r));
	EXPECT_EQ(NULL, reader_take(&r, 1).data);
	EXPECT_TRUE(r.failed);
}

TEST(reader_length_near_the_end_of_size_t_does_not_wrap)
{
	struct reader r;

	reader_init(&r, BYTES_OF(sample));
	reader_u8(&r);
	EXPECT_EQ(NULL, reader_take(&r, SIZE_MAX).data);
	EXPECT_TRUE(r.failed);
}

TEST(reader_copy_zeroes_what_is_not_there)
{
	uint8_t dst[4] = { 0xff, 0xff, 0xff, 0xff };
	struct reader r;

	reader_init(&r, BYTES(sample, 3));
	reader_copy(&r, dst, 4);
	EXPECT_TRUE(r.failed);
	EXPECT_EQ(0, dst[0] | dst[1] | dst[2] | dst[3]);
}

TEST(fixed_writer_fails_at_its_end_and_keeps_what_fitted)
{
	uint8_t buf[5];
	struct writer w;

	writer_init_fixed(&w, buf, sizeof(buf));
	writer_u32(&w, 0x01020304);
	writer_u16(&w, 0x0506);
	EXPECT_EQ(-EMSGSIZE, w.err);
	EXPECT_EQ(4, writer_view(&w).len);
	writer_u8(&w, 9);
	EXPECT_EQ(4, writer_view(&w).len);
	EXPECT_EQ(0, memcmp(buf, sample, 4));
}

TEST(heap_writer_grows_up_to_its_limit)
{
	struct writer w;

	writer_init_heap(&w, 5000);
	for (unsigned i = 0; i < 5000; i++)
		writer_u8(&w, (uint8_t)i);
	ASSERT_EQ(0, w.err);
	ASSERT_EQ(5000, writer_view(&w).len);
	for (unsigned i = 0; i < 5000; i++)
		ASSERT_EQ((uint8_t)i, w.data[i]);
	writer_u8(&w, 0);
	EXPECT_EQ(-EMSGSIZE, w.err);
	writer_fini(&w);
	EXPECT_NO_LEAKS();
}

TEST(patches_stay_inside_what_was_written)
{
	struct writer w;

	writer_init_heap(&w, 100);
	writer_zeros(&w, 8);
	writer_patch_u16(&w, 6, 0x0102);
	writer_patch_u32(&w, 0, 0x03040506);
	writer_patch_u8(&w, 4, 7);
	EXPECT_EQ(0, w.err);
	EXPECT_EQ(0, memcmp(w.data, "\x03\x04\x05\x06\x07\x00\x01\x02", 8));
	writer_patch_u16(&w, 7, 1);
	EXPECT_EQ(-EMSGSIZE, w.err);
	writer_fini(&w);
}

TEST(steal_hands_over_memory_or_the_error)
{
	struct writer w;
	uint8_t *data = NULL;
	size_t len = 77;

	writer_init_heap(&w, 100);
	writer_bytes(&w, bytes_str("postern"));
	ASSERT_EQ(0, writer_steal(&w, &data, &len));
	EXPECT_TRUE(bytes_equal(BYTES(data, len), bytes_str("postern")));
	free(data);

	data = NULL;
	len = 77;
	writer_init_heap(&w, 3);
	writer_u16(&w, 1);
	writer_u16(&w, 1);
	EXPECT_EQ(-EMSGSIZE, writer_steal(&w, &data, &len));
	EXPECT_EQ(NULL, data);
	EXPECT_EQ(77, len);
	EXPECT_NO_LEAKS();
}

TEST(comparisons_look_at_length_and_every_octet)
{
	struct bytes a = bytes_str("abc");

	EXPECT_TRUE(bytes_equal(a, bytes_str("abc")));
	EXPECT_FALSE(bytes_equal(a, bytes_str("abd")));
	EXPECT_FALSE(bytes_equal(a, bytes_str("abcd")));
	EXPECT_TRUE(bytes_equal(BYTES_NONE, bytes_str("")));
	EXPECT_TRUE(bytes_equal_secret(a, bytes_str("abc")));
	EXPECT_FALSE(bytes_equal_secret(a, bytes_str("Abc")));
	EXPECT_FALSE(bytes_equal_secret(a, bytes_str("ab")));
	EXPECT_LT(bytes_compare(a, bytes_str("abd")), 0);
	EXPECT_GT(bytes_compare(a, bytes_str("ab")), 0);
	EXPECT_EQ(0, bytes_compare(a, a));
}

TEST(hex_is_cut_to_the_buffer)
{
	char buf[8];

	EXPECT_STREQ("010203", bytes_hex(BYTES(sample, 3), buf, sizeof(buf)));
	EXPECT_STREQ("010203", bytes_hex(BYTES(sample, 9), buf, sizeof(buf)));
	EXPECT_STREQ("", bytes_hex(BYTES(sample, 9), buf, 1));
}

TEST_HARNESS_MAIN
