/* SPDX-License-Identifier: MIT */
/*
 * What a handshake costs its responder: process CPU time inside the protocol core for IKE_SA_INIT,
 * IKE_AUTH with a Child SA, and the Delete, with a kernel that does nothing, beside the floor: the
 * same cryptographic operations in a loop. Both in one run, in turns, so the ratio holds on a noisy
 * machine.
 *
 *	perf_handshake [HANDSHAKES]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "pdk/crypto/hash.h"
#include "pdk/crypto/kex.h"
#include "pdk/log/log.h"
#include "ikev2/sa/ike_sa.h"
#include "../sim/sim.h"

#define ROUNDS 10

static const char config_format[] =
	"connections { c { local_addrs = %s\n remote_addrs = %s\n"
	" proposals = aes128gcm16-prfsha256-x25519\n"
	" local { auth = psk\n id = %s }\n remote { auth = psk\n id = %s }\n"
	" children { net { local_ts = %s\n remote_ts = %s\n"
	" esp_proposals = aes128gcm16 } } } }\n"
	"secrets { ike-1 { secret = \"what both know\" } }\n";

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void must(int err, const char *what)
{
	if (err < 0) {
		fprintf(stderr, "%s failed: %d\n", what, err);
		exit(1);
	}
}

/* -------- the floor: what the responder has to compute, and nothing else -------- */

struct floor {
	struct crypto_ctx *ctx;
	struct kex *peer;
};

static void floor_kex(struct floor *f)
{
	struct secret shared = SECRET_NONE;
	struct kex *kex;

	must(kex_new(f->ctx, CRYPTO_KEX_X25519, &kex), "kex_new");
	must(kex_derive(kex, kex_public(f->peer), &shared), "kex_derive");
	secret_fini(&shared);
	kex_free(kex);
}

static void floor_message(struct floor *f, struct aead_key *key, size_t len, bool seal)
{
	uint8_t text[512] = { 0 }, aad[32] = { 0 }, iv[CRYPTO_IV_MAX] = { 0 }, icv[CRYPTO_ICV_MAX];

	if (seal)
		must(aead_seal(key, BYTES_OF(aad), text, len, iv, icv), "aead_seal");
	else
		aead_open(key, BYTES_OF(aad), BYTES(iv, 8), text, len, BYTES(icv, 16));
}

static void floor_handshake(struct floor *f)
{
	const struct crypto_suite suite = { CRYPTO_ENCR_AES_GCM_16, 128, CRYPTO_INTEG_NONE };
	uint8_t octets[500] = { 0 }, out[256], key[32] = { 0 };
	const struct bytes short_input = BYTES(octets, 64), message = BYTES(octets, 300);
	struct aead_key *in, *sending;

	floor_kex(f);
	for (int i = 0; i < 4; i++) /* NAT detection, 2.23: two received, two sent */
		must(crypto_hash(f->ctx, CRYPTO_HASH_SHA1, &short_input, 1, out), "hash");
	must(crypto_prf(f->ctx, CRYPTO_PRF_HMAC_SHA256, BYTES_OF(key), &short_input, 1, out), "prf");
	must(crypto_prf_plus(f->ctx, CRYPTO_PRF_HMAC_SHA256, BYTES_OF(key), &short_input, 1, out,
			     136), "prf+");
	must(aead_key_new(f->ctx, &suite, BYTES(octets, 20), BYTES_NONE, &in), "key");
	must(aead_key_new(f->ctx, &suite, BYTES(octets, 20), BYTES_NONE, &sending), "key");
	for (int side = 0; side < 2; side++) { /* AUTH, 2.15: ID, key, octets */
		must(crypto_prf(f->ctx, CRYPTO_PRF_HMAC_SHA256, BYTES_OF(key), &short_input, 1, out),
		     "prf");
		must(crypto_prf(f->ctx, CRYPTO_PRF_HMAC_SHA256, BYTES_OF(key), &short_input, 1, out),
		     "prf");
		must(crypto_prf(f->ctx, CRYPTO_PRF_HMAC_SHA256, BYTES_OF(key), &message, 1, out),
		     "prf");
	}
	must(crypto_prf_plus(f->ctx, CRYPTO_PRF_HMAC_SHA256, BYTES_OF(key), &short_input, 1, out,
			     72), "prf+"); /* KEYMAT, 2.17 */
	floor_message(f, in, 200, false);
	floor_message(f, sending, 160, true);
	floor_message(f, in, 16, false); /* Delete */
	floor_message(f, sending, 8, true);
	aead_key_free(in);
	aead_key_free(sending);
}

/* -------- the responder -------- */

/* Delivers what is in the queue of one core to the other until both are quiet; the CPU time spent
 * inside core b is added up. */
struct pair {
	struct sim sim;
	uint64_t spent;
};

static void deliver(struct pair *p, unsigned to, struct ike_action *a)
{
	uint64_t before = cpu_ns();

	ike_input_datagram(p->sim.peers[to].core, p->sim.now, &a->send.remote, &a->send.local,
			   a->send.packet->data, a->send.packet->len);
	if (to == 1)
		p->spent += cpu_ns() - before;
}

static void complete(struct pair *p, unsigned i, struct ike_action *a)
{
	uint64_t before = cpu_ns();

	ike_input_ipsec_done(p->sim.peers[i].core, p->sim.now, steal_ptr(a->ipsec));
	if (i == 1)
		p->spent += cpu_ns() - before;
}

static void settle(struct pair *p)
{
	bool busy = true;

	while (busy) {
		busy = false;
		for (unsigned i = 0; i < 2; i++) {
			struct ike_action *a = ike_core_next_action(p->sim.peers[i].core);

			if (!a)
				continue;
			busy = true;
			if (a->type == IKE_ACTION_SEND)
				deliver(p, !i, a);
			else if (a->type == IKE_ACTION_IPSEC)
				complete(p, i, a);
			else if (a->type == IKE_ACTION_CONTACT && a->contact->kind == CONTACT_ASK)
				ike_input_contact_answer(p->sim.peers[i].core, p->sim.now,
							 a->contact->spi, false);
			ike_action_free(a);
		}
	}
}

static void handshake(struct pair *p)
{
	const struct ike_filter everything = { 0 };
	const struct connection *conn = p->sim.peers[0].config->connections[0];

	ike_input_initiate(p->sim.peers[0].core, p->sim.now, conn, &conn->children[0],
			   &p->sim.peers[0].addr, &p->sim.peers[1].addr, NULL, 0);
	settle(p);
	if (p->sim.peers[1].core->n_children != 1)
		must(-1, "handshake");
	ike_input_terminate(p->sim.peers[0].core, p->sim.now, &everything, false, 0);
	settle(p);
	if (p->sim.peers[1].core->n_sas)
		must(-1, "delete");
}

int main(int argc, char **argv)
{
	unsigned n = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 0) : 2000;
	uint64_t floor_spent = 0, ours = 0, before;
	char a[1024], b[1024];
	struct floor f;
	struct pair p;

	snprintf(a, sizeof(a), config_format, "192.0.2.1", "192.0.2.2", "a.test", "b.test",
		 "10.1.0.0/16", "10.2.0.0/16");
	snprintf(b, sizeof(b), config_format, "192.0.2.2", "192.0.2.1", "b.test", "a.test",
		 "10.2.0.0/16", "10.1.0.0/16");
	log_set_level(NULL, LOG_LEVEL_ERROR);
	sim_init(&p.sim, 1, a, b);
	must(crypto_ctx_new(NULL, &f.ctx), "crypto_ctx_new");
	must(kex_new(f.ctx, CRYPTO_KEX_X25519, &f.peer), "kex_new");
	handshake(&p); /* warm */
	floor_handshake(&f);
	p.spent = 0;
	for (unsigned round = 0; round < ROUNDS; round++) {
		before = cpu_ns();
		for (unsigned i = 0; i < n / ROUNDS; i++)
			floor_handshake(&f);
		floor_spent += cpu_ns() - before;
		for (unsigned i = 0; i < n / ROUNDS; i++)
			handshake(&p);
	}
	ours = p.spent;
	n = n / ROUNDS * ROUNDS;
	printf("responder, %u handshakes with Delete (PSK, X25519, AES-GCM-16-128): %.1f us each\n", n,
	       (double)ours / n / 1000);
	printf("floor, the same cryptographic operations:                          %.1f us each\n",
	       (double)floor_spent / n / 1000);
	printf("ratio: %.2f\n", (double)ours / (double)floor_spent);
	kex_free(f.peer);
	crypto_ctx_free(f.ctx);
	sim_fini(&p.sim);
	return 0;
}
