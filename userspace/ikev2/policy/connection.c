/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ikev2/policy/connection_private.h"

const char *unique_policy_name(enum unique_policy policy)
{
	switch (policy) {
	case UNIQUE_NO:
		return "no";
	case UNIQUE_NEVER:
		return "never";
	case UNIQUE_REPLACE:
		return "replace";
	case UNIQUE_KEEP:
		return "keep";
	}
	return "?";
}

const char *childless_policy_name(enum childless_policy policy)
{
	switch (policy) {
	case CHILDLESS_ALLOW:
		return "allow";
	case CHILDLESS_PREFER:
		return "prefer";
	case CHILDLESS_FORCE:
		return "force";
	case CHILDLESS_NEVER:
		return "never";
	}
	return "?";
}

const char *child_action_name(enum child_action action)
{
	switch (action) {
	case CHILD_ACTION_NONE:
		return "none";
	case CHILD_ACTION_TRAP:
		return "trap";
	case CHILD_ACTION_START:
		return "start";
	}
	return "?";
}

const char *child_mode_name(enum child_mode mode)
{
	switch (mode) {
	case CHILD_MODE_TUNNEL:
		return "TUNNEL";
	case CHILD_MODE_TRANSPORT:
		return "TRANSPORT";
	case CHILD_MODE_PASS:
		return "PASS";
	case CHILD_MODE_DROP:
		return "DROP";
	}
	return "?";
}

static void connection_free(struct connection *conn)
{
	for (size_t i = 0; i < conn->n_children; i++)
		child_conf_fini(&conn->children[i]);
	for (size_t i = 0; i < conn->pools.n; i++)
		free(conn->pools.v[i]);
	free(conn->pools.v);
	auth_conf_fini(&conn->local);
	auth_conf_fini(&conn->remote);
	conf_free(conn->source);
	free(conn->children);
	free(conn->name);
	free(conn);
}

static int fill(struct connection *conn, const struct conf_node *section,
		struct conf_report *report)
{
	int err;

	conn->name = strdup(section->name);
	if (!conn->name)
		return -ENOMEM;
	err = conf_copy(section, &conn->source);
	if (err)
		return err;
	/* What the option of this name is fixed to. */
	conn->local_port = 500;
	conn->rekey_time = conn->reauth_time = conn->over_time = conn->rand_time = TIME_UNSET;
	err = conf_options_apply(connection_options, section, conn, report);
	if (!err)
		err = connection_settle_times(conn, section, report);
	if (!err)
		err = connection_settle_children(conn, section, report);
	return err == -ENOMEM || connection_check_auth(section, report) == 0 ? err : -EINVAL;
}

int connection_new(const struct conf_node *section, struct conf_report *report,
		   struct connection **ret_conn)
{
	struct connection *conn = calloc(1, sizeof(*conn));
	int err;

	if (!conn)
		return -ENOMEM;
	conn->refs = 1;
	err = fill(conn, section, report);
	if (err) {
		connection_free(conn);
		return err;
	}
	*ret_conn = conn;
	return 0;
}

struct connection *connection_ref(const struct connection *conn)
{
	/* Nothing but the count of a connection ever changes. */
	struct connection *c = (struct connection *)conn;

	if (c)
		__atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
	return c;
}

struct connection *connection_unref(const struct connection *conn)
{
	struct connection *c = (struct connection *)conn;

	if (c && __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) == 0)
		connection_free(c);
	return NULL;
}

const struct child_conf *connection_child(const struct connection *conn, const char *name)
{
	for (size_t i = 0; i < conn->n_children; i++)
		if (strcmp(conn->children[i].name, name) == 0)
			return &conn->children[i];
	return NULL;
}

const struct child_conf *connection_child_by_reqid(const struct connection *conn, uint32_t reqid)
{
	for (size_t i = 0; i < conn->n_children; i++)
		if (conn->children[i].reqid == reqid)
			return &conn->children[i];
	return NULL;
}

bool connection_remote(const struct connection *conn, int family, struct netaddr *ret_addr)
{
	struct netaddr addr;

	if (!addr_ranges_single(&conn->remote_addrs, family, &addr))
		return false;
	*ret_addr = addr;
	return true;
}

bool connection_many_peers(const struct connection *conn)
{
	struct netaddr addr;

	return conn->pools.n > 0 || conn->remote_addrs.n != 1 ||
	       !addr_ranges_single(&conn->remote_addrs, AF_UNSPEC, &addr);
}
