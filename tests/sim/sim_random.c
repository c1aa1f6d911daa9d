/* SPDX-License-Identifier: MIT */
/*
 * pdk/base/random.h for simulations: SPIs, nonces and jitter come from the seed, so that a run can be
 * had again. The linker takes these instead of the library's.
 */
#include "pdk/base/random.h"

#include "sim_random.h"

static uint64_t state = 1;

void sim_random_seed(uint64_t seed)
{
	state = seed | 1;
}

/* xorshift64*: small, and the same everywhere. */
uint64_t random_u64(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dull;
}

uint32_t random_u32(void)
{
	return (uint32_t)(random_u64() >> 32);
}

void random_fill(void *buf, size_t len)
{
	uint8_t *p = buf;

	while (len--)
		*p++ = (uint8_t)(random_u64() >> 56);
}

uint32_t random_below(uint32_t n)
{
	return random_u32() % n;
}
