/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/ike_sa.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "bpf/shared/steer.h"
#include "pdk/base/random.h"
#include "ikev2/auth/own_proof.h"
#include "ikev2/exchange/auth_run.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/fsm/timers.h"
#include "ikev2/policy/config.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/algorithms.h"
#include "ikev2/sa/child_ports.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"

struct ike_sa *ike_sa_by_spi(struct ike_core *core, uint64_t spi)
{
	/* We draw our SPIs ourselves, so they are their own hash. */
	struct hash_node *n = hash_first(&core->by_spi, spi);

	return n ? hash_entry(n, struct ike_sa, by_spi) : NULL;
}

/* Not in use, and telling which worker owns it. */
static uint64_t spi_draw(struct ike_core *core)
{
	uint64_t spi;

	do
		spi = steer_spi_make(core->params.worker, random_u64());
	while (ike_sa_by_spi(core, spi));
	return spi;
}

struct ike_sa *ike_sa_new(struct ike_core *core, const struct connection *conn, bool initiator,
			  const struct netaddr *local, const struct netaddr *remote)
{
	struct ike_sa *sa = calloc(1, sizeof(*sa));

	if (!sa) {
		core->counters.no_memory++;
		return NULL;
	}
	sa->core = core;
	sa->initiator = sa->auth_initiator = initiator;
	sa->unique_id = ike_core_unique_id(core);
	sa->conn = connection_ref(conn);
	sa->config = config_ref(core->config);
	sa->local = *local;
	sa->remote = *remote;
	sa->request_local = *local;
	sa->request_remote = *remote;
	*(initiator ? &sa->spi_i : &sa->spi_r) = spi_draw(core);
	sa->deadline.due = timers_due;
	sa->memory_at = INSTANT_NEVER;
	sa->rekey_at = INSTANT_NEVER;
	sa->expire_at = INSTANT_NEVER;
	sa->gone_at = INSTANT_NEVER;
	sa->refused_since = INSTANT_NEVER;
	sa->init_error_until = INSTANT_NEVER;
	sa->keepalive_at = INSTANT_NEVER;
	sa->replaced_until = INSTANT_NEVER;
	sa->reauth_at = INSTANT_NEVER;
	sa->created = core->now;
	sa->last_inbound = core->now;
	window_init(&sa->window);
	reassembly_init(&sa->fragments.requests, &core->fragments_used);
	reassembly_init(&sa->fragments.responses, &core->fragments_used);
	list_init(&sa->queue);
	list_init(&sa->children);
	list_init(&sa->waiters);
	list_append(&core->sas, &sa->link);
	hash_insert(&core->by_spi, ike_sa_own_spi(sa), &sa->by_spi);
	core->n_sas++;
	ike_sa_rename(sa);
	return sa;
}

void ike_sa_free(struct ike_sa *sa)
{
	struct sa_waiter *waiter, *next_waiter;
	struct child_sa *child, *next_child;
	struct exchange *x, *next_x;

	list_for_each_safe(waiter, next_waiter, &sa->waiters, link)
		free(waiter);
	list_for_each_safe(child, next_child, &sa->children, link)
		child_sa_free(child);
	list_for_each_safe(x, next_x, &sa->queue, link)
		exchange_free(x);
	exchange_free(sa->active);
	packet_unref(sa->held);
	auth_run_free(sa->auth);
	own_proof_free(sa->proof);
	free(sa->cert_request);
	window_fini(&sa->window);
	reassembly_reset(&sa->fragments.requests);
	reassembly_reset(&sa->fragments.responses);
	packet_unref(sa->init_request);
	packet_unref(sa->init_response);
	kex_free(sa->kex);
	aead_key_free(sa->key_out);
	aead_key_free(sa->key_in);
	keymat_fini(&sa->keymat);
	connection_unref(sa->conn);
	config_unref(sa->config);
	explicit_bzero(sa, sizeof(*sa));
	free(sa);
}

bool ike_sa_needs_encap(const struct ike_sa *sa)
{
	return sa->nat_local || sa->nat_remote || sa->conn->encap;
}

void ike_sa_set_connection(struct ike_sa *sa, const struct connection *conn)
{
	const struct connection *old = sa->conn;

	sa->conn = connection_ref(conn);
	connection_unref(old);
	ike_sa_rename(sa);
}

void ike_sa_rename(struct ike_sa *sa)
{
	char remote[NETADDR_STRLEN];

	snprintf(sa->log_name, sizeof(sa->log_name), "%.40s[%u] %.46s", sa->conn->name,
		 sa->unique_id, netaddr_str(&sa->remote, remote));
}

int ike_sa_wait(struct ike_sa *sa, uint64_t token)
{
	struct sa_waiter *waiter;

	if (!token)
		return 0;
	waiter = malloc(sizeof(*waiter));
	if (!waiter)
		return -ENOMEM;
	waiter->token = token;
	list_append(&sa->waiters, &waiter->link);
	return 0;
}

int ike_sa_derive_keys(struct ike_sa *sa, const struct keymat *old, struct bytes shared)
{
	const struct keymat_input in = {
		.ni = nonce_bytes(&sa->nonce_i),
		.nr = nonce_bytes(&sa->nonce_r),
		.shared = shared,
		.spi_i = sa->spi_i,
		.spi_r = sa->spi_r,
	};
	struct crypto_ctx *crypto = sa->core->crypto;
	struct aead_key *key_i = NULL, *key_r = NULL;
	struct keymat *k = &sa->keymat;
	struct crypto_suite suite;
	enum crypto_prf prf;
	int err;

	err = algorithms_of_ike(&sa->proposal, &suite, &prf);
	if (err < 0)
		return err;
	err = old ? keymat_init_rekey(crypto, old, prf, &suite, &in, k)
		  : keymat_init(crypto, prf, &suite, &in, k);
	if (err < 0)
		return err;
	err = aead_key_new(crypto, &suite, k->sk_ei, k->sk_ai, &key_i);
	if (err == 0)
		err = aead_key_new(crypto, &suite, k->sk_er, k->sk_ar, &key_r);
	if (err < 0) {
		aead_key_free(key_i);
		keymat_fini(k);
		return err;
	}
	sa->key_out = sa->initiator ? key_i : key_r;
	sa->key_in = sa->initiator ? key_r : key_i;
	if (sa->core->params.key_log)
		sa->core->params.key_log(sa, sa->core->params.key_log_data);
	return 0;
}
