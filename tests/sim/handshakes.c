/* SPDX-License-Identifier: MIT */
/*
 * Many handshakes over a bad link. Each draws its own rates of loss, duplication and reordering up
 * to 30 %; when the initiator knows how it ended, the link heals, and once liveness checks have
 * had their time both sides must agree. Then one of them deletes, and nothing may be left.
 *
 * SIM_SEED and SIM_HANDSHAKES in the environment replay or lengthen it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <kselftest_harness.h>

#include "pdk/base/random.h"
#include "pdk/log/log.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/ike_sa.h"
#include "sim.h"

#define HANDSHAKES 10000

static const char config_a[] =
	"connections { ab { local_addrs = 192.0.2.1\n remote_addrs = 192.0.2.2\n"
	" proposals = aes128gcm16-prfsha256-x25519\n dpd_delay = 30s\n"
	" local { auth = psk\n id = a.test }\n remote { auth = psk\n id = b.test }\n"
	" children { net { local_ts = 10.1.0.0/16\n remote_ts = 10.2.0.0/16\n"
	" esp_proposals = aes128gcm16 } } } }\n"
	"secrets { ike-1 { secret = \"what both know\" } }\n";
static const char config_b[] =
	"connections { ba { local_addrs = 192.0.2.2\n remote_addrs = 192.0.2.1\n"
	" proposals = aes128gcm16-prfsha256-x25519\n dpd_delay = 30s\n"
	" local { auth = psk\n id = b.test }\n remote { auth = psk\n id = a.test }\n"
	" children { net { local_ts = 10.2.0.0/16\n remote_ts = 10.1.0.0/16\n"
	" esp_proposals = aes128gcm16 } } } }\n"
	"secrets { ike-1 { secret = \"what both know\" } }\n";

static unsigned long from_environment(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

static const struct sim_link perfect = { .delay = DURATION_MS(20) };

static struct sim_link bad_link(struct sim *sim)
{
	return (struct sim_link){
		/* One in sixteen is so bad that handshakes fail on it, too. */
		.loss = sim_random(sim, 16) ? sim_random(sim, 301) : 700,
		.duplication = sim_random(sim, 301),
		.reordering = sim_random(sim, 301),
		.delay = DURATION_MS(1 + sim_random(sim, 300)),
		.reordering_delay = DURATION_S(6),
	};
}

/* NULL, or what went wrong. */
static const char *one_handshake(struct sim *sim, unsigned *established)
{
	unsigned initiator = sim_random(sim, 2), deleter = sim_random(sim, 2);
	struct sim_peer *peer = &sim->peers[initiator];
	const char *difference;

	sim->link = bad_link(sim);
	peer->results = 0;
	sim_initiate(sim, initiator);
	if (!sim_run_results(sim, initiator, 1, DURATION_S(600)))
		return "no result within ten minutes";
	if (peer->results != 1)
		return "more than one result";
	sim->link = perfect;
	/* Longer than a liveness check and all its repetitions. */
	sim_run(sim, instant_add(sim->now, DURATION_S(400)));
	difference = sim_agreement(sim);
	if (difference)
		return difference;
	if (peer->result == 0 && !peer->core->n_sas)
		return "up, and yet gone";
	if (!peer->core->n_sas)
		return NULL;
	(*established)++;
	sim->link = bad_link(sim);
	sim_terminate(sim, deleter);
	sim_run(sim, instant_add(sim->now, DURATION_S(1)));
	sim->link = perfect;
	sim_run(sim, instant_add(sim->now, DURATION_S(600)));
	if (sim->peers[0].core->n_sas || sim->peers[1].core->n_sas)
		return "an IKE SA left after its Delete";
	return sim_agreement(sim);
}

FIXTURE(simulation)
{
	struct sim sim;
	uint64_t seed;
};

FIXTURE_SETUP(simulation)
{
	self->seed = from_environment("SIM_SEED", random_u32());
	TH_LOG("SIM_SEED=%llu", (unsigned long long)self->seed);
	/* Failing is part of the game here. */
	log_set_level(NULL, getenv("SIM_VERBOSE") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
	log_add_sink(log_stderr_sink, NULL);
	sim_init(&self->sim, self->seed, config_a, config_b);
}

FIXTURE_TEARDOWN(simulation)
{
	sim_fini(&self->sim);
}

TEST_F_TIMEOUT(simulation, every_handshake_ends_alike_on_both_sides, 900)
{
	unsigned long n = from_environment("SIM_HANDSHAKES", HANDSHAKES);
	struct sim *sim = &self->sim;
	unsigned established = 0;

	for (unsigned long i = 0; i < n; i++) {
		const char *wrong = one_handshake(sim, &established);

		ASSERT_EQ(NULL, wrong)
		{
			TH_LOG("handshake %lu of SIM_SEED=%llu: %s", i,
			       (unsigned long long)self->seed, wrong);
		}
	}
	TH_LOG("%lu handshakes, %u established, %llu messages delivered, %llu lost", n, established,
	       (unsigned long long)sim->delivered, (unsigned long long)sim->lost);
	/* The test itself must have done both. */
	EXPECT_LT(n / 2, established);
	EXPECT_LT(established, n);
	EXPECT_LT(0, sim->lost);
}

TEST_F(simulation, a_kernel_that_refuses_leaves_nothing_behind)
{
	for (unsigned i = 0; i < 2; i++) {
		struct sim *sim = &self->sim;

		sim->link = perfect;
		sim->peers[0].results = 0;
		sim->peers[i].kernel.refuse = 1;
		sim_initiate(sim, 0);
		ASSERT_TRUE(sim_run_results(sim, 0, 1, DURATION_S(60)));
		EXPECT_GT(0, sim->peers[0].result);
		sim_run(sim, instant_add(sim->now, DURATION_S(400)));
		EXPECT_EQ(0, sim->peers[0].kernel.n_sas);
		EXPECT_EQ(0, sim->peers[1].kernel.n_sas);
		/* The IKE SA is none the worse for it (RFC 7296 2.21.2). */
		EXPECT_EQ(1, sim->peers[0].core->n_sas);
		EXPECT_EQ(1, sim->peers[1].core->n_sas);
		sim_terminate(sim, 1);
		sim_run(sim, instant_add(sim->now, DURATION_S(60)));
		EXPECT_EQ(NULL, sim_agreement(sim));
		EXPECT_EQ(0, sim->peers[0].core->n_sas);
	}
}

TEST_HARNESS_MAIN
