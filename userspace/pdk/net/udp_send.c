/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pdk/net/udp_private.h"

/*
 * Each send is an object with all that the kernel reads until the completion: message header,
 * address, control message and payload. Those of common size are kept for the next send.
 */

#define UDP_SEND_ROOM     2048 /* octets of the payload in a kept send */
#define UDP_SENDS_KEPT    32
#define UDP_OVERHEAD_IPV4 28 /* IPv4 header without options, and UDP header */
#define UDP_OVERHEAD_IPV6 8

struct udp_send {
	struct loop_op op;
	struct udp_socket *socket;
	struct list node;
	struct msghdr msg;
	struct iovec iov;
	struct sockaddr_storage remote;
	union udp_control control;
	size_t room;
	uint8_t payload[];
};

static void udp_send_prep(struct loop_op *op, struct io_uring_sqe *sqe)
{
	struct udp_send *send = container_of(op, struct udp_send, op);

	io_uring_prep_sendmsg(sqe, send->socket->fd, &send->msg, MSG_NOSIGNAL);
}

static void udp_send_recycle(struct udp_send *send)
{
	struct udp_socket *s = send->socket;

	list_remove(&send->node);
	s->n_flying--;
	if (send->room > UDP_SEND_ROOM || s->n_idle >= UDP_SENDS_KEPT) {
		free(send);
	} else {
		list_prepend(&s->sends_idle, &send->node);
		s->n_idle++;
	}
}

static void udp_send_done(struct loop_op *op, int res, uint32_t flags _unused_)
{
	struct udp_send *send = container_of(op, struct udp_send, op);
	struct udp_socket *s = send->socket;

	if (res < 0)
		s->counters.send_errors++;
	else
		s->counters.sent++;
	udp_send_recycle(send);
	udp_reap(s);
}

/* An object with room for len octets, taken over by the list of those in flight. NULL without
 * memory. */
static struct udp_send *udp_send_get(struct udp_socket *s, size_t len)
{
	struct udp_send *send = NULL;

	if (len <= UDP_SEND_ROOM)
		send = list_first(&s->sends_idle, struct udp_send, node);
	if (send) {
		list_remove(&send->node);
		s->n_idle--;
	} else {
		size_t room = len > UDP_SEND_ROOM ? len : UDP_SEND_ROOM;

		send = malloc(sizeof(*send) + room);
		if (!send)
			return NULL;
		send->room = room;
		send->socket = s;
		list_init(&send->node);
		loop_op_init(&send->op, s->loop, udp_send_prep, udp_send_done);
	}
	list_append(&s->sends_flying, &send->node);
	s->n_flying++;
	return send;
}

/* The source address as a control message. */
static void udp_send_set_source(struct udp_send *send, const struct netaddr *local)
{
	struct cmsghdr *cmsg = (struct cmsghdr *)&send->control;

	if (!local || !netaddr_is_set(local) || netaddr_is_any(local))
		return;
	memset(&send->control, 0, sizeof(send->control));
	if (local->family == AF_INET) {
		struct in_pktinfo in = { 0 };

		memcpy(&in.ipi_spec_dst, local->addr, 4);
		cmsg->cmsg_level = IPPROTO_IP;
		cmsg->cmsg_type = IP_PKTINFO;
		cmsg->cmsg_len = CMSG_LEN(sizeof(in));
		memcpy(CMSG_DATA(cmsg), &in, sizeof(in));
		send->msg.msg_controllen = CMSG_SPACE(sizeof(in));
	} else {
		struct in6_pktinfo in6 = { .ipi6_ifindex = local->scope };

		memcpy(&in6.ipi6_addr, local->addr, 16);
		cmsg->cmsg_level = IPPROTO_IPV6;
		cmsg->cmsg_type = IPV6_PKTINFO;
		cmsg->cmsg_len = CMSG_LEN(sizeof(in6));
		memcpy(CMSG_DATA(cmsg), &in6, sizeof(in6));
		send->msg.msg_controllen = CMSG_SPACE(sizeof(in6));
	}
	send->msg.msg_control = &send->control;
}

int udp_send(struct udp_socket *s, const struct netaddr *local, const struct netaddr *remote,
	     struct bytes prefix, struct bytes payload)
{
	size_t max = 65535 - (s->local.family == AF_INET ? UDP_OVERHEAD_IPV4 : UDP_OVERHEAD_IPV6);
	struct udp_send *send;

	if (remote->family != s->local.family)
		return -EINVAL;
	if (local && netaddr_is_set(local) && local->family != s->local.family)
		return -EINVAL;
	if (prefix.len > max || payload.len > max - prefix.len)
		return -EMSGSIZE;
	if (s->n_flying >= s->max_sends) {
		s->counters.send_refused++;
		return -ENOBUFS;
	}
	send = udp_send_get(s, prefix.len + payload.len);
	if (!send) {
		s->counters.send_refused++;
		return -ENOMEM;
	}

	if (prefix.len)
		memcpy(send->payload, prefix.data, prefix.len);
	if (payload.len)
		memcpy(send->payload + prefix.len, payload.data, payload.len);
	send->iov = (struct iovec){ send->payload, prefix.len + payload.len };
	send->msg = (struct msghdr){
		.msg_name = &send->remote,
		.msg_namelen = netaddr_to_sockaddr(remote, &send->remote),
		.msg_iov = &send->iov,
		.msg_iovlen = 1,
	};
	udp_send_set_source(send, local);
	loop_op_start(&send->op);
	return 0;
}

void udp_sends_cancel(struct udp_socket *s)
{
	struct udp_send *send;

	/* The kernel tries a send before it sees a later cancellation, which so only ends those
	 * that wait. */
	list_for_each (send, &s->sends_flying, node) {
		if (send->op.state != LOOP_OP_QUEUED)
			loop_op_cancel(&send->op);
	}
}

void udp_sends_free(struct udp_socket *s)
{
	struct udp_send *send, *next;

	list_for_each_safe (send, next, &s->sends_idle, node)
		free(send);
}
