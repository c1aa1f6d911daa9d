/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include "ikev2/policy/settings.h"
#include "ikev2/sa/window.h"

static const struct ike_settings settings = {
	.retransmit_timeout = DURATION_S(4),
	.retransmit_base = 2000,
	.retransmit_tries = 3,
};

static const struct instant start = { 1000000000 };

TEST(requests_count_up_and_one_is_outstanding_at_a_time)
{
	struct packet *p = packet_new(BYTES("one", 3));
	struct window w;

	window_init(&w);
	for (uint32_t id = 0; id < 5; id++) {
		EXPECT_TRUE(window_can_send(&w));
		EXPECT_EQ(id, w.send_next);
		window_sent(&w, p, start, &settings);
		EXPECT_FALSE(window_can_send(&w));
		EXPECT_TRUE(window_expects(&w, id));
		EXPECT_FALSE(window_expects(&w, id + 1));
		window_acknowledged(&w);
		EXPECT_FALSE(window_expects(&w, id));
	}
	window_fini(&w);
	packet_unref(p);
}

/* RFC 7296 2.2 */
TEST(message_ids_end_before_they_wrap)
{
	struct packet *p = packet_new(BYTES("one", 3));
	struct window w;

	window_init(&w);
	EXPECT_FALSE(window_is_old(&w));
	w.send_next = WINDOW_IDS_OWN_OLD - 1;
	w.receive_next = WINDOW_IDS_PEERS_OLD - 1;
	EXPECT_FALSE(window_is_old(&w));
	w.send_next++;
	EXPECT_TRUE(window_is_old(&w));
	w.send_next = 7;
	w.receive_next++;
	EXPECT_TRUE(window_is_old(&w));
	EXPECT_FALSE(window_is_spent(&w));
	w.receive_next = WINDOW_IDS_LAST;
	EXPECT_TRUE(window_is_spent(&w));

	w.send_next = UINT32_MAX - 1;
	EXPECT_TRUE(window_can_send(&w));
	window_sent(&w, p, start, &settings);
	EXPECT_TRUE(window_expects(&w, UINT32_MAX - 1));
	window_acknowledged(&w);
	EXPECT_FALSE(window_can_send(&w));

	w.receive_next = UINT32_MAX - 1;
	EXPECT_EQ(WINDOW_NEW, window_received(&w, UINT32_MAX - 1, 1));
	window_taken(&w, 1);
	window_answered(&w, p);
	EXPECT_EQ(WINDOW_REPEATED, window_received(&w, UINT32_MAX - 1, 1));
	EXPECT_EQ(WINDOW_STALE, window_received(&w, UINT32_MAX, 2));
	EXPECT_EQ(WINDOW_STALE, window_received_fragment(&w, UINT32_MAX));
	EXPECT_EQ(WINDOW_STALE, window_received(&w, 0, 3));
	window_fini(&w);
	packet_unref(p);
}

TEST(pauses_grow_by_the_base_until_the_budget_is_used_up)
{
	static const int64_t pauses[] = { 4, 8, 16, 32 };
	struct packet *p = packet_new(BYTES("one", 3));
	struct instant now = start;
	struct window w;

	window_init(&w);
	window_sent(&w, p, now, &settings);
	for (size_t i = 0; i < ARRAY_SIZE(pauses); i++) {
		EXPECT_EQ(pauses[i], duration_s(instant_diff(w.retransmit_at, now)));
		now = w.retransmit_at;
		EXPECT_EQ(i < settings.retransmit_tries, window_retransmit(&w, now, &settings));
	}
	window_fini(&w);
	packet_unref(p);
}

TEST(jitter_shortens_and_never_lengthens)
{
	struct ike_settings jittery = settings;
	struct packet *p = packet_new(BYTES("one", 3));
	struct window w;
	bool varied = false;

	jittery.retransmit_jitter = 50;
	for (int i = 0; i < 200; i++) {
		int64_t ms;

		window_init(&w);
		window_sent(&w, p, start, &jittery);
		ms = duration_ms(instant_diff(w.retransmit_at, start));
		EXPECT_LE(2000, ms);
		EXPECT_LE(ms, 4000);
		varied |= ms != 4000;
		window_fini(&w);
	}
	EXPECT_TRUE(varied);
	packet_unref(p);
}

TEST(only_the_very_request_brings_the_response_back)
{
	struct packet *response = packet_new(BYTES("answer", 6));
	struct window w;

	window_init(&w);
	EXPECT_EQ(WINDOW_NEW, window_received(&w, 0, 77));
	EXPECT_EQ(WINDOW_STALE, window_received(&w, 1, 77));
	EXPECT_EQ(WINDOW_STALE, window_received(&w, UINT32_MAX, 77));
	window_taken(&w, 77);
	EXPECT_EQ(WINDOW_IN_PROGRESS, window_received(&w, 0, 77));
	window_answered(&w, response);
	EXPECT_EQ(WINDOW_REPEATED, window_received(&w, 0, 77));
	EXPECT_EQ(WINDOW_STALE, window_received(&w, 0, 78));
	EXPECT_EQ(WINDOW_NEW, window_received(&w, 1, 78));
	window_taken(&w, 78);
	window_answered(&w, response);
	EXPECT_EQ(WINDOW_STALE, window_received(&w, 0, 77));
	window_fini(&w);
	packet_unref(response);
}

/* RFC 7383 2.6.1: the message ID alone decides; who asks for the response is looked at elsewhere. */
TEST(fragments_are_judged_by_their_message_id)
{
	struct packet *p = packet_new(BYTES("one", 3));
	struct window w;

	window_init(&w);
	EXPECT_EQ(WINDOW_NEW, window_received_fragment(&w, 0));
	EXPECT_EQ(WINDOW_STALE, window_received_fragment(&w, UINT32_MAX));
	window_taken(&w, 1);
	EXPECT_EQ(WINDOW_IN_PROGRESS, window_received_fragment(&w, 0));
	window_answered(&w, p);
	EXPECT_EQ(WINDOW_REPEATED, window_received_fragment(&w, 0));
	EXPECT_EQ(WINDOW_NEW, window_received_fragment(&w, 1));
	EXPECT_EQ(WINDOW_STALE, window_received_fragment(&w, 2));
	window_fini(&w);
	packet_unref(p);
}

/* RFC 7383 2.5.2: timers start over with each size. */
TEST(a_request_cut_anew_has_its_whole_budget_again)
{
	struct packet *p = packet_new(BYTES("one", 3)), *q = packet_new(BYTES("two", 3));
	struct instant now = start;
	struct window w;

	window_init(&w);
	window_sent(&w, p, now, &settings);
	now = w.retransmit_at;
	EXPECT_TRUE(window_retransmit(&w, now, &settings));
	window_request_anew(&w, q, now, &settings);
	EXPECT_EQ(q, w.request);
	EXPECT_EQ(now.ns + 4000000000, w.retransmit_at.ns);
	EXPECT_TRUE(window_expects(&w, 0));
	for (unsigned i = 0; i < settings.retransmit_tries; i++)
		EXPECT_TRUE(window_retransmit(&w, now, &settings));
	EXPECT_FALSE(window_retransmit(&w, now, &settings));
	window_fini(&w);
	packet_unref(p);
	packet_unref(q);
}

TEST_HARNESS_MAIN
