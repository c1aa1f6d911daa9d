/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What was fetched, by key, for all threads: while one thread fetches what a key stands for, the
 * others that want it wait for that one; a failure is remembered for a while as well. Bounded in
 * entries and bytes: the oldest go first.
 */
#include <stdbool.h>
#include <openssl/types.h>
#include "pdk/base/time.h"
#include "ikev2/cert/http.h"

struct fetch_cache;

/* A thing that was fetched and found good: counted, never changed. */
struct fetched {
	unsigned refs; /* atomic */
	uint8_t *data;
	size_t len;
	X509_CRL *crl; /* parsed from data, for CRLs */
};

/* Takes data over, also on failure (NULL). crl NULL: none, else it is taken over too. */
struct fetched *fetched_new_take(uint8_t *data, size_t len, X509_CRL *crl);
struct fetched *fetched_unref(struct fetched *fetched);

/*
 * Fetches, without any lock held. 0: ret_fetched, and for how long it may be used (ret_ttl, at
 * least a few seconds are kept anyhow); or an error, and error of HTTP_ERROR_LEN says why.
 */
typedef int (*fetch_fn)(void *data, struct fetched **ret_fetched, struct duration *ret_ttl,
			char *error);

/* -ENOMEM */
int fetch_cache_new(size_t max_entries, size_t max_bytes, struct duration negative_ttl,
		    struct fetch_cache **ret_cache);
struct fetch_cache *fetch_cache_free(struct fetch_cache *cache);
void fetch_cache_flush(struct fetch_cache *cache);

/*
 * 0: a reference of the caller's; or what fetch() said, now or a short time ago; -ECANCELED and
 * -ENOMEM are never remembered. May block as long as fetch().
 */
int fetch_cache_get(struct fetch_cache *cache, const char *key, fetch_fn fetch, void *data,
		    struct fetched **ret_fetched, char *error);

/* A failure that holds for key without a fetch of its own; and whether there is one. */
void fetch_cache_fail(struct fetch_cache *cache, const char *key, int err, const char *error);
int fetch_cache_failure(struct fetch_cache *cache, const char *key, char *error);
