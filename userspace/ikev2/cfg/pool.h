/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A private pool: which address of its range a client gets. What is remembered is what was lent:
 * the size of the range costs nothing. One thread.
 */
#include "pdk/base/list.h"
#include "ikev2/cfg/lease.h"
#include "ikev2/policy/pool_conf.h"

/*
 * So many released leases are remembered for those who had them, then the least recently released
 * one is lent again although the pool has fresh addresses: identities that never come back must not
 * fill our memory.
 */
#define POOL_OFFLINE_MAX 1048576

struct pool {
	struct list link; /* pools.pools */
	const struct pool_conf *conf; /* reference */
	struct lease_table *table;
	uint64_t size; /* addresses in the range; UINT64_MAX for more than can be counted */
	uint64_t next; /* none below this offset is fresh */
	uint64_t n_online, n_offline, offline_max;
	struct list online, offline;
};

/* NULL without memory. */
struct pool *pool_new(struct lease_table *table, const struct pool_conf *conf);
/* Its leases are left in orphans, without a pool. NULL is fine. */
struct pool *pool_free(struct pool *pool, struct list *orphans);

/*
 * The configuration of this name has changed: leases that the new one has room for stay, the others
 * are left in orphans.
 */
void pool_set_conf(struct pool *pool, const struct pool_conf *conf, struct list *orphans);
/* The configuration has changed, perhaps of other pools: orphans that lie in the range come home.
 */
void pool_adopt(struct pool *pool, struct list *orphans);

/* How an address is found; each way is tried in all pools before the next. */
enum pool_way {
	POOL_EXISTING, /* kept for this identity: static, or had before, or asked for and its own */
	POOL_FRESH,    /* the one that it asks for, or the next that nobody has had */
	POOL_REUSE,    /* the one that was released longest ago, whoever had it */
};
#define POOL_WAYS (POOL_REUSE + 1)

/* An address for the identity, held once more; NULL: none that way. wanted may be 0.0.0.0 or ::. */
struct lease *pool_take(struct pool *pool, enum pool_way way, const struct identity *owner,
			const struct netaddr *wanted);
/* One holder less; with the last it is offline, kept for its owner. Any pool's, or an orphan. */
void pool_give_back(struct lease_table *table, struct lease *lease);
