/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Choosing among proposals: RFC 7296 2.7, 3.3. Pure functions.
 */
#include <stdbool.h>
#include "ikev2/codec/proposal.h"

/*
 * Responder: the first of our proposals that fits one of the offered ones, with exactly one
 * transform of each type, in our order of preference. The choice carries the number and the SPI of
 * the offer. False: nothing fits.
 */
bool proposal_select(const struct proposal_list *ours, const struct proposal_list *offer,
		     struct proposal *ret_chosen);
/* The same for a Child SA in IKE_AUTH, where there is no key exchange (1.2). */
bool proposal_select_esp(const struct proposal_list *ours, const struct proposal_list *offer,
			 struct proposal *ret_chosen);

/*
 * Initiator: the answer is one proposal with one transform of each type, all from the offered
 * proposal of its number (2.7).
 */
bool proposal_answer_valid(const struct proposal_list *offer, const struct proposal_list *answer);

/* Does any proposal of the list hold this transform? */
bool proposal_offers(const struct proposal_list *list, uint8_t type, uint16_t id);
/* Take all transforms of a type out. */
void proposal_drop(struct proposal *p, uint8_t type);
