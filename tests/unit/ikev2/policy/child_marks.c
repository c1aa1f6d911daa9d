/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <stdio.h>

#include "pdk/conf/parser.h"
#include "ikev2/policy/connection.h"
#include "../../pdk/leaks.h"

static struct connection *from_options(const char *options)
{
	struct conf_report report = CONF_REPORT_INIT;
	struct conf_node *root = conf_root_new();
	struct connection *conn = NULL;
	char text[300];

	snprintf(text, sizeof(text),
		 "gw { local { auth = psk }\nremote { auth = psk }\nchildren { c { %s\n} } }",
		 options);
	if (conf_parse(bytes_str(text), "f", root, &report) ||
	    connection_new(conf_find(root, "gw"), &report, &conn))
		fprintf(stderr, "# %s: %s\n", options, conf_report_text(&report));
	conf_free(root);
	return conn;
}

TEST(a_mark_is_a_number_and_a_mask_or_one_that_each_child_sa_gets)
{
	static const struct {
		const char *text;
		enum child_number_kind kind;
		uint32_t value, mask;
	} marks[] = {
		{ "0", CHILD_NUMBER_FIXED, 0, UINT32_MAX },
		{ "42", CHILD_NUMBER_FIXED, 42, UINT32_MAX },
		{ "0x10/0xf0", CHILD_NUMBER_FIXED, 0x10, 0xf0 },
		{ "0/0", CHILD_NUMBER_FIXED, 0, 0 },
		{ "%unique", CHILD_NUMBER_UNIQUE, 0, UINT32_MAX },
		{ "%unique/0xffff", CHILD_NUMBER_UNIQUE, 0, 0xffff },
		{ "%unique-dir/255", CHILD_NUMBER_UNIQUE_DIR, 0, 255 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		struct connection *conn;
		char option[100];

		snprintf(option, sizeof(option), "mark_in = %s\nset_mark_out = %s", marks[i].text,
			 marks[i].text);
		conn = from_options(option);
		ASSERT_NE(NULL, conn);
		EXPECT_EQ(marks[i].kind, conn->children[0].mark_in.number.kind);
		EXPECT_EQ(marks[i].value, conn->children[0].mark_in.number.value);
		EXPECT_EQ(marks[i].mask, conn->children[0].mark_in.mask);
		EXPECT_EQ(marks[i].mask, conn->children[0].set_mark_out.mask);
		EXPECT_EQ(0, conn->children[0].mark_out.mask);
		EXPECT_EQ(marks[i].kind == CHILD_NUMBER_FIXED,
			  child_numbers_fixed(&conn->children[0]));
		connection_unref(conn);
	}
	EXPECT_NO_LEAKS();
}

TEST(a_mark_that_is_set_may_be_the_one_of_the_policy)
{
	struct connection *conn =
		from_options("mark_out = %unique\nset_mark_out = %same/0xff\nmark_in_sa = yes");

	ASSERT_NE(NULL, conn);
	EXPECT_EQ(CHILD_NUMBER_SAME, conn->children[0].set_mark_out.number.kind);
	EXPECT_EQ(0xff, conn->children[0].set_mark_out.mask);
	EXPECT_TRUE(conn->children[0].mark_in_sa);
	connection_unref(conn);
}

TEST(the_outer_header_and_the_policies_have_their_options)
{
	struct connection *conn =
		from_options("copy_df = no\ncopy_ecn = no\ncopy_dscp = yes\ntfc_padding = mtu\n"
			     "interface = eth0\npriority = 5\npolicies = no\n"
			     "policies_fwd_out = yes\nif_id_in = 3\nif_id_out = %unique-dir");
	const struct child_conf *c;

	ASSERT_NE(NULL, conn);
	c = &conn->children[0];
	EXPECT_FALSE(c->copy_df || c->copy_ecn || c->policies);
	EXPECT_EQ(CHILD_DSCP_YES, c->copy_dscp);
	EXPECT_EQ(CHILD_TFC_MTU, c->tfc_padding);
	EXPECT_STREQ("eth0", c->interface);
	EXPECT_EQ(5, c->priority);
	EXPECT_TRUE(c->policies_fwd_out);
	EXPECT_EQ(3, c->if_id_in.value);
	EXPECT_EQ(CHILD_NUMBER_UNIQUE_DIR, c->if_id_out.kind);
	connection_unref(conn);
	conn = from_options("");
	c = &conn->children[0];
	EXPECT_TRUE(c->copy_df && c->copy_ecn && c->policies && !c->policies_fwd_out);
	EXPECT_EQ(CHILD_DSCP_OUT, c->copy_dscp);
	EXPECT_EQ(0, c->tfc_padding);
	EXPECT_STREQ("", c->interface);
	connection_unref(conn);
}

TEST_HARNESS_MAIN
