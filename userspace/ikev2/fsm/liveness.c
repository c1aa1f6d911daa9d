/* SPDX-License-Identifier: MIT */
#include "ikev2/fsm/liveness.h"

#include "pdk/log/log.h"
#include "ikev2/exchange/child.h"
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

/* The questions about the SAs of a direction; ops NULL: only how many there are. */
static size_t questions(struct ike_sa *sa, enum ipsec_direction direction, struct ipsec_op *ops)
{
	struct child_sa *child;
	size_t n = 0;

	list_for_each(child, &sa->children, link) {
		if (!child_sa_in_use(child) || !(child->in_kernel & child_ipsec_part(direction)))
			continue;
		if (ops)
			child_ipsec_query(child, direction, &ops[n]);
		n++;
	}
	return n;
}

/* Ask about the Child SAs' inbound SAs, or all. False: there are none, or no memory. */
static bool ask_kernel(struct ike_sa *sa, bool all)
{
	size_t n_in = questions(sa, IPSEC_IN, NULL);
	size_t n_out = all && n_in ? questions(sa, IPSEC_OUT, NULL) : 0;
	struct ipsec_request *req = n_in ? ipsec_request_new(n_in + n_out) : NULL;

	if (!req)
		return false;
	req->cookie = ike_sa_own_spi(sa);
	questions(sa, IPSEC_IN, req->ops);
	if (all)
		questions(sa, IPSEC_OUT, req->ops + n_in);
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
	sa->asking_kernel = ask_kernel(sa, false);
	if (!sa->asking_kernel)
		ask_peer(sa);
}

void liveness_resync(struct ike_sa *sa)
{
	if (!sa->asking_kernel)
		sa->asking_kernel = ask_kernel(sa, true);
}

/* The event that said so may have got lost. */
static bool limit_reached(const struct child_conf *conf, const struct ipsec_usage *usage)
{
	return (conf->rekey_bytes && usage->bytes >= conf->rekey_bytes - conf->rand_bytes) ||
	       (conf->rekey_packets && usage->packets >= conf->rekey_packets - conf->rand_packets);
}

static void told_of(struct ike_sa *sa, const struct ipsec_op *op)
{
	bool in = op->sa.direction == IPSEC_IN;
	struct child_sa *child =
		in ? child_sa_by_spi_in(sa, op->sa.spi) : child_sa_by_spi_out(sa, op->sa.spi);

	if (child && child_sa_in_use(child) && usage_take(child, op) && op->err == 0 &&
	    limit_reached(child->conf, &op->usage))
		child_rekey(child);
}

void liveness_told(struct ike_core *core, const struct ipsec_request *req)
{
	struct ike_sa *sa = ike_sa_by_spi(core, req->cookie);

	if (!sa || !sa->asking_kernel)
		return;
	sa->asking_kernel = false;
	for (size_t i = 0; i < req->n_ops; i++)
		told_of(sa, &req->ops[i]);
	if (instant_reached(core->now, liveness_time(sa)))
		ask_peer(sa);
	else
		log_obj_debug(ike, sa->log_name, "no liveness check: ESP came in");
	exchange_next(sa);
}
