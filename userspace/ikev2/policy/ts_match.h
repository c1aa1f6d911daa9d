/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Traffic selector negotiation: RFC 7296 2.9.
 */
#include <stdbool.h>
#include "ikev2/codec/ts.h"

/* The verdict of ts_narrow(): nothing is in both; send TS_UNACCEPTABLE. */
#define TS_NONE_FITS 1

/*
 * What one of TSi and TSr becomes: the packets that policy and offer share, in the order of the
 * offer, so that the initiator's first choice comes first whenever policy allows it (2.9).
 * Selectors inside others are left out. Where more than TS_LIST_MAX would result the later ones are
 * dropped, which narrows further. 0 and a list that isn't empty, or TS_NONE_FITS.
 */
int ts_narrow(const struct ts_list *policy, const struct ts_list *offer, struct ts_list *ret_list);

/*
 * Leave in two lists, TSi's and TSr's, what makes sense together: a selector needs one on the other
 * side of its address family, of a protocol that fits, and with ICMP of a type and code that are in
 * both. OPAQUE types and codes go, too, as the kernel can't tell them from type 0. False: nothing
 * is left on a side.
 */
bool ts_pair(struct ts_list *a, struct ts_list *b);

/*
 * Is every packet of the answer one of the offer? An empty answer isn't valid. What the initiator
 * asks of the responder's TSi and TSr.
 */
bool ts_answer_valid(const struct ts_list *offer, const struct ts_list *answer);

/*
 * The initiator's offer: the policy's selectors, and when a packet asked for the SA its own
 * selector in front of them (2.9), which is left out when policy doesn't hold it or the list is
 * full. packet may be NULL.
 */
void ts_offer(const struct ts_list *policy, const struct ts *packet, struct ts_list *ret_list);

/* Do all selectors stand for this one address? Transport mode needs that (RFC 7296 1.3.1). */
bool ts_list_is_host(const struct ts_list *list, const struct netaddr *host);

/* The smallest selector that holds all of list, which is of one address family. */
struct ts ts_list_cover(const struct ts_list *list);

/* Is there a selector in list that holds all packets of ts? */
bool ts_list_contains(const struct ts_list *list, const struct ts *ts);
/* Is there such a one for each selector of inner? */
bool ts_list_contains_all(const struct ts_list *outer, const struct ts_list *inner);
