/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * rtnetlink messages of the interface monitor, built and taken apart. Pure functions; not for users
 * of ifmon.h.
 */
#include "pdk/netlink/ifmon.h"

struct nl_msg;
struct nlmsghdr;

/* Dump requests; NULL without memory. */
struct nl_msg *ifmon_build_link_dump(void);
struct nl_msg *ifmon_build_addr_dump(void);
/* RTM_GETROUTE for one destination. -EINVAL: addresses of no or of different families. */
int ifmon_build_route_get(const struct ifmon_route_query *query, struct nl_msg **ret_msg);

/*
 * RTM_NEWLINK, DELLINK; RTM_NEWADDR, DELADDR; RTM_NEWROUTE, DELROUTE. 0; -EBADMSG when malformed;
 * -ENOMSG when it is about something that the monitor doesn't follow.
 */
int ifmon_parse_link(const struct nlmsghdr *h, struct ifmon_link *ret_link);
int ifmon_parse_addr(const struct nlmsghdr *h, struct ifmon_addr *ret_addr);
int ifmon_parse_route_change(const struct nlmsghdr *h, struct netaddr *ret_dst,
			     unsigned *ret_prefix);
/* The answer to ifmon_build_route_get(). */
int ifmon_parse_route(const struct nlmsghdr *h, struct ifmon_route *ret_route);
