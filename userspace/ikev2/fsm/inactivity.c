/* SPDX-License-Identifier: MIT */
#include "ikev2/fsm/inactivity.h"

#include "pdk/log/log.h"
#include "ikev2/exchange/child.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/fsm/child_timers.h"
#include "ikev2/fsm/usage.h"
#include "ikev2/ipsec/ipsec.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_ipsec.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

/* Where the kernel only counts packets it is asked so often in that time. */
#define LOOKS 4
/* And not sooner again, also where there was no memory to ask. */
#define BREATH DURATION_MS(500)

static struct instant over(const struct child_sa *child)
{
	return instant_add(child->used_at, child->conf->inactivity);
}

struct instant inactivity_time(const struct child_sa *child)
{
	struct duration pause = DURATION_NS(child->conf->inactivity.ns / LOOKS);
	struct instant again = instant_add(child->asked_usage, BREATH), at = over(child);

	if (!child->conf->inactivity.ns || child->asking_usage)
		return INSTANT_NEVER;
	if (!child->kernel_tells_time)
		at = instant_min(at, instant_add(child->asked_usage, pause));
	return instant_before(at, again) ? again : at;
}

/* Both SAs; the outbound one first, by which the answer is told from liveness's. */
static void ask(struct child_sa *child)
{
	struct ipsec_request *req = ipsec_request_new(2);

	child->asked_usage = child->ike->core->now;
	if (!req)
		return;
	req->cookie = child->unique_id;
	child_ipsec_query(child, IPSEC_OUT, &req->ops[0]);
	child_ipsec_query(child, IPSEC_IN, &req->ops[1]);
	child->asking_usage = ike_core_ipsec_take(child->ike->core, req) == 0;
}

void inactivity_due(struct child_sa *child)
{
	ask(child);
	child_timers_update(child);
}

void inactivity_hand_on(struct child_sa *child)
{
	if (child->conf->inactivity.ns && !child->asking_usage)
		ask(child);
}

static void close_idle(struct child_sa *child)
{
	log_obj_info(ike, child->ike->log_name, "Child SA %s{%u}: no traffic for %lld s",
		     child->conf->name, child->unique_id,
		     (long long)duration_s(child->conf->inactivity));
	child->end = SA_END_IDLE;
	child_delete(child);
}

/* What it has carried last, its successors have. */
static void pass_on(const struct child_sa *child)
{
	struct child_sa *other;

	list_for_each (other, &child->ike->children, link)
		if (other->replaces == child->unique_id &&
		    instant_before(other->used_at, child->used_at))
			other->used_at = child->used_at;
}

void inactivity_told(struct ike_core *core, const struct ipsec_request *req)
{
	struct child_sa *child = child_sa_by_id(core, (uint32_t)req->cookie);
	struct ike_sa *sa = child ? child->ike : NULL;

	if (!child)
		return;
	child->asking_usage = false;
	for (size_t i = 0; i < req->n_ops; i++) {
		if (!usage_take(child, &req->ops[i])) {
			exchange_next(sa);
			return;
		}
		child->kernel_tells_time |= req->ops[i].usage.last_used != 0;
	}
	pass_on(child);
	/* The answer may have taken a while: what is being replaced is no business of ours. */
	if (child->state == CHILD_INSTALLED && instant_reached(core->now, over(child)))
		close_idle(child);
	else if (child->state == CHILD_INSTALLED)
		child_timers_update(child);
	exchange_next(sa);
}
