/* SPDX-License-Identifier: MIT */
#include "ikev2/ipsec/xfrm_event.h"

#include <arpa/inet.h>
#include <errno.h>

#include "ikev2/ipsec/xfrm_selector.h"
#include "pdk/netlink/netlink.h"

static int parse_acquire(const struct nlmsghdr *h, struct ipsec_acquire *ret_acquire)
{
	static const struct nla_policy policy[XFRM_ABI_ATTR_MAX + 1] = {
		[XFRMA_TMPL] = { .minlen = sizeof(struct xfrm_user_tmpl) },
	};
	struct nlattr *tb[XFRM_ABI_ATTR_MAX + 1];
	struct xfrm_user_acquire a;
	const struct xfrm_user_tmpl *tmpl;
	struct ipsec_acquire r = { 0 };

	if (netlink_msg_parse(h, XFRM_ABI_ATTR_MAX, policy, &a, sizeof(a), tb) < 0)
		return -EBADMSG;
	if (a.id.proto != IPPROTO_ESP)
		return -ENOMSG;
	if (!tb[XFRMA_TMPL]) /* the reqid stands nowhere else */
		return -EBADMSG;
	tmpl = nla_data(tb[XFRMA_TMPL]);
	r.reqid = tmpl->reqid;
	r.seq = a.seq;
	r.local = xfrm_netaddr(&a.saddr, tmpl->family, 0);
	r.remote = xfrm_netaddr(&a.id.daddr, tmpl->family, 0);
	if (r.remote.family == AF_UNSPEC || netaddr_family_len(a.sel.family) == 0)
		return -EBADMSG;
	xfrm_selector_to_ts(&a.sel, &r.packet_src, &r.packet_dst);
	*ret_acquire = r;
	return 0;
}

static int parse_expire(const struct nlmsghdr *h, struct ipsec_expire *ret_expire)
{
	struct nlattr *tb[XFRM_ABI_ATTR_MAX + 1];
	struct xfrm_user_expire x;
	struct ipsec_expire r = { 0 };

	if (netlink_msg_parse(h, XFRM_ABI_ATTR_MAX, NULL, &x, sizeof(x), tb) < 0)
		return -EBADMSG;
	if (x.state.id.proto != IPPROTO_ESP)
		return -ENOMSG;
	r.spi = ntohl(x.state.id.spi);
	r.dst = xfrm_netaddr(&x.state.id.daddr, x.state.family, 0);
	r.reqid = x.state.reqid;
	r.hard = x.hard != 0;
	if (r.dst.family == AF_UNSPEC)
		return -EBADMSG;
	*ret_expire = r;
	return 0;
}

static int parse_mapping(const struct nlmsghdr *h, struct ipsec_mapping *ret_mapping)
{
	struct nlattr *tb[XFRM_ABI_ATTR_MAX + 1];
	struct xfrm_user_mapping m;
	struct ipsec_mapping r = { 0 };

	if (netlink_msg_parse(h, XFRM_ABI_ATTR_MAX, NULL, &m, sizeof(m), tb) < 0)
		return -EBADMSG;
	if (m.id.proto != IPPROTO_ESP)
		return -ENOMSG;
	r.spi = ntohl(m.id.spi);
	r.reqid = m.reqid;
	r.old_src = xfrm_netaddr(&m.old_saddr, m.id.family, ntohs(m.old_sport));
	r.new_src = xfrm_netaddr(&m.new_saddr, m.id.family, ntohs(m.new_sport));
	if (r.new_src.family == AF_UNSPEC)
		return -EBADMSG;
	*ret_mapping = r;
	return 0;
}

int xfrm_event_parse(const struct nlmsghdr *h, struct xfrm_event *ret_event)
{
	struct xfrm_event e = { 0 };
	int err;

	switch (h->nlmsg_type) {
	case XFRM_MSG_ACQUIRE:
		e.type = XFRM_EVENT_ACQUIRE;
		err = parse_acquire(h, &e.acquire);
		break;
	case XFRM_MSG_EXPIRE:
		e.type = XFRM_EVENT_EXPIRE;
		err = parse_expire(h, &e.expire);
		break;
	case XFRM_MSG_MAPPING:
		e.type = XFRM_EVENT_MAPPING;
		err = parse_mapping(h, &e.mapping);
		break;
	default:
		err = -ENOMSG;
		break;
	}
	if (err == 0)
		*ret_event = e;
	return err;
}

void xfrm_event_dispatch(const struct xfrm_event *e, const struct ipsec_events *events)
{
	switch (e->type) {
	case XFRM_EVENT_ACQUIRE:
		if (events->acquire)
			events->acquire(&e->acquire, events->data);
		break;
	case XFRM_EVENT_EXPIRE:
		/* The larval state of an acquire that nobody answered expires too: no SA of
		 * anybody. */
		if (events->expire && e->expire.spi != 0)
			events->expire(&e->expire, events->data);
		break;
	case XFRM_EVENT_MAPPING:
		if (events->mapping)
			events->mapping(&e->mapping, events->data);
		break;
	}
}
