/* SPDX-License-Identifier: MIT */
#include "ikev2/fsm/follow.h"

#include "pdk/log/limit.h"
#include "pdk/log/log.h"
#include "ikev2/exchange/child.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/fsm/input.h"
#include "ikev2/fsm/input_private.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_ports.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

static bool may_follow(const struct ike_sa *sa)
{
	return (sa->state == IKE_STATE_ESTABLISHED || sa->state == IKE_STATE_DELETING) &&
	       sa->nat_remote && !sa->nat_local;
}

/*
 * An outbound SA is named by its destination, so another address takes new SAs. One of which the
 * rekeying is under way is followed by its successor, which goes where the peer is by then.
 */
void follow_child(struct child_sa *child)
{
	if (child->state == CHILD_CREATING || child->state == CHILD_INSTALLING ||
	    child->state == CHILD_DELETED)
		return; /* comes back when the kernel has answered, or sends nothing any more */
	if (child_ports_follow(child) || child->state != CHILD_INSTALLED ||
	    child->ike->state != IKE_STATE_ESTABLISHED)
		return;
	log_obj_notice(ike, child->ike->log_name,
		       "Child SA %s{%u} sends to the peer's old address until it is rekeyed",
		       child->conf->name, child->unique_id);
	child_rekey(child);
}

static void follow(struct ike_sa *sa, const struct netaddr *remote)
{
	char from[NETADDR_STRLEN], to[NETADDR_STRLEN];
	struct child_sa *child;

	log_remote(ike, LOG_LEVEL_NOTICE, sa->log_name, "the peer's NAT has moved it from %s to %s",
		   netaddr_str_port(&sa->remote, from), netaddr_str_port(remote, to));
	if (!netaddr_same_addr(&sa->remote, remote))
		sa->fragments.size = 0; /* another path */
	sa->remote = *remote;
	sa->core->counters.followed++;
	ike_sa_rename(sa);
	list_for_each(child, &sa->children, link)
		follow_child(child);
}

void follow_message(struct ike_sa *sa, const struct netaddr *local, const struct netaddr *remote)
{
	if (netaddr_equal(&sa->remote, remote) || !may_follow(sa))
		return;
	/* Another address of ours is no business of the NAT's. */
	if (netaddr_equal(&sa->local, local) && remote->family == local->family)
		follow(sa, remote);
}

/* -------- ESP -------- */

void ike_input_mapping(struct ike_core *core, struct instant now,
		       const struct ipsec_mapping *mapping)
{
	struct child_sa *child = child_sa_of_kernel(core, mapping->spi, mapping->reqid);
	struct ike_sa *sa = child ? child->ike : NULL;

	core->now = now;
	/*
	 * It was authentic, but without a replay window nothing shows that it was new. And the
	 * event may be older than what we know by now: the SA had another address when it happened.
	 */
	if (sa && may_follow(sa) && child->conf->replay_window &&
	    netaddr_equal(&mapping->old_src, &sa->remote) &&
	    !netaddr_equal(&mapping->new_src, &sa->remote) &&
	    mapping->new_src.family == sa->local.family) {
		follow(sa, &mapping->new_src);
		exchange_next(sa);
	}
	input_end(core);
}
