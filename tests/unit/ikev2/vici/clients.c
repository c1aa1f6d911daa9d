/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <unistd.h>
#include <kselftest_harness.h>

#include "talk.h"
#include "../../pdk/leaks.h"

/* The control server when its clients are slow, wrong, many, or gone: nobody else suffers. */

FIXTURE(clients)
{
	struct fake fake;
	struct vici_client *client;
};

FIXTURE_SETUP(clients)
{
	fake_init(&self->fake);
	self->fake.options.stalled = DURATION_MS(500);
	self->fake.options.max_clients = 150;
	ASSERT_EQ(0, fake_start(&self->fake));
	ASSERT_EQ(0, vici_client_connect(self->fake.path, &self->client));
	vici_client_set_timeout(self->client, DURATION_S(20));
}

FIXTURE_TEARDOWN(clients)
{
	vici_client_free(self->client);
	fake_fini(&self->fake);
	EXPECT_NO_LEAKS();
}

static bool one_stalled(struct fake *f)
{
	return vici_server_counters(f->server)->stalled == 1;
}

static bool stuck(struct fake *f)
{
	return f->pages_asked > 2;
}

TEST_F(clients, a_client_that_stops_reading_costs_little_and_is_cut_off)
{
	struct vici_client *lazy = connect_one(&self->fake);
	struct seen seen;

	ASSERT_NE(NULL, lazy);
	self->fake.n_sas = 10000;
	ASSERT_EQ(0, vici_client_register(lazy, "list-sa"));
	ASSERT_TRUE(send_raw(lazy, raw_request("list-sas")));
	ASSERT_TRUE(fake_wait(&self->fake, stuck));
	/* Others are served, at full length, meanwhile. */
	EXPECT_TRUE(alive(self->client));
	ASSERT_TRUE(fake_wait(&self->fake, one_stalled));
	EXPECT_TRUE(alive(self->client));
	/* Its listing had stopped where its queue was full: far from all of 157 pages. */
	EXPECT_LT(self->fake.pages_asked, 30);
	EXPECT_EQ(0, fake_counters(&self->fake).outstanding);
	EXPECT_EQ(1, fake_counters(&self->fake).connected);
	ASSERT_EQ(0, list_all(self->client, &seen));
	EXPECT_EQ(10000, seen.n);
	vici_client_free(lazy);
}

TEST_F(clients, a_slow_reader_that_reads_on_gets_all)
{
	struct vici_client *slow = connect_one(&self->fake);
	struct seen seen = { .in_order = true };

	ASSERT_NE(NULL, slow);
	self->fake.n_sas = 2000;
	ASSERT_EQ(0, vici_client_register(slow, "list-sa"));
	ASSERT_TRUE(send_raw(slow, raw_request("list-sas")));
	usleep(200000);
	EXPECT_TRUE(alive(self->client));
	/* The response at the end is no event, so it ends this call. */
	ASSERT_EQ(-EBADMSG, vici_client_events(slow, see_sa, &seen));
	EXPECT_EQ(2000, seen.n);
	EXPECT_TRUE(seen.in_order);
	vici_client_free(slow);
}

static void raise_many_events(struct fake *f)
{
	for (unsigned i = 0; i < 5000; i++)
		raise_event(f);
}

TEST_F(clients, a_listener_that_does_not_read_loses_events_not_memory)
{
	struct vici_client *lazy = connect_one(&self->fake);
	struct vici_server_counters counters;

	ASSERT_NE(NULL, lazy);
	ASSERT_EQ(0, vici_client_register(lazy, "ike-updown"));
	fake_run(&self->fake, raise_many_events);
	counters = fake_counters(&self->fake);
	EXPECT_GT(counters.events_dropped, 1000);
	EXPECT_EQ(5000, counters.events_dropped + counters.events);
	EXPECT_TRUE(alive(self->client));
	EXPECT_TRUE(fake_wait(&self->fake, one_stalled));
	vici_client_free(lazy);
}

static struct vici_client *hasty;

/* In one piece; the memory is static. */
static struct bytes many_requests(size_t n)
{
	const struct bytes one = raw_request("version");
	static uint8_t all[500 * 64];

	for (size_t i = 0; i < n && (i + 1) * one.len <= sizeof(all); i++)
		memcpy(all + i * one.len, one.data, one.len);
	return BYTES(all, n * one.len);
}

/* Within a turn of the server's loop: the next one finds the requests and that the client is gone. */
static void send_many_and_go(struct fake *f)
{
	send_raw(hasty, many_requests(500));
	vici_client_free(hasty);
}

/* Requests behind each other are taken up one in a turn, and none for who is gone. */
TEST_F(clients, one_that_sends_many_requests_at_once_does_not_delay_others)
{
	hasty = connect_one(&self->fake);
	ASSERT_NE(NULL, hasty);
	fake_run(&self->fake, send_many_and_go);
	EXPECT_TRUE(alive(self->client));
	EXPECT_TRUE(fake_wait(&self->fake, only_one_left));
	EXPECT_LT(fake_counters(&self->fake).requests, 250);
}

TEST_F(clients, requests_that_come_at_once_are_all_answered_in_their_order)
{
	enum { N = 200 };
	uint8_t answer[4096];
	size_t got = 0, wanted;

	hasty = connect_one(&self->fake);
	ASSERT_NE(NULL, hasty);
	ASSERT_TRUE(send_raw(hasty, many_requests(N)));
	ASSERT_EQ(4, recv(vici_client_fd(hasty), answer, 4, MSG_WAITALL));
	wanted = N * (4 + ((size_t)answer[2] << 8 | answer[3]));
	for (got = 4; got < wanted;) {
		ssize_t n = recv(vici_client_fd(hasty), answer, sizeof(answer), 0);

		ASSERT_GT(n, 0);
		got += (size_t)n;
	}
	EXPECT_EQ(wanted, got);
	vici_client_free(hasty);
}

static bool one_held(struct fake *f)
{
	return f->n_held == 1;
}

TEST_F(clients, a_vanished_client_leaves_its_request_to_end_unseen)
{
	struct vici_client *gone = connect_one(&self->fake);

	ASSERT_NE(NULL, gone);
	self->fake.hold = true;
	ASSERT_TRUE(send_raw(gone, raw_request("terminate")));
	ASSERT_TRUE(fake_wait(&self->fake, one_held));
	vici_client_free(gone);
	ASSERT_TRUE(fake_wait(&self->fake, only_one_left));
	EXPECT_EQ(1, fake_counters(&self->fake).outstanding);
	EXPECT_TRUE(vici_request_abandoned(self->fake.held[0]));
	fake_run(&self->fake, fake_end_held);
	EXPECT_EQ(0, fake_counters(&self->fake).outstanding);
	EXPECT_TRUE(alive(self->client));
}

TEST_F(clients, a_client_that_vanishes_during_a_listing_is_forgotten)
{
	self->fake.n_sas = 10000;
	for (unsigned i = 0; i < 50; i++) {
		struct vici_client *gone = connect_one(&self->fake);

		ASSERT_NE(NULL, gone);
		ASSERT_EQ(0, vici_client_register(gone, "list-sa"));
		ASSERT_TRUE(send_raw(gone, raw_request("list-sas")));
		if (i % 2)
			usleep(300 * i);
		vici_client_free(gone);
	}
	ASSERT_TRUE(fake_wait(&self->fake, only_one_left));
	EXPECT_TRUE(alive(self->client));
}

TEST_F(clients, garbage_cuts_off_its_sender_alone)
{
	static const struct {
		const char *what;
		uint8_t octets[24];
		size_t len;
	} garbage[] = {
		{ "length 0", { 0, 0, 0, 0 }, 4 },
		{ "too long", { 0, 8, 0, 1, 0 }, 5 },
		{ "far too long", { 255, 255, 255, 255, 0 }, 5 },
		{ "text", "GET / HTTP/1.1\r\n\r\n", 18 },
		{ "unknown type", { 0, 0, 0, 1, 8 }, 5 },
		{ "response", { 0, 0, 0, 1, VICI_CMD_RESPONSE }, 5 },
		{ "event", { 0, 0, 0, 3, VICI_EVENT, 1, 'x' }, 7 },
		{ "confirmation", { 0, 0, 0, 1, VICI_EVENT_CONFIRM }, 5 },
		{ "name cut short", { 0, 0, 0, 3, VICI_CMD_REQUEST, 9, 'x' }, 7 },
		{ "bad message", { 0, 0, 0, 4, VICI_CMD_REQUEST, 1, 'x', 2 }, 8 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(garbage); i++) {
		struct vici_client *bad = connect_one(&self->fake);
		char buf[16];

		ASSERT_NE(NULL, bad);
		ASSERT_TRUE(send_raw(bad, BYTES(garbage[i].octets, garbage[i].len)));
		EXPECT_GE(0, recv(vici_client_fd(bad), buf, sizeof(buf), 0))
		{
			TH_LOG("%s", garbage[i].what);
		}
		vici_client_free(bad);
		EXPECT_TRUE(alive(self->client));
	}
	EXPECT_EQ(ARRAY_SIZE(garbage), fake_counters(&self->fake).garbage);
}

TEST_F(clients, a_request_may_come_octet_by_octet)
{
	struct bytes raw = raw_request("version");
	struct bytes r;
	char buf[VICI_TEXT_MAX];

	for (size_t i = 0; i < raw.len - 1; i++) {
		ASSERT_TRUE(send_raw(self->client, BYTES(raw.data + i, 1)));
		usleep(500);
	}
	/* The last octet, and the answer, by way of a second request behind it. */
	ASSERT_TRUE(send_raw(self->client, BYTES(raw.data + raw.len - 1, 1)));
	ASSERT_EQ(0, call(self->client, "stats", NULL, NULL, NULL, NULL, &r));
	EXPECT_STREQ("posternd", vici_get_str(r, "daemon", buf));
}

TEST_F(clients, requests_sent_ahead_are_answered_in_their_order)
{
	struct vici_client *eager = connect_one(&self->fake);
	struct bytes r;
	char buf[VICI_TEXT_MAX];

	ASSERT_NE(NULL, eager);
	self->fake.n_sas = 500;
	/* A listing takes turns of the loop; the next requests wait for it. */
	ASSERT_TRUE(send_raw(eager, raw_request("list-sas")));
	ASSERT_TRUE(send_raw(eager, raw_request("version")));
	ASSERT_EQ(0, call(eager, "stats", NULL, NULL, NULL, NULL, &r));
	EXPECT_EQ(0, r.len);
	ASSERT_EQ(0, call(eager, "stats", NULL, NULL, NULL, NULL, &r));
	EXPECT_STREQ("posternd", vici_get_str(r, "daemon", buf));
	vici_client_free(eager);
}

TEST_F(clients, a_client_may_not_pile_up_requests_without_end)
{
	struct vici_client *eager = connect_one(&self->fake);
	static uint8_t big[60000];
	struct bytes r;
	struct writer w;
	size_t begin;
	bool sent = true;

	ASSERT_NE(NULL, eager);
	self->fake.hold = true;
	writer_init_heap(&w, 1 << 20);
	writer_bytes(&w, raw_request("terminate"));
	begin = vici_packet_begin(&w, VICI_CMD_REQUEST, "version");
	vici_put_value(&w, "padding", BYTES_OF(big));
	vici_packet_end(&w, begin);
	ASSERT_EQ(0, w.err);
	for (unsigned i = 0; sent && i < 100; i++)
		sent = send_raw(eager, writer_view(&w));
	EXPECT_EQ(1, fake_counters(&self->fake).garbage);
	EXPECT_NE(0, vici_client_call(eager, "version", BYTES_NONE, NULL, NULL, &r));
	EXPECT_TRUE(alive(self->client));
	writer_fini(&w);
	vici_client_free(eager);
}

TEST_F(clients, serves_a_hundred_clients_and_turns_away_what_is_beyond_the_limit)
{
	struct vici_client *c[149], *one_more;
	struct seen seen;

	self->fake.n_sas = 100;
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		c[i] = connect_one(&self->fake);
		ASSERT_NE(NULL, c[i]);
		ASSERT_TRUE(send_raw(c[i], raw_request("version")));
	}
	/* The answer to that, then the answer to a second one. */
	for (size_t i = 0; i < ARRAY_SIZE(c); i++)
		ASSERT_TRUE(alive(c[i]));
	for (size_t i = 0; i < ARRAY_SIZE(c); i++)
		vici_client_free(c[i]);
	ASSERT_TRUE(fake_wait(&self->fake, only_one_left));
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		c[i] = connect_one(&self->fake);
		ASSERT_NE(NULL, c[i]);
		ASSERT_TRUE(alive(c[i]));
	}
	one_more = connect_one(&self->fake);
	EXPECT_TRUE(!one_more || !alive(one_more));
	EXPECT_EQ(1, fake_counters(&self->fake).refused);
	vici_client_free(one_more);
	ASSERT_EQ(0, list_all(c[99], &seen));
	EXPECT_EQ(100, seen.n);
	for (size_t i = 0; i < ARRAY_SIZE(c); i++)
		vici_client_free(c[i]);
}

TEST_HARNESS_MAIN
