/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * <linux/xfrm.h> with what kernels newer than the headers of Debian 12 have added, and the helpers
 * that every builder of XFRM messages needs. The numbers are the kernel's ABI; whether the running
 * kernel knows them is for xfrm_probe.h to find out.
 */
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <string.h>
#include "pdk/net/netaddr.h"

/* Linux 6.10: attribute and values. */
#define XFRM_ABI_SA_DIR     33 /* XFRMA_SA_DIR, __u8 */
#define XFRM_ABI_SA_DIR_IN  1
#define XFRM_ABI_SA_DIR_OUT 2

/* Linux 6.11: attribute of an outbound SA in UDP, seconds between keepalives. */
#define XFRM_ABI_NAT_KEEPALIVE_INTERVAL 34 /* XFRMA_NAT_KEEPALIVE_INTERVAL, __u32 */

/* Linux 6.2: flag of struct xfrm_user_offload. */
#define XFRM_ABI_OFFLOAD_PACKET 4

/* Attribute tables are this long; what is beyond is newer than this code and skipped. */
#define XFRM_ABI_ATTR_MAX 48

/* The bytes of an address; all zero for AF_UNSPEC. */
static inline xfrm_address_t xfrm_address(const struct netaddr *a)
{
	xfrm_address_t x;

	memset(&x, 0, sizeof(x));
	memcpy(&x, a->addr, netaddr_len(a));
	return x;
}

/* AF_UNSPEC when family is neither AF_INET nor AF_INET6. */
static inline struct netaddr xfrm_netaddr(const xfrm_address_t *x, int family, uint16_t port)
{
	return netaddr_from_bytes(BYTES(x, netaddr_family_len(family)), port);
}

static const struct xfrm_lifetime_cfg xfrm_no_limits = {
	.soft_byte_limit = XFRM_INF,
	.hard_byte_limit = XFRM_INF,
	.soft_packet_limit = XFRM_INF,
	.hard_packet_limit = XFRM_INF,
};
