/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <stdlib.h>
#include <unistd.h>

#include "pdk/base/heap.h"

#define N 3000

struct item {
	struct heap_node node;
	unsigned key;
};

static bool item_before(const struct heap_node *a, const struct heap_node *b)
{
	return heap_entry(a, struct item, node)->key < heap_entry(b, struct item, node)->key;
}

FIXTURE(heap)
{
	struct heap heap;
	struct item items[N];
	unsigned short seed[3];
};

FIXTURE_SETUP(heap)
{
	heap_init(&self->heap, item_before);
	memset(self->items, 0, sizeof(self->items));
	self->seed[0] = 0x706f;
	self->seed[1] = 0x7374;
	self->seed[2] = (unsigned short)getpid();
	TH_LOG("seed %u", self->seed[2]);
}

FIXTURE_TEARDOWN(heap)
{
}

/* Take all out; they must come in order. Returns how many. */
static unsigned drain(struct __test_metadata *_metadata, struct heap *heap)
{
	struct heap_node *n;
	unsigned count = 0, last = 0;

	while ((n = heap_first(heap))) {
		struct item *i = heap_entry(n, struct item, node);

		EXPECT_LE(last, i->key);
		last = i->key;
		heap_remove(heap, n);
		EXPECT_FALSE(heap_linked(n));
		count++;
	}
	return count;
}

TEST_F(heap, random_members_leave_in_order)
{
	for (unsigned i = 0; i < N; i++) {
		self->items[i].key = (unsigned)nrand48(self->seed) % 1000;
		heap_insert(&self->heap, &self->items[i].node);
	}
	EXPECT_EQ(N, drain(_metadata, &self->heap));
	EXPECT_TRUE(heap_empty(&self->heap));
}

TEST_F(heap, any_member_can_be_removed_at_any_time)
{
	unsigned linked = 0;

	for (unsigned step = 0; step < 50000; step++) {
		struct item *i = &self->items[(unsigned)nrand48(self->seed) % N];

		if (heap_linked(&i->node)) {
			heap_remove(&self->heap, &i->node);
			linked--;
		} else {
			i->key = (unsigned)nrand48(self->seed);
			heap_insert(&self->heap, &i->node);
			linked++;
		}
		if (step % 5000 == 0) {
			unsigned least = ~0u;

			for (unsigned k = 0; k < N; k++)
				if (heap_linked(&self->items[k].node) && self->items[k].key < least)
					least = self->items[k].key;
			if (linked)
				ASSERT_EQ(least,
					  heap_entry(heap_first(&self->heap), struct item, node)
						  ->key);
		}
	}
	EXPECT_EQ(linked, drain(_metadata, &self->heap));
}

TEST_F(heap, removing_an_unlinked_node_changes_nothing)
{
	self->items[0].key = 1;
	heap_insert(&self->heap, &self->items[0].node);
	heap_remove(&self->heap, &self->items[1].node);
	EXPECT_EQ(&self->items[0].node, heap_first(&self->heap));
	heap_remove(&self->heap, &self->items[0].node);
	heap_remove(&self->heap, &self->items[0].node);
	EXPECT_EQ(NULL, heap_first(&self->heap));
}

TEST_HARNESS_MAIN
