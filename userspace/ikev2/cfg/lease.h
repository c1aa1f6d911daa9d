/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Addresses that are lent, or were and are kept for who had them, in one table for all pools: an
 * address is never lent twice, however pools overlap or move. One thread.
 */
#include <stdbool.h>
#include "bpf/shared/siphash.h"
#include "pdk/base/hash.h"
#include "pdk/base/list.h"
#include "pdk/net/netaddr.h"
#include "ikev2/policy/identity.h"

struct pool;

struct lease {
	struct hash_node by_addr, by_owner;
	struct list link;  /* pool.online, pool.offline (least recently released first), or orphans */
	struct pool *pool; /* NULL: no pool has this address any more; goes with its last holder */
	uint32_t holders;  /* IKE SAs that have it; 0: offline */
	uint16_t id_len;
	uint8_t id_type;
	uint8_t family;
	uint8_t addr[16]; /* as in struct netaddr */
	uint8_t id[];
};

struct lease_table {
	struct hash by_addr, by_owner;
	struct siphash_key key; /* identities are what peers say */
};

void lease_table_init(struct lease_table *t);
/* Frees all leases. */
void lease_table_fini(struct lease_table *t);

/* A lease of an address that nobody has, in no list, without pool and holders. NULL without memory. */
struct lease *lease_new(struct lease_table *t, const struct netaddr *addr,
			const struct identity *owner);
/* Out of table and list. */
void lease_free(struct lease_table *t, struct lease *lease);

/* NULL: nobody's */
struct lease *lease_by_addr(const struct lease_table *t, const struct netaddr *addr);
/* The next lease of owner behind prev (NULL: the first); NULL at the end. */
struct lease *lease_by_owner(const struct lease_table *t, const struct identity *owner,
			     const struct lease *prev);

struct netaddr lease_addr(const struct lease *lease);
void lease_owner(const struct lease *lease, struct identity *ret_owner);
bool lease_is_of(const struct lease *lease, const struct identity *owner);
