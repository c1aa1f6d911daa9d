/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * One route look-up on a socket at hand. Not for users of ifmon.h.
 */
#include "pdk/netlink/ifmon.h"

struct netlink_socket;

/* Waits. 0 or -errno of the kernel. */
int ifmon_route_ask(struct netlink_socket *s, const struct ifmon_route_query *query,
		    struct ifmon_route *ret_route);
