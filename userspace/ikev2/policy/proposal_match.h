/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Choosing from an SA payload's offer, and checking what the other side chose: RFC 7296 2.7, 3.3.
 */
#include <stdbool.h>
#include "ikev2/codec/proposal.h"

enum proposal_prefer {
	PROPOSAL_PREFER_OWN,  /* the order of our configuration decides */
	PROPOSAL_PREFER_PEER, /* the order of the offer decides */
};

/* The verdict of proposal_select(): send NO_PROPOSAL_CHOSEN. */
#define PROPOSAL_NONE_FITS 1

/*
 * Choose one proposal that is in both lists. The result has the number, protocol and SPI of the
 * offer's and exactly one transform for each type that the offer has in it. Types that one side
 * leaves out count as NONE where NONE exists (integrity with AEAD, key exchange of ESP). With
 * without_ke key exchange transforms are left out of consideration: Child SAs of IKE_AUTH (1.2).
 * 0, or PROPOSAL_NONE_FITS.
 */
int proposal_select(const struct proposal_list *own, const struct proposal_list *offer,
		    enum proposal_prefer prefer, bool without_ke, struct proposal *ret_chosen);

/*
 * Is the answer one that the offer allows: the number and protocol of one of its proposals, and one
 * of that one's transforms for each of its types (2.7)? ret_index (may be NULL) is where it stands
 * in the offer. Give the offer as it was sent.
 */
bool proposal_answer_valid(const struct proposal_list *offer, const struct proposal *answer,
			   size_t *ret_index);

/* Take the key exchange transforms out, and of what is then the same only the first: the offer of a
 * Child SA within IKE_AUTH. Renumbers. */
void proposal_list_strip_ke(struct proposal_list *list);

/* The ID of the (first) transform of a type, 0 when there is none; NONE is 0 too. */
uint16_t proposal_id(const struct proposal *p, uint8_t type);
/* Is method (IKE_KE_*) among the key exchanges of any proposal of the list? */
bool proposal_list_has_ke(const struct proposal_list *list, uint16_t method);
