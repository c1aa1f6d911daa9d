/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What both sides of IKE_AUTH share (RFC 7296 1.2, 2.15). Used by ike_auth_i.c and ike_auth_r.c.
 */
#include "ikev2/exchange/message.h"
#include "ikev2/policy/identity.h"

struct ike_sa;

/* Our identity: the connection's, or our address. */
void ike_auth_set_local_id(struct ike_sa *sa);

/* Append an ID payload of ours and the AUTH payload over it. 0 or what auth_write() says. */
int ike_auth_write_identity(struct ike_sa *sa, struct message *m);

/*
 * Verify the peer's AUTH payload with ID payload type id_type; sa->remote_id is set already. NULL,
 * or why the peer is refused.
 */
const char *ike_auth_verify_peer(struct ike_sa *sa, const struct ike_message *m,
				 enum ike_payload_type id_type);

/* The messages that AUTH covers are needed no more. */
void ike_auth_forget_init(struct ike_sa *sa);
