/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Intrusive doubly linked list. A struct list is both the head and the node that objects embed; an
 * unlinked node points to itself, so list_remove() may be called on it again. No locking: a list
 * belongs to one thread.
 */
#include <stdbool.h>
#include "pdk/base/cleanup.h"

struct list {
	struct list *prev, *next;
};

#define LIST_INIT(name) { &(name), &(name) }

static inline void list_init(struct list *l)
{
	l->prev = l->next = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

/* Link node before pos; with pos the head of a list that is its tail. */
static inline void list_insert_before(struct list *pos, struct list *node)
{
	node->prev = pos->prev;
	node->next = pos;
	pos->prev->next = node;
	pos->prev = node;
}

static inline void list_append(struct list *head, struct list *node)
{
	list_insert_before(head, node);
}

static inline void list_prepend(struct list *head, struct list *node)
{
	list_insert_before(head->next, node);
}

static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

/* Move every node of from to the end of to; from is empty afterwards. */
static inline void list_splice(struct list *to, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#define list_entry(node, type, member) container_of(node, type, member)

/* The first object, or NULL when the list is empty. */
#define list_first(head, type, member) \
	(list_empty(head) ? NULL : list_entry((head)->next, type, member))

#define list_last(head, type, member) \
	(list_empty(head) ? NULL : list_entry((head)->prev, type, member))

#define list_for_each(it, head, member)                                        \
	for (it = list_entry((head)->next, __typeof__(*it), member);          \
	     &it->member != (head);                                            \
	     it = list_entry(it->member.next, __typeof__(*it), member))

/* As list_for_each, and the loop may unlink or free the current object (but no other). */
#define list_for_each_safe(it, tmp, head, member)                              \
	for (it = list_entry((head)->next, __typeof__(*it), member),          \
	    tmp = list_entry(it->member.next, __typeof__(*it), member);        \
	     &it->member != (head);                                            \
	     it = tmp, tmp = list_entry(tmp->member.next, __typeof__(*it), member))
