/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "pdk/conf/parser.h"
#include "ikev2/policy/connection.h"
#include "ikev2/policy/proposal_conf.h"
#include "../../pdk/leaks.h"

/* The section "gw" of a text becomes a connection. */
static int from_text(const char *text, struct conf_report *report, struct connection **ret_conn)
{
	struct conf_node *root = conf_root_new();
	int err = conf_parse(bytes_str(text), "f", root, report);

	if (!err)
		err = connection_new(conf_find(root, "gw"), report, ret_conn);
	conf_free(root);
	return err;
}

static const char full[] = "gw {\n"
			   "	version = 2\n"
			   "	local_addrs = 192.0.2.1, 2001:db8::1\n"
			   "	remote_addrs = 198.51.100.2\n"
			   "	local_port = 500\n"
			   "	remote_port = 4501\n"
			   "	proposals = aes128gcm16-prfsha256-x25519, default\n"
			   "	prefer = peer\n"
			   "	encap = yes\n"
			   "	dpd_delay = 30s\n"
			   "	keyingtries = %forever\n"
			   "	unique = replace\n"
			   "	childless = never\n"
			   "	mobike = no\n"
			   "	fragmentation = no\n"
			   "	rekey_time = 0\n"
			   "	send_certreq = no\n"
			   "	local-1 {\n auth = psk\n id = moon.example.org\n }\n"
			   "	remote-1 {\n auth = psk\n id = *.example.org\n }\n"
			   "	children {\n"
			   "		net {\n"
			   "			local_ts = 10.1.0.0/16\n"
			   "			remote_ts = 10.2.0.0/16[tcp/80], dynamic\n"
			   "			esp_proposals = aes256gcm16-esn\n"
			   "			start_action = trap\n"
			   "			close_action = start\n"
			   "			dpd_action = restart\n"
			   "			replay_window = 1024\n"
			   "			if_id_in = 7\n"
			   "			if_id_out = 7\n"
			   "			mode = tunnel\n"
			   "		}\n"
			   "		host { }\n"
			   "	}\n"
			   "}\n";

TEST(every_option_reaches_the_connection)
{
	struct conf_report report = CONF_REPORT_INIT;
	const struct child_conf *child;
	char text[IDENTITY_STRLEN];
	struct connection *conn;
	struct netaddr addr;

	ASSERT_EQ(0, from_text(full, &report, &conn)) TH_LOG("%s", conf_report_text(&report));
	EXPECT_STREQ("gw", conn->name);
	EXPECT_EQ(2, conn->local_addrs.n);
	EXPECT_TRUE(connection_remote(conn, AF_UNSPEC, &addr));
	EXPECT_STREQ("198.51.100.2", netaddr_str(&addr, text));
	EXPECT_FALSE(connection_remote(conn, AF_INET6, &addr));
	EXPECT_FALSE(connection_many_peers(conn));
	EXPECT_EQ(500, conn->local_port);
	EXPECT_EQ(4501, conn->remote_port);
	EXPECT_EQ(3, conn->proposals.n);
	EXPECT_EQ(PROPOSAL_PREFER_PEER, conn->prefer);
	EXPECT_TRUE(conn->encap);
	EXPECT_EQ(FRAGMENTATION_NO, conn->fragmentation);
	EXPECT_EQ(30, duration_s(conn->dpd_delay));
	EXPECT_EQ(0, conn->keyingtries);
	EXPECT_EQ(UNIQUE_REPLACE, conn->unique);
	EXPECT_EQ(CHILDLESS_NEVER, conn->childless);
	EXPECT_EQ(AUTH_TYPE_PSK, conn->local.type);
	EXPECT_STREQ("moon.example.org", identity_str(&conn->local.id, text, sizeof(text)));
	EXPECT_STREQ("*.example.org", identity_str(&conn->remote.id, text, sizeof(text)));
	ASSERT_EQ(2, conn->n_children);

	child = connection_child(conn, "net");
	ASSERT_NE(NULL, child);
	EXPECT_EQ(1, child->local_ts.n);
	EXPECT_EQ(2, child->remote_ts.n);
	EXPECT_TRUE(child->remote_ts.v[1].dynamic);
	EXPECT_EQ(1, child->esp_proposals.n);
	EXPECT_EQ(CHILD_ACTION_TRAP, child->start_action);
	EXPECT_EQ(CHILD_ACTION_START, child->close_action);
	EXPECT_EQ(CHILD_ACTION_START, child->dpd_action);
	EXPECT_EQ(1024, child->replay_window);
	EXPECT_EQ(7, child->if_id_in.value);
	EXPECT_EQ(7, child->if_id_out.value);
	EXPECT_EQ(NULL, connection_child(conn, "none"));
	EXPECT_EQ(NULL, connection_child_by_reqid(conn, 5));
	connection_unref(conn);
	EXPECT_NO_LEAKS();
}

TEST(what_is_not_set_has_its_default)
{
	struct conf_report report = CONF_REPORT_INIT;
	const struct child_conf *child;
	struct connection *conn;
	struct netaddr addr;

	ASSERT_EQ(0, from_text("gw { local { auth = psk }\n remote { auth = psk }\n"
			       "children { c { } } }",
			       &report, &conn));
	EXPECT_EQ(1, conn->local_addrs.n);
	EXPECT_EQ(AF_UNSPEC, conn->remote_addrs.v[0].first.family);
	EXPECT_FALSE(connection_remote(conn, AF_UNSPEC, &addr));
	EXPECT_TRUE(connection_many_peers(conn));
	EXPECT_EQ(500, conn->local_port);
	EXPECT_EQ(500, conn->remote_port);
	EXPECT_EQ(2, conn->proposals.n);
	EXPECT_EQ(PROPOSAL_PREFER_OWN, conn->prefer);
	EXPECT_FALSE(conn->encap);
	EXPECT_EQ(FRAGMENTATION_YES, conn->fragmentation);
	EXPECT_EQ(0, conn->dpd_delay.ns);
	EXPECT_EQ(1, conn->keyingtries);
	EXPECT_EQ(UNIQUE_NO, conn->unique);
	EXPECT_EQ(CHILDLESS_ALLOW, conn->childless);
	EXPECT_TRUE(identity_is_any(&conn->local.id));
	EXPECT_TRUE(identity_is_any(&conn->remote.id));
	child = &conn->children[0];
	EXPECT_TRUE(ts_conf_is_dynamic(&child->local_ts));
	EXPECT_TRUE(ts_conf_is_dynamic(&child->remote_ts));
	EXPECT_EQ(2, child->esp_proposals.n);
	EXPECT_EQ(CHILD_ACTION_NONE, child->start_action);
	EXPECT_EQ(CHILD_ACTION_NONE, child->close_action);
	EXPECT_EQ(CHILD_ACTION_NONE, child->dpd_action);
	EXPECT_EQ(CHILD_REPLAY_WINDOW_DEFAULT, child->replay_window);
	EXPECT_EQ(0, child->reqid);
	connection_unref(conn);
	EXPECT_NO_LEAKS();
}

TEST(several_remote_addresses_are_several_peers)
{
	struct conf_report report = CONF_REPORT_INIT;
	struct connection *conn;

	ASSERT_EQ(0, from_text("gw { remote_addrs = 10.0.0.1, 10.0.0.2\n local { auth = psk }\n"
			       "remote { auth = psk } }",
			       &report, &conn));
	EXPECT_TRUE(connection_many_peers(conn));
	connection_unref(conn);
}

/* An option in the place of the %s; or the whole text when it begins with "gw". */
static const struct {
	const char *text, *report;
} bad[] = {
	{ "version = 1", "f:2:1: gw.version: found '1', expected 2: IKEv1 is not supported\n" },
	{ "local_addrs = moon.example.org",
	  "f:2:1: gw.local_addrs: found 'moon.example.org': expected a numeric address, a prefix, "
	  "a "
	  "range first-last or %any (host names are not supported yet)\n" },
	{ "remote_addrs = 10.0.0.1,,10.0.0.2",
	  "f:2:1: gw.remote_addrs: found '10.0.0.1,,10.0.0.2', expected a list without empty or "
	  "binary items\n" },
	{ "remote_port = 70000",
	  "f:2:1: gw.remote_port: found '70000', expected a UDP port from 1 to 65535\n" },
	{ "local_port = 4500",
	  "f:2:1: gw.local_port: found '4500', expected 500: settings.port and settings.port_nat_t "
	  "say which ports are ours\n" },
	{ "keyingtries = many",
	  "f:2:1: gw.keyingtries: found 'many', expected a number of tries, 0 "
	  "or %forever\n" },
	{ "proposals = aes128-x25519",
	  "f:2:1: gw.proposals: found 'aes128-x25519': it has no integrity algorithm, such as "
	  "sha256\n" },
	{ "prefer = both", "f:2:1: gw.prefer: found 'both', expected own or peer\n" },
	{ "encap = maybe", "f:2:1: gw.encap: found 'maybe', expected yes or no\n" },
	{ "unique = yes", "f:2:1: gw.unique: found 'yes', expected no, never, replace or keep\n" },
	{ "dpd_delay = 2x",
	  "f:2:1: gw.dpd_delay: found '2x', expected a duration such as 30s or 5m up to 86400s\n" },
	{ "mobike = yes",
	  "f:2:1: gw.mobike: found 'yes', expected no: MOBIKE (RFC 4555) is not built yet\n" },
	{ "fragmentation = maybe", "f:2:1: gw.fragmentation: found 'maybe', expected yes, accept, "
				   "force or no\n" },
	{ "rekey_time = soon",
	  "f:2:1: gw.rekey_time: found 'soon', expected a duration such as 30s "
	  "or 5m up to 315360000s\n" },
	{ "rekey_time = 1h\nrand_time = 1h",
	  "f:1:1: gw: found a rand_time that rekey_time or reauth_time does not exceed, expected a "
	  "shorter one\n" },
	{ "vips = 10.0.0.0/8",
	  "f:2:1: gw.vips: found '10.0.0.0/8': expected an address, 0.0.0.0 or "
	  "::\n" },
	{ "vips = ::, ::, ::, ::, ::",
	  "f:2:1: gw.vips: found '::': expected no more than 4 addresses\n" },
	{ "ppk_id = x",
	  "f:2:1: gw.ppk_id: not supported: postquantum preshared keys are not built yet\n" },
	{ "remote_adrs = ::1",
	  "f:2:1: gw.remote_adrs: unknown option; did you mean remote_addrs?\n" },
	{ "local_addr = ::1", "f:2:1: gw.local_addr: unknown option; did you mean local_addrs?\n" },
	{ "childern { }", "f:2:1: gw.childern: unknown section; did you mean children?\n" },
	{ "children = x", "f:2:1: gw.children: found 'x', expected a section\n" },
	{ "children { c = x }", "f:2:12: gw.children.c: found 'x', expected a section\n" },
	{ "local-2 { auth = psk }",
	  "f:2:1: gw.local-2: not supported: multiple authentication rounds are not built yet\n" },
	{ "gw { local { auth = pubkey }\nremote { auth = eap-tls }\n}",
	  "f:2:10: gw.remote.auth: found 'eap-tls': EAP is not built yet; use auth = pubkey or "
	  "psk\n" },
	{ "gw { local { auth = xauth }\nremote { auth = sorcery }\n}",
	  "f:1:14: gw.local.auth: found 'xauth': XAuth belongs to IKEv1; use auth = pubkey or "
	  "psk\n"
	  "f:2:10: gw.remote.auth: found 'sorcery', expected psk, or pubkey, rsa, rsa/pss, ecdsa, "
	  "ed25519 or ed448, with least bits and hashes behind, such as rsa-3072-sha256-sha512\n" },
	{ "gw { local { id = moon }\n}",
	  "f:1:1: gw: found no section remote, expected one (auth = psk, or a certificate or "
	  "public key)\n" },
	{ "gw { local { auth = psk\n certs = moon.pem }\n remote { auth = psk } }",
	  "f:2:2: gw.local.certs: expected an X.509 certificate in PEM or DER\n" },
	{ "gw { local { auth = psk\n eap_id = x }\n remote { auth = psk } }",
	  "f:2:2: gw.local.eap_id: not supported: EAP is not built yet; use auth = pubkey or "
	  "psk\n" },
	{ "children { c {\nmode = beet\n} }",
	  "f:3:1: gw.children.c.mode: found 'beet', expected tunnel, transport, pass or drop\n" },
	{ "children { c {\nmode = pass\nstart_action = start\n} }",
	  "f:2:12: gw.children.c: found start_action = start with a mode that makes no SA, "
	  "expected "
	  "none or trap\n" },
	{ "children { c {\nmode = drop\nlocal_ts = 10.0.0.0/8\n} }",
	  "f:2:12: gw.children.c: found dynamic selectors with a mode that makes no SA, expected "
	  "local_ts and remote_ts that say what passes or drops\n" },
	{ "children { c {\nlocal_ts = 10.0.0.0/33\n} }",
	  "f:3:1: gw.children.c.local_ts: found '10.0.0.0/33', expected a network, an address, a "
	  "range first-last, or dynamic\n" },
	{ "children { c {\nesp_proposals = aes128gcm16-sha256\n} }",
	  "f:3:1: gw.children.c.esp_proposals: found 'aes128gcm16-sha256': an integrity algorithm "
	  "is "
	  "of no use with gcm, ccm and chacha20poly1305\n" },
	{ "children { c {\nah_proposals = sha256\n} }",
	  "f:3:1: gw.children.c.ah_proposals: not supported: AH is not supported; use "
	  "esp_proposals\n" },
	{ "children { c {\nstart_action = hold\n} }",
	  "f:3:1: gw.children.c.start_action: found 'hold', expected none, trap or start\n" },
	{ "children { c {\ndpd_action = again\n} }",
	  "f:3:1: gw.children.c.dpd_action: found 'again', expected clear, trap or restart\n" },
	{ "children { c {\nclose_action { }\n} }",
	  "f:3:1: gw.children.c.close_action: found a section, expected none, trap or start\n" },
	{ "children { c {\nreplay_window = 5000\n} }",
	  "f:3:1: gw.children.c.replay_window: found '5000', expected a number from 0 to 4096 "
	  "packets\n" },
	{ "children { c {\nif_id_in = %same\n} }",
	  "f:3:1: gw.children.c.if_id_in: found '%same', expected the number of an XFRM interface, "
	  "%unique or %unique-dir\n" },
	{ "children { c {\nmark_in = 1/0xfe\n} }",
	  "f:3:1: gw.children.c.mark_in: found '1/0xfe', expected a mark, %unique or %unique-dir, "
	  "and perhaps /mask, in which all bits of the mark are\n" },
	{ "children { c {\nstart_action = trap\nmark_out = %unique\n} }",
	  "f:2:12: gw.children.c: found start_action = trap with %unique, expected numbers that "
	  "are "
	  "fixed\n" },
	{ "children { c {\nmark_out = 1\nset_mark_in = %same\n} }",
	  "f:2:12: gw.children.c: found %same, expected a mark of that direction that it could "
	  "be\n" },
	{ "children { c {\ntfc_padding = 65536\n} }",
	  "f:3:1: gw.children.c.tfc_padding: found '65536', expected mtu, or octets up to "
	  "65535\n" },
	{ "children { c {\ninterface = an_interface_with_a_long_name\n} }",
	  "f:3:1: gw.children.c.interface: found 'an_interface_with_a_long_name', expected the "
	  "name "
	  "of a network interface\n" },
	{ "children { c {\nhw_offload = maybe\n} }",
	  "f:3:1: gw.children.c.hw_offload: found 'maybe', expected no, yes, crypto, packet or "
	  "auto\n" },
	{ "children { c {\nreqid = 0x50000001\n} }",
	  "f:3:1: gw.children.c.reqid: found '0x50000001', expected none of those that the daemon "
	  "assigns, 0x50000000 to 0x50ffffff\n" },
	{ "children { c {\nreqid = 42\n} }",
	  "f:2:12: gw.children.c: found a fixed reqid with a connection that several peers may "
	  "use, "
	  "expected remote_addrs of one address, and no pools\n" },
	{ "if_id_out = %unique\nchildren { c {\nstart_action = trap\n} }",
	  "f:3:12: gw.children.c: found start_action = trap with %unique, expected numbers that "
	  "are "
	  "fixed\n" },
	{ "children { c {\nupdown = x.sh\nhostaccess = yes\n} }",
	  "f:4:1: gw.children.c.hostaccess: found 'yes', expected no: the updown command can do "
	  "that "
	  "by itself\n" },
	{ "children { c {\nlife_time = 1h\n} }",
	  "f:2:12: gw.children.c: found a life_time that does not exceed the one for rekeying, "
	  "expected a larger one\n" },
	{ "children { c {\nremote_t = 1h\n} }",
	  "f:3:1: gw.children.c.remote_t: unknown option; did you mean remote_ts?\n" },
};

TEST(bad_connections_are_refused_with_what_was_expected)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct conf_report report = CONF_REPORT_INIT;
		struct connection *conn = NULL;
		char text[400];

		if (strncmp(bad[i].text, "gw", 2) == 0)
			snprintf(text, sizeof(text), "%s", bad[i].text);
		else
			snprintf(text, sizeof(text),
				 "gw { local { auth = psk }\n%s\nremote { auth = psk } }",
				 bad[i].text);
		EXPECT_EQ(-EINVAL, from_text(text, &report, &conn)) TH_LOG("%s", text);
		EXPECT_STREQ(bad[i].report, conf_report_text(&report));
		EXPECT_EQ(NULL, conn);
		conf_report_fini(&report);
	}
	EXPECT_NO_LEAKS();
}

TEST(children_have_the_interface_numbers_of_the_connection_unless_they_say_others)
{
	struct conf_report report = CONF_REPORT_INIT;
	const struct child_conf *child;
	struct connection *conn;

	ASSERT_EQ(0,
		  from_text("gw { remote_addrs = 10.0.0.1\n local { auth = psk }\n"
			    "children { a { } b { if_id_in = 0\n if_id_out = 9\n reqid = 42 } }\n"
			    "if_id_in = 7\n if_id_out = %unique\n remote { auth = psk } }",
			    &report, &conn));
	child = connection_child(conn, "a");
	EXPECT_EQ(7, child->if_id_in.value);
	EXPECT_EQ(CHILD_NUMBER_UNIQUE, child->if_id_out.kind);
	EXPECT_EQ(0, child->fixed_reqid);
	child = connection_child(conn, "b");
	EXPECT_EQ(CHILD_NUMBER_FIXED, child->if_id_in.kind);
	EXPECT_EQ(0, child->if_id_in.value);
	EXPECT_EQ(9, child->if_id_out.value);
	EXPECT_EQ(42, child->fixed_reqid);
	connection_unref(conn);
}

/*
 * Every option of strongSwan's swanctl.conf (5.9.8 and 6.0) that is one of a connection or a child
 * and that we don't have, with a value that asks for something: its name is known, and the answer
 * is that it isn't supported. All others are ours.
 */
static const char *const elsewhere[] = {
	"version = 1",
	"version = 0",
	"local_port = 4501",
	"aggressive = yes",
	"pull = no",
	"dscp = 101010",
	"mobike = yes",
	"dpd_timeout = 30s",
	"ppk_id = x",
	"ppk_required = yes",
	"mediation = yes",
	"mediated_by = x",
	"mediation_peer = x",
	"children { c { ah_proposals = sha256 } }",
	"children { c { sha256_96 = yes } }",
	"children { c { hostaccess = yes } }",
	"children { c { ipcomp = yes } }",
	"children { c { label = system_u:object_r:ipsec_spd_t:s0 } }",
	"children { c { label_mode = simple } }",
	"children { c { per_cpu_sas = yes } }",
};

static const char *const ours[] = {
	"version = 2",
	"local_addrs = 10.0.0.2",
	"remote_addrs = 10.0.0.1",
	"local_port = 500",
	"remote_port = 500",
	"proposals = default",
	"vips = 0.0.0.0",
	"aggressive = no",
	"pull = yes",
	"dscp = 000000",
	"encap = yes",
	"mobike = no",
	"dpd_delay = 30s",
	"dpd_timeout = 0s",
	"fragmentation = yes",
	"childless = force",
	"send_certreq = yes",
	"send_cert = ifasked",
	"ocsp = both",
	"ppk_required = no",
	"keyingtries = 1",
	"unique = no",
	"reauth_time = 0s",
	"rekey_time = 4h",
	"over_time = 10m",
	"rand_time = 10m",
	"pools = p",
	"if_id_in = 1",
	"if_id_out = 1",
	"mediation = no",
	"children { c { esp_proposals = default } }",
	"children { c { sha256_96 = no } }",
	"children { c { local_ts = dynamic } }",
	"children { c { remote_ts = dynamic } }",
	"children { c { rekey_time = 1h } }",
	"children { c { life_time = 2h } }",
	"children { c { rand_time = 6m } }",
	"children { c { rekey_bytes = 10000 } }",
	"children { c { life_bytes = 20000 } }",
	"children { c { rekey_bytes = 10000\n rand_bytes = 100 } }",
	"children { c { rekey_packets = 10000 } }",
	"children { c { life_packets = 20000 } }",
	"children { c { rekey_packets = 10000\n rand_packets = 100 } }",
	"children { c { updown = /bin/true } }",
	"children { c { hostaccess = no } }",
	"children { c { mode = transport } }",
	"children { c { policies = no } }",
	"children { c { policies_fwd_out = yes } }",
	"children { c { dpd_action = restart } }",
	"children { c { ipcomp = no } }",
	"children { c { inactivity = 1h } }",
	"children { c { reqid = 0 } }",
	"children { c { priority = 7 } }",
	"children { c { interface = eth0 } }",
	"children { c { mark_in = 1 } }",
	"children { c { mark_in_sa = yes } }",
	"children { c { mark_out = 1 } }",
	"children { c { set_mark_in = 1 } }",
	"children { c { set_mark_out = 1 } }",
	"children { c { if_id_in = 1 } }",
	"children { c { if_id_out = 1 } }",
	"children { c { tfc_padding = mtu } }",
	"children { c { replay_window = 64 } }",
	"children { c { hw_offload = auto } }",
	"children { c { per_cpu_sas = no } }",
	"children { c { copy_df = no } }",
	"children { c { copy_ecn = no } }",
	"children { c { copy_dscp = yes } }",
	"children { c { start_action = none } }",
	"children { c { close_action = start } }",
};

/* The report about a connection with this option; "" when it is fine. */
static const char *verdict_on(const char *option)
{
	static char verdict[1000];
	struct conf_report report = CONF_REPORT_INIT;
	struct connection *conn = NULL;
	char text[400];

	snprintf(text, sizeof(text), "gw { local { auth = psk }\n%s\nremote { auth = psk } }",
		 option);
	if (from_text(text, &report, &conn) == 0)
		verdict[0] = '\0';
	else
		snprintf(verdict, sizeof(verdict), "%s", conf_report_text(&report));
	connection_unref(conn);
	conf_report_fini(&report);
	return verdict;
}

TEST(every_option_of_swanctl_conf_is_there_or_refused_by_name)
{
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		EXPECT_STREQ("", verdict_on(ours[i]));
	for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++) {
		const char *verdict = verdict_on(elsewhere[i]);

		EXPECT_TRUE(verdict[0] && !strstr(verdict, "unknown"))
		TH_LOG("%s: %s", elsewhere[i], verdict);
		EXPECT_TRUE(strstr(verdict, "not ") || strstr(verdict, "belongs to") ||
			    strstr(verdict, "settings.") || strstr(verdict, "by itself") ||
			    strstr(verdict, "mistake"))
		TH_LOG("%s: %s", elsewhere[i], verdict);
	}
	EXPECT_NO_LEAKS();
}

/* What a file can't say but a message can. */
TEST(two_children_of_a_name_are_refused)
{
	struct conf_report report = CONF_REPORT_INIT;
	struct conf_node *root = conf_root_new(), *side, *children;
	struct connection *conn;

	conf_add_section(root, "local", NULL, &side);
	conf_add_string(side, "auth", "psk", NULL);
	conf_add_section(root, "remote", NULL, &side);
	conf_add_string(side, "auth", "psk", NULL);
	conf_add_section(root, "children", NULL, &children);
	conf_add_section(children, "c", NULL, NULL);
	conf_add_section(children, "c", NULL, NULL);
	EXPECT_EQ(-EINVAL, connection_new(root, &report, &conn));
	EXPECT_STREQ("children.c: there is a child of that name already\n",
		     conf_report_text(&report));
	conf_free(root);
	conf_report_fini(&report);
	EXPECT_NO_LEAKS();
}

TEST(references_keep_a_connection)
{
	struct conf_report report = CONF_REPORT_INIT;
	struct connection *conn;

	ASSERT_EQ(0, from_text(full, &report, &conn));
	EXPECT_EQ(conn, connection_ref(conn));
	EXPECT_EQ(NULL, connection_unref(conn));
	EXPECT_STREQ("gw", conn->name);
	EXPECT_EQ(NULL, connection_unref(conn));
	EXPECT_EQ(NULL, connection_unref(NULL));
	EXPECT_NO_LEAKS();
}

TEST(enums_have_the_names_that_configuration_has)
{
	EXPECT_STREQ("psk", auth_type_name(AUTH_TYPE_PSK));
	EXPECT_STREQ("no", unique_policy_name(UNIQUE_NO));
	EXPECT_STREQ("never", unique_policy_name(UNIQUE_NEVER));
	EXPECT_STREQ("replace", unique_policy_name(UNIQUE_REPLACE));
	EXPECT_STREQ("keep", unique_policy_name(UNIQUE_KEEP));
	EXPECT_STREQ("allow", childless_policy_name(CHILDLESS_ALLOW));
	EXPECT_STREQ("prefer", childless_policy_name(CHILDLESS_PREFER));
	EXPECT_STREQ("force", childless_policy_name(CHILDLESS_FORCE));
	EXPECT_STREQ("never", childless_policy_name(CHILDLESS_NEVER));
	EXPECT_STREQ("none", child_action_name(CHILD_ACTION_NONE));
	EXPECT_STREQ("trap", child_action_name(CHILD_ACTION_TRAP));
	EXPECT_STREQ("start", child_action_name(CHILD_ACTION_START));
}

TEST_HARNESS_MAIN
