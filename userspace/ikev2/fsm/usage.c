/* SPDX-License-Identifier: MIT */
#include "ikev2/fsm/usage.h"

#include <errno.h>

#include "pdk/log/log.h"
#include "ikev2/exchange/child.h"
#include "ikev2/ipsec/ipsec.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_ipsec.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

static struct instant later(struct instant a, struct instant b)
{
	return instant_before(a, b) ? b : a;
}

static struct instant last_use(struct child_sa *child, const struct ipsec_op *op)
{
	const struct ipsec_usage *usage = &op->usage;
	struct instant now = child->ike->core->now;
	uint64_t *seen = &child->packets[op->sa.direction];
	bool more = usage->packets != *seen;

	*seen = usage->packets;
	if (usage->last_used && usage->asked >= usage->last_used)
		return instant_add(now, DURATION_S(-(int64_t)(usage->asked - usage->last_used)));
	return more ? now : (struct instant){ 0 };
}

/* The SA to send on comes later where the peer has asked for new ones (child_sa_send()). */
static bool was_there(const struct child_sa *child, const struct ipsec_op *op)
{
	return child->in_kernel & child_ipsec_part(op->sa.direction);
}

bool usage_take(struct child_sa *child, const struct ipsec_op *op)
{
	struct ike_sa *sa = child->ike;
	struct instant at;

	if (op->err == -ESRCH && child_sa_in_use(child) && was_there(child, op)) {
		log_obj_warning(ike, sa->log_name, "the kernel has lost Child SA %s{%u}",
				child->conf->name, child->unique_id);
		child_expire(child, "the kernel has lost it");
		return false;
	}
	if (op->err < 0)
		return true;
	at = last_use(child, op);
	child->used_at = later(child->used_at, at);
	if (op->sa.direction == IPSEC_IN)
		sa->last_inbound = later(sa->last_inbound, at);
	return true;
}
