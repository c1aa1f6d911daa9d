/* SPDX-License-Identifier: MIT */
/*
 * What a peer can have looked up before it has proved anything costs little, however much is
 * configured: its names are parsed, those of the configuration have been.
 */
#include <kselftest_harness.h>

#include <stdio.h>
#include <stdlib.h>

#include "pdk/conf/parser.h"
#include "ikev2/cert/dn.h"
#include "ikev2/policy/config.h"
#include "../../pdk/leaks.h"

/* The linker sends calls of dn_canonical() here (--wrap, see meson.build). */
static unsigned parsed;

int __real_dn_canonical(struct bytes der, bool pattern, struct writer *w);
int __wrap_dn_canonical(struct bytes der, bool pattern, struct writer *w);
int __wrap_dn_canonical(struct bytes der, bool pattern, struct writer *w)
{
	parsed++;
	return __real_dn_canonical(der, pattern, w);
}

#define N 50

/* N connections and N secrets, for CN=peer0 and so on; each tenth secret for a pattern. */
static struct ike_config *config(void)
{
	struct conf_report report = CONF_REPORT_INIT;
	struct conf_node *root = conf_root_new();
	struct ike_config *cfg = NULL;
	char text[N * 400];
	size_t len = 0;

	len += (size_t)sprintf(text + len, "connections {\n");
	for (unsigned i = 0; i < N; i++)
		len += (size_t)sprintf(text + len,
				       " c%u { local { auth = psk\n id = \"C=CH, CN=gw\" }\n"
				       " remote { auth = psk\n id = \"C=CH, CN=peer%u\" }\n"
				       " children { n { } } }\n",
				       i, i);
	len += (size_t)sprintf(text + len, "}\nsecrets {\n");
	for (unsigned i = 0; i < N; i++)
		len += (size_t)sprintf(text + len,
				       " ike-%u { secret = s%u\n id-1 = \"C=CH, CN=gw\"\n"
				       " id-2 = \"C=CH, CN=peer%u\"\n %s }\n",
				       i, i, i, i % 10 ? "" : "id-3 = \"C=CH, OU=*, CN=x\"");
	sprintf(text + len, "}\n");
	if (conf_parse(bytes_str(text), "f", root, &report) < 0 ||
	    config_from_tree(root, NULL, &report, &cfg) < 0)
		fputs(conf_report_text(&report), stderr);
	conf_free(root);
	conf_report_fini(&report);
	return cfg;
}

TEST(a_lookup_parses_the_names_of_the_peer_and_no_others)
{
	struct ike_config *cfg = config();
	const struct shared_secret *secret;
	const struct connection *conn;
	struct netaddr local, remote;
	struct identity gw, peer;

	ASSERT_NE(NULL, cfg);
	netaddr_parse("192.0.2.1", 0, &local);
	netaddr_parse("192.0.2.2", 0, &remote);
	identity_parse("C=ch, CN=GW", &gw, NULL);
	identity_parse("C=ch, CN=#0c06504545523137", &peer, NULL);
	parsed = 0;
	secret = config_secret(cfg, &gw, &peer);
	EXPECT_EQ(2, parsed);
	ASSERT_NE(NULL, secret);
	EXPECT_STREQ("ike-17", secret->name);
	parsed = 0;
	conn = config_choose(cfg, &local, &remote, &peer, &gw, NULL);
	EXPECT_EQ(2, parsed);
	ASSERT_NE(NULL, conn);
	EXPECT_STREQ("c17", conn->name);
	/* By a pattern. */
	identity_parse("C=CH, OU=any, CN=X", &peer, NULL);
	parsed = 0;
	secret = config_secret(cfg, &gw, &peer);
	EXPECT_EQ(2, parsed);
	ASSERT_NE(NULL, secret);
	EXPECT_STREQ("ike-0", secret->name);
	config_unref(cfg);
	EXPECT_NO_LEAKS();
}

TEST_HARNESS_MAIN
