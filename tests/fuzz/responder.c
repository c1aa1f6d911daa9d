/* SPDX-License-Identifier: MIT */
/*
 * The whole protocol core, in both roles: handshakes and all that follows, with messages that are
 * changed, repeated, cut and made up on the way, sealed with the right keys; see play.h.
 *
 *	FUZZ_VERBOSE=1 build-fuzz/tests/fuzz/fuzz_responder INPUT
 */
#include "play.h"

#include "pdk/log/log.h"
#include "worlds.h"

#define STEPS_MAX 64
#define TIME_MAX  DURATION_S(1000)

/* The second octet of an input. */
enum {
	BEFORE_DEBUG = 1, /* everything is logged */
	BEFORE_DELAY = 2, /* the link takes its time */
	BEFORE_UP = 4,    /* peer 0 has brought its first child up */
};

/* The core takes something for impossible. */
static void find_bug(const struct log_record *record, void *unused)
{
	FUZZ_CHECK(record->level != LOG_LEVEL_ERROR || strncmp(record->message, "bug:", 4) != 0);
}

static void begin(struct play *p, size_t world, unsigned before)
{
	struct sim *sim = &p->sim;
	static bool listening;

	if (!listening) {
		FUZZ_CHECK(log_add_sink(find_bug, NULL) == 0);
		if (getenv("FUZZ_VERBOSE"))
			log_add_sink(log_stderr_sink, NULL);
	}
	listening = true;
	log_set_level(NULL, before & BEFORE_DEBUG ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
	p->world = world;
	sim_init_take(sim, 1, world_config(world, 0), world_config(world, 1));
	p->end = instant_add(sim->now, TIME_MAX);
	sim->tap = play_tap;
	sim->tap_data = p;
	sim->link.delay = before & BEFORE_DELAY ? DURATION_MS(10) : DURATION_S(0);
	if (before & BEFORE_UP) {
		p->answers[0]++;
		sim_initiate(sim, 0);
		sim_run(sim, instant_add(sim->now, DURATION_S(1)));
	}
}

int fuzz_responder(const uint8_t *data, size_t len)
{
	static struct play play;
	struct play *p = &play;

	if (len < 2)
		return 0;
	p->edit_nth = 0;
	p->honest = p->complete = true;
	p->n_heard = 0;
	p->answers[0] = p->answers[1] = 0;
	memset(p->is_said, 0, sizeof(p->is_said));
	reader_init(&p->in, BYTES(data + 2, len - 2));
	begin(p, data[0] % worlds(), data[1]);
	for (size_t n = 0; n < STEPS_MAX && reader_left(&p->in); n++) {
		play_step(p);
		rules_check(p);
	}
	rules_end(p);
	sim_fini(&p->sim);
	return 0;
}
