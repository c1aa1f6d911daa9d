/* SPDX-License-Identifier: MIT */
#include "pair.h"

#include <stdio.h>

#include "ikev2/codec/sk.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/ike_sa.h"

const struct pair_options pair_one_and_two = {
	.connection = "rekey_time = 0s",
	.child = "rekey_time = 0s",
	.children = "one { local_ts = dynamic[17/1000]\n remote_ts = dynamic[17/1000]\n"
		    " esp_proposals = aes128gcm16\n rekey_time = 0s }\n"
		    "two { local_ts = dynamic[17/2000]\n remote_ts = dynamic[17/2000]\n"
		    " esp_proposals = aes128gcm16\n rekey_time = 0s }",
};

static const char *text(const char *option)
{
	return option ? option : "";
}

void pair_config(char *buf, size_t size, unsigned i, const struct pair_options *o)
{
	snprintf(buf, size,
		 "settings { %s }\n"
		 "connections { c { local_addrs = 192.0.2.%u\n remote_addrs = 192.0.2.%u\n"
		 " proposals = aes128gcm16-prfsha256-x25519\n"
		 " local { auth = psk\n id = %c.test }\n remote { auth = psk\n id = %c.test }\n"
		 " %s\n children { net { local_ts = 10.%u.0.0/16\n remote_ts = 10.%u.0.0/16\n"
		 " esp_proposals = aes128gcm16\n %s }\n %s } } }\n"
		 "secrets { ike-1 { secret = \"what both know\" } }\n",
		 text(o->settings), 1 + i, 2 - i, i ? 'b' : 'a', i ? 'a' : 'b', text(o->connection),
		 1 + i, 2 - i, text(o->child), text(o->children));
}

void pair_init(struct sim *sim, const struct pair_options *a, const struct pair_options *b)
{
	static const struct pair_options nothing;
	char text_a[4096], text_b[4096];

	log_set_level(NULL, LOG_LEVEL_ERROR);
	pair_config(text_a, sizeof(text_a), 0, a ? a : &nothing);
	pair_config(text_b, sizeof(text_b), 1, b ? b : &nothing);
	sim_init(sim, 7, text_a, text_b);
	sim->link.delay = DURATION_MS(10);
}

bool pair_up(struct sim *sim)
{
	sim_initiate(sim, 0);
	if (!sim_run_results(sim, 0, 1, DURATION_S(60)) || sim->peers[0].result)
		return false;
	pair_wait(sim, DURATION_S(1));
	return !sim_agreement(sim) && sim_only_sa(&sim->peers[0]);
}

void pair_acquire(struct sim *sim, const char *src, const char *dst)
{
	struct ike_acquire packet = {
		.seq = 1,
		.packet_src = { .protocol = 6, .port_first = 1234, .port_last = 1234 },
		.packet_dst = { .protocol = 6, .port_first = 80, .port_last = 80 },
	};
	struct sim_peer *peer = &sim->peers[0];
	const struct connection *conn = peer->config->connections[0];

	netaddr_parse(src, 0, &packet.packet_src.first);
	netaddr_parse(dst, 0, &packet.packet_dst.first);
	packet.packet_src.last = packet.packet_src.first;
	packet.packet_dst.last = packet.packet_dst.first;
	ike_input_initiate(peer->core, sim->now, conn, &conn->children[0], &peer->addr,
			   &sim->peers[1].addr, &packet, 0);
	sim_act(sim, 0);
	pair_wait(sim, DURATION_S(1));
}

void pair_reboot(struct sim *sim, unsigned i, const struct pair_options *o)
{
	static const struct pair_options nothing;
	char config[4096];

	pair_config(config, sizeof(config), i, o ? o : &nothing);
	sim_reboot(sim, i, config);
}

bool pair_open(const struct sim *sim, unsigned to, struct bytes raw, struct pair_message *ret)
{
	const struct ike_sa *sa = sim_only_sa(&sim->peers[to]);
	struct ike_fault fault;

	if (!sa || !sa->key_in || raw.len > sizeof(ret->copy))
		return false;
	memcpy(ret->copy, raw.data, raw.len);
	return ike_message_parse(BYTES(ret->copy, raw.len), &ret->m, NULL) == IKE_OK &&
	       ret->m.encrypted_type == IKE_PAYLOAD_SK &&
	       ike_sk_open(&ret->m, sa->key_in, (uint8_t *)ret->m.encrypted.data, &fault) == IKE_OK;
}

void pair_wait(struct sim *sim, struct duration time)
{
	sim_run(sim, instant_add(sim->now, time));
}

void pair_cut(struct sim *sim, bool cut)
{
	sim->link.loss = cut ? 1000 : 0;
}
