/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The next time at which something of a core has to be looked at. The core has one heap of them
 * (ike_core.timers); who owns one computes it anew from all that it waits for, and never patches
 * it.
 */
#include <stdbool.h>
#include "pdk/base/heap.h"
#include "pdk/base/time.h"

struct deadline {
	struct heap_node node;
	struct instant at;
	/* It is reached: act, and set it anew, or it is due at once again. */
	void (*due)(struct deadline *d);
};

/* INSTANT_NEVER takes it out of the heap. */
void deadline_set(struct heap *timers, struct deadline *d, struct instant at);
/* The order of the heap. */
bool deadline_before(const struct heap_node *a, const struct heap_node *b);
