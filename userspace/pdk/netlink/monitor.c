/* SPDX-License-Identifier: MIT */
/*
 * A callback may free the monitor while a datagram with more messages is being worked off. The
 * datagram's buffer therefore is the reader's own until it is done: free() only marks the object
 * dead then, and the reader lets it go.
 */
#include "pdk/netlink/monitor.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <netlink/msg.h>

#include "pdk/loop/watch.h"

#define EVENT_BUFFER      (2 * 1024 * 1024)
#define DATAGRAM_MAX      65536
#define DATAGRAMS_AT_ONCE 64 /* then the loop gets to do something else */

struct netlink_monitor {
	struct netlink_monitor_events events;
	struct loop_watch *watch;
	int fd;
	bool reading, dead;
	uint8_t buffer[DATAGRAM_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));
};

/* One datagram: false when there was none. */
static bool read_datagram(struct netlink_monitor *m)
{
	struct sockaddr_nl from = { 0 };
	struct iovec iov = { m->buffer, sizeof(m->buffer) };
	struct msghdr msg = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1
	};
	struct nlmsghdr *h = (struct nlmsghdr *)m->buffer;
	ssize_t got = recvmsg(m->fd, &msg, MSG_DONTWAIT);
	int left;

	if (got < 0 && errno == EINTR)
		return true;
	if (got < 0 && errno != ENOBUFS) {
		/* Nothing there, or the socket is broken: don't spin on what can't be read. */
		if (errno != EAGAIN)
			watch_set_events(m->watch, 0);
		return false;
	}
	if (got == 0) {
		watch_set_events(m->watch, 0);
		return false;
	}
	if (got < 0 || (msg.msg_flags & MSG_TRUNC)) {
		if (m->events.overrun)
			m->events.overrun(m->events.data);
		return true;
	}
	if (msg.msg_namelen == sizeof(from) && from.nl_pid != 0) /* not the kernel */
		return true;
	left = (int)got;
	for (; !m->dead && nlmsg_ok(h, left); h = nlmsg_next(h, &left))
		if (h->nlmsg_type >= NLMSG_MIN_TYPE)
			m->events.message(h, m->events.data);
	return true;
}

static void on_readable(struct loop_watch *watch, uint32_t events, void *data)
{
	struct netlink_monitor *m = data;

	if (events & POLLNVAL)
		return;
	m->reading = true;
	for (int i = 0; i < DATAGRAMS_AT_ONCE && !m->dead; i++)
		if (!read_datagram(m))
			break;
	m->reading = false;
	if (m->dead)
		free(m);
}

int netlink_monitor_new_fd(struct loop *loop, int fd_take,
			   const struct netlink_monitor_events *events,
			   struct netlink_monitor **ret_monitor)
{
	struct netlink_monitor *m = calloc(1, sizeof(*m));
	int err = -ENOMEM;

	if (m) {
		m->fd = fd_take;
		m->events = *events;
		err = watch_new(loop, m->fd, POLLIN, on_readable, m, &m->watch);
	}
	if (err < 0) {
		close(fd_take);
		free(m);
		return err;
	}
	*ret_monitor = m;
	return 0;
}

int netlink_monitor_new(struct loop *loop, int protocol, const unsigned *groups, size_t n,
			const struct netlink_monitor_events *events,
			struct netlink_monitor **ret_monitor)
{
	struct sockaddr_nl local = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	int size = EVENT_BUFFER, err;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&local, sizeof(local)) < 0)
		goto fail;
	for (size_t i = 0; i < n; i++) {
		int group = (int)groups[i];

		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
			goto fail;
	}
	return netlink_monitor_new_fd(loop, fd, events, ret_monitor);

fail:
	err = -errno;
	close(fd);
	return err;
}

struct netlink_monitor *netlink_monitor_free(struct netlink_monitor *m)
{
	if (!m)
		return NULL;
	watch_free(m->watch);
	close(m->fd);
	if (m->reading)
		m->dead = true;
	else
		free(m);
	return NULL;
}
