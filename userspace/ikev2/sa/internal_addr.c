/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/internal_addr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pdk/log/log.h"
#include "ikev2/codec/payload.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

#define DNS_MAX 8 /* servers of one IKE SA that are told on */

/* -------- life -------- */

static void forget(struct internal_addrs *ia)
{
	if (ia->sa)
		ia->sa->internal = NULL;
	hash_remove(&ia->core->leases, &ia->by_id);
	cfg_request_free(ia->req);
	ike_action_free(ia->release);
	free((void *)ia->attrs.data);
	free(ia);
}

static struct internal_addrs *internal_addrs_new(struct ike_sa *sa, bool lent)
{
	struct internal_addrs *ia = calloc(1, sizeof(*ia));

	if (!ia) {
		sa->core->counters.no_memory++;
		return NULL;
	}
	ia->core = sa->core;
	ia->sa = sa;
	ia->lent = lent;
	ia->renew_at = INSTANT_NEVER;
	sa->internal = ia;
	return ia;
}

void internal_addrs_move(struct ike_sa *from, struct ike_sa *to)
{
	to->internal = from->internal;
	from->internal = NULL;
	if (to->internal)
		to->internal->sa = to;
}

void internal_addrs_free_all(struct ike_core *core)
{
	struct hash_walk walk = hash_walk_start(&core->leases);
	struct hash_node *n;
	struct ike_sa *sa;

	while ((n = hash_walk_next(&walk)))
		forget(hash_entry(n, struct internal_addrs, by_id));
	list_for_each(sa, &core->sas, link)
		if (sa->internal)
			forget(sa->internal);
}

/* -------- lending -------- */

struct internal_addrs *internal_addrs_by_id(struct ike_core *core, uint32_t id)
{
	struct hash_node *n = hash_first(&core->leases, id);

	return n ? hash_entry(n, struct internal_addrs, by_id) : NULL;
}

int internal_addrs_acquire_take(struct ike_sa *sa, struct cfg_request *req)
{
	struct internal_addrs *ia = internal_addrs_new(sa, true);
	struct ike_action *action;

	if (!ia) {
		cfg_request_free(req);
		return -ENOMEM;
	}
	action = ike_action_new(sa->core, IKE_ACTION_LEASE);
	ia->release = ike_action_new(sa->core, IKE_ACTION_LEASE);
	if (!action || !ia->release) {
		ike_action_free(action);
		cfg_request_free(req);
		forget(ia);
		return -ENOMEM;
	}
	ia->id = ike_core_unique_id(sa->core);
	hash_insert(&sa->core->leases, ia->id, &ia->by_id);
	req->id = ia->id;
	action->lease = req;
	ike_core_queue_take(sa->core, action);
	return 0;
}

/* What is at hand goes back to where it came from. ia is gone. */
static void give_back(struct internal_addrs *ia)
{
	struct ike_action *action = steal_ptr(ia->release);
	struct cfg_request *req = steal_ptr(ia->req);

	req->type = CFG_RELEASE;
	action->lease = req;
	ike_core_queue_take(ia->core, action);
	forget(ia);
}

static struct instant renewal(const struct ike_core *core, const struct cfg_request *req)
{
	/* Half-way there is time for another try. */
	if (req->lifetime.ns <= 0)
		return INSTANT_NEVER;
	return instant_add(core->now, DURATION_NS(req->lifetime.ns / 2));
}

void internal_addrs_acquired(struct internal_addrs *ia, struct cfg_request *req)
{
	ia->req = req;
	if (!cfg_request_has_address(req)) {
		forget(ia);
		return;
	}
	if (!ia->sa) {
		give_back(ia);
		return;
	}
	ia->n = 0;
	for (size_t i = 0; i < req->n_addrs; i++)
		if (netaddr_is_set(&req->addrs[i].addr))
			ia->addrs[ia->n++] = req->addrs[i].addr;
	ia->renew_at = renewal(ia->core, req);
}

void internal_addrs_renew(struct internal_addrs *ia)
{
	struct ike_action *action;

	ia->renew_at = INSTANT_NEVER;
	if (!ia->req)
		return;
	action = ike_action_new(ia->core, IKE_ACTION_LEASE);
	if (!action) {
		ia->renew_at = renewal(ia->core, ia->req);
		return;
	}
	ia->req->type = CFG_RENEW;
	action->lease = steal_ptr(ia->req);
	ike_core_queue_take(ia->core, action);
}

/* -------- being lent -------- */

size_t internal_addrs_dns(const struct ike_sa *sa, struct netaddr *ret_addrs, size_t max)
{
	struct ike_cfg cfg = { .type = IKE_CFG_REPLY };
	struct ike_cfg_attr attr;
	size_t n = 0, pos = 0;

	if (!sa->internal)
		return 0;
	cfg.attributes = sa->internal->attrs;
	while (n < max && ike_cfg_next(&cfg, &pos, &attr)) {
		bool ip4 = attr.type == IKE_CFG_ATTR_INTERNAL_IP4_DNS && attr.value.len == 4;
		bool ip6 = attr.type == IKE_CFG_ATTR_INTERNAL_IP6_DNS && attr.value.len == 16;

		if (ip4 || ip6)
			ret_addrs[n++] = netaddr_from_bytes(attr.value, 0);
	}
	return n;
}

static void change(const struct ike_sa *sa, bool add, const struct netaddr *addr,
		   const struct ts *to)
{
	struct ike_action *action = ike_action_new(sa->core, IKE_ACTION_INTERNAL);

	if (!action)
		return; /* the daemon removes what is left when it ends */
	action->internal.add = add;
	action->internal.addr = *addr;
	action->internal.local = netaddr_with_port(sa->local, 0);
	action->internal.remote = netaddr_with_port(sa->remote, 0);
	if (to) {
		action->internal.route = true;
		action->internal.to = *to;
	}
	ike_core_queue_take(sa->core, action);
}

/* Servers that are told twice count twice. */
static void change_dns(const struct ike_sa *sa, bool add)
{
	struct netaddr addrs[DNS_MAX];
	size_t n = internal_addrs_dns(sa, addrs, DNS_MAX);

	for (size_t i = 0; i < n; i++) {
		struct ike_action *action = ike_action_new(sa->core, IKE_ACTION_DNS);

		if (!action)
			return;
		action->dns.add = add;
		action->dns.addr = addrs[i];
		ike_core_queue_take(sa->core, action);
	}
}

int internal_addrs_got(struct ike_sa *sa, const struct netaddr *addrs, size_t n, struct bytes attrs)
{
	struct internal_addrs *ia = internal_addrs_new(sa, false);
	uint8_t *copy;

	if (!ia)
		return -ENOMEM;
	if (bytes_dup(attrs, &copy) < 0) {
		forget(ia);
		return -ENOMEM;
	}
	ia->attrs = BYTES(copy, attrs.len);
	ia->n = n;
	for (size_t i = 0; i < n; i++) {
		ia->addrs[i] = addrs[i];
		change(sa, true, &addrs[i], NULL);
	}
	change_dns(sa, true);
	return 0;
}

void internal_addrs_child(const struct child_sa *child, bool up)
{
	const struct internal_addrs *ia = child->ike->internal;

	/* What is to go into an XFRM interface is routed by whoever made that. */
	if (!ia || ia->lent || child->numbers.if_id_out)
		return;
	for (size_t i = 0; i < ia->n; i++)
		for (size_t j = 0; j < child->remote_ts.n; j++)
			if (child->remote_ts.v[j].first.family == ia->addrs[i].family)
				change(child->ike, up, &ia->addrs[i], &child->remote_ts.v[j]);
}

void internal_addrs_drop(struct ike_sa *sa)
{
	struct internal_addrs *ia = sa->internal;

	if (!ia)
		return;
	if (ia->lent && ia->req) {
		give_back(ia);
	} else if (ia->lent) {
		ia->sa = NULL; /* ike_input_lease() */
		sa->internal = NULL;
	} else {
		for (size_t i = 0; i < ia->n; i++)
			change(sa, false, &ia->addrs[i], NULL);
		change_dns(sa, false);
		forget(ia);
	}
}

/* -------- selectors -------- */

static size_t addrs_of(const struct internal_addrs *ia, bool lent, const struct netaddr **ret_addrs)
{
	if (!ia || ia->lent != lent)
		return 0;
	*ret_addrs = ia->addrs;
	return ia->n;
}

size_t internal_addrs_local(const struct ike_sa *sa, const struct netaddr **ret_addrs)
{
	return addrs_of(sa->internal, false, ret_addrs);
}

size_t internal_addrs_remote(const struct ike_sa *sa, const struct netaddr **ret_addrs)
{
	return addrs_of(sa->internal, true, ret_addrs);
}

/* A wildcard for each family that we are about to ask for. */
static size_t wildcards(const struct ike_sa *sa, struct netaddr ret_any[2])
{
	size_t n = 0;

	for (size_t i = 0; sa->initiator && i < sa->conn->n_vips && n < 2; i++) {
		int family = sa->conn->vips[i].family;

		if (!n || ret_any[0].family != family)
			ret_any[n++] = netaddr_any(family, 0);
	}
	return n;
}

void internal_addrs_resolve_local(const struct ike_sa *sa, const struct ts_conf_list *conf,
				  struct ts_list *ret_list)
{
	const struct netaddr *addrs;
	struct netaddr any[2];
	size_t n = internal_addrs_local(sa, &addrs);

	if (!n) {
		addrs = any;
		n = wildcards(sa, any);
	}
	if (n)
		ts_conf_resolve_hosts(conf, addrs, n, ret_list);
	else
		ts_conf_resolve(conf, &sa->local, ret_list);
}

void internal_addrs_resolve_remote(const struct ike_sa *sa, const struct ts_conf_list *conf,
				   struct ts_list *ret_list)
{
	const struct netaddr *addrs;
	size_t n = internal_addrs_remote(sa, &addrs);

	if (n)
		ts_conf_resolve_hosts(conf, addrs, n, ret_list);
	else
		ts_conf_resolve(conf, &sa->remote, ret_list);
}
