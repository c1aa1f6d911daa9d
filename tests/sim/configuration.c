/* SPDX-License-Identifier: MIT */
/*
 * Configuration payloads (RFC 7296 2.19, 3.15; RFC 8983): peer 0 is a client that asks for internal
 * addresses, peer 1 the gateway that lends them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <kselftest_harness.h>

#include "pdk/log/log.h"
#include "ikev2/codec/payload.h"
#include "ikev2/codec/sk.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/describe.h"
#include "ikev2/sa/ike_sa.h"
#include "ikev2/sa/internal_addr.h"
#include "sim.h"

FIXTURE(cp)
{
	struct sim sim;
};

FIXTURE_SETUP(cp)
{
	log_set_level(NULL, LOG_LEVEL_ERROR);
	log_add_sink(log_stderr_sink, NULL);
}

FIXTURE_TEARDOWN(cp)
{
	sim_fini(&self->sim);
}

/* What the two sides say: the client's id and vips, its remote_ts; the gateway's pools. */
static void begin(struct sim *sim, const char *id, const char *vips, const char *gateway,
		  const char *pools)
{
	char a[2048], b[2048];

	snprintf(a, sizeof(a),
		 "connections { c { remote_addrs = 192.0.2.2\n %s%s\n"
		 " local { auth = psk\n id = %s }\n remote { auth = psk\n id = gw.test }\n"
		 " children { net { remote_ts = 10.1.0.0/16, 2001:db8:1::/64 } } } }\n"
		 "secrets { ike-1 { secret = s } }\n",
		 vips ? "vips = " : "", vips ? vips : "", id);
	snprintf(b, sizeof(b),
		 "connections { c { %s\n local { auth = psk\n id = gw.test }\n"
		 " remote { auth = psk\n id = *.test }\n"
		 " children { net { local_ts = 10.1.0.0/16, 2001:db8:1::/64 } } } }\n"
		 "secrets { ike-1 { secret = s } }\npools { %s }\n",
		 gateway, pools);
	sim_init(sim, 3, a, b);
	sim->link.delay = DURATION_MS(10);
	sim->lease_delay = DURATION_MS(200);
}

/* The client brings its child up: result of the initiation. */
static int up(struct sim *sim)
{
	unsigned before = sim->peers[0].results;

	sim_initiate(sim, 0);
	if (!sim_run_results(sim, 0, before + 1, DURATION_S(60)))
		return -1000;
	sim_run(sim, instant_add(sim->now, DURATION_S(1)));
	return sim->peers[0].result;
}

static void down(struct sim *sim)
{
	sim_terminate(sim, 0);
	sim_run(sim, instant_add(sim->now, DURATION_S(30)));
}

static const struct pool *pool_of(const struct sim *sim, const char *name)
{
	return pools_find(sim->peers[1].pools, name);
}

/* The client's internal address number i, as text; "" when there is none. */
static const char *address(const struct sim *sim, size_t i)
{
	static char buf[NETADDR_STRLEN];
	const struct ike_sa *sa = sim_only_sa(&sim->peers[0]);

	if (!sa || !sa->internal || i >= sa->internal->n)
		return "";
	return netaddr_str(&sa->internal->addrs[i], buf);
}

static const struct child_sa *child_of(const struct sim *sim, unsigned i)
{
	const struct ike_sa *sa = sim_only_sa(&sim->peers[i]);

	return sa ? list_first(&sa->children, struct child_sa, link) : NULL;
}

TEST_F(cp, a_client_gets_an_address_and_its_selectors_become_it)
{
	struct sim *sim = &self->sim;
	char text[TS_STRLEN];

	begin(sim, "a.test", "0.0.0.0", "pools = p", "p { addrs = 10.3.0.0/24\n dns = 10.1.0.1 }");
	ASSERT_EQ(0, up(sim));
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_STREQ("10.3.0.1", address(sim, 0));
	ASSERT_NE(NULL, child_of(sim, 0));
	ASSERT_EQ(1, child_of(sim, 0)->local_ts.n);
	EXPECT_STREQ("10.3.0.1/32", ts_str(&child_of(sim, 0)->local_ts.v[0], text));
	EXPECT_TRUE(ts_list_equal(&child_of(sim, 0)->local_ts, &child_of(sim, 1)->remote_ts));
	EXPECT_EQ(1, sim->peers[0].internal.n_addrs);
	EXPECT_EQ(1, sim->peers[0].internal.n_routes);
	for (unsigned i = 0; i < 2; i++) {
		struct ike_sa_info *info = ike_sa_describe(sim_only_sa(&sim->peers[i]), NULL);
		char dns[NETADDR_STRLEN];

		ASSERT_NE(NULL, info);
		EXPECT_EQ(i == 0, info->n_local_vips);
		EXPECT_EQ(i == 1, info->n_remote_vips);
		ASSERT_EQ(i == 0, info->n_dns);
		if (info->n_dns)
			EXPECT_STREQ("10.1.0.1", netaddr_str(&info->dns[0], dns));
		ike_sa_info_free(info);
	}
	EXPECT_EQ(1, sim->peers[0].internal.n_dns);
	EXPECT_STREQ("10.1.0.1", netaddr_str(&sim->peers[0].internal.last_dns, text));
	EXPECT_EQ(1, sim_rekey_ike(sim, 0));
	sim_run(sim, instant_add(sim->now, DURATION_S(1)));
	EXPECT_EQ(1, sim->peers[0].internal.n_dns);
	EXPECT_EQ(1, pool_of(sim, "p")->n_online);
	down(sim);
	EXPECT_EQ(0, sim->peers[0].internal.n_dns + sim->peers[1].internal.n_dns);
	EXPECT_EQ(0, sim->peers[0].internal.n_addrs);
	EXPECT_EQ(0, sim->peers[0].internal.n_routes);
	EXPECT_EQ(0, pool_of(sim, "p")->n_online);
	EXPECT_EQ(1, pool_of(sim, "p")->n_offline);
}

TEST_F(cp, both_families_at_once)
{
	struct sim *sim = &self->sim;

	begin(sim, "a.test", "0.0.0.0, ::", "pools = p4, p6",
	      "p4 { addrs = 10.3.0.0/24 }\n p6 { addrs = 2001:db8:3::/64 }");
	ASSERT_EQ(0, up(sim));
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_STREQ("10.3.0.1", address(sim, 0));
	EXPECT_STREQ("2001:db8:3::1", address(sim, 1));
	EXPECT_EQ(2, child_of(sim, 0)->local_ts.n);
	EXPECT_EQ(2, sim->peers[0].internal.n_addrs);
	EXPECT_EQ(2, sim->peers[0].internal.n_routes);
	down(sim);
	EXPECT_EQ(0, sim->peers[0].internal.n_addrs);
	EXPECT_EQ(0, pool_of(sim, "p6")->n_online);
}

/* The addresses come with IKE_AUTH, the Child SA afterwards (RFC 6023). */
TEST_F(cp, without_a_child_sa_at_first_the_address_is_lent_all_the_same)
{
	struct sim *sim = &self->sim;
	char text[TS_STRLEN];

	begin(sim, "a.test", "0.0.0.0\n childless = force", "pools = p\n childless = force",
	      "p { addrs = 10.3.0.0/24 }");
	ASSERT_EQ(0, up(sim));
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_STREQ("10.3.0.1", address(sim, 0));
	ASSERT_NE(NULL, child_of(sim, 0));
	EXPECT_STREQ("10.3.0.1/32", ts_str(&child_of(sim, 0)->local_ts.v[0], text));
	EXPECT_EQ(1, sim->peers[0].internal.n_addrs);
	EXPECT_EQ(1, sim->peers[0].internal.n_routes);
}

TEST_F(cp, one_family_of_two_is_better_than_none)
{
	struct sim *sim = &self->sim;

	begin(sim, "a.test", "0.0.0.0, ::", "pools = p6", "p6 { addrs = 2001:db8:3::/64 }");
	ASSERT_EQ(0, up(sim));
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_STREQ("2001:db8:3::1", address(sim, 0));
	EXPECT_EQ(1, child_of(sim, 0)->local_ts.n);
}

TEST_F(cp, a_lease_is_kept_for_the_same_identity_over_reconnects)
{
	struct sim *sim = &self->sim;

	begin(sim, "a.test", "0.0.0.0", "pools = p", "p { addrs = 10.3.0.0/24 }");
	for (unsigned i = 0; i < 3; i++) {
		ASSERT_EQ(0, up(sim));
		EXPECT_STREQ("10.3.0.1", address(sim, 0));
		down(sim);
	}
	EXPECT_EQ(1, pool_of(sim, "p")->n_offline);
}

TEST_F(cp, a_wish_is_granted)
{
	struct sim *sim = &self->sim;

	begin(sim, "a.test", "10.3.0.99", "pools = p", "p { addrs = 10.3.0.0/24 }");
	ASSERT_EQ(0, up(sim));
	EXPECT_STREQ("10.3.0.99", address(sim, 0));
}

TEST_F(cp, another_address_than_the_one_wished_is_fine_too)
{
	struct sim *sim = &self->sim;

	begin(sim, "a.test", "10.9.0.99", "pools = p",
	      "p { addrs = 10.3.0.0/24\n lease-a { id = a.test\n addr = 10.3.0.7 } }");
	ASSERT_EQ(0, up(sim));
	EXPECT_STREQ("10.3.0.7", address(sim, 0));
	EXPECT_EQ(NULL, sim_agreement(sim));
}

/* The IKE SA without a Child SA, on both sides. */
static void expect_childless(struct __test_metadata *_metadata, struct sim *sim)
{
	for (size_t i = 0; i < 2; i++) {
		EXPECT_EQ(1, sim->peers[i].core->n_sas);
		EXPECT_EQ(0, sim->peers[i].core->n_children);
		EXPECT_EQ(0, sim->peers[i].kernel.n_sas);
	}
	EXPECT_EQ(0, sim->peers[0].internal.n_addrs);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

/* What the last IKE_AUTH response of the gateway says; decrypted with the client's key. */
struct seen {
	struct ike_message m;
	uint8_t copy[IKE_MESSAGE_MAX];
	struct ike_cfg cfg;
	bool has_cfg, cfg_before_sa;
	uint16_t error;
	bool ip4, ip6;
};

static void look(struct sim *sim, unsigned to, const struct netaddr *local,
		 const struct netaddr *remote, struct bytes message, void *data)
{
	struct seen *seen = data;
	const struct ike_sa *sa = sim_only_sa(&sim->peers[0]);
	struct ike_notify n;
	struct ike_fault fault;

	if (to != 0 || !sa || !sa->key_in || message.len > sizeof(seen->copy))
		return;
	memcpy(seen->copy, message.data, message.len);
	if (ike_message_parse(BYTES(seen->copy, message.len), &seen->m, NULL) != IKE_OK ||
	    seen->m.header.exchange != IKE_EXCHANGE_IKE_AUTH ||
	    ike_sk_open(&seen->m, sa->key_in, (uint8_t *)seen->m.encrypted.data, &fault) != IKE_OK)
		return;
	seen->has_cfg = ike_message_find(&seen->m, IKE_PAYLOAD_CP, 0) &&
			ike_cfg_parse(ike_message_find(&seen->m, IKE_PAYLOAD_CP, 0)->body,
				      &seen->cfg, NULL) == IKE_OK;
	seen->cfg_before_sa = ike_message_find(&seen->m, IKE_PAYLOAD_CP, 0) <
			      ike_message_find(&seen->m, IKE_PAYLOAD_SA, 0);
	seen->error = ike_message_find_error(&seen->m, &n) ? n.type : 0;
	seen->ip4 = ike_message_find_notify(&seen->m, IKE_NOTIFY_IP4_ALLOWED, 0, NULL);
	seen->ip6 = ike_message_find_notify(&seen->m, IKE_NOTIFY_IP6_ALLOWED, 0, NULL);
}

static bool told(const struct seen *seen, uint16_t type, struct bytes *ret_value)
{
	struct ike_cfg_attr attr;
	size_t pos = 0;

	while (seen->has_cfg && ike_cfg_next(&seen->cfg, &pos, &attr))
		if (attr.type == type) {
			*ret_value = attr.value;
			return true;
		}
	return false;
}

TEST_F(cp, an_exhausted_pool_leaves_the_ike_sa_up)
{
	static struct seen seen;
	struct sim *sim = &self->sim;

	begin(sim, "a.test", "0.0.0.0", "pools = p",
	      "p { addrs = 10.3.0.7\n lease-x { id = other.test\n addr = 10.3.0.7 } }");
	sim->tap = look;
	sim->tap_data = &seen;
	EXPECT_GT(0, up(sim));
	EXPECT_EQ(IKE_NOTIFY_INTERNAL_ADDRESS_FAILURE, seen.error);
	EXPECT_FALSE(seen.has_cfg);
	EXPECT_TRUE(seen.ip4);
	expect_childless(_metadata, sim);
	EXPECT_EQ(0, pool_of(sim, "p")->n_online);
}

TEST_F(cp, a_connection_without_pools_has_no_address_to_lend)
{
	static struct seen seen;
	struct sim *sim = &self->sim;

	begin(sim, "a.test", "0.0.0.0", "", "p { addrs = 10.3.0.0/24 }");
	sim->tap = look;
	sim->tap_data = &seen;
	EXPECT_GT(0, up(sim));
	EXPECT_EQ(IKE_NOTIFY_INTERNAL_ADDRESS_FAILURE, seen.error);
	expect_childless(_metadata, sim);
}

TEST_F(cp, who_does_not_ask_is_told_to)
{
	static struct seen seen;
	struct sim *sim = &self->sim;

	begin(sim, "a.test", NULL, "pools = p", "p { addrs = 10.3.0.0/24 }");
	sim->tap = look;
	sim->tap_data = &seen;
	EXPECT_GT(0, up(sim));
	EXPECT_EQ(IKE_NOTIFY_FAILED_CP_REQUIRED, seen.error);
	EXPECT_FALSE(seen.has_cfg);
	expect_childless(_metadata, sim);
	/* Another way in is none, neither after rekeying. */
	EXPECT_GT(0, up(sim));
	expect_childless(_metadata, sim);
	EXPECT_EQ(1, sim_rekey_ike(sim, 0));
	sim_run(sim, instant_add(sim->now, DURATION_S(1)));
	EXPECT_GT(0, up(sim));
	expect_childless(_metadata, sim);
}

TEST_F(cp, the_reply_tells_attributes_and_families)
{
	static const struct {
		const char *vips, *pools;
		bool ip4, ip6, failure;
	} table[] = {
		/* RFC 8983 5, table 1 */
		{ "0.0.0.0", "p6", false, true, true },
		{ "0.0.0.0", "p4", true, false, false },
		{ "0.0.0.0", "p4, p6", true, true, false },
		{ "::", "p6", false, true, false },
		{ "::", "p4", true, false, true },
		{ "::", "p4, p6", true, true, false },
		{ "0.0.0.0, ::", "p4", true, false, false },
		{ "0.0.0.0, ::", "p6", false, true, false },
		{ "0.0.0.0, ::", "p4, p6", true, true, false },
	};
	struct sim *sim = &self->sim;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		static struct seen seen;
		char gateway[40];
		struct bytes value;

		snprintf(gateway, sizeof(gateway), "pools = %s", table[i].pools);
		if (i)
			sim_fini(sim);
		begin(sim, "a.test", table[i].vips, gateway,
		      "p4 { addrs = 10.3.0.0/24\n dns = 10.1.0.1\n netmask = 255.255.255.0\n"
		      " subnet = 10.1.0.0/16 }\n p6 { addrs = 2001:db8:3::/64\n"
		      " netmask = 255.255.0.0 }");
		seen = (struct seen){ 0 };
		sim->tap = look;
		sim->tap_data = &seen;
		EXPECT_EQ(table[i].failure, up(sim) != 0) TH_LOG("row %zu", i);
		EXPECT_EQ(table[i].ip4, seen.ip4) TH_LOG("row %zu", i);
		EXPECT_EQ(table[i].ip6, seen.ip6) TH_LOG("row %zu", i);
		EXPECT_EQ(!table[i].failure, seen.has_cfg);
		if (table[i].failure)
			continue;
		EXPECT_TRUE(seen.cfg_before_sa);
		EXPECT_EQ(IKE_CFG_REPLY, seen.cfg.type);
		if (told(&seen, IKE_CFG_ATTR_INTERNAL_IP6_ADDRESS, &value))
			EXPECT_EQ(17, value.len);
		/* A netmask goes with an IPv4 address only (3.15.1). */
		EXPECT_EQ(told(&seen, IKE_CFG_ATTR_INTERNAL_IP4_ADDRESS, &value),
			  told(&seen, IKE_CFG_ATTR_INTERNAL_IP4_NETMASK, &value));
		EXPECT_EQ(told(&seen, IKE_CFG_ATTR_INTERNAL_IP4_ADDRESS, &value),
			  told(&seen, IKE_CFG_ATTR_INTERNAL_IP4_DNS, &value));
	}
}

TEST_F(cp, a_lease_under_way_when_the_client_gives_up_is_given_back)
{
	struct sim *sim = &self->sim;

	begin(sim, "a.test", "0.0.0.0", "pools = p", "p { addrs = 10.3.0.0/24 }");
	sim->lease_delay = DURATION_S(5);
	sim_initiate(sim, 0);
	sim_run(sim, instant_add(sim->now, DURATION_S(1)));
	ASSERT_EQ(1, sim->peers[1].core->n_sas);
	sim_terminate(sim, 1);
	EXPECT_EQ(1, sim->peers[1].core->leases.count);
	sim_run(sim, instant_add(sim->now, DURATION_S(600)));
	EXPECT_EQ(0, sim->peers[1].core->n_sas);
	EXPECT_EQ(0, pool_of(sim, "p")->n_online);
	EXPECT_EQ(1, pool_of(sim, "p")->n_offline);
	EXPECT_EQ(0, sim->peers[1].core->leases.count);
}

TEST_F(cp, a_provider_that_takes_too_long_refuses_the_client)
{
	struct sim *sim = &self->sim;

	begin(sim, "a.test", "0.0.0.0", "pools = p", "p { addrs = 10.3.0.0/24 }");
	sim->lease_delay = DURATION_S(100);
	sim_initiate(sim, 0);
	sim_run(sim, instant_add(sim->now, DURATION_S(600)));
	EXPECT_EQ(0, sim->peers[0].core->n_sas);
	EXPECT_EQ(0, sim->peers[1].core->n_sas);
	EXPECT_EQ(0, pool_of(sim, "p")->n_online);
	EXPECT_EQ(0, sim->peers[1].core->leases.count);
}

TEST_F(cp, addresses_move_to_the_successor_of_an_ike_sa)
{
	struct sim *sim = &self->sim;
	struct ike_sa *old, *new;
	struct child_sa *child;
	struct ts_list list;
	char text[TS_STRLEN];

	begin(sim, "a.test", "0.0.0.0", "pools = p", "p { addrs = 10.3.0.0/24 }");
	ASSERT_EQ(0, up(sim));
	for (unsigned i = 0; i < 2; i++) {
		struct sim_peer *peer = &sim->peers[i];

		old = sim_only_sa(peer);
		new = ike_sa_new(peer->core, old->conn, !old->initiator, &old->local, &old->remote);
		internal_addrs_move(old, new);
		list_splice(&new->children, &old->children);
		list_for_each(child, &new->children, link)
			child->ike = new;
		EXPECT_EQ(NULL, old->internal);
		ASSERT_NE(NULL, new->internal);
		if (i)
			internal_addrs_resolve_remote(new, &new->conn->children[0].remote_ts, &list);
		else
			internal_addrs_resolve_local(new, &new->conn->children[0].local_ts, &list);
		ASSERT_EQ(1, list.n);
		EXPECT_STREQ("10.3.0.1/32", ts_str(&list.v[0], text));
	}
	/* The old ones go, the addresses stay; then the new ones go. */
	for (unsigned i = 0; i < 2; i++)
		fsm_enter(list_first(&sim->peers[i].core->sas, struct ike_sa, link), IKE_STATE_DEAD,
			  "rekeyed");
	sim_run(sim, instant_add(sim->now, DURATION_S(1)));
	EXPECT_EQ(1, pool_of(sim, "p")->n_online);
	EXPECT_EQ(1, sim->peers[0].internal.n_addrs);
	for (unsigned i = 0; i < 2; i++)
		fsm_enter(list_last(&sim->peers[i].core->sas, struct ike_sa, link), IKE_STATE_DEAD,
			  "terminated");
	sim_run(sim, instant_add(sim->now, DURATION_S(1)));
	EXPECT_EQ(0, pool_of(sim, "p")->n_online);
	EXPECT_EQ(0, sim->peers[0].internal.n_addrs);
	EXPECT_EQ(0, sim->peers[0].internal.n_routes);
}

/* -------- messages that a client of ours never sends -------- */

/* Peer 0 asks for this in place of what its vips say. */
static struct writer forged;

static int forged_request(struct ike_sa *sa, struct exchange *x, struct message *m)
{
	writer_bytes(message_payload(m, IKE_PAYLOAD_CP), writer_view(&forged));
	return 0;
}

static struct ike_cfg reply;
static uint8_t reply_copy[1000];
static bool replied;

static enum fsm_verdict forged_response(struct ike_sa *sa, struct exchange *x,
					const struct ike_message *m)
{
	const struct ike_payload *cp = ike_message_find(m, IKE_PAYLOAD_CP, 0);

	replied = cp != NULL;
	if (cp && cp->body.len <= sizeof(reply_copy)) {
		memcpy(reply_copy, cp->body.data, cp->body.len);
		ike_cfg_parse(BYTES(reply_copy, cp->body.len), &reply, NULL);
	}
	return FSM_STAY;
}

static const struct exchange_ops forged_ops = {
	.name = "forged INFORMATIONAL",
	.type = IKE_EXCHANGE_INFORMATIONAL,
	.request = forged_request,
	.response = forged_response,
};

static void ask(struct sim *sim)
{
	struct ike_sa *sa = sim_only_sa(&sim->peers[0]);

	replied = false;
	exchange_queue(sa, &forged_ops, 0);
	exchange_next(sa);
	sim_run(sim, instant_add(sim->now, DURATION_S(5)));
	writer_fini(&forged);
}

TEST_F(cp, a_question_for_the_version_is_answered_with_an_empty_one)
{
	struct seen seen = { .has_cfg = true };
	struct sim *sim = &self->sim;
	struct bytes value;

	begin(sim, "a.test", "0.0.0.0", "pools = p", "p { addrs = 10.3.0.0/24 }");
	ASSERT_EQ(0, up(sim));
	/* With an attribute that nobody knows: it is ignored, and there is a reply (3.15.1). */
	writer_init_heap(&forged, 1000);
	ike_cfg_write(&forged, IKE_CFG_REQUEST);
	ike_cfg_write_attr(&forged, IKE_CFG_ATTR_APPLICATION_VERSION, BYTES_NONE);
	ike_cfg_write_attr(&forged, 31000, bytes_str("what?"));
	ike_cfg_write_attr(&forged, IKE_CFG_ATTR_SUPPORTED_ATTRIBUTES, BYTES_NONE);
	ask(sim);
	ASSERT_TRUE(replied);
	seen.cfg = reply;
	EXPECT_EQ(IKE_CFG_REPLY, reply.type);
	ASSERT_TRUE(told(&seen, IKE_CFG_ATTR_APPLICATION_VERSION, &value));
	EXPECT_EQ(0, value.len);
	ASSERT_TRUE(told(&seen, IKE_CFG_ATTR_SUPPORTED_ATTRIBUTES, &value));
	EXPECT_EQ(24, value.len);
	EXPECT_FALSE(told(&seen, 31000, &value));

	/* Unknown attributes alone. */
	writer_init_heap(&forged, 1000);
	ike_cfg_write(&forged, IKE_CFG_REQUEST);
	ike_cfg_write_attr(&forged, 31000, BYTES_NONE);
	ask(sim);
	EXPECT_TRUE(replied);
	EXPECT_EQ(0, reply.attributes.len);

	/* CFG_SET may be ignored (3.15.1). */
	writer_init_heap(&forged, 1000);
	ike_cfg_write(&forged, IKE_CFG_SET);
	ike_cfg_write_attr(&forged, IKE_CFG_ATTR_INTERNAL_IP4_DNS, bytes_str("abcd"));
	ask(sim);
	EXPECT_FALSE(replied);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

/* -------- leases for a time, from a provider that is not ours -------- */

struct timed {
	struct cfg_provider provider;
	unsigned renewals, releases;
	bool refuse;
};

static struct timed timed;

static bool timed_has(struct cfg_provider *p, const char *name)
{
	return strcmp(name, "timed") == 0;
}

static void timed_acquire(struct cfg_provider *p, struct cfg_request *req)
{
	netaddr_parse("10.77.0.1", 0, &req->addrs[0].addr);
	req->addrs[0].prefix = 32;
	req->addrs[0].provider = p;
	req->families |= CFG_IP4;
	req->lifetime = DURATION_S(60);
	cfg_provider_done(req);
}

static void timed_renew(struct cfg_provider *p, struct cfg_request *req)
{
	timed.renewals++;
	if (timed.refuse)
		req->err = -ENOENT;
	cfg_provider_done(req);
}

static void timed_release(struct cfg_provider *p, const struct cfg_request *req)
{
	timed.releases++;
}

static void timed_free(struct cfg_provider *p)
{
}

static const struct cfg_provider_ops timed_ops = {
	.name = "timed",
	.has = timed_has,
	.acquire = timed_acquire,
	.renew = timed_renew,
	.release = timed_release,
	.free = timed_free,
};

TEST_F(cp, a_lease_for_a_time_is_renewed_at_the_half_of_it)
{
	struct sim *sim = &self->sim;

	begin(sim, "a.test", "0.0.0.0", "pools = timed", "");
	timed.provider.ops = &timed_ops;
	cfg_add_provider_take(sim->peers[1].cfg, &timed.provider);
	ASSERT_EQ(0, up(sim));
	EXPECT_STREQ("10.77.0.1", address(sim, 0));
	sim_run(sim, instant_add(sim->now, DURATION_S(305)));
	EXPECT_EQ(10, timed.renewals);
	EXPECT_EQ(NULL, sim_agreement(sim));
	/* It is not the client's any more: neither is the IKE SA. */
	timed.refuse = true;
	sim_run(sim, instant_add(sim->now, DURATION_S(60)));
	EXPECT_EQ(0, sim->peers[0].core->n_sas);
	EXPECT_EQ(0, sim->peers[1].core->n_sas);
	EXPECT_EQ(1, timed.releases);
	EXPECT_EQ(0, sim->peers[0].internal.n_addrs);
}

TEST_HARNESS_MAIN
