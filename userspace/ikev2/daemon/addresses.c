/* SPDX-License-Identifier: MIT */
/*
 * Routes stand in a table of their own, which a rule has looked up before the main table: so they
 * win over a default route and leave everybody else's routes alone. The table and the rule's
 * priority are strongSwan's. IKE's own packets have a mark that the rule is not for: the way to a
 * peer, and the address that we have there, is nothing that a tunnel to another one may change.
 *
 * Everything in here but addresses_post() runs on the netlink thread, or before it starts and after
 * it has ended.
 */
#include "ikev2/daemon/addresses.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "pdk/log/log.h"
#include "pdk/netlink/netlink.h"
#include "pdk/netlink/thread.h"
#include "ikev2/ipsec/xfrm_selector.h"

LOG_SUBSYSTEM(addr, "internal addresses of ours: interfaces and routes");

/* Of addresses, routes and rules that are ours; nobody else's in rtnetlink.h and if_addr.h. */
#define OUR_PROTOCOL  73
#define ROUTE_TABLE   220
#define RULE_PRIORITY 220

#define ATTR_ROOM 128
#define ATTEMPTS  4 /* the tables may change while they are read */

/* An address or a route that is there, or ought to be. */
struct entry {
	struct list link;
	struct ike_internal what;
	unsigned refs;
	bool installed; /* by us */
	unsigned ifindex;
	struct netaddr gateway;
};

struct addresses {
	struct netlink_socket *socket; /* of the thread */
	struct netlink_thread *thread;
	uint32_t ike_mark; /* 0: none */
	struct list entries;
	bool rules[2]; /* IPv4, IPv6 */
};

struct letter {
	struct mail mail;
	struct addresses *addresses;
	struct ike_internal change;
};

/* -------- requests -------- */

static int request(struct addresses *a, struct nl_msg *msg, const char *what)
{
	char text[NETLINK_TEXT_MAX] = "";
	int err = netlink_request(a->socket, msg, NULL, NULL, text);

	if (err < 0 && err != -EEXIST)
		log_debug(addr, "%s: %s%s%s", what, strerror(-err), text[0] ? ": " : "", text);
	return err;
}

static void put_addr(struct nl_msg *msg, int type, const struct netaddr *addr)
{
	nla_put(msg, type, (int)netaddr_len(addr), addr->addr);
}

static struct nl_msg *address_msg(uint16_t type, uint16_t flags, const struct netaddr *addr,
				  unsigned ifindex)
{
	const struct ifaddrmsg hdr = {
		.ifa_family = (uint8_t)addr->family,
		.ifa_prefixlen = (uint8_t)(netaddr_len(addr) * 8),
		/* It is used at once: nobody else on the link may have it. */
		.ifa_flags = IFA_F_NODAD,
		.ifa_index = ifindex,
	};
	struct nl_msg *msg = netlink_msg_new(type, flags, BYTES(&hdr, sizeof(hdr)), ATTR_ROOM);

	if (!msg)
		return NULL;
	put_addr(msg, IFA_LOCAL, addr);
	put_addr(msg, IFA_ADDRESS, addr);
	nla_put_u8(msg, IFA_PROTO, OUR_PROTOCOL);
	return msg;
}

static struct nl_msg *route_msg(uint16_t type, uint16_t flags, const struct entry *e,
				const struct xfrm_selector *sel)
{
	const struct rtmsg hdr = {
		.rtm_family = (uint8_t)e->what.addr.family,
		.rtm_dst_len = sel->prefixlen_d,
		.rtm_table = ROUTE_TABLE,
		.rtm_protocol = OUR_PROTOCOL,
		.rtm_scope = netaddr_is_set(&e->gateway) || e->what.addr.family == AF_INET6
				     ? RT_SCOPE_UNIVERSE
				     : RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST,
	};
	struct nl_msg *msg = netlink_msg_new(type, flags, BYTES(&hdr, sizeof(hdr)), ATTR_ROOM);

	if (!msg)
		return NULL;
	nla_put(msg, RTA_DST, (int)netaddr_len(&e->what.addr), &sel->daddr);
	nla_put_u32(msg, RTA_OIF, e->ifindex);
	put_addr(msg, RTA_PREFSRC, &e->what.addr);
	if (netaddr_is_set(&e->gateway))
		put_addr(msg, RTA_GATEWAY, &e->gateway);
	return msg;
}

static struct nl_msg *rule_msg(uint16_t type, uint16_t flags, int family, uint32_t except_mark)
{
	const struct fib_rule_hdr hdr = {
		.family = (uint8_t)family,
		.table = ROUTE_TABLE,
		.action = FR_ACT_TO_TBL,
		.flags = except_mark ? FIB_RULE_INVERT : 0,
	};
	struct nl_msg *msg = netlink_msg_new(type, flags, BYTES(&hdr, sizeof(hdr)), ATTR_ROOM);

	if (!msg)
		return NULL;
	nla_put_u32(msg, FRA_PRIORITY, RULE_PRIORITY);
	nla_put_u8(msg, FRA_PROTOCOL, OUR_PROTOCOL);
	if (except_mark) {
		nla_put_u32(msg, FRA_FWMARK, except_mark);
		nla_put_u32(msg, FRA_FWMASK, UINT32_MAX);
	}
	return msg;
}

/* -------- where it leads -------- */

static void on_path(const struct nlmsghdr *h, void *data)
{
	struct nlattr *tb[RTA_MAX + 1];
	struct entry *e = data;
	struct rtmsg hdr;

	if (h->nlmsg_type != RTM_NEWROUTE ||
	    netlink_msg_parse(h, RTA_MAX, NULL, &hdr, sizeof(hdr), tb) < 0)
		return;
	if (tb[RTA_OIF] && nla_len(tb[RTA_OIF]) == sizeof(uint32_t))
		e->ifindex = nla_get_u32(tb[RTA_OIF]);
	if (tb[RTA_GATEWAY])
		e->gateway = netaddr_from_bytes(
			BYTES(nla_data(tb[RTA_GATEWAY]), (size_t)nla_len(tb[RTA_GATEWAY])), 0);
}

/* The interface and the gateway towards the peer, as IKE goes there. */
static int find_path(struct addresses *a, struct entry *e)
{
	const struct netaddr *peer = &e->what.remote;
	const struct rtmsg hdr = {
		.rtm_family = (uint8_t)peer->family,
		.rtm_dst_len = (uint8_t)(netaddr_len(peer) * 8),
	};
	struct nl_msg *msg = netlink_msg_new(RTM_GETROUTE, 0, BYTES(&hdr, sizeof(hdr)), ATTR_ROOM);
	int err;

	if (!msg)
		return -ENOMEM;
	put_addr(msg, RTA_DST, peer);
	if (a->ike_mark)
		nla_put_u32(msg, RTA_MARK, a->ike_mark);
	err = netlink_request(a->socket, msg, on_path, e, NULL);
	if (err < 0)
		return err;
	/* A gateway of the outer family is none for the other one. */
	if (e->gateway.family != e->what.addr.family)
		e->gateway = NETADDR_NONE;
	return e->ifindex ? 0 : -ENETUNREACH;
}

/* -------- installing -------- */

static int add_rule(struct addresses *a, int family)
{
	bool *there = &a->rules[family == AF_INET6];
	int err;

	if (*there)
		return 0;
	err = request(a, rule_msg(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, family, a->ike_mark),
		      "rule");
	*there = err == 0;
	return err == -EEXIST ? 0 : err;
}

static void each_prefix(struct addresses *a, const struct entry *e, uint16_t type, uint16_t flags)
{
	struct ts_list from = { .n = 1 }, to = { .n = 1 };
	struct xfrm_selectors *sels = malloc(sizeof(*sels));
	const struct netaddr *first = &e->what.to.first, *last = &e->what.to.last;

	from.v[0] = ts_from_prefix(&e->what.addr, (unsigned)netaddr_len(&e->what.addr) * 8, 0, 0,
				   UINT16_MAX);
	to.v[0] = ts_from_prefix(first, (unsigned)netaddr_len(first) * 8, 0, 0, UINT16_MAX);
	to.v[0].last = *last;
	if (sels && xfrm_selectors_from_ts(&from, &to, sels) == 0)
		for (size_t i = 0; i < sels->n; i++)
			request(a, route_msg(type, flags, e, &sels->v[i]), "route");
	free(sels);
}

static void install(struct addresses *a, struct entry *e)
{
	char text[NETADDR_STRLEN];
	int err = find_path(a, e);

	if (err == 0 && e->what.route) {
		err = add_rule(a, e->what.addr.family);
		if (err == 0) {
			each_prefix(a, e, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
			e->installed = true;
		}
	} else if (err == 0) {
		err = request(a,
			      address_msg(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &e->what.addr,
					  e->ifindex),
			      "address");
		/* Somebody else's stays when we go. */
		e->installed = err == 0;
		if (err == -EEXIST)
			err = 0;
	}
	netaddr_str(&e->what.addr, text);
	if (err < 0)
		log_error(addr, "%s %s can't be installed: %s",
			  e->what.route ? "a route from" : "internal address", text, strerror(-err));
	else if (!e->what.route)
		log_notice(addr, "internal address %s installed", text);
}

static void uninstall(struct addresses *a, struct entry *e)
{
	char text[NETADDR_STRLEN];

	if (!e->installed)
		return;
	if (e->what.route) {
		each_prefix(a, e, RTM_DELROUTE, 0);
		return;
	}
	request(a, address_msg(RTM_DELADDR, 0, &e->what.addr, e->ifindex), "address");
	log_notice(addr, "internal address %s removed", netaddr_str(&e->what.addr, text));
}

static bool same(const struct ike_internal *x, const struct ike_internal *y)
{
	return x->route == y->route && netaddr_same_addr(&x->addr, &y->addr) &&
	       (!x->route || (netaddr_same_addr(&x->to.first, &y->to.first) &&
			      netaddr_same_addr(&x->to.last, &y->to.last)));
}

static struct entry *find(struct addresses *a, const struct ike_internal *what)
{
	struct entry *e;

	list_for_each(e, &a->entries, link)
		if (same(&e->what, what))
			return e;
	return NULL;
}

static void change(struct addresses *a, const struct ike_internal *what)
{
	struct entry *e = find(a, what);

	if (!what->add) {
		if (!e || --e->refs)
			return;
		list_remove(&e->link);
		uninstall(a, e);
		free(e);
		return;
	}
	if (!e) {
		e = calloc(1, sizeof(*e));
		if (!e) {
			log_error(addr, "out of memory: an internal address is not installed");
			return;
		}
		e->what = *what;
		list_append(&a->entries, &e->link);
		install(a, e);
	}
	e->refs++;
}

static void run(struct mail *mail)
{
	struct letter *letter = container_of(mail, struct letter, mail);

	change(letter->addresses, &letter->change);
	free(letter);
}

void addresses_post(struct addresses *a, const struct ike_internal *what)
{
	struct letter *letter = a ? calloc(1, sizeof(*letter)) : NULL;

	if (!a)
		return;
	if (!letter) {
		log_error(addr, "out of memory: internal addresses are not as they should be");
		return;
	}
	letter->addresses = a;
	letter->change = *what;
	netlink_thread_post(a->thread, &letter->mail, run);
}

/* -------- what an earlier process left -------- */

struct sweep {
	struct netlink_batch deletes;
	unsigned n;
};

/* The message that named it deletes it, with another type. */
static void on_left(const struct nlmsghdr *h, void *data)
{
	struct sweep *s = data;
	struct nlattr *tb[RTA_MAX + 1];
	uint16_t type = h->nlmsg_type;
	struct rtmsg route;
	struct ifaddrmsg address;
	struct fib_rule_hdr rule;
	bool ours = false;
	struct nl_msg *msg;

	if (type == RTM_NEWADDR) {
		ours = netlink_msg_parse(h, IFA_MAX, NULL, &address, sizeof(address), tb) == 0 &&
		       tb[IFA_PROTO] && nla_len(tb[IFA_PROTO]) == 1 &&
		       nla_get_u8(tb[IFA_PROTO]) == OUR_PROTOCOL;
	} else if (type == RTM_NEWROUTE) {
		ours = netlink_msg_parse(h, RTA_MAX, NULL, &route, sizeof(route), tb) == 0 &&
		       route.rtm_protocol == OUR_PROTOCOL;
	} else if (type == RTM_NEWRULE) {
		ours = netlink_msg_parse(h, FRA_MAX, NULL, &rule, sizeof(rule), tb) == 0 &&
		       tb[FRA_PROTOCOL] && nla_len(tb[FRA_PROTOCOL]) == 1 &&
		       nla_get_u8(tb[FRA_PROTOCOL]) == OUR_PROTOCOL;
	}
	if (!ours)
		return;
	msg = netlink_msg_new((uint16_t)(type + 1), 0,
			      BYTES((const uint8_t *)nlmsg_data(h), (size_t)nlmsg_datalen(h)), 0);
	if (netlink_batch_add(&s->deletes, msg, NULL, NULL) == 0)
		s->n++;
}

static int sweep_kind(struct addresses *a, struct sweep *s, uint16_t type, int family)
{
	const struct rtmsg hdr = { .rtm_family = (uint8_t)family }; /* as long as the others */
	int err = -EAGAIN;

	for (unsigned i = 0; i < ATTEMPTS && err == -EAGAIN; i++) {
		struct nl_msg *msg = netlink_msg_new(type, 0, BYTES(&hdr, sizeof(hdr)), 0);

		if (!msg)
			return -ENOMEM;
		err = netlink_dump(a->socket, msg, on_left, s);
	}
	return err;
}

static void sweep(struct addresses *a)
{
	static const int families[] = { AF_INET, AF_INET6 };
	struct sweep s = { NETLINK_BATCH_INIT, 0 };

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		sweep_kind(a, &s, RTM_GETRULE, families[i]);
		sweep_kind(a, &s, RTM_GETROUTE, families[i]);
		sweep_kind(a, &s, RTM_GETADDR, families[i]);
	}
	if (s.n && netlink_transact(a->socket, &s.deletes) == 0)
		log_notice(addr, "%u internal addresses, routes and rules of an earlier process are removed",
			   s.n);
	netlink_batch_fini(&s.deletes);
}

/* -------- life -------- */

int addresses_new(uint32_t ike_mark, struct addresses **ret_addresses)
{
	struct addresses *a = calloc(1, sizeof(*a));
	int err;

	if (!a)
		return -ENOMEM;
	a->ike_mark = ike_mark;
	list_init(&a->entries);
	err = netlink_socket_new(NETLINK_ROUTE, &a->socket);
	if (err < 0) {
		free(a);
		return err;
	}
	sweep(a);
	err = netlink_thread_new("addresses", a->socket, &a->thread);
	if (err < 0)
		free(a);
	else
		*ret_addresses = a;
	return err;
}

/* The last letter: what nobody has removed. */
static void run_end(struct mail *mail)
{
	struct letter *letter = container_of(mail, struct letter, mail);
	struct addresses *a = letter->addresses;
	struct entry *e, *next;

	list_for_each_safe(e, next, &a->entries, link) {
		list_remove(&e->link);
		uninstall(a, e);
		free(e);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(a->rules); i++)
		if (a->rules[i])
			request(a, rule_msg(RTM_DELRULE, 0, i ? AF_INET6 : AF_INET, a->ike_mark),
				"rule");
}

struct addresses *addresses_free(struct addresses *a)
{
	struct letter end = { .addresses = a };

	if (!a)
		return NULL;
	netlink_thread_post(a->thread, &end.mail, run_end);
	netlink_thread_free(a->thread);
	free(a);
	return NULL;
}
