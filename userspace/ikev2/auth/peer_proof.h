/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The peer's half of the authentication (RFC 7296 2.15): is AUTH what only the peer could have made,
 * and is the key that it was made with the peer's? The signature is looked at first: who hasn't got
 * the key of the certificate it shows costs us no further work. Then the certificate is checked in
 * a job, which may ask servers.
 */
#include "ikev2/codec/message.h"
#include "ikev2/cert/cert_check.h"

struct ike_sa;

/* Why the peer is refused: reason in short, static; detail for the log, or empty. */
#define PEER_PROOF_DETAIL_LEN (CERT_CHECK_REASON_LEN + 512)
struct peer_refusal {
	const char *reason;
	char detail[PEER_PROOF_DETAIL_LEN];
};

enum peer_verdict {
	PEER_PROVED,
	PEER_PENDING, /* done() will be called, unless the IKE SA dies before */
	PEER_REFUSED,
};

/* refusal: NULL: the peer has proved who it is. */
typedef void (*peer_proof_done_fn)(struct ike_sa *sa, const struct peer_refusal *refusal);

/*
 * Check the AUTH payload of m against sa->conn and sa->remote_id, which is what id, the body of the
 * peer's ID payload, says. ret_refusal is set with PEER_REFUSED.
 */
enum peer_verdict peer_proof_check(struct ike_sa *sa, const struct ike_message *m, struct bytes id,
				   peer_proof_done_fn done, struct peer_refusal *ret_refusal);
