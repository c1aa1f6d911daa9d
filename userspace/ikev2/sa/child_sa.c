/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/child_sa.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "bpf/shared/steer.h"
#include "pdk/base/random.h"
#include "pdk/log/log.h"
#include "ikev2/ipsec/ipsec.h"
#include "ikev2/policy/connection.h"
#include "ikev2/policy/proposal_match.h"
#include "ikev2/sa/algorithms.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

const char *child_state_name(enum child_state state)
{
	static const char *const names[] = {
		[CHILD_CREATING] = "CREATING",
		[CHILD_INSTALLING] = "INSTALLING",
		[CHILD_INSTALLED] = "INSTALLED",
		[CHILD_DELETING] = "DELETING",
	};

	return names[state];
}

/*
 * An inbound SPI: like an IKE SPI it names its worker in the top octet, so two workers never draw
 * the same. Values up to 255 are reserved (RFC 4303 2.1).
 */
static uint32_t esp_spi_draw(const struct ike_core *core)
{
	uint32_t spi;

	do
		spi = core->params.worker << 24 | (random_u32() & 0xffffff);
	while (spi < 256);
	return spi;
}

struct child_sa *child_sa_new(struct ike_sa *ike, const struct child_conf *conf, bool initiator,
			      uint64_t token)
{
	struct child_sa *child = calloc(1, sizeof(*child));

	if (!child) {
		ike->core->counters.no_memory++;
		return NULL;
	}
	child->ike = ike;
	child->conf = conf;
	child->unique_id = ike_core_unique_id(ike->core);
	child->initiator = initiator;
	child->token = token;
	child->spi_in = esp_spi_draw(ike->core);
	list_append(&ike->children, &child->link);
	hash_insert(&ike->core->children, child->unique_id, &child->by_id);
	ike->core->n_children++;
	return child;
}

/* -------- the kernel -------- */

/* Reqids from here on are for single Child SAs, those below for configured children. */
#define REQID_SINGLE (IPSEC_REQID_COUNT / 2)

uint32_t child_conf_reqid(const struct child_conf *conf)
{
	return IPSEC_REQID_BASE + conf->reqid % REQID_SINGLE;
}

/*
 * Where the configuration says who the peer is, a Child SA shares the reqid with the trap. Peers
 * that may come from anywhere have one each: policies are bound to SAs by it, and none must get
 * through with packets of another.
 */
static uint32_t child_reqid(const struct child_sa *child)
{
	if (!connection_many_peers(child->ike->conn))
		return child_conf_reqid(child->conf);
	return IPSEC_REQID_BASE + REQID_SINGLE + child->unique_id % REQID_SINGLE;
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

	sa->direction = direction;
	sa->mode = IPSEC_TUNNEL;
	sa->spi = in ? child->spi_in : child->spi_out;
	sa->src = in ? ike->remote : ike->local;
	sa->dst = in ? ike->local : ike->remote;
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
	sa->if_id = in ? conf->if_id_in : conf->if_id_out;
	sa->mark = in ? conf->mark_in : conf->mark_out;
	sa->mark_mask = in ? conf->mark_in_mask : conf->mark_out_mask;
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

int child_sa_install(struct child_sa *child, struct bytes ni, struct bytes nr, struct bytes shared)
{
	const struct keymat_input in = { .ni = ni, .nr = nr, .shared = shared };
	struct ike_core *core = child->ike->core;
	struct ipsec_request *req;
	struct crypto_suite suite;
	struct keymat_child keys;
	int err;

	err = algorithms_of_esp(&child->proposal, &suite);
	if (err < 0)
		return err;
	err = keymat_child_init(core->crypto, &child->ike->keymat, &in,
				crypto_suite_encr_key_len(&suite),
				crypto_suite_integ_key_len(&suite), &keys);
	if (err < 0)
		return err;
	req = ipsec_request_new(3);
	if (!req) {
		keymat_child_fini(&keys);
		return -ENOMEM;
	}
	child->reqid = child_reqid(child);
	/* Inbound first: the peer may be faster than the rest (2.8). */
	req->cookie = child->unique_id;
	req->ops[0].type = IPSEC_SA_ADD;
	sa_fill(child, IPSEC_IN, &keys, &req->ops[0].sa);
	req->ops[1].type = IPSEC_SA_ADD;
	sa_fill(child, IPSEC_OUT, &keys, &req->ops[1].sa);
	req->ops[2].type = IPSEC_POLICY_ADD;
	policy_fill(child, &req->ops[2]);
	keymat_child_fini(&keys);
	err = ike_core_ipsec_take(core, req);
	if (err == 0)
		child->state = CHILD_INSTALLING;
	return err;
}

/* Out again, in the order that keeps packets from leaving in clear: the policy goes last. */
static void child_sa_uninstall(struct child_sa *child)
{
	struct ipsec_request *req = ipsec_request_new(3);

	if (!req) {
		log_obj_error(ike, child->ike->log_name,
			      "out of memory: Child SA %s stays in the kernel until the next start",
			      child->conf->name);
		return;
	}
	req->cookie = child->unique_id;
	req->ops[0].type = IPSEC_SA_DELETE;
	req->ops[0].sa.direction = IPSEC_OUT;
	req->ops[0].sa.spi = child->spi_out;
	req->ops[0].sa.dst = child->ike->remote;
	req->ops[1].type = IPSEC_SA_DELETE;
	req->ops[1].sa.direction = IPSEC_IN;
	req->ops[1].sa.spi = child->spi_in;
	req->ops[1].sa.dst = child->ike->local;
	req->ops[2].type = IPSEC_POLICY_DELETE;
	policy_fill(child, &req->ops[2]);
	ike_core_ipsec_take(child->ike->core, req);
}

/* -------- end -------- */

void child_sa_close(struct child_sa *child, const char *why)
{
	struct ike_sa *ike = child->ike;
	struct ike_core *core = ike->core;
	bool up = child->state == CHILD_INSTALLED || child->state == CHILD_DELETING;

	if (child->state != CHILD_CREATING)
		child_sa_uninstall(child);
	if (up) {
		log_obj_notice(ike, ike->log_name, "Child SA %s{%u} closed: %s", child->conf->name,
			       child->unique_id, why);
		ike_core_event(core, IKE_EVENT_CHILD_DOWN, ike, child);
		ike_core_result(core, child->token, 0, "%s", why);
	} else {
		ike_core_result(core, child->token, -ECONNREFUSED, "Child SA %s: %s",
				child->conf->name, why);
	}
	if (ike->answering == child)
		ike->answering = NULL;
	list_remove(&child->link);
	hash_remove(&core->children, &child->by_id);
	core->n_children--;
	free(child);
}

/* -------- lookup -------- */

struct child_sa *child_sa_by_spi_out(struct ike_sa *ike, uint32_t spi)
{
	struct child_sa *child;

	list_for_each(child, &ike->children, link)
		if (child->spi_out == spi)
			return child;
	return NULL;
}

struct child_sa *child_sa_by_spi_in(struct ike_sa *ike, uint32_t spi)
{
	struct child_sa *child;

	list_for_each(child, &ike->children, link)
		if (child->spi_in == spi)
			return child;
	return NULL;
}

struct child_sa *child_sa_by_id(struct ike_core *core, uint32_t unique_id)
{
	struct hash_node *n = hash_first(&core->children, unique_id);

	return n ? hash_entry(n, struct child_sa, by_id) : NULL;
}
