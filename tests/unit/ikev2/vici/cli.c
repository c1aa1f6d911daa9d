/* SPDX-License-Identifier: MIT */
#include <unistd.h>
#include <kselftest_harness.h>

#include "command.h"
#include "fake.h"
#include "../../pdk/leaks.h"

/* The postern command line against the control server. POSTERN_TOOL is where it was built. */

FIXTURE(cli)
{
	struct fake fake;
	struct output out;
	char conf[192];
};

FIXTURE_SETUP(cli)
{
	fake_init(&self->fake);
	ASSERT_EQ(0, fake_start(&self->fake));
	snprintf(self->conf, sizeof(self->conf), "%s/gw.conf", self->fake.dir);
	ASSERT_TRUE(write_file(self->conf, EXAMPLE_CONF));
}

FIXTURE_TEARDOWN(cli)
{
	unlink(self->conf);
	fake_fini(&self->fake);
	EXPECT_NO_LEAKS();
}

#define POSTERN(options, ...)                                                                      \
	run_command(&self->out, "timeout 20 " POSTERN_TOOL " --control %s " options,               \
		    self->fake.path, ##__VA_ARGS__)

#define EXPECT_PRINTED(want)                                                                       \
	EXPECT_TRUE(printed(&self->out, want))                                                     \
	{                                                                                          \
		TH_LOG("no '%s' in: %s", want, self->out.text);                                    \
	}

#define LOAD_FILE()                                                                                \
	do {                                                                                       \
		POSTERN("load %s", self->conf);                                                    \
		ASSERT_EQ(0, self->out.status)                                                     \
		{                                                                                  \
			TH_LOG("%s", self->out.text);                                              \
		}                                                                                  \
	} while (0)

TEST_F(cli, shows_sas)
{
	POSTERN("list-sas");
	EXPECT_EQ(0, self->out.status);
	EXPECT_PRINTED("gw: #1 ESTABLISHED, IKEv2, 1122334455667788_i* 99aabbccddeeff01_r\n"
		       "  local  'moon.example.org' @ 192.0.2.1[500] internal 10.3.0.9 2001:db8:3::9\n"
		       "  remote 'sun.example.org' @ 192.0.2.2[4500]\n"
		       "  dns    10.1.0.53\n"
		       "  AES_GCM_16-128/PRF_HMAC_SHA2_256/CURVE_25519, worker 1\n"
		       "  established 75s ago, NAT in between\n"
		       "  net: #1 INSTALLED, reqid 1, TUNNEL, "
		       "ESP:AES_CBC-256/HMAC_SHA2_256_128/ESN in UDP\n"
		       "    installed 75s ago\n"
		       "    in  c0000001: 8400 bytes, 100 packets, last 3s ago\n"
		       "    out c0000002: 16800 bytes, 200 packets\n"
		       "    local  10.1.0.0/16\n"
		       "    remote 10.2.0.0/16\n");
}

TEST_F(cli, shows_sas_for_machines)
{
	POSTERN("list-sas --json >%s.json && python3 -c '"
		"import json; v = json.load(open(\"%s.json\")); c = "
		"v[0][\"child-sas\"][\"net-1\"]; "
		"print(len(v), v[0][\"name\"], v[1][\"uniqueid\"] + 1, v[0][\"initiator\"], "
		"c[\"bytes-in\"] + 1, c[\"local-ts\"], c[\"spi-in\"])'; rm -f %s.json",
		self->conf, self->conf, self->conf);
	EXPECT_STREQ("2 gw 3 True 8401 ['10.1.0.0/16'] c0000001\n", self->out.text);
	self->fake.n_sas = 0;
	POSTERN("list-sas --json");
	EXPECT_STREQ("[]\n", self->out.text);
}

TEST_F(cli, loads_a_file_and_shows_its_connections)
{
	const struct shared_secret *secret;

	LOAD_FILE();
	EXPECT_PRINTED("loaded secret ike-gw\nloaded connection gw\n");
	ASSERT_EQ(1, self->fake.config->n_secrets);
	secret = self->fake.config->secrets[0];
	EXPECT_TRUE(bytes_equal(shared_secret_bytes(secret), bytes_str("hello # world")));
	POSTERN("list-conns");
	EXPECT_EQ(0, self->out.status);
	EXPECT_PRINTED("gw: IKEv2, 192.0.2.1 - 192.0.2.2\n"
		       "  local  'moon.example.org' by pre-shared key\n"
		       "  remote 'sun.example.org' by pre-shared key\n"
		       "  net: TUNNEL, start none\n"
		       "    local  10.1.0.0/16\n"
		       "    remote 10.2.0.0/16\n");
	POSTERN("list-conns --json | python3 -c '"
		"import json, sys; print(json.load(sys.stdin)[0][\"children\"][\"voice\"]"
		"[\"remote-ts\"])'");
	EXPECT_STREQ("['10.4.0.0/16']\n", self->out.text);
	POSTERN("load %s --quiet", self->conf);
	EXPECT_STREQ("", self->out.text);
}

TEST_F(cli, loads_and_lists_pools_with_however_many_leases)
{
	self->fake.n_leases = 2;
	ASSERT_TRUE(write_file(self->conf, "pools {\n p4 { addrs = 10.3.0.0/24\n dns = 10.3.0.1 }\n"
					   " p6 { addrs = 2001:db8::/64 }\n}\n"));
	POSTERN("load %s", self->conf);
	EXPECT_EQ(0, self->out.status);
	EXPECT_PRINTED("loaded pool p4\nloaded pool p6\n");
	POSTERN("list-pools");
	EXPECT_STREQ("p4: from 10.3.0.1, size 254, online 1, offline 1\n"
		     "p6: from 2001:db8::1, size 254, online 1, offline 1\n",
		     self->out.text);
	POSTERN("list-pools --leases p4");
	EXPECT_STREQ("p4: from 10.3.0.1, size 254, online 1, offline 1\n"
		     "  10.0.0.0 online 'client@example.org'\n"
		     "  10.0.0.1 offline 'client@example.org'\n",
		     self->out.text);
	POSTERN("list-pools nothing");
	EXPECT_EQ(1, self->out.status);
	EXPECT_PRINTED("there is no pool 'nothing'");
	self->fake.n_leases = 30000;
	POSTERN("list-pools --leases | sort -u | wc -l");
	EXPECT_STREQ("30002\n", self->out.text);
	POSTERN("list-pools --leases p4 --json | python3 -c '"
		"import json, sys; p = json.load(sys.stdin); "
		"print(len(p) > 1, sum(len(x[\"leases\"]) for x in p), p[0][\"more\"])'");
	EXPECT_STREQ("True 30000 True\n", self->out.text);
}

TEST_F(cli, says_what_is_wrong_with_a_file)
{
	ASSERT_TRUE(write_file(self->conf, "connections {\n gw {\n  rekey_tim = 5\n }\n}\n"));
	POSTERN("load %s", self->conf);
	EXPECT_EQ(1, self->out.status);
	EXPECT_PRINTED("connection gw: ");
	EXPECT_PRINTED("rekey_tim");
	ASSERT_TRUE(write_file(self->conf, "connections {\n gw {\n"));
	POSTERN("load %s", self->conf);
	EXPECT_EQ(1, self->out.status);
	EXPECT_PRINTED(self->conf);
	POSTERN("load %s/absent", self->fake.dir);
	EXPECT_EQ(1, self->out.status);
	EXPECT_EQ(0, self->fake.config->n_connections);
}

TEST_F(cli, asks_the_daemon_to_load)
{
	POSTERN("load");
	EXPECT_EQ(0, self->out.status);
	EXPECT_STREQ("configuration loaded\n", self->out.text);
	self->fake.failure = "postern.conf:3: unknown option";
	POSTERN("load");
	EXPECT_EQ(1, self->out.status);
	EXPECT_STREQ("postern: postern.conf:3: unknown option\n", self->out.text);
}

TEST_F(cli, brings_up_a_connection_a_child_or_both_by_name)
{
	struct fake *f = &self->fake;

	LOAD_FILE();
	POSTERN("up net");
	EXPECT_EQ(0, self->out.status);
	EXPECT_PRINTED("[IKE] initiating IKE_SA gw\n");
	EXPECT_PRINTED("gw/net: up\n");
	EXPECT_STREQ("gw", f->last_ike);
	EXPECT_STREQ("net", f->last_child);
	POSTERN("up gw --quiet");
	EXPECT_STREQ("gw/net: up\ngw/voice: up\n", self->out.text);
	EXPECT_EQ(3, f->initiated);
	POSTERN("up gw/voice");
	EXPECT_EQ(4, f->initiated);
	EXPECT_STREQ("voice", f->last_child);
	POSTERN("up --ike gw");
	EXPECT_STREQ("-", f->last_child);
	POSTERN("up --child net");
	EXPECT_STREQ("net", f->last_child);
	EXPECT_EQ(6, f->initiated);
	POSTERN("up nothing");
	EXPECT_EQ(1, self->out.status);
	EXPECT_STREQ("postern: no connection and no child is named 'nothing'\n", self->out.text);
}

TEST_F(cli, says_why_something_did_not_come_up)
{
	LOAD_FILE();
	self->fake.failure = "AUTHENTICATION_FAILED";
	POSTERN("up net");
	EXPECT_EQ(1, self->out.status);
	EXPECT_PRINTED("postern: gw/net: AUTHENTICATION_FAILED\n");
	self->fake.hold = true;
	POSTERN("up net --timeout 0.1");
	EXPECT_EQ(1, self->out.status);
	EXPECT_PRINTED("not done after 100 ms");
}

TEST_F(cli, rekeys_what_is_up)
{
	struct fake *f = &self->fake;

	POSTERN("rekey gw");
	EXPECT_EQ(0, self->out.status);
	EXPECT_STREQ("gw: begun\n", self->out.text);
	EXPECT_EQ(1, f->rekeyed);
	POSTERN("rekey gw/net");
	EXPECT_EQ(0, self->out.status);
	EXPECT_EQ(1, f->children_rekeyed);
	POSTERN("rekey --ike gw --reauth --json");
	EXPECT_PRINTED("\"matches\": \"2\"");
	EXPECT_EQ(1, f->reauthenticated);
	POSTERN("rekey --child-id 9");
	EXPECT_EQ(1, self->out.status);
	EXPECT_EQ(2, f->children_rekeyed);
	POSTERN("rekey nothing");
	EXPECT_EQ(1, self->out.status);
	EXPECT_EQ(1, f->rekeyed);
}

TEST_F(cli, takes_down_what_is_up)
{
	struct fake *f = &self->fake;

	POSTERN("down gw");
	EXPECT_EQ(0, self->out.status);
	EXPECT_STREQ("gw: down\n", self->out.text);
	EXPECT_STREQ("gw", f->last_ike);
	EXPECT_STREQ("-", f->last_child);
	POSTERN("down net --force");
	EXPECT_STREQ("-", f->last_ike);
	EXPECT_STREQ("net", f->last_child);
	EXPECT_TRUE(f->last_force);
	POSTERN("down gw/net");
	EXPECT_STREQ("gw", f->last_ike);
	EXPECT_STREQ("net", f->last_child);
	POSTERN("down --ike-id 2");
	EXPECT_EQ(2, f->last_ike_id);
	POSTERN("down --child-id 4 --json");
	EXPECT_EQ(4, f->last_child_id);
	EXPECT_PRINTED("\"success\": true");
	EXPECT_EQ(5, f->terminated);
	POSTERN("down nothing");
	EXPECT_EQ(1, self->out.status);
	EXPECT_STREQ("postern: no SA is named 'nothing'\n", self->out.text);
}

TEST_F(cli, shows_version_and_figures)
{
	POSTERN("version");
	EXPECT_EQ(0, self->out.status);
	EXPECT_PRINTED("posternd 1.2.3 (Linux ");
	POSTERN("stats");
	EXPECT_EQ(0, self->out.status);
	EXPECT_PRINTED("ikesas:\n  total = 2\n  half-open = 2\n");
	POSTERN("stats --json | python3 -c 'import json, sys; "
		"print(json.load(sys.stdin)[\"ikesas\"][\"total\"] + 1)'");
	EXPECT_STREQ("3\n", self->out.text);
}

static bool somebody_listens(struct fake *f)
{
	return vici_server_wants_log(f->server);
}

static void raise_events(struct fake *f)
{
	struct ike_sa_info *sa = fake_sa(7, 2), *new = fake_sa(8, 0);

	if (sa && new) {
		vici_event_ike_updown(f->server, true, sa);
		vici_event_ike_rekey(f->server, sa, new);
		vici_event_child_rekey(f->server, sa);
		vici_event_child_updown(f->server, false, sa, 0);
	}
	ike_sa_info_free(new);
	ike_sa_info_free(sa);
}

TEST_F(cli, shows_sas_coming_and_going)
{
	POSTERN("monitor --log >%s.out & echo $!", self->conf);
	ASSERT_TRUE(fake_wait(&self->fake, somebody_listens));
	fake_run(&self->fake, raise_events);
	run_command(
		&self->out,
		"n=0; until grep -s '^child down' %s.out || [ $((n += 1)) -gt 100 ]; do sleep 0.1; done "
		">/dev/null; kill %d; cat %s.out; rm -f %s.out",
		self->conf, atoi(self->out.text), self->conf, self->conf);
	EXPECT_PRINTED("ike up: gw #7, 'sun.example.org' @ 192.0.2.2\n");
	EXPECT_PRINTED("ike rekeyed: gw #7 -> #8\n");
	EXPECT_PRINTED("child rekeyed: voice #7 -> #8, in c0000001, out c0000002\n");
	EXPECT_PRINTED("child down: net-7, in c0000001, out c0000002, 10.1.0.0/16 - 10.2.0.0/16\n");
}

TEST_F(cli, explains_itself)
{
	POSTERN("--help");
	EXPECT_EQ(0, self->out.status);
	EXPECT_PRINTED("list-sas");
	POSTERN("down --help");
	EXPECT_EQ(0, self->out.status);
	EXPECT_PRINTED("--force");
	POSTERN("--version");
	EXPECT_EQ(0, self->out.status);
	EXPECT_PRINTED("postern ");
}

TEST_F(cli, refuses_bad_command_lines)
{
	static const char *const bad[] = {
		"",
		"fly",
		"up",
		"up a b",
		"up a --ike b",
		"down",
		"down --force",
		"list-sas extra",
		"list-sas --force",
		"list-sas --ike-id 0",
		"list-sas --ike-id 4294967296",
		"list-sas --ike-id x",
		"version --timeout 0",
		"version --timeout soon",
		"version --nonsense",
		"version --control",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		POSTERN("%s", bad[i]);
		EXPECT_EQ(2, self->out.status)
		{
			TH_LOG("'%s': %s", bad[i], self->out.text);
		}
		EXPECT_LT(0, self->out.len);
	}
}

TEST_F(cli, says_when_there_is_no_daemon)
{
	run_command(&self->out, POSTERN_TOOL " --control %s/none version", self->fake.dir);
	EXPECT_EQ(3, self->out.status);
	EXPECT_PRINTED("is posternd running?");
}

TEST_HARNESS_MAIN
