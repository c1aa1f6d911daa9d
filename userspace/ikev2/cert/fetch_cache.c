/* SPDX-License-Identifier: MIT */
#include "ikev2/cert/fetch_cache.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "pdk/base/hash.h"
#include "pdk/base/list.h"

/* What may not be used any longer is still good for those who came together. */
#define TTL_MIN DURATION_S(5)
/* CRLs that say they are good for months are looked at every day. */
#define TTL_MAX DURATION_S(86400)

struct entry {
	struct hash_node by_key;
	struct list node; /* the oldest first */
	uint8_t key[SHA256_DIGEST_LENGTH];
	bool fetching; /* stays in the cache meanwhile */
	int err;       /* what the last fetch came to */
	struct fetched *fetched;
	struct instant expires;
	char error[HTTP_ERROR_LEN];
};

struct fetch_cache {
	pthread_mutex_t lock;
	pthread_cond_t fetched; /* somebody's fetch has ended */
	struct hash entries;
	struct list order;
	size_t n, bytes, max_entries, max_bytes;
	struct duration negative_ttl;
};

/* -------- things -------- */

struct fetched *fetched_new_take(uint8_t *data, size_t len, X509_CRL *crl)
{
	struct fetched *fetched = calloc(1, sizeof(*fetched));

	if (!fetched) {
		free(data);
		X509_CRL_free(crl);
		return NULL;
	}
	fetched->refs = 1;
	fetched->data = data;
	fetched->len = len;
	fetched->crl = crl;
	return fetched;
}

static struct fetched *fetched_ref(struct fetched *fetched)
{
	__atomic_add_fetch(&fetched->refs, 1, __ATOMIC_RELAXED);
	return fetched;
}

struct fetched *fetched_unref(struct fetched *fetched)
{
	if (!fetched || __atomic_sub_fetch(&fetched->refs, 1, __ATOMIC_ACQ_REL))
		return NULL;
	X509_CRL_free(fetched->crl);
	free(fetched->data);
	free(fetched);
	return NULL;
}

/* -------- entries: with the lock held -------- */

static size_t entry_bytes(const struct entry *entry)
{
	/* A parsed CRL takes some times the room of its bytes. */
	return sizeof(*entry) +
	       (entry->fetched ? entry->fetched->len * (entry->fetched->crl ? 3 : 1) : 0);
}

static uint64_t key_hash(const uint8_t *digest)
{
	uint64_t hash;

	memcpy(&hash, digest, sizeof(hash));
	return hash;
}

static struct entry *find(struct fetch_cache *cache, const uint8_t *digest)
{
	struct hash_node *n;

	for (n = hash_first(&cache->entries, key_hash(digest)); n; n = hash_next(n)) {
		struct entry *entry = hash_entry(n, struct entry, by_key);

		if (memcmp(entry->key, digest, sizeof(entry->key)) == 0)
			return entry;
	}
	return NULL;
}

static void entry_remove(struct fetch_cache *cache, struct entry *entry)
{
	cache->n--;
	cache->bytes -= entry_bytes(entry);
	hash_remove(&cache->entries, &entry->by_key);
	list_remove(&entry->node);
	fetched_unref(entry->fetched);
	free(entry);
}

static void evict(struct fetch_cache *cache, size_t max_entries, size_t max_bytes)
{
	struct entry *entry, *tmp;

	list_for_each_safe (entry, tmp, &cache->order, node) {
		if (cache->n <= max_entries && cache->bytes <= max_bytes)
			return;
		if (!entry->fetching)
			entry_remove(cache, entry);
	}
}

static struct entry *entry_get(struct fetch_cache *cache, const uint8_t *digest)
{
	struct entry *entry = find(cache, digest);

	if (entry)
		return entry;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return NULL;
	memcpy(entry->key, digest, sizeof(entry->key));
	hash_insert(&cache->entries, key_hash(digest), &entry->by_key);
	list_append(&cache->order, &entry->node);
	cache->n++;
	cache->bytes += entry_bytes(entry);
	return entry;
}

/* Takes the reference to fetched over. */
static void entry_set(struct fetch_cache *cache, struct entry *entry, int err,
		      struct fetched *fetched, struct duration ttl, const char *error)
{
	cache->bytes -= entry_bytes(entry);
	fetched_unref(entry->fetched);
	entry->fetched = fetched;
	entry->err = err;
	entry->expires = instant_add(instant_now(), ttl);
	snprintf(entry->error, sizeof(entry->error), "%s", error);
	cache->bytes += entry_bytes(entry);
	list_remove(&entry->node);
	list_append(&cache->order, &entry->node);
}

/* -------- the cache -------- */

int fetch_cache_new(size_t max_entries, size_t max_bytes, struct duration negative_ttl,
		    struct fetch_cache **ret_cache)
{
	struct fetch_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return -ENOMEM;
	pthread_mutex_init(&cache->lock, NULL);
	pthread_cond_init(&cache->fetched, NULL);
	hash_init(&cache->entries);
	list_init(&cache->order);
	cache->max_entries = max_entries;
	cache->max_bytes = max_bytes;
	cache->negative_ttl = negative_ttl;
	*ret_cache = cache;
	return 0;
}

struct fetch_cache *fetch_cache_free(struct fetch_cache *cache)
{
	if (!cache)
		return NULL;
	evict(cache, 0, 0);
	hash_fini(&cache->entries);
	pthread_cond_destroy(&cache->fetched);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
	return NULL;
}

void fetch_cache_flush(struct fetch_cache *cache)
{
	pthread_mutex_lock(&cache->lock);
	evict(cache, 0, 0);
	pthread_mutex_unlock(&cache->lock);
}

static struct duration clamp(struct duration ttl)
{
	if (ttl.ns < TTL_MIN.ns)
		return TTL_MIN;
	return ttl.ns > TTL_MAX.ns ? TTL_MAX : ttl;
}

/* With the lock held, but for the fetch itself. */
static int refresh(struct fetch_cache *cache, struct entry *entry, fetch_fn fetch, void *data,
		   struct fetched **ret_fetched, char *error)
{
	struct duration ttl = cache->negative_ttl;
	struct fetched *fetched = NULL;
	int err;

	entry->fetching = true;
	error[0] = '\0';
	pthread_mutex_unlock(&cache->lock);
	err = fetch(data, &fetched, &ttl, error);
	pthread_mutex_lock(&cache->lock);
	entry->fetching = false;
	if (!err)
		*ret_fetched = fetched_ref(fetched);
	if (err == -ECANCELED || err == -ENOMEM)
		entry_remove(cache, entry);
	else
		entry_set(cache, entry, err, fetched, err ? cache->negative_ttl : clamp(ttl),
			  error);
	evict(cache, cache->max_entries, cache->max_bytes);
	pthread_cond_broadcast(&cache->fetched);
	return err;
}

int fetch_cache_get(struct fetch_cache *cache, const char *key, fetch_fn fetch, void *data,
		    struct fetched **ret_fetched, char *error)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	struct entry *entry;
	int err = -ENOMEM;

	SHA256((const uint8_t *)key, strlen(key), digest);
	pthread_mutex_lock(&cache->lock);
	while ((entry = entry_get(cache, digest)) && entry->fetching)
		pthread_cond_wait(&cache->fetched, &cache->lock);
	if (entry && instant_before(instant_now(), entry->expires)) {
		err = entry->err;
		if (!err)
			*ret_fetched = fetched_ref(entry->fetched);
		snprintf(error, HTTP_ERROR_LEN, "%s", entry->error);
	} else if (entry) {
		err = refresh(cache, entry, fetch, data, ret_fetched, error);
	} else {
		snprintf(error, HTTP_ERROR_LEN, "out of memory");
	}
	pthread_mutex_unlock(&cache->lock);
	return err;
}

void fetch_cache_fail(struct fetch_cache *cache, const char *key, int err, const char *error)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	struct entry *entry;

	SHA256((const uint8_t *)key, strlen(key), digest);
	pthread_mutex_lock(&cache->lock);
	entry = entry_get(cache, digest);
	if (entry)
		entry_set(cache, entry, err, NULL, cache->negative_ttl, error);
	evict(cache, cache->max_entries, cache->max_bytes);
	pthread_mutex_unlock(&cache->lock);
}

int fetch_cache_failure(struct fetch_cache *cache, const char *key, char *error)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	struct entry *entry;
	int err = 0;

	SHA256((const uint8_t *)key, strlen(key), digest);
	pthread_mutex_lock(&cache->lock);
	entry = find(cache, digest);
	if (entry && instant_before(instant_now(), entry->expires)) {
		err = entry->err;
		snprintf(error, HTTP_ERROR_LEN, "%s", entry->error);
	}
	pthread_mutex_unlock(&cache->lock);
	return err;
}
