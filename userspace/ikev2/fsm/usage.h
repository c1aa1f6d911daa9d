/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * When the SAs of a Child SA carried something last, as far as the kernel says: to the second where
 * it tells the time, else somewhere since it was asked before, which is taken for now. Liveness
 * (fsm/liveness.h) and inactivity (fsm/inactivity.h) go by it. Owner only.
 */
#include <stdbool.h>

struct child_sa;
struct ipsec_op;

/*
 * The kernel's answer about one direction of child, with what came in as a sign of the peer's life.
 * An answer that is none changes nothing. False: the kernel doesn't have it any more, and child has
 * been closed.
 */
bool usage_take(struct child_sa *child, const struct ipsec_op *op);
