/* SPDX-License-Identifier: MIT */
/*
 * A peer that takes less than we offer: other packets get another Child SA, and single pairs of
 * addresses are asked for where the peer demands that (RFC 7296 2.9).
 */
#include <kselftest_harness.h>

#include <errno.h>

#include "ikev2/codec/payload.h"
#include "ikev2/exchange/message.h"
#include "ikev2/ipsec/ipsec.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/ike_sa.h"
#include "pair.h"

FIXTURE(selectors)
{
	struct sim sim;
};

FIXTURE_SETUP(selectors)
{
	log_add_sink(log_stderr_sink, NULL);
}

FIXTURE_TEARDOWN(selectors)
{
	sim_fini(&self->sim);
}

/* The nth Child SA of peer i; NULL. */
static struct child_sa *child_of(struct sim *sim, unsigned i, unsigned n)
{
	struct ike_sa *sa = sim_only_sa(&sim->peers[i]);
	struct child_sa *child;

	if (sa)
		list_for_each (child, &sa->children, link)
			if (!n--)
				return child;
	return NULL;
}

/* "10.1.0.0/16 === 10.2.0.0/16": the first selectors of the nth Child SA of peer 0. */
static const char *first_pair(struct sim *sim, unsigned n)
{
	static char text[2 * TS_STRLEN + 8];
	char local[TS_STRLEN], remote[TS_STRLEN];
	struct child_sa *child = child_of(sim, 0, n);

	if (!child)
		return "none";
	snprintf(text, sizeof(text), "%s === %s", ts_str(&child->local_ts.v[0], local),
		 ts_str(&child->remote_ts.v[0], remote));
	return text;
}

/* Peer 1 has two children, with one half of peer 0's each. */
static const struct pair_options halves = {
	.child = "local_ts = 10.2.0.0/17\n rekey_time = 0s",
	.children = "other { local_ts = 10.2.128.0/17\n remote_ts = 10.1.0.0/16\n"
		    " rekey_time = 0s\n esp_proposals = aes128gcm16 }",
};

TEST_F(selectors, what_the_peer_leaves_out_gets_a_child_sa_of_its_own)
{
	const uint32_t single = IPSEC_REQID_BASE + IPSEC_REQID_COUNT / 2;
	struct sim *sim = &self->sim;

	pair_init(sim, NULL, &halves);
	pair_acquire(sim, "10.1.0.5", "10.2.0.5");
	ASSERT_EQ(NULL, sim_agreement(sim));
	EXPECT_STREQ("10.1.0.0/16 === 10.2.0.0/17", first_pair(sim, 0));
	EXPECT_TRUE(child_of(sim, 1, 0)->more_ts_possible);
	/* Another packet that it holds changes nothing. */
	pair_acquire(sim, "10.1.0.6", "10.2.9.9");
	EXPECT_EQ(1, sim->peers[0].core->n_children);
	pair_acquire(sim, "10.1.0.5", "10.2.200.5");
	ASSERT_EQ(NULL, sim_agreement(sim));
	ASSERT_EQ(2, sim->peers[0].core->n_children);
	EXPECT_STREQ("10.1.0.0/16 === 10.2.128.0/17", first_pair(sim, 1));
	/* Neither sends on the other's SA, nor takes its packets; both leave the trap alone. */
	EXPECT_NE(child_of(sim, 0, 0)->reqid, child_of(sim, 0, 1)->reqid);
	EXPECT_LE(single, child_of(sim, 0, 0)->reqid);
	EXPECT_LE(single, child_of(sim, 0, 1)->reqid);
	EXPECT_NE(child_of(sim, 1, 0)->reqid, child_of(sim, 1, 1)->reqid);
}

TEST_F(selectors, a_peer_that_leaves_out_the_packet_is_not_asked_for_copies)
{
	const struct pair_options b = { .child = "local_ts = 10.2.0.0/17" };
	struct sim *sim = &self->sim;

	pair_init(sim, NULL, &b);
	for (unsigned i = 0; i < 3; i++) {
		pair_acquire(sim, "10.1.0.5", "10.2.200.5");
		ASSERT_EQ(NULL, sim_agreement(sim));
		EXPECT_EQ(1, sim->peers[0].core->n_children);
		EXPECT_STREQ("10.1.0.0/16 === 10.2.0.0/17", first_pair(sim, 0));
	}
}

TEST_F(selectors, narrowed_child_sas_are_made_anew_as_they_were)
{
	const struct pair_options a = { .settings = "make_before_break = yes",
					.connection = "reauth_time = 1h\n rand_time = 0s",
					.child = "rekey_time = 0s" };
	struct sim *sim = &self->sim;

	pair_init(sim, &a, &halves);
	pair_acquire(sim, "10.1.0.5", "10.2.200.5");
	pair_acquire(sim, "10.1.0.5", "10.2.0.5");
	ASSERT_EQ(2, sim->peers[0].core->n_children);
	pair_wait(sim, DURATION_S(3630));
	ASSERT_EQ(NULL, sim_agreement(sim));
	EXPECT_EQ(2, sim->peers[0].ups);
	ASSERT_EQ(2, sim->peers[0].core->n_children);
	EXPECT_STREQ("10.1.0.0/16 === 10.2.128.0/17", first_pair(sim, 0));
	EXPECT_STREQ("10.1.0.0/16 === 10.2.0.0/17", first_pair(sim, 1));
}

/* -------- SINGLE_PAIR_REQUIRED -------- */

/*
 * In place of peer 1, whose configuration has no such policy: what is more than a single pair is
 * refused. Its core finds the request answered, and takes the next one.
 */
static void single_pairs_only(struct sim *sim, unsigned to, const struct netaddr *local,
			      const struct netaddr *remote, struct bytes raw, void *data)
{
	static struct pair_message message;
	const struct ike_message *m = &message.m;
	struct ts_list tsi, tsr;
	unsigned *refused = data;

	if (to != 1 || !pair_open(sim, to, raw, &message) ||
	    m->header.exchange != IKE_EXCHANGE_CREATE_CHILD_SA)
		return;
	if (ts_payload_parse(ike_message_find(m, IKE_PAYLOAD_TSI, 0)->body, &tsi, NULL) ||
	    ts_payload_parse(ike_message_find(m, IKE_PAYLOAD_TSR, 0)->body, &tsr, NULL) ||
	    (tsi.n == 1 && tsr.n == 1 && netaddr_same_addr(&tsi.v[0].first, &tsi.v[0].last) &&
	     netaddr_same_addr(&tsr.v[0].first, &tsr.v[0].last)))
		return;
	++*refused;
	message_respond_notify(sim_only_sa(&sim->peers[1]), IKE_EXCHANGE_CREATE_CHILD_SA,
			       IKE_NOTIFY_SINGLE_PAIR_REQUIRED, BYTES_NONE);
}

static void begin_single(struct sim *sim, const char *child, unsigned *refused)
{
	const struct pair_options a = { .connection = "childless = force", .child = child };

	pair_init(sim, &a, NULL);
	*refused = 0;
	sim->tap = single_pairs_only;
	sim->tap_data = refused;
}

TEST_F(selectors, a_single_pair_is_asked_for_when_the_peer_demands_it)
{
	struct sim *sim = &self->sim;
	unsigned refused;

	begin_single(sim, NULL, &refused);
	pair_acquire(sim, "10.1.0.5", "10.2.0.5");
	EXPECT_EQ(1, refused);
	ASSERT_EQ(NULL, sim_agreement(sim));
	EXPECT_STREQ("10.1.0.5/32 === 10.2.0.5/32", first_pair(sim, 0));
	/* Each pair has its own. */
	pair_acquire(sim, "10.1.0.5", "10.2.0.6");
	EXPECT_EQ(2, refused);
	ASSERT_EQ(NULL, sim_agreement(sim));
	EXPECT_STREQ("10.1.0.5/32 === 10.2.0.6/32", first_pair(sim, 1));
}

TEST_F(selectors, where_no_packet_says_which_pair_there_is_none)
{
	struct sim *sim = &self->sim;
	unsigned refused;

	begin_single(sim, NULL, &refused);
	EXPECT_FALSE(pair_up(sim));
	EXPECT_EQ(1, refused);
	EXPECT_EQ(-ECONNREFUSED, sim->peers[0].result);
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_EQ(1, sim->peers[0].core->n_sas);
	EXPECT_EQ(0, sim->peers[0].core->n_children);
}

TEST_F(selectors, without_a_packet_the_first_single_addresses_will_do)
{
	struct sim *sim = &self->sim;
	unsigned refused;

	begin_single(sim, "local_ts = 10.1.0.7, 10.1.1.0/24\n remote_ts = 10.2.0.7", &refused);
	EXPECT_TRUE(pair_up(sim));
	EXPECT_EQ(1, refused);
	EXPECT_STREQ("10.1.0.7/32 === 10.2.0.7/32", first_pair(sim, 0));
}

/* -------- how many -------- */

/* What peer 1 is made to answer in place of its core, once. */
struct odd_answer {
	unsigned selectors; /* in TSr: the single addresses from 10.2.0.0 on */
	bool malformed;     /* it counts one more than it holds */
	unsigned given, deletes;
};

static void write_selectors(struct writer *w, unsigned counted, unsigned n, uint32_t first,
			    uint32_t last)
{
	writer_u8(w, (uint8_t)counted);
	writer_zeros(w, 3);
	for (unsigned i = 0; i < n; i++) {
		writer_u8(w, IKE_TS_IPV4_ADDR_RANGE);
		writer_u8(w, 0);
		writer_u16(w, 16);
		writer_u16(w, 0);
		writer_u16(w, UINT16_MAX);
		writer_u32(w, first + i);
		writer_u32(w, last + i);
	}
}

static void answer_oddly(struct sim *sim, unsigned to, const struct netaddr *local,
			 const struct netaddr *remote, struct bytes raw, void *data)
{
	static struct pair_message message;
	struct ike_sa *sa = sim_only_sa(&sim->peers[1]);
	struct odd_answer *odd = data;
	struct proposal proposal;
	struct nonce nonce;
	struct message m;

	if (to != 1 || !pair_open(sim, to, raw, &message))
		return;
	odd->deletes += ike_message_find(&message.m, IKE_PAYLOAD_D, 0) != NULL;
	if (odd->given || message.m.header.exchange != IKE_EXCHANGE_CREATE_CHILD_SA)
		return;
	odd->given++;
	proposal = list_first(&sa->children, struct child_sa, link)->proposal;
	proposal_set_spi32(&proposal, 0x12345);
	nonce_draw(&nonce);
	message_begin_response(sa, &m, IKE_EXCHANGE_CREATE_CHILD_SA);
	sa_payload_write_one(message_payload(&m, IKE_PAYLOAD_SA), &proposal);
	ike_nonce_write(message_payload(&m, IKE_PAYLOAD_NONCE), nonce_bytes(&nonce));
	write_selectors(message_payload(&m, IKE_PAYLOAD_TSI), 1, 1, 0x0a010000, 0x0a01ffff);
	write_selectors(message_payload(&m, IKE_PAYLOAD_TSR), odd->selectors + odd->malformed,
			odd->selectors, 0x0a020000, 0x0a020000);
	message_respond(sa, &m);
}

static void begin_odd(struct sim *sim, struct odd_answer *odd)
{
	static const struct pair_options o = { .child = "rekey_time = 0s" };

	pair_init(sim, &o, &o);
	if (!pair_up(sim))
		return;
	sim->tap = answer_oddly;
	sim->tap_data = odd;
}

/* RFC 7296 3.13 has room for 255; one that can't be taken concerns nothing else (2.21.3). */
TEST_F(selectors, an_answer_with_more_than_can_be_taken_ends_that_child_sa_only)
{
	struct odd_answer odd = { .selectors = 33 };
	struct sim *sim = &self->sim;
	uint32_t id;

	begin_odd(sim, &odd);
	ASSERT_NE(NULL, child_of(sim, 0, 0));
	id = child_of(sim, 0, 0)->unique_id;
	/* A rekeying first: the old one stays. */
	EXPECT_EQ(1, sim_rekey_child(sim, 0, "net"));
	pair_wait(sim, DURATION_S(2));
	EXPECT_EQ(1, odd.given);
	EXPECT_EQ(1, odd.deletes);
	EXPECT_EQ(NULL, sim_agreement(sim));
	ASSERT_NE(NULL, child_of(sim, 0, 0));
	EXPECT_EQ(id, child_of(sim, 0, 0)->unique_id);
	EXPECT_EQ(1, sim->peers[0].core->n_children);
	/* It is tried again, and the peer has come to its senses. */
	pair_wait(sim, DURATION_S(30));
	EXPECT_EQ(NULL, sim_agreement(sim));
	ASSERT_NE(NULL, child_of(sim, 0, 0));
	EXPECT_NE(id, child_of(sim, 0, 0)->unique_id);
	EXPECT_EQ(0, sim->peers[0].downs + sim->peers[0].child_downs);
}

/* The peer doesn't know that its answer can't be read: it is told (2.21.3). */
TEST_F(selectors, a_malformed_answer_ends_the_ike_sa_on_both_sides)
{
	struct odd_answer odd = { .selectors = 1, .malformed = true };
	struct sim *sim = &self->sim;

	begin_odd(sim, &odd);
	EXPECT_EQ(1, sim_rekey_child(sim, 0, "net"));
	pair_wait(sim, DURATION_S(2));
	EXPECT_EQ(1, odd.given);
	EXPECT_EQ(1, odd.deletes);
	for (unsigned i = 0; i < 2; i++) {
		EXPECT_EQ(0, sim->peers[i].core->n_sas);
		EXPECT_EQ(0, sim->peers[i].kernel.n_sas);
		EXPECT_EQ(1, sim->peers[i].downs);
	}
}

/* NO_ADDITIONAL_SAS (RFC 7296 1.3, 3.10.1). */
TEST_F(selectors, of_too_many_child_sas_the_next_is_refused)
{
	struct sim *sim = &self->sim;
	const struct child_conf *conf;
	struct ike_sa *sa;

	pair_init(sim, NULL, &halves);
	pair_acquire(sim, "10.1.0.5", "10.2.0.5");
	sa = sim_only_sa(&sim->peers[1]);
	ASSERT_NE(NULL, sa);
	conf = &sa->conn->children[0];
	for (unsigned i = 0; i < 1023; i++)
		ASSERT_NE(NULL, child_sa_new(sa, conf, false, 0));
	pair_acquire(sim, "10.1.0.5", "10.2.200.5");
	EXPECT_EQ(1, sim->peers[0].core->n_children);
	EXPECT_EQ(1024, sim->peers[1].core->n_children);
	child_sa_close(child_of(sim, 1, 1), "the test wants room");
	pair_acquire(sim, "10.1.0.5", "10.2.200.5");
	EXPECT_EQ(2, sim->peers[0].core->n_children);
}

TEST_HARNESS_MAIN
