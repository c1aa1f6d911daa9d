/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Two peers, a.test and b.test, that agree on everything; a test adds the options that it is about.
 */
#include "pdk/log/log.h"
#include "ikev2/codec/message.h"
#include "ikev2/fsm/state.h"
#include "sim.h"

/* What a test adds to a peer's sections; NULL: nothing. */
struct pair_options {
	const char *settings, *connection, *child, *children;
};

/* Nothing is rekeyed by time; besides "net" there are "one" and "two". */
extern const struct pair_options pair_one_and_two;

/* Text of the configuration of peer i. children: whole sections beside "net". */
void pair_config(char *buf, size_t size, unsigned i, const struct pair_options *o);
/* Both configured; nothing has happened yet. */
void pair_init(struct sim *sim, const struct pair_options *a, const struct pair_options *b);
/* Peer 0 brings "net" up. False: it did not come up, or the peers disagree about it. */
bool pair_up(struct sim *sim);

/* A packet between these addresses wants peer 0's "net". */
void pair_acquire(struct sim *sim, const char *src, const char *dst);

/* Peer i loses power and comes back, with these options. */
void pair_reboot(struct sim *sim, unsigned i, const struct pair_options *o);

/* A message of the link, opened. */
struct pair_message {
	struct ike_message m;
	uint8_t copy[IKE_MESSAGE_MAX];
};
/* For a tap: what peer `to` will find in raw, by the key of its only IKE SA. False: nothing. */
bool pair_open(const struct sim *sim, unsigned to, struct bytes raw, struct pair_message *ret);

/* For that long. */
void pair_wait(struct sim *sim, struct duration time);
/* The link carries nothing (true), or everything again. */
void pair_cut(struct sim *sim, bool cut);
