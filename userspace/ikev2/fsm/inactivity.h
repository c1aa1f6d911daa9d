/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A Child SA that has carried nothing for the `inactivity` of its configuration is closed. Whether
 * it has, only the kernel knows: it is asked when the time would be over, and where it doesn't tell
 * the time of the last packet it is asked more often. One that replaces another goes on with its
 * time. Owner only.
 */
#include "pdk/base/time.h"

struct child_sa;
struct ike_core;
struct ipsec_request;

/* When to look; INSTANT_NEVER. */
struct instant inactivity_time(const struct child_sa *child);
/* That time has come. */
void inactivity_due(struct child_sa *child);
/* child is about to be replaced: what it has carried counts for its successor. */
void inactivity_hand_on(struct child_sa *child);
/* The kernel's answer; req stays the caller's. */
void inactivity_told(struct ike_core *core, const struct ipsec_request *req);
