/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A kernel for netlink requests that does what a test tells it: the far end of a socket pair,
 * served by a thread. As the real one it works off every message of a datagram, also behind one
 * that fails, and acknowledges each.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/netlink.h>

#include "pdk/netlink/netlink.h"

struct fake_kernel;

/*
 * On the fake's thread: what becomes of a request, 0 or -errno; text is the extended error. May
 * answer with fake_reply() first. FAKE_NO_ACK: no acknowledgement. FAKE_HANG_UP: the socket closes.
 */
#define FAKE_NO_ACK  1
#define FAKE_HANG_UP 2
typedef int (*fake_handle_fn)(struct fake_kernel *f, const struct nlmsghdr *h, char *text);

struct fake_kernel {
	int fd;
	pthread_t thread;
	fake_handle_fn handle;
	void *data;
	bool full_echo; /* acknowledgements repeat the request, as without NETLINK_CAP_ACK */
	unsigned datagrams, messages;
};

static inline void fake_send(struct fake_kernel *f, struct nl_msg *msg_take)
{
	struct nlmsghdr *h = nlmsg_hdr(msg_take);

	if (send(f->fd, h, h->nlmsg_len, MSG_NOSIGNAL) < 0)
		abort();
	nlmsg_free(msg_take);
}

/* An answer to request: a message of the type with the payload. */
static inline void fake_reply(struct fake_kernel *f, const struct nlmsghdr *request, uint16_t type,
			      uint16_t flags, const void *payload, size_t len)
{
	struct nl_msg *msg = nlmsg_alloc_size(NLMSG_SPACE(len));
	struct nlmsghdr *h = nlmsg_put(msg, 0, request->nlmsg_seq, type, 0, flags);

	nlmsg_append(msg, (void *)payload, len, NLMSG_ALIGNTO);
	h->nlmsg_len = (uint32_t)(NLMSG_HDRLEN + len);
	fake_send(f, msg);
}

static inline void fake_ack(struct fake_kernel *f, const struct nlmsghdr *request, int error,
			    const char *text)
{
	bool echo = f->full_echo && error != 0;
	size_t echoed = echo ? request->nlmsg_len : NLMSG_HDRLEN;
	struct nl_msg *msg = nlmsg_alloc_size(NLMSG_SPACE(sizeof(int) + echoed + 256));
	struct nlmsghdr *h = nlmsg_put(msg, 0, request->nlmsg_seq, NLMSG_ERROR, 0, 0);

	nlmsg_append(msg, &error, sizeof(error), NLMSG_ALIGNTO);
	nlmsg_append(msg, (void *)request, echoed, NLMSG_ALIGNTO);
	if (f->full_echo == false)
		h->nlmsg_flags |= NLM_F_CAPPED;
	if (text[0] != '\0') {
		h->nlmsg_flags |= NLM_F_ACK_TLVS;
		nla_put_string(msg, NLMSGERR_ATTR_MSG, text);
	}
	fake_send(f, msg);
}

static inline void *fake_main(void *data)
{
	struct fake_kernel *f = data;
	static const size_t size = 8 << 20;
	uint8_t *buffer = malloc(size);
	ssize_t got;
	int left;

	while ((got = recv(f->fd, buffer, size, 0)) > 0) {
		struct nlmsghdr *h = (struct nlmsghdr *)buffer;

		f->datagrams++;
		left = (int)got;
		for (; nlmsg_ok(h, left); h = nlmsg_next(h, &left)) {
			char text[NETLINK_TEXT_MAX] = "";
			int verdict = f->handle(f, h, text);

			f->messages++;
			if (verdict == FAKE_HANG_UP)
				goto out;
			if (verdict != FAKE_NO_ACK &&
			    (verdict != 0 || (h->nlmsg_flags & NLM_F_ACK)))
				fake_ack(f, h, verdict, text);
		}
	}
out:
	shutdown(f->fd, SHUT_RDWR);
	free(buffer);
	return NULL;
}

/* Starts it; the socket to ask it through, which ends it when it is freed. */
static inline struct netlink_socket *fake_start(struct fake_kernel *f, fake_handle_fn handle,
						void *data)
{
	struct netlink_socket *s = NULL;
	int fds[2];

	*f = (struct fake_kernel){ .handle = handle, .data = data };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return NULL;
	f->fd = fds[0];
	/* Before its first socket, so that what fails is the test's. */
	if (pthread_create(&f->thread, NULL, fake_main, f) != 0 ||
	    netlink_socket_new_fd(fds[1], &s) < 0)
		return NULL;
	return s;
}

static inline void fake_stop(struct fake_kernel *f, struct netlink_socket *s)
{
	netlink_socket_free(s);
	pthread_join(f->thread, NULL);
	close(f->fd);
}
