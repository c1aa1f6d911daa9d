/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The part of a message that negotiates a Child SA: SA, TSi and TSr, in CREATE_CHILD_SA with a
 * nonce and perhaps a KE payload between them (RFC 7296 1.2, 1.3.1, 2.7, 2.9).
 */
#include "ikev2/codec/message.h"
#include "ikev2/exchange/key_exchange.h"
#include "ikev2/exchange/message.h"

struct child_sa;
struct ike_sa;

/* -------- initiator -------- */

/* Append what child's configuration offers. kx: begun; NULL in IKE_AUTH. */
void child_offer_write(struct child_sa *child, const struct key_exchange *kx, struct message *m);

/*
 * What both sides agreed on goes from the answer into child, and into kx unless that is NULL.
 * NULL, or what is wrong with the answer.
 */
const char *child_offer_accept(struct child_sa *child, const struct ike_message *m,
			       struct key_exchange *kx);

/*
 * The peer refuses child by this error. True: it is SINGLE_PAIR_REQUIRED, and from now on child
 * offers a single pair of addresses, so that it can be asked for again (2.9).
 */
bool child_offer_single_pair(struct child_sa *child, const struct ike_notify *notify);

/*
 * IKE_AUTH's answer: child gets installed, or closed when the peer refused it, or deleted again
 * when the answer is not acceptable. It is still CREATING where it is worth to ask again.
 */
void child_offer_answered(struct child_sa *child, const struct ike_message *m);

/* -------- responder -------- */

/*
 * The peer's offer: makes a Child SA of the configuration that fits, or of the one of the Child SA
 * that is rekeyed (old, else NULL). kx: NULL in IKE_AUTH, else taken from m, and to be finished by
 * the caller on success. The Child SA is not installed yet. 0, or the notify to answer with:
 * IKE_NOTIFY_*; with INVALID_KE_PAYLOAD kx->method says which method we want.
 */
int child_offer_take(struct ike_sa *sa, const struct ike_message *m, const struct child_sa *old,
		     struct key_exchange *kx, struct child_sa **ret_child);

/* Append our choice. kx: NULL in IKE_AUTH. */
void child_offer_write_answer(const struct child_sa *child, const struct key_exchange *kx,
			      struct message *m);
