/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What both sides of IKE_AUTH share (RFC 7296 1.2, 2.15), and what IKE_SA_INIT does for it. Used by
 * the exchanges.
 */
#include "ikev2/auth/peer_proof.h"
#include "ikev2/exchange/auth_run.h"
#include "ikev2/exchange/message.h"
#include "ikev2/policy/identity.h"

struct ike_sa;

/* -------- IKE_SA_INIT -------- */

/* Append what a message of ours announces: hash algorithms (RFC 7427 4), as responder CERTREQ. */
void ike_auth_announce(struct ike_sa *sa, struct message *m);
/* Take what the peer's message announces. */
void ike_auth_announced(struct ike_sa *sa, const struct ike_message *m);
/* Initiator: the keys are there. Makes our AUTH and starts the exchange IKE_AUTH, once. */
void ike_auth_begin(struct ike_sa *sa);

/* -------- IKE_AUTH -------- */

/*
 * Append identity, certificates, CERTREQ, the identity asked for (idr; NULL: none) and AUTH, in the
 * order of 1.2. Our AUTH has been made (own_proof.h).
 */
void ike_auth_write_proof(struct ike_sa *sa, struct message *m, const struct identity *idr);

/*
 * The step of both roles that verifies the peer's AUTH with its ID payload of type id_type;
 * sa->remote_id is set already.
 */
enum auth_step_end ike_auth_verify(struct ike_sa *sa, const struct ike_message *m,
				   enum ike_payload_type id_type);

/* What AUTH needed is needed no more. */
void ike_auth_forget_init(struct ike_sa *sa);
