/* SPDX-License-Identifier: MIT */
#include "ikev2/ipsec/xfrm_policy.h"

#include <errno.h>

#include "ikev2/ipsec/xfrm_selector.h"
#include "pdk/base/random.h"
#include "pdk/netlink/netlink.h"

#define POLICY_ATTR_ROOM 256

static int put_key(struct nl_msg *msg, const struct xfrm_policy_key *key)
{
	struct xfrm_mark m = { .v = key->mark, .m = key->mark_mask };

	if ((m.v != 0 || m.m != 0) && nla_put(msg, XFRMA_MARK, sizeof(m), &m) < 0)
		return -ENOMEM;
	if (key->if_id != 0 && nla_put_u32(msg, XFRMA_IF_ID, key->if_id) < 0)
		return -ENOMEM;
	return 0;
}

static struct xfrm_user_tmpl template_of(const struct xfrm_policy_key *key,
					 const struct xfrm_policy_template *t)
{
	struct xfrm_user_tmpl tmpl = {
		.id.proto = IPPROTO_ESP,
		.family = t->local.family,
		.reqid = t->reqid,
		.mode = t->mode == IPSEC_TUNNEL ? XFRM_MODE_TUNNEL : XFRM_MODE_TRANSPORT,
		.optional = t->optional,
		.aalgos = ~0u,
		.ealgos = ~0u,
		.calgos = ~0u,
	};

	if (key->dir == XFRM_POLICY_OUT) {
		tmpl.saddr = xfrm_address(&t->local);
		tmpl.id.daddr = xfrm_address(&t->remote);
	}
	return tmpl;
}

/* What passes does so whatever is to be protected; what drops is for what nobody else wants. */
#define PRIORITY_STEP 0x10000u /* more than all selectors differ by */

static uint32_t priority_of(const struct xfrm_policy_key *key, const struct xfrm_policy_template *t)
{
	uint32_t priority = xfrm_selector_priority(&key->sel);

	if (t->priority)
		return t->priority;
	switch (t->action) {
	case IPSEC_PROTECT:
		return priority;
	case IPSEC_PASS:
		return priority - PRIORITY_STEP;
	case IPSEC_DROP:
		return priority + PRIORITY_STEP;
	}
	return priority;
}

struct nl_msg *xfrm_policy_build_add(const struct xfrm_policy_key *key,
				     const struct xfrm_policy_template *t, bool update)
{
	struct xfrm_userpolicy_info info = {
		.sel = key->sel,
		.lft = xfrm_no_limits,
		.priority = priority_of(key, t),
		.dir = key->dir,
		.action = t->action == IPSEC_DROP ? XFRM_POLICY_BLOCK : XFRM_POLICY_ALLOW,
		.share = XFRM_SHARE_ANY,
	};
	struct xfrm_user_tmpl tmpl = template_of(key, t);
	struct xfrm_user_offload offload = { .ifindex = (int)t->offload_ifindex,
					     .flags = XFRM_ABI_OFFLOAD_PACKET };
	struct nl_msg *msg;

	/* In the rare case that this one is taken the kernel gives it another. */
	info.index =
		XFRM_POLICY_INDEX_BASE | (random_u32() & ~XFRM_POLICY_INDEX_MASK & ~7u) | key->dir;
	msg = netlink_msg_new(update ? XFRM_MSG_UPDPOLICY : XFRM_MSG_NEWPOLICY, 0,
			      BYTES(&info, sizeof(info)), POLICY_ATTR_ROOM);
	if (msg && t->offload_ifindex &&
	    nla_put(msg, XFRMA_OFFLOAD_DEV, sizeof(offload), &offload) < 0)
		return netlink_msg_free(msg);
	if (msg &&
	    ((t->action == IPSEC_PROTECT && nla_put(msg, XFRMA_TMPL, sizeof(tmpl), &tmpl) < 0) ||
	     put_key(msg, key) < 0))
		return netlink_msg_free(msg);
	return msg;
}

struct nl_msg *xfrm_policy_build_delete(const struct xfrm_policy_key *key)
{
	struct xfrm_userpolicy_id id = { .sel = key->sel, .dir = key->dir };
	struct nl_msg *msg =
		netlink_msg_new(XFRM_MSG_DELPOLICY, 0, BYTES(&id, sizeof(id)), POLICY_ATTR_ROOM);

	if (msg && put_key(msg, key) < 0)
		return netlink_msg_free(msg);
	return msg;
}

struct nl_msg *xfrm_policy_build_dump(void)
{
	return netlink_msg_new(XFRM_MSG_GETPOLICY, 0, BYTES_NONE, 0);
}

int xfrm_policy_parse(const struct nlmsghdr *h, struct xfrm_policy_info *ret_info)
{
	static const struct nla_policy policy[XFRM_ABI_ATTR_MAX + 1] = {
		[XFRMA_TMPL] = { .minlen = sizeof(struct xfrm_user_tmpl) },
		[XFRMA_MARK] = { .minlen = sizeof(struct xfrm_mark) },
		[XFRMA_IF_ID] = { .type = NLA_U32 },
	};
	struct nlattr *tb[XFRM_ABI_ATTR_MAX + 1];
	struct xfrm_userpolicy_info info;
	struct xfrm_policy_info r = { 0 };

	if (h->nlmsg_type != XFRM_MSG_NEWPOLICY ||
	    netlink_msg_parse(h, XFRM_ABI_ATTR_MAX, policy, &info, sizeof(info), tb) < 0)
		return -EBADMSG;
	r.key.sel = info.sel;
	r.key.dir = info.dir;
	r.priority = info.priority;
	r.index = info.index;
	r.action = info.action;
	if (tb[XFRMA_TMPL])
		r.reqid = ((const struct xfrm_user_tmpl *)nla_data(tb[XFRMA_TMPL]))->reqid;
	if (tb[XFRMA_MARK]) {
		const struct xfrm_mark *m = nla_data(tb[XFRMA_MARK]);

		r.key.mark = m->v;
		r.key.mark_mask = m->m;
	}
	if (tb[XFRMA_IF_ID])
		r.key.if_id = nla_get_u32(tb[XFRMA_IF_ID]);
	*ret_info = r;
	return 0;
}
