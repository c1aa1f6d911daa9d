/* SPDX-License-Identifier: MIT */
#include "ikev2/auth/auth.h"

#include <errno.h>

#include "ikev2/policy/config.h"
#include "ikev2/sa/core.h"

int auth_octets(struct ike_sa *sa, enum keymat_side side, struct bytes id,
		struct keymat_octets *ret_octets)
{
	const bool initiator = side == KEYMAT_INITIATOR;
	const struct packet *message = initiator ? sa->init_request : sa->init_response;
	const struct nonce *nonce = initiator ? &sa->nonce_r : &sa->nonce_i;

	return keymat_octets_init(sa->core->crypto, &sa->keymat, side, packet_bytes(message),
				  nonce_bytes(nonce), id, BYTES_NONE, ret_octets);
}

int auth_shared(struct ike_sa *sa, const struct keymat_octets *octets,
		uint8_t ret_auth[CRYPTO_PRF_MAX])
{
	const struct shared_secret *secret =
		config_secret(sa->config, &sa->local_id, &sa->remote_id);

	if (!secret)
		return -ENOKEY;
	return keymat_auth_shared(sa->core->crypto, &sa->keymat, shared_secret_bytes(secret),
				  octets, ret_auth);
}
