/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A pool of internal addresses as configuration has it (RFC 7296 2.19, 3.15): the range, who always
 * gets the same address, and the attributes that go along. Immutable once made, counted atomically.
 * Which addresses are lent at the moment is cfg/pool.h's.
 */
#include <stdbool.h>
#include <stddef.h>
#include "pdk/base/bytes.h"
#include "pdk/conf/options.h"
#include "pdk/net/netaddr.h"
#include "ikev2/policy/identity.h"

#define POOL_STATICS_MAX 65536
/* Octets of all attributes of a pool: they go into each IKE_AUTH response. */
#define POOL_ATTRS_MAX 4096

/* An address that is kept for one identity. */
struct pool_static {
	struct netaddr addr;
	struct bytes owner; /* its identity_canonical(); owned */
};

struct pool_conf {
	unsigned refs;
	char *name; /* unique in a configuration */
	/* Addresses to lend, both ends included, of one family. */
	struct netaddr first, last;
	uint8_t prefix; /* of the network; the full length for a range */
	struct bytes attrs; /* configuration attributes as ike_cfg_next() reads them; owned */
	size_t n_statics;
	struct pool_static *statics; /* by address */
	const struct pool_static **by_owner; /* the same by owner */
	struct conf_node *source;    /* the section that made it, to tell whether it has changed */
	bool from_control;	     /* loaded through the control protocol, not from the file */
};

/* Make a pool from its section. 0; -EINVAL with reasons in report; -ENOMEM. */
int pool_conf_new(const struct conf_node *section, struct conf_report *report,
		  struct pool_conf **ret_pool);
/* Any thread. */
struct pool_conf *pool_conf_ref(const struct pool_conf *pool);
/* Drops a reference; takes NULL; returns NULL. Any thread. */
struct pool_conf *pool_conf_unref(const struct pool_conf *pool);

/* Is it kept for somebody? NULL when it isn't. */
const struct pool_static *pool_conf_static(const struct pool_conf *pool, const struct netaddr *addr);
/* Those that are kept for id: pool->by_owner[*ret_first] and the ret_n - 1 behind it. */
void pool_conf_statics_of(const struct pool_conf *pool, const struct identity *id,
			  size_t *ret_first, size_t *ret_n);

/* Table of everything between "pools.<name> {" and "}"; for documentation. */
extern const struct conf_option pool_options[];
