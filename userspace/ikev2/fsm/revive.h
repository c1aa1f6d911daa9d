/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The one place that decides whether a Child SA is brought up (again): start_action, close_action,
 * dpd_action, keyingtries. One object for all workers, on the daemon's main thread; it hears what
 * becomes of the Child SAs (sa/fate.h), it has no clock and no socket, and what it wants done goes
 * through its operations.
 *
 * Nothing is tried again without a pause: pauses double from one to the next, up to five minutes,
 * and are shortened at random. What a user has terminated stays down.
 */
#include "pdk/base/time.h"
#include "ikev2/sa/fate.h"

struct child_conf;
struct connection;
struct ike_config;
struct revive;

/* Pauses before another try: from, up to, and the share that chance takes away at most. */
#define REVIVE_PAUSE_MIN    DURATION_S(1)
#define REVIVE_PAUSE_MAX    DURATION_S(300)
#define REVIVE_JITTER_PART  4
/* A Child SA that was up so long may come back as if it were the first time. */
#define REVIVE_STABLE_AFTER DURATION_S(60)

struct revive_ops {
	/*
	 * Bring conf up; what becomes of it is told by revive_fate(). False: there is no way to the
	 * peer at the moment, which is tried again later and is no try.
	 */
	bool (*start)(const struct connection *conn, const struct child_conf *conf, void *data);
	/* Let packets ask for it. */
	void (*trap)(const struct connection *conn, const struct child_conf *conf, void *data);
};

/* NULL without memory. */
struct revive *revive_new(const struct revive_ops *ops, void *data);
/* Takes NULL, returns NULL. */
struct revive *revive_free(struct revive *r);

/*
 * The configuration in force from now on (referenced): decides what is done with what ends later;
 * what waits and isn't in it any more is forgotten.
 */
void revive_config(struct revive *r, const struct ike_config *config);

/* conf is to be up from now on (start_action = start): try at once. */
void revive_start(struct revive *r, struct instant now, const struct connection *conn,
		  const struct child_conf *conf);
/* Somebody else tries just now, a user or a packet: pauses and tries are counted anew. */
void revive_begun(struct revive *r, const struct connection *conn, const struct child_conf *conf);
/* What has become of a Child SA. */
void revive_fate(struct revive *r, struct instant now, const struct connection *conn,
		 const struct child_conf *conf, struct fate fate);
/*
 * A user wants these down (names; NULL: any): what waits for another try is given up. Returns how
 * many did.
 */
unsigned revive_cancel(struct revive *r, const char *conn, const char *child);

/* When revive_time() has to be called; INSTANT_NEVER. */
struct instant revive_deadline(const struct revive *r);
void revive_time(struct revive *r, struct instant now);
