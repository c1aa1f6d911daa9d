/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Intrusive pairing heap: the first of many in constant time, insertion in constant time, removal
 * of any member in amortised logarithmic time, and no allocation ever. Timers live in one. A
 * non-empty heap must not be moved in memory. No locking: a heap belongs to one thread.
 */
#include <stdbool.h>
#include "pdk/base/cleanup.h"

/* Embedded in the member; all zero while it is in no heap. */
struct heap_node {
	struct heap_node *child, *next; /* first child, next sibling */
	struct heap_node **link;        /* the pointer that points here; NULL: in no heap */
};

/* Must a come before b? A strict weak order that doesn't change while the two are in the heap. */
typedef bool (*heap_before_fn)(const struct heap_node *a, const struct heap_node *b);

struct heap {
	struct heap_node *first;
	heap_before_fn before;
};

#define HEAP_INIT(before_fn)                                                                       \
	{                                                                                          \
		NULL, (before_fn)                                                                  \
	}
#define HEAP_NODE_INIT                                                                             \
	{                                                                                          \
		NULL, NULL, NULL                                                                   \
	}

static inline void heap_init(struct heap *h, heap_before_fn before)
{
	*h = (struct heap)HEAP_INIT(before);
}

static inline bool heap_empty(const struct heap *h)
{
	return !h->first;
}

/* The member that no other comes before; NULL when the heap is empty. */
static inline struct heap_node *heap_first(const struct heap *h)
{
	return h->first;
}

static inline bool heap_linked(const struct heap_node *n)
{
	return n->link;
}

#define heap_entry(node, type, member) container_of(node, type, member)

/* The node must be in no heap. */
void heap_insert(struct heap *h, struct heap_node *node);
/* Take node out of h; does nothing when it is in no heap. */
void heap_remove(struct heap *h, struct heap_node *node);
