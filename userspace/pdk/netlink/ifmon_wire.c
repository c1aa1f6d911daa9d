/* SPDX-License-Identifier: MIT */
#include "pdk/netlink/ifmon_wire.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "pdk/netlink/netlink.h"

/* Attribute tables: what is beyond isn't looked at. */
#define LINK_ATTR_MAX  IFLA_MASTER
#define ADDR_ATTR_MAX  IFA_FLAGS
#define ROUTE_ATTR_MAX RTA_MARK

struct nl_msg *ifmon_build_link_dump(void)
{
	struct ifinfomsg m = { .ifi_family = AF_UNSPEC };

	return netlink_msg_new(RTM_GETLINK, 0, BYTES(&m, sizeof(m)), 0);
}

struct nl_msg *ifmon_build_addr_dump(void)
{
	struct ifaddrmsg m = { .ifa_family = AF_UNSPEC };

	return netlink_msg_new(RTM_GETADDR, 0, BYTES(&m, sizeof(m)), 0);
}

int ifmon_build_route_get(const struct ifmon_route_query *query, struct nl_msg **ret_msg)
{
	size_t len = netaddr_len(&query->dst);
	bool from = netaddr_is_set(&query->src);
	struct rtmsg m = { .rtm_family = (uint8_t)query->dst.family,
			   .rtm_dst_len = (uint8_t)(8 * len) };
	struct nl_msg *msg;

	if (len == 0 || (from && query->src.family != query->dst.family))
		return -EINVAL;
	if (from)
		m.rtm_src_len = (uint8_t)(8 * len);
	msg = netlink_msg_new(RTM_GETROUTE, 0, BYTES(&m, sizeof(m)), 128);
	if (!msg)
		return -ENOMEM;
	if (nla_put(msg, RTA_DST, (int)len, query->dst.addr) < 0 ||
	    (from && nla_put(msg, RTA_SRC, (int)len, query->src.addr) < 0) ||
	    (query->dst.scope != 0 && nla_put_u32(msg, RTA_OIF, query->dst.scope) < 0) ||
	    (query->mark != 0 && nla_put_u32(msg, RTA_MARK, query->mark) < 0)) {
		netlink_msg_free(msg);
		return -ENOMEM;
	}
	*ret_msg = msg;
	return 0;
}

int ifmon_parse_link(const struct nlmsghdr *h, struct ifmon_link *ret_link)
{
	static const struct nla_policy policy[LINK_ATTR_MAX + 1] = {
		[IFLA_IFNAME] = { .type = NLA_STRING, .maxlen = IFNAMSIZ },
		[IFLA_MTU] = { .type = NLA_U32 },
		[IFLA_MASTER] = { .type = NLA_U32 },
	};
	struct nlattr *tb[LINK_ATTR_MAX + 1];
	struct ifmon_link link = { 0 };
	struct ifinfomsg m;

	if (netlink_msg_parse(h, LINK_ATTR_MAX, policy, &m, sizeof(m), tb) < 0)
		return -EBADMSG;
	/* AF_BRIDGE: a port's settings in its bridge; its end isn't the interface's. */
	if (m.ifi_family != AF_UNSPEC)
		return -ENOMSG;
	if (m.ifi_index <= 0 || !tb[IFLA_IFNAME])
		return -EBADMSG;
	link.index = (unsigned)m.ifi_index;
	link.flags = m.ifi_flags;
	nla_strlcpy(link.name, tb[IFLA_IFNAME], sizeof(link.name));
	if (tb[IFLA_MTU])
		link.mtu = nla_get_u32(tb[IFLA_MTU]);
	if (tb[IFLA_MASTER])
		link.master = nla_get_u32(tb[IFLA_MASTER]);
	if (tb[IFLA_ADDRESS] && nla_len(tb[IFLA_ADDRESS]) == sizeof(link.mac))
		memcpy(link.mac, nla_data(tb[IFLA_ADDRESS]), sizeof(link.mac));
	*ret_link = link;
	return 0;
}

static struct netaddr address_of(const struct nlattr *a, int family)
{
	size_t len = netaddr_family_len(family);

	if (!a || len == 0 || nla_len(a) != (int)len)
		return NETADDR_NONE;
	return netaddr_from_bytes(BYTES(nla_data(a), len), 0);
}

int ifmon_parse_addr(const struct nlmsghdr *h, struct ifmon_addr *ret_addr)
{
	static const struct nla_policy policy[ADDR_ATTR_MAX + 1] = {
		[IFA_FLAGS] = { .type = NLA_U32 },
	};
	struct nlattr *tb[ADDR_ATTR_MAX + 1];
	struct ifmon_addr addr = { 0 };
	struct ifaddrmsg m;
	uint32_t flags;

	if (netlink_msg_parse(h, ADDR_ATTR_MAX, policy, &m, sizeof(m), tb) < 0)
		return -EBADMSG;
	if (netaddr_family_len(m.ifa_family) == 0)
		return -ENOMSG;
	/* With a peer IFA_ADDRESS is the peer's, and ours is IFA_LOCAL. */
	addr.addr = address_of(tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS], m.ifa_family);
	if (!netaddr_is_set(&addr.addr))
		return -EBADMSG;
	addr.link = m.ifa_index;
	addr.prefix = m.ifa_prefixlen;
	if (netaddr_is_link_local(&addr.addr) && m.ifa_family == AF_INET6)
		addr.addr.scope = m.ifa_index;
	flags = tb[IFA_FLAGS] ? nla_get_u32(tb[IFA_FLAGS]) : m.ifa_flags;
	addr.usable = !(flags & IFA_F_DADFAILED) &&
		      (!(flags & IFA_F_TENTATIVE) || (flags & IFA_F_OPTIMISTIC));
	addr.deprecated = flags & IFA_F_DEPRECATED;
	*ret_addr = addr;
	return 0;
}

int ifmon_parse_route_change(const struct nlmsghdr *h, struct netaddr *ret_dst,
			     unsigned *ret_prefix)
{
	struct nlattr *tb[ROUTE_ATTR_MAX + 1];
	struct netaddr dst;
	struct rtmsg m;

	if (netlink_msg_parse(h, ROUTE_ATTR_MAX, NULL, &m, sizeof(m), tb) < 0)
		return -EBADMSG;
	/* What comes with an address is told as an address; cached clones aren't configuration. */
	if (netaddr_family_len(m.rtm_family) == 0 || (m.rtm_flags & RTM_F_CLONED) ||
	    m.rtm_type == RTN_LOCAL || m.rtm_type == RTN_BROADCAST || m.rtm_type == RTN_ANYCAST ||
	    m.rtm_type == RTN_MULTICAST)
		return -ENOMSG;
	dst = address_of(tb[RTA_DST], m.rtm_family);
	if (tb[RTA_DST] && !netaddr_is_set(&dst))
		return -EBADMSG;
	if (!tb[RTA_DST])
		dst = netaddr_any(m.rtm_family, 0);
	if (m.rtm_dst_len > 8 * netaddr_len(&dst))
		return -EBADMSG;
	*ret_dst = dst;
	*ret_prefix = m.rtm_dst_len;
	return 0;
}

static uint32_t mtu_of(struct nlattr *metrics)
{
	struct nlattr *mx[RTAX_MTU + 1];

	if (!metrics || nla_parse_nested(mx, RTAX_MTU, metrics, NULL) < 0 || !mx[RTAX_MTU] ||
	    nla_len(mx[RTAX_MTU]) < (int)sizeof(uint32_t))
		return 0;
	return nla_get_u32(mx[RTAX_MTU]);
}

int ifmon_parse_route(const struct nlmsghdr *h, struct ifmon_route *ret_route)
{
	static const struct nla_policy policy[ROUTE_ATTR_MAX + 1] = {
		[RTA_OIF] = { .type = NLA_U32 },
	};
	struct nlattr *tb[ROUTE_ATTR_MAX + 1];
	struct ifmon_route route = { 0 };
	struct rtmsg m;

	if (h->nlmsg_type != RTM_NEWROUTE ||
	    netlink_msg_parse(h, ROUTE_ATTR_MAX, policy, &m, sizeof(m), tb) < 0)
		return -EBADMSG;
	if (tb[RTA_OIF])
		route.link = nla_get_u32(tb[RTA_OIF]);
	route.src = address_of(tb[RTA_PREFSRC], m.rtm_family);
	route.gateway = address_of(tb[RTA_GATEWAY], m.rtm_family);
	route.mtu = mtu_of(tb[RTA_METRICS]);
	if (netaddr_is_link_local(&route.src) && m.rtm_family == AF_INET6)
		route.src.scope = route.link;
	if (netaddr_is_link_local(&route.gateway) && m.rtm_family == AF_INET6)
		route.gateway.scope = route.link;
	*ret_route = route;
	return 0;
}
