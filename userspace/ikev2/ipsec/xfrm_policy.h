/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Messages about policies, built and taken apart. Pure functions over libnl messages.
 */
#include "ikev2/ipsec/ipsec.h"
#include "ikev2/ipsec/xfrm_abi.h"

struct nl_msg;
struct nlmsghdr;

/*
 * Policies that pass or drop have no reqid. The number that the kernel gives each policy may be
 * chosen, so those of ours have one of this range: bits 30 to 28. The lowest three bits are the
 * direction.
 */
#define XFRM_POLICY_INDEX_BASE 0x50000000u
#define XFRM_POLICY_INDEX_MASK 0xf0000000u

static inline bool xfrm_policy_index_is_ours(uint32_t index)
{
	return (index & XFRM_POLICY_INDEX_MASK) == XFRM_POLICY_INDEX_BASE;
}

/* What makes a policy one of its own in the kernel's table. */
struct xfrm_policy_key {
	struct xfrm_selector sel;
	uint32_t mark, mark_mask;
	uint32_t if_id;
	uint8_t dir; /* XFRM_POLICY_IN, _OUT, _FWD */
};

/* What it asks for. */
struct xfrm_policy_template {
	enum ipsec_action action;
	enum ipsec_mode mode;
	uint32_t reqid;
	uint32_t priority; /* 0: by the selector */
	/*
	 * It also lets through what is in clear: for packets that are forwarded into the tunnel.
	 */
	bool optional;
	struct netaddr local, remote; /* outer addresses; in the out direction only */
	uint32_t offload_ifindex;     /* the device that works on its SAs, packet by packet; 0 */
};

/*
 * XFRM_MSG_NEWPOLICY (update: XFRM_MSG_UPDPOLICY). Templates of in and fwd leave the outer
 * addresses open, so that an SA that moves needs no new policy. NULL without memory.
 */
struct nl_msg *xfrm_policy_build_add(const struct xfrm_policy_key *key,
				     const struct xfrm_policy_template *t, bool update);
/* XFRM_MSG_DELPOLICY; NULL without memory. */
struct nl_msg *xfrm_policy_build_delete(const struct xfrm_policy_key *key);
/* XFRM_MSG_GETPOLICY for a dump of all. */
struct nl_msg *xfrm_policy_build_dump(void);

struct xfrm_policy_info {
	struct xfrm_policy_key key;
	uint32_t reqid; /* of the first template, 0 without templates */
	uint32_t priority;
	uint32_t index;
	uint8_t action; /* XFRM_POLICY_ALLOW, _BLOCK */
};

/* -EBADMSG when malformed or not XFRM_MSG_NEWPOLICY. */
int xfrm_policy_parse(const struct nlmsghdr *h, struct xfrm_policy_info *ret_info);
