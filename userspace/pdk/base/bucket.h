/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A token bucket: so many things a second in the long run, and a second's worth at once. Zeroed, it
 * is full. It belongs to one thread.
 */
#include "pdk/base/time.h"

struct bucket {
	struct instant next; /* when the tokens taken so far would have come at an even pace */
};

/* Take a token at now; per_second 0: there are none. False: too many were taken of late. */
static inline bool bucket_take(struct bucket *b, struct instant now, uint32_t per_second)
{
	const struct duration second = DURATION_S(1);
	struct instant at = b->next;

	if (!per_second)
		return false;
	if (instant_before(at, now))
		at = now;
	at = instant_add(at, DURATION_NS(second.ns / per_second));
	if (instant_diff(at, now).ns > second.ns)
		return false;
	b->next = at;
	return true;
}
