/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Traffic selectors are ranges (RFC 7296 3.13); the kernel's selectors are prefixes and masked
 * ports. Pure functions that take ranges apart exactly: the kernel selectors match the same packets
 * as the traffic selectors, no more and no fewer.
 */
#include "ikev2/codec/ts.h"
#include "ikev2/ipsec/ipsec.h"
#include "ikev2/ipsec/xfrm_abi.h"

struct xfrm_selectors {
	size_t n;
	struct xfrm_selector v[IPSEC_SELECTORS_MAX];
};

/*
 * The selectors of outgoing packets: source in local, destination in remote, for every pair of
 * equal family and compatible protocol. Pairs that no packet can match are left out. -E2BIG beyond
 * IPSEC_SELECTORS_MAX; -EOPNOTSUPP when a pair has OPAQUE types and codes, which the kernel can't
 * express (OPAQUE ports are port 0); -EINVAL when nothing is left, or a selector is malformed.
 */
int xfrm_selectors_from_ts(const struct ts_list *local, const struct ts_list *remote,
			   struct xfrm_selectors *ret_selectors);

/* For the packets that come back. ICMP type and code stay where they are. */
struct xfrm_selector xfrm_selector_reverse(const struct xfrm_selector *sel);

/*
 * The selector of a transport mode SA: the smallest that covers src and dst (lists of policies are
 * exact, this one only has to let their packets pass). AF_UNSPEC selectors give one that takes all.
 */
struct xfrm_selector xfrm_selector_cover(const struct ts *src, const struct ts *dst);

/* What a selector that the kernel sent stands for, as source and destination. */
void xfrm_selector_to_ts(const struct xfrm_selector *sel, struct ts *ret_src, struct ts *ret_dst);

/*
 * Kernel priority, lower wins: longer prefixes first, then a protocol, then ports. A trap and its
 * Child SA with the same selectors get the same.
 */
uint32_t xfrm_selector_priority(const struct xfrm_selector *sel);
