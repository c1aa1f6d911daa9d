/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>
#include <kselftest_harness.h>

#include "pdk/log/log.h"
#include "talk.h"
#include "../../pdk/leaks.h"

/* The control server: commands, listings, tokens, events. For bad clients see clients.c. */

FIXTURE(server)
{
	struct fake fake;
	struct vici_client *client;
};

FIXTURE_SETUP(server)
{
	fake_init(&self->fake);
	self->fake.options.stalled = DURATION_MS(500);
	self->fake.options.max_clients = 150;
	ASSERT_EQ(0, fake_start(&self->fake));
	ASSERT_EQ(0, vici_client_connect(self->fake.path, &self->client));
	vici_client_set_timeout(self->client, DURATION_S(20));
}

FIXTURE_TEARDOWN(server)
{
	vici_client_free(self->client);
	fake_fini(&self->fake);
	EXPECT_NO_LEAKS();
}

/* -------- commands -------- */

TEST_F(server, tells_its_version)
{
	struct bytes r;
	char buf[VICI_TEXT_MAX];

	ASSERT_EQ(0, call(self->client, "version", NULL, NULL, NULL, NULL, &r));
	EXPECT_STREQ("posternd", vici_get_str(r, "daemon", buf));
	EXPECT_STREQ("1.2.3", vici_get_str(r, "version", buf));
	EXPECT_STREQ("Linux", vici_get_str(r, "sysname", buf));
}

TEST_F(server, tells_its_figures)
{
	struct bytes r, section;
	char buf[VICI_TEXT_MAX];

	ASSERT_EQ(0, call(self->client, "stats", NULL, NULL, NULL, NULL, &r));
	ASSERT_TRUE(vici_get(r, VICI_SECTION_START, "ikesas", &section));
	EXPECT_STREQ("2", vici_get_str(section, "half-open", buf));
	ASSERT_TRUE(vici_get(r, VICI_SECTION_START, "counters", &section));
	EXPECT_STREQ("42", vici_get_str(section, "messages-in", buf));
	ASSERT_TRUE(vici_get(r, VICI_SECTION_START, "uptime", &section));
	EXPECT_STREQ("3 hours 0 minutes", vici_get_str(section, "running", buf));
}

TEST_F(server, survives_what_it_does_not_know)
{
	struct bytes r;

	EXPECT_EQ(-ENOENT, call(self->client, "brew-tea", NULL, NULL, NULL, NULL, &r));
	EXPECT_EQ(-ENOENT, vici_client_register(self->client, "tea-ready"));
	EXPECT_EQ(-ENOENT, vici_client_unregister(self->client, "lis"));
	EXPECT_TRUE(alive(self->client));
}

TEST_F(server, passes_a_failed_reload_on)
{
	struct bytes r;
	char buf[VICI_TEXT_MAX];

	ASSERT_EQ(0, call(self->client, "reload-settings", NULL, NULL, NULL, NULL, &r));
	EXPECT_TRUE(vici_get_bool(r, "success"));
	self->fake.failure = "postern.conf:3: no such option";
	ASSERT_EQ(0, call(self->client, "reload-settings", NULL, NULL, NULL, NULL, &r));
	EXPECT_FALSE(vici_get_bool(r, "success"));
	EXPECT_STREQ("postern.conf:3: no such option", vici_get_str(r, "errmsg", buf));
	EXPECT_EQ(2, self->fake.reloads);
}

/* -------- list-sas -------- */

TEST_F(server, lists_ten_thousand_sas_once_and_in_order)
{
	struct seen seen;

	self->fake.n_sas = 10000;
	ASSERT_EQ(0, list_all(self->client, &seen));
	EXPECT_EQ(10000, seen.n);
	EXPECT_TRUE(seen.in_order);
	EXPECT_EQ((10000 + 63) / 64, self->fake.pages_asked);
}

TEST_F(server, lists_from_answers_given_within_the_call)
{
	struct seen seen;

	self->fake.late_pages = false;
	self->fake.page_size = 1;
	self->fake.n_sas = 3000;
	ASSERT_EQ(0, list_all(self->client, &seen));
	EXPECT_EQ(3000, seen.n);
	EXPECT_TRUE(seen.in_order);
}

TEST_F(server, lists_nothing_when_there_is_nothing)
{
	struct seen seen;

	self->fake.n_sas = 0;
	ASSERT_EQ(0, list_all(self->client, &seen));
	EXPECT_EQ(0, seen.n);
}

TEST_F(server, lists_what_was_asked_for)
{
	static const struct {
		const char *key, *value;
		size_t n;
	} filters[] = {
		{ "ike", "gw", 500 },    { "ike", "other", 0 },  { "child", "net", 500 },
		{ "child", "other", 0 }, { "ike-id", "400", 1 }, { "child-id", "400", 1 },
		{ "ike-id", "501", 0 },
	};
	struct seen seen;

	self->fake.n_sas = 500;
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		ASSERT_EQ(0, list_some(self->client, filters[i].key, filters[i].value, &seen));
		EXPECT_EQ(filters[i].n, seen.n)
		{
			TH_LOG("%s = %s", filters[i].key, filters[i].value);
		}
	}
}

static int see_second_child(struct bytes name, struct bytes message, void *data)
{
	struct bytes ike, children, child;
	struct vici_item item;
	unsigned n = 0;

	if (!vici_get(message, VICI_SECTION_START, "gw", &ike) ||
	    !vici_get(ike, VICI_SECTION_START, "child-sas", &children) ||
	    !vici_get(children, VICI_SECTION_START, "voice-2", &child))
		return 2;
	while (vici_next(&children, &item))
		n++;
	return n == 1 ? 1 : 2;
}

TEST_F(server, lists_only_the_children_that_were_asked_for)
{
	struct bytes r;
	struct writer w;

	self->fake.n_sas = 1;
	self->fake.n_children = 3;
	writer_init_heap(&w, 4096);
	vici_put_str(&w, "child", "voice");
	ASSERT_EQ(0, vici_client_register(self->client, "list-sa"));
	EXPECT_EQ(1, vici_client_call(self->client, "list-sas", writer_view(&w), see_second_child,
				      NULL, &r));
	writer_fini(&w);
}

TEST_F(server, ends_a_listing_that_fails_with_the_reason)
{
	struct bytes r;
	char buf[VICI_TEXT_MAX];

	self->fake.failure = "worker is gone";
	ASSERT_EQ(0, call(self->client, "list-sas", NULL, NULL, NULL, NULL, &r));
	EXPECT_FALSE(vici_get_bool(r, "success"));
	EXPECT_STREQ("worker is gone", vici_get_str(r, "errmsg", buf));
	self->fake.failure = NULL;
	EXPECT_TRUE(alive(self->client));
}

static int keep_sa(struct bytes name, struct bytes message, void *data)
{
	struct writer *w = data;

	if (w->len == 0)
		writer_bytes(w, message);
	return 0;
}

TEST_F(server, tells_all_about_an_sa)
{
	static const struct {
		const char *key, *value;
	} ike_fields[] = {
		{ "uniqueid", "1" },
		{ "version", "2" },
		{ "state", "ESTABLISHED" },
		{ "local-host", "192.0.2.1" },
		{ "local-port", "500" },
		{ "local-id", "moon.example.org" },
		{ "remote-host", "192.0.2.2" },
		{ "remote-port", "4500" },
		{ "remote-id", "sun.example.org" },
		{ "initiator", "yes" },
		{ "initiator-spi", "1122334455667788" },
		{ "responder-spi", "99aabbccddeeff01" },
		{ "nat-remote", "yes" },
		{ "nat-any", "yes" },
		{ "encr-alg", "AES_GCM_16" },
		{ "encr-keysize", "128" },
		{ "prf-alg", "PRF_HMAC_SHA2_256" },
		{ "dh-group", "CURVE_25519" },
		{ "established", "75" },
	}, child_fields[] = {
		{ "name", "net" },
		{ "uniqueid", "1" },
		{ "reqid", "1" },
		{ "state", "INSTALLED" },
		{ "mode", "TUNNEL" },
		{ "protocol", "ESP" },
		{ "encap", "yes" },
		{ "spi-in", "c0000001" },
		{ "spi-out", "c0000002" },
		{ "encr-alg", "AES_CBC" },
		{ "encr-keysize", "256" },
		{ "integ-alg", "HMAC_SHA2_256_128" },
		{ "esn", "1" },
		{ "bytes-in", "8400" },
		{ "packets-in", "100" },
		{ "use-in", "3" },
		{ "bytes-out", "16800" },
		{ "packets-out", "200" },
		{ "install-time", "75" },
	};
	struct bytes r, ike, children, child, list, item;
	char buf[VICI_TEXT_MAX];
	struct writer w;

	writer_init_heap(&w, 8192);
	ASSERT_EQ(0, vici_client_register(self->client, "list-sa"));
	ASSERT_EQ(0, vici_client_call(self->client, "list-sas", BYTES_NONE, keep_sa, &w, &r));
	ASSERT_TRUE(vici_get(writer_view(&w), VICI_SECTION_START, "gw", &ike));
	for (size_t i = 0; i < ARRAY_SIZE(ike_fields); i++) {
		ASSERT_NE(NULL, vici_get_str(ike, ike_fields[i].key, buf))
		{
			TH_LOG("%s", ike_fields[i].key);
		}
		EXPECT_STREQ(ike_fields[i].value, buf);
	}
	EXPECT_EQ(NULL, vici_get_str(ike, "nat-local", buf));
	EXPECT_EQ(NULL, vici_get_str(ike, "integ-alg", buf));
	EXPECT_EQ(NULL, vici_get_str(ike, "rekey-time", buf));
	ASSERT_TRUE(vici_get(ike, VICI_SECTION_START, "child-sas", &children));
	ASSERT_TRUE(vici_get(children, VICI_SECTION_START, "net-1", &child));
	for (size_t i = 0; i < ARRAY_SIZE(child_fields); i++) {
		ASSERT_NE(NULL, vici_get_str(child, child_fields[i].key, buf))
		{
			TH_LOG("%s", child_fields[i].key);
		}
		EXPECT_STREQ(child_fields[i].value, buf);
	}
	EXPECT_EQ(NULL, vici_get_str(child, "use-out", buf));
	ASSERT_TRUE(vici_get(child, VICI_LIST_START, "remote-ts", &list));
	ASSERT_TRUE(vici_next_item(&list, &item));
	EXPECT_TRUE(vici_bytes_are(item, "10.2.0.0/16"));
	writer_fini(&w);
}

TEST_F(server, reports_bad_filters)
{
	struct bytes r;

	ASSERT_EQ(0, call(self->client, "list-sas", "ike-id", "x", NULL, NULL, &r));
	EXPECT_FALSE(vici_get_bool(r, "success"));
	ASSERT_EQ(0, call(self->client, "list-sas", "child-id", "4294967296", NULL, NULL, &r));
	EXPECT_FALSE(vici_get_bool(r, "success"));
	ASSERT_EQ(0, call(self->client, "list-sas", "ike", "a\nb", NULL, NULL, &r));
	EXPECT_FALSE(vici_get_bool(r, "success"));
}

/* -------- tokens -------- */

TEST_F(server, reauthenticates_ike_sas)
{
	struct fake *f = &self->fake;
	char buf[VICI_TEXT_MAX];
	struct bytes r;

	ASSERT_EQ(0, call(self->client, "rekey", "ike", "gw", "reauth", "yes", &r));
	EXPECT_STREQ("yes", vici_get_str(r, "success", buf));
	EXPECT_STREQ("2", vici_get_str(r, "matches", buf));
	ASSERT_EQ(0, call(self->client, "rekey", "ike-id", "9", "reauth", "yes", &r));
	EXPECT_STREQ("no", vici_get_str(r, "success", buf));
	EXPECT_STREQ("0", vici_get_str(r, "matches", buf));
	EXPECT_EQ(2, f->reauthenticated);
	ASSERT_EQ(0, call(self->client, "rekey", "child", "net", "reauth", "yes", &r));
	EXPECT_STREQ("no", vici_get_str(r, "success", buf));
	ASSERT_EQ(0, call(self->client, "rekey", "reauth", "yes", NULL, NULL, &r));
	EXPECT_STREQ("no", vici_get_str(r, "success", buf));
	EXPECT_EQ(2, f->reauthenticated);
}

TEST_F(server, rekeys_child_sas_or_ike_sas)
{
	struct fake *f = &self->fake;
	char buf[VICI_TEXT_MAX];
	struct bytes r;

	ASSERT_EQ(0, call(self->client, "rekey", "ike", "gw", NULL, NULL, &r));
	EXPECT_STREQ("yes", vici_get_str(r, "success", buf));
	EXPECT_STREQ("2", vici_get_str(r, "matches", buf));
	EXPECT_EQ(1, f->rekeyed);
	ASSERT_EQ(0, call(self->client, "rekey", "ike", "gw", "child", "net", &r));
	EXPECT_STREQ("yes", vici_get_str(r, "success", buf));
	ASSERT_EQ(0, call(self->client, "rekey", "child-id", "7", NULL, NULL, &r));
	EXPECT_STREQ("no", vici_get_str(r, "success", buf));
	EXPECT_EQ(2, f->children_rekeyed);
	ASSERT_EQ(0, call(self->client, "rekey", NULL, NULL, NULL, NULL, &r));
	EXPECT_STREQ("no", vici_get_str(r, "success", buf));
	EXPECT_EQ(1, f->rekeyed);
	EXPECT_EQ(0, f->reauthenticated);
}

TEST_F(server, terminates_by_what_the_client_names)
{
	struct fake *f = &self->fake;
	struct bytes r;
	char buf[VICI_TEXT_MAX];

	ASSERT_EQ(0, call(self->client, "terminate", "ike", "gw", "force", "yes", &r));
	EXPECT_TRUE(vici_get_bool(r, "success"));
	EXPECT_STREQ("2", vici_get_str(r, "matches", buf));
	EXPECT_STREQ("2", vici_get_str(r, "terminated", buf));
	EXPECT_STREQ("gw", f->last_ike);
	EXPECT_STREQ("-", f->last_child);
	EXPECT_TRUE(f->last_force);
	ASSERT_EQ(0, call(self->client, "terminate", "child", "net", "ike-id", "9", &r));
	EXPECT_STREQ("net", f->last_child);
	EXPECT_EQ(9, f->last_ike_id);
	EXPECT_FALSE(f->last_force);
	ASSERT_EQ(0, call(self->client, "terminate", "child_id", "4294967295", NULL, NULL, &r));
	EXPECT_EQ(UINT32_MAX, f->last_child_id);
	f->failure = "busy";
	ASSERT_EQ(0, call(self->client, "terminate", "ike", "gw", NULL, NULL, &r));
	EXPECT_FALSE(vici_get_bool(r, "success"));
	EXPECT_STREQ("1", vici_get_str(r, "terminated", buf));
	f->n_sas = 0;
	ASSERT_EQ(0, call(self->client, "terminate", "ike", "gw", NULL, NULL, &r));
	EXPECT_FALSE(vici_get_bool(r, "success"));
	EXPECT_STREQ("no SA matches", vici_get_str(r, "errmsg", buf));
	EXPECT_EQ(5, f->terminated);
	ASSERT_EQ(0, call(self->client, "terminate", "force", "yes", NULL, NULL, &r));
	EXPECT_FALSE(vici_get_bool(r, "success"));
	EXPECT_EQ(5, f->terminated);
}

TEST_F(server, a_request_times_out_and_its_token_lives_on)
{
	struct bytes r;

	self->fake.hold = true;
	ASSERT_EQ(0, call(self->client, "terminate", "ike", "gw", "timeout", "50", &r));
	EXPECT_FALSE(vici_get_bool(r, "success"));
	EXPECT_EQ(1, fake_counters(&self->fake).outstanding);
	EXPECT_TRUE(alive(self->client));
	fake_run(&self->fake, fake_end_held);
	EXPECT_EQ(0, fake_counters(&self->fake).outstanding);
	EXPECT_TRUE(alive(self->client));
}

TEST_F(server, a_negative_timeout_answers_at_once)
{
	struct bytes r;

	self->fake.hold = true;
	ASSERT_EQ(0, call(self->client, "terminate", "ike", "gw", "timeout", "-1", &r));
	EXPECT_TRUE(vici_get_bool(r, "success"));
	EXPECT_EQ(1, fake_counters(&self->fake).outstanding);
	ASSERT_EQ(0, call(self->client, "terminate", "ike", "gw", "timeout", "soon", &r));
	EXPECT_FALSE(vici_get_bool(r, "success"));
}

static void free_server(struct fake *f)
{
	f->feed = vici_log_feed_free(f->feed);
	f->server = vici_server_free(f->server);
}

static bool two_held(struct fake *f)
{
	return f->n_held == 2;
}

TEST_F(server, tokens_outlive_the_server)
{
	struct bytes r;

	self->fake.hold = true;
	ASSERT_EQ(0, call(self->client, "terminate", "ike", "gw", "timeout", "50", &r));
	/* One token that timed out, and one that is waited for. */
	ASSERT_TRUE(send_raw(self->client, raw_request("terminate")));
	ASSERT_TRUE(fake_wait(&self->fake, two_held));
	fake_run(&self->fake, free_server);
	EXPECT_EQ(-ECONNRESET,
		  vici_client_call(self->client, "version", BYTES_NONE, NULL, NULL, &r));
	EXPECT_TRUE(vici_request_abandoned(self->fake.held[0]));
	EXPECT_TRUE(vici_request_abandoned(self->fake.held[1]));
	fake_run(&self->fake, fake_end_held);
}

/* -------- events -------- */

static int see_name(struct bytes name, struct bytes message, void *data)
{
	struct bytes *wanted = data;

	return bytes_equal(name, *wanted) ? 1 : 2;
}

static void raise_child_event(struct fake *f)
{
	struct ike_sa_info *sa = fake_sa(7, 1);

	if (!sa)
		return;
	raise_event(f);
	vici_event_child_updown(f->server, false, sa, 0);
	ike_sa_info_free(sa);
}

static int see_child_down(struct bytes name, struct bytes message, void *data)
{
	struct bytes ike, children, child;

	if (!vici_bytes_are(name, "child-updown") || vici_get_bool(message, "up") ||
	    !vici_get(message, VICI_SECTION_START, "gw", &ike) ||
	    !vici_get(ike, VICI_SECTION_START, "child-sas", &children) ||
	    !vici_get(children, VICI_SECTION_START, "net-7", &child))
		return 2;
	return 1;
}

TEST_F(server, events_go_to_those_who_registered)
{
	struct bytes ike_updown = bytes_str("ike-updown");
	struct vici_client *other = connect_one(&self->fake);

	ASSERT_NE(NULL, other);
	ASSERT_EQ(0, vici_client_register(self->client, "ike-updown"));
	ASSERT_EQ(0, vici_client_register(other, "child-updown"));
	fake_run(&self->fake, raise_child_event);
	EXPECT_EQ(1, vici_client_events(self->client, see_name, &ike_updown));
	EXPECT_EQ(1, vici_client_events(other, see_child_down, NULL));
	ASSERT_EQ(0, vici_client_unregister(self->client, "ike-updown"));
	fake_run(&self->fake, raise_event);
	EXPECT_TRUE(alive(self->client));
	EXPECT_EQ(2, fake_counters(&self->fake).events);
	vici_client_free(other);
}

static void raise_rekeys(struct fake *f)
{
	struct ike_sa_info *old = fake_sa(7, 0), *new = fake_sa(8, 2);

	if (old && new) {
		vici_event_ike_rekey(f->server, old, new);
		vici_event_child_rekey(f->server, new);
	}
	ike_sa_info_free(old);
	ike_sa_info_free(new);
}

/* The unique numbers of section's "old" and "new", as 10 * old + new. */
static int old_and_new(struct bytes section)
{
	char old_id[VICI_TEXT_MAX], new_id[VICI_TEXT_MAX];
	struct bytes old, new;

	if (!vici_get(section, VICI_SECTION_START, "old", &old) ||
	    !vici_get(section, VICI_SECTION_START, "new", &new) ||
	    !vici_get_str(old, "uniqueid", old_id) || !vici_get_str(new, "uniqueid", new_id))
		return -1;
	return 10 * atoi(old_id) + atoi(new_id);
}

static int see_rekeys(struct bytes name, struct bytes message, void *data)
{
	struct bytes ike, children, child, none;
	int *seen = data;

	if (!vici_get(message, VICI_SECTION_START, "gw", &ike))
		return 2;
	if (vici_bytes_are(name, "ike-rekey")) {
		seen[0] = old_and_new(ike);
		return vici_get(ike, VICI_SECTION_START, "child-sas", &none) ? 2 : 0;
	}
	if (!vici_bytes_are(name, "child-rekey") ||
	    !vici_get(ike, VICI_SECTION_START, "child-sas", &children) ||
	    !vici_get(children, VICI_SECTION_START, "voice", &child))
		return 2;
	seen[1] = old_and_new(child);
	return 1;
}

TEST_F(server, events_of_rekeying_show_the_old_and_the_new_one)
{
	int seen[2] = { 0 };

	ASSERT_EQ(0, vici_client_register(self->client, "ike-rekey"));
	ASSERT_EQ(0, vici_client_register(self->client, "child-rekey"));
	fake_run(&self->fake, raise_rekeys);
	EXPECT_EQ(1, vici_client_events(self->client, see_rekeys, seen));
	EXPECT_EQ(78, seen[0]);
	EXPECT_EQ(89, seen[1]);
}

static void raise_log(struct fake *f)
{
	static const struct log_subsystem ike = { .name = "ike" };
	const struct log_record record = {
		.level = LOG_LEVEL_INFO,
		.subsystem = &ike,
		.thread = "worker 1",
		.object = "gw #1",
		.message = "established",
	};

	vici_event_log(f->server, &record);
}

static int see_log(struct bytes name, struct bytes message, void *data)
{
	char buf[VICI_TEXT_MAX];

	return vici_bytes_are(name, "log") && vici_get_str(message, "msg", buf) &&
			       !strcmp(buf, "established") && vici_get_str(message, "group", buf) &&
			       !strcmp(buf, "ike")
		       ? 1
		       : 2;
}

TEST_F(server, the_log_is_wanted_while_somebody_listens)
{
	struct vici_client *other = connect_one(&self->fake);

	ASSERT_NE(NULL, other);
	EXPECT_FALSE(vici_server_wants_log(self->fake.server));
	fake_run(&self->fake, raise_log);
	ASSERT_EQ(0, vici_client_register(other, "log"));
	ASSERT_EQ(0, vici_client_register(other, "log"));
	EXPECT_TRUE(vici_server_wants_log(self->fake.server));
	fake_run(&self->fake, raise_log);
	EXPECT_EQ(1, vici_client_events(other, see_log, NULL));
	vici_client_free(other);
	ASSERT_TRUE(fake_wait(&self->fake, only_one_left));
	EXPECT_FALSE(vici_server_wants_log(self->fake.server));
}

LOG_SUBSYSTEM(feedtest, "lines of this test");

static int see_feed(struct bytes name, struct bytes message, void *data)
{
	char buf[VICI_TEXT_MAX];
	unsigned *n = data;
	int64_t nth;

	if (!vici_get_str(message, "group", buf) || strcmp(buf, "feedtest"))
		return 0;
	if (!vici_get_str(message, "object", buf) || strcmp(buf, "gw #1") ||
	    !vici_get_str(message, "msg", buf) || sscanf(buf, "line %" SCNd64, &nth) != 1 ||
	    nth != *n)
		return 2;
	return ++*n == 100 ? 1 : 0;
}

TEST_F(server, lines_logged_by_other_threads_reach_who_listens)
{
	unsigned n = 0;

	log_obj_info(feedtest, "gw #1", "nobody listens");
	ASSERT_EQ(0, vici_client_register(self->client, "log"));
	for (unsigned i = 0; i < 100; i++)
		log_obj_info(feedtest, "gw #1", "line %u", i);
	EXPECT_EQ(1, vici_client_events(self->client, see_feed, &n));
	EXPECT_EQ(0, vici_log_feed_dropped(self->fake.feed));
}

static void log_much(struct fake *f)
{
	/* The main thread is busy here, so its mailbox fills. */
	for (unsigned i = 0; i < 2 * VICI_LOG_FEED_MAX; i++)
		log_info(feedtest, "line %u", i);
}

TEST_F(server, lines_are_dropped_when_the_main_thread_falls_behind)
{
	ASSERT_EQ(0, vici_client_register(self->client, "log"));
	fake_run(&self->fake, log_much);
	EXPECT_EQ(VICI_LOG_FEED_MAX, vici_log_feed_dropped(self->fake.feed));
}

static void log_and_free(struct fake *f)
{
	log_info(feedtest, "on its way");
	f->feed = vici_log_feed_free(f->feed);
}

TEST_F(server, the_log_feed_may_go_with_lines_on_their_way)
{
	ASSERT_EQ(0, vici_client_register(self->client, "log"));
	fake_run(&self->fake, log_and_free);
	EXPECT_TRUE(alive(self->client));
}

TEST_HARNESS_MAIN
