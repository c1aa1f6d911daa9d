/* SPDX-License-Identifier: MIT */
#include "pdk/base/hash.h"

#include <stdlib.h>

void hash_init(struct hash *h)
{
	*h = (struct hash){ .n_buckets = HASH_BUCKETS_MIN };
	h->buckets = h->builtin;
}

void hash_fini(struct hash *h)
{
	if (h->buckets != h->builtin)
		free(h->buckets);
	hash_init(h);
}

static void hash_link(struct hash_node **bucket, struct hash_node *node)
{
	node->next = *bucket;
	if (node->next)
		node->next->link = &node->next;
	*bucket = node;
	node->link = bucket;
}

/* Twice the buckets; when there is no memory for them the table stays as it is. */
static void hash_grow(struct hash *h)
{
	size_t n = h->n_buckets * 2;
	struct hash_node **bigger = calloc(n, sizeof(*bigger));

	if (!bigger)
		return;
	for (size_t i = 0; i < h->n_buckets; i++) {
		struct hash_node *node = h->buckets[i];

		while (node) {
			struct hash_node *next = node->next;

			hash_link(&bigger[node->hash & (n - 1)], node);
			node = next;
		}
	}
	if (h->buckets != h->builtin)
		free(h->buckets);
	h->buckets = bigger;
	h->n_buckets = n;
}

void hash_insert(struct hash *h, uint64_t hash, struct hash_node *node)
{
	if (h->count >= h->n_buckets)
		hash_grow(h);
	node->hash = hash;
	hash_link(&h->buckets[hash & (h->n_buckets - 1)], node);
	h->count++;
}

void hash_remove(struct hash *h, struct hash_node *node)
{
	if (!node->link)
		return;
	*node->link = node->next;
	if (node->next)
		node->next->link = node->link;
	*node = (struct hash_node){ 0 };
	h->count--;
}

static struct hash_node *hash_skip_to(struct hash_node *node, uint64_t hash)
{
	while (node && node->hash != hash)
		node = node->next;
	return node;
}

struct hash_node *hash_first(const struct hash *h, uint64_t hash)
{
	return hash_skip_to(h->buckets[hash & (h->n_buckets - 1)], hash);
}

struct hash_node *hash_next(const struct hash_node *node)
{
	return hash_skip_to(node->next, node->hash);
}

struct hash_walk hash_walk_start(struct hash *h)
{
	return (struct hash_walk){ .table = h };
}

struct hash_node *hash_walk_next(struct hash_walk *w)
{
	struct hash_node *node;

	while (!w->next && w->bucket < w->table->n_buckets)
		w->next = w->table->buckets[w->bucket++];
	node = w->next;
	if (node)
		w->next = node->next;
	return node;
}
