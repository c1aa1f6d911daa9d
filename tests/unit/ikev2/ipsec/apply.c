/* SPDX-License-Identifier: MIT */
/*
 * Requests against a fake kernel: the stack of policies against a model, and batches of which every
 * single message or allocation fails once. The fake works only while it is asked, so the tests look
 * at its tables in between.
 */
#include <kselftest_harness.h>

#include "../../pdk/leaks.h"
#include "fake_xfrm.h"
#include "ikev2/codec/ikev2.h"
#include "ikev2/ipsec/xfrm_apply.h"
#include "ikev2/ipsec/xfrm_sweep.h"
#include "pdk/base/random.h"

#define REQID (IPSEC_REQID_BASE + 100)

/* -------- allocations that fail (--wrap, see meson.build) -------- */

static __thread int countdown; /* of this thread alone: the fake has memory enough */
static __thread bool fired;

static bool fails(void)
{
	if (countdown == 0 || --countdown != 0)
		return false;
	fired = true;
	return true;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

/* -------- set-up -------- */

struct observed {
	unsigned added, removed;
};

static void on_added(const struct ipsec_sa *sa, void *data)
{
	((struct observed *)data)->added++;
}

static void on_removed(const struct netaddr *dst, uint32_t spi, void *data)
{
	((struct observed *)data)->removed++;
}

FIXTURE(apply)
{
	struct fake_xfrm fake;
	struct xfrm_kernel k;
	struct observed observed;
	struct ipsec_sa_observer observer;
};

FIXTURE_SETUP(apply)
{
	memset(self, 0, sizeof(*self));
	self->k.socket = fake_start(&self->fake.kernel, fake_xfrm_handle, &self->fake);
	ASSERT_NE(NULL, self->k.socket);
	self->observer = (struct ipsec_sa_observer){ on_added, on_removed, &self->observed };
	self->k.observer = &self->observer;
	xfrm_spd_init(&self->k.spd);
}

FIXTURE_TEARDOWN(apply)
{
	fake_stop(&self->fake.kernel, self->k.socket);
	xfrm_spd_fini(&self->k.spd);
	EXPECT_NO_LEAKS();
}

static struct netaddr addr(const char *text)
{
	struct netaddr a = NETADDR_NONE;

	netaddr_parse(text, 0, &a);
	return a;
}

static struct ts_list one(const char *prefix)
{
	struct netaddr net = NETADDR_NONE;
	unsigned len = 0;

	netaddr_parse_prefix(prefix, &net, &len);
	return (struct ts_list){ .n = 1, .v = { ts_from_prefix(&net, len, 0, 0, 65535) } };
}

static struct ipsec_op policy(enum ipsec_op_type type, uint64_t owner, unsigned net, uint32_t reqid)
{
	struct ipsec_op op = { .type = type };
	char remote[32];

	snprintf(remote, sizeof(remote), "10.2.%u.0/24", net);
	op.spd.owner = owner;
	op.spd.policy.local = one("10.1.0.0/16");
	op.spd.policy.remote = one(remote);
	op.spd.policy.local_addr = addr("192.0.2.1");
	op.spd.policy.remote_addr = addr("192.0.2.2");
	op.spd.policy.reqid = reqid;
	return op;
}

static struct ipsec_op sa(enum ipsec_op_type type, uint32_t spi)
{
	struct ipsec_op op = { .type = type };

	op.sa.spi = spi;
	op.sa.src = netaddr_with_port(addr("192.0.2.1"), 4500);
	op.sa.dst = netaddr_with_port(addr("192.0.2.2"), 4500);
	op.sa.udp_encap = true;
	op.sa.reqid = REQID;
	op.sa.encr = IKE_ENCR_AES_GCM_16;
	op.sa.encr_bits = 128;
	op.sa.encr_key_len = 20;
	return op;
}

static char error_text[160]; /* of the last request */

static int apply_one(struct xfrm_kernel *k, struct ipsec_op op)
{
	struct ipsec_request *req = ipsec_request_new(1);
	int err;

	req->ops[0] = op;
	xfrm_apply(k, req);
	err = req->err ? req->err : req->ops[0].err;
	memcpy(error_text, req->error_text, sizeof(error_text));
	ipsec_request_free(req);
	return err;
}

static bool has_policy(const struct fake_tables *t, const struct fake_policy *p)
{
	for (size_t i = 0; i < t->n_policies; i++)
		if (fake_same_key(&t->policies[i].key, &p->key) && t->policies[i].reqid == p->reqid)
			return true;
	return false;
}

static bool tables_equal(const struct fake_tables *a, const struct fake_tables *b)
{
	if (a->n_sas != b->n_sas || a->n_policies != b->n_policies)
		return false;
	for (size_t i = 0; i < a->n_policies; i++)
		if (!has_policy(b, &a->policies[i]))
			return false;
	for (size_t i = 0; i < a->n_sas; i++) {
		struct fake_sa *other = fake_find_sa((struct fake_tables *)b, a->sas[i].spi);

		if (!other || other->sport != a->sas[i].sport ||
		    other->dst.port != a->sas[i].dst.port)
			return false;
	}
	return true;
}

/* -------- policies -------- */

#define NETS    5
#define OWNERS  4
#define DEEPEST 64

TEST_F(apply, the_kernel_always_holds_the_newest_of_the_additions_that_are_left)
{
	struct {
		size_t n;
		uint64_t owner[DEEPEST];
		uint32_t reqid[DEEPEST];
	} model[NETS] = { 0 };

	for (int round = 0; round < 3000; round++) {
		unsigned net = random_below(NETS);
		uint64_t owner = 1 + random_below(OWNERS);
		uint32_t reqid = REQID + (uint32_t)round;
		size_t tops = 0;

		if (random_below(2) && model[net].n < DEEPEST) {
			ASSERT_EQ(0,
				  apply_one(&self->k, policy(IPSEC_POLICY_ADD, owner, net, reqid)));
			model[net].owner[model[net].n] = owner;
			model[net].reqid[model[net].n++] = reqid;
		} else {
			ASSERT_EQ(0, apply_one(&self->k,
					       policy(IPSEC_POLICY_DELETE, owner, net, reqid)));
			for (size_t i = model[net].n; i-- > 0;) {
				if (model[net].owner[i] != owner)
					continue;
				for (size_t j = i + 1; j < model[net].n; j++) {
					model[net].owner[j - 1] = model[net].owner[j];
					model[net].reqid[j - 1] = model[net].reqid[j];
				}
				model[net].n--;
				break;
			}
		}
		for (unsigned i = 0; i < NETS; i++) {
			tops += model[i].n > 0;
			for (size_t j = 0; j < self->fake.t.n_policies && model[i].n > 0; j++) {
				struct fake_policy *p = &self->fake.t.policies[j];
				const xfrm_address_t *far = p->key.dir == XFRM_POLICY_OUT
								    ? &p->key.sel.daddr
								    : &p->key.sel.saddr;

				if (far->a4 == htonl(0x0a020000 + (i << 8)))
					ASSERT_EQ(model[i].reqid[model[i].n - 1], p->reqid);
			}
		}
		ASSERT_EQ(3 * tops, self->fake.t.n_policies);
	}
}

TEST_F(apply, an_addition_that_somebody_else_stands_in_the_way_of_disturbs_nothing)
{
	struct fake_tables before;

	ASSERT_EQ(0, apply_one(&self->k, policy(IPSEC_POLICY_ADD, 1, 0, REQID)));
	/* As if it were foreign: the table forgets it. */
	xfrm_spd_fini(&self->k.spd);
	xfrm_spd_init(&self->k.spd);
	before = self->fake.t;
	EXPECT_EQ(-EEXIST, apply_one(&self->k, policy(IPSEC_POLICY_ADD, 2, 0, REQID + 1)));
	EXPECT_TRUE(tables_equal(&before, &self->fake.t));
	EXPECT_EQ(0, self->k.spd.n_additions);
}

TEST_F(apply, the_same_selector_twice_in_a_batch_does_not_replace_somebody_elses)
{
	struct ipsec_request *req = ipsec_request_new(2);
	struct fake_tables before;

	ASSERT_EQ(0, apply_one(&self->k, policy(IPSEC_POLICY_ADD, 1, 0, REQID)));
	xfrm_spd_fini(&self->k.spd);
	xfrm_spd_init(&self->k.spd);
	before = self->fake.t;
	req->ops[0] = policy(IPSEC_POLICY_ADD, 2, 0, REQID + 1);
	req->ops[1] = policy(IPSEC_POLICY_ADD, 3, 0, REQID + 2);
	xfrm_apply(&self->k, req);
	EXPECT_EQ(-EEXIST, req->err);
	EXPECT_TRUE(tables_equal(&before, &self->fake.t));
	EXPECT_EQ(0, self->k.spd.n_additions);
	ipsec_request_free(req);
}

TEST_F(apply, a_selector_that_stands_twice_in_a_policy_is_added_and_deleted_twice)
{
	struct ipsec_op op = policy(IPSEC_POLICY_ADD, 1, 0, REQID);

	op.spd.policy.remote.v[op.spd.policy.remote.n++] = op.spd.policy.remote.v[0];
	ASSERT_EQ(0, apply_one(&self->k, op));
	EXPECT_EQ(3, self->fake.t.n_policies);
	EXPECT_EQ(6, self->k.spd.n_additions);
	op.type = IPSEC_POLICY_DELETE;
	ASSERT_EQ(0, apply_one(&self->k, op));
	EXPECT_EQ(0, self->fake.t.n_policies);
	EXPECT_EQ(0, self->k.spd.n_additions);
}

TEST_F(apply, what_a_policy_cannot_be_is_refused)
{
	struct ipsec_op op = policy(IPSEC_POLICY_ADD, 1, 0, 0); /* no reqid */

	EXPECT_EQ(-EINVAL, apply_one(&self->k, op));
	op = policy(IPSEC_POLICY_ADD, 1, 0, REQID);
	op.spd.policy.remote_addr = addr("fd00::1");
	EXPECT_EQ(-EINVAL, apply_one(&self->k, op));
	op = policy(IPSEC_POLICY_ADD, 1, 0, REQID);
	op.spd.policy.remote.v[0].protocol = IPPROTO_ICMP;
	op.spd.policy.remote.v[0].port_first = 65535; /* OPAQUE */
	op.spd.policy.remote.v[0].port_last = 0;
	EXPECT_EQ(-EOPNOTSUPP, apply_one(&self->k, op));
	op = policy(IPSEC_POLICY_ADD, 1, 0, REQID);
	op.spd.policy.remote.n = 0;
	EXPECT_EQ(-EINVAL, apply_one(&self->k, op));
	EXPECT_EQ(0, self->fake.t.n_policies);
	EXPECT_EQ(0, self->k.spd.n_additions);
}

/* -------- whole or not at all -------- */

#define MIXED_OPS 6

/* Additions and updates of all kinds, beside what is there already. */
static struct ipsec_request *mixed(void)
{
	struct ipsec_request *req = ipsec_request_new(MIXED_OPS);

	req->ops[0] = policy(IPSEC_POLICY_ADD, 2, 0, REQID + 1); /* on top of another */
	req->ops[1] = sa(IPSEC_SA_ADD, 0x2001);
	req->ops[2] = sa(IPSEC_SA_UPDATE, 0x1000);
	req->ops[2].sa.dst.port = 5555;
	req->ops[3] = policy(IPSEC_POLICY_ADD, 2, 1, REQID + 1); /* a new one */
	req->ops[4] = sa(IPSEC_SA_ADD, 0x2002);
	req->ops[5] = policy(IPSEC_POLICY_ADD, 2, 0, REQID + 2); /* on top of its own */
	return req;
}

static void before_mixed(struct xfrm_kernel *k)
{
	apply_one(k, policy(IPSEC_POLICY_ADD, 1, 0, REQID));
	apply_one(k, sa(IPSEC_SA_ADD, 0x1000));
}

TEST_F(apply, a_batch_succeeds_whole)
{
	struct ipsec_request *req = mixed();

	before_mixed(&self->k);
	xfrm_apply(&self->k, req);
	EXPECT_EQ(0, req->err);
	for (size_t i = 0; i < MIXED_OPS; i++)
		EXPECT_EQ(0, req->ops[i].err);
	EXPECT_EQ(3, self->fake.t.n_sas);
	EXPECT_EQ(6, self->fake.t.n_policies);
	EXPECT_EQ(5555, fake_find_sa(&self->fake.t, 0x1000)->dst.port);
	EXPECT_EQ(3, self->observed.added);
	EXPECT_EQ(0, self->observed.removed);
	ipsec_request_free(req);
}

TEST_F(apply, whichever_message_the_kernel_refuses_nothing_of_the_batch_stays)
{
	struct fake_tables before;
	unsigned n;

	before_mixed(&self->k);
	before = self->fake.t;
	for (n = 1; n < 100; n++) {
		struct ipsec_request *req = mixed();
		unsigned failed = 0;
		int err;

		self->observed = (struct observed){ 0 };
		self->fake.refuse = n;
		xfrm_apply(&self->k, req);
		err = req->err;
		if (err == 0) {
			ipsec_request_free(req);
			break;
		}
		EXPECT_EQ(-EBUSY, err);
		EXPECT_STREQ("refused by the test", req->error_text);
		for (size_t i = 0; i < MIXED_OPS; i++) {
			failed += req->ops[i].err == -EBUSY;
			EXPECT_TRUE(req->ops[i].err == -EBUSY || req->ops[i].err == -ECANCELED);
		}
		EXPECT_EQ(1, failed);
		ASSERT_TRUE(tables_equal(&before, &self->fake.t));
		EXPECT_EQ(3, self->k.spd.n_additions);
		EXPECT_EQ(2, self->observed.added);
		EXPECT_EQ(2, self->observed.removed);
		ipsec_request_free(req);
	}
	EXPECT_EQ(13, n); /* 12 messages, each of which has failed */
}

TEST_F(apply, whichever_allocation_fails_nothing_of_the_batch_stays)
{
	struct fake_tables before;
	unsigned n;

	before_mixed(&self->k);
	before = self->fake.t;
	for (n = 1; n < 1000; n++) {
		struct ipsec_request *req = mixed();

		fired = false;
		countdown = (int)n;
		xfrm_apply(&self->k, req);
		countdown = 0;
		if (!fired) {
			EXPECT_EQ(0, req->err);
			ipsec_request_free(req);
			break;
		}
		EXPECT_EQ(-ENOMEM, req->err);
		ASSERT_TRUE(tables_equal(&before, &self->fake.t));
		EXPECT_EQ(3, self->k.spd.n_additions);
		ipsec_request_free(req);
	}
	EXPECT_LT(10, n);
	EXPECT_GT(1000, n);
}

TEST_F(apply, a_broken_connection_fails_the_batch_and_leaves_no_policy_in_the_table)
{
	struct ipsec_request *req = mixed();

	self->fake.hang_up = 4;
	xfrm_apply(&self->k, req);
	EXPECT_GT(0, req->err);
	for (size_t i = 0; i < MIXED_OPS; i++)
		EXPECT_GT(0, req->ops[i].err);
	EXPECT_EQ(0, self->k.spd.n_additions);
	EXPECT_EQ(self->observed.added, self->observed.removed);
	ipsec_request_free(req);
}

TEST_F(apply, operations_are_carried_out_in_their_order_until_one_fails)
{
	struct ipsec_request *req = ipsec_request_new(4);

	ASSERT_EQ(0, apply_one(&self->k, sa(IPSEC_SA_ADD, 0x1000)));
	ASSERT_EQ(0, apply_one(&self->k, sa(IPSEC_SA_ADD, 0x1001)));
	req->ops[0] = sa(IPSEC_SA_DELETE, 0x1000);
	req->ops[1] = sa(IPSEC_SA_ADD, 0x1000); /* possible because of the first */
	req->ops[2] = sa(IPSEC_SA_ADD, 0x1001); /* is taken */
	req->ops[3] = sa(IPSEC_SA_DELETE, 0x1001);
	xfrm_apply(&self->k, req);
	EXPECT_EQ(-EEXIST, req->err);
	EXPECT_EQ(0, req->ops[0].err);
	EXPECT_EQ(-ECANCELED, req->ops[1].err);
	EXPECT_EQ(-EEXIST, req->ops[2].err);
	EXPECT_EQ(-ECANCELED, req->ops[3].err);
	EXPECT_EQ(NULL, fake_find_sa(&self->fake.t, 0x1000));
	EXPECT_NE(NULL, fake_find_sa(&self->fake.t, 0x1001));
	ipsec_request_free(req);
}

TEST_F(apply, deletes_and_queries_that_fail_stop_nothing)
{
	struct ipsec_request *req = ipsec_request_new(5);

	ASSERT_EQ(0, apply_one(&self->k, sa(IPSEC_SA_ADD, 0x1001)));
	req->ops[0] = sa(IPSEC_SA_DELETE, 0x1000); /* gone */
	req->ops[1] = sa(IPSEC_SA_QUERY, 0x1000);  /* gone */
	req->ops[2] = sa(IPSEC_SA_QUERY, 0x1001);
	req->ops[3] = sa(IPSEC_SA_DELETE, 0x1001);
	req->ops[4] = policy(IPSEC_POLICY_DELETE, 1, 0, REQID); /* never was */
	xfrm_apply(&self->k, req);
	EXPECT_EQ(0, req->err);
	EXPECT_EQ(0, req->ops[0].err);
	EXPECT_EQ(-ESRCH, req->ops[1].err);
	EXPECT_EQ(0, req->ops[1].usage.packets);
	EXPECT_EQ(0, req->ops[2].err);
	EXPECT_EQ(10, req->ops[2].usage.packets);
	EXPECT_EQ(1000, req->ops[2].usage.bytes);
	EXPECT_EQ(0, req->ops[3].err);
	EXPECT_EQ(0, req->ops[4].err);
	EXPECT_EQ(0, self->fake.t.n_sas);
	EXPECT_EQ(2, self->observed.removed);
	ipsec_request_free(req);
}

TEST_F(apply, a_run_of_changes_is_one_datagram)
{
	struct ipsec_request *req = ipsec_request_new(3);

	req->ops[0] = sa(IPSEC_SA_ADD, 0x1000);
	req->ops[1] = sa(IPSEC_SA_ADD, 0x1001);
	req->ops[2] = policy(IPSEC_POLICY_ADD, 1, 0, REQID);
	xfrm_apply(&self->k, req);
	EXPECT_EQ(0, req->err);
	EXPECT_EQ(1, self->fake.kernel.datagrams);
	EXPECT_EQ(5, self->fake.kernel.messages);
	ipsec_request_free(req);
}

/* -------- offloading -------- */

/* The kernel here goes on in software, and doesn't say so. */
TEST_F(apply, what_has_to_be_offloaded_is_not_installed_where_it_is_not)
{
	struct ipsec_op op = sa(IPSEC_SA_ADD, 0x1000);

	op.sa.dst = addr("127.0.0.1");
	for (op.sa.offload = IPSEC_OFFLOAD_CRYPTO; op.sa.offload <= IPSEC_OFFLOAD_PACKET;
	     op.sa.offload++) {
		EXPECT_EQ(-EOPNOTSUPP, apply_one(&self->k, op));
		EXPECT_EQ(0, self->fake.t.n_sas);
		EXPECT_NE(NULL, strstr(error_text, "lo does not offload ESP"));
	}
	op.sa.offload = IPSEC_OFFLOAD_AUTO;
	EXPECT_EQ(0, apply_one(&self->k, op));
	EXPECT_EQ(1, self->fake.t.n_sas);
}

TEST_F(apply, what_the_device_refuses_goes_on_without_if_it_may)
{
	struct ipsec_op op = sa(IPSEC_SA_ADD, 0x1000);

	op.sa.dst = addr("127.0.0.1");
	op.sa.offload = IPSEC_OFFLOAD_AUTO;
	self->fake.refuse = 1;
	EXPECT_EQ(0, apply_one(&self->k, op));
	EXPECT_EQ(1, self->fake.t.n_sas);
}

TEST_F(apply, no_device_has_the_address)
{
	struct ipsec_op op = sa(IPSEC_SA_ADD, 0x1000);

	op.sa.dst = addr("203.0.113.77");
	op.sa.offload = IPSEC_OFFLOAD_CRYPTO;
	EXPECT_EQ(-ENODEV, apply_one(&self->k, op));
	EXPECT_NE(NULL, strstr(error_text, "203.0.113.77"));
	op.sa.offload = IPSEC_OFFLOAD_AUTO;
	EXPECT_EQ(0, apply_one(&self->k, op));
}

/* -------- sweeping -------- */

TEST_F(apply, a_sweep_takes_ours_and_leaves_others_also_when_the_tables_change_under_way)
{
	struct xfrm_swept swept;

	for (uint32_t i = 0; i < 5; i++) {
		ASSERT_EQ(0, apply_one(&self->k, sa(IPSEC_SA_ADD, 0x1000 + i)));
		ASSERT_EQ(0, apply_one(&self->k, policy(IPSEC_POLICY_ADD, 1, i, REQID)));
	}
	self->fake.t.sas[2].reqid = 3;
	self->fake.t.sas[2].lft.hard_use_expires_seconds = 1;
	self->fake.t.policies[4].reqid = IPSEC_REQID_BASE + IPSEC_REQID_COUNT;
	self->fake.interrupt_dumps = 3;
	EXPECT_EQ(0, xfrm_sweep(&self->k, &swept));
	EXPECT_EQ(4, swept.sas);
	EXPECT_EQ(14, swept.policies);
	EXPECT_EQ(1, self->fake.t.n_sas);
	EXPECT_EQ(3, self->fake.t.sas[0].reqid);
	EXPECT_EQ(1, self->fake.t.n_policies);
	EXPECT_EQ(4, self->observed.removed);
}

/* What the administrator makes with the same reqid is not ours. */
TEST_F(apply, a_sweep_takes_ours_of_a_reqid_that_is_fixed)
{
	struct ipsec_op add = sa(IPSEC_SA_ADD, 0x1000), other = sa(IPSEC_SA_ADD, 0x2000);
	struct xfrm_swept swept;

	add.sa.reqid = other.sa.reqid = 42;
	ASSERT_EQ(0, apply_one(&self->k, add));
	ASSERT_EQ(0, apply_one(&self->k, other));
	self->fake.t.sas[1].lft.hard_use_expires_seconds = 0;
	EXPECT_EQ(0, xfrm_sweep(&self->k, &swept));
	EXPECT_EQ(1, swept.sas);
	ASSERT_EQ(1, self->fake.t.n_sas);
	EXPECT_EQ(0x2000, self->fake.t.sas[0].spi);
}

TEST_HARNESS_MAIN
