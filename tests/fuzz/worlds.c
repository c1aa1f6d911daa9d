/* SPDX-License-Identifier: MIT */
#include "worlds.h"

#include <stdio.h>

#include "../sim/sim.h"
#include "fuzz.h"

/* What stands in the sections of both peers, and of each one. */
struct world {
	const char *settings, *connection, *child, *children;
	struct {
		const char *connection, *rest;
	} peers[2];
};

/* Few of everything, so that the ends of all budgets are within reach. */
#define SETTINGS                                                                                   \
	" retransmit_tries = 3\n retransmit_timeout = 1s\n cookie_threshold = 3\n"                 \
	" half_open_limit = 6\n half_open_timeout = 20s\n"

static const struct world all[] = {
	{
		/* The usual, with new keys exchanged for everything. */
		.settings = SETTINGS,
		.connection = "proposals = aes128gcm16-prfsha256-x25519\n dpd_delay = 60s\n"
			      " rekey_time = 1800s\n rand_time = 100s\n",
		.child = "esp_proposals = aes128gcm16-x25519\n rekey_time = 600s\n rand_time = "
			 "60s\n",
		.children = "two { local_ts = dynamic[tcp]\n remote_ts = dynamic[tcp]\n"
			    " mode = transport\n esp_proposals = aes128gcm16, aes128-sha256 }\n",
	},
	{
		/* A client and its gateway. */
		.settings = SETTINGS,
		.connection = "proposals = aes128gcm16-prfsha256-x25519\n unique = replace\n"
			      " reauth_time = 900s\n",
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
		.settings = SETTINGS " make_before_break = no\n",
		.connection = "proposals = aes128gcm16-prfsha256-x25519\n unique = keep\n"
			      " reauth_time = 1200s\n rekey_time = 0s\n over_time = 100s\n"
			      " dpd_delay = 30s\n keyingtries = 2\n",
		.child = "esp_proposals = aes128gcm16\n start_action = start\n close_action = "
			 "start\n"
			 " dpd_action = restart\n mark_in = %unique\n rekey_bytes = 500000\n"
			 " if_id_out = %unique\n",
		.children = "two { local_ts = 10.4.0.0/16[udp/1000-2000], 10.5.0.0/16\n"
			    " remote_ts = 10.4.0.0/16[udp/1000-2000], 10.5.0.0/16\n"
			    " esp_proposals = aes128gcm16\n close_action = trap }\n",
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

static struct ike_config *read_config(const struct world *w, unsigned i)
{
	bool pool = w->peers[1].rest;
	char text[4096], local_ts[64] = "", remote_ts[64] = "";

	if (!strstr(w->child, "dynamic") && !(pool && i == 0))
		snprintf(local_ts, sizeof(local_ts), "local_ts = 10.%u.0.0/16", 1 + i);
	if (!strstr(w->child, "dynamic") && !(pool && i == 1))
		snprintf(remote_ts, sizeof(remote_ts), "remote_ts = 10.%u.0.0/16", 2 - i);
	snprintf(text, sizeof(text),
		 "settings { %s }\n"
		 "connections { c { local_addrs = 192.0.2.%u\n remote_addrs = 192.0.2.%u\n %s %s\n"
		 " local { auth = psk\n id = %c.test }\n remote { auth = psk\n id = %c.test }\n"
		 " children { net { %s\n %s\n %s }\n %s } } }\n"
		 "secrets { ike-1 { secret = \"what both know\" } }\n%s",
		 w->settings, 1 + i, 2 - i, w->connection, text_of(w->peers[i].connection),
		 i ? 'b' : 'a', i ? 'a' : 'b', local_ts, remote_ts, w->child, w->children,
		 text_of(w->peers[i].rest));
	return sim_config(text);
}

struct ike_config *world_config(size_t world, unsigned i)
{
	static struct ike_config *known[ARRAY_SIZE(all)][2];

	if (!known[world][i])
		known[world][i] = read_config(&all[world], i);
	return config_ref(known[world][i]);
}
