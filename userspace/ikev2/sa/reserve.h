/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Memory that a core keeps for what must not fail when there is none: taking SAs out of the kernel,
 * answering users, telling the peer of a Delete. It is filled again at the end of each input. Owner
 * only.
 */
#include <stddef.h>

#define RESERVE_SMALL_MAX 64
#define RESERVE_LARGE_MAX 16

struct reserve {
	void *small[RESERVE_SMALL_MAX], *large[RESERVE_LARGE_MAX];
	unsigned n_small, n_large;
};

/* Zeroed memory from the heap, or else from the reserve; NULL: that is used up, too. For free(). */
void *reserve_zalloc(struct reserve *r, size_t size);
/* Fill what has been used; what is missing is tried again the next time. */
void reserve_fill(struct reserve *r);
void reserve_fini(struct reserve *r);
