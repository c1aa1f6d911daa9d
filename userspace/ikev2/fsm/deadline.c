/* SPDX-License-Identifier: MIT */
#include "ikev2/fsm/deadline.h"

bool deadline_before(const struct heap_node *a, const struct heap_node *b)
{
	return instant_before(heap_entry(a, struct deadline, node)->at,
			      heap_entry(b, struct deadline, node)->at);
}

void deadline_set(struct heap *timers, struct deadline *d, struct instant at)
{
	heap_remove(timers, &d->node);
	d->at = at;
	if (!instant_is_never(at))
		heap_insert(timers, &d->node);
}
