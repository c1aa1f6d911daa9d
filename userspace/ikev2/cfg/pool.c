/* SPDX-License-Identifier: MIT */
/*
 * Offsets into the range grow from 0; below `next` every address has a lease, of this pool or
 * another one's, or is kept for somebody; behind it one may be in use all the same, and is passed
 * over when next gets there. Unless it is static an address loses its last lease only by a change
 * of the configuration, and then next begins anew.
 */
#include "ikev2/cfg/pool.h"

#include <stdlib.h>

/* -------- offsets -------- */

/* addr - first, UINT64_MAX when that doesn't fit; addr is not below first. */
static uint64_t distance(const struct netaddr *first, const struct netaddr *addr)
{
	size_t len = netaddr_len(first);
	uint64_t diff = 0, high = 0;
	int borrow = 0;

	/* From the lowest octet up, as on paper. */
	for (size_t i = 0; i < len; i++) {
		int d = addr->addr[len - 1 - i] - first->addr[len - 1 - i] - borrow;

		borrow = d < 0;
		if (i < 8)
			diff |= (uint64_t)(uint8_t)d << (8 * i);
		else
			high |= (uint8_t)d;
	}
	return high ? UINT64_MAX : diff;
}

static struct netaddr at_offset(const struct netaddr *first, uint64_t offset)
{
	struct netaddr addr = *first;
	unsigned carry = 0;

	for (size_t i = netaddr_len(first); i-- > 0; offset >>= 8) {
		carry += addr.addr[i] + (unsigned)(offset & 0xff);
		addr.addr[i] = (uint8_t)carry;
		carry >>= 8;
	}
	return addr;
}

static bool in_range(const struct pool_conf *conf, const struct netaddr *addr)
{
	return addr->family == conf->first.family && netaddr_compare(&conf->first, addr) <= 0 &&
	       netaddr_compare(addr, &conf->last) <= 0;
}

/* May this address be lent to that identity by this pool? */
static bool allowed(const struct pool_conf *conf, const struct netaddr *addr,
		    const struct identity *owner)
{
	const struct pool_static *s = pool_conf_static(conf, addr);
	uint8_t buf[IDENTITY_CANONICAL_MAX];

	return s ? bytes_equal(s->owner, identity_canonical(owner, buf)) : in_range(conf, addr);
}

/* -------- life -------- */

static void set_conf(struct pool *pool, const struct pool_conf *conf)
{
	uint64_t span = distance(&conf->first, &conf->last);

	pool->conf = pool_conf_ref(conf);
	pool->size = span == UINT64_MAX ? span : span + 1;
}

struct pool *pool_new(struct lease_table *table, const struct pool_conf *conf)
{
	struct pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pool->table = table;
	pool->offline_max = POOL_OFFLINE_MAX;
	list_init(&pool->online);
	list_init(&pool->offline);
	set_conf(pool, conf);
	return pool;
}

static void orphan(struct pool *pool, struct list *leases, struct list *orphans)
{
	struct lease *lease;

	list_for_each(lease, leases, link)
		lease->pool = NULL;
	list_splice(orphans, leases);
}

void pool_adopt(struct pool *pool, struct list *orphans)
{
	struct lease *lease, *next;
	struct identity owner;

	pool->next = 0;
	list_for_each_safe(lease, next, orphans, link) {
		struct netaddr addr = lease_addr(lease);

		lease_owner(lease, &owner);
		if (!allowed(pool->conf, &addr, &owner))
			continue;
		list_remove(&lease->link);
		lease->pool = pool;
		list_append(lease->holders ? &pool->online : &pool->offline, &lease->link);
		if (lease->holders)
			pool->n_online++;
		else
			pool->n_offline++;
	}
}

static void orphan_all(struct pool *pool, struct list *orphans)
{
	orphan(pool, &pool->online, orphans);
	orphan(pool, &pool->offline, orphans);
	pool->n_online = pool->n_offline = 0;
}

struct pool *pool_free(struct pool *pool, struct list *orphans)
{
	if (!pool)
		return NULL;
	orphan_all(pool, orphans);
	pool_conf_unref(pool->conf);
	free(pool);
	return NULL;
}

void pool_set_conf(struct pool *pool, const struct pool_conf *conf, struct list *orphans)
{
	const struct pool_conf *old = pool->conf;

	orphan_all(pool, orphans);
	set_conf(pool, conf);
	pool_conf_unref(old);
	pool_adopt(pool, orphans);
}

/* -------- taking -------- */

static struct lease *hold(struct pool *pool, struct lease *lease)
{
	if (lease->holders++ > 0)
		return lease;
	list_remove(&lease->link);
	list_append(&pool->online, &lease->link);
	pool->n_online++;
	return lease;
}

static struct lease *hold_offline(struct pool *pool, struct lease *lease)
{
	pool->n_offline--;
	return hold(pool, lease);
}

static struct lease *hold_new(struct pool *pool, const struct netaddr *addr,
			      const struct identity *owner)
{
	struct lease *lease = lease_new(pool->table, addr, owner);

	if (!lease)
		return NULL;
	lease->pool = pool;
	return hold(pool, lease);
}

/* The same identity asks for an address that one of its IKE SAs has: it is being made anew. */
static struct lease *hold_again(struct pool *pool, struct lease *lease)
{
	return lease->holders ? hold(pool, lease) : hold_offline(pool, lease);
}

static struct lease *take_static(struct pool *pool, const struct identity *owner)
{
	const struct pool_conf *conf = pool->conf;
	struct lease *shared = NULL;
	size_t first, n;

	pool_conf_statics_of(conf, owner, &first, &n);
	for (size_t i = first; i < first + n; i++) {
		const struct pool_static *s = conf->by_owner[i];
		struct lease *lease;

		lease = lease_by_addr(pool->table, &s->addr);
		if (!lease)
			return hold_new(pool, &s->addr, owner);
		/* Lent to somebody else before it was reserved: it comes when that one leaves. */
		if (lease->pool != pool || !lease_is_of(lease, owner))
			continue;
		if (!lease->holders)
			return hold_offline(pool, lease);
		shared = lease;
	}
	/* It is this identity's and nobody else's, even while another IKE SA of it lives. */
	return shared ? hold(pool, shared) : NULL;
}

static struct lease *take_existing(struct pool *pool, const struct identity *owner,
				   const struct netaddr *wanted)
{
	struct lease *lease = take_static(pool, owner), *kept = NULL;

	if (lease)
		return lease;
	for (lease = lease_by_owner(pool->table, owner, NULL); lease;
	     lease = lease_by_owner(pool->table, owner, lease)) {
		struct netaddr addr = lease_addr(lease);

		if (lease->pool != pool || !allowed(pool->conf, &addr, owner))
			continue;
		if (netaddr_same_addr(&addr, wanted))
			return hold_again(pool, lease);
		if (!lease->holders && !kept)
			kept = lease;
	}
	return kept ? hold_offline(pool, kept) : NULL;
}

static struct lease *take_fresh(struct pool *pool, const struct identity *owner,
				const struct netaddr *wanted)
{
	if (pool->n_offline >= pool->offline_max)
		return NULL;
	if (!netaddr_is_any(wanted) && in_range(pool->conf, wanted) &&
	    !pool_conf_static(pool->conf, wanted) && !lease_by_addr(pool->table, wanted))
		return hold_new(pool, wanted, owner);
	while (pool->next < pool->size) {
		struct netaddr addr = at_offset(&pool->conf->first, pool->next);
		struct lease *lease;

		if (pool_conf_static(pool->conf, &addr) || lease_by_addr(pool->table, &addr)) {
			pool->next++;
			continue;
		}
		lease = hold_new(pool, &addr, owner);
		if (lease)
			pool->next++;
		return lease;
	}
	return NULL;
}

static struct lease *take_reused(struct pool *pool, const struct identity *owner)
{
	struct lease *old, *next;

	list_for_each_safe(old, next, &pool->offline, link) {
		struct netaddr addr = lease_addr(old);
		struct lease *lease;

		/* A static lease is waiting for its owner; these are few. */
		if (pool_conf_static(pool->conf, &addr))
			continue;
		lease = lease_new(pool->table, &addr, owner);
		if (!lease)
			return NULL;
		pool->n_offline--;
		lease_free(pool->table, old);
		lease->pool = pool;
		return hold(pool, lease);
	}
	return NULL;
}

struct lease *pool_take(struct pool *pool, enum pool_way way, const struct identity *owner,
			const struct netaddr *wanted)
{
	switch (way) {
	case POOL_EXISTING:
		return take_existing(pool, owner, wanted);
	case POOL_FRESH:
		return take_fresh(pool, owner, wanted);
	case POOL_REUSE:
		return take_reused(pool, owner);
	}
	return NULL;
}

void pool_give_back(struct lease_table *table, struct lease *lease)
{
	struct pool *pool = lease->pool;

	if (--lease->holders > 0)
		return;
	if (!pool) {
		lease_free(table, lease);
		return;
	}
	list_remove(&lease->link);
	list_append(&pool->offline, &lease->link);
	pool->n_online--;
	pool->n_offline++;
}
