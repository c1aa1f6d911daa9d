/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What the codec's tests share: bytes from hexadecimal text, memory of exactly the input's size
 * (so that a sanitizer sees a read of one octet too many), and seeded numbers.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pdk/base/bytes.h"

/* A heap copy with not one byte more behind it; free() the data. */
static inline struct bytes exact_copy(struct bytes b)
{
	uint8_t *copy = malloc(b.len ? b.len : 1);

	if (!copy)
		abort();
	if (b.len)
		memcpy(copy, b.data, b.len);
	return BYTES(copy, b.len);
}

static inline void exact_free(struct bytes b)
{
	free((void *)b.data);
}

/* The bytes that hex spells (blanks are passed over), as exact_copy(). */
static inline struct bytes from_hex(const char *hex)
{
	uint8_t *out = malloc(strlen(hex) / 2 + 1);
	struct bytes exact;
	size_t n = 0;
	int used;

	if (!out)
		abort();
	while (sscanf(hex, " %2hhx%n", &out[n], &used) == 1) {
		hex += used;
		n++;
	}
	exact = exact_copy(BYTES(out, n));
	free(out);
	return exact;
}

/* splitmix64: the same sequence for the same seed, everywhere. */
struct rng {
	uint64_t state;
};

static inline uint64_t rng_next(struct rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* From 0 to n - 1. */
static inline uint32_t rng_below(struct rng *rng, uint32_t n)
{
	return (uint32_t)(rng_next(rng) % n);
}

static inline struct bytes rng_bytes(struct rng *rng, uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf[i] = (uint8_t)rng_next(rng);
	return BYTES(buf, len);
}
