/* SPDX-License-Identifier: MIT */
#include "ikev2/auth/auth.h"

#include <errno.h>

#include "ikev2/policy/config.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/core.h"

/* AUTH of one side with the shared key of both identities. */
static int auth_compute(struct ike_sa *sa, enum keymat_side side, struct bytes id,
			uint8_t ret_auth[CRYPTO_PRF_MAX])
{
	const bool initiator = side == KEYMAT_INITIATOR;
	const struct packet *message = initiator ? sa->init_request : sa->init_response;
	const struct nonce *nonce = initiator ? &sa->nonce_r : &sa->nonce_i;
	struct crypto_ctx *crypto = sa->core->crypto;
	struct keymat_octets octets;
	const struct shared_secret *secret;
	int err;

	secret = config_secret(sa->config, &sa->local_id, &sa->remote_id);
	if (!secret)
		return -ENOKEY;
	err = keymat_octets_init(crypto, &sa->keymat, side, packet_bytes(message),
				 nonce_bytes(nonce), id, BYTES_NONE, &octets);
	if (err < 0)
		return err;
	return keymat_auth_shared(crypto, &sa->keymat, shared_secret_bytes(secret), &octets, ret_auth);
}

int auth_write(struct ike_sa *sa, struct bytes id, struct writer *w)
{
	uint8_t auth[CRYPTO_PRF_MAX];
	int err = auth_compute(sa, sa->initiator ? KEYMAT_INITIATOR : KEYMAT_RESPONDER, id, auth);

	if (err == 0)
		ike_auth_write(w, IKE_AUTH_SHARED_KEY,
			       BYTES(auth, crypto_prf_len(sa->keymat.prf)));
	return err;
}

int auth_verify(struct ike_sa *sa, struct bytes id, const struct ike_auth *auth)
{
	uint8_t expected[CRYPTO_PRF_MAX];
	int err;

	if (auth->method != IKE_AUTH_SHARED_KEY)
		return -ENOTSUP;
	err = auth_compute(sa, sa->initiator ? KEYMAT_RESPONDER : KEYMAT_INITIATOR, id, expected);
	if (err < 0)
		return err;
	if (!bytes_equal_secret(auth->data, BYTES(expected, crypto_prf_len(sa->keymat.prf))))
		return -EACCES;
	return 0;
}

const char *auth_strerror(int err)
{
	switch (err) {
	case -ENOKEY:
		return "no shared secret for these identities (secrets section)";
	case -EACCES:
		return "its AUTH is wrong: the shared secrets differ";
	case -ENOTSUP:
		return "it uses another authentication method than the connection asks for";
	default:
		return strerror(-err);
	}
}
