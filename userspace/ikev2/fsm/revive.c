/* SPDX-License-Identifier: MIT */
/*
 * There is an entry for each child of the configuration that is up, is being tried or waits for
 * another try. It counts the Child SAs that are up, on whatever worker: while rekeying, when the
 * peer has authenticated anew, or when both sides began, there are several, and one that goes then
 * needs no successor.
 */
#include "ikev2/fsm/revive.h"

#include <stdlib.h>
#include <string.h>

#include "bpf/shared/siphash.h"
#include "pdk/base/hash.h"
#include "pdk/base/heap.h"
#include "pdk/base/random.h"
#include "pdk/log/log.h"
#include "ikev2/policy/config.h"

LOG_USE(ike);

struct revive {
	const struct revive_ops *ops;
	void *data;
	const struct ike_config *config; /* reference */
	struct siphash_key key;
	struct hash by_name;
	struct heap waiting; /* for another try, by time */
};

struct entry {
	struct hash_node by_name;
	struct heap_node waiting;
	struct instant at;
	char *conn, *child; /* names */
	unsigned up;	    /* Child SAs */
	bool trying;
	unsigned tries;	 /* that failed, one after the other */
	unsigned pauses; /* since it was up for long */
	struct instant up_since;
};

/* -------- entries -------- */

static bool waiting_before(const struct heap_node *a, const struct heap_node *b)
{
	return instant_before(heap_entry(a, struct entry, waiting)->at,
			      heap_entry(b, struct entry, waiting)->at);
}

static uint64_t name_hash(const struct revive *r, const char *conn, const char *child)
{
	return siphash(&r->key, conn, strlen(conn)) ^ ~siphash(&r->key, child, strlen(child));
}

static struct entry *entry_find(const struct revive *r, const char *conn, const char *child)
{
	struct hash_node *n = hash_first(&r->by_name, name_hash(r, conn, child));

	for (; n; n = hash_next(n)) {
		struct entry *e = hash_entry(n, struct entry, by_name);

		if (strcmp(e->conn, conn) == 0 && strcmp(e->child, child) == 0)
			return e;
	}
	return NULL;
}

static void entry_free(struct revive *r, struct entry *e)
{
	hash_remove(&r->by_name, &e->by_name);
	heap_remove(&r->waiting, &e->waiting);
	free(e->conn);
	free(e->child);
	free(e);
}

static struct entry *entry_get(struct revive *r, const struct connection *conn,
			       const struct child_conf *conf)
{
	struct entry *e = entry_find(r, conn->name, conf->name);

	if (e)
		return e;
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->conn = strdup(conn->name);
	e->child = strdup(conf->name);
	hash_insert(&r->by_name, name_hash(r, conn->name, conf->name), &e->by_name);
	if (e->conn && e->child)
		return e;
	entry_free(r, e);
	return NULL;
}

/* There is no reason to remember e any more? */
static void entry_tidy(struct revive *r, struct entry *e)
{
	if (!e->up && !e->trying && !heap_linked(&e->waiting))
		entry_free(r, e);
}

/* -------- trying -------- */

/* 1 s, 2 s, 4 s ... 5 min, each less up to a quarter. */
static struct duration pause_of(unsigned n)
{
	int64_t ns = REVIVE_PAUSE_MIN.ns;

	while (n-- && ns < REVIVE_PAUSE_MAX.ns)
		ns *= 2;
	if (ns > REVIVE_PAUSE_MAX.ns)
		ns = REVIVE_PAUSE_MAX.ns;
	return DURATION_NS(ns - ns / REVIVE_JITTER_PART / 1000 * random_below(1001));
}

static void entry_wait(struct revive *r, struct entry *e, struct instant now, const char *why)
{
	struct duration pause = pause_of(e->pauses++);

	log_info(ike, "%s.%s: %s, trying again in %lld.%01lld s", e->conn, e->child, why,
		 (long long)duration_s(pause), (long long)(duration_ms(pause) % 1000 / 100));
	heap_remove(&r->waiting, &e->waiting);
	e->at = instant_add(now, pause);
	heap_insert(&r->waiting, &e->waiting);
}

static void entry_try(struct revive *r, struct entry *e, struct instant now,
		      const struct connection *conn, const struct child_conf *conf)
{
	heap_remove(&r->waiting, &e->waiting);
	e->trying = r->ops->start(conn, conf, r->data);
	if (!e->trying)
		entry_wait(r, e, now, "there is no way to the peer");
}

/* A try of ours, or of a user, has failed. */
static void entry_failed(struct revive *r, struct entry *e, struct instant now,
			 const struct connection *conn)
{
	e->tries++;
	if (!conn->keyingtries || e->tries < conn->keyingtries)
		entry_wait(r, e, now, "not brought up");
	else
		log_notice(ike, "%s.%s: not brought up, and keyingtries allows no other try",
			   e->conn, e->child);
}

static enum child_action action_for(const struct child_conf *conf, enum sa_end end)
{
	switch (end) {
	case SA_END_FAILED:
		return conf->close_action;
	case SA_END_DEAD:
		return conf->dpd_action;
	case SA_END_EXPIRED:
		return conf->start_action;
	case SA_END_REAUTH:
		return CHILD_ACTION_START;
	case SA_END_USER:
	case SA_END_REPLACED:
	case SA_END_IDLE: /* a trap, where there is one, is there still */
		break;
	}
	return CHILD_ACTION_NONE;
}

/* The last Child SA that was up is gone. */
static void entry_down(struct revive *r, struct entry *e, struct instant now, enum sa_end end,
		       const struct connection *conn, const struct child_conf *conf)
{
	if (instant_diff(now, e->up_since).ns >= REVIVE_STABLE_AFTER.ns)
		e->pauses = 0;
	switch (action_for(conf, end)) {
	case CHILD_ACTION_NONE:
		break;
	case CHILD_ACTION_TRAP:
		r->ops->trap(conn, conf, r->data);
		break;
	case CHILD_ACTION_START:
		if (end == SA_END_REAUTH && !e->pauses++)
			entry_try(r, e, now, conn, conf);
		else
			entry_wait(r, e, now, end == SA_END_DEAD ? "the peer is gone" : "closed");
		break;
	}
}

static void entry_ended(struct revive *r, struct entry *e, struct instant now, struct fate fate)
{
	const struct connection *conn;
	const struct child_conf *conf;

	if (fate.was_up && e->up)
		e->up--;
	if (!fate.was_up)
		e->trying = false;
	if (fate.end == SA_END_USER)
		heap_remove(&r->waiting, &e->waiting);
	else if (fate.end != SA_END_REPLACED && !e->up && !e->trying &&
		 !heap_linked(&e->waiting) && r->config &&
		 config_find_child(r->config, e->conn, e->child, &conn, &conf) == 0) {
		/* What is done is what the configuration in force says. */
		if (fate.was_up)
			entry_down(r, e, now, fate.end, conn, conf);
		else
			entry_failed(r, e, now, conn);
	}
	entry_tidy(r, e);
}

/* -------- inputs -------- */

void revive_config(struct revive *r, const struct ike_config *config)
{
	const struct ike_config *old = r->config;
	struct hash_walk walk = hash_walk_start(&r->by_name);
	const struct connection *conn;
	const struct child_conf *conf;
	struct hash_node *n;

	r->config = config_ref(config);
	config_unref(old);
	while ((n = hash_walk_next(&walk))) {
		struct entry *e = hash_entry(n, struct entry, by_name);

		if (!heap_linked(&e->waiting) ||
		    config_find_child(config, e->conn, e->child, &conn, &conf) == 0)
			continue;
		heap_remove(&r->waiting, &e->waiting);
		entry_tidy(r, e);
	}
}

void revive_start(struct revive *r, struct instant now, const struct connection *conn,
		  const struct child_conf *conf)
{
	struct entry *e = entry_get(r, conn, conf);

	if (!e) {
		/* Without memory to try again: try at least once. */
		r->ops->start(conn, conf, r->data);
		return;
	}
	e->tries = e->pauses = 0;
	entry_try(r, e, now, conn, conf);
}

void revive_begun(struct revive *r, const struct connection *conn, const struct child_conf *conf)
{
	struct entry *e = entry_get(r, conn, conf);

	if (!e)
		return;
	heap_remove(&r->waiting, &e->waiting);
	e->trying = true;
	e->tries = e->pauses = 0;
}

void revive_fate(struct revive *r, struct instant now, const struct connection *conn,
		 const struct child_conf *conf, struct fate fate)
{
	struct entry *e = entry_get(r, conn, conf);

	if (!e)
		return;
	if (!fate.up) {
		entry_ended(r, e, now, fate);
		return;
	}
	if (!e->up++)
		e->up_since = now;
	e->trying = false;
	e->tries = 0;
	heap_remove(&r->waiting, &e->waiting);
}

static bool name_fits(const char *wanted, const char *name)
{
	return !wanted || strcmp(wanted, name) == 0;
}

unsigned revive_cancel(struct revive *r, const char *conn, const char *child)
{
	struct hash_walk walk = hash_walk_start(&r->by_name);
	struct hash_node *n;
	unsigned cancelled = 0;

	while ((n = hash_walk_next(&walk))) {
		struct entry *e = hash_entry(n, struct entry, by_name);

		if (!heap_linked(&e->waiting) || !name_fits(conn, e->conn) ||
		    !name_fits(child, e->child))
			continue;
		heap_remove(&r->waiting, &e->waiting);
		cancelled++;
		entry_tidy(r, e);
	}
	return cancelled;
}

struct instant revive_deadline(const struct revive *r)
{
	struct heap_node *first = heap_first(&r->waiting);

	return first ? heap_entry(first, struct entry, waiting)->at : INSTANT_NEVER;
}

void revive_time(struct revive *r, struct instant now)
{
	const struct connection *conn;
	const struct child_conf *conf;
	struct heap_node *first;

	while ((first = heap_first(&r->waiting))) {
		struct entry *e = heap_entry(first, struct entry, waiting);

		if (!instant_reached(now, e->at))
			break;
		heap_remove(&r->waiting, &e->waiting);
		if (config_find_child(r->config, e->conn, e->child, &conn, &conf) == 0)
			entry_try(r, e, now, conn, conf);
		else
			entry_tidy(r, e);
	}
}

/* -------- life -------- */

struct revive *revive_new(const struct revive_ops *ops, void *data)
{
	struct revive *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->ops = ops;
	r->data = data;
	random_fill(&r->key, sizeof(r->key));
	hash_init(&r->by_name);
	heap_init(&r->waiting, waiting_before);
	return r;
}

struct revive *revive_free(struct revive *r)
{
	struct hash_walk walk;
	struct hash_node *n;

	if (!r)
		return NULL;
	walk = hash_walk_start(&r->by_name);
	while ((n = hash_walk_next(&walk)))
		entry_free(r, hash_entry(n, struct entry, by_name));
	hash_fini(&r->by_name);
	config_unref(r->config);
	free(r);
	return NULL;
}
