/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Hexadecimal literals of the vector files as bytes. For tests only.
 */
#include <stdlib.h>
#include "pdk/base/bytes.h"

#define HEX_MAX 2048

struct hex {
	uint8_t data[HEX_MAX];
	size_t len;
};

static inline struct hex *hex_set(struct hex *h, const char *text)
{
	h->len = strlen(text) / 2;
	if (h->len > HEX_MAX)
		abort();
	for (size_t i = 0; i < h->len; i++) {
		char digits[3] = { text[2 * i], text[2 * i + 1], '\0' };
		char *end;

		h->data[i] = (uint8_t)strtoul(digits, &end, 16);
		if (*end)
			abort();
	}
	return h;
}

static inline struct bytes hex_bytes(const struct hex *h)
{
	return BYTES(h->data, h->len);
}

/* The bytes of a literal, good until the end of the block. */
#define HEX(text) hex_bytes(hex_set(&(struct hex){ .len = 0 }, text))
