/* SPDX-License-Identifier: MIT */
/*
 * Messages outside an IKE SA (RFC 7296 1.5, 2.4, 2.5, 2.21.4): who gets an answer, how often, and
 * what an error in clear can do.
 */
#include <kselftest_harness.h>

#include "ikev2/codec/builder.h"
#include "ikev2/sa/ike_sa.h"
#include "pair.h"

FIXTURE(outside)
{
	struct sim sim;
};

FIXTURE_SETUP(outside)
{
	const struct pair_options b = { .settings = "error_rate = 5" };

	log_add_sink(log_stderr_sink, NULL);
	pair_init(&self->sim, NULL, &b);
}

FIXTURE_TEARDOWN(outside)
{
	sim_fini(&self->sim);
}

/* A message in clear of one notify (0: none), thrown at peer 1 as if peer 0 had sent it. */
static void throw(struct sim * sim, const struct ike_header *header, uint16_t notify)
{
	struct ike_builder b;
	struct bytes bytes;
	struct writer w;

	writer_init_heap(&w, IKE_MESSAGE_MAX);
	ike_builder_init(&b, &w, header);
	if (notify)
		ike_builder_notify(&b, notify, BYTES_NONE);
	if (ike_builder_finish(&b, &bytes) == 0)
		sim_deliver(sim, 1, &sim->peers[1].addr, &sim->peers[0].addr, bytes);
	writer_fini(&w);
}

static const struct ike_header stray = {
	.spi_i = 0x0123456789abcdef,
	.spi_r = 0x01fedcba98765432,
	.exchange = IKE_EXCHANGE_INFORMATIONAL,
	.flags = IKE_FLAG_INITIATOR,
	.message_id = 7,
};

/* The last message to peer 0. */
struct seen {
	struct ike_header header;
	unsigned n;
	uint16_t notify;
	uint8_t data[4];
	size_t len;
};

static void look(struct sim *sim, unsigned to, const struct netaddr *local,
		 const struct netaddr *remote, struct bytes message, void *data)
{
	struct seen *seen = data;
	struct ike_message m;
	struct ike_notify n;

	if (to != 0 || ike_message_parse(message, &m, NULL) != IKE_OK)
		return;
	seen->n++;
	seen->header = m.header;
	if (!ike_message_find_error(&m, &n))
		return;
	seen->notify = n.type;
	seen->len = n.data.len;
	if (n.data.len && n.data.len <= sizeof(seen->data))
		memcpy(seen->data, n.data.data, n.data.len);
}

TEST_F(outside, a_request_of_no_ike_sa_is_told_so)
{
	struct seen seen = { .n = 0 };
	struct sim *sim = &self->sim;

	sim->tap = look;
	sim->tap_data = &seen;
	throw(sim, &stray, 0);
	pair_wait(sim, DURATION_S(1));
	ASSERT_EQ(1, seen.n);
	EXPECT_EQ(IKE_NOTIFY_INVALID_IKE_SPI, seen.notify);
	EXPECT_EQ(0, seen.len);
	/* 2.21.4: SPIs, message ID and exchange type of the request, and the R bit. */
	EXPECT_EQ(stray.spi_i, seen.header.spi_i);
	EXPECT_EQ(stray.spi_r, seen.header.spi_r);
	EXPECT_EQ(stray.message_id, seen.header.message_id);
	EXPECT_EQ(stray.exchange, seen.header.exchange);
	EXPECT_TRUE(ike_header_is_response(&seen.header));
	EXPECT_FALSE(ike_header_from_initiator(&seen.header));
	EXPECT_EQ(0, sim->peers[1].core->n_sas);
	EXPECT_EQ(1, sim->peers[1].core->counters.errors_sent);
}

TEST_F(outside, a_response_is_never_answered)
{
	struct ike_header response = stray;

	response.flags |= IKE_FLAG_RESPONSE;
	throw(&self->sim, &response, 0);
	EXPECT_EQ(0, self->sim.peers[1].core->counters.sent);
}

TEST_F(outside, answers_are_limited_and_come_again_with_time)
{
	struct sim *sim = &self->sim;
	const struct ike_counters *c = &sim->peers[1].core->counters;

	for (unsigned i = 0; i < 100; i++)
		throw(sim, &stray, 0);
	EXPECT_EQ(5, c->errors_sent);
	EXPECT_EQ(95, c->errors_withheld);
	pair_wait(sim, DURATION_MS(420));
	for (unsigned i = 0; i < 100; i++)
		throw(sim, &stray, 0);
	EXPECT_EQ(7, c->errors_sent);
	pair_wait(sim, DURATION_S(100));
	for (unsigned i = 0; i < 100; i++)
		throw(sim, &stray, 0);
	EXPECT_EQ(12, c->errors_sent);
}

TEST_F(outside, a_higher_major_version_is_told_ours)
{
	struct seen seen = { .n = 0 };
	struct sim *sim = &self->sim;
	uint8_t raw[IKE_HEADER_LEN] = {
		1, 2, 3, 4, 5, 6, 7, 8, [17] = 3 << 4, 34, IKE_FLAG_INITIATOR, [27] = IKE_HEADER_LEN
	};

	sim->tap = look;
	sim->tap_data = &seen;
	sim_deliver(sim, 1, &sim->peers[1].addr, &sim->peers[0].addr, BYTES_OF(raw));
	pair_wait(sim, DURATION_S(1));
	ASSERT_EQ(1, seen.n);
	EXPECT_EQ(IKE_NOTIFY_INVALID_MAJOR_VERSION, seen.notify);
	EXPECT_EQ(0, seen.len);
	raw[19] |= IKE_FLAG_RESPONSE;
	sim_deliver(sim, 1, &sim->peers[1].addr, &sim->peers[0].addr, BYTES_OF(raw));
	pair_wait(sim, DURATION_S(1));
	EXPECT_EQ(1, seen.n);
}

/* 2.4: nobody's word in clear ends an IKE SA; the peer is asked, and seldom. */
TEST_F(outside, an_error_in_clear_asks_the_peer_and_changes_nothing)
{
	struct sim *sim = &self->sim;
	struct ike_header header = { .exchange = IKE_EXCHANGE_INFORMATIONAL,
				     .flags = IKE_FLAG_INITIATOR | IKE_FLAG_RESPONSE };
	struct ike_sa *sa;
	uint32_t asked;

	ASSERT_TRUE(pair_up(sim));
	sa = sim_only_sa(&sim->peers[1]);
	header.spi_i = sa->spi_i;
	header.spi_r = sa->spi_r;
	asked = sa->window.send_next;

	/* Something was heard of the peer just now: nothing is asked. */
	throw(sim, &header, IKE_NOTIFY_INVALID_IKE_SPI);
	pair_wait(sim, DURATION_S(1));
	EXPECT_EQ(asked, sa->window.send_next);
	pair_wait(sim, DURATION_S(20));
	/* No error: nothing, either. */
	throw(sim, &header, IKE_NOTIFY_INITIAL_CONTACT);
	EXPECT_EQ(asked, sa->window.send_next);
	for (unsigned i = 0; i < 50; i++)
		throw(sim, &header, IKE_NOTIFY_INVALID_IKE_SPI);
	header.flags = IKE_FLAG_INITIATOR;
	throw(sim, &header, IKE_NOTIFY_INVALID_SYNTAX);
	EXPECT_EQ(asked + 1, sa->window.send_next);
	pair_wait(sim, DURATION_S(5));
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_EQ(sa, sim_only_sa(&sim->peers[1]));
	EXPECT_EQ(0, sim->peers[1].core->counters.errors_sent);

	/* The peer is gone indeed: the question finds out. */
	pair_wait(sim, DURATION_S(20));
	pair_cut(sim, true);
	throw(sim, &header, IKE_NOTIFY_INVALID_IKE_SPI);
	pair_wait(sim, DURATION_S(600));
	EXPECT_EQ(0, sim->peers[1].core->n_sas);
}

TEST_HARNESS_MAIN
