/* SPDX-License-Identifier: MIT */
/*
 * What a responder makes of an offer, as a table: RFC 7296 2.9. The hosts are 192.0.2.1 (us) and
 * 192.0.2.2.
 */
#include <kselftest_harness.h>

#include <stdio.h>

#include "pdk/conf/parser.h"
#include "ikev2/policy/child_choice.h"
#include "ikev2/policy/proposal_conf.h"
#include "ikev2/policy/ts_match.h"
#include "../../pdk/leaks.h"

static struct netaddr addr(const char *text)
{
	struct netaddr a = NETADDR_NONE;

	netaddr_parse(text, 0, &a);
	return a;
}

static struct connection *connection_of(const char *children)
{
	struct conf_report report = CONF_REPORT_INIT;
	struct conf_node *root = conf_root_new();
	struct connection *conn = NULL;
	char text[2000];

	snprintf(text, sizeof(text),
		 "gw { local { auth = psk }\nremote { auth = psk }\nchildren { %s } }", children);
	if (conf_parse(bytes_str(text), "f", root, &report) ||
	    connection_new(conf_find(root, "gw"), &report, &conn))
		fprintf(stderr, "# %s\n", conf_report_text(&report));
	conf_free(root);
	return conn;
}

/* "10.0.0.0/8 10.1.0.1[tcp/80]" as selectors. */
static struct ts_list list_of(const char *text)
{
	struct ts_list list = { .n = 0 };
	char copy[300], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *t = strtok_r(copy, " ", &save); t; t = strtok_r(NULL, " ", &save)) {
		struct ts_conf ts;

		if (ts_conf_parse(t, &ts, NULL) < 0)
			abort();
		list.v[list.n++] = ts.ts;
	}
	return list;
}

static const char *list_str(const struct ts_list *list, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < list->n; i++) {
		struct ts_conf ts = { .ts = list->v[i] };
		char one[TS_CONF_STRLEN];

		len += (size_t)snprintf(buf + len, size - len, "%s%s", i ? " " : "",
					ts_conf_str(&ts, one));
	}
	return buf;
}

static struct child_request request_of(const char *tsi, const char *tsr, bool transport)
{
	return (struct child_request){ .local = list_of(tsr),
				       .remote = list_of(tsi),
				       .transport = transport,
				       .local_host = addr("192.0.2.1"),
				       .remote_host = addr("192.0.2.2") };
}

#define NET(name, local, remote) name " {\nlocal_ts = " local "\nremote_ts = " remote "\n}\n"

/* TSi is the peer's side. name NULL: TS_UNACCEPTABLE. */
static const struct {
	const char *children;
	const char *tsi, *tsr;
	const char *name, *local, *remote;
	bool more;
} cases[] = {
	/* All of it, part of it, none of it. */
	{ NET("a", "10.1.0.0/16", "10.2.0.0/16"), "10.2.0.0/16", "10.1.0.0/16", "a", "10.1.0.0/16",
	  "10.2.0.0/16" },
	{ NET("a", "10.1.0.0/16", "10.2.0.0/16"), "0.0.0.0/0", "0.0.0.0/0", "a", "10.1.0.0/16",
	  "10.2.0.0/16" },
	{ NET("a", "10.1.0.0/16", "10.2.0.0/16"), "10.2.3.0/24", "10.0.0.0/8", "a", "10.1.0.0/16",
	  "10.2.3.0/24" },
	{ NET("a", "10.1.0.0/16", "10.2.0.0/16"), "10.3.0.0/16", "10.1.0.0/16", NULL },
	{ NET("a", "10.1.0.0/16", "10.2.0.0/16"), "10.2.0.0/16", "fd00::/64", NULL },
	/* The first choice stays first; what is inside another goes. */
	{ NET("a", "10.1.0.0/16", "10.2.0.0/16"), "10.2.0.9[udp/53] 10.2.0.0/16",
	  "10.1.0.1[udp/4000] 10.1.0.0/16", "a", "10.1.0.0/16", "10.2.0.0/16" },
	{ NET("a", "10.1.0.0/16, 10.3.0.0/16", "10.2.0.0/16"), "10.2.0.0/16",
	  "10.3.0.0/16 10.1.0.0/16", "a", "10.3.0.0/16 10.1.0.0/16", "10.2.0.0/16" },
	{ NET("a", "10.1.0.0/16", "10.2.0.0/16"), "10.9.0.1 10.2.0.0/16", "10.1.0.0/16", "a",
	  "10.1.0.0/16", "10.2.0.0/16" },
	/* The child that holds the first choice, though it comes later and holds less. */
	{ NET("a", "10.1.0.0/16", "10.2.0.0/16") NET("b", "10.3.0.0/24", "10.4.0.0/24"),
	  "10.4.0.1 10.2.0.0/16 10.4.0.0/16", "10.3.0.1 10.1.0.0/16 10.3.0.0/16", "b",
	  "10.3.0.0/24", "10.4.0.0/24", true },
	/* The first two of a pair in different children: no child holds the pair. */
	{ NET("a", "10.1.0.0/16", "10.2.0.0/16") NET("b", "10.3.0.0/24", "10.4.0.0/24"),
	  "10.4.0.1 10.2.0.0/16", "10.1.0.1 10.1.0.0/16", "a", "10.1.0.0/16", "10.2.0.0/16" },
	/* The one that needs no narrowing. */
	{ NET("a", "10.1.0.0/24", "10.2.0.0/16") NET("b", "10.1.0.0/16", "10.2.0.0/16"),
	  "10.2.0.0/16", "10.1.0.0/16", "b", "10.1.0.0/16", "10.2.0.0/16" },
	/* Several subsets, of which one is chosen. */
	{ NET("a", "10.1.0.0/24", "10.2.0.0/16") NET("b", "10.1.1.0/24", "10.2.0.0/16"),
	  "10.2.0.0/16", "10.1.0.0/16", "a", "10.1.0.0/24", "10.2.0.0/16", true },
	/* Ports and protocols. */
	{ NET("a", "10.1.0.0/16[tcp/80]", "10.2.0.0/16[tcp]"), "10.2.0.0/16", "10.1.0.0/16", "a",
	  "10.1.0.0/16[tcp/80]", "10.2.0.0/16[tcp]" },
	{ NET("a", "10.1.0.0/16[tcp/80-90]", "10.2.0.0/16"), "10.2.0.0/16",
	  "10.1.0.0/16[tcp/85-99]", "a", "10.1.0.0/16[tcp/85-90]", "10.2.0.0/16" },
	{ NET("a", "10.1.0.0/16[tcp/80]", "10.2.0.0/16"), "10.2.0.0/16", "10.1.0.0/16[tcp/81]",
	  NULL },
	{ NET("a", "10.1.0.0/16[tcp]", "10.2.0.0/16"), "10.2.0.0/16", "10.1.0.0/16[udp]", NULL },
	{ NET("a", "10.1.0.0/16[/443]", "10.2.0.0/16"), "10.2.0.0/16[tcp]", "10.1.0.0/16[tcp]", "a",
	  "10.1.0.0/16[tcp/443]", "10.2.0.0/16[tcp]" },
	/* Protocols that don't go together: nothing is left, or what does. */
	{ NET("a", "10.1.0.0/16", "10.2.0.0/16"), "10.2.0.0/16[udp]", "10.1.0.0/16[tcp]", NULL },
	{ NET("a", "10.1.0.0/16", "10.2.0.0/16"), "10.2.0.0/16[udp] 10.2.0.0/16[tcp]",
	  "10.1.0.0/16[tcp]", "a", "10.1.0.0/16[tcp]", "10.2.0.0/16[tcp]" },
	{ NET("a", "10.1.0.0/16, fd00:1::/64", "10.2.0.0/16"), "10.2.0.0/16",
	  "fd00:1::/64 10.1.0.0/16", "a", "10.1.0.0/16", "10.2.0.0/16" },
	/* ICMP: type and code stand on both sides. */
	{ NET("a", "10.1.0.0/16[icmp/8]", "10.2.0.0/16[icmp/8]"), "10.2.0.0/16[icmp/8(0)]",
	  "10.1.0.0/16[icmp/8(0)]", "a", "10.1.0.0/16[icmp/8(0)]", "10.2.0.0/16[icmp/8(0)]" },
	{ NET("a", "10.1.0.0/16[icmp/8]", "10.2.0.0/16[icmp/8]"), "10.2.0.0/16", "10.1.0.0/16", "a",
	  "10.1.0.0/16[icmp/8(0)-8(255)]", "10.2.0.0/16[icmp/8(0)-8(255)]" },
	{ NET("a", "10.1.0.0/16[icmp/8]", "10.2.0.0/16"), "10.2.0.0/16[icmp/0]",
	  "10.1.0.0/16[icmp]", NULL },
	{ NET("a", "10.1.0.0/16[icmp]", "10.2.0.0/16[icmp]"), "10.2.0.0/16[icmp/3(4)]",
	  "10.1.0.0/16[icmp/3(1)-3(9)]", "a", "10.1.0.0/16[icmp/3(1)-3(9)]",
	  "10.2.0.0/16[icmp/3(4)]" },
	{ NET("a", "fd00:1::/64[ipv6-icmp/128-129]", "fd00:2::/64"), "fd00:2::/64[ipv6-icmp/129]",
	  "fd00:1::/64[ipv6-icmp]", "a", "fd00:1::/64[icmpv6/128(0)-129(255)]",
	  "fd00:2::/64[icmpv6/129(0)-129(255)]" },
	/* OPAQUE. */
	{ NET("a", "10.1.0.0/16", "10.2.0.0/16"), "10.2.0.0/16[udp/opaque]",
	  "10.1.0.0/16[udp/opaque]", "a", "10.1.0.0/16[udp/opaque]", "10.2.0.0/16[udp/opaque]" },
	{ NET("a", "10.1.0.0/16[udp/opaque]", "10.2.0.0/16"), "10.2.0.0/16", "10.1.0.0/16[udp/53]",
	  NULL },
	{ NET("a", "10.1.0.0/16[udp/53]", "10.2.0.0/16"), "10.2.0.0/16", "10.1.0.0/16[udp/opaque]",
	  NULL },
	{ NET("a", "10.1.0.0/16[udp/opaque]", "10.2.0.0/16"), "10.2.0.0/16", "10.1.0.0/16", "a",
	  "10.1.0.0/16[udp/opaque]", "10.2.0.0/16" },
	/* Dynamic: the two hosts. */
	{ "a { }", "192.0.2.2", "192.0.2.1", "a", "192.0.2.1/32", "192.0.2.2/32" },
	{ "a { }", "0.0.0.0/0", "0.0.0.0/0", "a", "192.0.2.1/32", "192.0.2.2/32" },
	{ "a { }", "192.0.2.3", "192.0.2.1", NULL },
	{ "a {\nlocal_ts = dynamic[tcp/22]\n}", "192.0.2.2", "192.0.2.1", "a",
	  "192.0.2.1/32[tcp/22]", "192.0.2.2/32" },
	/* What makes no SA answers nobody. */
	{ "a {\nlocal_ts = 10.1.0.0/16\nremote_ts = 10.2.0.0/16\nmode = pass\n}", "10.2.0.0/16",
	  "10.1.0.0/16", NULL },
};

TEST(the_offer_is_narrowed_to_the_child_that_fits_best)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct connection *conn = connection_of(cases[i].children);
		struct child_request r = request_of(cases[i].tsi, cases[i].tsr, false);
		struct child_choice choice;
		char buf[500];
		int verdict;

		ASSERT_NE(NULL, conn);
		verdict = child_choose(conn, &r, &choice);
		EXPECT_EQ(cases[i].name ? 0 : CHILD_NO_SELECTORS, verdict) TH_LOG("case %zu", i);
		if (verdict == 0 && cases[i].name) {
			EXPECT_STREQ(cases[i].name, choice.conf->name) TH_LOG("case %zu", i);
			EXPECT_STREQ(cases[i].local, list_str(&choice.local, buf, sizeof(buf)))
			TH_LOG("case %zu", i);
			EXPECT_STREQ(cases[i].remote, list_str(&choice.remote, buf, sizeof(buf)))
			TH_LOG("case %zu", i);
			EXPECT_EQ(cases[i].more, choice.more) TH_LOG("case %zu", i);
			EXPECT_FALSE(choice.transport);
		}
		connection_unref(conn);
	}
	EXPECT_NO_LEAKS();
}

TEST(an_opaque_type_is_left_out)
{
	struct connection *conn = connection_of(NET("a", "10.1.0.0/16", "10.2.0.0/16"));
	struct child_request r = request_of("10.2.0.0/16[icmp]", "10.1.0.0/16[icmp]", false);
	struct child_choice choice;

	r.local.v[0].port_first = 65535;
	r.local.v[0].port_last = 0;
	EXPECT_EQ(CHILD_NO_SELECTORS, child_choose(conn, &r, &choice));
	r.local.v[r.local.n++] = list_of("10.1.0.0/16[udp]").v[0];
	r.remote.v[r.remote.n++] = list_of("10.2.0.0/16[udp]").v[0];
	ASSERT_EQ(0, child_choose(conn, &r, &choice));
	ASSERT_EQ(1, choice.local.n);
	EXPECT_EQ(IPPROTO_UDP, choice.local.v[0].protocol);
	connection_unref(conn);
}

TEST(transport_mode_is_for_those_who_want_it_from_host_to_host)
{
	static const struct {
		const char *children, *tsi, *tsr, *name;
		bool asked, transport;
	} modes[] = {
		{ "a {\nmode = transport\n}", "192.0.2.2", "192.0.2.1", "a", true, true },
		{ "a {\nmode = transport\n}", "192.0.2.2", "192.0.2.1", "a", false, false },
		{ "a { }", "192.0.2.2", "192.0.2.1", "a", true, false },
		{ "a {\nmode = transport\n}", "192.0.2.2[tcp]", "0.0.0.0/0[tcp]", "a", true, true },
		{ "a {\nmode = transport\nremote_ts = 0.0.0.0/0\n}", "192.0.2.0/24", "192.0.2.1",
		  "a", true, false },
		{ "a {\nmode = transport\nremote_ts = 0.0.0.0/0\n}", "192.0.2.3", "192.0.2.1", "a",
		  true, false },
		/* Of equal children the one of that mode. */
		{ "a { }\nb {\nmode = transport\n}", "192.0.2.2", "192.0.2.1", "b", true, true },
		{ "b {\nmode = transport\n}\na { }", "192.0.2.2", "192.0.2.1", "a", false, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		struct connection *conn = connection_of(modes[i].children);
		struct child_request r = request_of(modes[i].tsi, modes[i].tsr, modes[i].asked);
		struct child_choice choice;

		ASSERT_EQ(0, child_choose(conn, &r, &choice)) TH_LOG("case %zu", i);
		EXPECT_STREQ(modes[i].name, choice.conf->name) TH_LOG("case %zu", i);
		EXPECT_EQ(modes[i].transport, choice.transport) TH_LOG("case %zu", i);
		connection_unref(conn);
	}
}

#define ESP(name, net, esp)                                                                        \
	name " {\nlocal_ts = 10.1.0.0/16\nremote_ts = " net "\nesp_proposals = " esp "\n}\n"

/* Who asks for aes256gcm16-x25519 in IKE_AUTH or in CREATE_CHILD_SA: children in turn. */
TEST(a_child_without_a_proposal_in_common_is_passed_over)
{
	static const struct {
		const char *children;
		bool without_ke;
		int verdict;
		const char *name;
		bool more;
	} offers[] = {
		{ ESP("a", "10.0.0.0/8", "aes128gcm16") ESP("b", "10.2.0.0/16", "aes256gcm16"), true, 0,
		  "b" },
		{ ESP("a", "10.2.0.0/16", "aes256gcm16-ecp256") ESP("b", "10.0.0.0/8",
								    "aes256gcm16-x25519"),
		  false, 0, "b" },
		{ ESP("a", "10.2.0.0/16", "aes256gcm16-ecp256"), true, 0, "a" },
		{ ESP("a", "10.2.0.0/16", "aes128gcm16"), true, CHILD_NO_PROPOSAL },
		{ ESP("a", "10.9.0.0/16", "aes128gcm16"), true, CHILD_NO_SELECTORS },
		/* One has the proposals, the other one the selectors. */
		{ ESP("a", "10.9.0.0/16", "aes256gcm16") ESP("b", "10.2.0.0/16", "aes128gcm16"), true,
		  CHILD_NO_PROPOSAL },
		/* What another one would leave out of its own it can't have with these proposals. */
		{ ESP("a", "10.2.0.0/17", "aes256gcm16") ESP("b", "10.2.128.0/17", "aes128gcm16"), true,
		  0, "a", false },
		{ ESP("a", "10.2.0.0/17", "aes256gcm16") ESP("b", "10.2.128.0/17", "aes256gcm16"), true,
		  0, "a", true },
	};
	struct proposal_list offer = { .n = 0 };
	char error[PROPOSAL_ERROR_LEN];

	ASSERT_EQ(0, proposal_list_add_text(&offer, "aes256gcm16-x25519", IKE_PROTOCOL_ESP, error));
	for (size_t i = 0; i < ARRAY_SIZE(offers); i++) {
		struct connection *conn = connection_of(offers[i].children);
		struct child_request r = request_of("10.2.0.0/16", "10.1.0.0/16", false);
		struct child_choice choice = { .conf = NULL };

		r.offer = &offer;
		r.without_ke = offers[i].without_ke;
		EXPECT_EQ(offers[i].verdict, child_choose(conn, &r, &choice)) TH_LOG("case %zu", i);
		EXPECT_EQ(!offers[i].name, !choice.conf) TH_LOG("case %zu", i);
		if (offers[i].name && choice.conf)
			EXPECT_STREQ(offers[i].name, choice.conf->name) TH_LOG("case %zu", i);
		EXPECT_EQ(offers[i].more, choice.conf && choice.more) TH_LOG("case %zu", i);
		connection_unref(conn);
	}
}

TEST(rekeying_keeps_what_is_in_use)
{
	struct connection *conn = connection_of(NET("a", "10.1.0.0/16", "10.2.0.0/16")
							NET("b", "10.1.0.0/24", "10.2.0.0/24"));
	struct ts_list local = list_of("10.1.0.0/16"), remote = list_of("10.2.3.0/24");
	struct child_request same = request_of("10.2.3.0/24", "10.1.0.0/16", false);
	struct child_request wider = request_of("0.0.0.0/0", "0.0.0.0/0", false);
	struct child_request narrower = request_of("10.2.3.0/24", "10.1.0.0/24", false);
	struct child_choice choice;

	ASSERT_EQ(0, child_choose_again(&conn->children[0], &local, &remote, &same, &choice));
	EXPECT_TRUE(ts_list_equal(&remote, &choice.remote));
	ASSERT_EQ(0, child_choose_again(&conn->children[0], &local, &remote, &wider, &choice));
	EXPECT_TRUE(ts_list_contains(&choice.remote, &remote.v[0]));
	EXPECT_EQ(&conn->children[0], choice.conf);
	EXPECT_EQ(CHILD_NO_SELECTORS,
		  child_choose_again(&conn->children[0], &local, &remote, &narrower, &choice));
	EXPECT_EQ(CHILD_NO_SELECTORS,
		  child_choose_again(&conn->children[1], &local, &remote, &same, &choice));
	connection_unref(conn);
}

TEST_HARNESS_MAIN
