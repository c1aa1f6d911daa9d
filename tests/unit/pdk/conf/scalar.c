/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <errno.h>
#include <stdlib.h>

#include "pdk/conf/scalar.h"
#include "../leaks.h"

TEST(booleans_have_these_spellings_and_no_others)
{
	static const char *const yes[] = { "yes", "true", "on", "1", "enabled", "YES", "True" };
	static const char *const no[] = { "no", "false", "off", "0", "disabled", "No", "OFF" };
	static const char *const neither[] = { "", "y", "2", "yess", " yes", "ye" };
	bool value;

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		value = false;
		EXPECT_EQ(0, conf_parse_bool(yes[i], &value));
		EXPECT_TRUE(value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		value = true;
		EXPECT_EQ(0, conf_parse_bool(no[i], &value));
		EXPECT_FALSE(value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(neither); i++)
		EXPECT_EQ(-EINVAL, conf_parse_bool(neither[i], &value));
}

struct number {
	const char *text;
	int err;
	uint64_t value;
};

TEST(numbers_are_decimal_or_hexadecimal_and_fit)
{
	static const struct number table[] = {
		{ "0", 0, 0 },
		{ "42", 0, 42 },
		{ "0x1F", 0, 31 },
		{ "010", 0, 10 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551616", -EINVAL, 0 },
		{ "0xffffffffffffffff", 0, UINT64_MAX },
		{ "0x10000000000000000", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "0x", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "1a", -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		uint64_t value = 0;

		EXPECT_EQ(table[i].err, conf_parse_uint(table[i].text, &value))
		TH_LOG("'%s'", table[i].text);
		EXPECT_EQ(table[i].value, value);
	}
}

TEST(sizes_take_suffixes)
{
	static const struct number table[] = {
		{ "0", 0, 0 },          { "1k", 0, 1024 },       { "2K", 0, 2048 },
		{ "3m", 0, 3 << 20 },   { "4g", 0, 4ull << 30 }, { "1kb", -EINVAL, 0 },
		{ "1t", -EINVAL, 0 },   { "k", -EINVAL, 0 },     { "17179869184g", -EINVAL, 0 },
		{ "1.5k", -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		uint64_t value = 0;

		EXPECT_EQ(table[i].err, conf_parse_size(table[i].text, &value))
		TH_LOG("'%s'", table[i].text);
		EXPECT_EQ(table[i].value, value);
	}
}

TEST(decimals_come_in_thousandths)
{
	static const struct number table[] = {
		{ "1", 0, 1000 },     { "1.8", 0, 1800 },       { "0.25", 0, 250 },
		{ "3.141", 0, 3141 }, { "3.1415", -EINVAL, 0 }, { "1.", -EINVAL, 0 },
		{ ".5", -EINVAL, 0 }, { "1,5", -EINVAL, 0 },    { "18446744073709552", -EINVAL, 0 },
		{ "1.05", 0, 1050 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		uint64_t value = 0;

		EXPECT_EQ(table[i].err, conf_parse_decimal(table[i].text, &value))
		TH_LOG("'%s'", table[i].text);
		EXPECT_EQ(table[i].value, value);
	}
}

TEST(durations_take_units)
{
	static const struct number table[] = {
		{ "0", 0, 0 },
		{ "30", 0, 30000 },
		{ "30s", 0, 30000 },
		{ "1.5", 0, 1500 },
		{ "0.5s", 0, 500 },
		{ "250ms", 0, 250 },
		{ "5m", 0, 300000 },
		{ "4h", 0, 4 * 3600000 },
		{ "2d", 0, 2 * 86400000 },
		{ "5min", -EINVAL, 0 },
		{ "s", -EINVAL, 0 },
		{ "-1s", -EINVAL, 0 },
		{ "106752d", -EINVAL, 0 },
		{ "106751d", 0, 106751ull * 86400000 },
		{ "99999999999999999999s", -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct duration d = { 0 };

		EXPECT_EQ(table[i].err, conf_parse_duration(table[i].text, &d))
		TH_LOG("'%s'", table[i].text);
		EXPECT_EQ(table[i].value, (uint64_t)duration_ms(d));
	}
}

TEST(secrets_are_text_hexadecimal_or_base64)
{
	static const struct {
		const char *text;
		int err;
		const char *secret;
	} table[] = {
		{ "plain", 0, "plain" },
		{ "", 0, "" },
		{ "0", 0, "0" },
		{ "0x", 0, "0x" },
		{ "0s", 0, "0s" },
		{ "0x6162", 0, "ab" },
		{ "0X6D6e", 0, "mn" },
		{ "0x616", -EINVAL, NULL },
		{ "0x61g1", -EINVAL, NULL },
		{ "0sYQ==", 0, "a" },
		{ "0sYWI=", 0, "ab" },
		{ "0sYWJj", 0, "abc" },
		{ "0sYWJjZA==", 0, "abcd" },
		{ "0sYQ", 0, "a" },
		{ "0sYWI", 0, "ab" },
		{ "0sY", -EINVAL, NULL },
		{ "0sYQ=", -EINVAL, NULL },
		{ "0sYQ===", -EINVAL, NULL },
		{ "0sYWJj=", -EINVAL, NULL },
		{ "0sY!Jj", -EINVAL, NULL },
		{ "0sYQ==YQ==", -EINVAL, NULL },
		{ "0x00", 0, NULL },
	};
	struct conf_secret secret;
	struct bytes expected;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		size_t len = strlen(table[i].text);
		uint8_t *exact = malloc(len ? len : 1);

		memcpy(exact, table[i].text, len);
		EXPECT_EQ(table[i].err, conf_parse_secret(BYTES(exact, len), &secret))
		TH_LOG("'%s'", table[i].text);
		free(exact);
		if (table[i].err)
			continue;
		/* NULL stands for a single NUL. */
		expected = table[i].secret ? bytes_str(table[i].secret) : BYTES("", 1);
		EXPECT_TRUE(bytes_equal(expected, BYTES(secret.data, secret.len)));
		conf_secret_clear(&secret);
		EXPECT_EQ(NULL, secret.data);
	}
	EXPECT_NO_LEAKS();
}

TEST_HARNESS_MAIN
