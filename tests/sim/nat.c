/* SPDX-License-Identifier: MIT */
/*
 * A NAT between the peers (RFC 7296 2.23): how it is found, how a peer behind it is followed to the
 * port and address that it gets there, and who can't be made to follow.
 */
#include <stdlib.h>
#include <kselftest_harness.h>

#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/ike_sa.h"
#include "ikev2/sa/nat.h"
#include "pair.h"

#define SHIFT 10000 /* what the NAT adds to the ports of the peer behind it */

FIXTURE(nat)
{
	struct sim sim;
	/* The last request to peer 1, as it came. */
	struct bytes seen;
	struct netaddr seen_local, seen_remote;
};

FIXTURE_SETUP(nat)
{
	static const struct pair_options asking = { .connection = "dpd_delay = 10s" };

	pair_init(&self->sim, &asking, NULL);
	self->sim.nat = (struct sim_nat){ .on = true, .inside = 0, .shift = SHIFT };
}

FIXTURE_TEARDOWN(nat)
{
	free((void *)self->seen.data);
	sim_fini(&self->sim);
}

static void note_request(struct sim *sim, unsigned to, const struct netaddr *local,
			 const struct netaddr *remote, struct bytes message, void *data)
{
	FIXTURE_DATA(nat) *self = data;
	struct ike_header h;
	uint8_t *copy;

	if (to != 1 || ike_header_parse(message, &h, NULL) != IKE_OK ||
	    ike_header_is_response(&h) || bytes_dup(message, &copy) < 0)
		return;
	free((void *)self->seen.data);
	self->seen = BYTES(copy, message.len);
	self->seen_local = *local;
	self->seen_remote = *remote;
}

static uint16_t port_seen(struct sim *sim)
{
	return sim_only_sa(&sim->peers[1])->remote.port;
}

/* Keepalives that peer 0 itself sends in so many seconds. */
static unsigned keepalives(struct sim *sim, unsigned seconds)
{
	const unsigned before = sim->peers[0].keepalives;

	pair_wait(sim, DURATION_S(seconds));
	return sim->peers[0].keepalives - before;
}

static void terminate_child(struct sim *sim)
{
	const struct ike_filter child = { .child = "net" };

	ike_input_terminate(sim->peers[0].core, sim->now, &child, false, 0);
	sim_act(sim, 0);
	pair_wait(sim, DURATION_S(1));
}

/* RFC 3948 4 */
TEST_F(nat, who_is_behind_it_sends_keepalives)
{
	struct sim *sim = &self->sim;

	ASSERT_TRUE(pair_up(sim));
	EXPECT_EQ(30, keepalives(sim, 600));
	EXPECT_EQ(0, sim->peers[1].keepalives);
	EXPECT_EQ(20, sim->peers[0].kernel.sa_out.keepalive);
	EXPECT_EQ(0, sim->peers[0].kernel.sa_in.keepalive);
	EXPECT_EQ(0, sim->peers[1].kernel.sa_out.keepalive);
}

TEST_F(nat, a_kernel_that_sends_them_spares_ours_while_it_has_a_child_sa)
{
	struct sim *sim = &self->sim;

	sim->peers[0].kernel.keeps_alive = true;
	ASSERT_TRUE(pair_up(sim));
	EXPECT_EQ(0, keepalives(sim, 600));
	/* New keys change nothing, whoever makes them. */
	EXPECT_EQ(1, sim_rekey_child(sim, 0, "net"));
	EXPECT_EQ(0, keepalives(sim, 100));
	EXPECT_EQ(1, sim_rekey_child(sim, 1, "net"));
	EXPECT_EQ(0, keepalives(sim, 100));
	EXPECT_EQ(1, sim_rekey_ike(sim, 0));
	EXPECT_EQ(0, keepalives(sim, 100));
	terminate_child(sim);
	EXPECT_EQ(5, keepalives(sim, 100));
}

TEST_F(nat, is_found_and_both_go_on_by_port_4500)
{
	struct sim *sim = &self->sim;
	struct ike_sa *a, *b;

	ASSERT_TRUE(pair_up(sim));
	a = sim_only_sa(&sim->peers[0]);
	b = sim_only_sa(&sim->peers[1]);
	EXPECT_TRUE(a->nat_local);
	EXPECT_FALSE(a->nat_remote);
	EXPECT_FALSE(b->nat_local);
	EXPECT_TRUE(b->nat_remote);
	EXPECT_EQ(IKE_NATT_PORT, a->local.port);
	EXPECT_EQ(IKE_NATT_PORT, a->remote.port);
	EXPECT_EQ(IKE_NATT_PORT, b->local.port);
	EXPECT_EQ(IKE_NATT_PORT + SHIFT, b->remote.port);
	EXPECT_EQ(0, sim->peers[1].kernel.updates);
}

/* Others may share the address of the peer's NAT: the reqid tells their packets apart, too. */
TEST_F(nat, gives_each_peer_behind_it_a_reqid_of_its_own)
{
	static const uint32_t single = IPSEC_REQID_BASE + IPSEC_REQID_COUNT / 2;
	struct sim *sim = &self->sim;

	for (int nat = 0; nat < 2; nat++) {
		struct child_sa *a, *b;

		sim->nat.on = nat;
		ASSERT_TRUE(pair_up(sim));
		a = list_first(&sim_only_sa(&sim->peers[0])->children, struct child_sa, link);
		b = list_first(&sim_only_sa(&sim->peers[1])->children, struct child_sa, link);
		EXPECT_GT(single, a->reqid);
		EXPECT_EQ(nat, b->reqid >= single);
		sim_terminate(sim, 0);
		pair_wait(sim, DURATION_S(60));
		sim->peers[0].results = 0;
	}
}

/* The peer that it has moved sends something new: that is enough, and the kernel is told. */
TEST_F(nat, that_rebinds_is_followed_by_the_next_message)
{
	struct sim *sim = &self->sim;

	ASSERT_TRUE(pair_up(sim));
	for (uint16_t i = 1; i < 4; i++) {
		sim->nat.shift = (uint16_t)(SHIFT + i);
		pair_wait(sim, DURATION_S(30));
		EXPECT_EQ(IKE_NATT_PORT + SHIFT + i, port_seen(sim));
		EXPECT_EQ(2 * i, sim->peers[1].kernel.updates);
		EXPECT_EQ(IKE_NATT_PORT + SHIFT + i, sim->peers[1].kernel.updated_in.port);
		EXPECT_EQ(IKE_NATT_PORT + SHIFT + i, sim->peers[1].kernel.updated_out.port);
		EXPECT_EQ(i, sim->peers[1].core->counters.followed);
	}
	EXPECT_EQ(NULL, sim_agreement(sim));
	/* Nor did it take a repetition: the answer went to where the request came from. */
	EXPECT_EQ(0, sim->peers[0].core->counters.retransmitted);
	/* And who is behind the NAT follows nobody. */
	EXPECT_EQ(0, sim->peers[0].core->counters.followed);
	EXPECT_EQ(0, sim->peers[0].kernel.updates);
}

/* What goes down after all that names what is there. */
TEST_F(nat, that_rebinds_leaves_nothing_behind)
{
	struct sim *sim = &self->sim;

	ASSERT_TRUE(pair_up(sim));
	sim->nat.shift++;
	pair_wait(sim, DURATION_S(30));
	sim_terminate(sim, 1);
	pair_wait(sim, DURATION_S(60));
	EXPECT_EQ(0, sim->peers[0].core->n_sas + sim->peers[1].core->n_sas);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

/* However fast its ports change, the kernel has one request at a time about a Child SA, and the
 * last ports in the end. */
TEST_F(nat, that_rebinds_without_end_does_not_flood_the_kernel)
{
	struct sim *sim = &self->sim;
	struct ipsec_mapping mapping;
	struct ike_sa *b;

	ASSERT_TRUE(pair_up(sim));
	b = sim_only_sa(&sim->peers[1]);
	mapping.spi = list_first(&b->children, struct child_sa, link)->spi_in;
	mapping.reqid = list_first(&b->children, struct child_sa, link)->reqid;
	for (uint16_t port = 20001; port <= 20100; port++) {
		mapping.old_src = b->remote;
		mapping.new_src = netaddr_with_port(b->remote, port);
		ike_input_mapping(sim->peers[1].core, sim->now, &mapping);
	}
	sim_act(sim, 1);
	EXPECT_EQ(2, sim->peers[1].kernel.updates); /* in and out */
	EXPECT_EQ(20001, sim->peers[1].kernel.updated_out.port);
	pair_wait(sim, DURATION_MS(100));
	EXPECT_EQ(4, sim->peers[1].kernel.updates);
	EXPECT_EQ(20100, sim->peers[1].kernel.updated_in.port);
	EXPECT_EQ(20100, sim->peers[1].kernel.updated_out.port);
}

TEST_F(nat, that_rebinds_is_followed_when_esp_comes_from_there)
{
	struct sim *sim = &self->sim;
	struct ipsec_mapping mapping;
	struct ike_sa *b;

	ASSERT_TRUE(pair_up(sim));
	b = sim_only_sa(&sim->peers[1]);
	sim->nat.shift++;
	mapping = (struct ipsec_mapping){
		.spi = list_first(&b->children, struct child_sa, link)->spi_in,
		.reqid = list_first(&b->children, struct child_sa, link)->reqid,
		.old_src = b->remote,
		.new_src = netaddr_with_port(b->remote, b->remote.port + 1),
	};
	ike_input_mapping(sim->peers[1].core, sim->now, &mapping);
	pair_wait(sim, DURATION_MS(100));
	EXPECT_EQ(IKE_NATT_PORT + SHIFT + 1, port_seen(sim));
	EXPECT_EQ(2, sim->peers[1].kernel.updates);
	/* The event again, or one from before, changes nothing. */
	ike_input_mapping(sim->peers[1].core, sim->now, &mapping);
	mapping.new_src.port = 7;
	ike_input_mapping(sim->peers[1].core, sim->now, &mapping);
	EXPECT_EQ(IKE_NATT_PORT + SHIFT + 1, port_seen(sim));
	/* Nor one of no SA of ours. */
	mapping.old_src = b->remote;
	mapping.spi ^= 1;
	ike_input_mapping(sim->peers[1].core, sim->now, &mapping);
	mapping.spi ^= 1;
	mapping.reqid ^= 1;
	ike_input_mapping(sim->peers[1].core, sim->now, &mapping);
	EXPECT_EQ(IKE_NATT_PORT + SHIFT + 1, port_seen(sim));
	/* Our own requests find the peer there. */
	sim_terminate(sim, 1);
	pair_wait(sim, DURATION_S(1));
	EXPECT_EQ(0, sim->peers[0].core->n_sas + sim->peers[1].core->n_sas);
}

/* Without a replay window the kernel can't know that the packet was new. */
TEST_F(nat, is_not_followed_by_esp_that_may_be_a_replay)
{
	static const struct pair_options open = { .child = "replay_window = 0" };
	struct sim *sim = &self->sim;
	struct ipsec_mapping mapping;
	struct ike_sa *b;

	sim_fini(sim);
	pair_init(sim, NULL, &open);
	sim->nat = (struct sim_nat){ .on = true, .inside = 0, .shift = SHIFT };
	ASSERT_TRUE(pair_up(sim));
	b = sim_only_sa(&sim->peers[1]);
	mapping = (struct ipsec_mapping){
		.spi = list_first(&b->children, struct child_sa, link)->spi_in,
		.reqid = list_first(&b->children, struct child_sa, link)->reqid,
		.old_src = b->remote,
		.new_src = netaddr_with_port(b->remote, 7),
	};
	ike_input_mapping(sim->peers[1].core, sim->now, &mapping);
	EXPECT_EQ(IKE_NATT_PORT + SHIFT, port_seen(sim));
}

/* 2.23: an old packet, however authentic, must not take the tunnel away. */
TEST_F(nat, does_not_let_a_replay_redirect_anything)
{
	struct netaddr elsewhere;
	struct sim *sim = &self->sim;

	netaddr_parse("203.0.113.66", 666, &elsewhere);
	ASSERT_TRUE(pair_up(sim));
	sim->tap = note_request;
	sim->tap_data = self;
	pair_wait(sim, DURATION_S(15));
	ASSERT_LT(0, self->seen.len);
	for (int i = 0; i < 3; i++) {
		sim_deliver(sim, 1, &self->seen_local, &elsewhere, self->seen);
		EXPECT_EQ(IKE_NATT_PORT + SHIFT, port_seen(sim));
	}
	/* Nor one that was changed on the way. */
	((uint8_t *)self->seen.data)[23]++; /* the message ID is new */
	sim_deliver(sim, 1, &self->seen_local, &elsewhere, self->seen);
	EXPECT_EQ(IKE_NATT_PORT + SHIFT, port_seen(sim));
	EXPECT_EQ(0, sim->peers[1].core->counters.followed);
	EXPECT_EQ(0, sim->peers[1].kernel.updates);
}

/* Without a NAT before the peer it has no business to be elsewhere; it gets its answer, though. */
TEST_F(nat, that_is_not_there_moves_nobody)
{
	struct sim *sim = &self->sim;

	sim->nat.on = false;
	ASSERT_TRUE(pair_up(sim));
	sim->nat.on = true;
	pair_wait(sim, DURATION_S(30));
	EXPECT_EQ(IKE_PORT, port_seen(sim));
	EXPECT_EQ(0, sim->peers[1].core->counters.followed);
	EXPECT_EQ(1, sim->peers[0].core->n_sas);
	EXPECT_EQ(0, sim->peers[0].core->counters.retransmitted);
}

/* Who is behind a NAT itself does not follow (2.23): here both are. */
TEST_F(nat, before_us_keeps_us_from_following)
{
	struct sim *sim = &self->sim;

	ASSERT_TRUE(pair_up(sim));
	sim_only_sa(&sim->peers[1])->nat_local = true;
	sim->nat.shift++;
	pair_wait(sim, DURATION_S(30));
	EXPECT_EQ(IKE_NATT_PORT + SHIFT, port_seen(sim));
}

TEST_F(nat, with_another_address_is_followed_too)
{
	struct sim *sim = &self->sim;
	struct ike_sa *b;

	ASSERT_TRUE(pair_up(sim));
	netaddr_parse("198.51.100.9", 0, &sim->nat.outside);
	sim->nat.shift += 5;
	pair_wait(sim, DURATION_S(30));
	b = sim_only_sa(&sim->peers[1]);
	ASSERT_NE(NULL, b);
	EXPECT_TRUE(netaddr_same_addr(&sim->nat.outside, &b->remote));
	EXPECT_EQ(IKE_NATT_PORT + SHIFT + 5, b->remote.port);
	/* An SA to send on is named by where it goes to: the Child SA has got another. */
	EXPECT_EQ(1, sim->peers[1].child_rekeys);
	EXPECT_EQ(1, sim->peers[1].core->n_children);
	EXPECT_TRUE(netaddr_same_addr(&sim->nat.outside, &sim->peers[1].kernel.sa_out.dst));
	EXPECT_EQ(IKE_NATT_PORT + SHIFT + 5, sim->peers[1].kernel.sa_out.dst.port);
	EXPECT_EQ(0, sim->peers[1].kernel.updates);
	EXPECT_EQ(0, sim->peers[0].child_downs + sim->peers[1].child_downs);
	EXPECT_EQ(NULL, sim_agreement(sim));
	sim_terminate(sim, 1);
	pair_wait(sim, DURATION_S(60));
	EXPECT_EQ(0, sim->peers[0].core->n_sas + sim->peers[1].core->n_sas);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

/* encap: a NAT is pretended, so that ESP goes in UDP. */
TEST_F(nat, may_be_pretended)
{
	static const struct pair_options encap = { .connection = "encap = yes" };

	for (unsigned i = 0; i < 2; i++) {
		struct sim *sim = &self->sim;

		sim_fini(sim);
		pair_init(sim, i ? NULL : &encap, i ? &encap : NULL);
		ASSERT_TRUE(pair_up(sim));
		for (unsigned k = 0; k < 2; k++) {
			struct ike_sa *sa = sim_only_sa(&sim->peers[k]);

			EXPECT_TRUE(ike_sa_needs_encap(sa));
			EXPECT_EQ(IKE_NATT_PORT, sa->local.port);
			EXPECT_EQ(IKE_NATT_PORT, sa->remote.port);
		}
	}
}

/* A host with several addresses sends a hash of each; one that fits is enough (2.23). */
TEST_F(nat, is_not_found_where_one_of_several_sources_fits)
{
	static const struct ike_header header = { .spi_i = 7,
						  .exchange = IKE_EXCHANGE_IKE_SA_INIT };
	static const uint8_t other[20] = { 1 };
	struct sim *sim = &self->sim;
	uint8_t buf[512];
	struct ike_message m;
	struct bytes message;
	uint64_t spi_i, spi_r;
	struct message out;
	struct ike_sa *a;

	ASSERT_TRUE(pair_up(sim));
	a = sim_only_sa(&sim->peers[0]);
	spi_i = a->spi_i;
	spi_r = a->spi_r;
	for (int wrong = 0; wrong < 2; wrong++) {
		writer_init_fixed(&out.w, buf, sizeof(buf));
		ike_builder_init(&out.b, &out.w, &header);
		for (int i = 0; i < 3; i++)
			message_notify(&out, IKE_NOTIFY_NAT_DETECTION_SOURCE_IP, BYTES_OF(other));
		/* As a would write it, with its ends exchanged: that is how it comes to a. */
		a->spi_i = 7;
		a->spi_r = 0;
		a->local = sim->peers[1].addr;
		a->remote = sim->peers[0].addr;
		if (wrong)
			a->local.port++;
		ASSERT_EQ(0, nat_write(a, &out));
		message_notify(&out, IKE_NOTIFY_NAT_DETECTION_SOURCE_IP, BYTES_OF(other));
		ASSERT_EQ(0, ike_builder_finish(&out.b, &message));
		ASSERT_EQ(IKE_OK, ike_message_parse(message, &m, NULL));
		a->local = sim->peers[0].addr;
		a->remote = sim->peers[1].addr;
		ASSERT_TRUE(nat_detect(a, &m));
		EXPECT_EQ(wrong, a->nat_remote);
		EXPECT_FALSE(a->nat_local);
	}
	a->spi_i = spi_i;
	a->spi_r = spi_r;
}

TEST_HARNESS_MAIN
