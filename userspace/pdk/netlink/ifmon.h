/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Interfaces, addresses and routes of this network namespace: a table that follows the kernel, and
 * notice of every change. For daemons that must know when their own addresses or the way to a peer
 * change. Callbacks run on the loop's thread; nothing here waits but ifmon_new() and
 * ifmon_route_lookup().
 */
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include "pdk/net/netaddr.h"
#include "pdk/worker/mailbox.h"

struct loop;
struct ifmon;

struct ifmon_link {
	unsigned index;
	unsigned flags; /* IFF_UP, IFF_RUNNING, IFF_LOOPBACK ... */
	uint32_t mtu;
	uint8_t mac[6];  /* of Ethernet-like links, else zero */
	unsigned master; /* index of the bridge or bond that it belongs to, or 0 */
	char name[IFNAMSIZ];
};

struct ifmon_addr {
	struct netaddr addr; /* scope is set for link-local ones */
	unsigned prefix;
	unsigned link;   /* index */
	bool usable;     /* not tentative, not failed duplicate detection */
	bool deprecated; /* works, but should not be chosen for something new */
};

enum ifmon_change {
	IFMON_ADDED,
	IFMON_CHANGED,
	IFMON_REMOVED,
};

/* Any may be NULL. A callback may free the monitor. */
struct ifmon_events {
	void (*link)(const struct ifmon_link *link, enum ifmon_change change, void *data);
	void (*addr)(const struct ifmon_addr *addr, enum ifmon_change change, void *data);
	/*
	 * Routes to dst/prefix or rules have changed in some way: paths have to be looked up again.
	 * Many changes at once may come as few calls; dst is AF_UNSPEC then.
	 */
	void (*route)(const struct netaddr *dst, unsigned prefix, void *data);
	void *data;
};

const char *ifmon_change_name(enum ifmon_change change);

/*
 * Reads links and addresses (waits for that), tells each by IFMON_ADDED before it returns, and
 * follows the kernel from then on. events is copied. -errno.
 */
int ifmon_new(struct loop *loop, const struct ifmon_events *events, struct ifmon **ret_ifmon);
/*
 * Owner only; also from its own callbacks. Route answers still under way are waited for and
 * delivered by their mailboxes. Takes NULL, returns NULL.
 */
struct ifmon *ifmon_free(struct ifmon *m);

/* -------- the table: owner only; pointers are good until the loop runs again -------- */

/* NULL when there is none. */
const struct ifmon_link *ifmon_link_by_index(const struct ifmon *m, unsigned index);
const struct ifmon_link *ifmon_link_by_name(const struct ifmon *m, const char *name);
/* Walk; NULL starts. */
const struct ifmon_link *ifmon_next_link(const struct ifmon *m, const struct ifmon_link *prev);
const struct ifmon_addr *ifmon_next_addr(const struct ifmon *m, const struct ifmon_addr *prev);
/* Is this (without port) a usable address of ours? */
bool ifmon_has_addr(const struct ifmon *m, const struct netaddr *addr);

/* -------- routes -------- */

struct ifmon_route_query {
	struct netaddr dst; /* the port is ignored */
	struct netaddr src; /* look up for packets from this address, or AF_UNSPEC */
	uint32_t mark;
};

struct ifmon_route {
	struct netaddr src;     /* the address that the kernel would send from, port 0 */
	struct netaddr gateway; /* next hop, AF_UNSPEC when the destination is on the link */
	unsigned link;          /* outgoing interface */
	uint32_t mtu;           /* of the route or learnt for the path, 0: the link's */
};

/*
 * Ask the kernel and wait; opens a socket of its own. Any thread, for start-up and tools.
 * -ENETUNREACH, -EHOSTUNREACH and whatever else the kernel answers.
 */
int ifmon_route_lookup(const struct ifmon_route_query *query, struct ifmon_route *ret_route);

/* An asynchronous look-up, embedded or allocated by the asker. */
struct ifmon_route_request {
	struct mail mail;         /* the monitor's */
	struct ifmon *ifmon;      /* the monitor's */
	struct mailbox *reply_to; /* where done() runs */
	void (*done)(struct ifmon_route_request *req);
	void *data; /* the asker's */
	struct ifmon_route_query query;
	int err; /* 0 or -errno */
	struct ifmon_route route;
};

/* Any thread. The request is the monitor's until done() is called. */
void ifmon_route_submit(struct ifmon *m, struct ifmon_route_request *req);
