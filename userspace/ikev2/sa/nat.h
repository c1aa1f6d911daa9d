/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * NAT detection: RFC 7296 2.23. Each side hashes the addresses as it sees them; a hash that
 * doesn't fit what the other side sees betrays a NAT in between.
 */
#include <stdbool.h>
#include "ikev2/codec/message.h"
#include "ikev2/exchange/message.h"
#include "pdk/net/netaddr.h"

struct ike_sa;

/*
 * Append NAT_DETECTION_SOURCE_IP and NAT_DETECTION_DESTINATION_IP for a message from sa->local to
 * sa->remote. With encap in the connection the source is a made-up one, so that the peer finds a NAT.
 * 0 or what crypto_hash() says.
 */
int nat_write(struct ike_sa *sa, struct message *m);

/*
 * Look at the hashes in an IKE_SA_INIT message that came from sa->remote to sa->local: sets
 * sa->nat_local and sa->nat_remote. Without hashes the peer knows no NAT traversal; false then.
 */
bool nat_detect(struct ike_sa *sa, const struct ike_message *m);
