/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What a CREATE_CHILD_SA exchange contributes to keys: a nonce of each side and, perhaps, a key
 * exchange of its own (RFC 7296 1.3, 2.17, 2.18).
 */
#include "pdk/crypto/kex.h"
#include "pdk/crypto/secret.h"
#include "ikev2/codec/message.h"
#include "ikev2/exchange/message.h"
#include "ikev2/sa/nonce.h"

struct ike_core;

struct key_exchange {
	struct nonce ni, nr;
	uint16_t method;      /* IKE_KE_*; 0: no key exchange */
	struct kex *kex;      /* ours */
	struct secret shared; /* once both public values are there */
	bool invalid;         /* the responder's public value is none (RFC 6989 2.5) */
};

/* method 0: nonces alone. Draws the initiator's nonce. 0 or -errno of the crypto layer. */
int key_exchange_begin(struct ike_core *core, uint16_t method, struct key_exchange *kx);
/* Wipes; may be called on a zeroed or finished object. */
void key_exchange_fini(struct key_exchange *kx);

/* Append the nonce and, with a method, the KE payload of this side. */
void key_exchange_write(const struct key_exchange *kx, bool initiator, struct message *m);

/*
 * Initiator: take the responder's nonce and KE payload. method: that of the proposal chosen, 0 when
 * it has none; then a KE payload is not needed. NULL, or what is wrong.
 */
const char *key_exchange_take_answer(struct key_exchange *kx, const struct ike_message *m,
				     uint16_t method);

/*
 * Responder: the same from the request, and our own nonce and key pair. 0, or the notify to answer
 * with: INVALID_KE_PAYLOAD when the KE payload is of another method than the one chosen (its data
 * is the method, 1.3), INVALID_SYNTAX for a public value that is none (RFC 6989 2.5),
 * TEMPORARY_FAILURE when we lack something.
 */
int key_exchange_respond(struct ike_core *core, const struct ike_message *m, uint16_t method,
			 struct key_exchange *ret_kx);
