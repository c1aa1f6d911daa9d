/* SPDX-License-Identifier: MIT */
/*
 * The table is filled from a snapshot and kept up by events. The groups are joined before the
 * snapshot is read, so nothing falls between. When events get lost a new snapshot is read by the
 * netlink thread, and until it arrives events are kept; then the table is brought in line with the
 * snapshot and the kept events are worked off again. That ends right for each object, because the
 * last event about it has the last word, and every event older than the snapshot is repeated in
 * order.
 *
 * A callback may free the monitor: everything that calls one holds it (enter, leave) and looks at
 * dead before it goes on.
 */
#include "pdk/netlink/ifmon.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "pdk/base/list.h"
#include "pdk/netlink/ifmon_route.h"
#include "pdk/netlink/ifmon_tables.h"
#include "pdk/netlink/ifmon_wire.h"
#include "pdk/netlink/monitor.h"
#include "pdk/netlink/netlink.h"
#include "pdk/netlink/thread.h"

/* An event that waits for a snapshot. */
struct kept {
	struct list node;
	struct nlmsghdr h; /* and the rest of the message */
};

struct snapshot {
	struct mail mail;
	struct ifmon *m;
	struct ifmon_tables tables;
	int err;
};

struct ifmon {
	struct ifmon_events events;
	struct netlink_monitor *monitor;
	struct netlink_thread *thread;
	struct mailbox *mailbox;
	struct ifmon_tables tables;
	struct list kept;
	bool snapshot_wanted; /* one is under way, or has to be */
	bool snapshot_sent;
	unsigned busy; /* callbacks on the stack */
	bool dead;
};

const char *ifmon_change_name(enum ifmon_change change)
{
	static const char *const names[] = {
		[IFMON_ADDED] = "added", [IFMON_CHANGED] = "changed", [IFMON_REMOVED] = "removed"
	};

	return names[change];
}

/* -------- life -------- */

static void reap(struct ifmon *m)
{
	struct kept *k, *tmp;

	list_for_each_safe (k, tmp, &m->kept, node) {
		list_remove(&k->node);
		free(k);
	}
	ifmon_tables_fini(&m->tables);
	free(m);
}

static void enter(struct ifmon *m)
{
	m->busy++;
}

static void leave(struct ifmon *m)
{
	if (--m->busy == 0 && m->dead)
		reap(m);
}

/* -------- telling -------- */

static void tell_link(struct ifmon *m, const struct ifmon_link *link, enum ifmon_change change)
{
	if (m->events.link && !m->dead)
		m->events.link(link, change, m->events.data);
}

static void tell_addr(struct ifmon *m, const struct ifmon_addr *addr, enum ifmon_change change)
{
	if (m->events.addr && !m->dead)
		m->events.addr(addr, change, m->events.data);
}

static void tell_route(struct ifmon *m, const struct netaddr *dst, unsigned prefix)
{
	if (m->events.route && !m->dead)
		m->events.route(dst, prefix, m->events.data);
}

/* IPv4 routes that go with an interface or an address vanish without a word. */
static void tell_routes_unsure(struct ifmon *m)
{
	tell_route(m, &NETADDR_NONE, 0);
}

/* -------- table -------- */

static bool link_equal(const struct ifmon_link *a, const struct ifmon_link *b)
{
	return a->flags == b->flags && a->mtu == b->mtu && a->master == b->master &&
	       memcmp(a->mac, b->mac, sizeof(a->mac)) == 0 && strcmp(a->name, b->name) == 0;
}

static void set_link(struct ifmon *m, const struct ifmon_link *link)
{
	struct ifmon_link_entry *e = ifmon_find_link(&m->tables, link->index);
	bool other_state;

	if (e) {
		e->stale = false;
		if (link_equal(&e->link, link))
			return;
		other_state = (e->link.flags ^ link->flags) & (IFF_UP | IFF_RUNNING);
		e->link = *link;
		tell_link(m, link, IFMON_CHANGED);
		if (other_state)
			tell_routes_unsure(m);
		return;
	}
	e = calloc(1, sizeof(*e));
	if (!e) { /* read everything again when there is memory */
		m->snapshot_wanted = true;
		return;
	}
	e->link = *link;
	list_append(&m->tables.links, &e->node);
	tell_link(m, link, IFMON_ADDED);
}

static void set_addr(struct ifmon *m, const struct ifmon_addr *addr)
{
	struct ifmon_addr_entry *e = ifmon_find_addr(&m->tables, addr);

	if (e) {
		e->stale = false;
		if (e->addr.usable == addr->usable && e->addr.deprecated == addr->deprecated)
			return;
		e->addr = *addr;
		tell_addr(m, addr, IFMON_CHANGED);
		return;
	}
	e = calloc(1, sizeof(*e));
	if (!e) {
		m->snapshot_wanted = true;
		return;
	}
	e->addr = *addr;
	list_append(&m->tables.addrs, &e->node);
	tell_addr(m, addr, IFMON_ADDED);
}

static void remove_addr(struct ifmon *m, struct ifmon_addr_entry *e)
{
	struct ifmon_addr gone = e->addr;

	list_remove(&e->node);
	free(e);
	tell_addr(m, &gone, IFMON_REMOVED);
	tell_routes_unsure(m);
}

static void remove_link(struct ifmon *m, struct ifmon_link_entry *e)
{
	struct ifmon_link gone = e->link;
	struct ifmon_addr_entry *a;

	list_remove(&e->node);
	free(e);
	while (!m->dead && (a = ifmon_addr_of_link(&m->tables, gone.index)))
		remove_addr(m, a);
	tell_link(m, &gone, IFMON_REMOVED);
	tell_routes_unsure(m);
}

/* -------- events -------- */

static void apply_link(struct ifmon *m, const struct nlmsghdr *h)
{
	struct ifmon_link link;
	struct ifmon_link_entry *e;

	if (ifmon_parse_link(h, &link) < 0)
		return;
	if (h->nlmsg_type == RTM_NEWLINK)
		set_link(m, &link);
	else if ((e = ifmon_find_link(&m->tables, link.index)))
		remove_link(m, e);
}

static void apply_addr(struct ifmon *m, const struct nlmsghdr *h)
{
	struct ifmon_addr addr;
	struct ifmon_addr_entry *e;

	if (ifmon_parse_addr(h, &addr) < 0)
		return;
	if (h->nlmsg_type == RTM_NEWADDR)
		set_addr(m, &addr);
	else if ((e = ifmon_find_addr(&m->tables, &addr)))
		remove_addr(m, e);
}

static void apply_route(struct ifmon *m, const struct nlmsghdr *h)
{
	struct netaddr dst;
	unsigned prefix;

	if (ifmon_parse_route_change(h, &dst, &prefix) == 0)
		tell_route(m, &dst, prefix);
}

static void apply(struct ifmon *m, const struct nlmsghdr *h)
{
	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		apply_link(m, h);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		apply_addr(m, h);
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		apply_route(m, h);
		break;
	case RTM_NEWRULE:
	case RTM_DELRULE:
		tell_routes_unsure(m);
		break;
	}
}

/* -------- snapshots -------- */

static struct snapshot *snapshot_new(struct ifmon *m)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	if (s) {
		s->m = m;
		ifmon_tables_init(&s->tables);
	}
	return s;
}

static void snapshot_free(struct snapshot *s)
{
	ifmon_tables_fini(&s->tables);
	free(s);
}

static bool remove_one_stale(struct ifmon *m)
{
	struct ifmon_link_entry *l;
	struct ifmon_addr_entry *a;

	list_for_each (a, &m->tables.addrs, node) {
		if (a->stale) {
			remove_addr(m, a);
			return true;
		}
	}
	list_for_each (l, &m->tables.links, node) {
		if (l->stale) {
			remove_link(m, l);
			return true;
		}
	}
	return false;
}

/* Bring the table in line. Links come first, so that an address never has an unknown link. */
static void snapshot_apply(struct ifmon *m, const struct snapshot *s)
{
	struct ifmon_link_entry *l;
	struct ifmon_addr_entry *a;

	list_for_each (l, &m->tables.links, node)
		l->stale = true;
	list_for_each (a, &m->tables.addrs, node)
		a->stale = true;
	list_for_each (l, &s->tables.links, node) {
		if (m->dead)
			return;
		set_link(m, &l->link);
	}
	list_for_each (a, &s->tables.addrs, node) {
		if (m->dead)
			return;
		set_addr(m, &a->addr);
	}
	while (!m->dead && remove_one_stale(m))
		;
}

static void work_off_kept(struct ifmon *m)
{
	struct kept *k;

	while (!m->dead && (k = list_first(&m->kept, struct kept, node))) {
		list_remove(&k->node);
		apply(m, &k->h);
		free(k);
	}
}

static void snapshot_arrived(struct mail *mail)
{
	struct snapshot *s = container_of(mail, struct snapshot, mail);
	struct ifmon *m = s->m;

	enter(m);
	if (!m->dead) {
		m->snapshot_sent = false;
		/* After a failure the next event asks again. */
		m->snapshot_wanted = s->err < 0;
		if (s->err == 0)
			snapshot_apply(m, s);
		work_off_kept(m);
		tell_routes_unsure(m);
	}
	snapshot_free(s);
	leave(m);
}

static void run_snapshot(struct mail *mail)
{
	struct snapshot *s = container_of(mail, struct snapshot, mail);

	s->err = ifmon_tables_read(&s->tables, netlink_thread_socket(s->m->thread));
	mailbox_post(s->m->mailbox, &s->mail, snapshot_arrived);
}

static void snapshot_start(struct ifmon *m)
{
	struct snapshot *s;

	if (!m->snapshot_wanted || m->snapshot_sent || m->dead)
		return;
	s = snapshot_new(m);
	if (!s) /* the next event tries again */
		return;
	m->snapshot_sent = true;
	netlink_thread_post(m->thread, &s->mail, run_snapshot);
}

static bool keep(struct ifmon *m, const struct nlmsghdr *h)
{
	struct kept *k = malloc(offsetof(struct kept, h) + h->nlmsg_len);

	if (!k)
		return false;
	list_init(&k->node);
	memcpy(&k->h, h, h->nlmsg_len);
	list_append(&m->kept, &k->node);
	return true;
}

static void on_message(const struct nlmsghdr *h, void *data)
{
	struct ifmon *m = data;

	enter(m);
	if (!m->snapshot_sent || !keep(m, h))
		apply(m, h);
	snapshot_start(m);
	leave(m);
}

static void on_overrun(void *data)
{
	struct ifmon *m = data;

	m->snapshot_wanted = true;
	snapshot_start(m);
}

/* -------- life -------- */

static int open_monitor(struct ifmon *m, struct loop *loop)
{
	static const unsigned groups[] = { RTNLGRP_LINK,        RTNLGRP_IPV4_IFADDR,
					   RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
					   RTNLGRP_IPV6_ROUTE,  RTNLGRP_IPV4_RULE,
					   RTNLGRP_IPV6_RULE };
	struct netlink_monitor_events events = { .message = on_message,
						 .overrun = on_overrun,
						 .data = m };

	return netlink_monitor_new(loop, NETLINK_ROUTE, groups, ARRAY_SIZE(groups), &events,
				   &m->monitor);
}

static int first_snapshot(struct ifmon *m)
{
	struct snapshot *s = snapshot_new(m);
	int err;

	if (!s)
		return -ENOMEM;
	err = ifmon_tables_read(&s->tables, netlink_thread_socket(m->thread));
	if (err == 0) {
		enter(m);
		snapshot_apply(m, s);
		leave(m);
	}
	snapshot_free(s);
	return err;
}

int ifmon_new(struct loop *loop, const struct ifmon_events *events, struct ifmon **ret_ifmon)
{
	struct ifmon *m = calloc(1, sizeof(*m));
	struct netlink_socket *socket;
	int err;

	if (!m)
		return -ENOMEM;
	m->events = *events;
	ifmon_tables_init(&m->tables);
	list_init(&m->kept);
	err = mailbox_new(loop, &m->mailbox);
	if (err == 0)
		err = open_monitor(m, loop);
	if (err == 0)
		err = netlink_socket_new(NETLINK_ROUTE, &socket);
	if (err == 0)
		err = netlink_thread_new("ifmon", socket, &m->thread);
	if (err == 0)
		err = first_snapshot(m);
	if (err < 0) {
		ifmon_free(m);
		return err;
	}
	*ret_ifmon = m;
	return 0;
}

struct ifmon *ifmon_free(struct ifmon *m)
{
	if (!m)
		return NULL;
	m->dead = true;
	m->monitor = netlink_monitor_free(m->monitor);
	m->thread = netlink_thread_free(m->thread);
	/* Holds m while a snapshot on its way is delivered and dropped. */
	enter(m);
	m->mailbox = mailbox_free(m->mailbox);
	leave(m);
	return NULL;
}

/* -------- look-up -------- */

const struct ifmon_link *ifmon_link_by_index(const struct ifmon *m, unsigned index)
{
	struct ifmon_link_entry *e = ifmon_find_link(&m->tables, index);

	return e ? &e->link : NULL;
}

const struct ifmon_link *ifmon_link_by_name(const struct ifmon *m, const char *name)
{
	struct ifmon_link_entry *e;

	list_for_each (e, &m->tables.links, node)
		if (strcmp(e->link.name, name) == 0)
			return &e->link;
	return NULL;
}

const struct ifmon_link *ifmon_next_link(const struct ifmon *m, const struct ifmon_link *prev)
{
	const struct list *next =
		prev ? container_of(prev, struct ifmon_link_entry, link)->node.next
		     : m->tables.links.next;

	return next == &m->tables.links ? NULL
					: &list_entry(next, struct ifmon_link_entry, node)->link;
}

const struct ifmon_addr *ifmon_next_addr(const struct ifmon *m, const struct ifmon_addr *prev)
{
	const struct list *next =
		prev ? container_of(prev, struct ifmon_addr_entry, addr)->node.next
		     : m->tables.addrs.next;

	return next == &m->tables.addrs ? NULL
					: &list_entry(next, struct ifmon_addr_entry, node)->addr;
}

bool ifmon_has_addr(const struct ifmon *m, const struct netaddr *addr)
{
	struct ifmon_addr_entry *e;

	list_for_each (e, &m->tables.addrs, node)
		if (e->addr.usable && netaddr_same_addr(&e->addr.addr, addr))
			return true;
	return false;
}

/* -------- routes -------- */

static void route_answered(struct mail *mail)
{
	struct ifmon_route_request *req = container_of(mail, struct ifmon_route_request, mail);

	req->done(req);
}

static void run_route(struct mail *mail)
{
	struct ifmon_route_request *req = container_of(mail, struct ifmon_route_request, mail);

	req->err = ifmon_route_ask(netlink_thread_socket(req->ifmon->thread), &req->query,
				   &req->route);
	mailbox_post(req->reply_to, &req->mail, route_answered);
}

void ifmon_route_submit(struct ifmon *m, struct ifmon_route_request *req)
{
	req->ifmon = m;
	netlink_thread_post(m->thread, &req->mail, run_route);
}
