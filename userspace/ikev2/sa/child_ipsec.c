/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/child_ipsec.h"

#include <errno.h>
#include <stdio.h>

#include "pdk/base/random.h"
#include "pdk/log/log.h"
#include "ikev2/ipsec/ipsec.h"
#include "ikev2/policy/connection.h"
#include "ikev2/policy/proposal_match.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

/* -------- one SA, one set of policies -------- */

/* Two SAs that were made at the same time shall not be rekeyed at the same time (2.8). */
static uint64_t jittered(uint64_t limit, uint64_t rand)
{
	return limit && rand ? limit - random_u64() % (rand + 1) : limit;
}

/* What tells an SA from all others in the kernel. */
static void sa_name(const struct child_sa *child, enum ipsec_direction direction,
		    struct ipsec_sa *sa)
{
	const struct child_conf *conf = child->conf;
	bool in = direction == IPSEC_IN;

	sa->direction = direction;
	sa->spi = in ? child->spi_in : child->spi_out;
	sa->dst = in ? child->ike->local : child->ike->remote;
	sa->mark = in ? conf->mark_in : conf->mark_out;
	sa->mark_mask = in ? conf->mark_in_mask : conf->mark_out_mask;
}

static void sa_fill(const struct child_sa *child, enum ipsec_direction direction,
		    const struct keymat_child *keys, struct ipsec_sa *sa)
{
	const struct transform *encr = proposal_transform(&child->proposal, IKE_TRANSFORM_ENCR, 0);
	const struct ike_sa *ike = child->ike;
	const struct child_conf *conf = child->conf;
	bool in = direction == IPSEC_IN;
	/* The keys are named after the exchange's initiator, whose traffic they protect. */
	bool initiators = in != child->initiator;
	struct bytes encr_key = initiators ? keys->encr_i : keys->encr_r;
	struct bytes integ_key = initiators ? keys->integ_i : keys->integ_r;

	sa_name(child, direction, sa);
	sa->mode = IPSEC_TUNNEL;
	sa->src = in ? ike->remote : ike->local;
	sa->udp_encap = ike_sa_needs_encap(ike);
	sa->reqid = child->reqid;
	sa->encr = encr->id;
	sa->encr_bits = encr->key_bits;
	sa->integ = proposal_id(&child->proposal, IKE_TRANSFORM_INTEG);
	memcpy(sa->encr_key, encr_key.data, encr_key.len);
	sa->encr_key_len = encr_key.len;
	if (integ_key.len)
		memcpy(sa->integ_key, integ_key.data, integ_key.len);
	sa->integ_key_len = integ_key.len;
	sa->esn = proposal_id(&child->proposal, IKE_TRANSFORM_ESN) == IKE_ESN_EXT_SEQ;
	sa->replay_window = in ? conf->replay_window : 0;
	sa->soft.bytes = jittered(conf->rekey_bytes, conf->rand_bytes);
	sa->soft.packets = jittered(conf->rekey_packets, conf->rand_packets);
	sa->hard.bytes = conf->life_bytes;
	sa->hard.packets = conf->life_packets;
	sa->if_id = in ? conf->if_id_in : conf->if_id_out;
	sa->acquire_seq = in ? 0 : child->acquire_seq;
	snprintf(sa->tunnel, sizeof(sa->tunnel), "%.15s.%.15s", ike->conn->name, conf->name);
}

static void policy_fill(const struct child_sa *child, struct ipsec_op *op)
{
	struct ipsec_policy *policy = &op->spd.policy;

	op->spd.owner = child->unique_id;
	policy->local = child->local_ts;
	policy->remote = child->remote_ts;
	policy->mode = IPSEC_TUNNEL;
	policy->local_addr = child->ike->local;
	policy->remote_addr = child->ike->remote;
	policy->reqid = child->reqid;
	policy->if_id = child->conf->if_id_out;
}

/* -------- requests -------- */

static struct ipsec_request *request_new(const struct child_sa *child, unsigned parts)
{
	struct ipsec_request *req = ipsec_request_new((size_t)__builtin_popcount(parts));

	if (req)
		req->cookie = child->unique_id;
	return req;
}

int child_ipsec_install(struct child_sa *child, const struct keymat_child *keys, unsigned parts)
{
	struct ipsec_request *req = request_new(child, parts);
	struct ipsec_op *op;
	int err;

	if (!req)
		return -ENOMEM;
	op = req->ops;
	/* Inbound first: the peer may be faster than the rest (2.8). */
	if (parts & CHILD_IPSEC_IN) {
		op->type = IPSEC_SA_ADD;
		sa_fill(child, IPSEC_IN, keys, &op++->sa);
	}
	if (parts & CHILD_IPSEC_OUT) {
		op->type = IPSEC_SA_ADD;
		sa_fill(child, IPSEC_OUT, keys, &op++->sa);
	}
	if (parts & CHILD_IPSEC_POLICY) {
		op->type = IPSEC_POLICY_ADD;
		policy_fill(child, op);
	}
	err = ike_core_ipsec_take(child->ike->core, req);
	if (err == 0)
		child->in_kernel |= parts;
	return err;
}

void child_ipsec_uninstall(struct child_sa *child, unsigned parts)
{
	struct ipsec_request *req;
	struct ipsec_op *op;

	parts &= child->in_kernel;
	if (!parts)
		return;
	req = request_new(child, parts);
	if (!req) {
		log_obj_error(ike, child->ike->log_name,
			      "out of memory: Child SA %s stays in the kernel until the next start",
			      child->conf->name);
		return;
	}
	child->in_kernel &= ~parts;
	op = req->ops;
	if (parts & CHILD_IPSEC_OUT) {
		op->type = IPSEC_SA_DELETE;
		sa_name(child, IPSEC_OUT, &op++->sa);
	}
	if (parts & CHILD_IPSEC_IN) {
		op->type = IPSEC_SA_DELETE;
		sa_name(child, IPSEC_IN, &op++->sa);
	}
	/* Last, so that no packet leaves in clear. */
	if (parts & CHILD_IPSEC_POLICY) {
		op->type = IPSEC_POLICY_DELETE;
		policy_fill(child, op);
	}
	ike_core_ipsec_take(child->ike->core, req);
}
