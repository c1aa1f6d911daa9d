/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Following a peer behind a NAT that gives it another port or address: RFC 7296 2.23. Only when the
 * peer is behind one and we are not, only to where something authentic and new came from; else one
 * packet, sent again from elsewhere, could take the tunnel away.
 */
struct child_sa;
struct ike_sa;
struct netaddr;

/* An authentic message that is new in its window came from remote to local. */
void follow_message(struct ike_sa *sa, const struct netaddr *local, const struct netaddr *remote);

/* child has been installed: the peer may have gone on meanwhile. A new address has it rekeyed. */
void follow_child(struct child_sa *child);
