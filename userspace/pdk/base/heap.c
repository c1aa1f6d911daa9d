/* SPDX-License-Identifier: MIT */
#include "pdk/base/heap.h"

#include <stddef.h>

/*
 * A node's children are a singly linked list whose first element is node->child. link is the
 * pointer in the parent, in the sibling before, or in the heap that points at the node, so a
 * subtree is cut out without looking for its parent.
 */

/* Join two heaps that stand alone (no sibling, no link): the one with the later root goes below. */
static struct heap_node *heap_meld(struct heap *h, struct heap_node *a, struct heap_node *b)
{
	struct heap_node *top, *below;

	if (!a || !b)
		return a ? a : b;
	top = h->before(b, a) ? b : a;
	below = top == a ? b : a;

	below->next = top->child;
	if (below->next)
		below->next->link = &below->next;
	top->child = below;
	below->link = &top->child;
	return top;
}

/* Join a list of siblings into one heap: pairs from the left, then all of them from the right. */
static struct heap_node *heap_meld_siblings(struct heap *h, struct heap_node *list)
{
	struct heap_node *pairs = NULL, *all = NULL;

	while (list) {
		struct heap_node *a = list, *b = a->next;

		list = b ? b->next : NULL;
		a->next = NULL;
		if (b)
			b->next = NULL;
		a = heap_meld(h, a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {
		struct heap_node *a = pairs;

		pairs = a->next;
		a->next = NULL;
		all = heap_meld(h, all, a);
	}
	return all;
}

static void heap_set_first(struct heap *h, struct heap_node *first)
{
	h->first = first;
	if (first)
		first->link = &h->first;
}

void heap_insert(struct heap *h, struct heap_node *node)
{
	node->child = node->next = NULL;
	heap_set_first(h, heap_meld(h, h->first, node));
}

void heap_remove(struct heap *h, struct heap_node *node)
{
	struct heap_node *orphans;

	if (!node->link)
		return;
	*node->link = node->next;
	if (node->next)
		node->next->link = node->link;
	orphans = heap_meld_siblings(h, node->child);
	*node = (struct heap_node)HEAP_NODE_INIT;
	heap_set_first(h, heap_meld(h, h->first, orphans));
}
