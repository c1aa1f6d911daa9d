/* SPDX-License-Identifier: MIT */
/*
 * Many first messages at once (RFC 7296 2.6): whoever has not shown that it receives at its address
 * makes a responder neither compute nor remember much.
 */
#include <kselftest_harness.h>

#include "ikev2/codec/builder.h"
#include "ikev2/policy/proposal_conf.h"
#include "ikev2/sa/ike_sa.h"
#include "pair.h"

FIXTURE(floods)
{
	struct sim sim;
};

FIXTURE_SETUP(floods)
{
	const struct pair_options b = { .settings = "cookie_threshold = 8" };

	log_add_sink(log_stderr_sink, NULL);
	pair_init(&self->sim, NULL, &b);
}

FIXTURE_TEARDOWN(floods)
{
	sim_fini(&self->sim);
}

/* An IKE_SA_INIT request with this SPI and this public value, thrown at peer 1 from `from`. */
static void first_message(struct sim *sim, uint64_t spi, const uint8_t public[32],
			  const struct netaddr *from)
{
	const struct ike_header header = { .spi_i = spi,
					   .exchange = IKE_EXCHANGE_IKE_SA_INIT,
					   .flags = IKE_FLAG_INITIATOR };
	uint8_t nonce[32] = { 7 };
	char error[PROPOSAL_ERROR_LEN];
	struct proposal proposal;
	struct ike_builder b;
	struct bytes bytes;
	struct writer w;

	proposal_from_text("aes128gcm16-prfsha256-x25519", IKE_PROTOCOL_IKE, &proposal, error);
	writer_init_heap(&w, IKE_MESSAGE_MAX);
	ike_builder_init(&b, &w, &header);
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
