/* SPDX-License-Identifier: MIT */
/*
 * Many first messages at once (RFC 7296 2.6): whoever has not shown that it receives at its address
 * makes a responder neither compute nor remember much.
 */
#include <kselftest_harness.h>

#include "ikev2/codec/builder.h"
#include "ikev2/policy/proposal_conf.h"
#include "ikev2/sa/cookie.h"
#include "ikev2/sa/ike_sa.h"
#include "pair.h"

FIXTURE(floods)
{
	struct sim sim;
};

FIXTURE_SETUP(floods)
{
	const struct pair_options b = { .settings = "cookie_threshold = 8\n block_threshold = 10" };

	log_add_sink(log_stderr_sink, NULL);
	pair_init(&self->sim, NULL, &b);
}

FIXTURE_TEARDOWN(floods)
{
	sim_fini(&self->sim);
}

static bool with_cookie; /* whoever sends it gets what is sent to its address */

/* An IKE_SA_INIT request with this SPI and this public value, thrown at peer 1 from `from`. */
static void first_message(struct sim *sim, uint64_t spi, const uint8_t public[32],
			  const struct netaddr *from)
{
	const struct ike_header header = { .spi_i = spi,
					   .exchange = IKE_EXCHANGE_IKE_SA_INIT,
					   .flags = IKE_FLAG_INITIATOR };
	uint8_t nonce[32] = { 7 }, cookie[COOKIE_LEN];
	char error[PROPOSAL_ERROR_LEN];
	struct proposal proposal;
	struct ike_builder b;
	struct bytes bytes;
	struct writer w;

	proposal_from_text("aes128gcm16-prfsha256-x25519", IKE_PROTOCOL_IKE, &proposal, error);
	writer_init_heap(&w, IKE_MESSAGE_MAX);
	ike_builder_init(&b, &w, &header);
	if (with_cookie) {
		cookie_make(sim->peers[1].core, from, spi, BYTES_OF(nonce), cookie);
		ike_builder_notify(&b, IKE_NOTIFY_COOKIE, BYTES_OF(cookie));
	}
	sa_payload_write_one(ike_builder_payload(&b, IKE_PAYLOAD_SA), &proposal);
	ike_ke_write(ike_builder_payload(&b, IKE_PAYLOAD_KE), IKE_KE_CURVE_25519,
		     BYTES(public, 32));
	ike_nonce_write(ike_builder_payload(&b, IKE_PAYLOAD_NONCE), BYTES_OF(nonce));
	if (ike_builder_finish(&b, &bytes) == 0)
		sim_deliver(sim, 1, &sim->peers[1].addr, from, bytes);
	writer_fini(&w);
}

static const uint8_t good[32] = { 9 }, none[32]; /* RFC 7748 6.1: all zero is refused */

TEST_F(floods, public_values_that_are_none_bring_cookies_too)
{
	struct sim *sim = &self->sim;
	const struct ike_core *core = sim->peers[1].core;

	for (unsigned i = 1; i <= 8; i++)
		first_message(sim, i, none, &sim->peers[0].addr);
	EXPECT_EQ(0, core->n_sas);
	EXPECT_EQ(8, core->counters.failed);
	EXPECT_EQ(0, core->counters.cookies_sent);
	/* From now on they cost us no key exchange. */
	for (unsigned i = 9; i <= 100; i++)
		first_message(sim, i, none, &sim->peers[0].addr);
	EXPECT_EQ(8, core->counters.failed);
	EXPECT_EQ(92, core->counters.cookies_sent);
	/* Who means well gets through. */
	EXPECT_TRUE(pair_up(sim));
	EXPECT_EQ(93, core->counters.cookies_sent);
	/* And after a while nobody needs one. */
	pair_wait(sim, DURATION_S(31));
	first_message(sim, 101, good, &sim->peers[0].addr);
	EXPECT_EQ(93, core->counters.cookies_sent);
	EXPECT_EQ(1, core->n_half_open);
}

TEST_F(floods, one_address_does_not_use_up_what_is_there_for_all)
{
	const struct pair_options b = { .settings = "cookie_threshold = 8\n block_threshold = 10",
					.connection = "remote_addrs = 0.0.0.0/0, ::/0" };
	struct sim *sim = &self->sim;
	const struct ike_core *core;
	struct netaddr addr, six;

	pair_reboot(sim, 1, &b);
	core = sim->peers[1].core;
	with_cookie = true;
	for (unsigned i = 1; i <= 50; i++)
		first_message(sim, i, good, &sim->peers[0].addr);
	EXPECT_EQ(10, core->n_half_open);
	EXPECT_EQ(40, core->counters.half_open_refused);
	/* Nobody else notices. */
	ASSERT_EQ(0, netaddr_parse("198.51.100.7", 500, &addr));
	first_message(sim, 51, good, &addr);
	EXPECT_EQ(11, core->n_half_open);
	/* Who has an IPv6 address has all addresses of its network. */
	for (unsigned i = 1; i <= 50; i++) {
		ASSERT_EQ(0, netaddr_parse("2001:db8::1", 500, &six));
		six.addr[15] = (uint8_t)i;
		first_message(sim, 100 + i, good, &six);
	}
	EXPECT_EQ(21, core->n_half_open);
	six.addr[7] = 1;
	first_message(sim, 200, good, &six);
	EXPECT_EQ(22, core->n_half_open);
	/* For who has come in the place is free again. */
	pair_wait(sim, DURATION_S(60));
	EXPECT_EQ(0, core->n_half_open);
	first_message(sim, 201, good, &sim->peers[0].addr);
	EXPECT_EQ(1, core->n_half_open);
}

static unsigned lines;

static void count_line(const struct log_record *record, void *data)
{
	lines++;
}

TEST_F(floods, what_strangers_do_fills_no_log)
{
	struct sim *sim = &self->sim;
	const struct ike_core *core = sim->peers[1].core;
	struct netaddr stranger = sim->peers[0].addr;

	log_set_level(NULL, LOG_LEVEL_INFO);
	log_add_sink(count_line, NULL);
	/* Half-open ones that time out, values that are none, and addresses that no connection has.
	 */
	for (unsigned i = 1; i <= 500; i++) {
		first_message(sim, i, i % 2 ? good : none, &sim->peers[0].addr);
		pair_wait(sim, DURATION_S(10));
	}
	pair_wait(sim, DURATION_S(60));
	stranger.addr[0] = 7;
	for (unsigned i = 1; i <= 500; i++)
		first_message(sim, i, good, &stranger);
	EXPECT_EQ(0, core->n_sas);
	EXPECT_EQ(500, core->counters.failed);
	EXPECT_LT(0, lines);
	EXPECT_GT(100, lines);
	log_remove_sink(count_line, NULL);
}

TEST_HARNESS_MAIN
