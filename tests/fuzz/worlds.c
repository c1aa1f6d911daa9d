/* SPDX-License-Identifier: MIT */
#include "worlds.h"

#include <stdio.h>
#include <unistd.h>

#include "../sim/auth_files.h"
#include "../sim/sim.h"
#include "fuzz.h"

/*
 * What stands in the sections of both peers, and of each one. $ is the letter of the peer itself, ~
 * that of the other one, @ the folder of auth_files.h.
 */
struct world {
	const char *settings, *connection, *child, *children;
	const char *local, *remote, *secrets; /* NULL: a shared key */
	struct {
		const char *connection, *rest;
	} peers[2];
};

/* Few of everything, so that the ends of all budgets are within reach. */
#define SETTINGS                                                                                   \
	" retransmit_tries = 3\n retransmit_timeout = 1s\n cookie_threshold = 3\n"                 \
	" half_open_limit = 6\n half_open_timeout = 4s\n"

static const struct world all[] = {
	{
		/* The usual, with new keys exchanged for everything. */
		.settings = SETTINGS,
		.connection = "proposals = aes128gcm16-prfsha256-x25519\n dpd_delay = 60s\n"
			      " rekey_time = 900s\n rand_time = 100s\n",
		.child = "esp_proposals = aes128gcm16-x25519\n rekey_time = 600s\n rand_time = "
			 "60s\n",
		.children = "two { local_ts = dynamic[tcp]\n remote_ts = dynamic[tcp]\n"
			    " mode = transport\n esp_proposals = aes128gcm16, aes128-sha256 }\n",
	},
	{
		/* A client and its gateway. */
		.settings = SETTINGS,
		.connection = "proposals = aes128gcm16-prfsha256-x25519\n unique = replace\n"
			      " reauth_time = 600s\n",
		.child = "esp_proposals = aes128gcm16\n",
		.children = "two { remote_ts = 2001:db8::/32\n esp_proposals = aes128gcm16 }\n",
		.peers = { { "vips = 0.0.0.0, ::\n" },
			   { "pools = p4, p6\n",
			     "pools { p4 { addrs = 10.3.0.0/30\n dns = 10.1.0.1\n netmask = "
			     "255.255.0.0\n"
			     " subnet = 10.1.0.0/16 }\n"
			     " p6 { addrs = 2001:db8:3::/126\n dns = 2001:db8::1 } }\n" } },
	},
	{
		/* Small datagrams, NATs, and a first guess of the key exchange that is wrong. */
		.settings = SETTINGS " fragment_size = 296\n",
		.connection = "encap = yes\n prefer = peer\n fragmentation = force\n",
		.child = "mode = transport\n local_ts = dynamic\n remote_ts = dynamic\n"
			 " esp_proposals = aes256gcm16-esn-noesn, aes128-sha256-x25519\n",
		.children = "two { esp_proposals = aes128gcm16-ecp256-x25519, aes128gcm16-x448\n"
			    " tfc_padding = mtu }\n",
		.peers = { { "proposals = aes128gcm16-prfsha256-ecp256-x25519, "
			     "aes128gcm16-prfsha512-x25519\n" },
			   { "proposals = aes128gcm16-prfsha256-x25519-x448\n" } },
	},
	{
		/* Nobody takes no for an answer. */
		.settings = SETTINGS " make_before_break = no\n cookie_threshold = 0\n",
		.connection = "proposals = aes128gcm16-prfsha256-x25519\n unique = keep\n"
			      " reauth_time = 700s\n rekey_time = 0s\n over_time = 100s\n"
			      " dpd_delay = 30s\n keyingtries = 2\n",
		.child = "esp_proposals = aes128gcm16\n start_action = start\n close_action = "
			 "start\n"
			 " dpd_action = restart\n mark_in = %unique\n rekey_bytes = 500000\n"
			 " if_id_out = %unique\n",
		.children = "two { local_ts = 10.4.0.0/16[udp/1000-2000], 10.5.0.0/16\n"
			    " remote_ts = 10.4.0.0/16[udp/1000-2000], 10.5.0.0/16\n"
			    " esp_proposals = aes128gcm16\n close_action = trap }\n",
	},
	{
		/* Certificates and signatures: jobs. */
		.settings = SETTINGS " fragment_size = 576\n",
		.connection = "proposals = aes128gcm16-prfsha256-x25519\n send_cert = always\n"
			      " childless = never\n",
		.child = "esp_proposals = aes128gcm16\n",
		.children = "two { local_ts = 10.4.0.0/16\n remote_ts = 10.4.0.0/16 }\n",
		.local = "certs = @/$-ed25519.pem\n id = $.test\n",
		.remote = "cacerts = @/ca.pem\n id = ~.test\n",
		.secrets = "private-1 { file = @/$-ed25519.key }\n",
	},
	{
		/* Certificates that are known on both sides, and never sent. */
		.settings = SETTINGS,
		.connection = "proposals = aes128gcm16-prfsha256-x25519\n send_cert = never\n",
		.child = "esp_proposals = aes128gcm16\n",
		.local = "certs = @/$-ecdsa.pem\n id = $.test\n",
		.remote = "certs = @/~-ecdsa.pem\n id = ~.test\n",
		.secrets = "private-1 { file = @/$-ecdsa.key }\n",
	},
	{
		/* Keys without certificates (RFC 7670); and the gateway's pools after they have
		   changed. */
		.settings = SETTINGS,
		.connection = "proposals = aes128gcm16-prfsha256-x25519\n",
		.child = "esp_proposals = aes128gcm16\n",
		.local = "pubkeys = @/$-ecdsa.pub\n id = $.test\n",
		.remote = "pubkeys = @/~-ecdsa.pub\n id = ~.test\n",
		.secrets = "private-1 { file = @/$-ecdsa.key }\n",
		.peers = { { 0 },
			   { "pools = p4\n", "pools { p4 { addrs = 10.3.0.2/31\n lease1 { id = "
					     "a.test\n addr = 10.3.0.3 } } }\n" } },
	},
};

size_t worlds(void)
{
	return ARRAY_SIZE(all);
}

static const char *text_of(const char *part)
{
	return part ? part : "";
}

/* Into a buffer of that size. */
static void expand(const char *from, const char *dir, unsigned i, char *to, size_t size)
{
	FILE *f = fmemopen(to, size, "w");

	FUZZ_CHECK(f);
	for (; *from; from++)
		if (*from == '@')
			fputs(dir, f);
		else
			fputc(*from == '$' ? "ab"[i] : *from == '~' ? "ba"[i] : *from, f);
	fclose(f);
}

static struct ike_config *read_config(const struct world *w, unsigned i, const char *dir)
{
	bool dynamic = strstr(w->child, "dynamic");
	bool pool = strstr(text_of(w->peers[0].connection), "vips");
	char text[4096], whole[4096], local_ts[64] = "", remote_ts[64] = "";

	if (!dynamic && !(pool && i == 0))
		snprintf(local_ts, sizeof(local_ts), "local_ts = 10.%u.0.0/16", 1 + i);
	if (!dynamic && !(pool && i == 1))
		snprintf(remote_ts, sizeof(remote_ts), "remote_ts = 10.%u.0.0/16", 2 - i);
	snprintf(text, sizeof(text),
		 "settings { %s }\n"
		 "connections { c { local_addrs = 192.0.2.%u\n remote_addrs = 192.0.2.%u\n %s %s\n"
		 " local { %s }\n remote { %s }\n"
		 " children { net { %s\n %s\n %s }\n %s } } }\n"
		 "secrets { %s }\n%s",
		 w->settings, 1 + i, 2 - i, w->connection, text_of(w->peers[i].connection),
		 w->local ? w->local : "auth = psk\n id = $.test",
		 w->remote ? w->remote : "auth = psk\n id = ~.test", local_ts, remote_ts, w->child,
		 text_of(w->children),
		 w->secrets ? w->secrets : "ike-1 { secret = \"what both know\" }",
		 text_of(w->peers[i].rest));
	expand(text, dir, i, whole, sizeof(whole));
	return sim_config(whole);
}

static void read_all(struct ike_config *known[][2])
{
	char dir[] = "/tmp/postern-fuzz.XXXXXX", command[64];

	FUZZ_CHECK(mkdtemp(dir));
	auth_files_make(dir);
	for (size_t n = 0; n < ARRAY_SIZE(all); n++)
		for (unsigned i = 0; i < 2; i++)
			known[n][i] = read_config(&all[n], i, dir);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	FUZZ_CHECK(system(command) == 0);
}

struct ike_config *world_config(size_t world, unsigned i)
{
	static struct ike_config *known[ARRAY_SIZE(all)][2];

	if (!known[0][0])
		read_all(known);
	return config_ref(known[world][i]);
}
