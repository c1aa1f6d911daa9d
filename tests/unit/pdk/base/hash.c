/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <stdlib.h>

#include "pdk/base/hash.h"
#include "../leaks.h"

#define N 5000

struct item {
	struct hash_node node;
	unsigned key;
};

/* Few distinct values, so that equal hashes of different keys are common. */
static uint64_t weak_hash(unsigned key)
{
	return key % 700 * UINT64_C(0x9e3779b97f4a7c15);
}

static struct item *find(struct hash *h, unsigned key)
{
	for (struct hash_node *n = hash_first(h, weak_hash(key)); n; n = hash_next(n))
		if (hash_entry(n, struct item, node)->key == key)
			return hash_entry(n, struct item, node);
	return NULL;
}

FIXTURE(hash)
{
	struct hash table;
	struct item items[N];
};

FIXTURE_SETUP(hash)
{
	memset(self->items, 0, sizeof(self->items));
	hash_init(&self->table);
	for (unsigned i = 0; i < N; i++) {
		self->items[i].key = i;
		hash_insert(&self->table, weak_hash(i), &self->items[i].node);
	}
}

FIXTURE_TEARDOWN(hash)
{
	hash_fini(&self->table);
	EXPECT_NO_LEAKS();
}

TEST_F(hash, finds_each_member_and_no_other_after_growing)
{
	EXPECT_EQ(N, self->table.count);
	EXPECT_GE(self->table.n_buckets, N / 2);
	for (unsigned i = 0; i < N; i++)
		ASSERT_EQ(&self->items[i], find(&self->table, i));
	EXPECT_EQ(NULL, find(&self->table, N));
}

TEST_F(hash, removed_members_are_gone_and_the_others_stay)
{
	for (unsigned i = 0; i < N; i += 3) {
		hash_remove(&self->table, &self->items[i].node);
		hash_remove(&self->table, &self->items[i].node);
		EXPECT_FALSE(hash_linked(&self->items[i].node));
	}
	EXPECT_EQ(N - (N + 2) / 3, self->table.count);
	for (unsigned i = 0; i < N; i++)
		ASSERT_EQ(i % 3 ? &self->items[i] : NULL, find(&self->table, i));
}

TEST_F(hash, a_walk_meets_each_member_once_and_may_remove_it)
{
	struct hash_walk walk = hash_walk_start(&self->table);
	unsigned char seen[N] = { 0 };
	struct hash_node *n;

	while ((n = hash_walk_next(&walk))) {
		struct item *i = hash_entry(n, struct item, node);

		ASSERT_EQ(0, seen[i->key]++);
		if (i->key % 2)
			hash_remove(&self->table, n);
	}
	for (unsigned i = 0; i < N; i++)
		ASSERT_EQ(1, seen[i]);
	EXPECT_EQ(N / 2, self->table.count);
}

TEST(equal_hashes_of_different_keys_are_told_apart)
{
	struct item a = { .key = 1 }, b = { .key = 1 + 700 };
	struct hash table;

	hash_init(&table);
	hash_insert(&table, weak_hash(a.key), &a.node);
	hash_insert(&table, weak_hash(b.key), &b.node);
	EXPECT_EQ(&a, find(&table, a.key));
	EXPECT_EQ(&b, find(&table, b.key));
	EXPECT_NE(NULL, hash_next(hash_first(&table, weak_hash(1))));
	hash_fini(&table);
}

TEST_HARNESS_MAIN
