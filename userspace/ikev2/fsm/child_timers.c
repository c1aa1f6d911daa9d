/* SPDX-License-Identifier: MIT */
/*
 * The timers of a Child SA, a sentence each:
 *
 * - One that is installed is rekeyed at rekey_at, which is drawn somewhat before rekey_time is
 * over, so that the two sides seldom begin together (RFC 7296 2.8.1); a try that failed is
 * repeated.
 * - One that has carried nothing for a while is closed: see fsm/inactivity.h.
 * - At expire_at it is deleted, whatever became of its rekeying.
 * - One that the peer would not make yet is asked for again.
 * - One that the peer has replaced is the peer's to delete; one that it doesn't delete is deleted
 * by us.
 * - One that was replaced and deleted leaves the kernel when its last packets must have arrived.
 */
#include "ikev2/fsm/child_timers.h"

#include "pdk/base/random.h"
#include "pdk/log/log.h"
#include "ikev2/exchange/child.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/fsm/inactivity.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

/*
 * For the peer to delete what is its to delete: longer than it sends its requests again, for it may
 * not even have our answer yet.
 */
#define PATIENCE DURATION_S(300)
/* For packets on their way when their SA is replaced. */
#define LINGER DURATION_S(5)

static struct instant soft_end(struct instant from, struct duration time, struct duration random)
{
	if (!time.ns)
		return INSTANT_NEVER;
	if (random.ns > 0)
		time.ns -= (int64_t)(random_u64() %
				     (uint64_t)(random.ns < time.ns ? random.ns : time.ns));
	return instant_add(from, time);
}

void child_timers_start(struct child_sa *child)
{
	const struct child_conf *conf = child->conf;

	child->rekey_at = soft_end(child->installed, conf->rekey_time, conf->rand_time);
	child->expire_at =
		conf->life_time.ns ? instant_add(child->installed, conf->life_time) : INSTANT_NEVER;
	child_timers_update(child);
}

void child_timers_update(struct child_sa *child)
{
	struct ike_core *core = child->ike->core;
	struct instant at = INSTANT_NEVER;

	switch (child->state) {
	case CHILD_INSTALLED:
		at = instant_min(child->rekey_at, child->expire_at);
		at = instant_min(at, inactivity_time(child));
		break;
	case CHILD_REKEYING:
		at = child->expire_at;
		break;
	case CHILD_REKEYED:
		child->gone_at = instant_add(core->now, PATIENCE);
		at = child->gone_at;
		break;
	case CHILD_DELETED:
		child->gone_at = instant_add(core->now, LINGER);
		at = child->gone_at;
		break;
	case CHILD_CREATING:
		at = child->rekey_at;
		break;
	case CHILD_INSTALLING:
	case CHILD_DELETING:
		break;
	}
	deadline_set(&core->timers, &child->deadline, at);
}

void child_timers_due(struct deadline *d)
{
	struct child_sa *child = container_of(d, struct child_sa, deadline);
	struct ike_sa *sa = child->ike;

	switch (child->state) {
	case CHILD_INSTALLED:
	case CHILD_REKEYING:
		if (instant_reached(sa->core->now, child->expire_at))
			child_expire(child, "its lifetime is over");
		else if (instant_reached(sa->core->now, child->rekey_at))
			child_rekey(child);
		else
			inactivity_due(child);
		break;
	case CHILD_REKEYED:
		log_obj_info(ike, sa->log_name,
			     "the peer does not delete %s{%u}, which is replaced",
			     child->conf->name, child->unique_id);
		child_delete(child);
		break;
	case CHILD_DELETED:
		child_sa_close(child, "replaced");
		break;
	case CHILD_CREATING:
		child->rekey_at = INSTANT_NEVER;
		child_timers_update(child);
		child_create(child);
		break;
	case CHILD_INSTALLING:
	case CHILD_DELETING:
		break;
	}
	exchange_next(sa);
}
