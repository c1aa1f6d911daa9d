/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * One IKE SA takes the place of another (RFC 7296 2.8, 2.18).
 */
#include "ikev2/codec/proposal.h"
#include "ikev2/sa/nonce.h"

struct ike_sa;

/*
 * A new IKE SA between the same two, in state NEW: who they are, where they are, and what they have
 * told each other about themselves is that of old; message IDs begin at 0. NULL without memory.
 */
struct ike_sa *ike_sa_new_successor(struct ike_sa *old, bool initiator);

/* Its keys (2.18), from what both sides chose and sent; the SPIs are set. 0 or -errno. */
int ike_sa_succeed_keys(struct ike_sa *successor, const struct ike_sa *old,
			const struct proposal *chosen, const struct nonce *ni,
			const struct nonce *nr, struct bytes shared);

/* All that hangs on old goes on under successor: Child SAs, and what waits to be sent. */
void ike_sa_inherit(struct ike_sa *successor, struct ike_sa *old);

/* The one that the peer has made to replace sa while our own try is on its way; NULL. */
struct ike_sa *ike_sa_rival(const struct ike_sa *sa);

/*
 * The peer sends requests on rival, whose place is not settled yet for us: for the peer it is, and this
 * is the one that stays. (One that it has found redundant, it deletes.)
 */
void ike_sa_claim(struct ike_sa *rival);

/* The lower nonce of the exchange that made sa. */
const struct nonce *ike_sa_lowest_nonce(const struct ike_sa *sa);
