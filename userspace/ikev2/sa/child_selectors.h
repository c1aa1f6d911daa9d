/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The traffic selectors of a Child SA beside the policy that they come from (RFC 7296 2.9): what it
 * asks for, and how much of the policy it got. Owner only.
 */
#include <stdbool.h>

struct child_sa;
struct ike_acquire;

/*
 * What a Child SA that we begin asks for: the policy, headed by the packet that wants through (RFC
 * 7296 2.9). acquire: that packet; NULL.
 */
void child_selectors_offer(struct child_sa *child, const struct ike_acquire *acquire);
/* The same for one that is to stand in the place of old, under another IKE SA. */
void child_selectors_offer_again(struct child_sa *child, const struct child_sa *old);

/*
 * The peer takes a single pair of addresses only (SINGLE_PAIR_REQUIRED): ask for that of the
 * packet, or for the first ones where policy begins with single addresses. False: there is no such
 * pair, or it was asked for already.
 */
bool child_selectors_single_pair(struct child_sa *child);

/* It has not all of its configuration's selectors: others may be in another Child SA. */
bool child_selectors_narrowed(const struct child_sa *child);

/* The packet may pass through child. */
bool child_selectors_hold(const struct child_sa *child, const struct ike_acquire *acquire);
/* All that may pass through b may pass through a. */
bool child_selectors_include(const struct child_sa *a, const struct child_sa *b);
