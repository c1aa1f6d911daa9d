/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What notifies say about a Child SA beside proposals and selectors: USE_TRANSPORT_MODE (RFC 4301
 * 4.1) and ESP_TFC_PADDING_NOT_SUPPORTED (RFC 7296 1.3.1), ADDITIONAL_TS_POSSIBLE (2.9); and the
 * selectors that these touch, as transport mode behind a NAT exchanges addresses in them (2.23.1).
 */
#include "ikev2/codec/message.h"
#include "ikev2/exchange/message.h"
#include "ikev2/policy/child_choice.h"

struct child_sa;
struct ike_sa;

/* -------- initiator -------- */

/* Append what child's configuration asks for. */
void child_mode_offer(const struct child_sa *child, struct message *m);
/*
 * Take what the answer says. local and remote are its selectors. NULL, or what can't be accepted:
 * then the Child SA has to be deleted. A peer that does not want transport mode gets a tunnel.
 */
const char *child_mode_accept(struct child_sa *child, const struct ike_message *m,
			      const struct ts_list *local, const struct ts_list *remote);

/* -------- responder -------- */

/*
 * Choose the child for a request with the proposals offer and the selectors tsi and tsr; old is the
 * one that is rekeyed, or NULL. without_ke: in IKE_AUTH. 0, or IKE_NOTIFY_TS_UNACCEPTABLE or
 * IKE_NOTIFY_NO_PROPOSAL_CHOSEN.
 */
int child_mode_choose(const struct ike_sa *sa, const struct child_sa *old,
		      const struct ike_message *m, const struct proposal_list *offer,
		      bool without_ke, const struct ts_list *tsi, const struct ts_list *tsr,
		      struct child_choice *ret_choice);
/* Make child, of choice->conf, what was chosen. */
void child_mode_take(struct child_sa *child, const struct ike_message *m, const struct ts_list *tsi,
		     const struct ts_list *tsr, const struct child_choice *choice);
/* Append selectors and notifies of the answer. */
void child_mode_answer(const struct child_sa *child, struct message *m);
