/* SPDX-License-Identifier: MIT */
#include "pdk/netlink/ifmon_tables.h"

#include <errno.h>
#include <stdlib.h>

#include "pdk/netlink/ifmon_wire.h"
#include "pdk/netlink/netlink.h"

#define ATTEMPTS 8 /* the kernel's tables may change while they are read */

void ifmon_tables_init(struct ifmon_tables *t)
{
	list_init(&t->links);
	list_init(&t->addrs);
}

void ifmon_tables_fini(struct ifmon_tables *t)
{
	struct ifmon_link_entry *l, *next_link;
	struct ifmon_addr_entry *a, *next_addr;

	list_for_each_safe (l, next_link, &t->links, node) {
		list_remove(&l->node);
		free(l);
	}
	list_for_each_safe (a, next_addr, &t->addrs, node) {
		list_remove(&a->node);
		free(a);
	}
}

struct reading {
	struct ifmon_tables *t;
	int err;
};

static void on_link(const struct nlmsghdr *h, void *data)
{
	struct reading *r = data;
	struct ifmon_link_entry *e = calloc(1, sizeof(*e));

	if (!e) {
		r->err = -ENOMEM;
		return;
	}
	if (ifmon_parse_link(h, &e->link) < 0)
		free(e);
	else
		list_append(&r->t->links, &e->node);
}

static void on_addr(const struct nlmsghdr *h, void *data)
{
	struct reading *r = data;
	struct ifmon_addr_entry *e = calloc(1, sizeof(*e));

	if (!e) {
		r->err = -ENOMEM;
		return;
	}
	if (ifmon_parse_addr(h, &e->addr) < 0)
		free(e);
	else
		list_append(&r->t->addrs, &e->node);
}

int ifmon_tables_read(struct ifmon_tables *t, struct netlink_socket *s)
{
	struct reading r = { .t = t };
	int err = -EAGAIN;

	for (int i = 0; i < ATTEMPTS && err == -EAGAIN; i++) {
		ifmon_tables_fini(t);
		err = netlink_dump(s, ifmon_build_link_dump(), on_link, &r);
		if (err == 0)
			err = netlink_dump(s, ifmon_build_addr_dump(), on_addr, &r);
	}
	return err < 0 ? err : r.err;
}

struct ifmon_link_entry *ifmon_find_link(const struct ifmon_tables *t, unsigned index)
{
	struct ifmon_link_entry *e;

	list_for_each (e, &t->links, node)
		if (e->link.index == index)
			return e;
	return NULL;
}

struct ifmon_addr_entry *ifmon_find_addr(const struct ifmon_tables *t,
					 const struct ifmon_addr *addr)
{
	struct ifmon_addr_entry *e;

	list_for_each (e, &t->addrs, node)
		if (e->addr.link == addr->link && e->addr.prefix == addr->prefix &&
		    netaddr_equal(&e->addr.addr, &addr->addr))
			return e;
	return NULL;
}

struct ifmon_addr_entry *ifmon_addr_of_link(const struct ifmon_tables *t, unsigned index)
{
	struct ifmon_addr_entry *e;

	list_for_each (e, &t->addrs, node)
		if (e->addr.link == index)
			return e;
	return NULL;
}
