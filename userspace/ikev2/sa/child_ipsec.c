/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/child_ipsec.h"

#include <errno.h>
#include <stdio.h>

#include "pdk/base/random.h"
#include "pdk/log/log.h"
#include "ikev2/policy/config.h"
#include "ikev2/policy/connection.h"
#include "ikev2/policy/proposal_match.h"
#include "ikev2/policy/ts_match.h"
#include "ikev2/sa/child_ports.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

/* -------- numbers -------- */

/* Both directions of a mark or of an interface number. */
static void number(struct ike_core *core, const struct child_number *in,
		   const struct child_number *out, uint32_t *ret_in, uint32_t *ret_out)
{
	*ret_in = in->value;
	*ret_out = out->value;
	/* Numbers of SAs will do: no two in the daemon are equal, and none is 0. */
	if (in->kind == CHILD_NUMBER_UNIQUE || in->kind == CHILD_NUMBER_UNIQUE_DIR)
		*ret_in = ike_core_unique_id(core);
	if (out->kind == CHILD_NUMBER_UNIQUE && in->kind == CHILD_NUMBER_UNIQUE)
		*ret_out = *ret_in;
	else if (out->kind == CHILD_NUMBER_UNIQUE || out->kind == CHILD_NUMBER_UNIQUE_DIR)
		*ret_out = ike_core_unique_id(core);
}

void child_ipsec_number(struct child_sa *child)
{
	const struct child_conf *conf = child->conf;
	struct ike_core *core = child->ike->core;
	struct child_numbers *n = &child->numbers;

	number(core, &conf->mark_in.number, &conf->mark_out.number, &n->mark_in, &n->mark_out);
	number(core, &conf->if_id_in, &conf->if_id_out, &n->if_id_in, &n->if_id_out);
	number(core, &conf->set_mark_in.number, &conf->set_mark_out.number, &n->set_mark_in,
	       &n->set_mark_out);
	if (conf->set_mark_in.number.kind == CHILD_NUMBER_SAME)
		n->set_mark_in = n->mark_in;
	if (conf->set_mark_out.number.kind == CHILD_NUMBER_SAME)
		n->set_mark_out = n->mark_out;
}

static struct ipsec_mark mark_of(uint32_t value, const struct child_mark *conf)
{
	return (struct ipsec_mark){ value & conf->mask, conf->mask };
}

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
	struct ipsec_mark mark;

	sa->direction = direction;
	sa->spi = in ? child->spi_in : child->spi_out;
	sa->dst = in ? child->outer_local : child->outer_remote;
	if (in && !conf->mark_in_sa)
		return;
	mark = in ? mark_of(child->numbers.mark_in, &conf->mark_in)
		  : mark_of(child->numbers.mark_out, &conf->mark_out);
	sa->mark = mark.value;
	sa->mark_mask = mark.mask;
}

/* What an SA does with headers and marks. */
static void sa_fill_header(const struct child_sa *child, struct ipsec_sa *sa)
{
	const struct child_conf *conf = child->conf;
	bool in = sa->direction == IPSEC_IN;

	sa->if_id = in ? child->numbers.if_id_in : child->numbers.if_id_out;
	sa->set_mark = in ? mark_of(child->numbers.set_mark_in, &conf->set_mark_in)
			  : mark_of(child->numbers.set_mark_out, &conf->set_mark_out);
	sa->tfc_padding = child->peer_refuses_tfc ? 0 : conf->tfc_padding;
	sa->no_df = !conf->copy_df;
	sa->no_ecn = !conf->copy_ecn;
	sa->no_dscp = conf->copy_dscp == CHILD_DSCP_IN || conf->copy_dscp == CHILD_DSCP_NO;
	sa->dscp_inward = conf->copy_dscp == CHILD_DSCP_IN || conf->copy_dscp == CHILD_DSCP_YES;
}

/* NULL has no encryption key, an AEAD none for integrity. */
static size_t copy_key(uint8_t to[static IPSEC_KEY_MAX], struct bytes key)
{
	if (key.len)
		memcpy(to, key.data, key.len);
	return key.len;
}

static enum ipsec_offload offload_of(const struct child_conf *conf)
{
	switch (conf->hw_offload) {
	case CHILD_OFFLOAD_NO:
		return IPSEC_OFFLOAD_NO;
	case CHILD_OFFLOAD_YES:
	case CHILD_OFFLOAD_CRYPTO:
		return IPSEC_OFFLOAD_CRYPTO;
	case CHILD_OFFLOAD_PACKET:
		return IPSEC_OFFLOAD_PACKET;
	case CHILD_OFFLOAD_AUTO:
		return IPSEC_OFFLOAD_AUTO;
	}
	return IPSEC_OFFLOAD_NO;
}

/* Who is behind a NAT keeps its mapping (RFC 7296 2.23); the kernel counts in seconds. */
static uint32_t keepalive_of(const struct ike_sa *ike)
{
	const int64_t ms = duration_ms(ike->core->config->settings.nat_keepalive);

	return ike->nat_local ? (uint32_t)((ms + 999) / 1000) : 0;
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
	sa->mode = child->transport ? IPSEC_TRANSPORT : IPSEC_TUNNEL;
	if (child->transport) {
		sa->local_ts = ts_list_cover(&child->local_ts);
		sa->remote_ts = ts_list_cover(&child->remote_ts);
	}
	sa->src = in ? child->outer_remote : child->outer_local;
	sa->udp_encap = ike_sa_needs_encap(ike);
	sa->keepalive = in ? 0 : keepalive_of(ike);
	sa->reqid = child->reqid;
	sa->encr = encr->id;
	sa->encr_bits = encr->key_bits;
	sa->integ = proposal_id(&child->proposal, IKE_TRANSFORM_INTEG);
	sa->encr_key_len = copy_key(sa->encr_key, encr_key);
	sa->integ_key_len = copy_key(sa->integ_key, integ_key);
	sa->esn = proposal_id(&child->proposal, IKE_TRANSFORM_ESN) == IKE_ESN_EXT_SEQ;
	sa->replay_window = in ? conf->replay_window : 0;
	sa->soft.bytes = jittered(conf->rekey_bytes, conf->rand_bytes);
	sa->soft.packets = jittered(conf->rekey_packets, conf->rand_packets);
	sa->hard.bytes = conf->life_bytes;
	sa->hard.packets = conf->life_packets;
	sa->offload = offload_of(conf);
	sa_fill_header(child, sa);
	sa->acquire_seq = in ? 0 : child->acquire_seq;
	snprintf(sa->tunnel, sizeof(sa->tunnel), "%.15s.%.15s", ike->conn->name, conf->name);
}

static void fill_policy(const struct child_conf *conf, const struct child_numbers *n,
			struct ipsec_policy *policy)
{
	policy->if_id_in = n->if_id_in;
	policy->if_id_out = n->if_id_out;
	policy->mark_in = mark_of(n->mark_in, &conf->mark_in);
	policy->mark_out = mark_of(n->mark_out, &conf->mark_out);
	policy->priority = conf->priority;
	policy->fwd_out = conf->policies_fwd_out;
	memcpy(policy->interface, conf->interface, sizeof(policy->interface));
}

static enum ipsec_action action_of(enum child_mode mode)
{
	switch (mode) {
	case CHILD_MODE_TUNNEL:
	case CHILD_MODE_TRANSPORT:
		return IPSEC_PROTECT;
	case CHILD_MODE_PASS:
		return IPSEC_PASS;
	case CHILD_MODE_DROP:
		return IPSEC_DROP;
	}
	return IPSEC_PROTECT;
}

void child_conf_fill_policy(const struct child_conf *conf, struct ipsec_policy *policy)
{
	const struct child_numbers fixed = {
		.mark_in = conf->mark_in.number.value,
		.mark_out = conf->mark_out.number.value,
		.if_id_in = conf->if_id_in.value,
		.if_id_out = conf->if_id_out.value,
	};

	policy->action = action_of(conf->mode);
	policy->mode = conf->mode == CHILD_MODE_TRANSPORT ? IPSEC_TRANSPORT : IPSEC_TUNNEL;
	fill_policy(conf, &fixed, policy);
}

static void policy_fill(const struct child_sa *child, struct ipsec_op *op)
{
	const struct child_conf *conf = child->conf;
	struct ipsec_policy *policy = &op->spd.policy;

	op->spd.owner = child->unique_id;
	policy->local = child->local_ts;
	policy->remote = child->remote_ts;
	policy->mode = child->transport ? IPSEC_TRANSPORT : IPSEC_TUNNEL;
	policy->local_addr = child->outer_local;
	policy->remote_addr = child->outer_remote;
	policy->reqid = child->reqid;
	fill_policy(conf, &child->numbers, policy);
	policy->ifindex = child->ifindex;
	policy->offload = conf->hw_offload == CHILD_OFFLOAD_PACKET;
}

/* -------- requests -------- */

static struct ipsec_request *request_new(const struct child_sa *child, unsigned parts)
{
	struct ipsec_request *req = ipsec_request_new((size_t)__builtin_popcount(parts));

	if (req)
		req->cookie = child->unique_id;
	return req;
}

/* The same from the core's reserve. */
static struct ipsec_request *request_to_delete(const struct child_sa *child, unsigned parts)
{
	size_t n = (size_t)__builtin_popcount(parts);
	struct ipsec_request *req = reserve_zalloc(&child->ike->core->reserve,
						   sizeof(*req) + n * sizeof(req->ops[0]));

	if (req) {
		req->n_ops = n;
		req->cookie = child->unique_id;
	}
	return req;
}

static int add_sa(struct child_sa *child, enum ipsec_direction direction,
		  const struct keymat_child *keys, struct ipsec_op *op)
{
	op->type = IPSEC_SA_ADD;
	sa_fill(child, direction, keys, &op->sa);
	return child_ports_keep(child, &op->sa);
}

int child_ipsec_install(struct child_sa *child, const struct keymat_child *keys, unsigned parts)
{
	struct ipsec_request *req;
	struct ipsec_op *op;
	int err = 0;

	if (!child->conf->policies)
		parts &= ~(unsigned)CHILD_IPSEC_POLICY;
	req = request_new(child, parts);
	if (!req)
		return -ENOMEM;
	op = req->ops;
	if (!child->in_kernel && !child->asked) {
		child->outer_local = child->ike->local;
		child->outer_remote = child->ike->remote;
	}
	/* Inbound first: the peer may be faster than the rest (2.8). */
	if (parts & CHILD_IPSEC_IN)
		err = add_sa(child, IPSEC_IN, keys, op++);
	if (parts & CHILD_IPSEC_OUT && err == 0)
		err = add_sa(child, IPSEC_OUT, keys, op++);
	if (err < 0) {
		ipsec_request_free(req);
		return err;
	}
	if (parts & CHILD_IPSEC_POLICY) {
		op->type = IPSEC_POLICY_ADD;
		policy_fill(child, op);
	}
	err = ike_core_ipsec_take(child->ike->core, req);
	if (err == 0)
		child->asked |= parts;
	return err;
}

static unsigned part_of(const struct ipsec_op *op)
{
	if (op->type == IPSEC_POLICY_ADD)
		return CHILD_IPSEC_POLICY;
	return child_ipsec_part(op->sa.direction);
}

void child_ipsec_answered(struct child_sa *child, const struct ipsec_request *req)
{
	for (size_t i = 0; i < req->n_ops; i++) {
		const struct ipsec_op *op = &req->ops[i];

		child->asked &= ~part_of(op);
		if (req->err < 0)
			continue;
		child->in_kernel |= part_of(op);
		if (op->type == IPSEC_POLICY_ADD)
			child->ifindex = op->spd.policy.ifindex;
		child->keeps_alive |= op->keeps_alive;
	}
}

void child_ipsec_orphaned_take(struct ike_core *core, struct ipsec_request *req)
{
	/* The same operations the other way round: this needs no memory. */
	for (size_t i = 0; i < req->n_ops; i++)
		req->ops[i].type = req->ops[i].type == IPSEC_POLICY_ADD ? IPSEC_POLICY_DELETE
									: IPSEC_SA_DELETE;
	ike_core_ipsec_take(core, req);
}

void child_ipsec_uninstall(struct child_sa *child, unsigned parts)
{
	struct ipsec_request *req;
	struct ipsec_op *op;

	parts &= child->in_kernel;
	if (!parts)
		return;
	req = request_to_delete(child, parts);
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

void child_ipsec_query(const struct child_sa *child, enum ipsec_direction direction,
		       struct ipsec_op *op)
{
	op->type = IPSEC_SA_QUERY;
	sa_name(child, direction, &op->sa);
}
