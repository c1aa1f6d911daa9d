/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <stdio.h>

#include "pdk/conf/parser.h"
#include "ikev2/policy/connection.h"
#include "../../pdk/leaks.h"

/* What the options make of the four times, in seconds: swanctl.conf's rules. */
static const struct {
	const char *options;
	int64_t rekey, reauth, over, rand;
} times[] = {
	{ "", 14400, 0, 1440, 1440 },
	{ "rekey_time = 0", 0, 0, 0, 0 },
	{ "rekey_time = 1h", 3600, 0, 360, 360 },
	{ "reauth_time = 2h", 0, 7200, 720, 720 },
	{ "reauth_time = 2h\nrekey_time = 1h", 3600, 7200, 720, 720 },
	{ "rekey_time = 100\nreauth_time = 10000", 100, 10000, 1000, 50 },
	{ "over_time = 5m", 14400, 0, 300, 300 },
	{ "rekey_time = 10\nover_time = 20", 10, 0, 20, 5 },
	{ "over_time = 0", 14400, 0, 0, 0 },
	{ "rand_time = 30", 14400, 0, 1440, 30 },
};

TEST(times_that_are_not_set_follow_from_those_that_are)
{
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		struct conf_report report = CONF_REPORT_INIT;
		struct conf_node *root = conf_root_new();
		struct connection *conn = NULL;
		char text[200];

		snprintf(text, sizeof(text), "gw { local { auth = psk }\n%s\nremote { auth = psk } }",
			 times[i].options);
		ASSERT_EQ(0, conf_parse(bytes_str(text), "f", root, &report));
		ASSERT_EQ(0, connection_new(conf_find(root, "gw"), &report, &conn))
		TH_LOG("%s: %s", times[i].options, conf_report_text(&report));
		EXPECT_EQ(times[i].rekey, duration_s(conn->rekey_time)) TH_LOG("%s", text);
		EXPECT_EQ(times[i].reauth, duration_s(conn->reauth_time)) TH_LOG("%s", text);
		EXPECT_EQ(times[i].over, duration_s(conn->over_time)) TH_LOG("%s", text);
		EXPECT_EQ(times[i].rand, duration_s(conn->rand_time)) TH_LOG("%s", text);
		connection_unref(conn);
		conf_free(root);
	}
	EXPECT_NO_LEAKS();
}

TEST_HARNESS_MAIN
