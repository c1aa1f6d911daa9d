/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef POSTERN_KERNEL_TYPES_H
#define POSTERN_KERNEL_TYPES_H
/*
 * The few members of kernel types that our programs read. libbpf finds where they really are in the
 * running kernel's BTF, so neither order nor size matters here, and no kernel has to be at hand
 * when the programs are built.
 */
#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct net_device {
	int ifindex;
	possible_net_t nd_net;
};

struct sk_buff {
	struct net_device *dev;
	unsigned int len;
	__u16 network_header; /* from head */
	unsigned char *head;
};

typedef union {
	__be32 a4;
	__be32 a6[4];
} xfrm_address_t;

struct xfrm_id {
	xfrm_address_t daddr;
	__be32 spi;
	__u8 proto;
};

struct xfrm_state {
	possible_net_t xs_net;
	struct xfrm_id id;
	struct {
		__u16 family;
	} props;
};

#pragma clang attribute pop

#endif
