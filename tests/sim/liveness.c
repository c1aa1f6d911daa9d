/* SPDX-License-Identifier: MIT */
/*
 * Liveness (RFC 7296 2.4): whatever proves that the peer is alive, IKE or ESP, spares a question;
 * silence asks it, and only no answer at all for the whole budget ends the IKE SA.
 */
#include <kselftest_harness.h>

#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/ike_sa.h"
#include "pair.h"

FIXTURE(liveness)
{
	struct sim sim;
};

FIXTURE_SETUP(liveness)
{
	const struct pair_options a = { .connection = "dpd_delay = 30s",
					.child = "rekey_bytes = 1000000" };

	log_add_sink(log_stderr_sink, NULL);
	pair_init(&self->sim, &a, NULL);
	ASSERT_TRUE(pair_up(&self->sim));
}

FIXTURE_TEARDOWN(liveness)
{
	sim_fini(&self->sim);
}

/* Questions that peer 0 has asked. */
static uint32_t questions(const struct sim *sim)
{
	return sim_only_sa(&sim->peers[0])->window.send_next - 2;
}

/* Seconds pass, in each of which ESP comes in. */
static void traffic(struct sim *sim, unsigned seconds, bool kernel_tells_time)
{
	for (unsigned i = 0; i < seconds; i++) {
		pair_wait(sim, DURATION_S(1));
		sim->peers[0].kernel.packets_in++;
		if (kernel_tells_time)
			sim->peers[0].kernel.esp_at = sim->now.ns / 1000000000;
	}
}

TEST_F(liveness, silence_asks_every_delay)
{
	struct sim *sim = &self->sim;

	pair_wait(sim, DURATION_S(28));
	EXPECT_EQ(0, questions(sim));
	pair_wait(sim, DURATION_S(2));
	EXPECT_EQ(1, questions(sim));
	pair_wait(sim, DURATION_S(300));
	EXPECT_EQ(11, questions(sim));
	EXPECT_EQ(NULL, sim_agreement(sim));
}

TEST_F(liveness, inbound_esp_spares_the_question)
{
	struct sim *sim = &self->sim;

	traffic(sim, 600, false);
	EXPECT_EQ(0, questions(sim));
	/* The figures stand still: the next look finds out. */
	pair_wait(sim, DURATION_S(65));
	EXPECT_EQ(1, questions(sim));
}

/* On what is being replaced packets come as before. */
TEST_F(liveness, inbound_esp_counts_on_what_is_being_replaced)
{
	static const enum child_state states[] = { CHILD_REKEYING, CHILD_REKEYED };
	struct sim *sim = &self->sim;
	struct child_sa *child =
		list_first(&sim_only_sa(&sim->peers[0])->children, struct child_sa, link);

	for (unsigned i = 0; i < ARRAY_SIZE(states); i++) {
		child->state = states[i];
		traffic(sim, 200, false);
		EXPECT_EQ(0, questions(sim));
	}
	child->state = CHILD_INSTALLED;
}

TEST_F(liveness, a_kernel_that_tells_the_time_is_believed_to_the_second)
{
	struct sim *sim = &self->sim;

	traffic(sim, 40, true);
	EXPECT_EQ(0, questions(sim));
	pair_wait(sim, DURATION_S(27));
	EXPECT_EQ(0, questions(sim));
	pair_wait(sim, DURATION_S(5));
	EXPECT_EQ(1, questions(sim));
}

TEST_F(liveness, esp_while_the_peer_does_not_answer_ike_does_not_save_the_ike_sa)
{
	struct sim *sim = &self->sim;

	/* A request is outstanding: 2.4, only an answer to it counts. */
	pair_wait(sim, DURATION_S(29));
	pair_cut(sim, true);
	pair_wait(sim, DURATION_S(3));
	ASSERT_EQ(1, questions(sim));
	for (unsigned i = 0; i < 400 && sim->peers[0].core->n_sas; i++)
		traffic(sim, 1, true);
	EXPECT_EQ(0, sim->peers[0].core->n_sas);
	EXPECT_EQ(0, sim->peers[0].kernel.n_sas);
}

TEST_F(liveness, the_question_takes_a_dozen_repetitions_and_minutes)
{
	struct sim *sim = &self->sim;
	uint64_t before = sim->peers[0].core->counters.retransmitted;

	pair_cut(sim, true);
	pair_wait(sim, DURATION_S(29 + 180));
	EXPECT_EQ(1, sim->peers[0].core->n_sas);
	pair_wait(sim, DURATION_S(200));
	EXPECT_EQ(0, sim->peers[0].core->n_sas);
	EXPECT_EQ(12, sim->peers[0].core->counters.retransmitted - before);
}

/* -------- what the kernel says on the way -------- */

static struct child_sa *only_child(struct sim *sim)
{
	return list_first(&sim_only_sa(&sim->peers[0])->children, struct child_sa, link);
}

TEST_F(liveness, a_child_sa_that_the_kernel_has_lost_is_deleted)
{
	struct sim *sim = &self->sim;

	sim_kernel_lose(&sim->peers[0].kernel, only_child(sim)->spi_in, IPSEC_IN);
	pair_wait(sim, DURATION_S(40));
	EXPECT_TRUE(list_empty(&sim_only_sa(&sim->peers[0])->children));
	EXPECT_EQ(0, sim->peers[0].kernel.n_sas);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

/* Events may get lost: of one that is gone, and of one that is to be rekeyed. */
TEST_F(liveness, after_an_overrun_all_sas_are_asked_for)
{
	struct sim *sim = &self->sim;

	ike_input_overrun(sim->peers[0].core, sim->now);
	sim_act(sim, 0);
	pair_wait(sim, DURATION_S(1));
	EXPECT_EQ(0, sim->peers[0].child_rekeys + sim->peers[0].child_downs);

	sim->peers[0].kernel.bytes = 1000000;
	ike_input_overrun(sim->peers[0].core, sim->now);
	sim_act(sim, 0);
	sim->peers[0].kernel.bytes = 0;
	pair_wait(sim, DURATION_S(10));
	EXPECT_EQ(1, sim->peers[0].child_rekeys);

	sim_kernel_lose(&sim->peers[0].kernel, only_child(sim)->spi_out, IPSEC_OUT);
	ike_input_overrun(sim->peers[0].core, sim->now);
	sim_act(sim, 0);
	pair_wait(sim, DURATION_S(10));
	EXPECT_EQ(1, sim->peers[0].child_downs);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

/* There is a trap, and no SA: the packet's ACQUIRE is all that we hear of it. */
TEST_F(liveness, a_packet_that_finds_no_sa_brings_new_ones)
{
	struct sim *sim = &self->sim;
	struct ike_sa *sa = sim_only_sa(&sim->peers[0]);
	struct child_sa *child = only_child(sim);
	struct ike_acquire acquire = { .seq = 7,
				       .packet_src = child->local_ts.v[0],
				       .packet_dst = child->remote_ts.v[0] };

	/* It was on its way when the Child SA came up. */
	ike_input_initiate(sim->peers[0].core, sim->now, sa->conn, child->conf, &sa->local,
			   &sa->remote, &acquire, 0);
	EXPECT_EQ(CHILD_INSTALLED, child->state);
	pair_wait(sim, DURATION_S(10));
	sim_kernel_lose(&sim->peers[0].kernel, child->spi_out, IPSEC_OUT);
	/* A packet that the trap catches, but that the Child SA is not for. */
	acquire.packet_dst = child->local_ts.v[0];
	ike_input_initiate(sim->peers[0].core, sim->now, sa->conn, child->conf, &sa->local,
			   &sa->remote, &acquire, 0);
	EXPECT_EQ(CHILD_INSTALLED, child->state);
	acquire.packet_dst = child->remote_ts.v[0];
	ike_input_initiate(sim->peers[0].core, sim->now, sa->conn, child->conf, &sa->local,
			   &sa->remote, &acquire, 0);
	sim_act(sim, 0);
	pair_wait(sim, DURATION_S(10));
	EXPECT_EQ(1, sim->peers[0].child_rekeys);
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_EQ(NULL, sim_kernel_traffic(&sim->peers[0].kernel, &sim->peers[1].kernel));
}

TEST_HARNESS_MAIN
