/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Letters to shards, from the main thread and from each other. Each is on the heap, owns what it
 * holds, and is freed by its reader. What shards tell the main thread of their own accord are actions
 * of their cores (sa/core.h).
 */
#include "pdk/worker/mailbox.h"
#include "ikev2/fsm/contact.h"
#include "ikev2/fsm/input.h"
#include "ikev2/sa/core.h"
#include "ikev2/vici/backend.h"

struct posternd;
struct shard;

/* -------- to a shard -------- */

struct shard_letter;

struct shard_letter_ops {
	/* The shard's thread; left out when the shard has ended. */
	void (*read)(struct shard *shard, struct instant now, struct shard_letter *letter);
	/* In any case, afterwards: the letter is the hook's, which frees it or posts it back. */
	void (*close)(struct shard_letter *letter);
};

/* What each of them begins with. */
struct shard_letter {
	struct mail mail;
	struct shard *to;
	const struct shard_letter_ops *ops;
};

/* A datagram that came to another worker's socket. */
struct letter_datagram {
	struct shard_letter letter;
	struct netaddr local, remote;
	size_t len;
	uint8_t data[];
};

struct letter_config {
	struct shard_letter letter;
	struct ike_config *config; /* reference */
};

struct letter_initiate {
	struct shard_letter letter;
	const struct connection *conn;  /* reference */
	const struct child_conf *child; /* of conn */
	struct netaddr local, remote;
	bool acquired;
	struct ike_acquire acquire;
	uint64_t token;
};

/* Terminate, rekey and list: the filter owns its strings. The answer goes back in the same letter.
 */
struct letter_filter {
	struct shard_letter letter;
	struct posternd *daemon;
	struct vici_sa_filter filter;
	bool force;     /* terminate */
	bool reauth;    /* rekey */
	uint32_t first; /* list: the lowest unique number of interest */
	uint64_t token;
	/* The answer. */
	unsigned matched;
	struct vici_sa_page *page;
};

struct letter_expire {
	struct shard_letter letter;
	struct ipsec_expire expire;
};

/* The same letter goes back to the shard that asks, with the answer. */
struct letter_contact {
	struct shard_letter letter;
	struct shard *from;
	struct contact contact;
	bool exists;
};

struct letter_unknown_esp {
	struct shard_letter letter;
	struct netaddr local, remote;
	uint32_t spi;
};

struct letter_mapping {
	struct shard_letter letter;
	struct ipsec_mapping mapping;
};

/* -------- helpers -------- */

/* Copies of the strings; false without memory. */
bool letter_filter_set(struct letter_filter *letter, const struct vici_sa_filter *filter);
struct letter_filter *letter_filter_free(struct letter_filter *letter);
