/* SPDX-License-Identifier: MIT */
/*
 * The matrices of RFC 7296 2.25.1 and 2.25.2, and of 2.8.1 and 2.8.2: whatever both sides begin within
 * a round trip of each other, and whichever one message of it is lost, late or comes twice, they agree
 * afterwards, nothing one-sided remains, and no packet is lost unless somebody wanted an end.
 */
#include <stdio.h>
#include <kselftest_harness.h>

#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/ike_sa.h"
#include "pair.h"
#include "sim_random.h"

/* Messages of which one has a mishap: more than any cell takes. */
#define MESSAGES 12

enum operation {
	CREATE_CHILD,
	REKEY_CHILD,
	DELETE_CHILD,
	REKEY_IKE,
	DELETE_IKE,
	OPERATIONS,
};

static const char *const operation_names[] = {
	"create a Child SA", "rekey the Child SA", "delete the Child SA", "rekey the IKE SA",
	"delete the IKE SA",
};

/* One cell of the matrix, in one way that it may go. */
struct cell {
	enum operation operation[2];
	unsigned offset_ms; /* that peer 1 begins later */
	struct sim_mishap mishap;
};

static void operate(struct sim *sim, unsigned i, enum operation operation)
{
	struct sim_peer *peer = &sim->peers[i];
	const struct connection *conn = peer->config->connections[0];
	const struct ike_filter child = { .child = "net" };

	switch (operation) {
	case CREATE_CHILD:
		ike_input_initiate(peer->core, sim->now, conn,
				   connection_child(conn, i ? "two" : "one"), &peer->addr,
				   &sim->peers[!i].addr, NULL, 0);
		break;
	case REKEY_CHILD:
		sim_rekey_child(sim, i, "net");
		break;
	case DELETE_CHILD:
		ike_input_terminate(peer->core, sim->now, &child, false, 0);
		break;
	case REKEY_IKE:
		sim_rekey_ike(sim, i);
		break;
	case DELETE_IKE:
	case OPERATIONS:
		sim_terminate(sim, i);
		break;
	}
	sim_act(sim, i);
}

/* Somebody wanted an end of what carries packets, or it was just being made. */
static bool cuts(const struct cell *cell)
{
	for (unsigned i = 0; i < 2; i++)
		if (cell->operation[i] != REKEY_CHILD && cell->operation[i] != REKEY_IKE)
			return true;
	return false;
}

static unsigned count_children(const struct sim *sim, const char *name)
{
	const struct child_sa *child;
	const struct ike_sa *sa;
	unsigned n = 0;

	list_for_each(sa, &sim->peers[0].core->sas, link)
		list_for_each(child, &sa->children, link)
			n += strcmp(child->conf->name, name) == 0;
	return n;
}

static bool wanted(const struct cell *cell, enum operation operation)
{
	return cell->operation[0] == operation || cell->operation[1] == operation;
}

/* What must have come of it. NULL, or what is wrong. */
static const char *verdict(struct sim *sim, const struct cell *cell)
{
	const char *wrong = sim_agreement(sim);

	if (wrong)
		return wrong;
	if (sim->black_holes && !cuts(cell))
		return sim->black_hole;
	if (wanted(cell, DELETE_IKE))
		return NULL; /* what the other wanted may have made another one */
	if (sim->peers[0].core->n_sas != 1)
		return "not one IKE SA";
	if (count_children(sim, "net") != !wanted(cell, DELETE_CHILD))
		return "not as many Child SAs as there should be";
	for (unsigned i = 0; i < 2; i++)
		if (count_children(sim, i ? "two" : "one") != (cell->operation[i] == CREATE_CHILD))
			return "the Child SA that was to be created";
	return NULL;
}

static const char *run(const struct cell *cell, unsigned seed)
{
	const char *wrong;
	struct sim sim;

	pair_init(&sim, &pair_one_and_two, &pair_one_and_two);
	if (!pair_up(&sim))
		return "it did not come up";
	sim.random = seed * 0x9e3779b97f4a7c15ull | 1;
	sim_random_seed(sim.random);
	sim.watch_traffic = true;
	sim.mishap = cell->mishap;
	operate(&sim, 0, cell->operation[0]);
	pair_wait(&sim, DURATION_MS(cell->offset_ms));
	operate(&sim, 1, cell->operation[1]);
	pair_wait(&sim, DURATION_S(900));
	wrong = verdict(&sim, cell);
	if (wrong)
		sim_print(&sim);
	sim_fini(&sim);
	return wrong;
}

/* All ways of one cell. Returns how many there were; *ret_bad counts those that went wrong. */
static unsigned run_cell(enum operation a, enum operation b, unsigned *ret_bad)
{
	static const unsigned offsets[] = { 0, 4, 9, 15 };
	static const struct sim_mishap mishaps[] = {
		{ .kind = SIM_LOST },
		{ .kind = SIM_DELAYED, .later = DURATION_MS(30) },
		{ .kind = SIM_DELAYED, .later = DURATION_S(3) },
		{ .kind = SIM_REPEATED, .later = DURATION_MS(40) },
	};
	unsigned n = 0;

	for (size_t o = 0; o < ARRAY_SIZE(offsets); o++)
		for (size_t m = 0; m < ARRAY_SIZE(mishaps); m++)
			for (unsigned nth = 0; nth <= MESSAGES; nth++) {
				struct cell cell = { { a, b }, offsets[o], mishaps[m] };
				const char *wrong;

				if (nth == 0 && m > 0)
					continue; /* no mishap at all: once is enough */
				cell.mishap.nth = nth;
				wrong = run(&cell, ++n);
				if (!wrong)
					continue;
				(*ret_bad)++;
				printf("# one side: %s; %u ms later the other: %s; message %u %s: %s\n",
				       operation_names[a], offsets[o], operation_names[b], nth,
				       mishaps[m].kind == SIM_LOST	   ? "lost"
				       : mishaps[m].kind == SIM_DELAYED ? "late"
									   : "twice",
				       wrong);
				fflush(stdout);
			}
	return n;
}

FIXTURE(collision)
{
};

FIXTURE_VARIANT(collision)
{
	enum operation first;
};

FIXTURE_SETUP(collision)
{
	log_add_sink(log_stderr_sink, NULL);
}

FIXTURE_TEARDOWN(collision)
{
}

FIXTURE_VARIANT_ADD(collision, creating_a_child_sa) { .first = CREATE_CHILD };
FIXTURE_VARIANT_ADD(collision, rekeying_a_child_sa) { .first = REKEY_CHILD };
FIXTURE_VARIANT_ADD(collision, deleting_a_child_sa) { .first = DELETE_CHILD };
FIXTURE_VARIANT_ADD(collision, rekeying_the_ike_sa) { .first = REKEY_IKE };
FIXTURE_VARIANT_ADD(collision, deleting_the_ike_sa) { .first = DELETE_IKE };

TEST_F_TIMEOUT(collision, with_each_operation_of_the_other, 600)
{
	for (int second = 0; second < OPERATIONS; second++) {
		unsigned bad = 0, n = run_cell(variant->first, (enum operation)second, &bad);

		EXPECT_LT(100, n);
		EXPECT_EQ(0, bad)
		{
			TH_LOG("%s and %s: %u of %u went wrong", operation_names[variant->first],
			       operation_names[second], bad, n);
		}
	}
}

TEST_HARNESS_MAIN
