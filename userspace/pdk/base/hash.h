/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Intrusive hash table. The caller brings a good 64-bit hash (SipHash with a random key for what a
 * peer chooses) and compares keys itself; several members may have equal hashes or keys. The table
 * grows by itself, insertion can't fail: when memory is short the chains get longer. Must not be
 * moved in memory. No locking: a table belongs to one thread.
 *
 *	for (n = hash_first(&table, h); n; n = hash_next(n))
 *		if (key_equal(hash_entry(n, struct sa, by_spi), key))
 *			...
 */
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include "pdk/base/cleanup.h"

/* Embedded in the member; all zero while it is in no table. */
struct hash_node {
	struct hash_node *next, **link;
	uint64_t hash;
};

#define HASH_BUCKETS_MIN 8

struct hash {
	struct hash_node **buckets;
	size_t n_buckets; /* a power of two */
	size_t count;     /* members */
	struct hash_node *builtin[HASH_BUCKETS_MIN];
};

#define hash_entry(node, type, member) container_of(node, type, member)

void hash_init(struct hash *h);
/* Frees the buckets. Members are forgotten, not touched. */
void hash_fini(struct hash *h);

/* The node must be in no table. */
void hash_insert(struct hash *h, uint64_t hash, struct hash_node *node);
/* Does nothing when node is in no table. */
void hash_remove(struct hash *h, struct hash_node *node);

static inline bool hash_linked(const struct hash_node *n)
{
	return n->link;
}

/* The members with exactly this hash, one after the other; NULL at the end. */
struct hash_node *hash_first(const struct hash *h, uint64_t hash);
struct hash_node *hash_next(const struct hash_node *node);

/*
 * Walk over all members in no order. The member just returned may be removed and freed (no other),
 * and nothing may be inserted while a walk goes on.
 */
struct hash_walk {
	struct hash *table;
	size_t bucket;
	struct hash_node *next;
};

struct hash_walk hash_walk_start(struct hash *h);
/* NULL at the end. */
struct hash_node *hash_walk_next(struct hash_walk *w);
