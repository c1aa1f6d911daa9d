/* SPDX-License-Identifier: MIT */
#include "ikev2/cfg/lease.h"

#include <stdlib.h>
#include <string.h>

#include "pdk/base/random.h"

void lease_table_init(struct lease_table *t)
{
	hash_init(&t->by_addr);
	hash_init(&t->by_owner);
	random_fill(&t->key, sizeof(t->key));
}

void lease_table_fini(struct lease_table *t)
{
	struct hash_walk walk = hash_walk_start(&t->by_addr);
	struct hash_node *n;

	while ((n = hash_walk_next(&walk)))
		free(hash_entry(n, struct lease, by_addr));
	hash_fini(&t->by_addr);
	hash_fini(&t->by_owner);
}

static uint64_t hash_addr(const struct lease_table *t, const struct netaddr *addr)
{
	return siphash(&t->key, addr->addr, sizeof(addr->addr));
}

static uint64_t hash_owner(const struct lease_table *t, const struct identity *id)
{
	uint8_t buf[IDENTITY_CANONICAL_MAX];
	struct bytes owner = identity_canonical(id, buf);

	return siphash(&t->key, owner.data, owner.len);
}

struct lease *lease_new(struct lease_table *t, const struct netaddr *addr,
			const struct identity *owner)
{
	struct lease *lease = calloc(1, sizeof(*lease) + owner->len);

	if (!lease)
		return NULL;
	list_init(&lease->link);
	lease->family = (uint8_t)addr->family;
	memcpy(lease->addr, addr->addr, sizeof(lease->addr));
	lease->id_type = owner->type;
	lease->id_len = owner->len;
	memcpy(lease->id, owner->data, owner->len);
	hash_insert(&t->by_addr, hash_addr(t, addr), &lease->by_addr);
	hash_insert(&t->by_owner, hash_owner(t, owner), &lease->by_owner);
	return lease;
}

void lease_free(struct lease_table *t, struct lease *lease)
{
	hash_remove(&t->by_addr, &lease->by_addr);
	hash_remove(&t->by_owner, &lease->by_owner);
	list_remove(&lease->link);
	free(lease);
}

struct lease *lease_by_addr(const struct lease_table *t, const struct netaddr *addr)
{
	for (struct hash_node *n = hash_first(&t->by_addr, hash_addr(t, addr)); n; n = hash_next(n)) {
		struct lease *lease = hash_entry(n, struct lease, by_addr);

		if (lease->family == addr->family &&
		    memcmp(lease->addr, addr->addr, sizeof(lease->addr)) == 0)
			return lease;
	}
	return NULL;
}

struct lease *lease_by_owner(const struct lease_table *t, const struct identity *owner,
			     const struct lease *prev)
{
	struct hash_node *n = prev ? hash_next(&prev->by_owner)
				   : hash_first(&t->by_owner, hash_owner(t, owner));

	for (; n; n = hash_next(n))
		if (lease_is_of(hash_entry(n, struct lease, by_owner), owner))
			return hash_entry(n, struct lease, by_owner);
	return NULL;
}

struct netaddr lease_addr(const struct lease *lease)
{
	return netaddr_from_bytes(BYTES(lease->addr, netaddr_family_len(lease->family)), 0);
}

void lease_owner(const struct lease *lease, struct identity *ret_owner)
{
	ret_owner->type = lease->id_type;
	ret_owner->len = lease->id_len;
	memcpy(ret_owner->data, lease->id, lease->id_len);
}

bool lease_is_of(const struct lease *lease, const struct identity *owner)
{
	struct identity id;

	lease_owner(lease, &id);
	return identity_equal(&id, owner);
}
