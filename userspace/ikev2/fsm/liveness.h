/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Is the peer alive? (RFC 7296 2.4.) An established IKE SA that heard nothing for dpd_delay first
 * asks the kernel whether ESP came in meanwhile, as that proves as much; only then the peer.
 */
#include "pdk/base/time.h"

struct ike_core;
struct ike_sa;
struct ipsec_request;

/* When to look; INSTANT_NEVER. */
struct instant liveness_time(const struct ike_sa *sa);
/* That time has come. */
void liveness_due(struct ike_sa *sa);
/* Ask the kernel what has become of all SAs of sa. */
void liveness_resync(struct ike_sa *sa);
/*
 * The kernel's answer to what was asked; req stays the caller's. A Child SA that it doesn't have
 * any more ends, and one that has reached its limit is rekeyed.
 */
void liveness_told(struct ike_core *core, const struct ipsec_request *req);
