/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * An XFRM of tables alone, behind a fake netlink kernel: SAs by SPI, policies by selector,
 * direction and interface id. It can be told to refuse one of the changes to come.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "ikev2/ipsec/xfrm_policy.h"
#include "ikev2/ipsec/xfrm_sa.h"
#include "tests/unit/pdk/netlink/fake_kernel.h"

#define FAKE_MAX 256

struct fake_sa {
	uint32_t spi, reqid;
	uint16_t sport;
	struct netaddr dst;
	struct xfrm_lifetime_cfg lft;
};

struct fake_policy {
	struct xfrm_policy_key key;
	uint32_t reqid;
};

struct fake_tables {
	size_t n_sas, n_policies;
	struct fake_sa sas[FAKE_MAX];
	struct fake_policy policies[FAKE_MAX];
};

struct fake_xfrm {
	struct fake_kernel kernel;
	struct fake_tables t;
	unsigned refuse;  /* the how manieth addition or update from now on fails; 0: none */
	unsigned hang_up; /* the same, but the connection breaks */
	unsigned interrupt_dumps; /* that many are marked as changed under way */
};

static inline struct fake_sa *fake_find_sa(struct fake_tables *t, uint32_t spi)
{
	for (size_t i = 0; i < t->n_sas; i++)
		if (t->sas[i].spi == spi)
			return &t->sas[i];
	return NULL;
}

static inline bool fake_same_key(const struct xfrm_policy_key *a, const struct xfrm_policy_key *b)
{
	return a->dir == b->dir && a->if_id == b->if_id && a->mark == b->mark &&
	       a->mark_mask == b->mark_mask && a->sel.family == b->sel.family &&
	       a->sel.proto == b->sel.proto && a->sel.prefixlen_s == b->sel.prefixlen_s &&
	       a->sel.prefixlen_d == b->sel.prefixlen_d && a->sel.sport == b->sel.sport &&
	       a->sel.sport_mask == b->sel.sport_mask && a->sel.dport == b->sel.dport &&
	       a->sel.dport_mask == b->sel.dport_mask &&
	       memcmp(&a->sel.saddr, &b->sel.saddr, 16) == 0 &&
	       memcmp(&a->sel.daddr, &b->sel.daddr, 16) == 0;
}

static inline struct fake_policy *fake_find_policy(struct fake_tables *t,
						   const struct xfrm_policy_key *key)
{
	for (size_t i = 0; i < t->n_policies; i++)
		if (fake_same_key(&t->policies[i].key, key))
			return &t->policies[i];
	return NULL;
}

/* A message read as if it were of another type. */
static inline int fake_parse_as(const struct nlmsghdr *h, uint16_t type, struct xfrm_sa_info *sa,
				struct xfrm_policy_info *policy)
{
	struct nlmsghdr *copy = malloc(h->nlmsg_len);
	int err;

	memcpy(copy, h, h->nlmsg_len);
	copy->nlmsg_type = type;
	err = sa ? xfrm_sa_parse(copy, sa) : xfrm_policy_parse(copy, policy);
	free(copy);
	return err;
}

static inline int fake_set_sa(struct fake_tables *t, const struct nlmsghdr *h)
{
	struct xfrm_usersa_info raw; /* a message is aligned to four octets only */
	struct xfrm_sa_info info;
	struct fake_sa *sa;

	if (fake_parse_as(h, XFRM_MSG_NEWSA, &info, NULL) < 0)
		return -EINVAL;
	sa = fake_find_sa(t, info.spi);
	if (h->nlmsg_type == XFRM_MSG_NEWSA && sa)
		return -EEXIST;
	if (h->nlmsg_type == XFRM_MSG_UPDSA && !sa)
		return -ESRCH;
	if (!sa)
		sa = &t->sas[t->n_sas++];
	memcpy(&raw, nlmsg_data(h), sizeof(raw));
	*sa = (struct fake_sa){
		.spi = info.spi,
		.reqid = info.reqid,
		.sport = info.src.port,
		.dst = info.dst,
		.lft = raw.lft,
	};
	return 0;
}

static inline int fake_set_policy(struct fake_tables *t, const struct nlmsghdr *h)
{
	struct xfrm_policy_info info;
	struct fake_policy *p;

	if (fake_parse_as(h, XFRM_MSG_NEWPOLICY, NULL, &info) < 0)
		return -EINVAL;
	p = fake_find_policy(t, &info.key);
	if (h->nlmsg_type == XFRM_MSG_NEWPOLICY && p)
		return -EEXIST;
	if (!p)
		p = &t->policies[t->n_policies++];
	*p = (struct fake_policy){ info.key, info.reqid };
	return 0;
}

static inline int fake_delete_sa(struct fake_tables *t, const struct nlmsghdr *h)
{
	const struct xfrm_usersa_id *id = nlmsg_data((struct nlmsghdr *)h);
	struct fake_sa *sa = fake_find_sa(t, ntohl(id->spi));

	if (!sa)
		return -ESRCH;
	*sa = t->sas[--t->n_sas];
	return 0;
}

static inline int fake_delete_policy(struct fake_tables *t, const struct nlmsghdr *h)
{
	const struct xfrm_userpolicy_id *id = nlmsg_data((struct nlmsghdr *)h);
	struct nlattr *tb[XFRM_ABI_ATTR_MAX + 1];
	struct xfrm_policy_key key = { .sel = id->sel, .dir = id->dir };
	struct fake_policy *p;

	nlmsg_parse((struct nlmsghdr *)h, sizeof(*id), tb, XFRM_ABI_ATTR_MAX, NULL);
	if (tb[XFRMA_IF_ID])
		key.if_id = nla_get_u32(tb[XFRMA_IF_ID]);
	p = fake_find_policy(t, &key);
	if (!p)
		return -ENOENT;
	*p = t->policies[--t->n_policies];
	return 0;
}

/* What the kernel says of an SA: 1000 octets in 10 packets. */
static inline void fake_tell_sa(struct fake_xfrm *f, const struct nlmsghdr *request,
				const struct fake_sa *sa, uint16_t flags)
{
	struct {
		struct xfrm_usersa_info info;
		struct nlattr a;
		struct xfrm_encap_tmpl encap;
	} m = { 0 };

	m.info.id.spi = htonl(sa->spi);
	m.info.id.proto = IPPROTO_ESP;
	m.info.id.daddr = xfrm_address(&sa->dst);
	m.info.family = sa->dst.family;
	m.info.reqid = sa->reqid;
	m.info.lft = sa->lft;
	m.info.curlft.bytes = 1000;
	m.info.curlft.packets = 10;
	m.a = (struct nlattr){ .nla_len = sizeof(m.a) + sizeof(m.encap), .nla_type = XFRMA_ENCAP };
	m.encap.encap_sport = htons(sa->sport);
	m.encap.encap_dport = htons(sa->dst.port);
	fake_reply(&f->kernel, request, XFRM_MSG_NEWSA, flags, &m,
		   sizeof(m.info) + NLA_ALIGN(m.a.nla_len));
}

static inline void fake_tell_policy(struct fake_xfrm *f, const struct nlmsghdr *request,
				    const struct fake_policy *p, uint16_t flags)
{
	struct {
		struct xfrm_userpolicy_info info;
		struct nlattr a;
		struct xfrm_user_tmpl tmpl;
	} m = { 0 };

	m.info.sel = p->key.sel;
	m.info.dir = p->key.dir;
	m.a = (struct nlattr){ .nla_len = sizeof(m.a) + sizeof(m.tmpl), .nla_type = XFRMA_TMPL };
	m.tmpl.reqid = p->reqid;
	fake_reply(&f->kernel, request, XFRM_MSG_NEWPOLICY, flags, &m,
		   sizeof(m.info) + NLA_ALIGN(m.a.nla_len));
}

static inline int fake_dump(struct fake_xfrm *f, const struct nlmsghdr *h)
{
	uint16_t flags = NLM_F_MULTI;
	int zero = 0;

	if (f->interrupt_dumps > 0) {
		f->interrupt_dumps--;
		flags |= NLM_F_DUMP_INTR;
	}
	for (size_t i = 0; h->nlmsg_type == XFRM_MSG_GETSA && i < f->t.n_sas; i++)
		fake_tell_sa(f, h, &f->t.sas[i], flags);
	for (size_t i = 0; h->nlmsg_type == XFRM_MSG_GETPOLICY && i < f->t.n_policies; i++)
		fake_tell_policy(f, h, &f->t.policies[i], flags);
	fake_reply(&f->kernel, h, NLMSG_DONE, flags, &zero, sizeof(zero));
	return FAKE_NO_ACK;
}

static inline int fake_get_sa(struct fake_xfrm *f, const struct nlmsghdr *h)
{
	const struct xfrm_usersa_id *id = nlmsg_data((struct nlmsghdr *)h);
	struct fake_sa *sa = fake_find_sa(&f->t, ntohl(id->spi));

	if (!sa)
		return -ESRCH;
	fake_tell_sa(f, h, sa, 0);
	return 0;
}

static inline int fake_xfrm_handle(struct fake_kernel *kernel, const struct nlmsghdr *h, char *text)
{
	struct fake_xfrm *f = kernel->data;

	switch (h->nlmsg_type) {
	case XFRM_MSG_NEWSA:
	case XFRM_MSG_UPDSA:
	case XFRM_MSG_NEWPOLICY:
	case XFRM_MSG_UPDPOLICY:
		if (f->refuse > 0 && --f->refuse == 0) {
			snprintf(text, NETLINK_TEXT_MAX, "refused by the test");
			return -EBUSY;
		}
		if (f->hang_up > 0 && --f->hang_up == 0)
			return FAKE_HANG_UP;
		return h->nlmsg_type == XFRM_MSG_NEWSA || h->nlmsg_type == XFRM_MSG_UPDSA
			       ? fake_set_sa(&f->t, h)
			       : fake_set_policy(&f->t, h);
	case XFRM_MSG_DELSA:
		return fake_delete_sa(&f->t, h);
	case XFRM_MSG_DELPOLICY:
		return fake_delete_policy(&f->t, h);
	case XFRM_MSG_GETSA:
		return h->nlmsg_flags & NLM_F_DUMP ? fake_dump(f, h) : fake_get_sa(f, h);
	case XFRM_MSG_GETPOLICY:
		return fake_dump(f, h);
	}
	return -EINVAL;
}
