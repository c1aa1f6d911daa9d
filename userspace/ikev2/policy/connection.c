/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/connection.h"

#include <stdlib.h>

struct connection *connection_ref(struct connection *conn)
{
	__atomic_add_fetch(&conn->refs, 1, __ATOMIC_RELAXED);
	return conn;
}

struct connection *connection_unref(struct connection *conn)
{
	if (!conn || __atomic_sub_fetch(&conn->refs, 1, __ATOMIC_ACQ_REL))
		return NULL;
	for (size_t i = 0; i < conn->n_children; i++)
		free(conn->children[i].name);
	free(conn->children);
	free(conn->name);
	free(conn);
	return NULL;
}

const struct child_conf *connection_child(const struct connection *conn, const char *name)
{
	for (size_t i = 0; i < conn->n_children; i++)
		if (strcmp(conn->children[i].name, name) == 0)
			return &conn->children[i];
	return NULL;
}

/* 0: no; 1: anywhere; else more for a longer prefix. */
static unsigned match_side(const struct addr_pattern *patterns, size_t n,
			   const struct netaddr *addr)
{
	unsigned best = n ? 0 : 1;

	for (size_t i = 0; i < n; i++) {
		unsigned score = 0;

		if (!netaddr_is_set(&patterns[i].net))
			score = 1;
		else if (netaddr_prefix_match(addr, &patterns[i].net, patterns[i].prefix))
			score = 2 + patterns[i].prefix;
		if (score > best)
			best = score;
	}
	return best;
}

unsigned connection_match_addrs(const struct connection *conn, const struct netaddr *local,
				const struct netaddr *remote)
{
	unsigned l = match_side(conn->local_addrs, conn->n_local_addrs, local);
	unsigned r = match_side(conn->remote_addrs, conn->n_remote_addrs, remote);

	/* Whom we talk to says more than where we are. */
	return l && r ? r * 256 + l : 0;
}

static bool is_single(const struct addr_pattern *p)
{
	return netaddr_is_set(&p->net) && p->prefix == 8 * netaddr_len(&p->net);
}

struct netaddr connection_remote_addr(const struct connection *conn)
{
	for (size_t i = 0; i < conn->n_remote_addrs; i++)
		if (is_single(&conn->remote_addrs[i]))
			return netaddr_with_port(conn->remote_addrs[i].net, conn->remote_port);
	return NETADDR_NONE;
}

struct netaddr connection_local_addr(const struct connection *conn, int family)
{
	for (size_t i = 0; i < conn->n_local_addrs; i++)
		if (is_single(&conn->local_addrs[i]) &&
		    conn->local_addrs[i].net.family == family)
			return conn->local_addrs[i].net;
	return netaddr_any(family, 0);
}

const struct child_conf *connection_match_child(const struct connection *conn,
						const struct netaddr *local,
						const struct netaddr *remote,
						const struct ts_list *offer_local,
						const struct ts_list *offer_remote,
						struct ts_list *ret_local,
						struct ts_list *ret_remote)
{
	for (size_t i = 0; i < conn->n_children; i++) {
		const struct child_conf *child = &conn->children[i];
		struct ts_list policy, narrowed;

		ts_conf_resolve(&child->local_ts, local, &policy);
		if (!ts_narrow(&policy, offer_local, &narrowed))
			continue;
		ts_conf_resolve(&child->remote_ts, remote, &policy);
		if (!ts_narrow(&policy, offer_remote, ret_remote))
			continue;
		*ret_local = narrowed;
		return child;
	}
	return NULL;
}
