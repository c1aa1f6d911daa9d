/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The policies of ours and who wants them. The kernel holds one policy for equal selectors; we are
 * asked for more: a trap and its Child SAs, two Child SAs during a rekeying. So additions are
 * stacked by selector; the newest is what the kernel holds. A table only: it tells what has to be
 * asked of the kernel and asks nothing itself. Belongs to the netlink thread.
 */
#include "bpf/shared/siphash.h"
#include "ikev2/ipsec/xfrm_policy.h"
#include "pdk/base/hash.h"

struct xfrm_spd {
	struct hash entries;         /* by key */
	struct siphash_key hash_key; /* peers choose selectors */
	size_t n_additions;
	uint64_t round; /* counts xfrm_spd_settle() */
};

/* What the kernel has to be told. */
enum xfrm_spd_change {
	XFRM_SPD_NONE,    /* nothing: it holds what it should already */
	XFRM_SPD_NEW,     /* a new policy */
	XFRM_SPD_REPLACE, /* another template for the policy that it has */
	XFRM_SPD_REMOVE,  /* the policy goes */
};

void xfrm_spd_init(struct xfrm_spd *spd);
void xfrm_spd_fini(struct xfrm_spd *spd);

/*
 * Put owner's template on top. Returns XFRM_SPD_NEW or XFRM_SPD_REPLACE; XFRM_SPD_NONE when it is the
 * same as the one before: a change of a policy costs packets that are on their way through the
 * kernel, and a Child SA that is rekeyed changes nothing; -ENOMEM; -EINPROGRESS when
 * the policy is new since the last xfrm_spd_settle(): whether the kernel takes it has to be known
 * before anything is put on it, or what belongs to somebody else would be replaced.
 */
int xfrm_spd_push(struct xfrm_spd *spd, const struct xfrm_policy_key *key, uint64_t owner,
		  const struct xfrm_policy_template *t);
/* The kernel has answered for all that was pushed so far. */
void xfrm_spd_settle(struct xfrm_spd *spd);

/*
 * Take owner's newest addition away. Returns XFRM_SPD_NONE, XFRM_SPD_REMOVE, or XFRM_SPD_REPLACE
 * with the template that is on top now, if that is another one; -ENOENT when owner has none.
 */
int xfrm_spd_pop(struct xfrm_spd *spd, const struct xfrm_policy_key *key, uint64_t owner,
		 struct xfrm_policy_template *ret_template);
