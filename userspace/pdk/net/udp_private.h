/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Inside of a UDP socket, for udp.c (life cycle and receiving) and udp_send.c.
 */
#include <netinet/in.h>
#include <sys/socket.h>
#include "pdk/base/list.h"
#include "pdk/loop/op.h"
#include "pdk/loop/timer.h"
#include "pdk/net/udp.h"

/* Control messages in either direction: one pktinfo of either family. */
union udp_control {
	size_t align; /* as struct cmsghdr wants it */
	uint8_t room[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
		     CMSG_SPACE(sizeof(struct in_pktinfo))];
};

/* What a receive of its own (not multishot) writes to. */
struct udp_single {
	struct sockaddr_storage name;
	union udp_control control;
	struct iovec iov;
	uint8_t payload[65536];
};

struct udp_socket {
	struct loop *loop;
	int fd;
	struct netaddr local;
	udp_receive_fn receive;
	void *data;
	struct udp_counters counters;

	struct loop_op recv_op;
	struct msghdr recv_msg;       /* multishot: a template for the layout of the buffers */
	struct buffer_ring *buffers;  /* NULL: single shots */
	struct udp_single *single;    /* NULL: multishot */
	struct loop_timer recv_retry; /* after errors in a row */
	unsigned recv_failures;       /* in a row */

	struct list sends_idle, sends_flying; /* struct udp_send */
	unsigned n_idle, n_flying, max_sends;

	bool inside; /* a callback is running */
	bool closed;
};

/* udp.c: free a closed socket once nothing is in flight and no callback runs. */
void udp_reap(struct udp_socket *s);

/* udp_send.c: cancel what waits for room in the socket; free the idle ones. */
void udp_sends_cancel(struct udp_socket *s);
void udp_sends_free(struct udp_socket *s);
