/* SPDX-License-Identifier: MIT */
#include "pdk/conf/scalar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int conf_parse_bool(const char *text, bool *ret)
{
	static const char *const words[][2] = {
		{ "no", "yes" }, { "false", "true" },       { "off", "on" },
		{ "0", "1" },    { "disabled", "enabled" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		for (int value = 0; value < 2; value++)
			if (strcasecmp(words[i][value], text) == 0) {
				*ret = value;
				return 0;
			}
	return -EINVAL;
}

/* The digits at *text, at least one; moves behind them. */
static int take_digits(const char **text, unsigned base, uint64_t *ret)
{
	const char *start = *text;
	uint64_t value = 0;

	for (;; (*text)++) {
		char c = **text;
		unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
				 : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
							: base;

		if (digit >= base)
			break;
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return -EINVAL;
	}
	if (*text == start)
		return -EINVAL;
	*ret = value;
	return 0;
}

int conf_parse_uint(const char *text, uint64_t *ret)
{
	unsigned base = 10;
	uint64_t value;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	if (take_digits(&text, base, &value) < 0 || *text)
		return -EINVAL;
	*ret = value;
	return 0;
}

/* "12.5" at *text in thousandths; moves behind it. */
static int take_decimal(const char **text, uint64_t *ret)
{
	uint64_t whole, part, weight = 1000;

	if (take_digits(text, 10, &whole) < 0 || __builtin_mul_overflow(whole, 1000, &whole))
		return -EINVAL;
	if (**text == '.') {
		const char *digits = ++*text;

		if (take_digits(text, 10, &part) < 0 || *text - digits > 3)
			return -EINVAL;
		while (digits++ < *text)
			weight /= 10;
		if (__builtin_add_overflow(whole, part * weight, &whole))
			return -EINVAL;
	}
	*ret = whole;
	return 0;
}

int conf_parse_decimal(const char *text, uint64_t *ret_thousandths)
{
	uint64_t value;

	if (take_decimal(&text, &value) < 0 || *text)
		return -EINVAL;
	*ret_thousandths = value;
	return 0;
}

int conf_parse_size(const char *text, uint64_t *ret)
{
	static const char suffixes[] = "kmg";
	uint64_t value;

	if (take_digits(&text, 10, &value) < 0)
		return -EINVAL;
	if (*text) {
		const char *suffix = strchr(suffixes, *text | 0x20);

		if (!suffix || !*suffix || text[1])
			return -EINVAL;
		if (__builtin_mul_overflow(value, 1ull << (10 * (suffix - suffixes + 1)), &value))
			return -EINVAL;
	}
	*ret = value;
	return 0;
}

int conf_parse_duration(const char *text, struct duration *ret)
{
	/* Nanoseconds in a thousandth of the unit. */
	static const struct {
		const char *suffix;
		uint64_t ns;
	} units[] = {
		{ "", 1000000ull },       { "s", 1000000ull },        { "ms", 1000ull },
		{ "m", 60 * 1000000ull }, { "h", 3600 * 1000000ull }, { "d", 86400 * 1000000ull },
	};
	uint64_t value;

	if (take_decimal(&text, &value) < 0)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(units[i].suffix, text) != 0)
			continue;
		if (__builtin_mul_overflow(value, units[i].ns, &value) || value > INT64_MAX)
			return -EINVAL;
		*ret = DURATION_NS(value);
		return 0;
	}
	return -EINVAL;
}

/* -------- secrets -------- */

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int decode_hex(struct bytes text, uint8_t *out, size_t *ret_len)
{
	if (text.len % 2)
		return -EINVAL;
	for (size_t i = 0; i < text.len; i += 2) {
		int high = hex_digit(text.data[i]), low = hex_digit(text.data[i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		out[i / 2] = (uint8_t)(high << 4 | low);
	}
	*ret_len = text.len / 2;
	return 0;
}

static int base64_digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* RFC 4648 4; padding may be missing, but what is there must be right. */
static int decode_base64(struct bytes text, uint8_t *out, size_t *ret_len)
{
	size_t n = text.len, len = 0;
	uint32_t bits = 0;

	while (n && text.len - n < 2 && text.data[n - 1] == '=')
		n--;
	if (n % 4 == 1 || (n != text.len && text.len % 4))
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		int digit = base64_digit(text.data[i]);

		if (digit < 0)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)digit;
		if (i % 4)
			out[len++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
	}
	*ret_len = len;
	return 0;
}

int conf_parse_secret(struct bytes text, struct conf_secret *ret)
{
	struct bytes digits = BYTES(text.data + 2, text.len >= 2 ? text.len - 2 : 0);
	bool prefixed = text.len > 2 && text.data[0] == '0';
	struct conf_secret s;
	int err = 0;

	s.data = malloc(text.len + 1);
	if (!s.data)
		return -ENOMEM;
	s.len = 0;
	if (prefixed && (text.data[1] == 'x' || text.data[1] == 'X')) {
		err = decode_hex(digits, s.data, &s.len);
	} else if (prefixed && (text.data[1] == 's' || text.data[1] == 'S')) {
		err = decode_base64(digits, s.data, &s.len);
	} else if (text.len) {
		memcpy(s.data, text.data, text.len);
		s.len = text.len;
	}
	if (err) {
		s.len = text.len;
		conf_secret_clear(&s);
		return err;
	}
	*ret = s;
	return 0;
}

void conf_secret_clear(struct conf_secret *s)
{
	if (s->data)
		explicit_bzero(s->data, s->len);
	free(s->data);
	*s = (struct conf_secret){ 0 };
}
