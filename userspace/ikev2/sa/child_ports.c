/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/child_ports.h"

#include <errno.h>
#include <stdlib.h>

#include "pdk/log/log.h"
#include "ikev2/ipsec/ipsec.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

/* By direction; told about when spi isn't zero. */
struct child_ports {
	struct ipsec_sa sa[2];
	bool asked; /* the kernel, which has not answered yet */
};

static unsigned slot(enum ipsec_direction direction)
{
	return direction == IPSEC_IN ? 0 : 1;
}

int child_ports_keep(struct child_sa *child, const struct ipsec_sa *sa)
{
	if (!sa->udp_encap)
		return 0;
	if (!child->ports)
		child->ports = calloc(1, sizeof(*child->ports));
	if (!child->ports)
		return -ENOMEM;
	child->ports->sa[slot(sa->direction)] = *sa;
	return 0;
}

void child_ports_forget(struct child_sa *child)
{
	if (!child->ports)
		return;
	explicit_bzero(child->ports, sizeof(*child->ports));
	free(steal_ptr(child->ports));
}

static bool has_ports(const struct child_sa *child)
{
	return child->outer_local.port == child->ike->local.port &&
	       child->outer_remote.port == child->ike->remote.port;
}

/* The SAs that are there, with the ports of now. */
static struct ipsec_request *update_new(struct child_sa *child)
{
	const uint16_t local = child->ike->local.port, remote = child->ike->remote.port;
	struct ipsec_request *req;
	size_t n = 0;

	for (unsigned i = 0; i < 2; i++)
		n += child->ports->sa[i].spi != 0;
	req = ipsec_request_new(n);
	if (!req)
		return NULL;
	req->cookie = child->unique_id;
	n = 0;
	for (unsigned i = 0; i < 2; i++) {
		struct ipsec_sa *sa = &child->ports->sa[i];
		bool in = sa->direction == IPSEC_IN;

		if (!sa->spi)
			continue;
		sa->src.port = in ? remote : local;
		sa->dst.port = in ? local : remote;
		sa->acquire_seq = 0;
		req->ops[n].type = IPSEC_SA_UPDATE;
		req->ops[n++].sa = *sa;
	}
	return req;
}

bool child_ports_follow(struct child_sa *child)
{
	const struct ike_sa *ike = child->ike;
	struct ipsec_request *req;

	if (!netaddr_same_addr(&child->outer_remote, &ike->remote) ||
	    !netaddr_same_addr(&child->outer_local, &ike->local))
		return false;
	if (!child->ports || has_ports(child) || child->asked || child->ports->asked)
		return true;
	req = update_new(child);
	if (!req || ike_core_ipsec_take(ike->core, req) < 0) {
		/* The next message from there finds the difference again. */
		log_obj_error(ike, ike->log_name, "out of memory: Child SA %s keeps its ports",
			      child->conf->name);
		return true;
	}
	child->ports->asked = true;
	child->outer_local.port = ike->local.port;
	child->outer_remote.port = ike->remote.port;
	return true;
}

void child_ports_answered(struct child_sa *child)
{
	if (child->ports)
		child->ports->asked = false;
}
