/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The configurations that the responder is fuzzed under: pairs of peers that agree, each pair with
 * other features.
 */
#include "ikev2/policy/config.h"

/* How many there are. */
size_t worlds(void);
/* That of peer i (0: it is who begins) in a world, read once. The reference is the caller's. */
struct ike_config *world_config(size_t world, unsigned i);
