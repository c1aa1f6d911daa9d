/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Messages about SAs, built and taken apart. Pure functions over libnl messages.
 */
#include "ikev2/ipsec/ipsec.h"
#include "ikev2/ipsec/xfrm_abi.h"
#include "ikev2/ipsec/xfrm_probe.h"

struct nl_msg;
struct nlmsghdr;

/*
 * XFRM_MSG_NEWSA or XFRM_MSG_UPDSA. -EINVAL when a field is out of range (addresses, SPI below 256,
 * key lengths), -EOPNOTSUPP when the algorithm has no name in the kernel, -ENOMEM. The message
 * holds keys: netlink_msg_free() wipes it.
 */
int xfrm_sa_build_add(const struct ipsec_sa *sa, const struct xfrm_features *f, bool update,
		      struct nl_msg **ret_msg);

/* Will the kernel send keepalives for it? */
bool xfrm_sa_keeps_alive(const struct ipsec_sa *sa, const struct xfrm_features *f);

/* XFRM_MSG_DELSA and XFRM_MSG_GETSA; NULL without memory. mark and mask as given with the SA. */
struct nl_msg *xfrm_sa_build_delete(const struct netaddr *dst, uint32_t spi, uint32_t mark,
				    uint32_t mask);
struct nl_msg *xfrm_sa_build_get(const struct netaddr *dst, uint32_t spi, uint32_t mark,
				 uint32_t mask);
/* XFRM_MSG_GETSA for a dump of all. */
struct nl_msg *xfrm_sa_build_dump(void);

/* What the kernel tells of an SA (XFRM_MSG_NEWSA). */
struct xfrm_sa_info {
	struct netaddr src, dst; /* ports: of the encapsulation */
	bool udp_encap;
	uint32_t spi; /* 0: larval, the kernel waits for an answer to its ACQUIRE */
	uint8_t proto;
	uint32_t reqid, seq;
	bool ours; /* we have made it */
	uint32_t mark, mark_mask;
	uint32_t offload_ifindex; /* the device that works on it; 0: none */
	struct ipsec_usage usage;
	bool has_esn_val, has_if_id, has_sa_dir, has_keepalive; /* attributes present */
};

/* -EBADMSG when malformed or not XFRM_MSG_NEWSA. */
int xfrm_sa_parse(const struct nlmsghdr *h, struct xfrm_sa_info *ret_info);
