/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A play: two protocol cores of a simulation, and somebody who has the keys of both and a program
 * of what to do. The first two octets of an input choose the world and what has happened before;
 * the rest is a row of steps (steps.c). What must hold is in rules.c.
 */
#include "../sim/sim.h"
#include "content.h"
#include "fuzz.h"

#define PLAY_HEARD_MAX    8    /* datagrams that are remembered as they came */
#define PLAY_DATAGRAM_MAX 2048 /* longer ones aren't */
#define PLAY_EXCHANGES    4    /* IKE_SA_INIT to INFORMATIONAL */

struct play_datagram {
	unsigned to;
	struct netaddr local, remote;
	size_t len;
	uint8_t data[PLAY_DATAGRAM_MAX];
};

struct play {
	struct sim sim;
	struct reader in; /* what is left of the program */
	size_t world;
	struct instant end;  /* time stands still then, but for what rules_end() wants */
	unsigned answers[2]; /* that users of the peers have been promised */
	bool honest;         /* nothing was said that a peer would not say */
	bool complete;       /* and nothing got lost, or was ended without telling the peer */
	/* The message that is changed on its way: from now on the nth, 0: none. */
	unsigned edit_nth;
	struct bytes edit_script;
	/* What came over the link. */
	size_t n_heard;
	struct play_datagram heard[PLAY_HEARD_MAX]; /* the last ones, a ring */
	struct content said[2][PLAY_EXCHANGES]
			   [2];             /* by receiver, exchange and kind: the last ones */
	bool is_said[2][PLAY_EXCHANGES][2]; /* there is one */
};

/* -------- steps.c -------- */

/* The program's next step. */
void play_step(struct play *p);
/* For sim.tap: remembers, and changes what the program wants changed. */
void play_tap(struct sim *sim, unsigned to, const struct netaddr *local,
	      const struct netaddr *remote, struct bytes message, void *data);

/* -------- rules.c -------- */

/* What holds between any two inputs. */
void rules_check(struct play *p);
/* Deliver a message that has no right to change an established IKE SA, and see that it doesn't. */
void rules_deliver(struct play *p, unsigned to, const struct netaddr *local,
		   const struct netaddr *remote, struct bytes message);
/* End everything: nothing is left over, and every user has been answered. */
void rules_end(struct play *p);
