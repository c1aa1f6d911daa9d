/* SPDX-License-Identifier: MIT */
#include "ikev2/exchange/refusal.h"

#include "pdk/base/random.h"
#include "ikev2/codec/ikev2.h"
#include "ikev2/exchange/delete.h"
#include "ikev2/fsm/child_timers.h"
#include "ikev2/fsm/timers.h"
#include "ikev2/fsm/state.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

/* So long a peer may say TEMPORARY_FAILURE: "several minutes" (2.25). */
#define PATIENCE DURATION_S(300)
/* Refusals with so much time between them are none of one and the same row. */
#define BREAK DURATION_S(60)
/* The pause before the next try: at least this, at most twice as much, at random. */
#define PAUSE_S      10
#define CREATE_TRIES 5

static struct instant later(const struct ike_core *core)
{
	return instant_add(core->now, DURATION_MS(PAUSE_S * 1000 + random_below(PAUSE_S * 1000)));
}

bool refusal_lasts(struct ike_sa *sa, uint16_t notify)
{
	struct instant now = sa->core->now;

	if (notify != IKE_NOTIFY_TEMPORARY_FAILURE) {
		sa->refused_since = INSTANT_NEVER;
		return false;
	}
	if (instant_is_never(sa->refused_since) ||
	    instant_reached(now, instant_add(sa->refused_at, BREAK)))
		sa->refused_since = now;
	sa->refused_at = now;
	if (!instant_reached(now, instant_add(sa->refused_since, PATIENCE)))
		return false;
	ike_sa_delete(sa, "the peer has said TEMPORARY_FAILURE for minutes");
	return true;
}

void refusal_retry_child(struct child_sa *child)
{
	child->rekey_at = later(child->ike->core);
	child_sa_enter(child, CHILD_INSTALLED);
}

bool refusal_retry_create(struct child_sa *child)
{
	if (child->tries >= CREATE_TRIES)
		return false;
	child->tries++;
	child->rekey_at = later(child->ike->core);
	child_timers_update(child);
	return true;
}

void refusal_retry_ike(struct ike_sa *sa)
{
	sa->rekey_at = later(sa->core);
	timers_update(sa);
}
