/* SPDX-License-Identifier: MIT */
/*
 * Real messages of a whole life (IKE_SA_INIT, IKE_AUTH, Delete), truncated at every length and with
 * every bit flipped, thrown at the peer before it gets the true one. Nothing may crash. What was
 * protected must change nothing at all: the SA goes on with the true message as if nothing had
 * been.
 */
#include <kselftest_harness.h>

#include "pdk/log/log.h"
#include "ikev2/codec/message.h"
#include "ikev2/sa/ike_sa.h"
#include "sim.h"

static const char config_a[] =
	"settings { error_rate = 0 }\n"
	"connections { ab { local_addrs = 192.0.2.1\n remote_addrs = 192.0.2.2\n"
	" proposals = aes128gcm16-prfsha256-x25519, aes128-sha256-x25519\n"
	" local { auth = psk\n id = a.test }\n remote { auth = psk\n id = b.test }\n"
	" children { net { local_ts = 10.1.0.0/16\n remote_ts = 10.2.0.0/16 } } } }\n"
	"secrets { ike-1 { secret = \"what both know\" } }\n";
static const char config_gcm[] =
	"settings { error_rate = 0 }\n"
	"connections { ba { local_addrs = 192.0.2.2\n remote_addrs = 192.0.2.1\n"
	" proposals = aes128gcm16-prfsha256-x25519\n"
	" local { auth = psk\n id = b.test }\n remote { auth = psk\n id = a.test }\n"
	" children { net { local_ts = 10.2.0.0/16\n remote_ts = 10.1.0.0/16 } } } }\n"
	"secrets { ike-1 { secret = \"what both know\" } }\n";
static const char config_cbc[] =
	"settings { error_rate = 0 }\n"
	"connections { ba { local_addrs = 192.0.2.2\n remote_addrs = 192.0.2.1\n"
	" proposals = aes128-sha256-x25519\n"
	" local { auth = psk\n id = b.test }\n remote { auth = psk\n id = a.test }\n"
	" children { net { local_ts = 10.2.0.0/16\n remote_ts = 10.1.0.0/16 } } } }\n"
	"secrets { ike-1 { secret = \"what both know\" } }\n";

struct tap {
	bool initial;     /* mangle IKE_SA_INIT instead of what is protected */
	unsigned mangled; /* messages */
	unsigned changes; /* in the state of whoever got a mangled one */
	unsigned answers; /* to a mangled one */
};

/* What must not change: the SA's life, and what it has sent and received. */
static uint64_t state_of(const struct sim_peer *peer)
{
	struct ike_sa *sa = sim_only_sa(peer);

	if (!sa)
		return peer->core->n_sas;
	return (uint64_t)sa->state << 56 | (uint64_t)sa->window.answering << 55 |
	       (uint64_t)sa->window.receive_next << 32 | (uint64_t)sa->window.send_next << 16 |
	       (uint64_t)peer->kernel.n_sas << 8 | (sa->window.request != NULL);
}

static void throw(struct sim * sim, unsigned to, const struct netaddr *local,
		  const struct netaddr *remote, struct bytes message, struct tap *tap)
{
	uint64_t before = state_of(&sim->peers[to]), sent = sim->peers[to].core->counters.sent;

	sim_deliver(sim, to, local, remote, message);
	tap->mangled++;
	tap->changes += before != state_of(&sim->peers[to]);
	tap->answers += sent != sim->peers[to].core->counters.sent;
}

static void mangle(struct sim *sim, unsigned to, const struct netaddr *local,
		   const struct netaddr *remote, struct bytes message, void *data)
{
	struct tap *tap = data;
	struct ike_header header;
	uint8_t copy[2048];

	if (message.len > sizeof(copy) || ike_header_parse(message, &header, NULL) != IKE_OK ||
	    (header.exchange == IKE_EXCHANGE_IKE_SA_INIT) != tap->initial)
		return;
	for (size_t len = 0; len < message.len; len++)
		throw(sim, to, local, remote, BYTES(message.data, len), tap);
	for (size_t bit = 0; bit < 8 * message.len; bit++) {
		memcpy(copy, message.data, message.len);
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		throw(sim, to, local, remote, BYTES(copy, message.len), tap);
	}
}

static void whole_life(struct sim *sim, struct tap *tap, const char *responder)
{
	log_set_level(NULL, LOG_LEVEL_ERROR);
	log_add_sink(log_stderr_sink, NULL);
	sim_init(sim, 1, config_a, responder);
	sim->tap = mangle;
	sim->tap_data = tap;
	sim_initiate(sim, 0);
	sim_run_results(sim, 0, 1, DURATION_S(600));
	sim_run(sim, instant_add(sim->now, DURATION_S(1)));
}

static void check_protected(struct __test_metadata *_metadata, const char *responder)
{
	struct tap tap = { 0 };
	struct sim sim;

	whole_life(&sim, &tap, responder);
	EXPECT_EQ(0, sim.peers[0].result);
	EXPECT_EQ(NULL, sim_agreement(&sim));
	EXPECT_EQ(1, sim.peers[0].core->n_sas);
	sim_terminate(&sim, 0);
	sim_run(&sim, instant_add(sim.now, DURATION_S(60)));
	EXPECT_EQ(0, sim.peers[0].core->n_sas + sim.peers[1].core->n_sas);
	EXPECT_LT(4000, tap.mangled);
	EXPECT_EQ(0, tap.changes);
	EXPECT_EQ(0, tap.answers);
	TH_LOG("%u mangled messages", tap.mangled);
	sim_fini(&sim);
}

TEST(protected_messages_of_an_aead_change_nothing_when_mangled)
{
	check_protected(_metadata, config_gcm);
}

TEST(protected_messages_of_a_cipher_with_mac_change_nothing_when_mangled)
{
	check_protected(_metadata, config_cbc);
}

/* In clear anybody can play the peer: then nothing more is asked than that it ends, cleanly. */
TEST(mangled_first_messages_leave_nothing_behind)
{
	struct tap tap = { .initial = true };
	struct sim sim;

	whole_life(&sim, &tap, config_gcm);
	sim.tap = NULL;
	sim_terminate(&sim, 0);
	sim_terminate(&sim, 1);
	sim_run(&sim, instant_add(sim.now, DURATION_S(600)));
	EXPECT_EQ(0, sim.peers[0].core->n_sas);
	EXPECT_EQ(0, sim.peers[1].core->n_sas);
	EXPECT_EQ(0, sim.peers[0].core->n_half_open);
	EXPECT_EQ(0, sim.peers[1].core->n_half_open);
	EXPECT_LT(1000, tap.mangled);
	sim_fini(&sim);
}

TEST_HARNESS_MAIN
