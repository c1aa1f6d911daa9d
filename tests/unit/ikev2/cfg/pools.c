/* SPDX-License-Identifier: MIT */
/* What a client gets from the private pools, through the dispatcher as the core asks. */
#include <kselftest_harness.h>

#include <errno.h>
#include <malloc.h>
#include <stdio.h>

#include "pdk/conf/parser.h"
#include "pdk/log/log.h"
#include "ikev2/cfg/pools.h"
#include "ikev2/codec/payload.h"
#include "ikev2/policy/config.h"
#include "../../pdk/leaks.h"

#define CONN                                                                                   \
	"connections { c { local { auth = psk }\n remote { auth = psk }\n children { n { } } } }\n"

FIXTURE(pools)
{
	struct cfg *cfg;
	struct pools *pools;
	struct ike_config *config;
	struct connection *conn; /* what the requests name: all pools that a test wants */
	unsigned completed;
};

static void set_config(FIXTURE_DATA(pools) *self, const char *text)
{
	struct conf_report report = CONF_REPORT_INIT;
	struct conf_node *root = conf_root_new();
	struct ike_config *config;

	if (conf_parse(bytes_str(text), "f", root, &report) < 0 ||
	    config_from_tree(root, self->config, &report, &config) < 0) {
		fputs(conf_report_text(&report), stderr);
		_exit(1);
	}
	conf_free(root);
	conf_report_fini(&report);
	config_unref(self->config);
	self->config = config;
	if (pools_set_config(self->pools, config) < 0)
		_exit(1);
}

FIXTURE_SETUP(pools)
{
	static char a[] = "a", b[] = "b", c[] = "c";
	static char *names[] = { a, b, c };

	log_set_level(NULL, LOG_LEVEL_ERROR);
	self->cfg = cfg_new(NULL);
	self->pools = pools_new();
	cfg_add_provider_take(self->cfg, pools_provider(self->pools));
	self->config = NULL;
	self->completed = 0;
	set_config(self, CONN);
	/* Pools may be named that are not there. */
	self->conn = calloc(1, sizeof(*self->conn));
	self->conn->refs = 1;
	self->conn->pools = (struct conf_strings){ 3, names };
}

FIXTURE_TEARDOWN(pools)
{
	cfg_free(self->cfg);
	config_unref(self->config);
	EXPECT_EQ(1, self->conn->refs);
	free(self->conn);
	EXPECT_NO_LEAKS();
}

static void done(struct cfg_request *req, void *data)
{
	unsigned *completed = data;

	++*completed;
}

static struct cfg_request *ask(FIXTURE_DATA(pools) *self, const char *id, const char *wanted,
			       const char *wanted2)
{
	struct cfg_request *req = cfg_request_new(CFG_ACQUIRE, self->conn);

	identity_parse(id, &req->identity, NULL);
	req->done = done;
	req->data = &self->completed;
	if (wanted)
		netaddr_parse(wanted, 0, &req->addrs[req->n_addrs++].wanted);
	if (wanted2)
		netaddr_parse(wanted2, 0, &req->addrs[req->n_addrs++].wanted);
	self->completed = 0;
	cfg_submit(self->cfg, req);
	return req;
}

static void release(FIXTURE_DATA(pools) *self, struct cfg_request *req)
{
	req->type = CFG_RELEASE;
	cfg_submit(self->cfg, req);
}

static const char *got(const struct cfg_request *req, size_t i)
{
	static char buf[2][NETADDR_STRLEN];

	return netaddr_str(&req->addrs[i].addr, buf[i]);
}

#define EXPECT_POOL(name, online, offline)                                                     \
	EXPECT_EQ(online, pools_find(self->pools, name)->n_online);                            \
	EXPECT_EQ(offline, pools_find(self->pools, name)->n_offline)

TEST_F(pools, fresh_addresses_are_lent_in_order_and_completed_once)
{
	struct cfg_request *x, *y;

	set_config(self, "pools { a { addrs = 10.3.0.0/24\n dns = 10.3.0.1 } }");
	x = ask(self, "x", "0.0.0.0", NULL);
	EXPECT_EQ(1, self->completed);
	EXPECT_STREQ("10.3.0.1", got(x, 0));
	EXPECT_EQ(24, x->addrs[0].prefix);
	EXPECT_EQ(CFG_IP4, x->families);
	EXPECT_EQ(8, x->attrs.len);
	EXPECT_EQ(NULL, x->failure);
	y = ask(self, "y", "0.0.0.0", NULL);
	EXPECT_STREQ("10.3.0.2", got(y, 0));
	EXPECT_POOL("a", 2, 0);
	release(self, x);
	release(self, y);
	EXPECT_POOL("a", 0, 2);
}

TEST_F(pools, an_exhausted_pool_gives_nothing_until_something_is_released)
{
	struct cfg_request *x, *y, *z;

	set_config(self, "pools { a { addrs = 10.3.0.1-10.3.0.2 } }");
	x = ask(self, "x", "0.0.0.0", NULL);
	y = ask(self, "y", "0.0.0.0", NULL);
	z = ask(self, "z", "0.0.0.0", NULL);
	EXPECT_FALSE(cfg_request_has_address(z));
	EXPECT_NE(NULL, z->failure);
	EXPECT_EQ(0, z->attrs.len);
	cfg_request_free(z);
	release(self, y);
	z = ask(self, "z", "0.0.0.0", NULL);
	EXPECT_STREQ("10.3.0.2", got(z, 0));
	EXPECT_POOL("a", 2, 0);
	release(self, x);
	release(self, z);
}

TEST_F(pools, a_released_address_is_kept_for_its_owner_and_reused_last)
{
	static const char *const ids[] = { "v", "w", "x", "y" };
	struct cfg_request *req[4], *again, *other;

	set_config(self, "pools { a { addrs = 10.3.0.1-10.3.0.5 } }");
	for (size_t i = 0; i < 4; i++)
		req[i] = ask(self, ids[i], "0.0.0.0", NULL);
	release(self, req[2]);
	release(self, req[0]);
	release(self, req[1]);
	/* Its own. */
	again = ask(self, "W", "0.0.0.0", NULL);
	EXPECT_STREQ("10.3.0.2", got(again, 0));
	/* Somebody else gets the last fresh one, then the one released longest ago. */
	other = ask(self, "z1", "0.0.0.0", NULL);
	EXPECT_STREQ("10.3.0.5", got(other, 0));
	release(self, other);
	other = ask(self, "z2", "0.0.0.0", NULL);
	EXPECT_STREQ("10.3.0.3", got(other, 0));
	/* Whoever lost it gets another. */
	req[2] = ask(self, "x", "0.0.0.0", NULL);
	EXPECT_STREQ("10.3.0.1", got(req[2], 0));
	EXPECT_POOL("a", 4, 1);
	release(self, again);
	release(self, other);
	release(self, req[2]);
	release(self, req[3]);
}

TEST_F(pools, an_address_asked_for_is_given_when_it_is_free)
{
	struct cfg_request *x, *y, *z, *w;

	set_config(self, "pools { a { addrs = 10.3.0.0/29 } }");
	x = ask(self, "x", "10.3.0.2", NULL);
	EXPECT_STREQ("10.3.0.2", got(x, 0));
	/* Another's, out of range, the broadcast address: any other will do. */
	y = ask(self, "y", "10.3.0.2", NULL);
	EXPECT_STREQ("10.3.0.1", got(y, 0));
	z = ask(self, "z", "10.4.0.1", NULL);
	EXPECT_STREQ("10.3.0.3", got(z, 0));
	w = ask(self, "w", "10.3.0.7", NULL);
	EXPECT_STREQ("10.3.0.4", got(w, 0));
	release(self, x);
	release(self, y);
	release(self, z);
	release(self, w);
}

TEST_F(pools, an_ike_sa_made_anew_has_the_same_address_twice)
{
	struct cfg_request *old, *new, *second, *stranger;

	set_config(self, "pools { a { addrs = 10.3.0.0/24 } }");
	old = ask(self, "x", "0.0.0.0", NULL);
	new = ask(self, "x", "10.3.0.1", NULL);
	EXPECT_STREQ("10.3.0.1", got(new, 0));
	EXPECT_POOL("a", 1, 0);
	/* A second device of the same identity, which doesn't ask for it. */
	second = ask(self, "x", "0.0.0.0", NULL);
	EXPECT_STREQ("10.3.0.2", got(second, 0));
	release(self, old);
	EXPECT_POOL("a", 2, 0);
	stranger = ask(self, "y", "10.3.0.1", NULL);
	EXPECT_STREQ("10.3.0.3", got(stranger, 0));
	release(self, new);
	EXPECT_POOL("a", 2, 1);
	release(self, second);
	release(self, stranger);
}

TEST_F(pools, a_static_lease_is_its_owners_alone)
{
	struct cfg_request *x, *y, *z, *alice;

	set_config(self, "pools { a { addrs = 10.3.0.1-10.3.0.3\n"
			 " lease-alice { id = alice@test\n addr = 10.3.0.2 }\n"
			 " lease-out { id = bob@test\n addr = 10.9.0.1 } } }");
	x = ask(self, "x", "10.3.0.2", NULL);
	y = ask(self, "y", "0.0.0.0", NULL);
	z = ask(self, "z", "0.0.0.0", NULL);
	EXPECT_STREQ("10.3.0.1", got(x, 0));
	EXPECT_STREQ("10.3.0.3", got(y, 0));
	EXPECT_FALSE(cfg_request_has_address(z));
	cfg_request_free(z);
	alice = ask(self, "alice@test", "0.0.0.0", NULL);
	EXPECT_STREQ("10.3.0.2", got(alice, 0));
	release(self, alice);
	/* Offline it is not for others either. */
	z = ask(self, "z", "0.0.0.0", NULL);
	EXPECT_FALSE(cfg_request_has_address(z));
	cfg_request_free(z);
	z = ask(self, "bob@test", "0.0.0.0", NULL);
	EXPECT_STREQ("10.9.0.1", got(z, 0));
	alice = ask(self, "bob@test", "0.0.0.0", NULL);
	EXPECT_STREQ("10.9.0.1", got(alice, 0));
	release(self, x);
	release(self, y);
	release(self, z);
	release(self, alice);
}

/* As PrintableString and as UTF8String. */
TEST_F(pools, a_distinguished_name_is_the_same_however_it_is_encoded)
{
	struct cfg_request *x;

	set_config(self, "pools { a { addrs = 10.3.0.0/24\n"
			 " lease-x { id = \"C=CH, CN=alpha\"\n addr = 10.3.0.11 }\n"
			 " lease-y { id = \"C=CH, CN=bravo\"\n addr = 10.3.0.12 } } }");
	x = ask(self, "C=#0c024348, CN=#0c05616c706861", "0.0.0.0", NULL);
	EXPECT_STREQ("10.3.0.11", got(x, 0));
	release(self, x);
	/* One that isn't static either. */
	x = ask(self, "CN=charlie", "0.0.0.0", NULL);
	EXPECT_STREQ("10.3.0.1", got(x, 0));
	release(self, x);
	x = ask(self, "CN=other", "0.0.0.0", NULL);
	EXPECT_STREQ("10.3.0.2", got(x, 0));
	release(self, x);
	x = ask(self, "CN=#1e0e0043006800610072006c00690065", "0.0.0.0", NULL);
	EXPECT_STREQ("10.3.0.1", got(x, 0));
	release(self, x);
}

TEST_F(pools, both_families_come_from_their_pools)
{
	struct cfg_request *x, *y;

	set_config(self, "pools { a { addrs = 10.3.0.0/24\n dns = 10.0.0.1 }\n"
			 " b { addrs = 2001:db8:3::/64\n dns = 2001:db8::1 } }");
	x = ask(self, "x", "0.0.0.0", "::");
	EXPECT_STREQ("10.3.0.1", got(x, 0));
	EXPECT_STREQ("2001:db8:3::1", got(x, 1));
	EXPECT_EQ(64, x->addrs[1].prefix);
	EXPECT_EQ(CFG_IP4 | CFG_IP6, x->families);
	EXPECT_EQ(8 + 20, x->attrs.len);
	/* One of them: the other's attributes stay away, its family is known all the same. */
	y = ask(self, "y", "::", NULL);
	EXPECT_STREQ("2001:db8:3::2", got(y, 0));
	EXPECT_EQ(CFG_IP4 | CFG_IP6, y->families);
	EXPECT_EQ(20, y->attrs.len);
	release(self, x);
	release(self, y);
	/* None: attributes alone. */
	y = ask(self, "y", NULL, NULL);
	EXPECT_EQ(8 + 20, y->attrs.len);
	EXPECT_EQ(NULL, y->failure);
	cfg_request_free(y);
}

TEST_F(pools, what_one_family_lacks_is_said_and_the_other_is_given)
{
	struct cfg_request *x;

	set_config(self, "pools { b { addrs = 2001:db8:3::/64 } }");
	x = ask(self, "x", "0.0.0.0", "2001:db8:3::77");
	EXPECT_STREQ("none", got(x, 0));
	EXPECT_STREQ("2001:db8:3::77", got(x, 1));
	EXPECT_NE(NULL, x->failure);
	EXPECT_EQ(CFG_IP6, x->families);
	release(self, x);
}

TEST_F(pools, a_lease_kept_in_the_second_pool_goes_before_a_fresh_one_of_the_first)
{
	struct cfg_request *x;

	set_config(self, "pools { b { addrs = 10.4.0.0/24 } }");
	x = ask(self, "x", "0.0.0.0", NULL);
	release(self, x);
	set_config(self, "pools { a { addrs = 10.3.0.0/24 }\n b { addrs = 10.4.0.0/24 } }");
	x = ask(self, "x", "0.0.0.0", NULL);
	EXPECT_STREQ("10.4.0.1", got(x, 0));
	release(self, x);
	x = ask(self, "y", "0.0.0.0", NULL);
	EXPECT_STREQ("10.3.0.1", got(x, 0));
	release(self, x);
}

TEST_F(pools, leases_survive_a_change_of_their_pool)
{
	struct cfg_request *x, *y, *z;

	set_config(self, "pools { a { addrs = 10.3.0.0/24 } }");
	x = ask(self, "x", "0.0.0.0", NULL);
	y = ask(self, "y", "10.3.0.200", NULL);
	release(self, ask(self, "gone", "10.3.0.3", NULL));
	/* Narrower: y's address is nobody's now, but y's. */
	set_config(self, "pools { a { addrs = 10.3.0.0/28\n dns = 10.0.0.1 } }");
	EXPECT_POOL("a", 1, 1);
	/* Another pool that overlaps does not lend it twice. */
	set_config(self, "pools { a { addrs = 10.3.0.0/28 }\n b { addrs = 10.3.0.200/32 } }");
	EXPECT_POOL("b", 1, 0);
	/* No pool at all, and back. */
	set_config(self, "");
	EXPECT_EQ(NULL, pools_find(self->pools, "a"));
	z = ask(self, "z", "0.0.0.0", NULL);
	EXPECT_FALSE(cfg_request_has_address(z));
	cfg_request_free(z);
	set_config(self, "pools { a { addrs = 10.3.0.0/30 } }");
	EXPECT_POOL("a", 1, 0);
	z = ask(self, "z", "0.0.0.0", NULL);
	EXPECT_STREQ("10.3.0.2", got(z, 0));
	release(self, x);
	release(self, y);
	release(self, z);
	EXPECT_POOL("a", 0, 2);
}

/* As many clients as the range has room for, who leave again. Returns how many got an address. */
static unsigned come_and_go(FIXTURE_DATA(pools) *self, const char *prefix, unsigned n)
{
	struct cfg_request *req[16];
	unsigned served = 0;
	char id[32];

	for (unsigned i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "%s%u", prefix, i);
		req[i] = ask(self, id, "0.0.0.0", NULL);
		served += cfg_request_has_address(req[i]);
	}
	for (unsigned i = 0; i < n; i++)
		release(self, req[i]);
	return served;
}

TEST_F(pools, a_range_that_shrinks_and_grows_back_lends_all_of_it)
{
	set_config(self, "pools { a { addrs = 10.3.0.1-10.3.0.8 } }");
	EXPECT_EQ(8, come_and_go(self, "x", 8));
	set_config(self, "pools { a { addrs = 10.3.0.1-10.3.0.4 } }");
	set_config(self, "pools { a { addrs = 10.3.0.1-10.3.0.8 } }");
	EXPECT_POOL("a", 0, 4);
	EXPECT_EQ(8, come_and_go(self, "y", 8));
}

TEST_F(pools, an_address_that_was_kept_for_somebody_is_lent_when_it_no_longer_is)
{
	set_config(self, "pools { a { addrs = 10.3.0.1-10.3.0.4\n"
			 " lease-x { id = alice\n addr = 10.3.0.2 } } }");
	EXPECT_EQ(3, come_and_go(self, "x", 3));
	set_config(self, "pools { a { addrs = 10.3.0.1-10.3.0.4 } }");
	EXPECT_EQ(4, come_and_go(self, "y", 4));
}

TEST_F(pools, what_another_pool_had_lent_is_lent_when_that_one_is_gone)
{
	struct cfg_request *x;

	/* b has the lower half of a, which passes it over. */
	set_config(self, "pools { b { addrs = 10.3.0.1-10.3.0.4 } }");
	EXPECT_EQ(4, come_and_go(self, "x", 4));
	x = ask(self, "x1", "0.0.0.0", NULL);
	EXPECT_STREQ("10.3.0.2", got(x, 0));
	set_config(self, "pools { a { addrs = 10.3.0.1-10.3.0.8 }\n"
			 " b { addrs = 10.3.0.1-10.3.0.4 } }");
	EXPECT_EQ(7, come_and_go(self, "y", 7));
	EXPECT_POOL("b", 1, 3);
	set_config(self, "pools { a { addrs = 10.3.0.1-10.3.0.8 } }");
	/* One that is held comes home, whether or not the pool itself has changed. */
	EXPECT_POOL("a", 1, 7);
	release(self, x);
	EXPECT_POOL("a", 0, 8);
	EXPECT_EQ(8, come_and_go(self, "z", 8));
}

TEST_F(pools, an_address_released_twice_is_not_lent_twice)
{
	struct cfg_request *x, *copy;

	set_config(self, "pools { a { addrs = 10.3.0.0/24 } }");
	x = ask(self, "x", "0.0.0.0", NULL);
	copy = cfg_request_new(CFG_RELEASE, self->conn);
	copy->identity = x->identity;
	copy->n_addrs = 1;
	copy->addrs[0] = x->addrs[0];
	release(self, x);
	release(self, copy);
	EXPECT_POOL("a", 0, 1);
}

TEST_F(pools, what_is_remembered_of_those_who_left_has_a_limit)
{
	struct pool *pool;

	set_config(self, "pools { a { addrs = 10.0.0.0/8 } }");
	pool = (struct pool *)pools_find(self->pools, "a");
	pool->offline_max = 3;
	for (unsigned i = 0; i < 100; i++) {
		char id[20];

		snprintf(id, sizeof(id), "client%u", i);
		release(self, ask(self, id, "0.0.0.0", NULL));
	}
	EXPECT_EQ(3, pool->n_offline);
	EXPECT_EQ(3, pool->next);
}

TEST_F(pools, a_million_identities_cost_memory_for_what_is_lent_only)
{
	enum { N = 1000000 };
	struct cfg_request *req = NULL;
	size_t before, octets;
	struct mallinfo2 m;

	set_config(self, "pools { a { addrs = 10.0.0.0/8 }\n b { addrs = 2001:db8::/48 } }");
	m = mallinfo2();
	before = m.uordblks + m.hblkhd;
	for (unsigned i = 0; i < N; i++) {
		char id[20];

		snprintf(id, sizeof(id), "client%u", i);
		req = ask(self, id, i % 2 ? "::" : "0.0.0.0", NULL);
		ASSERT_TRUE(cfg_request_has_address(req));
		cfg_request_free(req); /* it is never released */
	}
	m = mallinfo2();
	octets = m.uordblks + m.hblkhd - before;
	EXPECT_POOL("a", N / 2, 0);
	EXPECT_POOL("b", N / 2, 0);
	EXPECT_LT(octets / N, 200) TH_LOG("%zu octets a lease", octets / N);
	/* The first one comes back. */
	req = ask(self, "client2", "10.0.0.2", NULL);
	EXPECT_STREQ("10.0.0.2", got(req, 0));
	release(self, req);
}

TEST_F(pools, a_v6_pool_counts_beyond_64_bits)
{
	const struct pool *pool;
	struct cfg_request *x;

	set_config(self, "pools { a { addrs = 2001:db8::/32 }\n"
			 " b { addrs = 10.255.255.254-11.0.0.1 }\n"
			 " c { addrs = fd00::fffe-fd00::1:0 } }");
	EXPECT_EQ(UINT64_MAX, pools_find(self->pools, "a")->size);
	EXPECT_EQ(4, pools_find(self->pools, "b")->size);
	pool = pools_find(self->pools, "c");
	EXPECT_EQ(3, pool->size);
	x = ask(self, "x", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", NULL);
	EXPECT_STREQ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", got(x, 0));
	release(self, x);
	x = ask(self, "y", "0.0.0.0", "0.0.0.0");
	EXPECT_STREQ("10.255.255.254", got(x, 0));
	EXPECT_STREQ("10.255.255.255", got(x, 1));
	release(self, x);
}

/* -------- the dispatcher with a provider that takes its time -------- */

struct slow {
	struct cfg_provider provider;
	struct list waiting;
	unsigned released;
};

static bool slow_has(struct cfg_provider *p, const char *name)
{
	return strcmp(name, "c") == 0;
}

static void slow_wait(struct cfg_provider *p, struct cfg_request *req)
{
	list_append(&container_of(p, struct slow, provider)->waiting, &req->link);
}

static void slow_release(struct cfg_provider *p, const struct cfg_request *req)
{
	container_of(p, struct slow, provider)->released++;
}

static void slow_free(struct cfg_provider *p)
{
	struct slow *slow = container_of(p, struct slow, provider);
	struct cfg_request *req, *next;

	list_for_each_safe(req, next, &slow->waiting, link) {
		list_remove(&req->link);
		req->err = -ECANCELED;
		cfg_provider_done(req);
	}
}

static const struct cfg_provider_ops slow_ops = {
	.name = "slow",
	.has = slow_has,
	.acquire = slow_wait,
	.renew = slow_wait,
	.release = slow_release,
	.free = slow_free,
};

TEST_F(pools, what_the_pools_lack_another_provider_may_give_later)
{
	struct slow slow = { .provider.ops = &slow_ops };
	struct cfg_request *x, *y;

	list_init(&slow.waiting);
	cfg_add_provider_take(self->cfg, &slow.provider);
	set_config(self, "pools { a { addrs = 10.3.0.0/24 } }");
	x = ask(self, "x", "0.0.0.0", "::");
	EXPECT_EQ(0, self->completed);
	ASSERT_EQ(x, list_first(&slow.waiting, struct cfg_request, link));
	list_remove(&x->link);
	netaddr_parse("2001:db8::7", 0, &x->addrs[1].addr);
	x->addrs[1].provider = &slow.provider;
	x->failure = NULL;
	cfg_provider_done(x);
	EXPECT_EQ(1, self->completed);
	/* The renewal concerns the one that lends for a time. */
	self->completed = 0;
	x->type = CFG_RENEW;
	cfg_submit(self->cfg, x);
	EXPECT_EQ(0, self->completed);
	list_remove(&x->link);
	x->lifetime = DURATION_S(60);
	cfg_provider_done(x);
	EXPECT_EQ(1, self->completed);
	/* Nothing for it to do: it isn't asked, and has nothing to take back. */
	y = ask(self, "y", "0.0.0.0", NULL);
	EXPECT_EQ(1, self->completed);
	release(self, y);
	EXPECT_EQ(0, slow.released);
	release(self, x);
	EXPECT_EQ(1, slow.released);
	EXPECT_POOL("a", 0, 2);
	/* At the end whoever still waits is told. */
	y = ask(self, "z", "0.0.0.0", "::");
	EXPECT_EQ(0, self->completed);
	self->cfg = cfg_free(self->cfg);
	EXPECT_EQ(1, self->completed);
	EXPECT_EQ(-ECANCELED, y->err);
	cfg_request_free(y);
}

TEST_HARNESS_MAIN
