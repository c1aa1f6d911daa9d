/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Internal addresses that peers have lent us (RFC 7296 2.19): on the interface that leads to the
 * peer, and routes that make packets to the peer's networks leave with them as source. A thread of
 * its own does it. All of it carries our protocol number, so that a start after kill -9 finds and
 * removes what is left.
 */
#include "ikev2/sa/core.h"

struct addresses;

/*
 * Removes what an earlier process left, and starts the thread. Packets with ike_mark (0: none have
 * it) are IKE's own and take no route of ours. -errno of the socket, -ENOMEM.
 */
int addresses_new(uint32_t ike_mark, struct addresses **ret_addresses);
/* Nobody may post any more. Removes all that is left. Takes NULL, returns NULL. */
struct addresses *addresses_free(struct addresses *a);

/* Any thread. a may be NULL: then nothing gets installed. */
void addresses_post(struct addresses *a, const struct ike_internal *change);
