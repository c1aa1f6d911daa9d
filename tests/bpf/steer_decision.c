/* SPDX-License-Identifier: MIT */
/* The steering decision as a function: what the program and the daemon's fallback share. */
#include <kselftest_harness.h>

#include <stdlib.h>
#include <string.h>

#include "bpf/shared/steer.h"

#define FLAG_I 0x08
#define FLAG_R 0x20

struct header {
	__u64 spi_i, spi_r;
	__u8 exchange, flags;
};

static const __u8 source[16] = { 192, 0, 2, 1 };
static const struct steer_config config = { .key = { 1, 2 }, .n_workers = 4 };

static void put_be64(__u8 *p, __u64 v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (__u8)(v >> (56 - 8 * i));
}

static void put_header(__u8 *p, struct header h)
{
	memset(p, 0, STEER_MESSAGE_MIN);
	put_be64(p, h.spi_i);
	put_be64(p + 8, h.spi_r);
	p[17] = 0x20;
	p[18] = h.exchange;
	p[19] = h.flags;
}

TEST(an_spi_names_the_worker_that_made_it)
{
	for (__u32 worker = 0; worker < STEER_WORKERS_MAX; worker++) {
		EXPECT_EQ(worker, steer_spi_worker(steer_spi_make(worker, ~0ULL)));
		EXPECT_EQ(worker, steer_spi_worker(steer_spi_make(worker, 0)));
	}
	EXPECT_EQ(0x03deadbeefcafe12ULL, steer_spi_make(3, 0xffdeadbeefcafe12ULL));
}

TEST(an_spi_is_never_zero)
{
	EXPECT_NE(0, steer_spi_make(0, 0));
	EXPECT_NE(0, steer_spi_make(0, 0xff00000000000000ULL));
}

/* Which SPI is ours follows from the flag of the original initiator, not from who answers whom. */
TEST(every_message_of_an_sa_goes_to_its_worker)
{
	const __u64 ours = steer_spi_make(2, 0x1234), theirs = steer_spi_make(1, 0x5678);
	const struct {
		struct header h;
		enum steer_verdict verdict;
		__u32 worker;
	} rows[] = {
		{ { theirs, ours, 35, FLAG_I }, STEER_SPI, 2 },          /* IKE_AUTH request */
		{ { theirs, ours, 37, FLAG_I | FLAG_R }, STEER_SPI, 2 }, /* to our request */
		{ { ours, theirs, 34, FLAG_R }, STEER_SPI, 2 },          /* IKE_SA_INIT response */
		{ { ours, 0, 34, FLAG_R }, STEER_SPI, 2 },               /* COOKIE, INVALID_KE */
		{ { ours, theirs, 36, 0 }, STEER_SPI, 2 },               /* peer rekeys */
		{ { theirs, steer_spi_make(4, 1), 35, FLAG_I }, STEER_STRAY, 0 },
		{ { steer_spi_make(255, 1), theirs, 37, 0 }, STEER_STRAY, 0 },
		{ { theirs, 0, 35, FLAG_I }, STEER_MALFORMED, 0 }, /* IKE_AUTH without SPI */
		{ { theirs, 0, 34, FLAG_I | FLAG_R }, STEER_MALFORMED, 0 },
		{ { 0, 0, 34, FLAG_I }, STEER_MALFORMED, 0 },
		{ { 0, ours, 34, FLAG_R }, STEER_MALFORMED, 0 },
		{ { theirs, 0, 2, 0 }, STEER_SPI, 1 }, /* IKEv1: reads as an answer to worker 1 */
		{ { 0, 0, 0, 0 }, STEER_MALFORMED, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		__u8 p[STEER_MESSAGE_MIN];
		__u32 worker = 77;

		put_header(p, rows[i].h);
		EXPECT_EQ(rows[i].verdict, steer_datagram(&config, p, sizeof(p), source, &worker))
		{
			TH_LOG("row %zu", i);
		}
		EXPECT_EQ(rows[i].verdict == STEER_SPI ? rows[i].worker : 77, worker);
	}
}

TEST(short_messages_are_malformed_and_nothing_beyond_their_end_is_read)
{
	__u8 whole[STEER_MARKER_LEN + STEER_MESSAGE_MIN] = { 0 };
	struct steer_config nat_t = config;
	__u32 worker = 77;

	nat_t.marker = 1;
	put_header(whole + STEER_MARKER_LEN, (struct header){ 1, 2, 35, FLAG_I });
	for (size_t len = 0; len < sizeof(whole); len++) {
		/* Of exactly this size on the heap, where the sanitizer sees one octet too far. */
		__u8 *p = malloc(len ? len : 1);

		ASSERT_NE(NULL, p);
		memcpy(p, whole, len);
		EXPECT_EQ(len < STEER_MARKER_LEN ? STEER_NOT_IKE : STEER_MALFORMED,
			  steer_datagram(&nat_t, p, len, source, &worker));
		if (len < STEER_MESSAGE_MIN)
			EXPECT_EQ(STEER_MALFORMED,
				  steer_datagram(&config, p, len, source, &worker));
		free(p);
	}
	EXPECT_EQ(77, worker);
	EXPECT_EQ(STEER_SPI, steer_datagram(&nat_t, whole, sizeof(whole), source, &worker));
}

TEST(without_the_marker_it_is_esp_or_a_keepalive)
{
	struct steer_config nat_t = config;
	__u8 p[64] = { 0 };
	__u32 worker = 77;

	nat_t.marker = 1;
	for (int i = 0; i < STEER_MARKER_LEN; i++) {
		memset(p, 0, sizeof(p));
		p[i] = 1;
		EXPECT_EQ(STEER_NOT_IKE, steer_datagram(&nat_t, p, sizeof(p), source, &worker));
	}
	p[0] = 0xff;
	EXPECT_EQ(STEER_NOT_IKE, steer_datagram(&nat_t, p, 1, source, &worker));
	EXPECT_EQ(77, worker);
}

TEST(first_requests_spread_evenly_and_always_alike)
{
	for (__u32 n = 1; n <= 7; n++) {
		struct steer_config c = { .key = { 0x0123456789abcdefULL, 42 }, .n_workers = n };
		unsigned hits[7] = { 0 };
		const unsigned rounds = 70000;

		for (unsigned i = 0; i < rounds; i++) {
			__u8 p[STEER_MESSAGE_MIN];
			__u32 worker = 77, again = 78;

			put_header(p, (struct header){ i + 1, 0, 34, FLAG_I });
			ASSERT_EQ(STEER_FIRST, steer_datagram(&c, p, sizeof(p), source, &worker));
			ASSERT_LT(worker, n);
			steer_datagram(&c, p, sizeof(p), source, &again);
			ASSERT_EQ(worker, again);
			hits[worker]++;
		}
		for (__u32 w = 0; w < n; w++) {
			EXPECT_GT(hits[w], rounds / n * 95 / 100);
			EXPECT_LT(hits[w], rounds / n * 105 / 100);
		}
	}
}

/* Someone who doesn't know the key must not be able to choose the worker. */
TEST(key_spi_and_source_all_decide_about_a_first_request)
{
	struct steer_config other_key = config;
	unsigned moved_by_key = 0, moved_by_source = 0, moved_by_spi = 0;
	const unsigned rounds = 1000;
	__u8 other_source[16];

	other_key.key.k1 ^= 1;
	for (unsigned octet = 0; octet < 16; octet++) {
		memcpy(other_source, source, sizeof(other_source));
		other_source[octet] ^= 1;
		moved_by_source = 0;
		for (unsigned i = 0; i < rounds; i++)
			moved_by_source += steer_first_worker(&config, i, source) !=
					   steer_first_worker(&config, i, other_source);
		EXPECT_GT(moved_by_source, rounds / 2);
	}
	for (unsigned i = 0; i < rounds; i++) {
		__u32 worker = steer_first_worker(&config, i, source);

		moved_by_key += worker != steer_first_worker(&other_key, i, source);
		moved_by_spi += worker != steer_first_worker(&config, i + rounds, source);
	}
	EXPECT_GT(moved_by_key, rounds / 2);
	EXPECT_GT(moved_by_spi, rounds / 2);
}

TEST_HARNESS_MAIN
