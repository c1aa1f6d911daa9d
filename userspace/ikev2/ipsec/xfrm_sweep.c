/* SPDX-License-Identifier: MIT */
/*
 * Policies first: without them nothing asks for SAs any more. A larval SA (what the kernel keeps
 * while it waits for the answer to an ACQUIRE) has no SPI and can't be deleted; but an SA that
 * answers the ACQUIRE takes its place, and that can. So larval ones are answered with an SA of a
 * random key that goes at once.
 */
#include "ikev2/ipsec/xfrm_sweep.h"

#include <arpa/inet.h>
#include <errno.h>

#include "ikev2/codec/ikev2.h"
#include "ikev2/ipsec/xfrm_sa.h"
#include "pdk/base/random.h"
#include "pdk/netlink/netlink.h"

#define ATTEMPTS 4 /* the tables may change while they are read */

struct sweep {
	struct xfrm_kernel *k;
	struct netlink_batch deletes;
	int err;
};

static void add(struct sweep *s, struct nl_msg *msg_take)
{
	if (netlink_batch_add(&s->deletes, msg_take, NULL, NULL) < 0)
		s->err = -ENOMEM;
}

static void on_policy(const struct nlmsghdr *h, void *data)
{
	struct sweep *s = data;
	struct xfrm_policy_info p;

	if (xfrm_policy_parse(h, &p) == 0 &&
	    (ipsec_reqid_is_ours(p.reqid) || xfrm_policy_index_is_ours(p.index)))
		add(s, xfrm_policy_build_delete(&p.key));
}

static void replace_larval(struct sweep *s, const struct xfrm_sa_info *info)
{
	struct ipsec_sa sa = {
		.direction = IPSEC_OUT,
		.mode = IPSEC_TUNNEL,
		.spi = random_u32() | 0x80000000u,
		.src = info->src,
		.dst = info->dst,
		.reqid = info->reqid,
		.encr = IKE_ENCR_AES_GCM_16,
		.encr_bits = 128,
		.encr_key_len = 20,
		.mark = info->mark,
		.mark_mask = info->mark_mask,
		.acquire_seq = info->seq,
	};
	struct nl_msg *msg;

	random_fill(sa.encr_key, sa.encr_key_len);
	if (xfrm_sa_build_add(&sa, &s->k->features, false, &msg) == 0) {
		add(s, msg);
		add(s, xfrm_sa_build_delete(&sa.dst, sa.spi, sa.mark, sa.mark_mask));
	}
	explicit_bzero(&sa, sizeof(sa));
}

static void on_sa(const struct nlmsghdr *h, void *data)
{
	struct sweep *s = data;
	struct xfrm_sa_info info;

	if (xfrm_sa_parse(h, &info) < 0 || info.proto != IPPROTO_ESP || !info.ours)
		return;
	if (info.spi == 0)
		replace_larval(s, &info);
	else
		add(s, xfrm_sa_build_delete(&info.dst, info.spi, info.mark, info.mark_mask));
}

/* 1 for a deletion that the kernel has carried out, 0 for what else was asked. */
static size_t count_removed(struct xfrm_kernel *k, struct nlmsghdr *h)
{
	const struct ipsec_sa_observer *o = k->observer;
	const struct xfrm_usersa_id *id = nlmsg_data(h);
	struct netaddr dst;

	if (h->nlmsg_type == XFRM_MSG_DELPOLICY)
		return 1;
	if (h->nlmsg_type != XFRM_MSG_DELSA)
		return 0;
	dst = xfrm_netaddr(&id->daddr, id->family, 0);
	if (o->removed)
		o->removed(&dst, ntohl(id->spi), o->data);
	return 1;
}

/* Read a table, delete what the reader picked, until it has been read in one go. */
static int sweep_table(struct xfrm_kernel *k, struct nl_msg *(*build_dump)(void),
		       netlink_reply_fn pick, size_t *ret_removed)
{
	struct sweep s = { .k = k, .deletes = NETLINK_BATCH_INIT };
	size_t removed = 0;
	int err, sent;

	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		err = netlink_dump(k->socket, build_dump(), pick, &s);
		sent = netlink_transact(k->socket, &s.deletes);
		for (size_t i = 0; i < s.deletes.n; i++)
			if (s.deletes.items[i].err == 0)
				removed += count_removed(k, nlmsg_hdr(s.deletes.items[i].msg));
		netlink_batch_fini(&s.deletes);
		if (err == 0)
			err = sent < 0 ? sent : s.err;
		if (err != -EAGAIN)
			break;
	}
	*ret_removed = removed;
	return err;
}

int xfrm_sweep(struct xfrm_kernel *k, struct xfrm_swept *ret_swept)
{
	int err_policies = sweep_table(k, xfrm_policy_build_dump, on_policy, &ret_swept->policies);
	int err_sas = sweep_table(k, xfrm_sa_build_dump, on_sa, &ret_swept->sas);

	return err_policies < 0 ? err_policies : err_sas;
}
