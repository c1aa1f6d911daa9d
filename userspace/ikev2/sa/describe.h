/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Snapshots of IKE SAs for whoever is allowed to look: sa/info.h.
 */
#include "ikev2/sa/info.h"

struct child_sa;
struct ike_sa;

/*
 * A copy of what there is to say about sa, with only (if not NULL) or all of its Child SAs. Traffic
 * counters are not the core's to know and stay zero. NULL without memory. Owner only.
 */
struct ike_sa_info *ike_sa_describe(const struct ike_sa *sa, const struct child_sa *only);
/* The same without any Child SA. */
struct ike_sa_info *ike_sa_describe_alone(const struct ike_sa *sa);
/* The same of the IKE SA of two Child SAs, with old, then new. */
struct ike_sa_info *ike_sa_describe_two(const struct child_sa *old, const struct child_sa *new);
