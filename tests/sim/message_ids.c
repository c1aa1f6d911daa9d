/* SPDX-License-Identifier: MIT */
/*
 * Message IDs near the end of their 32 bits: the IKE SA is rekeyed before, and closed with the last
 * ones (RFC 7296 2.2).
 */
#include <kselftest_harness.h>

#include "ikev2/exchange/message.h"
#include "ikev2/sa/ike_sa.h"
#include "pair.h"

FIXTURE(ids)
{
	struct sim sim;
};

FIXTURE_SETUP(ids)
{
	log_add_sink(log_stderr_sink, NULL);
}

FIXTURE_TEARDOWN(ids)
{
	sim_fini(&self->sim);
}

/* Peer `who` has counted up to id in its requests. */
static void count(struct sim *sim, unsigned who, uint32_t id)
{
	struct ike_sa *own = sim_only_sa(&sim->peers[who]), *peers = sim_only_sa(&sim->peers[!who]);

	own->window.send_next = id;
	peers->window.receive_next = id;
}

/* One who asks every ten seconds whether the other lives, who doesn't; nothing ends by time. */
static bool begin(struct sim *sim)
{
	const struct pair_options a = { .connection = "dpd_delay = 10s\n rekey_time = 0s",
					.child = "rekey_time = 0s\n start_action = start" };
	const struct pair_options b = { .connection = "rekey_time = 0s",
					.child = "rekey_time = 0s" };

	pair_init(sim, &a, &b);
	return pair_up(sim);
}

TEST_F(ids, the_ike_sa_is_rekeyed_before_they_end)
{
	struct sim *sim = &self->sim;
	uint64_t spi;

	ASSERT_TRUE(begin(sim));
	spi = sim_only_sa(&sim->peers[0])->spi_i;
	pair_wait(sim, DURATION_S(600));
	ASSERT_NE(NULL, sim_only_sa(&sim->peers[0]));
	EXPECT_EQ(spi, sim_only_sa(&sim->peers[0])->spi_i);
	count(sim, 0, WINDOW_IDS_OWN_OLD - 3);
	pair_wait(sim, DURATION_S(60));
	ASSERT_EQ(NULL, sim_agreement(sim));
	ASSERT_NE(NULL, sim_only_sa(&sim->peers[0]));
	EXPECT_NE(spi, sim_only_sa(&sim->peers[0])->spi_i);
	EXPECT_GT(10, sim_only_sa(&sim->peers[0])->window.send_next);
	/* Who counts has begun, alone. */
	EXPECT_TRUE(sim_only_sa(&sim->peers[0])->initiator);
	EXPECT_EQ(1, sim->peers[0].rekeys);
	EXPECT_EQ(1, sim->peers[1].rekeys);
	EXPECT_EQ(0, sim->peers[0].child_downs + sim->peers[1].child_downs);
}

/* A peer that doesn't care has its IKE SA rekeyed by the other. */
TEST_F(ids, the_other_side_rekeys_where_who_counts_does_not)
{
	struct sim *sim = &self->sim;

	ASSERT_TRUE(begin(sim));
	sim_only_sa(&sim->peers[0])->ids_old = true;
	count(sim, 0, WINDOW_IDS_PEERS_OLD - 3);
	pair_wait(sim, DURATION_S(60));
	ASSERT_EQ(NULL, sim_agreement(sim));
	ASSERT_NE(NULL, sim_only_sa(&sim->peers[0]));
	EXPECT_FALSE(sim_only_sa(&sim->peers[0])->initiator);
	EXPECT_EQ(1, sim->peers[1].rekeys);
}

/* Peer 1 does not rekey: see selectors.c for how it is spoken for. */
static void no_rekeying(struct sim *sim, unsigned to, const struct netaddr *local,
			const struct netaddr *remote, struct bytes raw, void *data)
{
	if (to == 1 && raw.data[18] == IKE_EXCHANGE_CREATE_CHILD_SA && sim_only_sa(&sim->peers[1]))
		message_respond_notify(sim_only_sa(&sim->peers[1]), IKE_EXCHANGE_CREATE_CHILD_SA,
				       IKE_NOTIFY_NO_ADDITIONAL_SAS, BYTES_NONE);
}

TEST_F(ids, the_ike_sa_is_closed_with_the_last_of_them)
{
	struct sim *sim = &self->sim;

	ASSERT_TRUE(begin(sim));
	sim->tap = no_rekeying;
	count(sim, 0, WINDOW_IDS_OWN_OLD);
	sim_only_sa(&sim->peers[1])->ids_old = true;
	pair_wait(sim, DURATION_S(60));
	/* Refused, and tried again now and then. */
	EXPECT_EQ(0, sim->peers[0].downs + sim->peers[0].rekeys);
	EXPECT_LT(WINDOW_IDS_OWN_OLD + 2, sim_only_sa(&sim->peers[0])->window.send_next);
	count(sim, 0, WINDOW_IDS_LAST - 2);
	pair_wait(sim, DURATION_S(60));
	EXPECT_EQ(1, sim->peers[0].downs);
	EXPECT_EQ(1, sim->peers[1].downs);
	/* By start_action there is another. */
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_EQ(2, sim->peers[0].ups);
	EXPECT_EQ(2, sim->peers[1].ups);
}

TEST_F(ids, not_one_is_used_beyond_the_last)
{
	struct sim *sim = &self->sim;

	ASSERT_TRUE(begin(sim));
	count(sim, 0, UINT32_MAX);
	EXPECT_EQ(1, sim_rekey_ike(sim, 0));
	pair_wait(sim, DURATION_S(1));
	EXPECT_EQ(1, sim->peers[0].downs);
}

/* They become old by the very request that rekeys. */
TEST_F(ids, that_become_old_during_the_rekeying_ask_for_no_other)
{
	struct sim *sim = &self->sim;

	ASSERT_TRUE(begin(sim));
	count(sim, 0, WINDOW_IDS_OWN_OLD - 1);
	EXPECT_EQ(1, sim_rekey_ike(sim, 0));
	pair_wait(sim, DURATION_S(5));
	EXPECT_EQ(1, sim->peers[0].rekeys);
	EXPECT_EQ(1, sim->peers[0].core->n_sas);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

TEST_HARNESS_MAIN
