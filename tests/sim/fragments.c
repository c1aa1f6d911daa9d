/* SPDX-License-Identifier: MIT */
/*
 * Long messages over links that take short datagrams only (RFC 7383): what gets through in
 * fragments, how the right size is found, and what someone on the link can't do with them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <kselftest_harness.h>

#include "pdk/base/random.h"
#include "pdk/log/log.h"
#include "ikev2/exchange/fragments.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/ike_sa.h"
#include "sim.h"

#define HANDSHAKES 500

/* What one side may say differently from the other. */
struct side {
	const char *connection; /* options */
	const char *settings;
};

static const struct side plain = { "", "" };

/* So many selectors that IKE_AUTH is long in both directions. */
static void selectors(char *buf, size_t size, unsigned side)
{
	size_t at = 0;

	for (unsigned i = 0; i < 30; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s2001:db8:%x:%x::/64", i ? ", " : "",
				       side + 1, 2 * i);
}

static void config_text(char *buf, size_t size, const struct side *s, unsigned side)
{
	char local[2048], remote[2048];

	selectors(local, sizeof(local), side);
	selectors(remote, sizeof(remote), !side);
	snprintf(buf, size,
		 "settings { %s }\n"
		 "connections { c { local_addrs = 192.0.2.%u\n remote_addrs = 192.0.2.%u\n"
		 " proposals = aes128gcm16-prfsha256-x25519\n dpd_delay = 20s\n %s\n"
		 " local { auth = psk\n id = %c.test }\n remote { auth = psk\n id = %c.test }\n"
		 " children { net { local_ts = %s\n remote_ts = %s\n esp_proposals = aes128gcm16 }"
		 " } } }\n"
		 "secrets { ike-1 { secret = \"secret\" } }\n",
		 s->settings, side + 1, 2 - side, s->connection, side ? 'b' : 'a', side ? 'a' : 'b',
		 local, remote);
}

FIXTURE(pair)
{
	struct sim sim;
	uint64_t seed;
	/* What a tap has seen. */
	unsigned fragments[2], wholes[2]; /* by receiver: SKF, SK */
	size_t longest[2];
};

FIXTURE_SETUP(pair)
{
	const char *seed = getenv("SIM_SEED");

	self->seed = seed ? strtoull(seed, NULL, 0) : random_u32();
	log_set_level(NULL, getenv("SIM_VERBOSE") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
	log_add_sink(log_stderr_sink, NULL);
}

FIXTURE_TEARDOWN(pair)
{
	sim_fini(&self->sim);
}

static void watch(struct sim *sim, unsigned to, const struct netaddr *local,
		  const struct netaddr *remote, struct bytes message, void *data)
{
	FIXTURE_DATA(pair) *self = data;
	struct ike_message m;

	if (ike_message_parse(message, &m, NULL) != IKE_OK)
		return;
	self->fragments[to] += m.encrypted_type == IKE_PAYLOAD_SKF;
	self->wholes[to] += m.encrypted_type == IKE_PAYLOAD_SK;
	if (message.len > self->longest[to])
		self->longest[to] = message.len;
}

static void set_up(FIXTURE_DATA(pair) * self, const struct side *a, const struct side *b,
		   unsigned mtu)
{
	static char text_a[8192], text_b[8192];

	config_text(text_a, sizeof(text_a), a, 0);
	config_text(text_b, sizeof(text_b), b, 1);
	sim_init(&self->sim, self->seed, text_a, text_b);
	self->sim.link.delay = DURATION_MS(10);
	self->sim.link.mtu = mtu;
	self->sim.tap = watch;
	self->sim.tap_data = self;
}

static void expect_up(struct __test_metadata *_metadata, struct sim *sim)
{
	sim_initiate(sim, 0);
	ASSERT_TRUE(sim_run_results(sim, 0, 1, DURATION_S(600)));
	EXPECT_EQ(0, sim->peers[0].result);
	sim_run(sim, instant_add(sim->now, DURATION_S(1)));
	EXPECT_EQ(NULL, sim_agreement(sim));
}

TEST_F(pair, long_messages_get_through_in_fragments)
{
	set_up(self, &plain, &plain, 1280);
	expect_up(_metadata, &self->sim);
	EXPECT_EQ(0, self->sim.too_long);
	for (unsigned i = 0; i < 2; i++) {
		EXPECT_LT(1, self->fragments[i]);
		EXPECT_EQ(1, self->sim.peers[i].core->counters.reassembled);
		EXPECT_EQ(0, self->sim.peers[i].core->counters.fragments_refused);
		EXPECT_EQ(0, self->sim.peers[i].core->fragments_used);
		/* The fragments are as long as they may be, and not longer. */
		EXPECT_GE(1280 - 28, self->longest[i]);
		EXPECT_LE(1280 - 28 - 16, self->longest[i]);
	}
	/* 2.4: there is no point in cutting short messages. */
	sim_run(&self->sim, instant_add(self->sim.now, DURATION_S(100)));
	EXPECT_LT(0, self->wholes[0] + self->wholes[1]);
}

TEST_F(pair, without_support_of_the_peer_messages_stay_whole)
{
	static const struct side never = { "fragmentation = no", "" };
	const struct side *const sides[] = { &plain, &never };

	for (unsigned i = 1; i < 4; i++) {
		if (i > 1)
			sim_fini(&self->sim);
		set_up(self, sides[i & 1], sides[i >> 1], 0);
		expect_up(_metadata, &self->sim);
	}
	EXPECT_EQ(0, self->fragments[0] + self->fragments[1]);
	EXPECT_LT(1280, self->longest[0]);
	EXPECT_LT(1280, self->longest[1]);
}

/* swanctl: announced, and what comes is put together, but our own stay whole. */
TEST_F(pair, accept_takes_fragments_and_sends_none)
{
	static const struct side accept = { "fragmentation = accept", "" };

	set_up(self, &plain, &accept, 0);
	expect_up(_metadata, &self->sim);
	EXPECT_EQ(0, self->fragments[0]);
	EXPECT_LT(1, self->fragments[1]);
}

TEST_F(pair, each_side_has_its_own_size)
{
	static const struct side small = { "fragmentation = force", "fragment_size = 600" };

	set_up(self, &small, &plain, 0);
	expect_up(_metadata, &self->sim);
	EXPECT_GE(600 - 28, self->longest[1]);
	/* 2.5.1: the response is cut to what the request was. */
	EXPECT_GE(600 - 28, self->longest[0]);

	sim_fini(&self->sim);
	self->longest[0] = self->longest[1] = 0;
	set_up(self, &plain, &small, 0);
	expect_up(_metadata, &self->sim);
	EXPECT_GE(1280 - 28, self->longest[1]);
	EXPECT_LT(1200, self->longest[1]);
	EXPECT_GE(600 - 28, self->longest[0]);
}

TEST_F(pair, zero_is_what_the_rfc_recommends_for_the_family)
{
	static const struct side recommended = { "", "fragment_size = 0" };

	set_up(self, &recommended, &recommended, 576);
	expect_up(_metadata, &self->sim);
	EXPECT_EQ(0, self->sim.too_long);
}

/* 2.5.2: from larger to smaller, with the timer, and then the size that got through stays. */
TEST_F(pair, a_narrower_path_is_found_out)
{
	struct sim *sim = &self->sim;
	struct ike_sa *sa;

	set_up(self, &plain, &plain, 600);
	expect_up(_metadata, sim);
	/* Two sets of the first size and its repetitions were in vain. */
	EXPECT_LT(0, sim->too_long);
	EXPECT_GT(10, duration_s(instant_diff(sim->now, (struct instant){ 0 })) - 1);
	sa = sim_only_sa(&sim->peers[0]);
	ASSERT_NE(NULL, sa);
	EXPECT_EQ(FRAGMENT_SIZE_MIN, sa->fragments.size);
	/* The responder has taken the hint. */
	EXPECT_EQ(0, sim->peers[1].core->counters.retransmitted);
	EXPECT_GE(FRAGMENT_SIZE_MIN - 28, self->longest[0]);
}

/* 2.5.2: a router on the path says what it takes: then nothing has to be guessed. */
TEST_F(pair, a_narrower_path_is_told)
{
	struct sim *sim = &self->sim;
	struct ike_sa *sa;

	set_up(self, &plain, &plain, 1000);
	sim->link.tells_mtu = true;
	expect_up(_metadata, sim);
	sa = sim_only_sa(&sim->peers[0]);
	ASSERT_NE(NULL, sa);
	EXPECT_EQ(1000, sa->fragments.size);
	EXPECT_EQ(1, sim->peers[0].core->counters.retransmitted);
	EXPECT_LT(600, self->longest[1]);
	EXPECT_GE(1000 - 28, self->longest[1]);
	EXPECT_GE(1000 - 28, self->longest[0]);
}

/* Once the whole request has come, the way back is narrow. */
static void watch_and_narrow(struct sim *sim, unsigned to, const struct netaddr *local,
			     const struct netaddr *remote, struct bytes message, void *data)
{
	FIXTURE_DATA(pair) *self = data;

	watch(sim, to, local, remote, message, data);
	if (self->wholes[1])
		sim->link.mtu = 1280;
}

/* 2.4: a whole request gets through, the response doesn't: the repetitions tell the responder. */
TEST_F(pair, a_response_that_does_not_get_through_is_cut)
{
	static const struct side large = { "", "fragment_size = 9000" };
	struct sim *sim = &self->sim;

	set_up(self, &large, &large, 0);
	sim->tap = watch_and_narrow;
	sim_initiate(sim, 0);
	ASSERT_TRUE(sim_run_results(sim, 0, 1, DURATION_S(600)));
	EXPECT_EQ(0, sim->peers[0].result);
	EXPECT_LT(1, self->fragments[0]);
	sim_run(sim, instant_add(sim->now, DURATION_S(1)));
	EXPECT_EQ(NULL, sim_agreement(sim));
}

/* No path at all: it ends, and the sizes don't make it last for ever. */
TEST_F(pair, a_dead_link_ends_it)
{
	struct sim *sim = &self->sim;

	set_up(self, &plain, &plain, 0);
	sim_initiate(sim, 0);
	while (!self->fragments[1])
		sim_run(sim, instant_add(sim->now, DURATION_US(100)));
	sim->link.mtu = 100;
	ASSERT_TRUE(sim_run_results(sim, 0, 1, DURATION_S(600)));
	EXPECT_GT(0, sim->peers[0].result);
	sim_run(sim, instant_add(sim->now, DURATION_S(600)));
	EXPECT_EQ(0, sim->peers[0].core->fragments_used);
	EXPECT_EQ(0, sim->peers[1].core->fragments_used);
	EXPECT_EQ(0, sim->peers[1].core->n_sas);
}

TEST_F_TIMEOUT(pair, fragments_survive_a_bad_link, 300)
{
	struct sim *sim = &self->sim;
	unsigned established = 0;

	set_up(self, &plain, &plain, 0);
	for (unsigned i = 0; i < HANDSHAKES; i++) {
		const char *wrong;

		sim->link = (struct sim_link){
			.loss = sim_random(sim, 200),
			.duplication = sim_random(sim, 300),
			.reordering = sim_random(sim, 300),
			.delay = DURATION_MS(1 + sim_random(sim, 300)),
			.reordering_delay = DURATION_S(6),
			.mtu = 576 + sim_random(sim, 1000),
		};
		sim->peers[0].results = 0;
		sim_initiate(sim, 0);
		ASSERT_TRUE(sim_run_results(sim, 0, 1, DURATION_S(900)));
		established += sim->peers[0].result == 0;
		sim->link = (struct sim_link){ .delay = DURATION_MS(20) };
		sim_run(sim, instant_add(sim->now, DURATION_S(600)));
		wrong = sim_agreement(sim);
		ASSERT_EQ(NULL, wrong)
		{
			TH_LOG("handshake %u of SIM_SEED=%llu: %s", i,
			       (unsigned long long)self->seed, wrong);
		}
		sim_terminate(sim, sim_random(sim, 2));
		sim_run(sim, instant_add(sim->now, DURATION_S(60)));
		ASSERT_EQ(0, sim->peers[0].core->n_sas + sim->peers[1].core->n_sas);
		EXPECT_EQ(0, sim->peers[0].core->fragments_used);
		EXPECT_EQ(0, sim->peers[1].core->fragments_used);
	}
	TH_LOG("SIM_SEED=%llu: %u of %u established, %u and %u fragments, %llu datagrams too long",
	       (unsigned long long)self->seed, established, HANDSHAKES, self->fragments[0],
	       self->fragments[1], (unsigned long long)sim->too_long);
	EXPECT_LT(HANDSHAKES / 2, established);
}

/* -------- somebody on the link -------- */

#define SEEN_MAX 16

struct attack {
	FIXTURE_DATA(pair) * self;
	struct bytes seen[SEEN_MAX]; /* fragments on their way to peer 1, copies */
	struct netaddr local, remote;
	size_t n;
};

static void attack_free(struct attack *a)
{
	for (size_t i = 0; i < a->n; i++)
		free((void *)a->seen[i].data);
}

static void record(struct sim *sim, unsigned to, const struct netaddr *local,
		   const struct netaddr *remote, struct bytes message, void *data)
{
	struct attack *a = data;
	struct ike_message m;
	uint8_t *copy;

	if (to != 1 || ike_message_parse(message, &m, NULL) != IKE_OK ||
	    m.encrypted_type != IKE_PAYLOAD_SKF || a->n == SEEN_MAX ||
	    bytes_dup(message, &copy) < 0)
		return;
	a->local = *local;
	a->remote = *remote;
	a->seen[a->n++] = BYTES(copy, message.len);
}

static void replay(struct sim *sim, const struct attack *a, size_t i)
{
	sim_deliver(sim, 1, &a->local, &a->remote, a->seen[i]);
}

/* 2.6.1: after the response, only the first fragment brings it again, and nothing changes. */
TEST_F(pair, replayed_fragments_of_an_answered_request)
{
	struct attack a = { .self = self };
	struct sim *sim = &self->sim;
	struct ike_counters *c;
	struct ike_message m;
	uint64_t sent;

	set_up(self, &plain, &plain, 0);
	sim->tap = record;
	sim->tap_data = &a;
	expect_up(_metadata, sim);
	c = &sim->peers[1].core->counters;
	ASSERT_LT(1, a.n);
	for (size_t i = 0; i < a.n; i++) {
		ASSERT_EQ(IKE_OK, ike_message_parse(a.seen[i], &m, NULL));
		sent = c->sent;
		replay(sim, &a, i);
		if (m.encrypted.data[1] == 1) {
			EXPECT_LT(sent + 1, c->sent);
		} else {
			EXPECT_EQ(sent, c->sent);
		}
	}
	EXPECT_EQ(0, sim->peers[1].core->fragments_used);
	/* One that nobody has sealed brings nothing. */
	sent = c->sent;
	for (size_t i = 0; i < a.n; i++) {
		((uint8_t *)a.seen[i].data)[a.seen[i].len - 1] ^= 1;
		replay(sim, &a, i);
	}
	EXPECT_EQ(sent, c->sent);
	/* An exchange later they are of an old message ID. */
	sim_run(sim, instant_add(sim->now, DURATION_S(100)));
	for (size_t i = 0; i < a.n; i++) {
		((uint8_t *)a.seen[i].data)[a.seen[i].len - 1] ^= 1;
		sent = c->sent;
		replay(sim, &a, i);
		EXPECT_EQ(sent, c->sent);
	}
	EXPECT_EQ(NULL, sim_agreement(sim));
	attack_free(&a);
}

/* Copies, and copies that were changed, before each fragment: the message comes as it was sent. */
static void disturb(struct sim *sim, unsigned to, const struct netaddr *local,
		    const struct netaddr *remote, struct bytes message, void *data)
{
	struct ike_message m;
	uint8_t *copy;

	if (ike_message_parse(message, &m, NULL) != IKE_OK || m.encrypted_type != IKE_PAYLOAD_SKF ||
	    bytes_dup(message, &copy) < 0)
		return;
	for (size_t at = 0; at < message.len; at += 1 + sim_random(sim, 20)) {
		copy[at] ^= 1u << sim_random(sim, 8);
		sim_deliver(sim, to, local, remote, BYTES(copy, message.len));
		copy[at] = message.data[at];
	}
	free(copy);
}

TEST_F(pair, forged_fragments_do_no_harm)
{
	struct sim *sim = &self->sim;

	set_up(self, &plain, &plain, 0);
	sim->tap = disturb;
	expect_up(_metadata, sim);
	EXPECT_LT(0, sim->peers[1].core->counters.unauthentic);
	EXPECT_EQ(1, sim->peers[1].core->counters.reassembled);
}

/* Fragments that nobody has agreed to are not even looked into (2.4). */
TEST_F(pair, fragments_without_agreement_are_refused)
{
	struct sim *sim = &self->sim;
	struct attack a = { .self = self };
	struct ike_sa *sa;

	set_up(self, &plain, &plain, 0);
	sim->tap = record;
	sim->tap_data = &a;
	sim_initiate(sim, 0);
	while (!sim->peers[1].core->n_sas)
		sim_run(sim, instant_add(sim->now, DURATION_US(100)));
	sa = sim_only_sa(&sim->peers[1]);
	ASSERT_NE(NULL, sa);
	sa->fragments.agreed = false;
	sim_run(sim, instant_add(sim->now, DURATION_S(5)));
	EXPECT_LT(0, sim->peers[1].core->counters.fragments_refused);
	EXPECT_EQ(0, sim->peers[1].core->counters.fragments);
	EXPECT_EQ(0, sim->peers[1].core->fragments_used);
	attack_free(&a);
}

/* A set that never gets complete is given up, and what it took is given back. */
TEST_F(pair, an_incomplete_message_is_forgotten_in_time)
{
	static const struct side small = { "", "fragment_size = 576" };
	static const struct side hasty = { "", "retransmit_tries = 1\n half_open_timeout = 1h" };
	struct attack a = { .self = self };
	struct sim *sim = &self->sim;

	/* All but the last fragment are too long. */
	set_up(self, &small, &hasty, 560);
	sim->tap = record;
	sim->tap_data = &a;
	sim_initiate(sim, 0);
	ASSERT_TRUE(sim_run_results(sim, 0, 1, DURATION_S(600)));
	EXPECT_GT(0, sim->peers[0].result);
	EXPECT_LT(1, sim->peers[1].core->counters.fragments);
	EXPECT_EQ(0, sim->peers[1].core->counters.reassembled);
	sim_run(sim, instant_add(sim->now, DURATION_S(60)));
	EXPECT_LT(1, sim->peers[1].core->counters.reassembly_timeouts);
	EXPECT_EQ(0, sim->peers[1].core->fragments_used);
	/* It was no failure of the IKE SA (2.6). */
	EXPECT_EQ(1, sim->peers[1].core->n_sas);
	/* A repeated fragment is the same, octet by octet (RFC 7296 2.1). */
	ASSERT_LT(2, a.n);
	for (size_t i = 1; i < a.n; i++)
		EXPECT_TRUE(bytes_equal(a.seen[0], a.seen[i]));
	attack_free(&a);
}

/* What strangers may make us keep is limited; peers that are known are not concerned. */
TEST_F(pair, memory_for_strangers_is_limited)
{
	struct sim *sim = &self->sim;

	set_up(self, &plain, &plain, 0);
	sim->peers[1].core->fragments_used = 1u << 30;
	sim_initiate(sim, 0);
	sim_run(sim, instant_add(sim->now, DURATION_S(3)));
	EXPECT_LT(0, sim->peers[1].core->counters.fragments_refused);
	EXPECT_EQ(0, sim->peers[1].core->counters.fragments);
	sim->peers[1].core->fragments_used = 0;
	EXPECT_TRUE(sim_run_results(sim, 0, 1, DURATION_S(60)));
	EXPECT_EQ(0, sim->peers[0].result);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

TEST_HARNESS_MAIN
