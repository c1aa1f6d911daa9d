/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pdk/conf/parser.h"
#include "ikev2/policy/config.h"
#include "ikev2/policy/proposal_conf.h"
#include "../../pdk/leaks.h"

#define AUTH "local { auth = psk }\n remote { auth = psk }\n"

static int from_text(const char *text, const struct ike_config *old, struct conf_report *report,
		     struct ike_config **ret_cfg)
{
	struct conf_node *root = conf_root_new();
	int err = conf_parse(bytes_str(text), "f", root, report);

	if (!err)
		err = config_from_tree(root, old, report, ret_cfg);
	conf_free(root);
	return err;
}

/* A request of the control protocol, written as text. */
static int load_conn(const char *text, const struct ike_config *old, struct conf_report *report,
		     struct ike_config **ret_cfg)
{
	struct conf_node *root = conf_root_new();
	int err = conf_parse(bytes_str(text), "load-conn", root, report);

	if (!err)
		err = config_load_conn(old, root, report, ret_cfg);
	conf_free(root);
	return err;
}

static int load_shared(const char *text, const struct ike_config *old, struct conf_report *report,
		       struct ike_config **ret_cfg)
{
	struct conf_node *root = conf_root_new();
	int err = conf_parse(bytes_str(text), "load-shared", root, report);

	if (!err)
		err = config_load_shared(old, root, report, ret_cfg);
	conf_free(root);
	return err;
}

FIXTURE(config)
{
	struct ike_config *cfg; /* the current one */
	struct conf_report report;
};

FIXTURE_SETUP(config)
{
	self->cfg = config_new_empty();
	self->report = CONF_REPORT_INIT;
}

FIXTURE_TEARDOWN(config)
{
	self->cfg = config_unref(self->cfg);
	conf_report_fini(&self->report);
	EXPECT_NO_LEAKS();
}

/* Make the result of a change the current snapshot. */
#define CHANGE(call)                                                                               \
	do {                                                                                       \
		struct ike_config *changed = NULL;                                                 \
		ASSERT_EQ(0, call) TH_LOG("%s", conf_report_text(&self->report));                  \
		config_unref(self->cfg);                                                           \
		self->cfg = changed;                                                               \
	} while (0)

#define FROM_TEXT(text)   CHANGE(from_text(text, self->cfg, &self->report, &changed))
#define LOAD_CONN(text)   CHANGE(load_conn(text, self->cfg, &self->report, &changed))
#define LOAD_SHARED(text) CHANGE(load_shared(text, self->cfg, &self->report, &changed))

TEST_F(config, a_file_has_settings_connections_and_secrets)
{
	FROM_TEXT("settings { workers = 3 }\n"
		  "connections { a { " AUTH " children { x { }\n y { } } }\n b { " AUTH " } }\n"
		  "secrets { ike-1 { secret = s }\n ike-2 { secret = t } }\n");
	EXPECT_EQ(3, self->cfg->settings.workers);
	ASSERT_EQ(2, self->cfg->n_connections);
	EXPECT_STREQ("a", self->cfg->connections[0]->name);
	EXPECT_STREQ("b", self->cfg->connections[1]->name);
	EXPECT_EQ(1, self->cfg->connections[0]->children[0].reqid);
	EXPECT_EQ(2, self->cfg->connections[0]->children[1].reqid);
	EXPECT_EQ(2, self->cfg->n_secrets);
	EXPECT_FALSE(self->cfg->connections[0]->from_control);
}

TEST_F(config, an_empty_file_is_a_configuration)
{
	FROM_TEXT("");
	EXPECT_EQ(0, self->cfg->n_connections);
	EXPECT_EQ(500, self->cfg->settings.port);
}

TEST_F(config, bad_files_leave_the_old_snapshot_alone)
{
	static const struct {
		const char *text, *report;
	} bad[] = {
		{ "pools { a { } }", "f:1:9: pools.a: found no addrs, expected them\n" },
		{ "authorities { a { } }",
		  "f:1:15: authorities.a: found no cacert, expected it\n" },
		{ "authorities { a { cacert = none } }",
		  "f:1:19: authorities.a.cacert: found 4 bytes, expected one X.509 certificate in "
		  "PEM or DER\n" },
		{ "authorities { a { cert_uri_base = http://x/ } }",
		  "f:1:19: authorities.a.cert_uri_base: not supported: Hash and URL of "
		  "certificates "
		  "is not built; they are sent as they are\n" },
		{ "authorities { a { module = x } }",
		  "f:1:19: authorities.a.module: not supported: certificates on a token are not "
		  "supported, export it\n" },
		{ "authorities { a { crl_uris = http://x/, ldap://y/ } }",
		  "f:1:19: authorities.a.crl_uris: found 'http://x/, ldap://y/', expected URIs of "
		  "http or https (a CRL in a file goes into the folder x509crl)\n" },
		{ "conections { }",
		  "f:1:1: conections: unknown section; did you mean connections?\n" },
		{ "settings = 1", "f:1:1: settings: found '1', expected a section\n" },
		{ "connections { a = b }",
		  "f:1:15: connections.a: found 'b', expected a section\n" },
		{ "secrets { eap-1 { secret = x } }", "f:1:11: secrets.eap-1: not supported: EAP "
						      "is not built yet; use ike<suffix> { }\n" },
		{ "secrets { private { secret = x } }",
		  "f:1:11: secrets.private: expected a file\n" },
		{ "secrets { rsa-1 { file = /nonesuch/key.pem } }",
		  "f:1:11: secrets.rsa-1: /nonesuch/key.pem: No such file or directory\n" },
		{ "secrets { token { pin = 1234 } }",
		  "f:1:11: secrets.token: expected a handle or a uri\n" },
		{ "secrets { ika { } }",
		  "f:1:11: secrets.ika: unknown section; did you mean ike*?\n" },
		{ "connections { a { mobike = yes\n" AUTH " } }\nsettings { workers = x }",
		  "f:1:19: connections.a.mobike: found 'yes', expected no: MOBIKE (RFC 4555) is "
		  "not "
		  "built yet\n"
		  "f:5:12: settings.workers: found 'x', expected a number from 0 to 256\n" },
	};

	FROM_TEXT("connections { a { " AUTH " } }");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct conf_report report = CONF_REPORT_INIT;
		struct ike_config *next = NULL;

		EXPECT_EQ(-EINVAL, from_text(bad[i].text, self->cfg, &report, &next));
		EXPECT_STREQ(bad[i].report, conf_report_text(&report));
		EXPECT_EQ(NULL, next);
		EXPECT_EQ(1, self->cfg->n_connections);
		conf_report_fini(&report);
	}
}

TEST_F(config, what_did_not_change_is_the_same_object)
{
	const struct connection *a, *b;
	const struct shared_secret *s, *t;

	FROM_TEXT("connections { a { " AUTH " children { x { } } }\n b { " AUTH " } }\n"
		  "secrets { ike-1 { secret = s }\n ike-2 { secret = t } }");
	a = self->cfg->connections[0];
	b = self->cfg->connections[1];
	s = self->cfg->secrets[0];
	t = self->cfg->secrets[1];
	/* Other places in the file, and other white space, are no change. */
	FROM_TEXT("# new\nconnections { c { " AUTH " }\n a {\n" AUTH " children { x { } } }\n"
		  "b { encap = yes\n" AUTH " } }\nsecrets { ike-1 { secret = 0x73 }\n"
		  "ike-2 { secret = u } }");
	EXPECT_TRUE(config_has(self->cfg, a));
	EXPECT_FALSE(config_has(self->cfg, b));
	EXPECT_EQ(s, self->cfg->secrets[0]);
	EXPECT_NE(t, self->cfg->secrets[1]);
}

TEST_F(config, numbers_of_children_are_kept_and_never_shared)
{
	const struct child_conf *x;
	const struct connection *conn;
	const struct child_conf *child;

	FROM_TEXT("connections { a { " AUTH " children { x { }\n y { } } } }");
	FROM_TEXT("connections { b { " AUTH " children { x { } } }\n"
		  "a { encap = yes\n" AUTH " children { z { }\n x { } } } }");
	x = connection_child(config_connection(self->cfg, "a"), "x");
	EXPECT_EQ(1, x->reqid);
	EXPECT_EQ(3, config_connection(self->cfg, "b")->children[0].reqid);
	EXPECT_EQ(4, connection_child(config_connection(self->cfg, "a"), "z")->reqid);
	ASSERT_EQ(0, config_find_reqid(self->cfg, 4, &conn, &child));
	EXPECT_STREQ("a", conn->name);
	EXPECT_STREQ("z", child->name);
	EXPECT_EQ(-ENOENT, config_find_reqid(self->cfg, 2, &conn, &child));
}

TEST_F(config, numbers_begin_again_at_free_ones_when_all_were_used)
{
	FROM_TEXT("connections { a { " AUTH " children { x { } } } }");
	self->cfg->last_reqid = REQID_CONF_MAX - 1;
	LOAD_CONN("b { " AUTH " children { p { }\n q { }\n r { } } }");
	EXPECT_EQ(REQID_CONF_MAX, self->cfg->connections[1]->children[0].reqid);
	EXPECT_EQ(2, self->cfg->connections[1]->children[1].reqid);
	EXPECT_EQ(3, self->cfg->connections[1]->children[2].reqid);
}

TEST_F(config, connections_come_and_go_by_the_control_protocol)
{
	struct ike_config *next = NULL;
	const struct connection *a;

	LOAD_CONN("a { " AUTH " }\n b { " AUTH " }");
	ASSERT_EQ(2, self->cfg->n_connections);
	a = self->cfg->connections[0];
	EXPECT_TRUE(a->from_control);
	LOAD_CONN("c { " AUTH " }");
	LOAD_CONN("a { " AUTH " }");
	EXPECT_EQ(3, self->cfg->n_connections);
	EXPECT_EQ(a, self->cfg->connections[0]);
	CHANGE(config_unload_conn(self->cfg, "b", &changed));
	ASSERT_EQ(2, self->cfg->n_connections);
	EXPECT_STREQ("c", self->cfg->connections[1]->name);
	EXPECT_EQ(-ENOENT, config_unload_conn(self->cfg, "b", &next));
	EXPECT_EQ(NULL, next);
	LOAD_CONN("d { " AUTH " }\n e { " AUTH " }\n f { " AUTH " }");
	EXPECT_EQ(5, self->cfg->n_connections);
}

TEST_F(config, a_request_with_one_bad_connection_changes_nothing)
{
	struct ike_config *next = NULL;

	EXPECT_EQ(-EINVAL, load_conn("a { " AUTH " }\nb { mode = x\n" AUTH " }\nc = 1", self->cfg,
				     &self->report, &next));
	EXPECT_EQ(NULL, next);
	EXPECT_EQ(0, self->cfg->n_connections);
	EXPECT_NE(NULL, strstr(conf_report_text(&self->report), "load-conn:4:5: b.mode: unknown"));
	EXPECT_NE(NULL, strstr(conf_report_text(&self->report),
			       "c: found '1', expected a section for each connection\n"));
}

TEST_F(config, a_reload_keeps_what_the_control_protocol_brought)
{
	FROM_TEXT("connections { a { " AUTH " } }\nsecrets { ike-a { secret = x } }");
	LOAD_CONN("b { " AUTH " }");
	LOAD_SHARED("id = ike-b\n type = IKE\n data = y\n owners = moon, sun");
	FROM_TEXT("connections { c { " AUTH " } }\nsecrets { ike-c { secret = x } }");
	EXPECT_EQ(NULL, config_connection(self->cfg, "a"));
	EXPECT_NE(NULL, config_connection(self->cfg, "b"));
	EXPECT_NE(NULL, config_connection(self->cfg, "c"));
	ASSERT_EQ(2, self->cfg->n_secrets);
	EXPECT_STREQ("ike-c", self->cfg->secrets[0]->name);
	EXPECT_STREQ("ike-b", self->cfg->secrets[1]->name);
	/* What the file names is the file's. */
	FROM_TEXT("connections { b { " AUTH " } }\nsecrets { ike-b { secret = z } }");
	EXPECT_FALSE(config_connection(self->cfg, "b")->from_control);
	ASSERT_EQ(1, self->cfg->n_secrets);
	EXPECT_FALSE(self->cfg->secrets[0]->from_control);
}

TEST_F(config, secrets_come_and_go_by_the_control_protocol)
{
	struct ike_config *next = NULL;
	const struct shared_secret *first;

	LOAD_SHARED("id = one\n type = ike\n data = y");
	first = self->cfg->secrets[0];
	LOAD_SHARED("id = two\n type = ike\n data = z");
	LOAD_SHARED("id = one\n type = ike\n data = y");
	ASSERT_EQ(2, self->cfg->n_secrets);
	EXPECT_EQ(first, self->cfg->secrets[0]);
	LOAD_SHARED("id = one\n type = ike\n data = new");
	ASSERT_EQ(2, self->cfg->n_secrets);
	EXPECT_EQ(3, self->cfg->secrets[0]->len);
	CHANGE(config_unload_shared(self->cfg, "one", &changed));
	ASSERT_EQ(1, self->cfg->n_secrets);
	EXPECT_STREQ("two", self->cfg->secrets[0]->name);
	EXPECT_EQ(-ENOENT, config_unload_shared(self->cfg, "one", &next));
	CHANGE(config_clear_creds(self->cfg, &changed));
	EXPECT_EQ(0, self->cfg->n_secrets);
	LOAD_SHARED("id = one\n type = ike\n data = y");
	EXPECT_EQ(1, self->cfg->n_secrets);
	EXPECT_EQ(-EINVAL,
		  load_shared("id = x\n type = eap\n data = y", self->cfg, &self->report, &next));
}

TEST_F(config, old_snapshots_and_their_connections_outlive_changes)
{
	struct ike_config *old;
	struct connection *a;

	LOAD_CONN("a { " AUTH " }");
	old = config_ref(self->cfg);
	a = connection_ref(self->cfg->connections[0]);
	CHANGE(config_unload_conn(self->cfg, "a", &changed));
	EXPECT_EQ(0, self->cfg->n_connections);
	EXPECT_TRUE(config_has(old, a));
	config_unref(old);
	EXPECT_STREQ("a", a->name);
	connection_unref(a);
}

TEST_F(config, children_are_found_by_name)
{
	const struct connection *conn;
	const struct child_conf *child;

	LOAD_CONN("a { " AUTH " children { x { }\n y { } } }\n b { " AUTH " children { x { } } }");
	ASSERT_EQ(0, config_find_child(self->cfg, "b", "x", &conn, &child));
	EXPECT_STREQ("b", conn->name);
	ASSERT_EQ(0, config_find_child(self->cfg, NULL, "y", &conn, &child));
	EXPECT_STREQ("a", conn->name);
	EXPECT_STREQ("y", child->name);
	EXPECT_EQ(-ENOTUNIQ, config_find_child(self->cfg, NULL, "x", &conn, &child));
	EXPECT_EQ(-ENOENT, config_find_child(self->cfg, NULL, "z", &conn, &child));
	EXPECT_EQ(-ENOENT, config_find_child(self->cfg, "b", "y", &conn, &child));
	EXPECT_EQ(-ENOENT, config_find_child(self->cfg, "c", "x", &conn, &child));
}

static struct netaddr addr_of(const char *text)
{
	struct netaddr addr = NETADDR_NONE;

	netaddr_parse(text, 500, &addr);
	return addr;
}

TEST_F(config, candidates_come_by_closeness_and_then_in_order)
{
	static const char *const expected[] = { "single", "local", "net", "any", "any2" };
	struct netaddr local = addr_of("192.0.2.1"), remote = addr_of("10.1.2.3");
	const struct connection *found[CONFIG_CANDIDATES_MAX];

	LOAD_CONN("any { " AUTH " }\n"
		  "other { remote_addrs = 10.9.0.0/16\n" AUTH " }\n"
		  "net { remote_addrs = 10.1.0.0/16\n" AUTH " }\n"
		  "local { remote_addrs = 10.1.0.0/16\n local_addrs = 192.0.2.1\n" AUTH " }\n"
		  "away { local_addrs = 192.0.2.2\n" AUTH " }\n"
		  "v6 { remote_addrs = ::/0\n" AUTH " }\n"
		  "any2 { " AUTH " }\n"
		  "single { remote_addrs = 10.1.2.3\n" AUTH " }\n");
	ASSERT_EQ(ARRAY_SIZE(expected),
		  config_candidates(self->cfg, &local, &remote, found, CONFIG_CANDIDATES_MAX));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		EXPECT_STREQ(expected[i], found[i]->name);
	/* The best of them when there is room for few. */
	ASSERT_EQ(2, config_candidates(self->cfg, &local, &remote, found, 2));
	EXPECT_STREQ("single", found[0]->name);
	EXPECT_STREQ("local", found[1]->name);
	EXPECT_EQ(0, config_candidates(self->cfg, &local, &remote, found, 0));
}

static const char *choose(const struct ike_config *cfg, const char *idi, const char *idr,
			  const char *proposal)
{
	struct netaddr local = addr_of("192.0.2.1"), remote = addr_of("10.1.2.3");
	char error[PROPOSAL_ERROR_LEN];
	const struct connection *conn;
	struct identity i, r;
	struct proposal p;

	identity_parse(idi, &i, NULL);
	if (idr)
		identity_parse(idr, &r, NULL);
	if (proposal)
		proposal_from_text(proposal, IKE_PROTOCOL_IKE, &p, error);
	conn = config_choose(cfg, &local, &remote, &i, idr ? &r : NULL, proposal ? &p : NULL);
	return conn ? conn->name : "none";
}

#define SIDES(mine, theirs)                                                                        \
	" local { auth = psk\n id = " mine " }\n remote { auth = psk\n id = " theirs " }\n "

TEST_F(config, the_identity_decides_before_the_address)
{
	LOAD_CONN("any { " SIDES(
		"%any",
		"%any") " }\n"
			"wild { " SIDES(
				"moon",
				"*.example.org") " }\n"
						 "exact { " SIDES(
							 "moon",
							 "sun.example.org") " }\n"
									    "near { remote_addrs = "
									    "10.1.2.3\n" SIDES(
										    "moon",
										    "%any") " }\n"
											    "elsewh"
											    "ere { "
											    "remote"
											    "_addrs"
											    " = "
											    "10.9."
											    "9."
											    "9"
											    "\n" SIDES(
												    "moon",
												    "venus") " }\n");
	EXPECT_STREQ("exact", choose(self->cfg, "sun.example.org", NULL, NULL));
	EXPECT_STREQ("exact", choose(self->cfg, "SUN.example.org", "moon", NULL));
	EXPECT_STREQ("wild", choose(self->cfg, "mars.example.org", NULL, NULL));
	EXPECT_STREQ("near", choose(self->cfg, "venus", NULL, NULL));
	/* The one that was asked for. */
	EXPECT_STREQ("near", choose(self->cfg, "venus", "moon", NULL));
	EXPECT_STREQ("any", choose(self->cfg, "venus", "earth", NULL));
	EXPECT_STREQ("any", choose(self->cfg, "sun.example.org", "earth", NULL));
}

TEST_F(config, no_connection_is_chosen_for_a_stranger)
{
	LOAD_CONN("a { " SIDES("moon", "sun") " }\n b { " SIDES("moon2", "sun") " }");
	EXPECT_STREQ("none", choose(self->cfg, "venus", NULL, NULL));
	EXPECT_STREQ("none", choose(self->cfg, "sun", "earth", NULL));
	EXPECT_STREQ("none", choose(self->cfg, "email:sun", NULL, NULL));
	EXPECT_STREQ("b", choose(self->cfg, "sun", "moon2", NULL));
}

TEST_F(config, connections_that_do_not_take_the_ike_proposal_are_passed_over)
{
	LOAD_CONN("a { proposals = aes256gcm16-prfsha384-ecp384\n" SIDES(
		"moon", "sun") " }\n"
			       "b { proposals = aes128-sha256-modp2048\n" SIDES("moon",
										"%any") " }");
	EXPECT_STREQ("a", choose(self->cfg, "sun", NULL, NULL));
	EXPECT_STREQ("a", choose(self->cfg, "sun", NULL, "aes256gcm16-prfsha384-ecp384"));
	EXPECT_STREQ("b", choose(self->cfg, "sun", NULL, "aes128-sha256-modp2048"));
	EXPECT_STREQ("none", choose(self->cfg, "sun", NULL, "aes128-sha256-x25519"));
}

TEST_F(config, the_best_secret_for_a_pair_is_found)
{
	struct identity moon, sun, venus;
	const struct shared_secret *s;

	identity_parse("moon", &moon, NULL);
	identity_parse("sun", &sun, NULL);
	identity_parse("venus", &venus, NULL);
	FROM_TEXT("secrets { ike-pair { secret = pair\n id-1 = moon\n id-2 = sun }\n }");
	EXPECT_NE(NULL, config_secret(self->cfg, &moon, &sun));
	EXPECT_EQ(NULL, config_secret(self->cfg, &moon, &venus));
	FROM_TEXT("secrets { ike-all { secret = all }\n ike-all2 { secret = all2 }\n"
		  "ike-pair { secret = pair\n id-1 = moon\n id-2 = sun }\n }");
	s = config_secret(self->cfg, &moon, &sun);
	EXPECT_STREQ("ike-pair", s->name);
	s = config_secret(self->cfg, &moon, &venus);
	EXPECT_STREQ("ike-all", s->name);
}

TEST_F(config, a_file_is_read_from_its_path)
{
	char path[] = "/tmp/postern-config-XXXXXX";
	struct ike_config *next = NULL;
	FILE *f = fdopen(mkstemp(path), "w");

	fputs("connections { a { " AUTH " } }\n", f);
	fclose(f);
	CHANGE(config_from_file(path, self->cfg, &self->report, &changed));
	EXPECT_EQ(1, self->cfg->n_connections);
	unlink(path);
	EXPECT_EQ(-EINVAL, config_from_file(path, self->cfg, &self->report, &next));
	EXPECT_NE(NULL, strstr(conf_report_text(&self->report), "No such file or directory"));
}

/* Here and in what is within: when loading the first one counts, and the manual prints both. */
static void expect_once(struct __test_metadata *_metadata, const struct conf_option *options)
{
	for (const struct conf_option *o = options; o->name; o++) {
		for (const struct conf_option *other = options; other < o; other++)
			EXPECT_STRNE(other->name, o->name);
		if (o->options)
			expect_once(_metadata, o->options);
	}
}

TEST(no_table_has_an_option_twice)
{
	expect_once(_metadata, config_options);
}

TEST(documentation_covers_all_tables)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	conf_options_print(out, config_options, "", CONF_PRINT_MAN);
	fclose(out);
	EXPECT_NE(NULL, strstr(text, ".B settings.cookie_threshold [32]\n"));
	EXPECT_NE(NULL, strstr(text, ".B connections.*.children.*.local_ts [dynamic]\n"));
	EXPECT_NE(NULL, strstr(text, ".B connections.*.remote*.auth\n"));
	EXPECT_NE(NULL, strstr(text, ".B secrets.ike*.secret\n"));
	free(text);
}

TEST_HARNESS_MAIN
