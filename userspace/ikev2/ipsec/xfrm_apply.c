/* SPDX-License-Identifier: MIT */
/*
 * Neighbouring operations of a kind go to the kernel in one batch: a run. There are runs of changes
 * (additions and updates) and runs of the rest (deletions and queries).
 *
 * Every message has a step beside it: item i of the batch belongs to step i of its round. A run is
 * one round, unless the answer to one message is needed to build another. The steps of all runs of
 * changes form the request's journal, and undoing is walking it backwards. A message whose answer
 * got lost may have been carried out, so it is undone as well: taking away what isn't there is
 * harmless, and so is restoring a policy to what it is.
 */
#include "ikev2/ipsec/xfrm_apply.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ikev2/ipsec/xfrm_offload.h"
#include "ikev2/ipsec/xfrm_sa.h"
#include "ikev2/ipsec/xfrm_selector.h"
#include "pdk/netlink/netlink.h"

enum outcome {
	OUTCOME_REFUSED, /* the kernel said no: nothing to undo there */
	OUTCOME_DONE,
	OUTCOME_UNKNOWN, /* no answer */
};

struct step {
	struct ipsec_op *op;
	enum outcome outcome;
	struct xfrm_policy_key key;      /* of a policy */
	struct netaddr old_src, old_dst; /* of an update: the encapsulation before */
};

/* A policy that the kernel holds already: to be undone as well, but with no message of its own. */
struct kept {
	struct ipsec_op *op;
	struct xfrm_policy_key key;
};

struct apply {
	struct xfrm_kernel *k;
	struct ipsec_request *req;
	struct netlink_batch batch; /* what is queued */
	struct step *steps;
	size_t n_steps, cap_steps;
	size_t round_start;               /* first step that belongs to the batch */
	struct kept *kept;                /* additions that the kernel needed not be told of */
	size_t n_kept;
	struct xfrm_selectors *selectors; /* scratch */
};

static bool is_change(const struct ipsec_op *op)
{
	switch (op->type) {
	case IPSEC_SA_ADD:
	case IPSEC_SA_UPDATE:
	case IPSEC_POLICY_ADD:
		return true;
	case IPSEC_SA_DELETE:
	case IPSEC_SA_QUERY:
	case IPSEC_POLICY_DELETE:
		return false;
	}
	return false;
}

static void tell_removed(struct apply *a, const struct ipsec_sa *sa)
{
	const struct ipsec_sa_observer *o = a->k->observer;

	if (o->removed)
		o->removed(&sa->dst, sa->spi, o->data);
}

static void tell_added(struct apply *a, const struct ipsec_sa *sa)
{
	const struct ipsec_sa_observer *o = a->k->observer;

	if (o->added)
		o->added(sa, o->data);
}

/* The first error of an operation and of the request stand; text is the kernel's or "". */
static void fail(struct apply *a, struct ipsec_op *op, int err, const char *text)
{
	if (op->err == 0)
		op->err = err;
	if (is_change(op) && a->req->err == 0) {
		a->req->err = err;
		snprintf(a->req->error_text, sizeof(a->req->error_text), "%s", text);
	}
}

static void fail_offload(struct apply *a, struct ipsec_op *op, int err)
{
	char text[sizeof(a->req->error_text)];

	xfrm_offload_explain(&op->sa, err, text, sizeof(text));
	fail(a, op, err, text);
}

/* -------- journal -------- */

static struct step *step_new(struct apply *a, struct ipsec_op *op)
{
	if (a->n_steps == a->cap_steps) {
		size_t cap = a->cap_steps ? 2 * a->cap_steps : 16;
		struct step *steps = realloc(a->steps, cap * sizeof(*steps));

		if (!steps)
			return NULL;
		a->steps = steps;
		a->cap_steps = cap;
	}
	a->steps[a->n_steps] = (struct step){ .op = op };
	return &a->steps[a->n_steps++];
}

/* Queue a message for op, with its step. On failure neither is there. */
static int queue(struct apply *a, struct ipsec_op *op, struct nl_msg *msg_take,
		 netlink_reply_fn reply, void *data, struct step **ret_step)
{
	struct step *step = step_new(a, op);

	if (!step) {
		netlink_msg_free(msg_take);
		return -ENOMEM;
	}
	if (netlink_batch_add(&a->batch, msg_take, reply, data) < 0) {
		a->n_steps--;
		return -ENOMEM;
	}
	if (ret_step)
		*ret_step = step;
	return 0;
}

static int keep(struct apply *a, struct ipsec_op *op, const struct xfrm_policy_key *key)
{
	struct kept *kept = realloc(a->kept, (a->n_kept + 1) * sizeof(*kept));

	if (!kept)
		return -ENOMEM;
	a->kept = kept;
	kept[a->n_kept++] = (struct kept){ op, *key };
	return 0;
}

/* -------- sending -------- */

static void on_old_encap(const struct nlmsghdr *h, void *data)
{
	struct step *step = data;
	struct xfrm_sa_info info;

	if (xfrm_sa_parse(h, &info) == 0) {
		step->old_src = info.src;
		step->old_dst = info.dst;
	}
}

/* Note what the kernel has before updates change it, for the way back. */
static int note_old_encaps(struct apply *a)
{
	_cleanup_(netlink_batch_fini) struct netlink_batch get = NETLINK_BATCH_INIT;

	for (size_t i = a->round_start; i < a->n_steps; i++) {
		const struct ipsec_sa *sa = &a->steps[i].op->sa;

		if (a->steps[i].op->type == IPSEC_SA_UPDATE &&
		    netlink_batch_add(&get,
				      xfrm_sa_build_get(&sa->dst, sa->spi, sa->mark, sa->mark_mask),
				      on_old_encap, &a->steps[i]) < 0)
			return -ENOMEM;
	}
	/* An SA that isn't there has nothing to note; the update will say so. */
	return get.n > 0 ? netlink_transact(a->k->socket, &get) : 0;
}

static bool counts_as_gone(enum ipsec_op_type type, int err)
{
	return (type == IPSEC_SA_DELETE && err == -ESRCH) ||
	       (type == IPSEC_POLICY_DELETE && err == -ENOENT);
}

static void take_result(struct apply *a, struct step *step, const struct netlink_item *item,
			bool answered)
{
	struct ipsec_op *op = step->op;

	step->outcome = item->err == 0 ? OUTCOME_DONE
			: answered     ? OUTCOME_REFUSED
				       : OUTCOME_UNKNOWN;
	if (item->err < 0 && op->type == IPSEC_SA_ADD && op->sa.offload && !item->text[0] &&
	    (item->err == -EINVAL || item->err == -EOPNOTSUPP))
		fail_offload(a, op, item->err);
	else if (item->err < 0 && !counts_as_gone(op->type, item->err))
		fail(a, op, item->err, item->text);
	if (op->type == IPSEC_SA_ADD)
		op->keeps_alive = step->outcome == OUTCOME_DONE &&
				  xfrm_sa_keeps_alive(&op->sa, &a->k->features);
	if (op->type == IPSEC_SA_DELETE && op->err == 0)
		tell_removed(a, &op->sa);
}

/* Send what is queued and take the results into the steps. What is queued next is another round. */
static void round_send(struct apply *a)
{
	int err = note_old_encaps(a);

	if (err < 0) { /* then the rest isn't asked for, and its steps stay refused */
		fail(a, a->steps[a->round_start].op, err, "");
	} else {
		err = netlink_transact(a->k->socket, &a->batch);
		for (size_t i = 0; i < a->batch.n; i++)
			take_result(a, &a->steps[a->round_start + i], &a->batch.items[i],
				    !(err < 0 && a->batch.items[i].err == err));
	}
	netlink_batch_fini(&a->batch);
	xfrm_spd_settle(&a->k->spd);
	a->round_start = a->n_steps;
}

/* -------- policies -------- */

/* What a policy of the kernel is told for the operation's policy. */
static struct xfrm_policy_template template_of(const struct ipsec_policy *p)
{
	return (struct xfrm_policy_template){
		.action = p->action,
		.mode = p->mode,
		.reqid = p->reqid,
		.priority = p->priority,
		.local = p->local_addr,
		.remote = p->remote_addr,
		.offload_ifindex = p->offload_ifindex,
	};
}

typedef int (*policy_fn)(struct apply *a, struct ipsec_op *op, const struct xfrm_policy_key *key,
			 const struct xfrm_policy_template *t);

/* One selector of outgoing packets in all directions. */
static int for_each_direction(struct apply *a, struct ipsec_op *op, const struct xfrm_selector *sel,
			      policy_fn fn)
{
	const struct ipsec_policy *p = &op->spd.policy;
	/* Transport mode is between the two hosts: nothing to forward. */
	bool forward = p->action != IPSEC_PROTECT || p->mode == IPSEC_TUNNEL;
	struct xfrm_policy_template t = template_of(p);
	struct xfrm_policy_key out = { .sel = *sel,
				       .mark = p->mark_out.value,
				       .mark_mask = p->mark_out.mask,
				       .if_id = p->if_id_out,
				       .dir = XFRM_POLICY_OUT };
	struct xfrm_policy_key in = { .sel = xfrm_selector_reverse(sel),
				      .mark = p->mark_in.value,
				      .mark_mask = p->mark_in.mask,
				      .if_id = p->if_id_in,
				      .dir = XFRM_POLICY_IN };
	int err;

	out.sel.ifindex = in.sel.ifindex = (int)p->ifindex;
	err = fn(a, op, &out, &t);
	if (err == 0)
		err = fn(a, op, &in, &t);
	if (err < 0 || !forward)
		return err;
	in.dir = XFRM_POLICY_FWD;
	err = fn(a, op, &in, &t);
	if (err < 0 || !p->fwd_out)
		return err;
	out.dir = XFRM_POLICY_FWD;
	t.optional = true;
	return fn(a, op, &out, &t);
}

/* For each selector and direction of the operation's policy: fn(). Stops at the first error. */
static int for_each_policy(struct apply *a, struct ipsec_op *op, policy_fn fn)
{
	struct ipsec_policy *p = &op->spd.policy;
	int err = xfrm_selectors_from_ts(&p->local, &p->remote, a->selectors);

	for (size_t i = 0; err == 0 && i < a->selectors->n; i++)
		err = for_each_direction(a, op, &a->selectors->v[i], fn);
	return err;
}

/* The interface that the policy names gets its number, unless it has it already. */
static int bind_interface(struct ipsec_policy *p)
{
	if (!p->interface[0] || p->ifindex)
		return 0;
	p->ifindex = if_nametoindex(p->interface);
	return p->ifindex ? 0 : -ENODEV;
}

static int queue_policy_add(struct apply *a, struct ipsec_op *op, const struct xfrm_policy_key *key,
			    const struct xfrm_policy_template *t)
{
	int change = xfrm_spd_push(&a->k->spd, key, op->spd.owner, t), err;
	struct xfrm_policy_template old;
	struct step *step;

	if (change == -EINPROGRESS) { /* the same selector again: let the kernel answer first */
		round_send(a);
		if (a->req->err < 0)
			return -ECANCELED;
		change = xfrm_spd_push(&a->k->spd, key, op->spd.owner, t);
	}
	if (change < 0)
		return change;
	if (change == XFRM_SPD_NONE)
		err = keep(a, op, key);
	else
		err = queue(a, op, xfrm_policy_build_add(key, t, change == XFRM_SPD_REPLACE), NULL,
			    NULL, &step);
	if (err < 0)
		xfrm_spd_pop(&a->k->spd, key, op->spd.owner, &old);
	else if (change != XFRM_SPD_NONE)
		step->key = *key;
	return err;
}

/*
 * Take owner's addition away. held: the kernel may have its policy. If it never took it, the policy
 * with this selector is somebody else's.
 */
static int queue_policy_pop(struct apply *a, struct ipsec_op *op, const struct xfrm_policy_key *key,
			    bool held)
{
	struct xfrm_policy_template t;

	switch (xfrm_spd_pop(&a->k->spd, key, op->spd.owner, &t)) {
	case XFRM_SPD_REPLACE:
		return queue(a, op, xfrm_policy_build_add(key, &t, true), NULL, NULL, NULL);
	case XFRM_SPD_REMOVE:
		return held ? queue(a, op, xfrm_policy_build_delete(key), NULL, NULL, NULL) : 0;
	default: /* nothing to tell, or gone already, which counts as done */
		return 0;
	}
}

static int queue_policy_delete(struct apply *a, struct ipsec_op *op,
			       const struct xfrm_policy_key *key,
			       const struct xfrm_policy_template *t)
{
	return queue_policy_pop(a, op, key, true);
}

static int check_policy(const struct ipsec_policy *p)
{
	if (p->action != IPSEC_PROTECT)
		return 0;
	if (netaddr_len(&p->local_addr) == 0 || p->local_addr.family != p->remote_addr.family ||
	    !p->reqid)
		return -EINVAL;
	return 0;
}

/* -------- SAs -------- */

static int queue_sa(struct apply *a, struct ipsec_op *op, bool update)
{
	struct nl_msg *msg;
	struct step *step;
	int err;

	if (!op->sa.reqid)
		return -EINVAL;
	err = xfrm_sa_build_add(&op->sa, &a->k->features, update, &msg);
	if (err == 0)
		err = queue(a, op, msg, NULL, NULL, &step);
	if (err == 0 && !update)
		tell_added(a, &op->sa);
	return err;
}

static void on_usage(const struct nlmsghdr *h, void *data)
{
	struct ipsec_op *op = data;
	struct xfrm_sa_info info;

	if (xfrm_sa_parse(h, &info) < 0)
		return;
	op->usage = info.usage;
	op->usage.asked = (uint64_t)time(NULL);
}

/* -------- runs -------- */

static int queue_op(struct apply *a, struct ipsec_op *op)
{
	const struct ipsec_sa *sa = &op->sa;
	int err;

	switch (op->type) {
	case IPSEC_SA_ADD:
		err = xfrm_offload_bind(&op->sa);
		if (err < 0)
			fail_offload(a, op, err);
		return err < 0 ? err : queue_sa(a, op, false);
	case IPSEC_SA_UPDATE:
		return queue_sa(a, op, true);
	case IPSEC_SA_DELETE:
		return queue(a, op,
			     xfrm_sa_build_delete(&sa->dst, sa->spi, sa->mark, sa->mark_mask), NULL,
			     NULL, NULL);
	case IPSEC_SA_QUERY:
		return queue(a, op, xfrm_sa_build_get(&sa->dst, sa->spi, sa->mark, sa->mark_mask),
			     on_usage, op, NULL);
	case IPSEC_POLICY_ADD:
		err = check_policy(&op->spd.policy);
		if (err == 0)
			err = bind_interface(&op->spd.policy);
		if (err == 0)
			err = xfrm_offload_bind_policy(&op->spd.policy);
		return err < 0 ? err : for_each_policy(a, op, queue_policy_add);
	case IPSEC_POLICY_DELETE:
		/* One whose interface is gone without a number can't be named any more. */
		if (bind_interface(&op->spd.policy) < 0)
			return 0;
		return for_each_policy(a, op, queue_policy_delete);
	}
	return -EINVAL;
}

/*
 * One run of operations. When one of the changes can't even be asked for, what is queued isn't
 * sent: its steps are refused, so that undoing only sets the tables right.
 */
static void run(struct apply *a, struct ipsec_op *ops, size_t n)
{
	size_t first = a->n_steps;
	int err;

	for (size_t i = 0; i < n && a->req->err == 0; i++) {
		err = queue_op(a, &ops[i]);
		if (err < 0)
			fail(a, &ops[i], err, "");
	}
	if (a->req->err == 0)
		round_send(a);
	else
		netlink_batch_fini(&a->batch);
	if (!is_change(&ops[0])) /* no part of the journal */
		a->n_steps = a->round_start = first;
}

/* -------- undoing -------- */

/* The update again, with the ports of before. */
static int queue_update_back(struct apply *a, const struct step *step)
{
	struct ipsec_sa *sa = &step->op->sa;
	uint16_t src_port = sa->src.port, dst_port = sa->dst.port;
	struct nl_msg *msg;
	int err;

	sa->src.port = step->old_src.port;
	sa->dst.port = step->old_dst.port;
	err = xfrm_sa_build_add(sa, &a->k->features, true, &msg);
	sa->src.port = src_port;
	sa->dst.port = dst_port;
	return err < 0 ? err : queue(a, step->op, msg, NULL, NULL, NULL);
}

static int queue_undo(struct apply *a, const struct step *step)
{
	struct ipsec_op *op = step->op;
	bool held = step->outcome != OUTCOME_REFUSED; /* by the kernel */

	switch (op->type) {
	case IPSEC_SA_ADD:
		if (!held)
			return 0;
		return queue(a, op,
			     xfrm_sa_build_delete(&op->sa.dst, op->sa.spi, op->sa.mark,
						  op->sa.mark_mask),
			     NULL, NULL, NULL);
	case IPSEC_SA_UPDATE:
		return held && netaddr_is_set(&step->old_dst) ? queue_update_back(a, step) : 0;
	case IPSEC_POLICY_ADD:
		return queue_policy_pop(a, op, &step->key, held);
	case IPSEC_SA_DELETE:
	case IPSEC_SA_QUERY:
	case IPSEC_POLICY_DELETE:
		break; /* never in the journal */
	}
	return 0;
}

static void undo(struct apply *a)
{
	size_t n = a->n_steps;

	a->round_start = n;
	for (size_t i = n; i-- > 0;) {
		struct step step = a->steps[i];

		(void)queue_undo(a, &step);
	}
	for (size_t i = a->n_kept; i-- > 0;)
		(void)queue_policy_pop(a, a->kept[i].op, &a->kept[i].key, true);
	(void)netlink_transact(a->k->socket, &a->batch);
	netlink_batch_fini(&a->batch);
	for (size_t i = 0; i < n; i++)
		if (a->steps[i].op->type == IPSEC_SA_ADD)
			tell_removed(a, &a->steps[i].op->sa);
}

/* What had been added and is now undone, and what was never begun. */
static void mark_cancelled(struct ipsec_request *req, size_t begun)
{
	for (size_t i = 0; i < req->n_ops; i++)
		if (req->ops[i].err == 0 && (i >= begun || is_change(&req->ops[i])))
			req->ops[i].err = -ECANCELED;
}

/* What has to be offloaded is: where the kernel goes on in software it says nothing. */
static void check_offload(struct apply *a)
{
	for (size_t i = 0; i < a->req->n_ops && a->req->err == 0; i++) {
		struct ipsec_op *op = &a->req->ops[i];
		int err;

		if (op->type != IPSEC_SA_ADD || (op->sa.offload != IPSEC_OFFLOAD_CRYPTO &&
						 op->sa.offload != IPSEC_OFFLOAD_PACKET))
			continue;
		err = xfrm_offload_check(a->k->socket, &op->sa);
		if (err < 0)
			fail_offload(a, op, err);
	}
}

static void apply_once(struct xfrm_kernel *k, struct ipsec_request *req)
{
	struct apply a = { .k = k, .req = req, .batch = NETLINK_BATCH_INIT };
	size_t i = 0, end;

	req->err = 0;
	req->error_text[0] = '\0';
	for (size_t j = 0; j < req->n_ops; j++) {
		req->ops[j].err = 0;
		req->ops[j].usage = (struct ipsec_usage){ 0 };
	}
	a.selectors = malloc(sizeof(*a.selectors));
	if (!a.selectors)
		req->err = -ENOMEM;
	for (; i < req->n_ops && req->err == 0; i = end) {
		for (end = i + 1; end < req->n_ops; end++)
			if (is_change(&req->ops[end]) != is_change(&req->ops[i]))
				break;
		run(&a, &req->ops[i], end - i);
	}
	check_offload(&a);
	if (req->err < 0) {
		undo(&a);
		mark_cancelled(req, i);
	}
	free(a.steps);
	free(a.kept);
	free(a.selectors);
}

void xfrm_apply(struct xfrm_kernel *k, struct ipsec_request *req)
{
	apply_once(k, req);
	if (req->err < 0 && xfrm_offload_lower(req))
		apply_once(k, req);
}
