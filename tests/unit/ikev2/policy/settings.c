/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <errno.h>

#include "pdk/conf/parser.h"
#include "ikev2/policy/settings.h"

static int apply(const char *text, struct ike_settings *ret_settings, struct conf_report *report)
{
	struct conf_node *root = conf_root_new();
	int err = conf_parse(bytes_str(text), "f", root, report);

	if (!err)
		err = ike_settings_apply(conf_find(root, "settings"), report, ret_settings);
	conf_free(root);
	return err;
}

TEST(without_a_section_there_are_defaults)
{
	struct conf_report report = CONF_REPORT_INIT;
	struct ike_settings s;

	ASSERT_EQ(0, apply("", &s, &report));
	EXPECT_EQ(0, s.workers);
	EXPECT_EQ(500, s.port);
	EXPECT_EQ(4500, s.port_nat_t);
	EXPECT_EQ(32, s.cookie_threshold);
	EXPECT_EQ(64, s.block_threshold);
	EXPECT_EQ(10, s.error_rate);
	EXPECT_TRUE(s.make_before_break);
	EXPECT_EQ(1280, s.fragment_size);
	EXPECT_EQ(220, s.fwmark);
	EXPECT_EQ(30, duration_s(s.half_open_timeout));
}

/* RFC 7296 2.4: at least a dozen times over a period of at least several minutes. */
TEST(default_retransmission_is_as_long_as_the_rfc_suggests)
{
	struct conf_report report = CONF_REPORT_INIT;
	struct ike_settings s;

	ASSERT_EQ(0, apply("", &s, &report));
	EXPECT_GE(s.retransmit_tries, 12);
	EXPECT_GE(duration_s(ike_settings_retransmit_total(&s)), 180);
}

TEST(waits_grow_by_the_base_up_to_the_limit)
{
	struct conf_report report = CONF_REPORT_INIT;
	struct ike_settings s;

	ASSERT_EQ(0, apply("settings { retransmit_timeout = 4\n retransmit_base = 1.8\n"
			   "retransmit_tries = 3\n retransmit_limit = 10s }",
			   &s, &report));
	EXPECT_EQ(4000, duration_ms(ike_settings_retransmit_wait(&s, 0)));
	EXPECT_EQ(7200, duration_ms(ike_settings_retransmit_wait(&s, 1)));
	EXPECT_EQ(10000, duration_ms(ike_settings_retransmit_wait(&s, 2)));
	EXPECT_EQ(10000, duration_ms(ike_settings_retransmit_wait(&s, 3000000000u)));
	EXPECT_EQ(31200, duration_ms(ike_settings_retransmit_total(&s)));
}

TEST(the_largest_settings_do_not_overflow)
{
	struct conf_report report = CONF_REPORT_INIT;
	struct ike_settings s;

	ASSERT_EQ(0, apply("settings { retransmit_timeout = 60\n retransmit_base = 10\n"
			   "retransmit_tries = 50\n retransmit_limit = 0 }",
			   &s, &report));
	EXPECT_EQ(3600, duration_s(ike_settings_retransmit_wait(&s, 50)));
	EXPECT_GT(duration_s(ike_settings_retransmit_total(&s)), 3600 * 48);
}

TEST(bad_settings_are_refused_with_what_was_expected)
{
	static const struct {
		const char *text, *report;
	} bad[] = {
		{ "settings { workers = 257 }",
		  "f:1:12: settings.workers: found '257', expected a number from 0 to 256\n" },
		{ "settings { retransmit_base = 0.5 }",
		  "f:1:12: settings.retransmit_base: found '0.5', expected a number such as 1.5 "
		  "from 1.0 to 10.0\n" },
		{ "settings { port = 0 }",
		  "f:1:12: settings.port: found '0', expected a UDP port from 1 to 65535\n" },
		{ "settings { port = 65536 }",
		  "f:1:12: settings.port: found '65536', expected a UDP port from 1 to 65535\n" },
		{ "settings { port = 4500 }",
		  "f:1:1: settings: found the same number for port and port_nat_t, expected "
		  "different ones\n" },
		{ "settings { fragment_size = 100 }",
		  "f:1:12: settings.fragment_size: found '100', expected 0, or 296 to 65535 octets\n" },
		{ "settings { retransmit_try = 1 }",
		  "f:1:12: settings.retransmit_try: unknown option; did you mean "
		  "retransmit_tries?\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct conf_report report = CONF_REPORT_INIT;
		struct ike_settings s = { .workers = 77 };

		EXPECT_EQ(-EINVAL, apply(bad[i].text, &s, &report));
		EXPECT_STREQ(bad[i].report, conf_report_text(&report));
		EXPECT_EQ(77, s.workers);
		conf_report_fini(&report);
	}
}

TEST_HARNESS_MAIN
