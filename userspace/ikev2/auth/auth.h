/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What both halves of the authentication share (RFC 7296 2.15): own_proof.h makes ours, peer_proof.h
 * checks the peer's.
 */
#include "ikev2/sa/ike_sa.h"

/*
 * The octets that side signs. id: the body of its ID payload as it went over the wire. They point
 * into sa and id. 0, or what crypto says.
 */
int auth_octets(struct ike_sa *sa, enum keymat_side side, struct bytes id,
		struct keymat_octets *ret_octets);

/*
 * AUTH of these octets with the shared key of both identities, of crypto_prf_len() bytes. -ENOKEY: no
 * secret fits them; or what crypto says.
 */
int auth_shared(struct ike_sa *sa, const struct keymat_octets *octets,
		uint8_t ret_auth[CRYPTO_PRF_MAX]);
