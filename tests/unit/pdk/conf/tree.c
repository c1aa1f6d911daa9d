/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "pdk/conf/tree.h"
#include "../leaks.h"

FIXTURE(tree)
{
	struct conf_node *root;
};

FIXTURE_SETUP(tree)
{
	self->root = conf_root_new();
	ASSERT_NE(NULL, self->root);
}

FIXTURE_TEARDOWN(tree)
{
	self->root = conf_free(self->root);
	EXPECT_NO_LEAKS();
}

TEST_F(tree, children_keep_their_order_and_the_last_of_a_name_is_found)
{
	static const char *const values[] = { "1", "2", "3" };
	struct conf_node *node;
	size_t i = 0;

	EXPECT_EQ(0, conf_add_string(self->root, "a", "1", NULL));
	EXPECT_EQ(0, conf_add_string(self->root, "b", "2", NULL));
	EXPECT_EQ(0, conf_add_string(self->root, "a", "3", NULL));
	conf_for_each(node, self->root) EXPECT_STREQ(values[i++], node->value);
	EXPECT_EQ(3, i);
	EXPECT_STREQ("3", conf_string(self->root, "a"));
	EXPECT_EQ(NULL, conf_string(self->root, "c"));
	EXPECT_EQ(NULL, conf_find_type(self->root, "a", CONF_SECTION));
}

TEST_F(tree, binary_values_are_kept_but_are_no_strings)
{
	static const uint8_t binary[] = { 1, 0, 2 };
	struct conf_node *node;

	ASSERT_EQ(0, conf_add_value(self->root, "k", BYTES_OF(binary), NULL, &node));
	EXPECT_TRUE(conf_is_binary(node));
	EXPECT_TRUE(bytes_equal(BYTES_OF(binary), conf_bytes(node)));
	EXPECT_EQ(NULL, conf_string(self->root, "k"));
	ASSERT_EQ(0, conf_add_value(self->root, "empty", BYTES_NONE, NULL, &node));
	EXPECT_FALSE(conf_is_binary(node));
	EXPECT_STREQ("", conf_string(self->root, "empty"));
}

TEST_F(tree, only_what_can_hold_children_takes_them)
{
	struct conf_node *list, *value;

	ASSERT_EQ(0, conf_add_list(self->root, "l", NULL, &list));
	ASSERT_EQ(0, conf_add_value(self->root, "v", bytes_str("x"), NULL, &value));
	EXPECT_EQ(0, conf_add_item(list, bytes_str("one"), NULL));
	EXPECT_EQ(-EINVAL, conf_add_string(list, "name", "x", NULL));
	EXPECT_EQ(-EINVAL, conf_add_section(list, "name", NULL, NULL));
	EXPECT_EQ(-EINVAL, conf_add_item(self->root, bytes_str("x"), NULL));
	EXPECT_EQ(-EINVAL, conf_add_string(value, "name", "x", NULL));
	EXPECT_EQ(-EINVAL, conf_add_string(self->root, "", "x", NULL));
}

TEST_F(tree, depth_is_bounded)
{
	struct conf_node *node = self->root;

	for (int i = 0; i < CONF_DEPTH_MAX; i++)
		ASSERT_EQ(0, conf_add_section(node, "s", NULL, &node));
	EXPECT_EQ(-E2BIG, conf_add_section(node, "s", NULL, NULL));
	EXPECT_EQ(-E2BIG, conf_add_list(node, "l", NULL, NULL));
	EXPECT_EQ(0, conf_add_string(node, "v", "1", NULL));
}

TEST_F(tree, names_and_values_are_bounded)
{
	char name[CONF_NAME_MAX + 2];
	char *value = calloc(1, CONF_VALUE_MAX + 1);

	memset(name, 'n', sizeof(name));
	name[CONF_NAME_MAX + 1] = '\0';
	EXPECT_EQ(-E2BIG, conf_add_string(self->root, name, "v", NULL));
	name[CONF_NAME_MAX] = '\0';
	EXPECT_EQ(0, conf_add_string(self->root, name, "v", NULL));
	EXPECT_EQ(-E2BIG,
		  conf_add_value(self->root, "v", BYTES(value, CONF_VALUE_MAX + 1), NULL, NULL));
	EXPECT_EQ(0, conf_add_value(self->root, "v", BYTES(value, CONF_VALUE_MAX), NULL, NULL));
	free(value);
}

TEST_F(tree, size_is_bounded_and_freeing_gives_room_again)
{
	char *value = calloc(1, CONF_VALUE_MAX);
	struct conf_node *node = NULL;
	int err, n = 0;

	while (!(err = conf_add_value(self->root, "v", BYTES(value, CONF_VALUE_MAX), NULL, &node)))
		n++;
	EXPECT_EQ(-E2BIG, err);
	EXPECT_LE(n, CONF_TREE_MAX / CONF_VALUE_MAX);
	EXPECT_GE(n, CONF_TREE_MAX / CONF_VALUE_MAX - 1);
	conf_free(node);
	EXPECT_EQ(0, conf_add_value(self->root, "v", BYTES(value, CONF_VALUE_MAX), NULL, NULL));
	while ((node = conf_find(self->root, "v")))
		conf_free(node);
	EXPECT_EQ(0, self->root->used);
	free(value);
}

/* a { k = v; l = [ x ] } */
static void fill(struct conf_node *parent)
{
	struct conf_source *source = conf_source_new("file");
	struct conf_origin origin = { source, 3, 4 };
	struct conf_node *section, *list;

	conf_add_section(parent, "a", &origin, &section);
	conf_add_string(section, "k", "v", &origin);
	conf_add_list(section, "l", &origin, &list);
	conf_add_item(list, bytes_str("x"), &origin);
	conf_source_unref(source);
}

TEST_F(tree, copies_are_equal_and_independent)
{
	struct conf_node *copy = NULL, *section;

	fill(self->root);
	section = conf_find(self->root, "a");
	ASSERT_EQ(0, conf_copy(section, &copy));
	EXPECT_TRUE(conf_equal(section, copy));
	EXPECT_EQ(NULL, copy->parent);
	EXPECT_EQ(3, conf_find(copy, "k")->origin.line);
	EXPECT_STREQ("file", conf_source_name(conf_find(copy, "k")->origin.source));
	conf_free(conf_find(copy, "l"));
	EXPECT_FALSE(conf_equal(section, copy));
	EXPECT_NE(NULL, conf_find(section, "l"));
	self->root = conf_free(self->root);
	EXPECT_STREQ("v", conf_string(copy, "k"));
	conf_free(copy);
}

TEST_F(tree, equality_sees_every_difference)
{
	struct conf_node *other = conf_root_new(), *a;

	fill(self->root);
	fill(other);
	EXPECT_TRUE(conf_equal(self->root, other));
	EXPECT_TRUE(conf_equal(NULL, NULL));
	EXPECT_FALSE(conf_equal(self->root, NULL));
	a = conf_find(other, "a");
	conf_add_item(conf_find(a, "l"), bytes_str("y"), NULL);
	EXPECT_FALSE(conf_equal(self->root, other));
	conf_free(conf_find(a, "l"));
	EXPECT_FALSE(conf_equal(self->root, other));
	EXPECT_FALSE(conf_equal(other, self->root));
	conf_free(other);
}

TEST_F(tree, merging_joins_sections_and_replaces_values)
{
	struct conf_node *other = conf_root_new(), *a;

	fill(self->root);
	conf_add_section(other, "a", NULL, &a);
	conf_add_string(a, "k", "new", NULL);
	conf_add_string(a, "m", "more", NULL);
	EXPECT_EQ(0, conf_merge(self->root, other));
	a = conf_find(self->root, "a");
	EXPECT_STREQ("new", conf_string(a, "k"));
	EXPECT_STREQ("more", conf_string(a, "m"));
	EXPECT_NE(NULL, conf_find_type(a, "l", CONF_LIST));
	conf_free(other);
}

TEST_F(tree, paths_join_names_and_fit_their_buffer)
{
	char path[CONF_PATH_LEN], tiny[4];
	struct conf_node *section, *value;

	conf_add_section(self->root, "connections", NULL, &section);
	conf_add_section(section, "gw", NULL, &section);
	conf_add_value(section, "unique", bytes_str("no"), NULL, &value);
	EXPECT_STREQ("connections.gw.unique", conf_path(value, path, sizeof(path)));
	EXPECT_STREQ("con", conf_path(value, tiny, sizeof(tiny)));
	EXPECT_STREQ("", conf_path(self->root, path, sizeof(path)));
}

TEST(reports_say_where_and_keep_one_line_a_message)
{
	struct conf_report report = CONF_REPORT_INIT;
	struct conf_origin origin = { conf_source_new("f.conf"), 3, 5 };

	EXPECT_FALSE(conf_report_failed(&report));
	EXPECT_STREQ("", conf_report_text(&report));
	conf_report_add(&report, &origin, "bad\n\x1b[31m%s", "x");
	origin.column = 0;
	conf_report_add(&report, &origin, "two");
	origin.line = 0;
	conf_report_add(&report, &origin, "three");
	conf_report_add(&report, NULL, "four");
	EXPECT_STREQ("f.conf:3:5: bad??[31mx\nf.conf:3: two\nf.conf: three\nfour\n",
		     conf_report_text(&report));
	EXPECT_TRUE(conf_report_failed(&report));
	EXPECT_EQ(4, report.n);
	conf_source_unref(origin.source);
	conf_report_fini(&report);
	EXPECT_NO_LEAKS();
}

TEST(reports_are_bounded)
{
	struct conf_report report = CONF_REPORT_INIT;
	char *text = malloc(100001);

	memset(text, 'x', 100000);
	text[100000] = '\0';
	for (int i = 0; i < 1000; i++)
		conf_report_add(&report, NULL, "%s", text);
	EXPECT_EQ(1000, report.n);
	EXPECT_LT(report.len, 1000 * (CONF_REPORT_MAX + 1));
	EXPECT_NE(NULL, strstr(conf_report_text(&report), "\n... and more\n"));
	free(text);
	conf_report_fini(&report);
}

TEST(node_types_have_names)
{
	EXPECT_STREQ("section", conf_type_name(CONF_SECTION));
	EXPECT_STREQ("value", conf_type_name(CONF_VALUE));
	EXPECT_STREQ("list", conf_type_name(CONF_LIST));
}

TEST_HARNESS_MAIN
