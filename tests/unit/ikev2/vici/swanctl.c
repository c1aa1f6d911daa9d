/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>
#include <unistd.h>
#include <kselftest_harness.h>

#include "command.h"
#include "fake.h"
#include "../../pdk/leaks.h"

/* Debian's swanctl, which we did not write, against the control server. */

FIXTURE(swanctl)
{
	struct fake fake;
	struct output out;
	char conf[192];
};

FIXTURE_SETUP(swanctl)
{
	fake_init(&self->fake);
	ASSERT_EQ(0, fake_start(&self->fake));
	snprintf(self->conf, sizeof(self->conf), "%s/swanctl.conf", self->fake.dir);
	ASSERT_TRUE(write_file(self->conf, EXAMPLE_CONF));
}

FIXTURE_TEARDOWN(swanctl)
{
	unlink(self->conf);
	fake_fini(&self->fake);
	EXPECT_NO_LEAKS();
}

/* Plugins that aren't installed make it talk; only what it says after that counts. */
#define SWANCTL(options, ...)                                                                      \
	do {                                                                                       \
		if (access("/usr/sbin/swanctl", X_OK) < 0)                                         \
			SKIP(return, "no swanctl: package strongswan-swanctl");                    \
		run_command(&self->out,                                                            \
			    "SWANCTL_DIR=%s timeout 20 /usr/sbin/swanctl " options                 \
			    " --uri unix://%s",                                                    \
			    self->fake.dir, ##__VA_ARGS__, self->fake.path);                       \
	} while (0)

#define EXPECT_PRINTED(want)                                                                       \
	EXPECT_TRUE(printed(&self->out, want))                                                     \
	{                                                                                          \
		TH_LOG("no '%s' in: %s", want, self->out.text);                                    \
	}

#define LOAD_ALL()                                                                                 \
	do {                                                                                       \
		SWANCTL("--load-all --noprompt");                                                  \
		ASSERT_EQ(0, self->out.status)                                                     \
		{                                                                                  \
			TH_LOG("%s", self->out.text);                                              \
		}                                                                                  \
	} while (0)

TEST_F(swanctl, loads_all_that_its_file_says)
{
	const struct shared_secret *secret;
	const struct connection *conn;

	LOAD_ALL();
	EXPECT_PRINTED("loaded ike secret 'ike-gw'");
	EXPECT_PRINTED("loaded connection 'gw'");
	EXPECT_PRINTED("successfully loaded 1 connections, 0 unloaded");
	conn = config_connection(self->fake.config, "gw");
	ASSERT_NE(NULL, conn);
	ASSERT_EQ(2, conn->n_children);
	EXPECT_STREQ("net", conn->children[0].name);
	ASSERT_EQ(1, self->fake.config->n_secrets);
	secret = self->fake.config->secrets[0];
	EXPECT_TRUE(bytes_equal(shared_secret_bytes(secret), bytes_str("hello # world")));
	EXPECT_EQ(2, secret->n_owners);
}

TEST_F(swanctl, loads_again_and_takes_away_what_has_left_its_file)
{
	LOAD_ALL();
	LOAD_ALL();
	EXPECT_EQ(1, self->fake.config->n_connections);
	EXPECT_EQ(1, self->fake.config->n_secrets);
	ASSERT_TRUE(write_file(self->conf, "connections {\n}\n"));
	LOAD_ALL();
	EXPECT_PRINTED("no connections found, 1 unloaded");
	EXPECT_EQ(0, self->fake.config->n_connections);
	EXPECT_EQ(0, self->fake.config->n_secrets);
}

TEST_F(swanctl, is_told_what_is_wrong_with_a_connection)
{
	ASSERT_TRUE(write_file(self->conf, "connections {\n bad {\n  remote_addrs = 192.0.2.2\n"
					   "  rekey_tim = 5\n }\n}\n"));
	SWANCTL("--load-conns");
	EXPECT_NE(0, self->out.status);
	EXPECT_PRINTED("loading connection 'bad' failed");
	EXPECT_PRINTED("rekey_tim");
	EXPECT_EQ(0, self->fake.config->n_connections);
}

TEST_F(swanctl, lists_connections)
{
	LOAD_ALL();
	SWANCTL("--list-conns");
	EXPECT_EQ(0, self->out.status);
	EXPECT_PRINTED("gw: IKEv2");
	EXPECT_PRINTED("local:  192.0.2.1\n");
	EXPECT_PRINTED("remote: 192.0.2.2\n");
	EXPECT_PRINTED("local pre-shared key authentication:\n    id: moon.example.org\n");
	EXPECT_PRINTED("remote pre-shared key authentication:\n    id: sun.example.org\n");
	EXPECT_PRINTED("net: TUNNEL");
	EXPECT_PRINTED("local:  10.1.0.0/16\n");
	EXPECT_PRINTED("remote: 10.4.0.0/16\n");
}

TEST_F(swanctl, lists_sas_as_it_does_those_of_its_own_daemon)
{
	SWANCTL("--list-sas");
	EXPECT_EQ(0, self->out.status);
	EXPECT_PRINTED("gw: #1, ESTABLISHED, IKEv2, 1122334455667788_i* 99aabbccddeeff01_r\n"
		       "  local  'moon.example.org' @ 192.0.2.1[500] [10.3.0.9 2001:db8:3::9]\n"
		       "  remote 'sun.example.org' @ 192.0.2.2[4500]\n"
		       "  AES_GCM_16-128/PRF_HMAC_SHA2_256/CURVE_25519\n"
		       "  established 75s ago\n"
		       "  net: #1, reqid 1, INSTALLED, TUNNEL-in-UDP, "
		       "ESP:AES_CBC-256/HMAC_SHA2_256_128/ESN\n"
		       "    installed 75s ago\n"
		       "    in  c0000001,   8400 bytes,   100 packets,     3s ago\n"
		       "    out c0000002,  16800 bytes,   200 packets\n"
		       "    local  10.1.0.0/16\n"
		       "    remote 10.2.0.0/16\n");
	EXPECT_PRINTED("gw: #2, ESTABLISHED");
}

TEST_F(swanctl, lists_many_sas)
{
	self->fake.n_sas = 10000;
	run_command(&self->out,
		    "timeout 60 /usr/sbin/swanctl --list-sas --uri unix://%s 2>/dev/null | "
		    "awk '/ESTABLISHED/ { n++ } END { print n }'",
		    self->fake.path);
	EXPECT_STREQ("10000\n", self->out.text);
}

TEST_F(swanctl, initiates_and_shows_the_progress)
{
	LOAD_ALL();
	SWANCTL("--initiate --child net");
	EXPECT_EQ(0, self->out.status);
	EXPECT_PRINTED("[IKE] initiating IKE_SA gw\n");
	EXPECT_FALSE(printed(&self->out, "too much detail"));
	EXPECT_PRINTED("initiate completed successfully");
	EXPECT_STREQ("gw", self->fake.last_ike);
	EXPECT_STREQ("net", self->fake.last_child);
	SWANCTL("--initiate --ike gw --child voice --loglevel 2");
	EXPECT_PRINTED("too much detail");
	EXPECT_STREQ("voice", self->fake.last_child);
	SWANCTL("--initiate --ike gw");
	EXPECT_EQ(0, self->out.status);
	EXPECT_STREQ("-", self->fake.last_child);
	EXPECT_EQ(3, self->fake.initiated);
}

TEST_F(swanctl, is_told_why_it_cannot_initiate)
{
	LOAD_ALL();
	SWANCTL("--initiate --child nothing");
	EXPECT_NE(0, self->out.status);
	EXPECT_PRINTED("no connection has a child 'nothing'");
	SWANCTL("--initiate --ike other --child net");
	EXPECT_NE(0, self->out.status);
	EXPECT_PRINTED("no connection 'other'");
	self->fake.failure = "peer says NO_PROPOSAL_CHOSEN";
	SWANCTL("--initiate --child net");
	EXPECT_NE(0, self->out.status);
	EXPECT_PRINTED("peer says NO_PROPOSAL_CHOSEN");
	self->fake.failure = NULL;
	self->fake.hold = true;
	SWANCTL("--initiate --child net --timeout 1");
	EXPECT_NE(0, self->out.status);
	EXPECT_PRINTED("not done after 1000 ms");
}

TEST_F(swanctl, terminates)
{
	SWANCTL("--terminate --ike gw");
	EXPECT_EQ(0, self->out.status);
	EXPECT_PRINTED("terminate completed successfully");
	EXPECT_STREQ("gw", self->fake.last_ike);
	SWANCTL("--terminate --child-id 5 --force");
	EXPECT_EQ(5, self->fake.last_child_id);
	EXPECT_TRUE(self->fake.last_force);
	self->fake.n_sas = 0;
	SWANCTL("--terminate --ike-id 9");
	EXPECT_NE(0, self->out.status);
	EXPECT_PRINTED("no SA matches");
}

TEST_F(swanctl, installs_lists_and_uninstalls_trap_policies)
{
	LOAD_ALL();
	SWANCTL("--list-pols");
	EXPECT_EQ(0, self->out.status);
	EXPECT_FALSE(printed(&self->out, "gw/net"));
	SWANCTL("--install --child net");
	EXPECT_EQ(0, self->out.status);
	EXPECT_EQ(1, self->fake.installed);
	SWANCTL("--list-pols");
	EXPECT_PRINTED("gw/net, TUNNEL\n  local:  10.1.0.0/16\n  remote: 10.2.0.0/16\n");
	SWANCTL("--uninstall --child net");
	EXPECT_EQ(0, self->out.status);
	EXPECT_EQ(1, self->fake.uninstalled);
	SWANCTL("--install --child nothing");
	EXPECT_NE(0, self->out.status);
	EXPECT_EQ(1, self->fake.installed);
}

TEST_F(swanctl, lists_policies_of_the_modes_it_asks_for)
{
	static const char *const modes[][2] = {
		{ "--trap", "gw/net, TUNNEL" },
		{ "--drop", "gw/none, DROP" },
		{ "--pass", "gw/lan, PASS" },
	};

	ASSERT_TRUE(write_file(self->conf, "connections { gw { local { auth = psk\n }\n"
					   " remote { auth = psk\n }\n children {\n"
					   " net { remote_ts = 10.2.0.0/16\n }\n"
					   " none { mode = drop\n local_ts = 0.0.0.0/0\n remote_ts = 0.0.0.0/0\n }\n"
					   " lan { mode = pass\n local_ts = 0.0.0.0/0\n remote_ts = 10.1.0.0/16\n }\n"
					   "} } }\n"));
	LOAD_ALL();
	self->fake.traps = true;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		SWANCTL("--list-pols %s", modes[i][0]);
		EXPECT_EQ(0, self->out.status);
		for (size_t j = 0; j < ARRAY_SIZE(modes); j++)
			EXPECT_EQ(i == j, printed(&self->out, modes[j][1]))
			{
				TH_LOG("%s: %s", modes[i][0], self->out.text);
			}
	}
}

TEST_F(swanctl, asks_for_version_figures_and_algorithms)
{
	SWANCTL("--version --daemon");
	EXPECT_PRINTED("1.2.3 posternd (Linux,");
	SWANCTL("--stats");
	EXPECT_EQ(0, self->out.status);
	EXPECT_PRINTED("uptime: 3 hours 0 minutes");
	EXPECT_PRINTED("IKE_SAs: 2 total, 2 half-open");
	SWANCTL("--list-algs");
	EXPECT_PRINTED("AES_GCM_16[openssl]");
	EXPECT_PRINTED("CURVE_25519[openssl]");
	EXPECT_PRINTED("PRF_HMAC_SHA2_384[openssl]");
	EXPECT_PRINTED("NULL_AUTH_AES_GMAC[kernel]");
	EXPECT_FALSE(printed(&self->out, "BLOWFISH"));
	SWANCTL("--reload-settings");
	EXPECT_EQ(0, self->out.status);
	EXPECT_EQ(1, self->fake.reloads);
}

TEST_F(swanctl, loads_lists_and_unloads_pools)
{
	self->fake.n_leases = 2;
	ASSERT_TRUE(write_file(self->conf,
			       "pools {\n  p4 {\n    addrs = 10.3.0.0/24\n"
			       "    dns = 10.3.0.1, 10.3.0.2\n    25 = example.org\n  }\n"
			       "  p6 {\n    addrs = 2001:db8:3::/64\n  }\n}\n"));
	SWANCTL("--load-pools");
	EXPECT_EQ(0, self->out.status);
	EXPECT_PRINTED("loaded pool 'p4'");
	EXPECT_PRINTED("loaded pool 'p6'");
	SWANCTL("--list-pools");
	EXPECT_EQ(0, self->out.status);
	EXPECT_PRINTED("10.3.0.1");
	EXPECT_PRINTED("2001:db8:3::1");
	EXPECT_PRINTED("1 / 1 / 254");
	SWANCTL("--list-pools --leases --name p4");
	EXPECT_PRINTED("10.0.0.0");
	EXPECT_PRINTED("online   'client@example.org'");
	EXPECT_PRINTED("offline  'client@example.org'");
	EXPECT_FALSE(printed(&self->out, "p6"));
	ASSERT_TRUE(write_file(self->conf, "pools {\n  p4 {\n    addrs = 10.3.0.0/33\n  }\n}\n"));
	SWANCTL("--load-pools");
	EXPECT_PRINTED("loading pool 'p4' failed");
	EXPECT_PRINTED("10.3.0.0/33");
	ASSERT_TRUE(write_file(self->conf, ""));
	SWANCTL("--load-pools");
	EXPECT_PRINTED("1 unloaded");
	SWANCTL("--list-pools");
	EXPECT_FALSE(printed(&self->out, "10.3.0.1"));
}

/* A CA, where swanctl looks for it. */
static int make_ca(const FIXTURE_DATA(swanctl) * self)
{
	char line[512];

	snprintf(line, sizeof(line),
		 "cd %s && mkdir -p x509ca && openssl req -x509 -newkey ec -pkeyopt "
		 "ec_paramgen_curve:P-256 -nodes -keyout /dev/null -out x509ca/ca.pem -days 2 "
		 "-subj /C=CH/CN=root -addext basicConstraints=critical,CA:TRUE 2>/dev/null",
		 self->fake.dir);
	return system(line);
}

TEST_F(swanctl, loads_lists_and_unloads_authorities)
{
	char line[256];

	ASSERT_EQ(0, make_ca(self));
	ASSERT_TRUE(write_file(self->conf, "authorities {\n  root {\n    cacert = ca.pem\n"
					   "    crl_uris = http://x/1.crl, http://x/2.crl\n"
					   "    ocsp_uris = http://x/ocsp\n  }\n}\n"));
	SWANCTL("--load-authorities");
	EXPECT_EQ(0, self->out.status);
	EXPECT_PRINTED("loaded authority 'root'");
	SWANCTL("--list-authorities");
	EXPECT_EQ(0, self->out.status);
	EXPECT_PRINTED("root:\n  cacert: C=CH, CN=root\n"
		       "  crl_uris:  http://x/1.crl\n             http://x/2.crl\n"
		       "  ocsp_uris: http://x/ocsp\n");
	SWANCTL("--list-authorities --name other");
	EXPECT_FALSE(printed(&self->out, "root"));
	/* Its certificate is there as any CA's, and connections may rely on it. */
	SWANCTL("--list-certs --type x509");
	EXPECT_PRINTED("C=CH, CN=root");
	ASSERT_TRUE(write_file(self->conf, "authorities {\n  root {\n    cacert = ca.pem\n"
					   "    cert_uri_base = http://x/\n  }\n}\n"));
	SWANCTL("--load-authorities");
	EXPECT_PRINTED("loading authority 'root' failed");
	EXPECT_PRINTED("cert_uri_base");
	EXPECT_EQ(1, self->fake.config->n_authorities);
	ASSERT_TRUE(write_file(self->conf, ""));
	SWANCTL("--load-authorities");
	EXPECT_PRINTED("1 unloaded");
	EXPECT_EQ(0, self->fake.config->n_authorities);
	SWANCTL("--list-certs");
	EXPECT_FALSE(printed(&self->out, "CN=root"));
	snprintf(line, sizeof(line), "rm -r %s/x509ca", self->fake.dir);
	EXPECT_EQ(0, system(line));
}

TEST_F(swanctl, has_what_was_fetched_forgotten)
{
	SWANCTL("--flush-certs");
	EXPECT_EQ(0, self->out.status);
	EXPECT_EQ(1, self->fake.flushes);
	SWANCTL("--flush-certs --type x509_crl");
	EXPECT_EQ(2, self->fake.flushes);
	SWANCTL("--flush-certs --type x509_ac");
	EXPECT_EQ(0, self->out.status);
	EXPECT_EQ(2, self->fake.flushes);
}

TEST_F(swanctl, finds_nothing_of_the_kinds_that_there_are_none_of)
{
	SWANCTL("--list-certs");
	EXPECT_EQ(0, self->out.status);
	SWANCTL("--list-authorities");
	EXPECT_EQ(0, self->out.status);
	SWANCTL("--list-pools");
	EXPECT_EQ(0, self->out.status);
}

TEST_HARNESS_MAIN
