/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Where revocation information comes from: a cache of CRLs and OCSP responses that all threads
 * share, and the HTTP client behind it. One for the whole daemon. Nothing of it is kept on disk.
 *
 * The functions that fetch block, up to the time-outs given here: they are for the threads of
 * pdk/worker/jobs.h only.
 */
#include <stdbool.h>
#include "pdk/base/time.h"
#include "ikev2/cert/certificate.h"
#include "ikev2/cert/trust_store.h"

/* strict: must be known good. ifuri: strict if the certificate (or the store) names a source, else
 * relaxed. relaxed: a revoked certificate is refused, an unknown one passes with a line in the log.
 */
enum revocation_policy {
	REVOCATION_RELAXED,
	REVOCATION_IFURI,
	REVOCATION_STRICT,
};

/* "relaxed", "ifuri", "strict" */
const char *revocation_policy_name(enum revocation_policy policy);
/* -EINVAL */
int revocation_policy_parse(const char *name, enum revocation_policy *ret_policy);

struct revocation_limits {
	struct duration connect_timeout; /* of one connection */
	struct duration timeout;         /* of one transfer, all in all */
	struct duration negative_ttl;    /* how long a source that failed isn't asked again */
	size_t max_bytes;                /* of one answer */
	size_t cache_entries;
	size_t cache_bytes;
};

/* 5 s, 10 s, 60 s, 16 MiB, 1024 entries, 64 MiB. */
#define REVOCATION_LIMITS_DEFAULT                                                                  \
	((struct revocation_limits){ .connect_timeout = DURATION_S(5),                             \
				     .timeout = DURATION_S(10),                                    \
				     .negative_ttl = DURATION_S(60),                               \
				     .max_bytes = TRUST_STORE_CRL_MAX,                             \
				     .cache_entries = 1024,                                        \
				     .cache_bytes = 64u << 20 })

struct revocation;

/* limits may be NULL: the defaults. Call it before other threads start (libcurl's one-time setup).
 * -ENOMEM, -EINVAL. */
int revocation_new(const struct revocation_limits *limits, struct revocation **ret_revocation);
/*
 * Transfers under way end soon with -ECANCELED and no new one starts: before jobs_free(), which
 * would else wait for their time-outs. Any thread.
 */
void revocation_cancel(struct revocation *revocation);
/* No job may be using it any more. Takes NULL, returns NULL. */
struct revocation *revocation_free(struct revocation *revocation);

/* Forget what was fetched (swanctl --flush-certs). Any thread. */
void revocation_flush(struct revocation *revocation);

#define REVOCATION_ERROR_LEN 256

/* How long a peer is made to wait for that: servers that are slower are as good as none. */
#define REVOCATION_STAPLE_TIME DURATION_S(3)

/*
 * An OCSP response for our own certificate, to be sent in CERT encoding 14 (RFC 4806 4.2): from the
 * cache, or asked of the servers its authorityInfoAccess or the store names, until deadline, as a
 * peer is waiting; they share the time that is left. Blocks: in a job. DER of the OCSPResponse,
 * signed by who may and with status good; the caller free()s it. -ENOENT: nobody to ask;
 * -EKEYREVOKED; -ECANCELED; -ETIMEDOUT, -EHOSTUNREACH, -EBADMSG ...: none was to be had. error (of
 * REVOCATION_ERROR_LEN) then says more.
 */
int revocation_staple(struct revocation *revocation, struct trust_store *store,
		      const struct certificate *cert, struct instant deadline, uint8_t **ret_der,
		      size_t *ret_len, char *error);
