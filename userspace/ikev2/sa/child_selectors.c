/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/child_selectors.h"

#include "ikev2/fsm/input.h"
#include "ikev2/policy/connection.h"
#include "ikev2/policy/ts_match.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/ike_sa.h"
#include "ikev2/sa/internal_addr.h"

static void resolve(const struct child_sa *child, struct ts_list *ret_local,
		    struct ts_list *ret_remote)
{
	internal_addrs_resolve_local(child->ike, &child->conf->local_ts, ret_local);
	internal_addrs_resolve_remote(child->ike, &child->conf->remote_ts, ret_remote);
}

/* -------- what is asked for -------- */

void child_selectors_offer(struct child_sa *child, const struct ike_acquire *acquire)
{
	const struct ts *packet_src;
	struct ts_list local, remote;

	if (acquire)
		child->acquire_seq = acquire->seq;
	resolve(child, &local, &remote);
	/* With an internal address packets will have another source than this one. */
	packet_src = acquire && !child->ike->conn->n_vips ? &acquire->packet_src : NULL;
	ts_offer(&local, packet_src, &child->local_ts);
	ts_offer(&remote, acquire ? &acquire->packet_dst : NULL, &child->remote_ts);
}

void child_selectors_offer_again(struct child_sa *child, const struct child_sa *old)
{
	const struct ike_acquire as_before = {
		.packet_src = old->local_ts.v[0],
		.packet_dst = old->remote_ts.v[0],
	};

	child_selectors_offer(child, child_selectors_narrowed(old) ? &as_before : NULL);
}

static bool is_single(const struct ts *ts)
{
	return netaddr_same_addr(&ts->first, &ts->last);
}

/* What list has for the address of its first selector. False: that stands for several. */
static bool keep_first_address(struct ts_list *list)
{
	const struct ts *first = &list->v[0];
	const struct ts_list address = { .n = 1,
					 .v = { {
						 .port_last = UINT16_MAX,
						 .first = first->first,
						 .last = first->last,
					 } } };

	return list->n && is_single(first) && ts_narrow(list, &address, list) == 0;
}

bool child_selectors_single_pair(struct child_sa *child)
{
	struct ts_list local = child->local_ts, remote = child->remote_ts, all;

	/* An internal address is known by now, and was not when this was asked for. */
	if (child->ike->internal)
		resolve(child, &local, &all);
	if (!keep_first_address(&local) || !keep_first_address(&remote) ||
	    (ts_list_equal(&local, &child->local_ts) && ts_list_equal(&remote, &child->remote_ts)))
		return false;
	child->local_ts = local;
	child->remote_ts = remote;
	return true;
}

/* -------- what was agreed on -------- */

bool child_selectors_narrowed(const struct child_sa *child)
{
	struct ts_list local, remote;

	resolve(child, &local, &remote);
	return ts_pair(&local, &remote) && !(ts_list_contains_all(&child->local_ts, &local) &&
					     ts_list_contains_all(&child->remote_ts, &remote));
}

bool child_selectors_hold(const struct child_sa *child, const struct ike_acquire *acquire)
{
	/* The source will be the internal address. */
	return (child->ike->conn->n_vips ||
		ts_list_contains(&child->local_ts, &acquire->packet_src)) &&
	       ts_list_contains(&child->remote_ts, &acquire->packet_dst);
}

bool child_selectors_include(const struct child_sa *a, const struct child_sa *b)
{
	return ts_list_contains_all(&a->local_ts, &b->local_ts) &&
	       ts_list_contains_all(&a->remote_ts, &b->remote_ts);
}
