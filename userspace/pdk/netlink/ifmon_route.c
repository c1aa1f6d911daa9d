/* SPDX-License-Identifier: MIT */
#include "pdk/netlink/ifmon_route.h"

#include <errno.h>

#include "pdk/netlink/ifmon_wire.h"
#include "pdk/netlink/netlink.h"

struct answer {
	struct ifmon_route route;
	int err;
};

static void on_route(const struct nlmsghdr *h, void *data)
{
	struct answer *a = data;

	a->err = ifmon_parse_route(h, &a->route);
}

int ifmon_route_ask(struct netlink_socket *s, const struct ifmon_route_query *query,
		    struct ifmon_route *ret_route)
{
	struct answer answer = { .err = -ENETUNREACH };
	struct nl_msg *msg;
	int err;

	err = ifmon_build_route_get(query, &msg);
	if (err == 0)
		err = netlink_request(s, msg, on_route, &answer, NULL);
	if (err == 0)
		err = answer.err;
	if (err < 0)
		return err;
	/* IPv4 echoes no source that was asked for. */
	if (!netaddr_is_set(&answer.route.src))
		answer.route.src = netaddr_with_port(query->src, 0);
	*ret_route = answer.route;
	return 0;
}

int ifmon_route_lookup(const struct ifmon_route_query *query, struct ifmon_route *ret_route)
{
	struct netlink_socket *s;
	int err = netlink_socket_new(NETLINK_ROUTE, &s);

	if (err < 0)
		return err;
	err = ifmon_route_ask(s, query, ret_route);
	netlink_socket_free(s);
	return err;
}
