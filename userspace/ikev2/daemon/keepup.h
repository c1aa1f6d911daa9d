/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Keeps up what the configuration wants to be up: the daemon's side of fsm/revive.h, which decides;
 * this gives it a clock, finds the way to the peer, and asks the shard. Main thread only.
 */
#include "ikev2/policy/config.h"

struct mail;
struct posternd;

/* 0 or -ENOMEM. */
int keepup_init(struct posternd *d);
void keepup_fini(struct posternd *d);

/* d->config has come into force after old: children that are new and have start_action = start are
 * begun. */
void keepup_follow_config(struct posternd *d, const struct ike_config *old);
/* A user or a packet has this one tried. */
void keepup_begun(struct posternd *d, const struct connection *conn,
		  const struct child_conf *child);
/* A user wants these down (names; NULL: any); how many were waiting for another try. */
unsigned keepup_cancel(struct posternd *d, const char *conn, const char *child);

/* From a shard: IKE_ACTION_FATE. */
void keepup_deliver_fate(struct mail *mail);
