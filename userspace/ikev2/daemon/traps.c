/* SPDX-License-Identifier: MIT */
#include "ikev2/daemon/traps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pdk/log/log.h"
#include "ikev2/daemon/keepup.h"
#include "ikev2/daemon/posternd.h"
#include "ikev2/daemon/shard.h"
#include "ikev2/fsm/input.h"
#include "ikev2/sa/child_ipsec.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/vici/backend.h"

LOG_USE(daemon);

struct trap {
	struct list link;
	const struct connection *conn; /* reference */
	const struct child_conf *child; /* of conn */
	/* Of its policies: traps count downwards from the top, Child SAs upwards from 1. */
	uint64_t owner;
	struct ipsec_policy policy;
	bool installed;    /* the kernel has said so */
	struct list waits; /* of clients, until it does */
};

struct wait {
	struct list link;
	struct vici_request *req;
};

/*
 * The address that the kernel would send from: connect() of a UDP socket sends nothing. Like IKE it
 * goes past the policies, of which one that drops would forbid it.
 */
static bool source_address(struct ipsec *ipsec, const struct netaddr *remote,
			   struct netaddr *ret_local)
{
	struct sockaddr_storage ss;
	socklen_t len = netaddr_to_sockaddr(remote, &ss);
	int fd = socket(remote->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool found = false;

	if (fd < 0)
		return false;
	if (ipsec->ops->prepare_socket(ipsec, fd, remote->family, false) == 0 &&
	    connect(fd, (const struct sockaddr *)&ss, len) == 0) {
		len = sizeof(ss);
		found = getsockname(fd, (struct sockaddr *)&ss, &len) == 0 &&
			netaddr_from_sockaddr((const struct sockaddr *)&ss, len, ret_local) == 0;
	}
	close(fd);
	return found;
}

bool connection_endpoints(const struct posternd *d, const struct connection *conn,
			  struct netaddr *ret_local, struct netaddr *ret_remote,
			  const char **ret_why)
{
	struct netaddr local, remote;

	if (!connection_remote(conn, AF_UNSPEC, &remote)) {
		*ret_why = "remote_addrs names no single address to call";
		return false;
	}
	remote.port = conn->remote_port;
	if (!addr_ranges_single(&conn->local_addrs, remote.family, &local) &&
	    !source_address(d->ipsec, &remote, &local)) {
		*ret_why = "there is no route to the peer";
		return false;
	}
	*ret_local = netaddr_with_port(local, d->ports[0]);
	*ret_remote = remote;
	return true;
}

static struct trap *trap_find(const struct posternd *d, const char *conn, const char *child)
{
	struct trap *trap;

	list_for_each(trap, &d->traps, link)
		if (strcmp(trap->child->name, child) == 0 &&
		    (!conn || strcmp(trap->conn->name, conn) == 0))
			return trap;
	return NULL;
}

/* NULL, or why it isn't installed. */
static void answer(struct vici_request *req, const char *why)
{
	if (why)
		vici_request_fail(req, "%s", why);
	else
		vici_request_ok(req);
}

/* Whoever waits for it. */
static void trap_answer(struct trap *trap, const char *why)
{
	struct wait *wait, *next;

	list_for_each_safe(wait, next, &trap->waits, link) {
		list_remove(&wait->link);
		answer(wait->req, why);
		free(wait);
	}
}

static void trap_await(struct trap *trap, struct vici_request *req)
{
	struct wait *wait = calloc(1, sizeof(*wait));

	if (!wait) {
		vici_request_fail(req, "out of memory");
		return;
	}
	wait->req = req;
	list_append(&trap->waits, &wait->link);
}

static void trap_forget(struct trap *trap, const char *why)
{
	list_remove(&trap->link);
	trap_answer(trap, why);
	connection_unref(trap->conn);
	free(trap);
}

static const char *trap_kind(const struct child_conf *child)
{
	switch (child->mode) {
	case CHILD_MODE_TUNNEL:
	case CHILD_MODE_TRANSPORT:
		return "trap";
	case CHILD_MODE_PASS:
		return "pass policy";
	case CHILD_MODE_DROP:
		return "drop policy";
	}
	return "?";
}

static void log_refused(const struct connection *conn, const struct child_conf *child,
			const char *why)
{
	log_error(daemon, "no %s for %s.%s: %s", trap_kind(child), conn->name, child->name, why);
}

/* The kernel has answered; one that it refuses may be tried again. */
static void trap_done(struct trap *trap, const struct ipsec_request *req)
{
	char why[sizeof(req->error_text) + 80];

	if (req->err < 0) {
		snprintf(why, sizeof(why), "the kernel refuses it: %s%s%s", strerror(-req->err),
			 req->error_text[0] ? ": " : "", req->error_text);
		log_refused(trap->conn, trap->child, why);
		trap_forget(trap, why);
		return;
	}
	trap->policy.ifindex = req->ops[0].spd.policy.ifindex;
	trap->installed = true;
	log_info(daemon, "%s of %s.%s installed", trap_kind(trap->child), trap->conn->name,
		 trap->child->name);
	trap_answer(trap, NULL);
}

static void policy_done(struct ipsec_request *req, void *data)
{
	struct posternd *d = data;
	struct trap *trap;

	list_for_each(trap, &d->traps, link)
		if (req->ops[0].type == IPSEC_POLICY_ADD && trap->owner == req->ops[0].spd.owner) {
			trap_done(trap, req);
			break;
		}
	ipsec_request_free(req);
}

static int trap_submit(struct posternd *d, const struct trap *trap, enum ipsec_op_type type)
{
	struct ipsec_request *req = ipsec_request_new(1);

	if (!req)
		return -ENOMEM;
	req->ops[0].type = type;
	req->ops[0].spd.owner = trap->owner;
	req->ops[0].spd.policy = trap->policy;
	req->reply_to = d->mailbox;
	req->done = policy_done;
	req->data = d;
	ipsec_submit(d->ipsec, req);
	return 0;
}

static void trap_fill_policy(const struct child_conf *child, const struct netaddr *local,
			     const struct netaddr *remote, struct ipsec_policy *policy)
{
	child_conf_fill_policy(child, policy);
	ts_conf_resolve(&child->local_ts, local, &policy->local);
	ts_conf_resolve(&child->remote_ts, remote, &policy->remote);
	if (!child_mode_negotiates(child->mode))
		return;
	policy->local_addr = *local;
	policy->remote_addr = *remote;
	policy->reqid = child_conf_reqid(child);
}

/* NULL with the reason. */
static struct trap *trap_new(struct posternd *d, const struct connection *conn,
			     const struct child_conf *child, const char **ret_why)
{
	struct netaddr local = NETADDR_NONE, remote = NETADDR_NONE;
	struct trap *trap;

	if (!child_numbers_fixed(child)) {
		*ret_why = "its marks or interface numbers are %unique, which a trap can't have";
		return NULL;
	}
	/* What passes or drops knows no peer; its selectors are fixed. */
	if (child_mode_negotiates(child->mode) &&
	    !connection_endpoints(d, conn, &local, &remote, ret_why))
		return NULL;
	*ret_why = "out of memory";
	trap = calloc(1, sizeof(*trap));
	if (!trap)
		return NULL;
	trap->conn = connection_ref(conn);
	trap->child = child;
	trap->owner = UINT64_MAX - d->n_traps_made++;
	list_init(&trap->waits);
	trap_fill_policy(child, &local, &remote, &trap->policy);
	list_append(&d->traps, &trap->link);
	if (trap_submit(d, trap, IPSEC_POLICY_ADD) < 0) {
		trap_forget(trap, *ret_why);
		return NULL;
	}
	return trap;
}

void trap_install(struct posternd *d, const struct connection *conn, const struct child_conf *child,
		  struct vici_request *req)
{
	struct trap *trap = trap_find(d, conn->name, child->name);
	const char *why = NULL;

	if (!trap) {
		trap = trap_new(d, conn, child, &why);
		if (!trap)
			log_refused(conn, child, why);
	}
	if (!req)
		return;
	if (trap && !trap->installed)
		trap_await(trap, req);
	else
		answer(req, why);
}

static void trap_remove(struct posternd *d, struct trap *trap)
{
	log_info(daemon, "%s of %s.%s removed", trap_kind(trap->child), trap->conn->name,
		 trap->child->name);
	trap_submit(d, trap, IPSEC_POLICY_DELETE);
	trap_forget(trap, "it was taken away again");
}

bool trap_uninstall(struct posternd *d, const char *conn, const char *child)
{
	struct trap *trap = trap_find(d, conn, child);

	if (trap)
		trap_remove(d, trap);
	return trap != NULL;
}

bool trap_installed(const struct posternd *d, const char *conn, const char *child)
{
	return trap_find(d, conn, child) != NULL;
}

void traps_follow_config(struct posternd *d)
{
	struct list old = LIST_INIT(old);
	struct trap *trap, *next;

	list_for_each_safe(trap, next, &d->traps, link) {
		/* One that was installed by hand stays as long as its connection does. */
		if (config_has(d->config, trap->conn))
			continue;
		list_remove(&trap->link);
		list_append(&old, &trap->link);
	}
	for (size_t i = 0; i < d->config->n_connections; i++) {
		const struct connection *conn = d->config->connections[i];

		for (size_t j = 0; j < conn->n_children; j++)
			if (conn->children[j].start_action == CHILD_ACTION_TRAP)
				trap_install(d, conn, &conn->children[j], NULL);
	}
	/* Not before the new ones are asked for: no packet shall find neither. */
	list_for_each_safe(trap, next, &old, link)
		trap_remove(d, trap);
}

void traps_fini(struct posternd *d)
{
	struct trap *trap, *next;

	list_for_each_safe(trap, next, &d->traps, link)
		trap_forget(trap, "the daemon ends");
}

void trap_acquire(struct posternd *d, const struct ipsec_acquire *acquire)
{
	const struct ike_acquire packet = {
		.seq = acquire->seq,
		.packet_src = acquire->packet_src,
		.packet_dst = acquire->packet_dst,
	};
	struct netaddr local, remote;
	struct trap *trap;
	const char *why;

	list_for_each(trap, &d->traps, link) {
		if (trap->policy.reqid != acquire->reqid)
			continue;
		if (!connection_endpoints(d, trap->conn, &local, &remote, &why)) {
			log_warning(daemon, "a packet wants %s.%s: %s", trap->conn->name,
				    trap->child->name, why);
			return;
		}
		log_info(daemon, "a packet wants %s.%s", trap->conn->name, trap->child->name);
		keepup_begun(d, trap->conn, trap->child);
		shard_initiate(d, posternd_initiator(d, trap->conn->name), trap->conn, trap->child,
			       &local, &remote, &packet, 0);
		return;
	}
	log_debug(daemon, "ACQUIRE for reqid %u, which is no trap of ours", acquire->reqid);
}
