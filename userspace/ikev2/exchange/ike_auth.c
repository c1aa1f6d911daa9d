/* SPDX-License-Identifier: MIT */
#include "ikev2/exchange/ike_auth.h"

#include <errno.h>
#include <stdlib.h>

#include "ikev2/auth/cert_request.h"
#include "ikev2/auth/own_proof.h"
#include "ikev2/auth/signature_alg.h"
#include "ikev2/policy/config.h"
#include "ikev2/policy/connection.h"
#include "ikev2/policy/credentials.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

/* CAs named in IKE_SA_INIT, which can't be fragmented (RFC 7383 2.3), and in IKE_AUTH. */
#define INIT_CAS_MAX 30
#define AUTH_CAS_MAX 200

/* -------- IKE_SA_INIT -------- */

static bool uses_signatures(const struct connection *conn)
{
	return conn->local.type == AUTH_TYPE_PUBKEY || conn->remote.type == AUTH_TYPE_PUBKEY;
}

static bool wants_certificates(const struct connection *conn)
{
	return conn->remote.type == AUTH_TYPE_PUBKEY && conn->send_certreq &&
	       !conn->remote.n_pubkeys;
}

static bool wants_ocsp(const struct connection *conn)
{
	return wants_certificates(conn) && (conn->ocsp == OCSP_REQUEST || conn->ocsp == OCSP_BOTH);
}

static bool takes_childless(const struct connection *conn)
{
	return conn->childless != CHILDLESS_NEVER;
}

/* A responder doesn't know yet which connection it will be: any that the addresses allow. */
static bool any_candidate(const struct ike_sa *sa, bool (*is)(const struct connection *conn))
{
	const struct connection *candidates[CONFIG_CANDIDATES_MAX];
	size_t n;

	if (sa->initiator)
		return is(sa->conn);
	n = config_candidates(sa->config, &sa->local, &sa->remote, candidates,
			      CONFIG_CANDIDATES_MAX);
	for (size_t i = 0; i < n; i++)
		if (is(candidates[i]))
			return true;
	return false;
}

static const struct trust_store *trust_of(const struct ike_sa *sa)
{
	return sa->config->creds ? sa->config->creds->trust : NULL;
}

void ike_auth_announce(struct ike_sa *sa, struct message *m)
{
	uint8_t hashes[16];
	struct writer w;

	if (any_candidate(sa, uses_signatures) && (sa->initiator || sa->peer_hashes)) {
		writer_init_fixed(&w, hashes, sizeof(hashes));
		signature_hashes_write(&w);
		message_notify(m, IKE_NOTIFY_SIGNATURE_HASH_ALGORITHMS, writer_view(&w));
	}
	if (!sa->initiator && any_candidate(sa, takes_childless)) /* RFC 6023 3 */
		message_notify(m, IKE_NOTIFY_CHILDLESS_IKEV2_SUPPORTED, BYTES_NONE);
	if (!sa->initiator && any_candidate(sa, wants_certificates) &&
	    cert_request_wanted(trust_of(sa), NULL))
		cert_request_write(message_payload(m, IKE_PAYLOAD_CERTREQ), trust_of(sa), NULL,
				   INIT_CAS_MAX);
	if (!sa->initiator && any_candidate(sa, wants_ocsp))
		cert_request_write_ocsp(message_payload(m, IKE_PAYLOAD_CERTREQ));
}

void ike_auth_announced(struct ike_sa *sa, const struct ike_message *m)
{
	struct ike_notify notify;

	if (ike_message_find_notify(m, IKE_NOTIFY_SIGNATURE_HASH_ALGORITHMS, 0, &notify))
		sa->peer_hashes = signature_hashes_parse(notify.data);
	if (!sa->cert_request)
		sa->cert_request = cert_request_read(m);
}

/* -------- IKE_AUTH -------- */

void ike_auth_write_proof(struct ike_sa *sa, struct message *m, const struct identity *idr)
{
	const struct auth_conf *remote = &sa->conn->remote;

	own_proof_write_id(sa, m);
	own_proof_write_certs(sa, m);
	if (sa->initiator && wants_certificates(sa->conn) &&
	    cert_request_wanted(trust_of(sa), remote))
		cert_request_write(message_payload(m, IKE_PAYLOAD_CERTREQ), trust_of(sa), remote,
				   AUTH_CAS_MAX);
	if (sa->initiator && wants_ocsp(sa->conn))
		cert_request_write_ocsp(message_payload(m, IKE_PAYLOAD_CERTREQ));
	if (idr)
		identity_to_wire(idr, message_payload(m, IKE_PAYLOAD_IDR));
	own_proof_write_auth(sa, m);
}

static void refuse(struct ike_sa *sa, const struct peer_refusal *refusal)
{
	sa->auth->role->refuse(sa, refusal->reason, refusal->detail);
}

/* The certificate check is over. */
static void verified(struct ike_sa *sa, const struct peer_refusal *refusal)
{
	/* What has taken too long has been refused meanwhile. */
	if (!sa->auth || sa->state == IKE_STATE_DEAD)
		return;
	if (refusal)
		refuse(sa, refusal);
	auth_run_resume(sa, refusal ? AUTH_STEP_LAST : AUTH_STEP_DONE);
}

enum auth_step_end ike_auth_verify(struct ike_sa *sa, const struct ike_message *m,
				   enum ike_payload_type id_type)
{
	struct peer_refusal refusal;

	switch (peer_proof_check(sa, m, ike_message_find(m, id_type, 0)->body, verified,
				 &refusal)) {
	case PEER_PROVED:
		return AUTH_STEP_DONE;
	case PEER_PENDING:
		return AUTH_STEP_PENDING;
	case PEER_REFUSED:
		break;
	}
	refuse(sa, &refusal);
	return AUTH_STEP_LAST;
}

void ike_auth_forget_init(struct ike_sa *sa)
{
	sa->init_request = packet_unref(sa->init_request);
	sa->init_response = packet_unref(sa->init_response);
	sa->proof = own_proof_free(sa->proof);
	free(sa->cert_request);
	sa->cert_request = NULL;
}
