/* SPDX-License-Identifier: MIT */
/*
 * ESP that no SA takes (RFC 7296 1.5, 7296-2.21.4-invalid-spi): which of it is told to the peer,
 * how often, and that both have the same SAs afterwards.
 */
#include <kselftest_harness.h>

#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/ike_sa.h"
#include "pair.h"

#define STRANGE 0xdeadbeef

FIXTURE(invalid_spi)
{
	struct sim sim;
};

FIXTURE_SETUP(invalid_spi)
{
	log_add_sink(log_stderr_sink, NULL);
	pair_init(&self->sim, NULL, NULL);
	ASSERT_TRUE(pair_up(&self->sim));
}

FIXTURE_TEARDOWN(invalid_spi)
{
	sim_fini(&self->sim);
}

/* ESP for peer 0 from that address and UDP port (0: not in UDP). */
static void esp_comes(struct sim *sim, struct netaddr remote, uint16_t port, uint32_t spi)
{
	remote.port = port;
	ike_input_unknown_esp(sim->peers[0].core, sim->now, &sim->peers[0].addr, &remote, spi);
	sim_act(sim, 0);
}

static void peer_sends(struct sim *sim, uint32_t spi)
{
	esp_comes(sim, sim->peers[1].addr, 0, spi);
}

static uint64_t told(const struct sim *sim)
{
	return sim->peers[0].core->counters.errors_sent;
}

static struct child_sa *only_child(struct sim *sim, unsigned peer)
{
	return list_first(&sim_only_sa(&sim->peers[peer])->children, struct child_sa, link);
}

TEST_F(invalid_spi, a_child_sa_that_we_have_lost_is_made_anew)
{
	struct sim *sim = &self->sim;
	uint32_t old = only_child(sim, 0)->spi_in;

	pair_wait(sim, DURATION_S(5));
	sim->peers[0].core->now = sim->now;
	child_sa_close(only_child(sim, 0), "lost, as by a fault");
	sim_act(sim, 0);
	ASSERT_NE(NULL, sim_agreement(sim));
	/* A packet that was on its way proves nothing. */
	peer_sends(sim, old);
	EXPECT_EQ(0, told(sim));
	pair_wait(sim, DURATION_S(3));
	peer_sends(sim, old);
	EXPECT_EQ(1, told(sim));
	pair_wait(sim, DURATION_S(10));
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_EQ(NULL, sim_kernel_traffic(&sim->peers[0].kernel, &sim->peers[1].kernel));
	EXPECT_EQ(NULL, sim_kernel_traffic(&sim->peers[1].kernel, &sim->peers[0].kernel));
	ASSERT_NE(NULL, only_child(sim, 0));
	EXPECT_NE(old, only_child(sim, 0)->spi_in);
}

/* We know of it, our kernel doesn't: the peer has nothing to do with that. */
TEST_F(invalid_spi, one_that_the_kernel_has_lost_is_asked_for_and_ended)
{
	struct sim *sim = &self->sim;
	uint32_t spi = only_child(sim, 0)->spi_in;

	pair_wait(sim, DURATION_S(5));
	peer_sends(sim, spi); /* it has come back: all is well */
	pair_wait(sim, DURATION_S(20));
	EXPECT_EQ(spi, only_child(sim, 0)->spi_in);
	sim_kernel_lose(&sim->peers[0].kernel, spi, IPSEC_IN);
	peer_sends(sim, spi);
	pair_wait(sim, DURATION_S(5));
	EXPECT_EQ(0, told(sim));
	EXPECT_EQ(1, sim->peers[0].child_downs);
	EXPECT_EQ(NULL, only_child(sim, 0));
	EXPECT_EQ(NULL, sim_agreement(sim));
}

/* Whoever can send ESP from the peer's address makes us say little, and nothing changes. */
TEST_F(invalid_spi, it_is_said_seldom_and_does_no_harm)
{
	struct sim *sim = &self->sim;
	uint32_t spi = only_child(sim, 0)->spi_in;

	pair_wait(sim, DURATION_S(5));
	for (int i = 0; i < 250; i++) {
		peer_sends(sim, STRANGE + (unsigned)i);
		pair_wait(sim, DURATION_MS(100));
	}
	EXPECT_EQ(3, told(sim));
	EXPECT_EQ(spi, only_child(sim, 0)->spi_in);
	EXPECT_EQ(0, sim->peers[0].child_rekeys + sim->peers[1].child_rekeys);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

TEST_F(invalid_spi, esp_from_elsewhere_is_none_of_our_peers)
{
	struct sim *sim = &self->sim;
	struct netaddr other = sim->peers[1].addr;

	pair_wait(sim, DURATION_S(5));
	other.addr[3] ^= 1;
	esp_comes(sim, other, 0, STRANGE);
	/* Another client of the same NAT. */
	esp_comes(sim, sim->peers[1].addr, (uint16_t)(sim->peers[1].addr.port + 1), STRANGE);
	EXPECT_EQ(0, told(sim));
	EXPECT_EQ(NULL, sim_only_sa(&sim->peers[0])->active);
	esp_comes(sim, sim->peers[1].addr, sim_only_sa(&sim->peers[0])->remote.port, STRANGE);
	EXPECT_EQ(1, told(sim));
}

/* Behind a NAT it can't be the peer's unless it comes in UDP. */
TEST_F(invalid_spi, plain_esp_is_not_of_a_peer_that_sends_in_udp)
{
	struct sim *sim = &self->sim;
	struct ike_sa *sa = sim_only_sa(&sim->peers[0]);

	pair_wait(sim, DURATION_S(5));
	sa->nat_remote = true;
	peer_sends(sim, STRANGE);
	EXPECT_EQ(0, told(sim));
	esp_comes(sim, sim->peers[1].addr, sa->remote.port, STRANGE);
	EXPECT_EQ(1, told(sim));
}

/* A connection "d" behind that of the pair, whose brackets it closes and leaves open. */
#define SECOND(me, other, my_id, other_id)                                                         \
	"} } d { local_addrs = 192.0.2." me "\n remote_addrs = 192.0.2." other "\n"                \
	" proposals = aes128gcm16-prfsha256-x25519\n unique = never\n"                             \
	" local { auth = psk\n id = " my_id ".test }\n"                                            \
	" remote { auth = psk\n id = " other_id ".test }\n"                                        \
	" children { other { local_ts = 10.1" me ".0.0/16\n remote_ts = 10.1" other ".0.0/16\n"    \
	" esp_proposals = aes128gcm16\n }"

/* Another IKE SA with the same peer knows the SPI: that one asks, and nobody tells. */
TEST(what_another_ike_sa_has_is_not_unknown)
{
	const struct pair_options a = { .connection = "unique = never",
					.children = SECOND("1", "2", "a", "b") };
	const struct pair_options b = { .connection = "unique = never",
					.children = SECOND("2", "1", "b", "a") };
	const struct connection *d;
	struct sim sim;
	struct ike_sa *sa, *second;
	uint32_t spi;

	log_add_sink(log_stderr_sink, NULL);
	pair_init(&sim, &a, &b);
	ASSERT_TRUE(pair_up(&sim));
	d = sim.peers[0].config->connections[1];
	sa = sim_only_sa(&sim.peers[0]);
	spi = only_child(&sim, 0)->spi_in;
	ike_input_initiate(sim.peers[0].core, sim.now, d, &d->children[0], &sa->local, &sa->remote,
			   NULL, 0);
	sim_act(&sim, 0);
	pair_wait(&sim, DURATION_S(5));
	ASSERT_EQ(2, sim.peers[0].core->n_sas);
	second = list_last(&sim.peers[0].core->sas, struct ike_sa, link);
	sim_kernel_lose(&sim.peers[0].kernel, spi, IPSEC_IN);
	peer_sends(&sim, spi);
	EXPECT_TRUE(sa->asking_kernel);
	EXPECT_EQ(NULL, second->active);
	EXPECT_EQ(0, told(&sim));
	pair_wait(&sim, DURATION_S(5));
	EXPECT_EQ(NULL, sim_agreement(&sim));
	sim_fini(&sim);
}

/* What is under way may be the reason. */
TEST_F(invalid_spi, not_while_an_exchange_is_under_way)
{
	const struct ike_filter child = { .child = "net" };
	struct sim *sim = &self->sim;

	pair_wait(sim, DURATION_S(5));
	pair_cut(sim, true);
	ASSERT_EQ(1, ike_input_rekey(sim->peers[0].core, sim->now, &child));
	sim_act(sim, 0);
	pair_wait(sim, DURATION_S(5));
	peer_sends(sim, STRANGE);
	EXPECT_EQ(0, told(sim));
	pair_cut(sim, false);
	pair_wait(sim, DURATION_S(10));
	EXPECT_EQ(0, told(sim));
	peer_sends(sim, STRANGE);
	EXPECT_EQ(1, told(sim));
	pair_wait(sim, DURATION_S(10));
	EXPECT_EQ(NULL, sim_agreement(sim));
}

TEST(error_rate_limits_it)
{
	const struct pair_options mute = { .settings = "error_rate = 0" };
	struct sim sim;

	log_add_sink(log_stderr_sink, NULL);
	pair_init(&sim, &mute, NULL);
	ASSERT_TRUE(pair_up(&sim));
	pair_wait(&sim, DURATION_S(5));
	peer_sends(&sim, STRANGE);
	EXPECT_EQ(0, told(&sim));
	EXPECT_EQ(1, sim.peers[0].core->counters.errors_withheld);
	sim_fini(&sim);
}

TEST_HARNESS_MAIN
