/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <errno.h>
#include <stdio.h>

#include "pdk/conf/parser.h"
#include "ikev2/policy/connection.h"
#include "../../pdk/leaks.h"

static int from_options(const char *options, struct conf_report *report, struct connection **ret)
{
	struct conf_node *root = conf_root_new();
	char text[300];
	int err;

	snprintf(text, sizeof(text),
		 "gw { local { auth = psk }\nremote { auth = psk }\nchildren { c { %s\n} } }",
		 options);
	err = conf_parse(bytes_str(text), "f", root, report);
	if (!err)
		err = connection_new(conf_find(root, "gw"), report, ret);
	conf_free(root);
	return err;
}

/* What the options make of a kind of limit: swanctl.conf's rules. */
static const struct {
	const char *options;
	int64_t rekey, life, rand; /* seconds */
} times[] = {
	{ "", 3600, 3960, 360 },
	{ "rekey_time = 0", 0, 0, 0 },
	{ "rekey_time = 100m", 6000, 6600, 600 },
	{ "rekey_time = 0\nlife_time = 1h", 0, 3600, 0 },
	{ "life_time = 2h", 3600, 7200, 1800 },
	{ "life_time = 0", 3600, 0, 0 },
	{ "life_time = 3700", 3600, 3700, 100 },
	{ "rand_time = 0", 3600, 3960, 0 },
	{ "rand_time = 59m", 3600, 3960, 3540 },
};

/* RFC 4301 4.4.2.1 */
TEST(times_that_are_not_set_follow_from_those_that_are)
{
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		struct conf_report report = CONF_REPORT_INIT;
		struct connection *conn = NULL;

		ASSERT_EQ(0, from_options(times[i].options, &report, &conn))
		TH_LOG("%s: %s", times[i].options, conf_report_text(&report));
		EXPECT_EQ(times[i].rekey, duration_s(conn->children[0].rekey_time))
		TH_LOG("%s", times[i].options);
		EXPECT_EQ(times[i].life, duration_s(conn->children[0].life_time))
		TH_LOG("%s", times[i].options);
		EXPECT_EQ(times[i].rand, duration_s(conn->children[0].rand_time))
		TH_LOG("%s", times[i].options);
		connection_unref(conn);
	}
	EXPECT_NO_LEAKS();
}

static const struct {
	const char *options;
	uint64_t bytes[3], packets[3]; /* rekey, life, rand */
} volumes[] = {
	{ "", { 0, 0, 0 }, { 0, 0, 0 } },
	{ "rekey_bytes = 1000", { 1000, 1100, 100 }, { 0, 0, 0 } },
	{ "rekey_bytes = 1g\nlife_bytes = 2g\nrand_bytes = 1k",
	  { 1 << 30, UINT64_C(2) << 30, 1024 },
	  { 0, 0, 0 } },
	{ "rekey_packets = 50\nlife_packets = 60", { 0, 0, 0 }, { 50, 60, 10 } },
	{ "life_packets = 60", { 0, 0, 0 }, { 0, 60, 0 } },
	{ "rekey_packets = 1", { 0, 0, 0 }, { 1, 2, 0 } },
	{ "rekey_packets = 5000000000", { 0, 0, 0 }, { 5000000000, 5500000000, 500000000 } },
};

TEST(so_do_octets_and_packets)
{
	for (size_t i = 0; i < ARRAY_SIZE(volumes); i++) {
		struct conf_report report = CONF_REPORT_INIT;
		struct connection *conn = NULL;
		const struct child_conf *c;

		ASSERT_EQ(0, from_options(volumes[i].options, &report, &conn))
		TH_LOG("%s: %s", volumes[i].options, conf_report_text(&report));
		c = &conn->children[0];
		EXPECT_EQ(volumes[i].bytes[0], c->rekey_bytes) TH_LOG("%s", volumes[i].options);
		EXPECT_EQ(volumes[i].bytes[1], c->life_bytes) TH_LOG("%s", volumes[i].options);
		EXPECT_EQ(volumes[i].bytes[2], c->rand_bytes) TH_LOG("%s", volumes[i].options);
		EXPECT_EQ(volumes[i].packets[0], c->rekey_packets) TH_LOG("%s", volumes[i].options);
		EXPECT_EQ(volumes[i].packets[1], c->life_packets) TH_LOG("%s", volumes[i].options);
		EXPECT_EQ(volumes[i].packets[2], c->rand_packets) TH_LOG("%s", volumes[i].options);
		connection_unref(conn);
	}
	EXPECT_NO_LEAKS();
}

static const struct {
	const char *options, *report;
} wrong[] = {
	{ "life_time = 30m",
	  "f:3:12: gw.children.c: found a life_time that does not exceed the one "
	  "for rekeying, expected a larger one\n" },
	{ "rand_time = 1h",
	  "f:3:12: gw.children.c: found a rand_time that the one for rekeying does "
	  "not exceed, expected a smaller one\n" },
	{ "rekey_bytes = 9\nlife_bytes = 9",
	  "f:3:12: gw.children.c: found a life_bytes that does not exceed the one for rekeying, "
	  "expected a larger one\n" },
	{ "rekey_packets = 9\nrand_packets = 9",
	  "f:3:12: gw.children.c: found a rand_packets that the one for rekeying does not exceed, "
	  "expected a smaller one\n" },
};

TEST(limits_that_contradict_each_other_are_refused)
{
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct conf_report report = CONF_REPORT_INIT;
		struct connection *conn = NULL;

		EXPECT_EQ(-EINVAL, from_options(wrong[i].options, &report, &conn));
		EXPECT_STREQ(wrong[i].report, conf_report_text(&report));
		conf_report_fini(&report);
	}
	EXPECT_NO_LEAKS();
}

TEST_HARNESS_MAIN
