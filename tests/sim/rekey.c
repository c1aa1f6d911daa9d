/* SPDX-License-Identifier: MIT */
/*
 * New keys for Child SAs and IKE SAs (RFC 7296 1.3, 2.8, 2.25): nothing is lost on the way, both
 * sides agree afterwards, and nothing of the old remains.
 */
#include <stdio.h>
#include <stdlib.h>
#include <kselftest_harness.h>

#include "ikev2/policy/connection.h"
#include "ikev2/policy/proposal_match.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/describe.h"
#include "ikev2/sa/ike_sa.h"
#include "pair.h"
#include "sim_random.h"

/* Until what was replaced has left the kernel. */
#define CALM DURATION_S(10)

FIXTURE(rekey)
{
	struct sim sim;
	bool begun;
};

FIXTURE_SETUP(rekey)
{
	log_add_sink(log_stderr_sink, NULL);
}

FIXTURE_TEARDOWN(rekey)
{
	if (self->begun)
		sim_fini(&self->sim);
}

static bool up(FIXTURE_DATA(rekey) * self, const char *child, const char *connection)
{
	const struct pair_options o = {
		.child = child,
		.connection = connection,
		.children = "pfs { local_ts = dynamic\n remote_ts = dynamic\n"
			    " esp_proposals = aes128gcm16-x25519, aes128gcm16-ecp256 }",
	};

	pair_init(&self->sim, &o, &o);
	self->begun = true;
	if (!pair_up(&self->sim))
		return false;
	self->sim.watch_traffic = true;
	return true;
}

static struct child_sa *only_child(struct sim *sim, unsigned i)
{
	struct ike_sa *sa = sim_only_sa(&sim->peers[i]);

	return sa ? list_first(&sa->children, struct child_sa, link) : NULL;
}

#define EXPECT_AGREEMENT()                                                                         \
	do {                                                                                       \
		const char *_wrong = sim_agreement(&self->sim);                                    \
		EXPECT_EQ(NULL, _wrong)                                                            \
		{                                                                                  \
			TH_LOG("%s", _wrong);                                                      \
		}                                                                                  \
		EXPECT_EQ(0, self->sim.black_holes)                                                \
		{                                                                                  \
			TH_LOG("%s", self->sim.black_hole);                                        \
		}                                                                                  \
	} while (0)

TEST_F(rekey, a_child_sa_by_either_side)
{
	for (unsigned i = 0; i < 2; i++) {
		uint32_t reqid, id;

		ASSERT_TRUE(self->begun || up(self, "", ""));
		reqid = only_child(&self->sim, 0)->reqid;
		id = only_child(&self->sim, 0)->unique_id;
		EXPECT_EQ(1, sim_rekey_child(&self->sim, i, "net"));
		/* Once more while it is being done: nothing to do. */
		EXPECT_EQ(0, sim_rekey_child(&self->sim, i, "net"));
		pair_wait(&self->sim, CALM);
		EXPECT_AGREEMENT();
		EXPECT_EQ(reqid, only_child(&self->sim, 0)->reqid);
		EXPECT_NE(id, only_child(&self->sim, 0)->unique_id);
		EXPECT_EQ(id, self->sim.peers[0].replaced);
		EXPECT_EQ(only_child(&self->sim, 0)->unique_id, self->sim.peers[0].successor);
		for (unsigned j = 0; j < 2; j++) {
			EXPECT_EQ(i + 1, self->sim.peers[j].child_rekeys);
			EXPECT_EQ(1, self->sim.peers[j].child_ups);
			EXPECT_EQ(0, self->sim.peers[j].child_downs);
		}
	}
}

TEST_F(rekey, an_ike_sa_by_either_side)
{
	for (unsigned i = 0; i < 2; i++) {
		uint32_t id, ike_id;

		ASSERT_TRUE(self->begun || up(self, "", ""));
		id = only_child(&self->sim, 0)->unique_id;
		ike_id = sim_only_sa(&self->sim.peers[0])->unique_id;
		EXPECT_EQ(1, sim_rekey_ike(&self->sim, i));
		pair_wait(&self->sim, CALM);
		EXPECT_AGREEMENT();
		EXPECT_EQ(id, only_child(&self->sim, 0)->unique_id);
		EXPECT_EQ(ike_id, self->sim.peers[0].replaced);
		EXPECT_EQ(sim_only_sa(&self->sim.peers[0])->unique_id,
			  self->sim.peers[0].successor);
		/* Who rekeyed it is the new one's original initiator (1.3.2). */
		EXPECT_EQ(i == 0, sim_only_sa(&self->sim.peers[0])->initiator);
		for (unsigned j = 0; j < 2; j++) {
			EXPECT_EQ(i + 1, self->sim.peers[j].rekeys);
			EXPECT_EQ(1, self->sim.peers[j].ups);
			EXPECT_EQ(0, self->sim.peers[j].downs);
		}
	}
	/* And the new one works. */
	EXPECT_EQ(1, sim_rekey_child(&self->sim, 1, "net"));
	pair_wait(&self->sim, CALM);
	EXPECT_AGREEMENT();
}

static void initiate(struct sim *sim, unsigned i, const char *child)
{
	struct sim_peer *peer = &sim->peers[i];
	const struct connection *conn = peer->config->connections[0];

	sim->watch_traffic = false;
	ike_input_initiate(peer->core, sim->now, conn, connection_child(conn, child), &peer->addr,
			   &sim->peers[!i].addr, NULL, 1);
	sim_run_results(sim, i, peer->results + 1, DURATION_S(10));
	pair_wait(sim, DURATION_S(1));
	sim->watch_traffic = true;
}

TEST_F(rekey, another_child_sa_shares_the_ike_sa_and_has_its_own_key_exchange)
{
	struct child_sa *pfs;

	ASSERT_TRUE(up(self, "", ""));
	initiate(&self->sim, 1, "pfs");
	EXPECT_EQ(1, self->sim.peers[0].core->n_sas);
	EXPECT_EQ(2, self->sim.peers[0].core->n_children);
	EXPECT_AGREEMENT();
	pfs = list_last(&sim_only_sa(&self->sim.peers[0])->children, struct child_sa, link);
	EXPECT_EQ(IKE_KE_CURVE_25519, proposal_id(&pfs->proposal, IKE_TRANSFORM_KE));
	EXPECT_EQ(1, sim_rekey_child(&self->sim, 0, "pfs"));
	EXPECT_EQ(1, sim_rekey_ike(&self->sim, 0));
	pair_wait(&self->sim, CALM);
	EXPECT_AGREEMENT();
	EXPECT_EQ(2, self->sim.peers[1].core->n_children);
	EXPECT_EQ(1, self->sim.peers[1].child_rekeys);
	EXPECT_EQ(1, self->sim.peers[1].rekeys);
}

TEST_F(rekey, lifetimes_bring_new_keys_in_time)
{
	ASSERT_TRUE(up(self, "rekey_time = 60s\n life_time = 90s\n rand_time = 10s",
		       "rekey_time = 300s"));
	pair_wait(&self->sim, DURATION_S(3600));
	/* It may be in the middle of something. */
	for (unsigned i = 0; i < 100 && sim_agreement(&self->sim); i++)
		pair_wait(&self->sim, DURATION_MS(100));
	EXPECT_AGREEMENT();
	for (unsigned i = 0; i < 2; i++) {
		EXPECT_LE(60, self->sim.peers[i].child_rekeys);
		EXPECT_GE(75, self->sim.peers[i].child_rekeys);
		EXPECT_LE(11, self->sim.peers[i].rekeys);
		EXPECT_GE(16, self->sim.peers[i].rekeys);
		EXPECT_EQ(0, self->sim.peers[i].child_downs);
		EXPECT_EQ(0, self->sim.peers[i].downs);
	}
}

/* What list-sas shows of the IKE SA of peer i. */
static struct ike_sa_info *listed(FIXTURE_DATA(rekey) * self, unsigned i)
{
	self->sim.peers[i].core->now = self->sim.now;
	return ike_sa_describe(sim_only_sa(&self->sim.peers[i]), NULL);
}

TEST_F(rekey, lifetimes_and_what_was_replaced_are_listed)
{
	static const char *const by_state[] = { "DELETED", "INSTALLED" };
	struct ike_sa_info *info;

	ASSERT_TRUE(up(self, "rekey_time = 1h\n rand_time = 5m\n life_time = 2h",
		       "rekey_time = 4h\n rand_time = 0\n over_time = 10m"));
	pair_wait(&self->sim, DURATION_S(60)); /* coming up took a little more than one */
	info = listed(self, 0);
	ASSERT_NE(NULL, info);
	EXPECT_EQ(4 * 3600 - 62, duration_s(info->rekey_in));
	EXPECT_EQ(4 * 3600 + 600 - 62, duration_s(info->lifetime_left));
	EXPECT_GT(0, info->reauth_in.ns);
	ASSERT_EQ(1, info->n_children);
	EXPECT_GE(3600 - 60, duration_s(info->children[0].rekey_in));
	EXPECT_LE(3300 - 62, duration_s(info->children[0].rekey_in));
	EXPECT_EQ(7200 - 61, duration_s(info->children[0].lifetime_left));
	ike_sa_info_free(info);
	EXPECT_EQ(1, sim_rekey_child(&self->sim, 0, "net"));
	info = listed(self, 0);
	EXPECT_STREQ("REKEYING", info->children[0].state);
	EXPECT_GT(0, info->children[0].rekey_in.ns);
	EXPECT_EQ(61, duration_s(info->children[0].installed));
	ike_sa_info_free(info);
	pair_wait(&self->sim, DURATION_S(2));
	info = listed(self, 0);
	ASSERT_EQ(2, info->n_children);
	for (unsigned i = 0; i < 2; i++)
		EXPECT_STREQ(by_state[i], info->children[i].state);
	EXPECT_EQ(3, duration_s(info->children[0].lifetime_left));
	EXPECT_EQ(63, duration_s(info->children[0].installed));
	ike_sa_info_free(info);
}

TEST_F(rekey, without_lifetimes_none_are_listed)
{
	struct ike_sa_info *info;

	ASSERT_TRUE(up(self, "rekey_time = 0\n life_time = 0", "rekey_time = 0"));
	info = listed(self, 0);
	ASSERT_NE(NULL, info);
	EXPECT_GT(0, info->rekey_in.ns);
	EXPECT_GT(0, info->lifetime_left.ns);
	EXPECT_GT(0, info->children[0].rekey_in.ns);
	EXPECT_GT(0, info->children[0].lifetime_left.ns);
	ike_sa_info_free(info);
}

TEST_F(rekey, a_lifetime_ends_what_cannot_be_rekeyed)
{
	ASSERT_TRUE(up(self, "rekey_time = 0s\n life_time = 60s", ""));
	self->sim.watch_traffic = false;
	pair_wait(&self->sim, DURATION_S(70));
	EXPECT_EQ(0, self->sim.peers[0].core->n_children);
	EXPECT_EQ(0, self->sim.peers[1].core->n_children);
	EXPECT_EQ(0, self->sim.peers[0].kernel.n_sas + self->sim.peers[1].kernel.n_sas);
}

/* Both sides begin within a round trip, on a link that loses. */
static void collide(FIXTURE_DATA(rekey) * self, struct __test_metadata *_metadata, bool ike,
		    unsigned seeds, unsigned loss)
{
	const char *only = getenv("SIM_SEED");

	for (unsigned seed = 1; seed <= seeds; seed++) {
		struct sim *sim = &self->sim;
		const char *wrong;

		if (only && seed != (unsigned)atoi(only))
			continue;
		ASSERT_TRUE(up(self, "", ""));
		if (only)
				sim->random = seed * 0x9e3779b97f4a7c15ull;
		sim_random_seed(sim->random);
		sim->link.loss = sim_random(sim, loss + 1);
		sim->link.duplication = sim_random(sim, loss + 1);
		sim->link.reordering = sim_random(sim, loss + 1);
		sim->link.reordering_delay = DURATION_MS(50);
		if (ike)
			sim_rekey_ike(sim, 0);
		else
			sim_rekey_child(sim, 0, "net");
		pair_wait(sim, DURATION_MS(sim_random(sim, 25)));
		if (ike)
			sim_rekey_ike(sim, 1);
		else
			sim_rekey_child(sim, 1, "net");
		pair_wait(sim, DURATION_S(1200));
		wrong = sim_agreement(sim);
		EXPECT_EQ(NULL, wrong)
		{
			TH_LOG("seed %u: %s", seed, wrong);
		}
		EXPECT_EQ(0, sim->black_holes)
		{
			TH_LOG("seed %u: %s", seed, sim->black_hole);
		}
		EXPECT_EQ(1, sim->peers[0].core->n_sas);
		EXPECT_EQ(1, sim->peers[0].core->n_children);
		for (unsigned i = 0; i < 2; i++)
			EXPECT_EQ(0, sim->peers[i].child_downs + sim->peers[i].downs);
		sim_fini(sim);
		self->begun = false;
	}
}

TEST_F(rekey, both_sides_rekey_the_child_sa_at_once)
{
	collide(self, _metadata, false, 300, 0);
}

TEST_F(rekey, both_sides_rekey_the_child_sa_at_once_on_a_bad_link)
{
	collide(self, _metadata, false, 500, 200);
}

TEST_F(rekey, both_sides_rekey_the_ike_sa_at_once)
{
	collide(self, _metadata, true, 300, 0);
}

TEST_F(rekey, both_sides_rekey_the_ike_sa_at_once_on_a_bad_link)
{
	collide(self, _metadata, true, 500, 200);
}

/* Has every peer one Child SA, which works as if nothing had happened? */
#define EXPECT_ONE_CHILD(id)                                                                       \
	do {                                                                                       \
		EXPECT_AGREEMENT();                                                                \
		for (unsigned _i = 0; _i < 2; _i++) {                                              \
			const struct child_sa *_child = only_child(&self->sim, _i);                \
			ASSERT_NE(NULL, _child);                                                   \
			EXPECT_EQ(1, self->sim.peers[_i].core->n_children);                        \
			EXPECT_EQ(CHILD_INSTALLED, _child->state);                                 \
			EXPECT_TRUE(_child->up);                                                   \
			EXPECT_EQ(0, self->sim.peers[_i].child_downs);                             \
		}                                                                                  \
		(id) = only_child(&self->sim, 0)->unique_id;                                       \
	} while (0)

TEST_F(rekey, a_child_sa_goes_on_when_a_kernel_refuses_the_new_one_and_is_rekeyed_later)
{
	for (unsigned i = 0; i < 2; i++) {
		uint32_t before, after;

		ASSERT_TRUE(up(self, "rekey_time = 1h\n life_time = 70m", ""));
		before = only_child(&self->sim, 0)->unique_id;
		self->sim.peers[i].kernel.refuse = 1;
		EXPECT_EQ(1, sim_rekey_child(&self->sim, 0, "net"));
		pair_wait(&self->sim, DURATION_S(2));
		EXPECT_EQ(0, self->sim.peers[i].kernel.refuse);
		EXPECT_ONE_CHILD(after);
		EXPECT_EQ(before, after);
		pair_wait(&self->sim, DURATION_S(30));
		EXPECT_ONE_CHILD(after);
		EXPECT_NE(before, after);
		/* What goes on ends as it would have. */
		EXPECT_EQ(after, self->sim.peers[0].successor);
		sim_fini(&self->sim);
		self->begun = false;
	}
}

TEST_F(rekey, a_child_sa_goes_on_when_both_rekey_it_and_a_kernel_refuses_a_new_one)
{
	for (unsigned way = 0; way < 2 * 3 * 300; way++) {
		struct sim *sim = &self->sim;
		struct sim_kernel *k;
		unsigned nth = way / 2 % 3, mishaps = way < 2 * 3 * 150 ? 0 : 200, asked;
		const char *wrong;

		ASSERT_TRUE(up(self, "rekey_time = 1h\n life_time = 70m", ""));
		sim->random = (way + 1) * 0x9e3779b97f4a7c15ull;
		sim_random_seed(sim->random);
		k = &sim->peers[way % 2].kernel;
		sim->link.loss = sim_random(sim, mishaps + 1);
		sim->link.duplication = sim_random(sim, mishaps + 1);
		sim->link.reordering = sim_random(sim, mishaps + 1);
		sim->link.reordering_delay = DURATION_MS(50);
		asked = k->asked + nth;
		sim_rekey_child(sim, 0, "net");
		pair_wait(sim, DURATION_MS(sim_random(sim, 25)));
		sim_rekey_child(sim, 1, "net");
		for (unsigned i = 0; i < 1000 && k->asked < asked; i++)
			pair_wait(sim, DURATION_US(100));
		k->refuse = 1;
		k->refuse_whole = true;
		pair_wait(sim, DURATION_S(1200));
		k->refuse = 0;
		wrong = sim_agreement(sim);
		EXPECT_EQ(NULL, wrong)
		{
			TH_LOG("way %u: %s", way, wrong);
		}
		EXPECT_EQ(0, sim->black_holes)
		{
			TH_LOG("way %u: %s", way, sim->black_hole);
		}
		EXPECT_EQ(1, sim->peers[0].core->n_children)
		{
			TH_LOG("way %u", way);
		}
		EXPECT_EQ(0, sim->peers[0].child_downs + sim->peers[1].child_downs)
		{
			TH_LOG("way %u", way);
		}
		sim_fini(sim);
		self->begun = false;
	}
}

TEST_F(rekey, an_ike_sa_that_the_peer_made_at_the_same_time_ends_with_the_one_that_a_user_ends)
{
	struct sim *sim = &self->sim;
	struct ike_filter old = { 0 };

	ASSERT_TRUE(up(self, "", ""));
	old.ike_id = sim_only_sa(&sim->peers[0])->unique_id;
	/* The peer hears nothing of our rekeying, and no more of us after it has begun its own. */
	sim->mishap = (struct sim_mishap){ .nth = 1, .kind = SIM_LOST };
	sim_rekey_ike(sim, 0);
	sim_rekey_ike(sim, 1);
	pair_wait(sim, DURATION_MS(11));
	EXPECT_EQ(3, sim->peers[0].core->n_sas);
	pair_cut(sim, true);
	EXPECT_EQ(1, ike_input_terminate(sim->peers[0].core, sim->now, &old, false, 2));
	pair_wait(sim, DURATION_S(1200));
	EXPECT_EQ(0, sim->peers[0].core->n_sas);
	EXPECT_EQ(0, sim->peers[0].kernel.n_sas);
	EXPECT_EQ(2, sim->peers[0].results);
}

static unsigned terminate(struct sim *sim, uint32_t ike_id)
{
	const struct ike_filter filter = { .ike_id = ike_id };
	unsigned n = ike_input_terminate(sim->peers[0].core, sim->now, &filter, false, 2);

	sim_act(sim, 0);
	return n;
}

TEST_F(rekey, an_ike_sa_that_is_ended_while_it_is_being_rekeyed_is_gone_on_both_sides)
{
	struct sim *sim = &self->sim;

	for (unsigned by_id = 0; by_id < 2; by_id++) {
		ASSERT_TRUE(up(self, "", ""));
		sim->watch_traffic = false;
		sim_rekey_ike(sim, 0);
		/* What will replace it is not there yet, and goes with it. */
		if (by_id)
			EXPECT_EQ(0, terminate(sim, list_last(&sim->peers[0].core->sas,
							      struct ike_sa, link)
							    ->unique_id));
		EXPECT_EQ(1, terminate(sim, 0));
		pair_wait(sim, DURATION_S(60));
		for (unsigned i = 0; i < 2; i++) {
			EXPECT_EQ(0, sim->peers[i].core->n_sas);
			EXPECT_EQ(0, sim->peers[i].kernel.n_sas);
		}
		EXPECT_EQ(2, sim->peers[0].results);
		sim_fini(sim);
		self->begun = false;
	}
}

/* Peer 0 has rekeyed its child, but its Delete of the old one takes a while. */
static struct child_sa *rekeyed_and_not_deleted(struct sim *sim)
{
	struct child_sa *old = only_child(sim, 1);

	sim->mishap = (struct sim_mishap){ .nth = 3, .kind = SIM_DELAYED, .later = DURATION_S(1) };
	sim_rekey_child(sim, 0, "net");
	pair_wait(sim, DURATION_MS(500));
	return sim->peers[1].core->n_children == 2 ? old : NULL;
}

TEST_F(rekey, the_new_child_sa_is_sent_on_when_a_user_ends_the_old_one_before_the_peer_does)
{
	struct sim *sim = &self->sim;
	struct ike_filter filter = { 0 };
	struct child_sa *old;

	ASSERT_TRUE(up(self, "", ""));
	old = rekeyed_and_not_deleted(sim);
	ASSERT_NE(NULL, old);
	filter.child_id = old->unique_id;
	EXPECT_EQ(1, ike_input_terminate(sim->peers[1].core, sim->now, &filter, true, 0));
	pair_wait(sim, CALM);
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_EQ(1, sim->peers[1].core->n_children);
}

TEST_F(rekey, the_new_child_sa_is_sent_on_when_the_old_one_expires_before_the_peer_deletes_it)
{
	struct sim *sim = &self->sim;
	struct ipsec_expire expire = { .hard = true };
	struct child_sa *old;

	ASSERT_TRUE(up(self, "", ""));
	old = rekeyed_and_not_deleted(sim);
	ASSERT_NE(NULL, old);
	expire.spi = old->spi_in;
	expire.reqid = old->reqid;
	ike_input_expire(sim->peers[1].core, sim->now, &expire);
	pair_wait(sim, CALM);
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_EQ(1, sim->peers[1].core->n_children);
}

static void count_bug(const struct log_record *record, void *data)
{
	unsigned *bugs = data;

	*bugs += strncmp(record->message, "bug:", 4) == 0;
}

TEST_F(rekey, an_ike_sa_that_the_peer_made_at_the_same_time_may_be_ended_before_that_is_settled)
{
	struct sim *sim = &self->sim;
	unsigned bugs = 0, rivals = 0;

	log_add_sink(count_bug, &bugs);
	for (unsigned seed = 1; seed <= 30; seed++) {
		const struct ike_core *core;
		const struct ike_sa *last;

		ASSERT_TRUE(up(self, "", ""));
		core = sim->peers[0].core;
		sim_random_seed(seed);
		sim_rekey_ike(sim, 0);
		sim_rekey_ike(sim, 1);
		while (core->n_sas == 2)
			pair_wait(sim, DURATION_US(100));
		last = list_last(&core->sas, struct ike_sa, link);
		if (last->rival_of) {
			rivals++;
			EXPECT_EQ(1, terminate(sim, last->unique_id));
		}
		pair_wait(sim, DURATION_S(60));
		sim_fini(sim);
		self->begun = false;
	}
	log_remove_sink(count_bug, &bugs);
	EXPECT_LT(3, rivals);
	EXPECT_EQ(0, bugs);
}

TEST_HARNESS_MAIN
