/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The part of a message that negotiates a Child SA: SA, TSi and TSr (RFC 7296 1.2, 1.3.1, 2.7,
 * 2.9). It travels in IKE_AUTH; CREATE_CHILD_SA will carry the same.
 */
#include "ikev2/codec/message.h"
#include "ikev2/exchange/message.h"

struct child_sa;
struct ike_sa;

/* -------- initiator -------- */

/* Append what child's configuration offers. 0 or -errno. */
int child_offer_write(struct child_sa *child, struct message *m);

/*
 * The peer's answer: child gets installed, or closed when the peer refused it, or deleted again
 * when the answer is not acceptable. ni, nr: nonces of the exchange.
 */
void child_offer_answered(struct child_sa *child, const struct ike_message *m, struct bytes ni,
			  struct bytes nr);

/* -------- responder -------- */

/*
 * The peer's offer: makes a Child SA of the configuration that fits and tells the kernel.
 * 0: *ret_child is being installed. Else the notify to answer with: IKE_NOTIFY_*.
 */
int child_offer_take(struct ike_sa *sa, const struct ike_message *m, struct bytes ni,
		     struct bytes nr, struct child_sa **ret_child);

/* Append our choice. */
void child_offer_write_answer(const struct child_sa *child, struct message *m);
