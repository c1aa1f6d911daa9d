/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Netlink events: a socket joined to multicast groups, read on a loop. Knows no netlink family.
 */
#include <stddef.h>
#include <linux/netlink.h>

struct loop;
struct netlink_monitor;

struct netlink_monitor_events {
	/* One message from the kernel. May free the monitor. */
	void (*message)(const struct nlmsghdr *h, void *data);
	/*
	 * The kernel had more events than the buffer held (ENOBUFS): some are lost, so whoever
	 * mirrors the kernel's state has to read it again. May free the monitor.
	 */
	void (*overrun)(void *data);
	void *data;
};

/*
 * Join the n groups (RTNLGRP_*, XFRMNLGRP_*; numbers, not bits). Events are copied. A group that
 * the kernel doesn't know is -EINVAL or -ENOENT.
 */
int netlink_monitor_new(struct loop *loop, int protocol, const unsigned *groups, size_t n,
			const struct netlink_monitor_events *events,
			struct netlink_monitor **ret_monitor);
/* Over a descriptor that keeps message boundaries. For tests. Owns fd, also on failure. */
int netlink_monitor_new_fd(struct loop *loop, int fd_take,
			   const struct netlink_monitor_events *events,
			   struct netlink_monitor **ret_monitor);
/* Owner only; also from its own callbacks. No callback afterwards. Takes NULL, returns NULL. */
struct netlink_monitor *netlink_monitor_free(struct netlink_monitor *m);
