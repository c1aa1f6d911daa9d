/* SPDX-License-Identifier: MIT */
#include "ikev2/cfg/pools.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pdk/log/log.h"
#include "ikev2/policy/config.h"

LOG_SUBSYSTEM(cfg, "internal addresses: pools, and who got what");

struct pools {
	struct cfg_provider provider;
	struct lease_table table;
	struct list pools;   /* struct pool.link */
	struct list orphans; /* leases that no pool has any more; they are held */
};

/* -------- looking -------- */

static struct pool *find(const struct pools *pools, const char *name)
{
	struct pool *pool;

	list_for_each(pool, &pools->pools, link)
		if (strcmp(pool->conf->name, name) == 0)
			return pool;
	return NULL;
}

const struct pool *pools_find(const struct pools *pools, const char *name)
{
	return find(pools, name);
}

const struct pool *pools_next(const struct pools *pools, const struct pool *prev)
{
	const struct list *next = prev ? prev->link.next : pools->pools.next;

	return next == &pools->pools ? NULL : list_entry(next, struct pool, link);
}

const struct lease *pool_next_lease(const struct pool *pool, const struct lease *prev)
{
	const struct list *next = prev ? prev->link.next : pool->online.next;

	if (next == &pool->online)
		next = pool->offline.next;
	return next == &pool->offline ? NULL : list_entry(next, struct lease, link);
}

/* -------- lending -------- */

static bool has(struct cfg_provider *p, const char *name)
{
	return find(container_of(p, struct pools, provider), name);
}

static void lend(struct pools *pools, struct cfg_request *req, struct cfg_addr *a, struct pool *pool,
		 enum pool_way way)
{
	struct lease *lease;
	char addr[NETADDR_STRLEN], id[IDENTITY_STRLEN];

	if (!pool || pool->conf->first.family != a->wanted.family)
		return;
	lease = pool_take(pool, way, &req->identity, &a->wanted);
	if (!lease)
		return;
	a->addr = lease_addr(lease);
	a->prefix = pool->conf->prefix;
	a->provider = &pools->provider;
	log_info(cfg, "pool %s: %s is lent to [%s]%s", pool->conf->name, netaddr_str(&a->addr, addr),
		 identity_str(&req->identity, id, sizeof(id)),
		 way == POOL_EXISTING ? ", as before" : "");
}

static void lend_one(struct pools *pools, struct cfg_request *req, struct cfg_addr *a)
{
	const struct conf_strings *names = &req->conn->pools;

	for (unsigned way = 0; way < POOL_WAYS; way++)
		for (size_t i = 0; i < names->n && !netaddr_is_set(&a->addr); i++)
			lend(pools, req, a, find(pools, names->v[i]), (enum pool_way)way);
}

/* Does the answer hold one of this pool's addresses? Who asks for none is told all attributes. */
static bool is_used(const struct pools *pools, const struct cfg_request *req, const struct pool *pool)
{
	for (size_t i = 0; i < req->n_addrs; i++) {
		const struct cfg_addr *a = &req->addrs[i];

		if (a->provider == &pools->provider && netaddr_is_set(&a->addr) &&
		    lease_by_addr(&pools->table, &a->addr)->pool == pool)
			return true;
	}
	return req->n_addrs == 0;
}

static void acquire(struct cfg_provider *p, struct cfg_request *req)
{
	struct pools *pools = container_of(p, struct pools, provider);
	const struct conf_strings *names = &req->conn->pools;

	for (size_t i = 0; i < req->n_addrs; i++)
		if (!netaddr_is_set(&req->addrs[i].addr))
			lend_one(pools, req, &req->addrs[i]);
	for (size_t i = 0; i < names->n; i++) {
		const struct pool *pool = find(pools, names->v[i]);

		if (!pool)
			continue;
		req->families |= cfg_family_bit(pool->conf->first.family);
		if (is_used(pools, req, pool))
			writer_bytes(&req->attrs, pool->conf->attrs);
	}
	if (cfg_request_lacks_address(req))
		req->failure = "the pools have no address left, or none of that family";
	cfg_provider_done(req);
}

/* What a pool lends lasts until it is given back. */
static void renew(struct cfg_provider *p, struct cfg_request *req)
{
	cfg_provider_done(req);
}

static void release(struct cfg_provider *p, const struct cfg_request *req)
{
	struct pools *pools = container_of(p, struct pools, provider);

	for (size_t i = 0; i < req->n_addrs; i++) {
		const struct cfg_addr *a = &req->addrs[i];
		struct lease *lease;

		if (a->provider != p || !netaddr_is_set(&a->addr))
			continue;
		lease = lease_by_addr(&pools->table, &a->addr);
		if (lease && lease->holders && lease_is_of(lease, &req->identity))
			pool_give_back(&pools->table, lease);
	}
}

/* -------- life -------- */

static void provider_free(struct cfg_provider *p)
{
	struct pools *pools = container_of(p, struct pools, provider);
	struct pool *pool, *next;

	list_for_each_safe(pool, next, &pools->pools, link) {
		list_remove(&pool->link);
		pool_free(pool, &pools->orphans);
	}
	lease_table_fini(&pools->table);
	free(pools);
}

static const struct cfg_provider_ops ops = {
	.name = "pool",
	.has = has,
	.acquire = acquire,
	.renew = renew,
	.release = release,
	.free = provider_free,
};

struct pools *pools_new(void)
{
	struct pools *pools = calloc(1, sizeof(*pools));

	if (!pools)
		return NULL;
	pools->provider.ops = &ops;
	list_init(&pools->pools);
	list_init(&pools->orphans);
	lease_table_init(&pools->table);
	return pools;
}

struct cfg_provider *pools_provider(struct pools *pools)
{
	return &pools->provider;
}

/* A pool has come, gone or changed: what another has lost may be in this one's range. */
static void resettle(struct pools *pools)
{
	struct lease *lease, *next;
	struct pool *pool;

	list_for_each(pool, &pools->pools, link)
		pool_adopt(pool, &pools->orphans);
	/* Nobody holds them and no pool has them: nobody needs them. */
	list_for_each_safe(lease, next, &pools->orphans, link)
		if (!lease->holders)
			lease_free(&pools->table, lease);
}

int pools_set_config(struct pools *pools, const struct ike_config *config)
{
	struct list before = LIST_INIT(before);
	struct pool *pool, *next;
	bool changed = false;
	int err = 0;

	list_splice(&before, &pools->pools);
	/* Those that go make room for those that come. */
	list_for_each_safe(pool, next, &before, link) {
		if (config_pool(config, pool->conf->name))
			continue;
		list_remove(&pool->link);
		pool_free(pool, &pools->orphans);
		changed = true;
	}
	for (size_t i = 0; i < config->n_pools; i++) {
		const struct pool_conf *conf = config->pools[i];

		list_for_each(pool, &before, link)
			if (strcmp(pool->conf->name, conf->name) == 0)
				break;
		if (&pool->link == &before) {
			pool = pool_new(&pools->table, conf);
			if (!pool) {
				err = -ENOMEM;
				continue;
			}
			changed = true;
		} else {
			list_remove(&pool->link);
		}
		if (pool->conf != conf) {
			pool_set_conf(pool, conf, &pools->orphans);
			changed = true;
		}
		list_append(&pools->pools, &pool->link);
	}
	if (changed)
		resettle(pools);
	return err;
}
