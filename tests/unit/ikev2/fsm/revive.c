/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <stdio.h>

#include "pdk/conf/parser.h"
#include "pdk/log/log.h"
#include "ikev2/fsm/revive.h"
#include "ikev2/policy/config.h"

FIXTURE(revive)
{
	struct revive *r;
	struct ike_config *config;
	const struct connection *conn;
	const struct child_conf *child;
	struct instant now;
	unsigned starts, traps;
	bool no_way;
};

static bool start(const struct connection *conn, const struct child_conf *conf, void *data)
{
	struct _test_data_revive *self = data;

	self->starts += !self->no_way;
	return !self->no_way;
}

static void trap(const struct connection *conn, const struct child_conf *conf, void *data)
{
	struct _test_data_revive *self = data;

	self->traps++;
}

static const struct revive_ops ops = { start, trap };

/* A configuration of one child with these options. */
static struct ike_config *config_of(const char *conn, const char *child)
{
	struct conf_report report = CONF_REPORT_INIT;
	struct conf_node *root = conf_root_new();
	struct ike_config *config = NULL;
	char text[500];

	snprintf(text, sizeof(text),
		 "connections { gw { remote_addrs = 192.0.2.1\n %s\n local { auth = psk }\n"
		 "remote { auth = psk }\n children { net { %s } } } }",
		 conn, child);
	if (conf_parse(bytes_str(text), "f", root, &report) ||
	    config_from_tree(root, NULL, &report, &config))
		fprintf(stderr, "%s", conf_report_text(&report));
	conf_free(root);
	return config;
}

static void configure(struct _test_data_revive *self, const char *conn, const char *child)
{
	config_unref(self->config);
	self->config = config_of(conn, child);
	self->conn = self->config->connections[0];
	self->child = &self->conn->children[0];
	revive_config(self->r, self->config);
}

FIXTURE_SETUP(revive)
{
	log_set_level(NULL, LOG_LEVEL_ERROR);
	self->now = (struct instant){ 1000000000000 };
	self->r = revive_new(&ops, self);
	ASSERT_NE(NULL, self->r);
	configure(self, "", "close_action = start\ndpd_action = restart");
}

FIXTURE_TEARDOWN(revive)
{
	revive_free(self->r);
	config_unref(self->config);
}

static void up(struct _test_data_revive *self)
{
	revive_fate(self->r, self->now, self->conn, self->child, (struct fate){ .up = true });
}

static void down(struct _test_data_revive *self, enum sa_end end)
{
	revive_fate(self->r, self->now, self->conn, self->child,
		    (struct fate){ .end = end, .was_up = true });
}

static void failed(struct _test_data_revive *self, enum sa_end end)
{
	revive_fate(self->r, self->now, self->conn, self->child, (struct fate){ .end = end });
}

static void pass(struct _test_data_revive *self, int64_t seconds)
{
	struct instant until = instant_add(self->now, DURATION_S(seconds));

	while (instant_reached(until, revive_deadline(self->r))) {
		self->now = revive_deadline(self->r);
		revive_time(self->r, self->now);
	}
	self->now = until;
}

static bool waits(struct _test_data_revive *self)
{
	return !instant_is_never(revive_deadline(self->r));
}

/* The action that each end leads to. */
TEST_F(revive, each_end_has_its_action)
{
	static const struct {
		const char *options;
		enum sa_end end;
		unsigned starts, traps;
	} cases[] = {
		{ "", SA_END_FAILED, 0, 0 },
		{ "", SA_END_DEAD, 0, 0 },
		{ "close_action = start", SA_END_FAILED, 1, 0 },
		{ "close_action = trap", SA_END_FAILED, 0, 1 },
		{ "close_action = start", SA_END_DEAD, 0, 0 },
		{ "dpd_action = restart", SA_END_DEAD, 1, 0 },
		{ "dpd_action = trap", SA_END_DEAD, 0, 1 },
		{ "dpd_action = start", SA_END_FAILED, 0, 0 },
		{ "start_action = start", SA_END_EXPIRED, 1, 0 },
		{ "close_action = start\ndpd_action = start\nstart_action = start", SA_END_USER, 0, 0 },
		{ "close_action = start\ndpd_action = start\nstart_action = start", SA_END_REPLACED,
		  0, 0 },
		{ "", SA_END_REAUTH, 1, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		configure(self, "", cases[i].options);
		self->starts = self->traps = 0;
		up(self);
		pass(self, 3600);
		down(self, cases[i].end);
		pass(self, 2);
		EXPECT_EQ(cases[i].starts, self->starts) TH_LOG("%s", cases[i].options);
		EXPECT_EQ(cases[i].traps, self->traps) TH_LOG("%s", cases[i].options);
		up(self);
		down(self, SA_END_USER);
		EXPECT_FALSE(waits(self));
	}
}

TEST_F(revive, one_of_several_needs_no_successor)
{
	up(self);
	up(self);
	down(self, SA_END_FAILED);
	EXPECT_FALSE(waits(self));
	down(self, SA_END_FAILED);
	EXPECT_TRUE(waits(self));
}

TEST_F(revive, a_peer_that_closes_at_once_is_called_ever_more_seldom)
{
	int64_t before = 0;

	for (unsigned i = 0; i < 12; i++) {
		int64_t pause, most = i < 8 ? 1000 << i : 256000;

		up(self);
		pass(self, 1);
		down(self, SA_END_FAILED);
		ASSERT_TRUE(waits(self));
		pause = duration_ms(instant_diff(revive_deadline(self->r), self->now));
		EXPECT_GE(i < 9 ? most : 300000, pause);
		EXPECT_LE(most * 3 / 4, pause);
		before = pause;
		pass(self, 301);
		EXPECT_EQ(i + 1, self->starts);
	}
	EXPECT_LE(225000, before);
	/* After it was up for long it is as if it were the first time. */
	up(self);
	pass(self, 60);
	down(self, SA_END_FAILED);
	EXPECT_GE(1000, duration_ms(instant_diff(revive_deadline(self->r), self->now)));
}

TEST_F(revive, pauses_differ)
{
	struct instant first = { 0 };
	bool differ = false;

	for (unsigned i = 0; i < 20 && !differ; i++) {
		up(self);
		down(self, SA_END_FAILED);
		differ = i && first.ns != revive_deadline(self->r).ns;
		first = revive_deadline(self->r);
		up(self);
		pass(self, 60);
		down(self, SA_END_USER);
		self->now = (struct instant){ 1000000000000 };
	}
	EXPECT_TRUE(differ);
}

TEST_F(revive, tries_are_counted)
{
	configure(self, "keyingtries = 3", "start_action = start");
	revive_start(self->r, self->now, self->conn, self->child);
	EXPECT_EQ(1, self->starts);
	failed(self, SA_END_FAILED);
	pass(self, 10);
	EXPECT_EQ(2, self->starts);
	failed(self, SA_END_DEAD);
	pass(self, 10);
	EXPECT_EQ(3, self->starts);
	failed(self, SA_END_FAILED);
	EXPECT_FALSE(waits(self));
	/* A user tries again: three more. */
	revive_begun(self->r, self->conn, self->child);
	failed(self, SA_END_FAILED);
	EXPECT_TRUE(waits(self));
}

TEST_F(revive, no_limit_of_tries_is_for_ever)
{
	configure(self, "keyingtries = %forever", "start_action = start");
	revive_start(self->r, self->now, self->conn, self->child);
	for (unsigned i = 0; i < 1000; i++) {
		failed(self, SA_END_FAILED);
		ASSERT_TRUE(waits(self));
		pass(self, 300);
		ASSERT_EQ(i + 2, self->starts);
	}
}

TEST_F(revive, no_way_to_the_peer_is_no_try)
{
	self->no_way = true;
	configure(self, "keyingtries = 1", "start_action = start");
	revive_start(self->r, self->now, self->conn, self->child);
	pass(self, 3600);
	EXPECT_EQ(0, self->starts);
	EXPECT_TRUE(waits(self));
	self->no_way = false;
	pass(self, 300);
	EXPECT_EQ(1, self->starts);
}

TEST_F(revive, what_a_user_ends_stays_down)
{
	up(self);
	down(self, SA_END_FAILED);
	ASSERT_TRUE(waits(self));
	EXPECT_EQ(0, revive_cancel(self->r, "gw", "other"));
	EXPECT_EQ(0, revive_cancel(self->r, "other", NULL));
	EXPECT_EQ(1, revive_cancel(self->r, "gw", NULL));
	EXPECT_FALSE(waits(self));
	EXPECT_EQ(0, revive_cancel(self->r, NULL, NULL));

	configure(self, "keyingtries = 0", "start_action = start");
	revive_start(self->r, self->now, self->conn, self->child);
	failed(self, SA_END_USER);
	EXPECT_FALSE(waits(self));
}

TEST_F(revive, a_try_that_finds_one_up_does_not_hide_its_end)
{
	up(self);
	revive_begun(self->r, self->conn, self->child);
	failed(self, SA_END_REPLACED);
	down(self, SA_END_DEAD);
	EXPECT_TRUE(waits(self));
}

TEST_F(revive, what_came_up_otherwise_is_not_tried)
{
	up(self);
	down(self, SA_END_FAILED);
	ASSERT_TRUE(waits(self));
	up(self);
	EXPECT_FALSE(waits(self));
	pass(self, 600);
	EXPECT_EQ(0, self->starts);
}

TEST_F(revive, the_configuration_in_force_decides)
{
	const struct connection *old = connection_ref(self->conn);
	struct ike_config *nothing = config_new_empty();

	up(self);
	down(self, SA_END_FAILED);
	ASSERT_TRUE(waits(self));
	/* The connection is still there, though another: it is the new one that is tried. */
	configure(self, "keyingtries = 2", "close_action = none");
	EXPECT_TRUE(waits(self));
	pass(self, 2);
	EXPECT_EQ(1, self->starts);
	up(self);
	down(self, SA_END_FAILED);
	EXPECT_FALSE(waits(self));
	/* It is gone. */
	configure(self, "", "close_action = start");
	up(self);
	down(self, SA_END_FAILED);
	ASSERT_TRUE(waits(self));
	revive_config(self->r, nothing);
	EXPECT_FALSE(waits(self));
	revive_fate(self->r, self->now, old, &old->children[0], (struct fate){ .up = true });
	revive_fate(self->r, self->now, old, &old->children[0],
		    (struct fate){ .end = SA_END_DEAD, .was_up = true });
	EXPECT_FALSE(waits(self));
	connection_unref(old);
	config_unref(nothing);
}

TEST(ends_have_names)
{
	EXPECT_STREQ("failed", sa_end_name(SA_END_FAILED));
	EXPECT_STREQ("dead", sa_end_name(SA_END_DEAD));
	EXPECT_STREQ("user", sa_end_name(SA_END_USER));
	EXPECT_STREQ("expired", sa_end_name(SA_END_EXPIRED));
	EXPECT_STREQ("idle", sa_end_name(SA_END_IDLE));
	EXPECT_STREQ("replaced", sa_end_name(SA_END_REPLACED));
	EXPECT_STREQ("reauth", sa_end_name(SA_END_REAUTH));
}

TEST_HARNESS_MAIN
