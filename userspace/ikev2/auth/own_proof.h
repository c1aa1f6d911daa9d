/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Our own half of the authentication (RFC 7296 2.15): with which identity, key and certificate we
 * show who we are, and the AUTH payload, made before the message that carries it because a key on a
 * token takes its time. Belongs to an IKE SA until that is established.
 */
#include "ikev2/cert/certificate.h"
#include "ikev2/codec/ikev2.h"
#include "ikev2/exchange/message.h"
#include "ikev2/policy/identity.h"
#include "pdk/crypto/private_key.h"

struct ike_sa;

/* ID type, three reserved octets, data (3.5). */
#define OWN_ID_MAX (4 + IDENTITY_MAX)

typedef void (*own_proof_done_fn)(struct ike_sa *sa, int err);

struct own_proof {
	const struct private_key *key; /* reference; NULL: a shared key */
	struct certificate *cert;      /* reference; of the key; NULL: none, or a raw public key */
	uint8_t id[OWN_ID_MAX];	       /* the ID payload's body */
	size_t id_len;
	bool begun;	/* own_proof_make() has been called */
	own_proof_done_fn done; /* its caller's */
	uint8_t *staple;        /* OCSPResponse for cert (own_staple.h); NULL: none */
	size_t staple_len;
	uint8_t *auth; /* the AUTH payload's body; NULL until it is made */
	size_t auth_len;
};

/* Takes NULL, returns NULL. */
struct own_proof *own_proof_free(struct own_proof *proof);

/*
 * Choose key and certificate for sa->conn and what the peer has asked for (sa->cert_request), and set
 * sa->local_id. NULL, or static text that says why we can't show who we are.
 */
const char *own_proof_choose(struct ike_sa *sa);

/* Will our certificate, or raw public key, be sent? */
bool own_proof_is_shown(const struct ike_sa *sa);

/*
 * Make the AUTH payload, and get what goes along with the certificate; the first messages and both
 * nonces are known. OWN_PROOF_PENDING: a job does, and done() is called with its result (0 or
 * -errno), unless the IKE SA dies before. Else 0, or -errno as own_proof_strerror() tells it.
 */
#define OWN_PROOF_PENDING 1
int own_proof_make(struct ike_sa *sa, own_proof_done_fn done);
const char *own_proof_strerror(int err);

/* Append the ID payload. */
void own_proof_write_id(const struct ike_sa *sa, struct message *m);
/* Append our certificate, its intermediates and an OCSP response, or our raw public key, if they
 * are to be shown. */
void own_proof_write_certs(const struct ike_sa *sa, struct message *m);
/* Append the AUTH payload. */
void own_proof_write_auth(const struct ike_sa *sa, struct message *m);
