/* SPDX-License-Identifier: MIT */
/* What the private pools have lent, for get-pools. They live on this thread. */
#include "ikev2/cfg/pools.h"
#include "ikev2/daemon/control_private.h"
#include "ikev2/daemon/posternd.h"

bool control_pool(void *ctx, const char *name, struct vici_pool *ret_pool)
{
	const struct posternd *d = ctx;
	const struct pool *pool = pools_find(d->pools, name);

	if (!pool)
		return false;
	*ret_pool = (struct vici_pool){
		.base = pool->conf->first,
		.size = pool->size,
		.online = pool->n_online,
		.offline = pool->n_offline,
	};
	return true;
}

void control_leases(void *ctx, const char *name, uint64_t skip, vici_lease_fn fn, void *data)
{
	const struct posternd *d = ctx;
	const struct pool *pool = pools_find(d->pools, name);
	const struct lease *lease = NULL;
	char text[IDENTITY_STRLEN];
	struct identity id;

	while (pool && (lease = pool_next_lease(pool, lease))) {
		struct vici_lease one = { lease_addr(lease), text, lease->holders > 0 };

		if (skip > 0) {
			skip--;
			continue;
		}
		lease_owner(lease, &id);
		identity_str(&id, text, sizeof(text));
		if (!fn(&one, data))
			return;
	}
}
