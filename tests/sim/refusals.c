/* SPDX-License-Identifier: MIT */
/*
 * A peer that says TEMPORARY_FAILURE: it is asked again, as long as that is not all that it says
 * for minutes (RFC 7296 2.25).
 */
#include <kselftest_harness.h>

#include "ikev2/exchange/message.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/ike_sa.h"
#include "pair.h"

FIXTURE(refusals)
{
	struct sim sim;
	uint16_t answer; /* to CREATE_CHILD_SA, in place of peer 1's core; 0: it answers itself */
	unsigned given;
};

/* Its core finds the request answered, and takes the next one. */
static void refuse(struct sim *sim, unsigned to, const struct netaddr *local,
		   const struct netaddr *remote, struct bytes raw, void *data)
{
	static struct pair_message message;
	FIXTURE_DATA(refusals) *self = data;

	if (to != 1 || !self->answer || !pair_open(sim, to, raw, &message) ||
	    message.m.header.exchange != IKE_EXCHANGE_CREATE_CHILD_SA ||
	    ike_header_is_response(&message.m.header))
		return;
	self->given++;
	message_respond_notify(sim_only_sa(&sim->peers[1]), IKE_EXCHANGE_CREATE_CHILD_SA,
			       self->answer, BYTES_NONE);
}

static void initiate(struct sim *sim, unsigned i, const char *child)
{
	struct sim_peer *peer = &sim->peers[i];
	const struct connection *conn = peer->config->connections[0];

	ike_input_initiate(peer->core, sim->now, conn, connection_child(conn, child), &peer->addr,
			   &sim->peers[!i].addr, NULL, 0);
	sim_act(sim, i);
	pair_wait(sim, DURATION_S(2));
}

FIXTURE_SETUP(refusals)
{
	log_add_sink(log_stderr_sink, NULL);
	pair_init(&self->sim, &pair_one_and_two, &pair_one_and_two);
	ASSERT_TRUE(pair_up(&self->sim));
	initiate(&self->sim, 0, "one");
	initiate(&self->sim, 0, "two");
	ASSERT_EQ(3, self->sim.peers[1].core->n_children);
	self->sim.tap = refuse;
	self->sim.tap_data = self;
}

FIXTURE_TEARDOWN(refusals)
{
	sim_fini(&self->sim);
}

TEST_F(refusals, minutes_of_nothing_else_close_the_ike_sa)
{
	struct sim *sim = &self->sim;

	self->answer = IKE_NOTIFY_TEMPORARY_FAILURE;
	sim_rekey_child(sim, 0, "one");
	pair_wait(sim, DURATION_S(290));
	EXPECT_EQ(1, sim->peers[0].core->n_sas);
	EXPECT_LT(14, self->given);
	pair_wait(sim, DURATION_S(40));
	EXPECT_EQ(0, sim->peers[0].core->n_sas);
	EXPECT_EQ(0, sim->peers[1].core->n_sas);
}

/* What was refused is gone before it is asked for again. */
static void refused_and_gone(FIXTURE_DATA(refusals) * self, const char *child)
{
	const struct ike_filter filter = { .child = child };
	struct sim *sim = &self->sim;

	self->answer = IKE_NOTIFY_TEMPORARY_FAILURE;
	sim_rekey_child(sim, 0, child);
	pair_wait(sim, DURATION_S(1));
	self->answer = 0;
	ike_input_terminate(sim->peers[1].core, sim->now, &filter, false, 0);
	sim_act(sim, 1);
	pair_wait(sim, DURATION_S(3600));
}

TEST_F(refusals, two_that_have_an_hour_between_them_close_nothing)
{
	struct sim *sim = &self->sim;

	refused_and_gone(self, "one");
	refused_and_gone(self, "two");
	EXPECT_EQ(2, self->given);
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_EQ(0, sim->peers[0].downs + sim->peers[1].downs);
	EXPECT_EQ(1, sim->peers[0].core->n_children);
}

TEST_F(refusals, a_peer_that_gives_another_answer_is_not_out_of_step)
{
	struct sim *sim = &self->sim;

	self->answer = IKE_NOTIFY_TEMPORARY_FAILURE;
	sim_rekey_child(sim, 0, "one");
	pair_wait(sim, DURATION_S(200));
	self->answer = IKE_NOTIFY_NO_ADDITIONAL_SAS;
	pair_wait(sim, DURATION_S(25));
	self->answer = IKE_NOTIFY_TEMPORARY_FAILURE;
	pair_wait(sim, DURATION_S(200));
	EXPECT_EQ(0, sim->peers[0].downs);
	self->answer = 0;
	pair_wait(sim, DURATION_S(30));
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_EQ(3, sim->peers[0].core->n_children);
}

TEST_F(refusals, a_peer_that_makes_child_sas_itself_is_not_out_of_step)
{
	struct sim *sim = &self->sim;

	self->answer = IKE_NOTIFY_TEMPORARY_FAILURE;
	sim_rekey_child(sim, 0, "one");
	pair_wait(sim, DURATION_S(200));
	sim_rekey_child(sim, 1, "two");
	pair_wait(sim, DURATION_S(200));
	EXPECT_EQ(0, sim->peers[0].downs);
	EXPECT_EQ(1, sim->peers[0].child_rekeys);
}

TEST_HARNESS_MAIN
