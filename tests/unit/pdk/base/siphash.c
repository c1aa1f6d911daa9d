/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include "bpf/shared/siphash.h"

/*
 * From the paper that defines SipHash (Aumasson and Bernstein, appendix A) and the test vectors of
 * its authors: key 00 01 ... 0f, message 00 01 ... of the given length.
 */
static const struct {
	unsigned len;
	uint64_t hash;
} vectors[] = {
	{ 0, 0x726fdb47dd0e0e31 },  { 1, 0x74f839c593dc67fd },  { 7, 0xab0200f58b01d137 },
	{ 8, 0x93f5f5799a932462 },  { 9, 0x9e0082df0ba9e4b0 },  { 15, 0xa129ca6149be45e5 },
	{ 16, 0x3f2acc7f57c29bdb }, { 63, 0x958a324ceb064572 },
};

static const struct siphash_key key = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };

TEST(published_vectors)
{
	uint8_t message[64];

	for (unsigned i = 0; i < 64; i++)
		message[i] = (uint8_t)i;
	for (unsigned v = 0; v < ARRAY_SIZE(vectors); v++) {
		EXPECT_EQ(vectors[v].hash, siphash(&key, message, vectors[v].len))
		{
			TH_LOG("length %u", vectors[v].len);
		}
	}
}

TEST(words_hash_like_their_little_endian_octets)
{
	uint64_t words[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };

	EXPECT_EQ(0x3f2acc7f57c29bdb, siphash_words(&key, (__u64 *)words, 2));
	EXPECT_EQ(0x93f5f5799a932462, siphash_words(&key, (__u64 *)words, 1));
}

TEST_HARNESS_MAIN
