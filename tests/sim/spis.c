/* SPDX-License-Identifier: MIT */
/*
 * SPIs of Child SAs that are equal, by chance or by intent (RFC 7296 3.3.1, RFC 4303 2.1): there
 * are 24 random bits in ours, and a gateway draws many. Random numbers come from this test, each
 * one four times.
 */
#include <kselftest_harness.h>

#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/ike_sa.h"
#include "pair.h"

uint32_t __wrap_random_u32(void);

static uint32_t drawn;

uint32_t __wrap_random_u32(void)
{
	return 0x7f000000 | (0x1000 + drawn++ / 4);
}

FIXTURE(spis)
{
	struct sim sim;
};

FIXTURE_SETUP(spis)
{
	const struct pair_options a = {
		.children = "more { local_ts = 10.3.0.0/16\n remote_ts = 10.4.0.0/16\n }"
	};
	const struct pair_options b = {
		.children = "more { local_ts = 10.4.0.0/16\n remote_ts = 10.3.0.0/16\n }"
	};

	log_add_sink(log_stderr_sink, NULL);
	pair_init(&self->sim, &a, &b);
}

FIXTURE_TEARDOWN(spis)
{
	sim_fini(&self->sim);
}

/* The simulated kernel takes no SPI twice. */
TEST_F(spis, our_inbound_spis_are_all_different)
{
	struct sim *sim = &self->sim;
	struct child_sa *child, *other;
	struct ike_sa *sa;

	ASSERT_TRUE(pair_up(sim));
	for (unsigned i = 0; i < 20; i++) {
		ASSERT_EQ(1, sim_rekey_child(sim, i % 2, "net"));
		pair_wait(sim, DURATION_S(1));
	}
	EXPECT_EQ(20, sim->peers[0].child_rekeys);
	sa = sim_only_sa(&sim->peers[0]);
	list_for_each(child, &sa->children, link)
		list_for_each(other, &sa->children, link)
			EXPECT_EQ(child == other, child->spi_in == other->spi_in);
	pair_wait(sim, DURATION_S(10));
	EXPECT_EQ(NULL, sim_agreement(sim));
}

TEST_F(spis, an_event_of_the_kernel_finds_its_child_by_either_spi)
{
	struct sim *sim = &self->sim;
	struct ipsec_expire expire = { .hard = false };
	struct child_sa *child;
	struct ike_sa *sa;

	ASSERT_TRUE(pair_up(sim));
	sa = sim_only_sa(&sim->peers[0]);
	child = list_first(&sa->children, struct child_sa, link);
	expire.spi = child->spi_out;
	expire.reqid = child->reqid + 1;
	ike_input_expire(sim->peers[0].core, sim->now, &expire);
	EXPECT_EQ(CHILD_INSTALLED, child->state);
	expire.reqid = child->reqid;
	ike_input_expire(sim->peers[0].core, sim->now, &expire);
	EXPECT_EQ(CHILD_REKEYING, child->state);
	sim_act(sim, 0);
	pair_wait(sim, DURATION_S(10));
	child = list_first(&sa->children, struct child_sa, link);
	expire.spi = child->spi_in;
	ike_input_expire(sim->peers[0].core, sim->now, &expire);
	EXPECT_EQ(CHILD_REKEYING, child->state);
	sim_act(sim, 0);
	pair_wait(sim, DURATION_S(10));
	EXPECT_EQ(2, sim->peers[0].child_rekeys);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

/* Peer 0 has asked its kernel for the SAs of "net" and has no answer yet; then the IKE SA ends. */
static void end_while_installing(struct sim *sim)
{
	const struct ike_filter everything = { 0 };
	struct sim_peer *peer = &sim->peers[0];

	sim_initiate(sim, 0);
	while (!peer->kernel.asked)
		sim_run(sim, instant_add(sim->now, DURATION_US(10)));
	ike_input_terminate(peer->core, sim->now, &everything, true, 0);
	sim_act(sim, 0);
	pair_wait(sim, DURATION_S(10));
}

/* What is in the kernel under that SPI then belongs to another peer, which may be behind the same
 * NAT. */
TEST_F(spis, an_sa_that_is_refused_takes_no_other_with_it)
{
	struct sim *sim = &self->sim;

	sim->peers[0].kernel.refuse = 1;
	end_while_installing(sim);
	EXPECT_EQ(0, sim->peers[0].kernel.strays);
	EXPECT_EQ(0, sim->peers[0].kernel.n_sas);
	EXPECT_EQ(0, sim->peers[0].kernel.n_policies);
	EXPECT_EQ(0, sim->peers[0].core->n_sas);
}

TEST_F(spis, an_sa_whose_child_is_gone_when_it_comes_goes_too)
{
	struct sim *sim = &self->sim;

	end_while_installing(sim);
	EXPECT_EQ(0, sim->peers[0].kernel.strays);
	EXPECT_EQ(0, sim->peers[0].kernel.n_sas);
	EXPECT_EQ(0, sim->peers[0].kernel.n_policies);
	EXPECT_EQ(0, sim->peers[0].core->n_sas);
}

TEST_HARNESS_MAIN
