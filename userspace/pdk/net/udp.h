/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * UDP sockets on a loop. Every datagram comes with the local address it was sent to, and is sent
 * from the local address the caller names, so one wildcard socket serves a host with many
 * addresses. Nothing here blocks. Owner thread only.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "pdk/base/bytes.h"
#include "pdk/net/netaddr.h"

struct loop;
struct buffer_ring;
struct udp_socket;

/* One received datagram; everything in it is good during the callback only. */
struct datagram {
	struct netaddr remote;
	struct netaddr local; /* address it was sent to, port of the socket */
	unsigned ifindex;     /* interface it came in by, 0: unknown */
	struct bytes payload; /* may be empty */
	bool truncated;       /* the datagram was longer than the buffer */
};

/* May close the socket. */
typedef void (*udp_receive_fn)(const struct datagram *dg, void *data);

struct udp_options {
	struct netaddr local;        /* family; address or any; port, 0: the kernel's choice */
	bool reuseport;              /* SO_REUSEPORT */
	bool dual_stack;             /* AF_INET6 takes IPv4 as mapped addresses; else IPV6_V6ONLY */
	bool single_shot;            /* don't use multishot receive even where the kernel has it */
	int receive_buffer;          /* SO_RCVBUF in octets, 0: the system's default */
	unsigned max_sends;          /* sends in flight, 0: 512 */
	struct buffer_ring *buffers; /* receive into these; NULL: the loop's own */
	/* Called with the new socket before bind(); anything but 0 fails udp_open() with it. */
	int (*prepare)(int fd, void *data);
	void *prepare_data;
};

struct udp_counters {
	uint64_t received, sent; /* datagrams */
	uint64_t truncated;      /* received ones that did not fit */
	uint64_t rearmed;        /* times the multishot receive had ended and was started again */
	uint64_t no_buffers;     /* ... because no buffer was free */
	uint64_t receive_errors;
	uint64_t malformed; /* completions that did not parse, from no known kernel */
	uint64_t send_errors;
	uint64_t send_refused; /* by max_sends or memory */
};

/* -errno of socket(), setsockopt(), bind(), or -ENOMEM, -EAFNOSUPPORT. */
int udp_open(struct loop *loop, const struct udp_options *options, udp_receive_fn receive,
	     void *data, struct udp_socket **ret_socket);
/*
 * No callback comes after this. What was sent before goes out; the descriptor is closed in one of
 * the loop's next turns. Takes NULL, returns NULL.
 */
struct udp_socket *udp_close(struct udp_socket *s);

/*
 * Send prefix and payload as one datagram from local (NULL or unset address: the kernel chooses;
 * its port is ignored) to remote. Both are copied. 0 when it is on its way; -ENOBUFS when max_sends
 * are in flight, -EMSGSIZE, -EINVAL for an address of the wrong family, -ENOMEM. What the kernel
 * says later is counted.
 */
int udp_send(struct udp_socket *s, const struct netaddr *local, const struct netaddr *remote,
	     struct bytes prefix, struct bytes payload);

int udp_fd(const struct udp_socket *s);
/* The bound address; its port is the real one. */
struct netaddr udp_local(const struct udp_socket *s);
const struct udp_counters *udp_counters(const struct udp_socket *s);
