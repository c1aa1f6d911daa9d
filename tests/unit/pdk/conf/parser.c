/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "pdk/conf/parser.h"
#include "../leaks.h"

/* The tree in one line: "a{k=[v] b{} }". */
static void print(const struct conf_node *node, FILE *out)
{
	const struct conf_node *child;

	conf_for_each(child, node)
	{
		if (child->type == CONF_SECTION) {
			fprintf(out, "%s{", child->name);
			print(child, out);
			fprintf(out, "} ");
		} else {
			fprintf(out, "%s=[%s] ", child->name, child->value);
		}
	}
}

/* Parse from memory of exactly that size, and print what came out. The caller frees both. */
static int parse(const char *text, char **ret_tree, char **ret_report)
{
	struct conf_report report = CONF_REPORT_INIT;
	struct conf_node *root = conf_root_new();
	size_t len = strlen(text), size;
	char *exact = malloc(len ? len : 1);
	FILE *out;
	int err;

	memcpy(exact, text, len);
	err = conf_parse(BYTES(exact, len), "f", root, &report);
	free(exact);
	out = open_memstream(ret_tree, &size);
	print(root, out);
	fclose(out);
	*ret_report = strdup(conf_report_text(&report));
	conf_free(root);
	conf_report_fini(&report);
	return err;
}

static const struct {
	const char *text, *tree;
} good[] = {
	{ "", "" },
	{ "\n\n  \t\n", "" },
	{ "# nothing", "" },
	{ "a = b", "a=[b] " },
	{ "a=b", "a=[b] " },
	{ "a = b\r\nc = d\r\n", "a=[b] c=[d] " },
	{ "\xef\xbb\xbf"
	  "a = b",
	  "a=[b] " },
	{ "a =   several  words \t # not this", "a=[several  words] " },
	{ "a = 0sABC+/==", "a=[0sABC+/==] " },
	{ "a = x, y, z", "a=[x, y, z] " },
	{ "a = 10.0.0.0/8[tcp/80]", "a=[10.0.0.0/8[tcp/80]] " },
	{ "a = fe80::1", "a=[fe80::1] " },
	{ "a = \"quoted # { } = \"", "a=[quoted # { } = ] " },
	{ "a = \"q\" # c", "a=[q] " },
	{ "a = \"t\\tn\\nr\\rq\\\"b\\\\x\\x\"", "a=[t\tn\nr\rq\"b\\xx] " },
	{ "a = \"one \\\n      two\"", "a=[one two] " },
	{ "a = \"one \\\r\n      two\"", "a=[one two] " },
	{ "a = \"one\ntwo\"", "a=[one\ntwo] " },
	{ "a { }", "a{} " },
	{ "a {}", "a{} " },
	{ "a{b=c}", "a{b=[c] } " },
	{ "a { b { c = d } e = f }", "a{b{c=[d] } e=[f] } " },
	{ "a\n\n# c\n{\n b = c\n}", "a{b=[c] } " },
	{ "a { b = 1\n}\na { c = 2\n}", "a{b=[1] c=[2] } " },
	{ "a = 1\na = 2", "a=[2] " },
	{ "a = 1\nb = 1\na = 2", "b=[1] a=[2] " },
	{ "a = 1\na =", "" },
	{ "a = 1\na = # none", "" },
	{ "a = \"\"", "" },
	{ "b { x = 1\n y = 1 }\na : b { y = 2 }", "b{x=[1] y=[1] } a{x=[1] y=[2] } " },
	{ "b { x = 1 }\na : b { x = }", "b{x=[1] } a{} " },
	{ "b { x = 1 }\nc { y { z = 2 } }\na : b, c.y { }",
	  "b{x=[1] } c{y{z=[2] } } a{x=[1] z=[2] } " },
	{ "b { x = 1 }\na : b\n{\n}", "b{x=[1] } a{x=[1] } " },
	{ "p { b { x = 1 }\n a : p.b { } }", "p{b{x=[1] } a{x=[1] } } " },
	{ "include = 1", "include=[1] " },
	{ "include { a = 1 }", "include{a=[1] } " },
	{ "sec*<>.name-1_2@/ = v", "sec*<>.name-1_2@/=[v] " },
};

TEST(good_texts_become_trees)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		char *tree, *report;

		EXPECT_EQ(0, parse(good[i].text, &tree, &report))
		TH_LOG("text %zu: %s", i, report);
		EXPECT_STREQ(good[i].tree, tree);
		EXPECT_STREQ("", report);
		free(tree);
		free(report);
	}
	EXPECT_NO_LEAKS();
}

static const struct {
	const char *text, *report;
} bad[] = {
	{ "a", "f:1:2: found end of file, expected '=', '{' or ':'\n" },
	{ "a\nb = 1", "f:1:2: found end of line, expected '=', '{' or ':'\n" },
	{ "a b = 1", "f:1:3: found 'b', expected '=', '{' or ':'\n" },
	{ "= 1", "f:1:1: found '=', expected a name\n" },
	{ "{ }", "f:1:1: found '{', expected a name\n" },
	{ "{ a b }\n c d", "f:1:1: found '{', expected a name\n"
			   "f:1:5: found 'b', expected '=', '{' or ':'\n"
			   "f:2:4: found 'd', expected '=', '{' or ':'\n" },
	{ "}", "f:1:1: found '}', expected no more of them: no section is open\n" },
	{ "a { } }", "f:1:7: found '}', expected no more of them: no section is open\n" },
	{ "a {\n b = 1\n",
	  "f:3:1: found end of file, expected '}' to close section 'a' of line 1\n" },
	{ "a = \"x",
	  "f:1:5: found end of file, expected '\"' to end the string that starts here\n" },
	{ "a = \"x\\",
	  "f:1:5: found end of file, expected '\"' to end the string that starts here\n" },
	{ "a = \"x\" y",
	  "f:1:9: found more text behind a quoted string, expected the end of the line\n" },
	{ "a = x\"y\"", "f:1:6: found '\"' within a value, expected all of the value in quotes\n" },
	{ "a = x { y = 1 }\nb c", "f:1:7: found '{' within a value, expected the value in quotes\n"
				  "f:2:3: found 'c', expected '=', '{' or ':'\n" },
	{ "\"a\" = 1", "f:1:1: found a quoted string, expected a name\n" },
	{ "a = \x01", "f:1:5: found control character 0x01, expected text\n" },
	{ "a = \"\x7f\"", "f:1:6: found control character 0x7f, expected text\n" },
	{ "\x02", "f:1:1: found control character 0x02, expected text\n" },
	{ "a : b { }",
	  "f:1:5: found 'b', expected the name of a section that stands before this one\n" },
	{ "b = 1\na : b { }",
	  "f:2:5: found 'b', expected the name of a section that stands before this one\n" },
	{ "a { b : a { } }",
	  "f:1:9: found 'a', expected the name of a section that stands outside of this one\n" },
	{ "a : a { }",
	  "f:1:5: found 'a', expected the name of a section that stands outside of this one\n" },
	{ "a : { }\nb c", "f:1:5: found '{', expected the name of a section\n"
			  "f:2:3: found 'c', expected '=', '{' or ':'\n" },
	{ "b { }\na : b = 1", "f:2:7: found '=', expected '{'\n" },
	{ "b { }\na : b,\n", "f:2:7: found end of line, expected the name of a section\n" },
	{ "a { }\na = 1", "f:2:1: found a value for 'a', which is a section above\n" },
	{ "include x.conf", "f:1:1: found 'include', which works in files only\n" },
	{ "include", "f:1:8: found nothing behind 'include', expected a file name\n" },
	{ "a { b }\nc d", "f:1:7: found '}', expected '=', '{' or ':'\n"
			  "f:2:3: found 'd', expected '=', '{' or ':'\n" },
	{ "x y\nna me {\n a = 1\n}\nb = 1\nc d", "f:1:3: found 'y', expected '=', '{' or ':'\n"
						 "f:2:4: found 'me', expected '=', '{' or ':'\n"
						 "f:6:3: found 'd', expected '=', '{' or ':'\n" },
};

TEST(bad_texts_are_refused_with_all_reasons_and_their_places)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char *tree, *report;

		EXPECT_EQ(-EINVAL, parse(bad[i].text, &tree, &report)) TH_LOG("text %zu", i);
		EXPECT_STREQ(bad[i].report, report);
		free(tree);
		free(report);
	}
	EXPECT_NO_LEAKS();
}

TEST(origins_are_where_the_name_stands)
{
	static const char text[] = "a {\n\n   b = 1\n}";
	struct conf_report report = CONF_REPORT_INIT;
	struct conf_node *root = conf_root_new(), *b;

	ASSERT_EQ(0, conf_parse(bytes_str(text), "name", root, &report));
	b = conf_find(conf_find(root, "a"), "b");
	EXPECT_EQ(3, b->origin.line);
	EXPECT_EQ(4, b->origin.column);
	EXPECT_STREQ("name", conf_source_name(b->origin.source));
	conf_free(root);
	conf_report_fini(&report);
}

TEST(nesting_is_bounded)
{
	char text[2 * CONF_DEPTH_MAX + 10], *tree, *report;

	text[0] = '\0';
	for (int i = 0; i <= CONF_DEPTH_MAX; i++)
		strcat(text, "a{");
	EXPECT_EQ(-EINVAL, parse(text, &tree, &report));
	EXPECT_NE(NULL,
		  strstr(report, "f:1:34: found more than fits: sections nest deeper than 16"));
	free(tree);
	free(report);
}

TEST(long_names_are_refused)
{
	char text[400], *tree, *report;

	memset(text, 'n', 256);
	strcpy(text + 256, " = 1");
	EXPECT_EQ(-EINVAL, parse(text, &tree, &report));
	EXPECT_STREQ("f:1:1: found a name of more than 255 characters\n", report);
	free(tree);
	free(report);
}

/* What is cut off, changed or repeated may be wrong, but harms nobody. */
TEST(mutations_of_good_texts_are_harmless)
{
	unsigned seed = 1;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		size_t len = strlen(good[i].text);

		for (int round = 0; len && round < 200; round++) {
			char *text = strdup(good[i].text), *tree, *report;
			int err;

			for (int n = rand_r(&seed) % 3; n >= 0; n--)
				text[(unsigned)rand_r(&seed) % len] =
					"{}=:,\"\\#\n a\x01\xff"[rand_r(&seed) % 14];
			text[(unsigned)rand_r(&seed) % (len + 1)] = '\0';
			err = parse(text, &tree, &report);
			EXPECT_TRUE(err == 0 || err == -EINVAL);
			EXPECT_EQ(err != 0, *report != '\0');
			free(text);
			free(tree);
			free(report);
		}
	}
	EXPECT_NO_LEAKS();
}

TEST(bytes_with_nuls_are_refused)
{
	static const uint8_t text[] = { 'a', ' ', '=', ' ', 'x', 0, 'y' };
	struct conf_report report = CONF_REPORT_INIT;
	struct conf_node *root = conf_root_new();

	EXPECT_EQ(-EINVAL, conf_parse(BYTES_OF(text), "f", root, &report));
	EXPECT_STREQ("f:1:6: found control character 0x00, expected text\n",
		     conf_report_text(&report));
	conf_free(root);
	conf_report_fini(&report);
}

TEST_HARNESS_MAIN
