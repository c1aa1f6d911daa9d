/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include "pdk/base/list.h"
#include "pdk/base/time.h"

struct item {
	int value;
	struct list node;
};

/* The values of the list as decimal digits, first to last. */
static int digits(struct list *head)
{
	struct item *it;
	int n = 0;

	list_for_each (it, head, node)
		n = n * 10 + it->value;
	return n;
}

TEST(appends_prepends_and_removes)
{
	struct item a = { .value = 1 }, b = { .value = 2 }, c = { .value = 3 };
	struct list head = LIST_INIT(head);

	EXPECT_EQ(NULL, list_first(&head, struct item, node));
	list_append(&head, &b.node);
	list_append(&head, &c.node);
	list_prepend(&head, &a.node);
	EXPECT_EQ(123, digits(&head));
	list_remove(&b.node);
	list_remove(&b.node);
	EXPECT_EQ(13, digits(&head));
	EXPECT_EQ(&a, list_first(&head, struct item, node));
	EXPECT_EQ(&c, list_last(&head, struct item, node));
}

TEST(splice_moves_everything_to_the_end)
{
	struct item a = { .value = 1 }, b = { .value = 2 }, c = { .value = 3 };
	struct list to = LIST_INIT(to), from = LIST_INIT(from);

	list_append(&to, &a.node);
	list_append(&from, &b.node);
	list_append(&from, &c.node);
	list_splice(&to, &from);
	EXPECT_EQ(123, digits(&to));
	EXPECT_TRUE(list_empty(&from));
	list_splice(&to, &from);
	EXPECT_EQ(123, digits(&to));
}

TEST(safe_walk_may_remove_the_current_one)
{
	struct item items[5], *it, *next;
	struct list head = LIST_INIT(head);

	for (int i = 0; i < 5; i++) {
		items[i].value = i + 1;
		list_append(&head, &items[i].node);
	}
	list_for_each_safe (it, next, &head, node)
		if (it->value % 2)
			list_remove(&it->node);
	EXPECT_EQ(24, digits(&head));
}

TEST(time_saturates_instead_of_wrapping)
{
	struct instant t = { 1000 };

	EXPECT_EQ(1500, instant_add(t, DURATION_NS(500)).ns);
	EXPECT_EQ(500, instant_add(t, DURATION_NS(-500)).ns);
	EXPECT_EQ(0, instant_add(t, DURATION_NS(-1001)).ns);
	EXPECT_EQ(0, instant_add(t, DURATION_NS(INT64_MIN)).ns);
	EXPECT_TRUE(instant_is_never(instant_add(INSTANT_NEVER, DURATION_S(-1))));
	EXPECT_TRUE(
		instant_is_never(instant_add((struct instant){ UINT64_MAX - 1 }, DURATION_S(1))));
	EXPECT_EQ(-500, instant_diff((struct instant){ 500 }, t).ns);
}

TEST_HARNESS_MAIN
