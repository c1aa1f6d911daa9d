/* SPDX-License-Identifier: MIT */
/*
 * What two peers make a Child SA of: transport mode or a tunnel, padding, selectors, numbers (RFC
 * 7296 1.3.1, 2.9; RFC 4301 4.1).
 */
#include <stdio.h>
#include <kselftest_harness.h>

#include "pdk/log/log.h"
#include "ikev2/ipsec/ipsec.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/ike_sa.h"
#include "sim.h"

FIXTURE(modes)
{
	struct sim sim;
	bool made;
};

FIXTURE_SETUP(modes)
{
	log_set_level(NULL, LOG_LEVEL_ERROR);
	log_add_sink(log_stderr_sink, NULL);
	self->made = false;
}

FIXTURE_TEARDOWN(modes)
{
	if (self->made)
		sim_fini(&self->sim);
}

static void config_text(char *buf, size_t size, unsigned i, const char *connection,
			const char *children)
{
	snprintf(buf, size,
		 "connections { c { local_addrs = 192.0.2.%u\n remote_addrs = 192.0.2.%u\n"
		 " proposals = aes128gcm16-prfsha256-x25519\n"
		 " local { auth = psk\n id = %c.test }\n remote { auth = psk\n id = %c.test }\n"
		 " %s\n children { %s } } }\n"
		 "secrets { ike-1 { secret = \"what both know\" } }\n",
		 1 + i, 2 - i, i ? 'b' : 'a', i ? 'a' : 'b', connection, children);
}

/* Peer 0 begins with its first child. True: it came up, and both agree. */
static bool negotiate(struct sim *sim, const char *a, const char *b, const char *connection)
{
	char text_a[2048], text_b[2048];

	config_text(text_a, sizeof(text_a), 0, connection, a);
	config_text(text_b, sizeof(text_b), 1, connection, b);
	sim_init(sim, 7, text_a, text_b);
	sim->link.delay = DURATION_MS(10);
	sim_initiate(sim, 0);
	sim_run_results(sim, 0, 1, DURATION_S(60));
	sim_run(sim, instant_add(sim->now, DURATION_S(1)));
	return !sim->peers[0].result && !sim_agreement(sim) && sim_only_sa(&sim->peers[0]);
}

static struct child_sa *child_of(struct sim *sim, unsigned i)
{
	struct ike_sa *sa = sim_only_sa(&sim->peers[i]);

	return sa ? list_first(&sa->children, struct child_sa, link) : NULL;
}

#define ESP "esp_proposals = aes128gcm16\n"

TEST_F(modes, transport_needs_both_and_ends_as_a_tunnel_else)
{
	static const struct {
		const char *a, *b;
		bool transport;
	} cases[] = {
		{ "mode = transport", "mode = transport", true },
		{ "mode = transport", "", false },
		{ "", "mode = transport", false },
		{ "", "", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum ipsec_mode mode = cases[i].transport ? IPSEC_TRANSPORT : IPSEC_TUNNEL;
		char a[200], b[200];

		snprintf(a, sizeof(a), "x { %s\n" ESP " }", cases[i].a);
		snprintf(b, sizeof(b), "x { %s\n" ESP " }", cases[i].b);
		if (self->made)
			sim_fini(&self->sim);
		ASSERT_TRUE(negotiate(&self->sim, a, b, "")) TH_LOG("case %zu", i);
		self->made = true;
		for (unsigned p = 0; p < 2; p++) {
			const struct sim_kernel *k = &self->sim.peers[p].kernel;

			EXPECT_EQ(cases[i].transport, child_of(&self->sim, p)->transport)
			TH_LOG("case %zu", i);
			EXPECT_EQ(mode, k->sa_in.mode);
			EXPECT_EQ(mode, k->sa_out.mode);
			EXPECT_EQ(mode, k->policy.mode);
			EXPECT_EQ(cases[i].transport, netaddr_is_set(&k->sa_in.local_ts.first));
		}
	}
}

/* The peer behind the NAT is known by two addresses (2.23.1). */
TEST_F(modes, transport_mode_passes_a_nat)
{
	static const char child[] = "x {\nmode = transport\n" ESP " }";
	struct netaddr inside, outside = NETADDR_NONE;
	char a[2048], b[2048];
	struct sim *sim = &self->sim;

	netaddr_parse("203.0.113.9", 0, &outside);
	config_text(a, sizeof(a), 0, "", child);
	config_text(b, sizeof(b), 1, "remote_addrs = 203.0.113.9", child);
	sim_init(sim, 7, a, b);
	self->made = true;
	sim->nat = (struct sim_nat){ .on = true, .inside = 0, .shift = 10000, .outside = outside };
	inside = netaddr_with_port(sim->peers[0].addr, 0);
	sim_initiate(sim, 0);
	sim_run_results(sim, 0, 1, DURATION_S(60));
	ASSERT_EQ(0, sim->peers[0].result);
	ASSERT_NE(NULL, child_of(sim, 0));
	ASSERT_NE(NULL, child_of(sim, 1));
	EXPECT_TRUE(child_of(sim, 0)->transport);
	EXPECT_TRUE(child_of(sim, 1)->transport);
	/* Each side's policies are for the packets that it sees. */
	EXPECT_TRUE(netaddr_same_addr(&inside, &child_of(sim, 0)->local_ts.v[0].first));
	EXPECT_TRUE(netaddr_same_addr(&outside, &child_of(sim, 1)->remote_ts.v[0].first));
	EXPECT_TRUE(netaddr_same_addr(&outside, &sim->peers[1].kernel.sa_in.remote_ts.first));
	EXPECT_TRUE(sim->peers[1].kernel.sa_in.udp_encap);
}

TEST_F(modes, transport_for_networks_is_a_tunnel)
{
	ASSERT_TRUE(negotiate(&self->sim,
			      "x {\nmode = transport\nlocal_ts = 10.1.0.0/16\n" ESP " }",
			      "x {\nmode = transport\nremote_ts = 10.1.0.0/16\n" ESP " }", ""));
	self->made = true;
	EXPECT_FALSE(child_of(&self->sim, 0)->transport);
	EXPECT_EQ(IPSEC_TUNNEL, self->sim.peers[1].kernel.sa_in.mode);
}

TEST_F(modes, the_sa_of_transport_mode_covers_all_its_selectors)
{
	struct ipsec_sa *in;

	ASSERT_TRUE(negotiate(&self->sim,
			      "x {\nmode = transport\n"
			      "local_ts = dynamic[tcp/80], dynamic[tcp/8080]\n" ESP " }",
			      "x {\nmode = transport\n" ESP " }", ""));
	self->made = true;
	in = &self->sim.peers[0].kernel.sa_in;
	EXPECT_EQ(IPPROTO_TCP, in->local_ts.protocol);
	EXPECT_EQ(80, in->local_ts.port_first);
	EXPECT_EQ(8080, in->local_ts.port_last);
	EXPECT_EQ(2, self->sim.peers[0].kernel.policy.local.n);
}

TEST_F(modes, tfc_padding_stops_where_the_peer_takes_none)
{
	ASSERT_TRUE(negotiate(&self->sim, "x {\ntfc_padding = 1000\n" ESP " }",
			      "x {\ntfc_padding = mtu\nmode = transport\n" ESP " }", ""));
	self->made = true;
	EXPECT_EQ(1000, self->sim.peers[0].kernel.sa_out.tfc_padding);
	EXPECT_EQ(IPSEC_TFC_MTU, self->sim.peers[1].kernel.sa_out.tfc_padding);
	sim_fini(&self->sim);
	/* Who offers transport mode says that it takes no padding. */
	ASSERT_TRUE(negotiate(&self->sim, "x {\ntfc_padding = 1000\nmode = transport\n" ESP " }",
			      "x {\ntfc_padding = mtu\n" ESP " }", ""));
	EXPECT_FALSE(child_of(&self->sim, 0)->transport);
	EXPECT_EQ(1000, self->sim.peers[0].kernel.sa_out.tfc_padding);
	EXPECT_EQ(0, self->sim.peers[1].kernel.sa_out.tfc_padding);
}

TEST_F(modes, the_child_that_holds_the_first_selectors_answers)
{
	ASSERT_TRUE(negotiate(&self->sim,
			      "x {\nlocal_ts = 10.1.0.0/16, 10.3.0.0/16\n"
			      "remote_ts = 10.2.0.0/16\n" ESP " }",
			      "one {\nlocal_ts = 10.2.0.0/16\nremote_ts = 10.3.0.0/16\n" ESP " }\n"
			      "two {\nlocal_ts = 10.2.0.0/16\nremote_ts = 10.1.0.0/16\n" ESP " }",
			      ""));
	self->made = true;
	EXPECT_STREQ("two", child_of(&self->sim, 1)->conf->name);
	EXPECT_TRUE(child_of(&self->sim, 1)->more_ts_possible);
	EXPECT_EQ(1, child_of(&self->sim, 0)->local_ts.n);
}

TEST_F(modes, numbers_reach_sas_and_policies)
{
	const struct sim_kernel *k;

	ASSERT_TRUE(negotiate(&self->sim,
			      "x {\nmark_in = %unique/0xffff\nmark_out = %unique/0xffff\n"
			      "mark_in_sa = yes\nset_mark_out = %same\nif_id_in = %unique-dir\n"
			      "if_id_out = %unique-dir\npolicies_fwd_out = yes\npriority = 9\n"
			      "interface = eth1\n" ESP " }",
			      "x {\nmark_in = 5\nset_mark_in = 0x10/0xf0\nif_id_out = 3\n"
			      "copy_df = no\ncopy_ecn = no\ncopy_dscp = in\n" ESP " }",
			      ""));
	self->made = true;
	k = &self->sim.peers[0].kernel;
	EXPECT_NE(0, k->policy.mark_in.value);
	EXPECT_EQ(k->policy.mark_in.value, k->policy.mark_out.value);
	EXPECT_EQ(0xffff, k->policy.mark_in.mask);
	EXPECT_EQ(k->policy.mark_in.value, k->sa_in.mark);
	EXPECT_EQ(k->policy.mark_in.value, k->sa_out.mark);
	EXPECT_EQ(k->policy.mark_in.value, k->sa_out.set_mark.value);
	EXPECT_EQ(0, k->sa_in.set_mark.mask);
	EXPECT_NE(k->policy.if_id_in, k->policy.if_id_out);
	EXPECT_EQ(k->policy.if_id_in, k->sa_in.if_id);
	EXPECT_EQ(k->policy.if_id_out, k->sa_out.if_id);
	EXPECT_TRUE(k->policy.fwd_out);
	EXPECT_EQ(9, k->policy.priority);
	EXPECT_STREQ("eth1", k->policy.interface);

	k = &self->sim.peers[1].kernel;
	EXPECT_EQ(5, k->policy.mark_in.value);
	EXPECT_EQ(0, k->sa_in.mark_mask);
	EXPECT_EQ(0x10, k->sa_in.set_mark.value);
	EXPECT_EQ(0xf0, k->sa_in.set_mark.mask);
	EXPECT_EQ(0, k->policy.if_id_in);
	EXPECT_EQ(3, k->sa_out.if_id);
	EXPECT_TRUE(k->sa_out.no_df && k->sa_out.no_ecn && k->sa_out.no_dscp);
	EXPECT_TRUE(k->sa_in.dscp_inward);
}

TEST_F(modes, limits_reach_the_kernel_with_jitter)
{
	static const char limited[] = "x {\nrekey_bytes = 1000000\nrekey_packets = 1000\n"
				      "life_packets = 2000\n" ESP " }";
	const struct sim_kernel *k;

	ASSERT_TRUE(negotiate(&self->sim, limited, limited, ""));
	self->made = true;
	for (unsigned p = 0; p < 2; p++) {
		k = &self->sim.peers[p].kernel;
		EXPECT_EQ(1100000, k->sa_in.hard.bytes);
		EXPECT_EQ(2000, k->sa_out.hard.packets);
		EXPECT_LE(900000, k->sa_in.soft.bytes);
		EXPECT_GE(1000000, k->sa_in.soft.bytes);
		EXPECT_LE(500, k->sa_out.soft.packets);
		EXPECT_GE(1000, k->sa_out.soft.packets);
		/* The core looks at the clock itself. */
		EXPECT_EQ(0, k->sa_in.soft.time.ns + k->sa_in.hard.time.ns);
	}
	EXPECT_FALSE(self->sim.peers[0].kernel.sa_in.soft.bytes ==
			     self->sim.peers[0].kernel.sa_out.soft.bytes &&
		     self->sim.peers[0].kernel.sa_in.soft.bytes ==
			     self->sim.peers[1].kernel.sa_in.soft.bytes);
}

/* A wide child that comes first but speaks another ESP is not in the way of one that fits. */
TEST_F(modes, a_child_is_chosen_by_selectors_and_proposals)
{
	static const char b[] = "wide { local_ts = 10.0.0.0/8\n remote_ts = 10.0.0.0/8\n"
				" esp_proposals = aes256gcm16 }\n"
				"narrow { local_ts = 10.2.0.0/16\n remote_ts = 10.1.0.0/16\n"
				" esp_proposals = %s }";
	static const char a[] = "net { local_ts = 10.1.0.0/16\n remote_ts = 10.2.0.0/16\n" ESP " }";
	struct sim *sim = &self->sim;
	char text[512];

	self->made = true;
	snprintf(text, sizeof(text), b, "aes128gcm16");
	ASSERT_TRUE(negotiate(sim, a, text, ""));
	EXPECT_STREQ("narrow", child_of(sim, 1)->conf->name);
	sim_fini(sim);
	snprintf(text, sizeof(text), b, "aes192gcm16");
	EXPECT_FALSE(negotiate(sim, a, text, ""));
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_EQ(0, sim->peers[0].core->n_children);
}

TEST_HARNESS_MAIN
