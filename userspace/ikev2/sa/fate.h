/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What becomes of the Child SAs that we can bring up ourselves. The core only tells; whether one is
 * brought up again is decided in one place for all workers: fsm/revive.h.
 */
#include <stdbool.h>

struct child_conf;
struct child_sa;
struct connection;
struct ike_core;

/* How an SA ends. The first is what is left when nothing else was said. */
enum sa_end {
	SA_END_FAILED,   /* the peer deleted or refused it, or something went wrong */
	SA_END_DEAD,     /* the peer does not answer any more */
	SA_END_USER,     /* somebody wanted it so */
	SA_END_EXPIRED,  /* its hard lifetime is over */
	SA_END_REPLACED, /* another one serves in its place */
	SA_END_IDLE,     /* it has carried nothing for a while */
	SA_END_REAUTH,   /* to be made anew at once, with authentication */
};
const char *sa_end_name(enum sa_end end);

struct fate {
	bool up; /* it has come up; else it has ended: */
	enum sa_end end;
	bool was_up; /* false: it never got that far, and it was us who tried */
};

/* child has come up. */
void fate_child_up(struct child_sa *child);
/* child is about to go, for the reason that it or its IKE SA has. */
void fate_child_end(struct child_sa *child);
/*
 * Somebody wanted conf up, and nothing was begun: end is SA_END_REPLACED when there is one already,
 * or one on its way, else SA_END_FAILED.
 */
void fate_not_begun(struct ike_core *core, const struct connection *conn,
		    const struct child_conf *conf, enum sa_end end);
