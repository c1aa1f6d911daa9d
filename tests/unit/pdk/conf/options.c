/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "pdk/conf/options.h"
#include "pdk/conf/parser.h"
#include "../leaks.h"

struct inner {
	char *name;
	bool set;
};

struct target {
	bool flag;
	uint32_t number, factor;
	uint64_t size;
	struct duration time;
	char *text;
	struct conf_strings words;
	struct netaddr addr;
	struct conf_addresses addrs;
	int color;
	struct conf_secret secret;
	struct inner inner;
	char children[64];
};

static int take_child(const struct conf_option *o, const struct conf_node *node, void *target,
		      struct conf_report *report)
{
	struct target *t = target;

	strcat(t->children, node->name);
	strcat(t->children, ";");
	return 0;
}

static const char *check_even(const void *field)
{
	return *(const uint32_t *)field % 2 ? "an even number" : NULL;
}

static const char *const colors[] = { "red", "green", "blue", NULL };

static const struct conf_option inner_options[] = {
	{ "name", CONF_OPT_STRING, offsetof(struct inner, name), .dflt = "none" },
	{ "set", CONF_OPT_BOOL, offsetof(struct inner, set), .dflt = "yes" },
	{ 0 },
};

#define FIELD(name) offsetof(struct target, name)

static const struct conf_option options[] = {
	{ "flag", CONF_OPT_BOOL, FIELD(flag), .dflt = "yes", .doc = "A flag." },
	{ "number", CONF_OPT_INT, FIELD(number), .dflt = "4", .min = 2, .max = 10, .unit = "apples",
	  .check = check_even, .doc = "Some number." },
	{ "factor", CONF_OPT_DECIMAL, FIELD(factor), .min = 1000, .max = 2500 },
	{ "size", CONF_OPT_SIZE, FIELD(size), .dflt = "1k", .max = 4096 },
	{ "time", CONF_OPT_DURATION, FIELD(time), .dflt = "1m", .min = 500, .max = 3600000 },
	{ "text", CONF_OPT_STRING, FIELD(text) },
	{ "words", CONF_OPT_STRINGS, FIELD(words), .dflt = "a,b" },
	{ "addr", CONF_OPT_ADDRESS, FIELD(addr) },
	{ "addrs", CONF_OPT_ADDRESSES, FIELD(addrs) },
	{ "color", CONF_OPT_ENUM, FIELD(color), .dflt = "green", .names = colors },
	{ "secret", CONF_OPT_SECRET, FIELD(secret) },
	{ "inner", CONF_OPT_SECTION, FIELD(inner), .options = inner_options, .doc = "Within." },
	{ "child*", CONF_OPT_SECTIONS, .take = take_child },
	{ "old", CONF_OPT_ONLY, .dflt = "no", .doc = "it is gone" },
	{ "wait", CONF_OPT_ONLY, .dflt = "0s", .doc = "nobody waits" },
	{ "mode", CONF_OPT_ONLY, .dflt = "tunnel", .doc = "one is enough" },
	{ "future", CONF_OPT_REFUSED, .doc = "it is not there yet" },
	{ 0 },
};

FIXTURE(options)
{
	struct target t;
	struct conf_report report;
};

FIXTURE_SETUP(options)
{
	memset(&self->t, 0, sizeof(self->t));
	self->report = CONF_REPORT_INIT;
}

FIXTURE_TEARDOWN(options)
{
	conf_options_clear(options, &self->t);
	conf_report_fini(&self->report);
	EXPECT_NO_LEAKS();
}

static int apply(const char *text, struct target *t, struct conf_report *report)
{
	struct conf_node *root = conf_root_new();
	int err = conf_parse(bytes_str(text), "f", root, report);

	if (!err)
		err = conf_options_apply(options, root, t, report);
	conf_free(root);
	return err;
}

TEST_F(options, defaults_fill_what_is_not_set)
{
	ASSERT_EQ(0, apply("", &self->t, &self->report));
	EXPECT_TRUE(self->t.flag);
	EXPECT_EQ(4, self->t.number);
	EXPECT_EQ(1024, self->t.size);
	EXPECT_EQ(60, duration_s(self->t.time));
	EXPECT_EQ(NULL, self->t.text);
	EXPECT_EQ(2, self->t.words.n);
	EXPECT_EQ(1, self->t.color);
	EXPECT_STREQ("none", self->t.inner.name);
	EXPECT_TRUE(self->t.inner.set);
}

TEST_F(options, values_reach_their_fields)
{
	static const char text[] = "flag = off\n number = 0x8\n factor = 1.25\n size = 2k\n"
				   "time = 750ms\n text = some words\n words = x , y,z\n"
				   "addr = 192.0.2.1\n addrs = ::1, 10.0.0.1\n color = blue\n"
				   "secret = 0x0102\n inner { name = n }\n child-1 { }\n"
				   "child2 { a = b }\n old = false\n wait = 0\n mode = tunnel\n";
	struct target *t = &self->t;

	ASSERT_EQ(0, apply(text, t, &self->report)) TH_LOG("%s", conf_report_text(&self->report));
	EXPECT_FALSE(t->flag);
	EXPECT_EQ(8, t->number);
	EXPECT_EQ(1250, t->factor);
	EXPECT_EQ(2048, t->size);
	EXPECT_EQ(750, duration_ms(t->time));
	EXPECT_STREQ("some words", t->text);
	ASSERT_EQ(3, t->words.n);
	EXPECT_STREQ("x", t->words.v[0]);
	EXPECT_STREQ("y", t->words.v[1]);
	EXPECT_STREQ("z", t->words.v[2]);
	EXPECT_EQ(AF_INET, t->addr.family);
	ASSERT_EQ(2, t->addrs.n);
	EXPECT_EQ(AF_INET6, t->addrs.v[0].family);
	EXPECT_EQ(2, t->color);
	EXPECT_EQ(2, t->secret.len);
	EXPECT_STREQ("n", t->inner.name);
	EXPECT_TRUE(t->inner.set);
	EXPECT_STREQ("child-1;child2;", t->children);
}

static const struct {
	const char *text, *report;
} bad[] = {
	{ "flag = maybe", "f:1:1: flag: found 'maybe', expected yes or no\n" },
	{ "number = 11", "f:1:1: number: found '11', expected a number from 2 to 10 apples\n" },
	{ "number = 1", "f:1:1: number: found '1', expected a number from 2 to 10 apples\n" },
	{ "number = x", "f:1:1: number: found 'x', expected a number from 2 to 10 apples\n" },
	{ "number = 7", "f:1:1: number: found '7', expected an even number\n" },
	{ "factor = 3",
	  "f:1:1: factor: found '3', expected a number such as 1.5 from 1.0 to 2.5\n" },
	{ "size = 5k", "f:1:1: size: found '5k', expected a size such as 64k from 0 to 4096\n" },
	{ "time = 1ms",
	  "f:1:1: time: found '1ms', expected a duration such as 30s or 5m from 500ms to 3600s\n" },
	{ "time = soon", "f:1:1: time: found 'soon', expected a duration such as 30s or 5m from "
			 "500ms to 3600s\n" },
	{ "text { }", "f:1:1: text: found a section, expected text\n" },
	{ "words = a,,b",
	  "f:1:1: words: found 'a,,b', expected a list without empty or binary items\n" },
	{ "words { }", "f:1:1: words: found a section, expected a list\n" },
	{ "addr = host", "f:1:1: addr: found 'host', expected a numeric IP address\n" },
	{ "addrs = ::1, x", "f:1:1: addrs: found '::1, x', expected numeric IP addresses\n" },
	{ "color = black", "f:1:1: color: found 'black', expected red, green or blue\n" },
	{ "secret = 0xx1",
	  "f:1:1: secret: expected a secret: text, 0x and hexadecimal digits, or 0s and base64\n" },
	{ "inner = 1", "f:1:1: inner: found '1', expected a section\n" },
	{ "inner { set = 2 }", "f:1:9: inner.set: found '2', expected yes or no\n" },
	{ "inner { sat = 2 }", "f:1:9: inner.sat: unknown option; did you mean set?\n" },
	{ "old = yes", "f:1:1: old: found 'yes', expected no: it is gone\n" },
	{ "wait = 5m", "f:1:1: wait: found '5m', expected 0s: nobody waits\n" },
	{ "mode = transport", "f:1:1: mode: found 'transport', expected tunnel: one is enough\n" },
	{ "future = 1", "f:1:1: future: not supported: it is not there yet\n" },
	{ "future { }", "f:1:1: future: not supported: it is not there yet\n" },
	{ "nubmer = 1", "f:1:1: nubmer: unknown option; did you mean number?\n" },
	{ "flak = 1", "f:1:1: flak: unknown option; did you mean flag?\n" },
	{ "chld { }", "f:1:1: chld: unknown section; did you mean child*?\n" },
	{ "child-1 = x", "f:1:1: child-1: found 'x', expected a section\n" },
	{ "addrss = 1", "f:1:1: addrss: unknown option; did you mean addrs?\n" },
	{ "iner { }", "f:1:1: iner: unknown section; did you mean inner?\n" },
	{ "xyzzy = 1",
	  "f:1:1: xyzzy: unknown option, expected one of flag, number, factor, size, time, text, "
	  "words, addr, addrs, color, secret, inner, child*\n" },
	{ "flag = x\nnumber = y",
	  "f:1:1: flag: found 'x', expected yes or no\n"
	  "f:2:1: number: found 'y', expected a number from 2 to 10 apples\n" },
};

TEST_F(options, what_is_wrong_is_refused_with_what_was_expected)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct conf_report report = CONF_REPORT_INIT;
		struct target t = { 0 };

		EXPECT_EQ(-EINVAL, apply(bad[i].text, &t, &report)) TH_LOG("%s", bad[i].text);
		EXPECT_STREQ(bad[i].report, conf_report_text(&report));
		conf_options_clear(options, &t);
		conf_report_fini(&report);
	}
}

/* A value in a message of the control protocol that no file could hold. */
TEST_F(options, binary_text_and_lists_in_wrong_places_are_refused)
{
	struct conf_node *root = conf_root_new(), *list;
	struct conf_origin origin = { conf_source_new("load-conn"), 0, 0 };

	conf_add_value(root, "flag", BYTES("no\0", 3), &origin, NULL);
	conf_add_list(root, "number", &origin, &list);
	conf_add_item(list, bytes_str("4"), &origin);
	EXPECT_EQ(-EINVAL, conf_options_apply(options, root, &self->t, &self->report));
	EXPECT_STREQ("load-conn: flag: found 'no', expected yes or no\n"
		     "load-conn: number: found a list, expected a number from 2 to 10 apples\n",
		     conf_report_text(&self->report));
	conf_source_unref(origin.source);
	conf_free(root);
}

TEST_F(options, list_nodes_are_taken_item_by_item)
{
	struct conf_node *root = conf_root_new(), *list;

	conf_add_list(root, "words", NULL, &list);
	conf_add_item(list, bytes_str("one, two"), NULL);
	conf_add_item(list, bytes_str("three"), NULL);
	ASSERT_EQ(0, conf_options_apply(options, root, &self->t, &self->report));
	ASSERT_EQ(2, self->t.words.n);
	EXPECT_STREQ("one, two", self->t.words.v[0]);
	conf_free(root);
}

TEST_F(options, a_value_given_twice_leaks_nothing_and_the_last_one_counts)
{
	struct conf_node *root = conf_root_new();

	for (int i = 0; i < 2; i++) {
		conf_add_string(root, "text", i ? "b" : "a", NULL);
		conf_add_string(root, "words", "x,y", NULL);
		conf_add_string(root, "addrs", "::1", NULL);
		conf_add_string(root, "secret", "0x00", NULL);
	}
	ASSERT_EQ(0, conf_options_apply(options, root, &self->t, &self->report));
	EXPECT_STREQ("b", self->t.text);
	EXPECT_EQ(2, self->t.words.n);
	conf_free(root);
}

TEST_F(options, lists_are_bounded)
{
	struct conf_node *root = conf_root_new(), *list;

	conf_add_list(root, "words", NULL, &list);
	for (int i = 0; i <= CONF_LIST_MAX; i++)
		conf_add_item(list, bytes_str("w"), NULL);
	EXPECT_EQ(-EINVAL, conf_options_apply(options, root, &self->t, &self->report));
	EXPECT_STREQ("words: found a list, expected a list of at most 64 items\n",
		     conf_report_text(&self->report));
	conf_free(root);
}

static char *print(enum conf_print form)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	conf_options_print(out, options, form == CONF_PRINT_MAN ? "top." : "", form);
	fclose(out);
	return text;
}

TEST(the_manual_page_names_every_option_but_refused_ones)
{
	char *text = print(CONF_PRINT_MAN), line[64];

	for (const struct conf_option *o = options; o->name; o++) {
		snprintf(line, sizeof(line), ".B top.%s", o->name);
		EXPECT_EQ(o->type != CONF_OPT_REFUSED, strstr(text, line) != NULL)
		TH_LOG("%s", o->name);
	}
	EXPECT_NE(NULL, strstr(text, ".B top.number [4]\nSome number.\n.br\n"
				     "Value: a number from 2 to 10 apples\n"));
	EXPECT_NE(NULL, strstr(text, ".B top.inner.set [yes]\n"));
	free(text);
}

TEST_F(options, the_sample_without_its_comment_signs_is_a_file_of_defaults)
{
	char *text = print(CONF_PRINT_SAMPLE), *from, *to;

	EXPECT_NE(NULL, strstr(text, "# Some number.\n# number = 4\n"));
	/* Every line is a comment; drop the sign of those that hold an option. */
	for (from = to = text; *from; from++) {
		const char *end = strchrnul(from, '\n');
		bool prose = !memmem(from, (size_t)(end - from), " = ", 3) &&
			     !memmem(from, (size_t)(end - from), "{", 1) &&
			     !memmem(from, (size_t)(end - from), "}", 1);

		for (; from < end; from++)
			if (!prose && *from != '#')
				*to++ = *from;
		*to++ = '\n';
	}
	*to = '\0';
	/* "child*" has no table of its own and is printed as a value. */
	EXPECT_NE(NULL, strstr(text, "child* = \n"));
	EXPECT_EQ(0, apply(text, &self->t, &self->report))
	TH_LOG("%s", conf_report_text(&self->report));
	EXPECT_EQ(4, self->t.number);
	free(text);
}

TEST_HARNESS_MAIN
