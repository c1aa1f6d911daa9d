/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The private pools of a configuration, as a provider (cfg.h). Owner's thread only.
 */
#include "ikev2/cfg/cfg.h"
#include "ikev2/cfg/pool.h"

struct ike_config;
struct pools;

/* Without any pool. NULL without memory. */
struct pools *pools_new(void);
/* For cfg_add_provider_take(). */
struct cfg_provider *pools_provider(struct pools *pools);

/*
 * The pools of config are the ones to lend from. Those of a name that was there before keep their
 * leases. A pool for which there is no memory stays as it was, and -ENOMEM is returned.
 */
int pools_set_config(struct pools *pools, const struct ike_config *config);

/* In the order of the configuration; NULL starts, and ends. */
const struct pool *pools_next(const struct pools *pools, const struct pool *prev);
const struct pool *pools_find(const struct pools *pools, const char *name);
/* The lease behind prev (NULL: the first): those that are held, then the others; NULL at the end. */
const struct lease *pool_next_lease(const struct pool *pool, const struct lease *prev);
