/* SPDX-License-Identifier: MIT */
/*
 * Two kinds of entries are in the cache: what a source answered, by kind, certificate or CA, and
 * URL; and under the name of a server that it can't be reached, so that those who want other
 * things of it don't run into the same time-out one after the other.
 */
#include "ikev2/cert/revocation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pdk/log/log.h"
#include "ikev2/cert/crl.h"
#include "ikev2/cert/http.h"
#include "ikev2/cert/ocsp.h"
#include "ikev2/cert/revocation_private.h"
#include "ikev2/cert/sources.h"
#include "ikev2/cert/x509_private.h"

LOG_SUBSYSTEM(cert, "certificates and revocation");

/* One check, however many sources its chain has, is given up after so many time-outs. */
#define TIMEOUTS_MAX 3
#define KEY_LEN      (SOURCE_LEN + 200)

_Static_assert(REVOCATION_ERROR_LEN == HTTP_ERROR_LEN, "an error fits");

struct revocation {
	struct revocation_limits limits;
	struct fetch_cache *cache;
	bool cancel; /* atomic */
};

static const char *const policy_names[] = {
	[REVOCATION_RELAXED] = "relaxed",
	[REVOCATION_IFURI] = "ifuri",
	[REVOCATION_STRICT] = "strict",
};

const char *revocation_policy_name(enum revocation_policy policy)
{
	return policy_names[policy];
}

int revocation_policy_parse(const char *name, enum revocation_policy *ret_policy)
{
	for (size_t i = 0; i < ARRAY_SIZE(policy_names); i++)
		if (strcmp(name, policy_names[i]) == 0) {
			*ret_policy = (enum revocation_policy)i;
			return 0;
		}
	return -EINVAL;
}

int revocation_new(const struct revocation_limits *limits, struct revocation **ret_revocation)
{
	struct revocation *revocation;
	int err;

	if (limits &&
	    (limits->timeout.ns <= 0 || limits->connect_timeout.ns <= 0 || !limits->max_bytes))
		return -EINVAL;
	err = http_init();
	if (err)
		return err;
	revocation = calloc(1, sizeof(*revocation));
	if (!revocation)
		return -ENOMEM;
	revocation->limits = limits ? *limits : REVOCATION_LIMITS_DEFAULT;
	err = fetch_cache_new(revocation->limits.cache_entries, revocation->limits.cache_bytes,
			      revocation->limits.negative_ttl, &revocation->cache);
	if (err) {
		free(revocation);
		return err;
	}
	*ret_revocation = revocation;
	return 0;
}

void revocation_cancel(struct revocation *revocation)
{
	__atomic_store_n(&revocation->cancel, true, __ATOMIC_RELAXED);
}

bool revocation_cancelled(const struct revocation *revocation)
{
	return __atomic_load_n(&revocation->cancel, __ATOMIC_RELAXED);
}

struct revocation *revocation_free(struct revocation *revocation)
{
	if (!revocation)
		return NULL;
	fetch_cache_free(revocation->cache);
	free(revocation);
	return NULL;
}

void revocation_flush(struct revocation *revocation)
{
	fetch_cache_flush(revocation->cache);
}

struct instant revocation_deadline(const struct revocation *revocation)
{
	return instant_add(instant_now(),
			   DURATION_NS(TIMEOUTS_MAX * revocation->limits.timeout.ns));
}

/* -------- fetching -------- */

struct fetching {
	struct revocation *revocation;
	const struct status_query *query;
	const char *url;
	struct instant deadline;
	bool staple; /* to be passed on: without a nonce */
};

static bool is_unreachable(int err)
{
	return err == -ETIMEDOUT || err == -EHOSTUNREACH;
}

/* Ask the server, unless it is known to be dead. */
static int transfer(const struct fetching *fetching, struct http_request *request,
		    uint8_t **ret_data, size_t *ret_len, char *error)
{
	struct revocation *revocation = fetching->revocation;
	struct instant now = instant_now();
	char server[SOURCE_LEN];
	int err;

	if (revocation_cancelled(revocation))
		return -ECANCELED;
	http_origin(fetching->url, server, sizeof(server));
	err = fetch_cache_failure(revocation->cache, server, error);
	if (err)
		return err;
	request->url = fetching->url;
	request->connect_timeout = revocation->limits.connect_timeout;
	request->timeout = instant_diff(
		instant_min(instant_add(now, revocation->limits.timeout), fetching->deadline), now);
	request->cancel = &revocation->cancel;
	err = http_fetch(request, ret_data, ret_len, error);
	/* What is too slow for a staple may be good for a check. */
	if (is_unreachable(err) && !fetching->staple)
		fetch_cache_fail(revocation->cache, server, err, error);
	log_debug(cert, "%s: %s", fetching->url, err ? error : "fetched");
	return err;
}

static struct duration ttl_until(const struct status_query *query, struct wall_time until)
{
	int64_t seconds = until.unix_s - query->now.unix_s;

	return DURATION_S(seconds < 0 ? 0 : seconds > 86400 ? 86400 : seconds);
}

static int fetch_crl(void *data, struct fetched **ret_fetched, struct duration *ret_ttl,
		     char *error)
{
	struct fetching *fetching = data;
	struct http_request request = { .accept = "application/pkix-crl, */*" };
	struct reason why = { "" };
	struct wall_time until;
	X509_CRL *crl = NULL;
	uint8_t *answer;
	size_t len;
	int err;

	request.max_bytes = fetching->revocation->limits.max_bytes;
	err = transfer(fetching, &request, &answer, &len, error);
	if (err)
		return err;
	err = crl_parse(BYTES(answer, len), &crl);
	if (err)
		reason_append(&why, "no CRL came");
	else
		err = crl_check(fetching->query, crl, &until, &why);
	/* An outdated one is handed on for what it revokes, and asked for again as after a failure.
	 */
	if (err && err != -ESTALE) {
		snprintf(error, HTTP_ERROR_LEN, "%.*s", HTTP_ERROR_LEN - 1, why.text);
		X509_CRL_free(crl);
		free(answer);
		return err;
	}
	*ret_ttl =
		err ? fetching->revocation->limits.negative_ttl : ttl_until(fetching->query, until);
	*ret_fetched = fetched_new_take(answer, len, crl);
	return *ret_fetched ? 0 : -ENOMEM;
}

static int fetch_ocsp(void *data, struct fetched **ret_fetched, struct duration *ret_ttl,
		      char *error)
{
	struct fetching *fetching = data;
	struct http_request http = { .accept = "application/ocsp-response",
				     .type = "application/ocsp-request",
				     .max_bytes = OCSP_RESPONSE_MAX };
	struct reason why = { "" };
	struct wall_time until;
	OCSP_REQUEST *request;
	uint8_t *der, *answer;
	enum cert_status status;
	size_t der_len, len;
	int err;

	err = ocsp_request_make(fetching->query, !fetching->staple, &request, &der, &der_len);
	if (err)
		return err;
	http.body = BYTES(der, der_len);
	err = transfer(fetching, &http, &answer, &len, error);
	if (!err) {
		status = ocsp_status(fetching->query, BYTES(answer, len), request, &until, &why);
		if (status == CERT_STATUS_UNKNOWN) {
			snprintf(error, HTTP_ERROR_LEN, "%.*s", HTTP_ERROR_LEN - 1, why.text);
			free(answer);
			err = -EBADMSG;
		} else {
			*ret_ttl = ttl_until(fetching->query, until);
			*ret_fetched = fetched_new_take(answer, len, NULL);
			err = *ret_fetched ? 0 : -ENOMEM;
		}
	}
	OCSP_REQUEST_free(request);
	OPENSSL_free(der);
	return err;
}

int revocation_fetch_crl(struct revocation *revocation, const struct status_query *query,
			 const char *url, struct fetched **ret_fetched, char *error)
{
	struct fetching fetching = { revocation, query, url, INSTANT_NEVER, false };
	char key[KEY_LEN], ca[2 * CERTIFICATE_FINGERPRINT_LEN + 1];

	bytes_hex(certificate_fingerprint(query->issuer), ca, sizeof(ca));
	snprintf(key, sizeof(key), "crl %s %s", ca, url);
	return fetch_cache_get(revocation->cache, key, fetch_crl, &fetching, ret_fetched, error);
}

int revocation_fetch_ocsp(struct revocation *revocation, const struct status_query *query,
			  const char *url, bool staple, struct instant deadline,
			  struct fetched **ret_fetched, char *error)
{
	struct fetching fetching = { revocation, query, url, deadline, staple };
	char key[KEY_LEN], cert[2 * CERTIFICATE_FINGERPRINT_LEN + 1];

	bytes_hex(certificate_fingerprint(query->cert), cert, sizeof(cert));
	snprintf(key, sizeof(key), "ocsp%s %s %s", staple ? "-staple" : "", cert, url);
	return fetch_cache_get(revocation->cache, key, fetch_ocsp, &fetching, ret_fetched, error);
}

/* -------- our own certificate -------- */

/* One server asked for a response that may be passed on. */
static int staple_from(struct revocation *revocation, const struct status_query *query,
		       const char *url, struct instant deadline, uint8_t **ret_der, size_t *ret_len,
		       char *error)
{
	struct wall_time until;
	struct reason why = { "" };
	struct fetched *fetched;
	int err = revocation_fetch_ocsp(revocation, query, url, true, deadline, &fetched, error);

	if (err)
		return err;
	/* To send that we are revoked helps nobody. */
	if (ocsp_status(query, BYTES(fetched->data, fetched->len), NULL, &until, &why) ==
	    CERT_STATUS_GOOD)
		err = bytes_dup(BYTES(fetched->data, fetched->len), ret_der);
	else
		err = -EKEYREVOKED;
	if (err == -EKEYREVOKED)
		snprintf(error, HTTP_ERROR_LEN, "%.*s", HTTP_ERROR_LEN - 1, why.text);
	if (!err)
		*ret_len = fetched->len;
	fetched_unref(fetched);
	return err;
}

int revocation_staple(struct revocation *revocation, struct trust_store *store,
		      const struct certificate *cert, struct instant deadline, uint8_t **ret_der,
		      size_t *ret_len, char *error)
{
	struct status_query query = { .cert = cert, .now = wall_time_now() };
	struct sources sources = { .n = 0 };
	int err = -ENOENT;
	OPENSSL_SCOPE;

	error[0] = '\0';
	query.issuer = trust_store_issuer(store, cert);
	if (query.issuer)
		sources_ocsp(&sources, store, &query);
	if (!sources.n)
		snprintf(error, HTTP_ERROR_LEN,
			 query.issuer ? "no OCSP server is named" : "its CA is not known here");
	for (size_t i = 0; i < sources.n && err; i++) {
		struct instant now = instant_now();
		struct duration share =
			DURATION_NS(instant_diff(deadline, now).ns / (int64_t)(sources.n - i));

		if (share.ns <= 0) {
			snprintf(error, HTTP_ERROR_LEN, "no time is left to ask for one");
			return -ETIMEDOUT;
		}
		err = staple_from(revocation, &query, sources.v[i], instant_add(now, share),
				  ret_der, ret_len, error);
	}
	return err;
}
