/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Chains: from an end entity over intermediates to an anchor, validated by RFC 5280 6 (OpenSSL) and
 * by what RFC 4945 5 adds. Says nothing about revocation. Pure but for the store. Any thread.
 */
#include <stdbool.h>
#include "ikev2/cert/certificate.h"
#include "ikev2/cert/reason.h"
#include "ikev2/cert/strength.h"
#include "ikev2/cert/trust_store.h"

/* Certificates in a chain, both ends included. */
#define CHAIN_MAX 10

struct chain {
	struct certificate *v[CHAIN_MAX]; /* the end entity first, the anchor last */
	size_t n;
};

void chain_fini(struct chain *chain);

struct chain_rules {
	struct trust_store *store;
	struct strength_rules strength; /* of every key, and every signature but the anchor's */
	bool allow_tls_usage;
	struct wall_time now;
};

/*
 * certs[0] is the end entity; the others may help, in any order. ret_chain holds references. 0;
 * -ENOKEY: no chain to an anchor; -EKEYEXPIRED: something in it has expired or isn't valid yet;
 * -EKEYREJECTED: anything else that speaks against it; -ENOMEM. reason says which and why.
 */
int chain_build(const struct chain_rules *rules, struct certificate *const *certs, size_t n,
		struct chain *ret_chain, struct reason *reason);
