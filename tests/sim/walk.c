/* SPDX-License-Identifier: MIT */
/*
 * A random walk: two peers begin, rekey and delete Child SAs and IKE SAs as chance wants it, on a link
 * that loses, repeats and reorders, with pauses from nothing to an hour. Whenever it has calmed down
 * both sides hold the same SAs with the same keys, and nothing else.
 *
 *	SIM_SEED=7 SIM_OPERATIONS=100000 SIM_VERBOSE=1 build/tests/sim/sim_walk
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <kselftest_harness.h>

#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/ike_sa.h"
#include "pair.h"
#include "sim_random.h"

#define OPERATIONS 100000
/* Operations between two looks. */
#define STRETCH 40

static const char *const names[] = { "net", "one", "two" };

FIXTURE(walk)
{
	struct sim sim;
	unsigned operations;
	uint64_t seed;
};

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

FIXTURE_SETUP(walk)
{
	static const struct pair_options o = {
		.settings = "retransmit_base = 1.3",
		.connection = "rekey_time = 600s\n rand_time = 60s\n dpd_delay = 60s",
		.child = "rekey_time = 200s\n life_time = 400s\n rand_time = 50s",
		.children = "one { local_ts = dynamic\n remote_ts = dynamic\n"
			    " esp_proposals = aes128gcm16-x25519\n rekey_time = 0s }\n"
			    "two { local_ts = dynamic[tcp]\n remote_ts = dynamic[tcp]\n"
			    " esp_proposals = aes128gcm16\n rekey_time = 30s\n rand_time = 10s }",
	};

	self->operations = (unsigned)from_environment("SIM_OPERATIONS", OPERATIONS);
	self->seed = from_environment("SIM_SEED", (uint64_t)time(NULL));
	pair_init(&self->sim, &o, &o);
	self->sim.random = self->seed * 0x9e3779b97f4a7c15ull | 1;
	sim_random_seed(self->sim.random);
	/* It refuses kernels their memory and peers their answers: the log would be full of it. */
	if (getenv("SIM_VERBOSE")) {
		log_add_sink(log_stderr_sink, NULL);
		log_set_level(NULL, LOG_LEVEL_DEBUG);
	}
}

FIXTURE_TEARDOWN(walk)
{
	sim_fini(&self->sim);
}

static void initiate(struct sim *sim, unsigned i, const char *child)
{
	struct sim_peer *peer = &sim->peers[i];
	const struct connection *conn = peer->config->connections[0];

	ike_input_initiate(peer->core, sim->now, conn, connection_child(conn, child), &peer->addr,
			   &sim->peers[!i].addr, NULL, 1);
	sim_act(sim, i);
}

static void terminate(struct sim *sim, unsigned i, const char *child)
{
	const struct ike_filter filter = { .child = child };

	ike_input_terminate(sim->peers[i].core, sim->now, &filter, false, 0);
	sim_act(sim, i);
}

static void operate(struct sim *sim)
{
	unsigned i = sim_random(sim, 2), what = sim_random(sim, 100);
	const char *child = names[sim_random(sim, ARRAY_SIZE(names))];

	if (what < 35)
		initiate(sim, i, child);
	else if (what < 60)
		sim_rekey_child(sim, i, child);
	else if (what < 75)
		sim_rekey_ike(sim, i);
	else if (what < 88)
		terminate(sim, i, child);
	else if (what < 90)
		sim_terminate(sim, i);
	else if (what < 92)
		sim->peers[i].kernel.refuse = 1;
	else if (what < 96)
		pair_wait(sim, DURATION_S(1 + sim_random(sim, 100)));
}

/* A link as chance wants it, and the pauses between operations. */
static void weather(struct sim *sim, unsigned *ret_pause_ms)
{
	static const unsigned pauses[] = { 1, 5, 20, 100, 1000, 20000 };

	sim->link.loss = sim_random(sim, 3) ? sim_random(sim, 250) : 0;
	sim->link.duplication = sim_random(sim, 200);
	sim->link.reordering = sim_random(sim, 300);
	sim->link.reordering_delay = DURATION_MS(1 + sim_random(sim, 200));
	*ret_pause_ms = pauses[sim_random(sim, ARRAY_SIZE(pauses))];
}

/* Nobody wants anything and nothing is lost: until both sides agree, or time is up. */
static const char *calm(struct sim *sim)
{
	const char *wrong;

	sim->link = (struct sim_link){ .delay = DURATION_MS(10) };
	for (unsigned i = 0; i < 2; i++)
		sim->peers[i].kernel.refuse = 0;
	for (unsigned n = 0; n < 4000; n++) {
		wrong = sim_agreement(sim);
		if (!wrong)
			return NULL;
		pair_wait(sim, n < 200 ? DURATION_MS(100) : DURATION_S(1));
	}
	return wrong;
}

TEST_F_TIMEOUT(walk, both_sides_agree_whenever_it_calms_down, 3600)
{
	struct sim *sim = &self->sim;
	unsigned pause, done = 0, ikes = 0, children = 0;

	printf("# SIM_SEED=%llu\n", (unsigned long long)self->seed);
	fflush(stdout);
	while (done < self->operations) {
		const char *wrong;

		weather(sim, &pause);
		for (unsigned n = 0; n < STRETCH; n++, done++) {
			operate(sim);
			pair_wait(sim, DURATION_MS(sim_random(sim, pause + 1)));
		}
		wrong = calm(sim);
		if (wrong)
			sim_print(sim);
		ASSERT_EQ(NULL, wrong)
		{
			TH_LOG("after %u operations: %s", done, wrong);
		}
		ikes += sim->peers[0].core->n_sas;
		children += sim->peers[0].core->n_children;
	}
	printf("# %u operations: %llu IKE SAs, %llu Child SAs, %u and %u rekeyings; "
		       "%llu messages, %llu lost\n",
		       done, (unsigned long long)sim->peers[0].core->counters.established,
		       (unsigned long long)sim->peers[0].core->counters.children,
		       sim->peers[0].rekeys, sim->peers[0].child_rekeys,
		       (unsigned long long)sim->delivered, (unsigned long long)sim->lost);
	fflush(stdout);
	/* It was about something. */
	EXPECT_LT(0, ikes);
	EXPECT_LT(0, children);
	EXPECT_LT(done / 100, sim->peers[0].child_rekeys);
	EXPECT_LT(done / 1000, sim->peers[0].rekeys);
}

TEST_HARNESS_MAIN
