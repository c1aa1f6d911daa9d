/* SPDX-License-Identifier: MIT */
#include "ikev2/fsm/liveness.h"

#include "pdk/log/log.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/fsm/usage.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_ipsec.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

struct instant liveness_time(const struct ike_sa *sa)
{
	struct duration delay = sa->conn->dpd_delay;

	/* A request that is outstanding is a question already. */
	if (sa->state != IKE_STATE_ESTABLISHED || delay.ns == 0 || sa->asking_kernel ||
	    sa->active || sa->auth || !list_empty(&sa->queue))
		return INSTANT_NEVER;
	return instant_add(sa->last_inbound, delay);
}

/* What is being replaced receives until the peer has changed over (2.8). */
static bool installed(const struct child_sa *child)
{
	return child->state == CHILD_INSTALLED || child->state == CHILD_REKEYING ||
	       child->state == CHILD_REKEYED;
}

/* Ask what came in on the Child SAs. False: there are none, or no memory. */
static bool ask_kernel(struct ike_sa *sa)
{
	struct ipsec_request *req;
	struct child_sa *child;
	size_t n = 0;

	list_for_each(child, &sa->children, link)
		n += installed(child);
	req = n ? ipsec_request_new(n) : NULL;
	if (!req)
		return false;
	req->cookie = ike_sa_own_spi(sa);
	n = 0;
	list_for_each(child, &sa->children, link) {
		struct ipsec_op *op = &req->ops[n];

		if (!installed(child))
			continue;
		child_ipsec_query(child, IPSEC_IN, op);
		n++;
	}
	return ike_core_ipsec_take(sa->core, req) == 0;
}

static void ask_peer(struct ike_sa *sa)
{
	/* No memory to ask: ask again after another delay. */
	if (exchange_queue(sa, &exchange_liveness, 0) < 0)
		sa->last_inbound = sa->core->now;
}

void liveness_due(struct ike_sa *sa)
{
	sa->asking_kernel = ask_kernel(sa);
	if (!sa->asking_kernel)
		ask_peer(sa);
}

void liveness_told(struct ike_core *core, const struct ipsec_request *req)
{
	struct ike_sa *sa = ike_sa_by_spi(core, req->cookie);

	if (!sa || !sa->asking_kernel)
		return;
	sa->asking_kernel = false;
	for (size_t i = 0; i < req->n_ops; i++) {
		const struct ipsec_op *op = &req->ops[i];
		struct child_sa *child = child_sa_by_spi_in(sa, op->sa.spi);

		if (child)
			usage_take(child, op);
	}
	if (instant_reached(core->now, liveness_time(sa)))
		ask_peer(sa);
	else
		log_obj_debug(ike, sa->log_name, "no liveness check: ESP came in");
	exchange_next(sa);
}
