/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Links and addresses as lists: what the monitor holds, and what a snapshot of the kernel is. Not
 * for users of ifmon.h.
 */
#include "pdk/base/list.h"
#include "pdk/netlink/ifmon.h"

struct netlink_socket;

struct ifmon_link_entry {
	struct list node;
	struct ifmon_link link;
	bool stale; /* not seen in the snapshot that is being applied */
};

struct ifmon_addr_entry {
	struct list node;
	struct ifmon_addr addr;
	bool stale;
};

struct ifmon_tables {
	struct list links, addrs;
};

void ifmon_tables_init(struct ifmon_tables *t);
/* Empties them. */
void ifmon_tables_fini(struct ifmon_tables *t);

/* Fill from the kernel; waits. 0 or -errno, with the tables in any state. */
int ifmon_tables_read(struct ifmon_tables *t, struct netlink_socket *s);

/* NULL when there is none. Addresses are told apart by link, address and prefix. */
struct ifmon_link_entry *ifmon_find_link(const struct ifmon_tables *t, unsigned index);
struct ifmon_addr_entry *ifmon_find_addr(const struct ifmon_tables *t,
					 const struct ifmon_addr *addr);
/* Any address of the link. */
struct ifmon_addr_entry *ifmon_addr_of_link(const struct ifmon_tables *t, unsigned index);
