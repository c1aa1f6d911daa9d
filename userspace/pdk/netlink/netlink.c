/* SPDX-License-Identifier: MIT */
/*
 * Requests carry sequence numbers that rise by one, so the item that an answer belongs to is found
 * by subtraction. A batch is cut into rounds that are known to fit: into the send buffer by bytes,
 * and into the receive buffer by the number of acknowledgements, which the kernel queues while we
 * are still inside sendmsg(). What answers an earlier, failed round is recognised by its number and
 * dropped.
 */
#include "pdk/netlink/netlink.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define BUFFER_WANTED    (4 * 1024 * 1024)
#define ANSWER_TIMEOUT_S 10
#define ROUND_MESSAGES   256
#define ACK_TRUESIZE     1024  /* of the receive buffer, for one acknowledgement with its text */
#define SEND_OVERHEAD    4096  /* of the send buffer, for the kernel's own */
#define RECEIVE_BUFFER   65536 /* the kernel fills at most 32 KiB of a dump at a time */

struct netlink_socket {
	int fd;
	uint32_t seq;
	size_t round_bytes, round_messages;
	uint8_t *buffer;
};

/* -------- sockets -------- */

static size_t buffer_size(int fd, int option)
{
	int size = 0;

	if (getsockopt(fd, SOL_SOCKET, option, &size, &(socklen_t){ sizeof(size) }) < 0 ||
	    size <= 0)
		return 128 * 1024;
	return (size_t)size;
}

/* Buffers are limited by net.core.{w,r}mem_max; whoever may, goes beyond. */
static void enlarge(int fd, int force, int option)
{
	int size = BUFFER_WANTED;

	if (setsockopt(fd, SOL_SOCKET, force, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, option, &size, sizeof(size));
}

int netlink_socket_new_fd(int fd_take, struct netlink_socket **ret_socket)
{
	struct timeval timeout = { .tv_sec = ANSWER_TIMEOUT_S };
	struct netlink_socket *s = calloc(1, sizeof(*s));
	size_t acks;

	if (s)
		s->buffer = malloc(RECEIVE_BUFFER);
	if (!s || !s->buffer) {
		free(s);
		close(fd_take);
		return -ENOMEM;
	}
	s->fd = fd_take;
	enlarge(s->fd, SO_SNDBUFFORCE, SO_SNDBUF);
	enlarge(s->fd, SO_RCVBUFFORCE, SO_RCVBUF);
	(void)setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	(void)setsockopt(s->fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	s->round_bytes = buffer_size(s->fd, SO_SNDBUF) / 2 - SEND_OVERHEAD;
	acks = buffer_size(s->fd, SO_RCVBUF) / ACK_TRUESIZE;
	s->round_messages = acks < ROUND_MESSAGES ? acks : ROUND_MESSAGES;
	*ret_socket = s;
	return 0;
}

int netlink_socket_new(int protocol, struct netlink_socket **ret_socket)
{
	struct sockaddr_nl local = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol), on = 1, err;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&local, sizeof(local)) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	/* Kernels that lack them answer with plain numbers. */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	return netlink_socket_new_fd(fd, ret_socket);
}

struct netlink_socket *netlink_socket_free(struct netlink_socket *s)
{
	if (s) {
		close(s->fd);
		free(s->buffer);
		free(s);
	}
	return NULL;
}

/* -------- batches -------- */

void netlink_batch_fini(struct netlink_batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		netlink_msg_free(b->items[i].msg);
	free(b->items);
	*b = NETLINK_BATCH_INIT;
}

int netlink_batch_add(struct netlink_batch *b, struct nl_msg *msg_take, netlink_reply_fn reply,
		      void *data)
{
	if (!msg_take)
		return -ENOMEM;
	if (b->n == b->cap) {
		size_t cap = b->cap ? 2 * b->cap : 8;
		struct netlink_item *items = realloc(b->items, cap * sizeof(*items));

		if (!items) {
			netlink_msg_free(msg_take);
			return -ENOMEM;
		}
		b->items = items;
		b->cap = cap;
	}
	b->items[b->n++] = (struct netlink_item){ .msg = msg_take, .reply = reply, .data = data };
	return 0;
}

/* -------- transactions -------- */

/* A run of items that went out together; pending counts those without an answer. */
struct round {
	struct netlink_item *items;
	size_t n, pending;
	uint32_t first_seq;
	bool dump;
	bool interrupted;
};

static int round_send(struct netlink_socket *s, const struct round *r)
{
	struct iovec iov[ROUND_MESSAGES];
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = r->n };
	ssize_t sent;

	for (size_t i = 0; i < r->n; i++) {
		struct nlmsghdr *h = nlmsg_hdr(r->items[i].msg);

		iov[i] = (struct iovec){ h, NLMSG_ALIGN(h->nlmsg_len) };
	}
	do
		sent = sendmsg(s->fd, &msg, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return 0;
}

/* The text of an extended acknowledgement, which stands behind the (perhaps cut) echo. */
static void ack_text(const struct nlmsghdr *h, const struct nlmsgerr *e, char *text)
{
	size_t skip = sizeof(*e);
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(h->nlmsg_flags & NLM_F_CAPPED)) {
		if (e->msg.nlmsg_len < NLMSG_HDRLEN || e->msg.nlmsg_len > h->nlmsg_len)
			return;
		skip += NLMSG_ALIGN(e->msg.nlmsg_len - NLMSG_HDRLEN);
	}
	if (h->nlmsg_len < NLMSG_HDRLEN + skip ||
	    nla_parse(tb, NLMSGERR_ATTR_MAX, nlmsg_attrdata((struct nlmsghdr *)h, (int)skip),
		      (int)(h->nlmsg_len - NLMSG_HDRLEN - skip), NULL) < 0)
		return;
	if (tb[NLMSGERR_ATTR_MSG])
		nla_strlcpy(text, tb[NLMSGERR_ATTR_MSG], NETLINK_TEXT_MAX);
}

static void item_answered(struct round *r, struct netlink_item *item, int err)
{
	item->err = err;
	item->seq = 0;
	r->pending--;
}

static void take_message(struct round *r, const struct nlmsghdr *h)
{
	uint32_t offset = h->nlmsg_seq - r->first_seq;
	struct netlink_item *item;

	if (offset >= r->n)
		return;
	item = &r->items[offset];
	if (item->seq == 0) /* answered already */
		return;
	if (h->nlmsg_flags & NLM_F_DUMP_INTR)
		r->interrupted = true;
	if (h->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *e = nlmsg_data((struct nlmsghdr *)h);

		if (h->nlmsg_len < NLMSG_HDRLEN + sizeof(*e)) {
			item_answered(r, item, -EBADMSG);
			return;
		}
		ack_text(h, e, item->text);
		item_answered(r, item, e->error > 0 ? -e->error : e->error);
	} else if (h->nlmsg_type == NLMSG_DONE) {
		int err = 0;

		if (h->nlmsg_len >= NLMSG_HDRLEN + sizeof(err))
			memcpy(&err, nlmsg_data((struct nlmsghdr *)h), sizeof(err));
		item_answered(r, item, err < 0 ? err : 0);
	} else if (h->nlmsg_type >= NLMSG_MIN_TYPE && item->reply) {
		item->reply(h, item->data);
	}
}

static int round_receive(struct netlink_socket *s, struct round *r)
{
	struct sockaddr_nl from = { 0 };
	struct iovec iov = { s->buffer, RECEIVE_BUFFER };
	struct msghdr msg = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1
	};
	struct nlmsghdr *h = (struct nlmsghdr *)s->buffer;
	ssize_t got = recvmsg(s->fd, &msg, 0);
	int left;

	if (got < 0) {
		if (errno == EINTR)
			return 0;
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	}
	if (got == 0)
		return -ECONNRESET;
	/* Only the kernel (port 0) answers; other processes may send to us. */
	if (msg.msg_namelen != sizeof(from) || from.nl_pid == 0) {
		if (msg.msg_flags & MSG_TRUNC)
			return -EMSGSIZE;
		left = (int)got;
		for (; nlmsg_ok(h, left); h = nlmsg_next(h, &left))
			take_message(r, h);
	}
	explicit_bzero(s->buffer, (size_t)got);
	return 0;
}

static int round_run(struct netlink_socket *s, struct round *r)
{
	int err;

	if (s->seq > UINT32_MAX - ROUND_MESSAGES) /* 0 stands for answered: never reach it */
		s->seq = 0;
	r->first_seq = s->seq + 1;
	r->pending = r->n;
	for (size_t i = 0; i < r->n; i++) {
		struct nlmsghdr *h = nlmsg_hdr(r->items[i].msg);

		r->items[i].seq = h->nlmsg_seq = ++s->seq;
		r->items[i].text[0] = '\0';
		h->nlmsg_flags |= NLM_F_REQUEST | (r->dump ? NLM_F_DUMP : NLM_F_ACK);
	}
	err = round_send(s, r);
	while (err == 0 && r->pending > 0)
		err = round_receive(s, r);
	if (err < 0) {
		for (size_t i = 0; i < r->n; i++)
			if (r->items[i].seq != 0)
				item_answered(r, &r->items[i], err);
	}
	return err;
}

/* As many items from start as one sendmsg() may carry; at least one. */
static size_t round_size(const struct netlink_socket *s, const struct netlink_batch *b,
			 size_t start)
{
	size_t bytes = 0, n = 0;

	while (start + n < b->n && n < s->round_messages) {
		bytes += NLMSG_ALIGN(nlmsg_hdr(b->items[start + n].msg)->nlmsg_len);
		if (n > 0 && bytes > s->round_bytes)
			break;
		n++;
	}
	return n;
}

int netlink_transact(struct netlink_socket *s, struct netlink_batch *b)
{
	int err = 0;

	for (size_t start = 0; start < b->n;) {
		struct round r = { .items = &b->items[start] };

		if (err < 0) {
			b->items[start++].err = err;
			continue;
		}
		r.n = round_size(s, b, start);
		err = round_run(s, &r);
		start += r.n;
	}
	return err;
}

static int transact_one(struct netlink_socket *s, struct nl_msg *msg_take, bool dump,
			netlink_reply_fn reply, void *data, char *text)
{
	struct netlink_item item = { .msg = msg_take, .reply = reply, .data = data };
	struct round r = { .items = &item, .n = 1, .dump = dump };
	int err = -ENOMEM;

	if (msg_take) {
		err = round_run(s, &r);
		if (err == 0)
			err = item.err;
		netlink_msg_free(msg_take);
	}
	if (text)
		memcpy(text, item.text, NETLINK_TEXT_MAX);
	return err == 0 && r.interrupted ? -EAGAIN : err;
}

int netlink_request(struct netlink_socket *s, struct nl_msg *msg_take, netlink_reply_fn reply,
		    void *data, char *text)
{
	return transact_one(s, msg_take, false, reply, data, text);
}

int netlink_dump(struct netlink_socket *s, struct nl_msg *msg_take, netlink_reply_fn reply,
		 void *data)
{
	return transact_one(s, msg_take, true, reply, data, NULL);
}
