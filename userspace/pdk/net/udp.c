/* SPDX-License-Identifier: MIT */
#include "pdk/net/udp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pdk/loop/buffer_ring.h"
#include "pdk/loop/loop.h"
#include "pdk/net/udp_private.h"

/*
 * Receiving is one multishot recvmsg per socket. Each completion names a buffer of the loop's ring,
 * which holds io_uring_recvmsg_out, name, control messages and payload. It ends (a completion
 * without F_MORE) when no buffer is free, after an empty datagram, on an error, or when the
 * completion ring overflowed; udp_recv_done() starts it again in every case. Datagrams wait in the
 * socket's own queue meanwhile. Kernels that don't know it answer -EINVAL, and the socket goes on
 * with single receives.
 *
 * A closed socket may still be held by: the receive operation, sends in flight, and the callback
 * that closed it. Whichever ends last frees it in udp_reap().
 */

/* Room for a name, and control messages that start aligned behind it. */
#define UDP_NAME_ROOM 32

/* After so many errors in a row the socket takes a rest between tries. */
#define UDP_PATIENCE 4
#define UDP_REST     DURATION_MS(100)

#define UDP_MAX_SENDS 512

/* The local address out of the control messages; dg keeps what it had when there is none. */
static void udp_take_pktinfo(struct datagram *dg, const struct cmsghdr *cmsg)
{
	struct in_pktinfo in;
	struct in6_pktinfo in6;

	if (cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_PKTINFO &&
	    cmsg->cmsg_len >= CMSG_LEN(sizeof(in))) {
		memcpy(&in, CMSG_DATA(cmsg), sizeof(in));
		dg->local = netaddr_from_bytes(BYTES(&in.ipi_spec_dst, 4), dg->local.port);
		dg->ifindex = (unsigned)in.ipi_ifindex;
	} else if (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_PKTINFO &&
		   cmsg->cmsg_len >= CMSG_LEN(sizeof(in6))) {
		memcpy(&in6, CMSG_DATA(cmsg), sizeof(in6));
		dg->local = netaddr_from_bytes(BYTES(&in6.ipi6_addr, 16), dg->local.port);
		dg->ifindex = in6.ipi6_ifindex;
		if (netaddr_is_link_local(&dg->local))
			dg->local.scope = dg->ifindex;
	}
}

static void udp_deliver(struct udp_socket *s, struct datagram *dg, const void *name,
			size_t name_len)
{
	if (netaddr_from_sockaddr(name, (socklen_t)name_len, &dg->remote) != 0) {
		s->counters.malformed++;
		return;
	}
	s->counters.received++;
	s->counters.truncated += dg->truncated;
	s->inside = true;
	s->receive(dg, s->data);
	s->inside = false;
}

static void udp_deliver_buffer(struct udp_socket *s, uint8_t *buffer, int len)
{
	struct io_uring_recvmsg_out *out = io_uring_recvmsg_validate(buffer, len, &s->recv_msg);
	struct datagram dg = { .local = s->local };
	struct cmsghdr *cmsg;

	if (!out || out->namelen > UDP_NAME_ROOM) {
		s->counters.malformed++;
		return;
	}
	dg.payload = BYTES(io_uring_recvmsg_payload(out, &s->recv_msg),
			   io_uring_recvmsg_payload_length(out, len, &s->recv_msg));
	dg.truncated = out->flags & MSG_TRUNC;
	for (cmsg = io_uring_recvmsg_cmsg_firsthdr(out, &s->recv_msg); cmsg;
	     cmsg = io_uring_recvmsg_cmsg_nexthdr(out, &s->recv_msg, cmsg))
		udp_take_pktinfo(&dg, cmsg);
	udp_deliver(s, &dg, io_uring_recvmsg_name(out), out->namelen);
}

static void udp_deliver_single(struct udp_socket *s, int len)
{
	struct datagram dg = {
		.local = s->local,
		.payload = BYTES(s->single->payload, (size_t)len),
		.truncated = s->recv_msg.msg_flags & MSG_TRUNC,
	};
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(&s->recv_msg); cmsg; cmsg = CMSG_NXTHDR(&s->recv_msg, cmsg))
		udp_take_pktinfo(&dg, cmsg);
	udp_deliver(s, &dg, &s->single->name, s->recv_msg.msg_namelen);
}

static void udp_recv_prep(struct loop_op *op, struct io_uring_sqe *sqe)
{
	struct udp_socket *s = container_of(op, struct udp_socket, recv_op);

	memset(&s->recv_msg, 0, sizeof(s->recv_msg));
	s->recv_msg.msg_controllen = sizeof(union udp_control);
	if (s->buffers) {
		s->recv_msg.msg_namelen = UDP_NAME_ROOM;
		io_uring_prep_recvmsg_multishot(sqe, s->fd, &s->recv_msg, 0);
		sqe->flags |= IOSQE_BUFFER_SELECT;
		sqe->buf_group = buffer_ring_group(s->buffers);
		return;
	}
	s->single->iov = (struct iovec){ s->single->payload, sizeof(s->single->payload) };
	s->recv_msg.msg_name = &s->single->name;
	s->recv_msg.msg_namelen = sizeof(s->single->name);
	s->recv_msg.msg_control = &s->single->control;
	s->recv_msg.msg_iov = &s->single->iov;
	s->recv_msg.msg_iovlen = 1;
	io_uring_prep_recvmsg(sqe, s->fd, &s->recv_msg, 0);
}

static int udp_use_single_shots(struct udp_socket *s)
{
	s->single = malloc(sizeof(*s->single));
	if (!s->single)
		return -ENOMEM;
	s->buffers = NULL;
	return 0;
}

static void udp_recv_retry(struct loop_timer *timer _unused_, void *data)
{
	struct udp_socket *s = data;

	loop_op_start(&s->recv_op);
}

/* The receive has failed; count it and find out how to go on. */
static void udp_recv_failed(struct udp_socket *s, int err)
{
	if (err == -ENOBUFS) {
		/* All buffers were given back by the time the next submission is made. */
		s->counters.no_buffers++;
	} else if (err == -EINVAL && s->buffers && !s->counters.received &&
		   udp_use_single_shots(s) == 0) {
		/* A kernel without multishot. */
	} else if (err != -EINTR && err != -EAGAIN) {
		s->counters.receive_errors++;
		s->recv_failures++;
	}
}

static void udp_recv_again(struct udp_socket *s)
{
	if (s->buffers)
		s->counters.rearmed++;
	if (s->recv_failures > UDP_PATIENCE)
		timer_arm_after(&s->recv_retry, UDP_REST);
	else
		loop_op_start(&s->recv_op);
}

static void udp_recv_done(struct loop_op *op, int res, uint32_t flags)
{
	struct udp_socket *s = container_of(op, struct udp_socket, recv_op);
	/* udp_recv_failed() may give up multishot. */
	struct buffer_ring *buffers = s->buffers;
	bool named = flags & IORING_CQE_F_BUFFER;

	if (res >= 0) {
		s->recv_failures = 0;
		if (!s->closed && s->single)
			udp_deliver_single(s, res);
		else if (!s->closed && named)
			udp_deliver_buffer(s, buffer_ring_at(buffers, flags), res);
	} else if (!s->closed) {
		udp_recv_failed(s, res);
	}
	if (named)
		buffer_ring_put(buffers, flags);
	if (s->closed)
		udp_reap(s);
	else if (!loop_op_busy(op))
		udp_recv_again(s);
}

/* -------- life cycle -------- */

static int udp_set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int udp_set_options(int fd, const struct udp_options *o)
{
	int err = 0;

	if (o->local.family == AF_INET6) {
		err = udp_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, !o->dual_stack);
		if (!err)
			err = udp_set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	} else {
		err = udp_set(fd, IPPROTO_IP, IP_PKTINFO, 1);
	}
	if (!err && o->reuseport)
		err = udp_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (!err && o->receive_buffer)
		err = udp_set(fd, SOL_SOCKET, SO_RCVBUF, o->receive_buffer);
	if (!err && o->prepare)
		err = o->prepare(fd, o->prepare_data);
	return err;
}

static int udp_bind(int fd, const struct netaddr *local, struct netaddr *ret_local)
{
	struct sockaddr_storage ss;
	socklen_t len = netaddr_to_sockaddr(local, &ss);

	if (bind(fd, (struct sockaddr *)&ss, len) < 0)
		return -errno;
	len = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0)
		return -errno;
	return netaddr_from_sockaddr((struct sockaddr *)&ss, len, ret_local);
}

static int udp_choose_receive(struct udp_socket *s, const struct udp_options *o)
{
	s->buffers = o->buffers;
	if (!o->single_shot && !s->buffers && loop_datagram_buffers(s->loop, &s->buffers) != 0)
		s->buffers = NULL;
	if (o->single_shot || !s->buffers)
		return udp_use_single_shots(s);
	return 0;
}

int udp_open(struct loop *loop, const struct udp_options *options, udp_receive_fn receive,
	     void *data, struct udp_socket **ret_socket)
{
	struct udp_socket *s;
	int err;

	if (!netaddr_is_set(&options->local))
		return -EAFNOSUPPORT;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->loop = loop;
	s->receive = receive;
	s->data = data;
	s->max_sends = options->max_sends ? options->max_sends : UDP_MAX_SENDS;
	list_init(&s->sends_idle);
	list_init(&s->sends_flying);
	loop_op_init(&s->recv_op, loop, udp_recv_prep, udp_recv_done);
	timer_init(&s->recv_retry, loop, udp_recv_retry, s);

	/* Not SOCK_NONBLOCK: io_uring would then report EAGAIN instead of waiting for us. */
	s->fd = socket(options->local.family, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
	if (s->fd < 0) {
		err = -errno;
		goto free_socket;
	}
	err = udp_set_options(s->fd, options);
	if (err)
		goto close_fd;
	err = udp_bind(s->fd, &options->local, &s->local);
	if (err)
		goto close_fd;
	err = udp_choose_receive(s, options);
	if (err)
		goto close_fd;
	loop_op_start(&s->recv_op);
	*ret_socket = s;
	return 0;

close_fd:
	close(s->fd);
free_socket:
	free(s);
	return err;
}

void udp_reap(struct udp_socket *s)
{
	if (!s->closed || s->inside || s->n_flying || loop_op_busy(&s->recv_op))
		return;
	udp_sends_free(s);
	close(s->fd);
	free(s->single);
	free(s);
}

struct udp_socket *udp_close(struct udp_socket *s)
{
	if (!s)
		return NULL;
	s->closed = true;
	timer_disarm(&s->recv_retry);
	loop_op_cancel(&s->recv_op);
	udp_sends_cancel(s);
	udp_reap(s);
	return NULL;
}

int udp_fd(const struct udp_socket *s)
{
	return s->fd;
}

struct netaddr udp_local(const struct udp_socket *s)
{
	return s->local;
}

const struct udp_counters *udp_counters(const struct udp_socket *s)
{
	return &s->counters;
}
