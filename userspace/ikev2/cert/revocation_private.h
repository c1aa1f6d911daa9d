/* SPDX-License-Identifier: MIT */
#pragma once
/* For revocation_status.c: one source asked through the cache. Both block. */
#include "ikev2/cert/fetch_cache.h"
#include "ikev2/cert/revocation.h"
#include "ikev2/cert/status.h"

/* 0 and a list that crl_check() found good or outdated, or why there is none. */
int revocation_fetch_crl(struct revocation *revocation, const struct status_query *query,
			 const char *url, struct fetched **ret_fetched, char *error);

/*
 * 0 and a response that says good or revoked, or why there is none. staple: one to be passed on to
 * a peer: without a nonce of ours. deadline: for the transfer, besides the limit of configuration.
 */
int revocation_fetch_ocsp(struct revocation *revocation, const struct status_query *query,
			  const char *url, bool staple, struct instant deadline,
			  struct fetched **ret_fetched, char *error);

/* When a check that begins now stops asking further sources. */
struct instant revocation_deadline(const struct revocation *revocation);
bool revocation_cancelled(const struct revocation *revocation);

/*
 * Is the certificate revoked, as far as policy wants to know? stapled and crls: what the peer sent.
 * 0: no (why may then say what isn't known); -EKEYREVOKED; -ECANCELED.
 */
struct revocation_evidence {
	struct trust_store *store;
	struct revocation *revocation; /* may be NULL */
	enum revocation_policy policy;
	const struct bytes *stapled;
	size_t n_stapled;
	STACK_OF(X509_CRL) * crls;
	struct instant deadline;
};

int revocation_status(const struct status_query *query, const struct revocation_evidence *evidence,
		      struct reason *reason);
