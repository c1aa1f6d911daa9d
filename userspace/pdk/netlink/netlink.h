/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Netlink requests: a blocking socket that sends many messages in one system call and accounts for
 * the answer to each. libnl-3 builds and takes apart the messages; the socket work is ours, because
 * libnl neither batches nor shows the kernel's extended error text. Knows no netlink family.
 *
 * A socket belongs to one thread at a time, normally to that of a struct netlink_thread.
 */
#include <stddef.h>
#include <stdint.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include "pdk/base/bytes.h"

#define NETLINK_TEXT_MAX 120

/* -------- messages -------- */

/*
 * A request: netlink header, the family's fixed header (copied) and room for attr_room bytes of
 * attributes (with their headers and padding), to be added with nla_put(). NULL without memory.
 */
struct nl_msg *netlink_msg_new(uint16_t type, uint16_t flags, struct bytes fixed_hdr,
			       size_t attr_room);
/* Wipes (requests carry keys) and frees. Takes NULL, returns NULL. */
struct nl_msg *netlink_msg_free(struct nl_msg *msg);

/*
 * Takes a received message apart: a copy of its fixed header (which need not be aligned in place)
 * and its attributes, index by type: NULL where absent. policy as of nla_parse(): a table of max +
 * 1, or NULL. -EBADMSG when the message is shorter than its fixed header or an attribute is
 * malformed. tb points into h.
 */
int netlink_msg_parse(const struct nlmsghdr *h, int max, const struct nla_policy *policy,
		      void *ret_fixed, size_t fixed_len, struct nlattr *tb[]);

/* -------- sockets -------- */

struct netlink_socket;

/* NETLINK_ROUTE, NETLINK_XFRM ...: bound, extended errors on, large buffers. -errno of the socket.
 */
int netlink_socket_new(int protocol, struct netlink_socket **ret_socket);
/*
 * Over any descriptor that keeps message boundaries and answers as the kernel does. For tests. Owns
 * fd from now on (also on failure). -ENOMEM.
 */
int netlink_socket_new_fd(int fd_take, struct netlink_socket **ret_socket);
/* Takes NULL, returns NULL. */
struct netlink_socket *netlink_socket_free(struct netlink_socket *s);

/* -------- batches -------- */

/* Called for each message the kernel answers a request with, apart from the acknowledgement. */
typedef void (*netlink_reply_fn)(const struct nlmsghdr *h, void *data);

struct netlink_item {
	struct nl_msg *msg;
	netlink_reply_fn reply; /* or NULL */
	void *data;
	/* Results of netlink_transact(). */
	int err; /* 0 or -errno of the kernel */
	uint32_t seq;
	char text[NETLINK_TEXT_MAX]; /* the kernel's own words, or "" */
};

struct netlink_batch {
	struct netlink_item *items;
	size_t n, cap;
};

#define NETLINK_BATCH_INIT ((struct netlink_batch){ 0 })
/* Wipes and frees the messages; the batch is empty afterwards and can be used again. */
void netlink_batch_fini(struct netlink_batch *b);

/*
 * Append a request; NULL for msg is -ENOMEM, so that a builder can be called in place. On failure
 * the message is freed. The item is b->items[b->n - 1] afterwards.
 */
int netlink_batch_add(struct netlink_batch *b, struct nl_msg *msg_take, netlink_reply_fn reply,
		      void *data);

/*
 * Send all messages, in one sendmsg() as far as the socket's buffers allow (at least 128 short
 * ones), and take the acknowledgement of each: items[i].err and .text. The kernel goes on after a
 * message that fails. 0 when every message was answered, whatever the answer; -errno when the
 * transport failed: then the unanswered items carry that error. Waits; the kernel works the
 * messages off inside sendmsg(), so it doesn't wait long; -ETIMEDOUT after 10 s.
 */
int netlink_transact(struct netlink_socket *s, struct netlink_batch *b);

/* One request: 0 or -errno; text (NETLINK_TEXT_MAX, or NULL) gets the kernel's words. */
int netlink_request(struct netlink_socket *s, struct nl_msg *msg_take, netlink_reply_fn reply,
		    void *data, char *text);

/*
 * A dump: reply is called for each object. -EAGAIN when the kernel's tables kept changing while it
 * was read (NLM_F_DUMP_INTR): reply has then been called for some or all of them, and the caller
 * may start again. What the kernel sent is wiped after each call, for dumps that carry keys.
 */
int netlink_dump(struct netlink_socket *s, struct nl_msg *msg_take, netlink_reply_fn reply,
		 void *data);
