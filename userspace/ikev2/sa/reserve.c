/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/reserve.h"

#include <stdlib.h>

#include "ikev2/ipsec/ipsec.h"
#include "ikev2/sa/core.h"

#define SMALL_SIZE sizeof(struct ike_action)
/* Both SAs of a Child SA and its policies. */
#define LARGE_SIZE (sizeof(struct ipsec_request) + 3 * sizeof(struct ipsec_op))

void *reserve_zalloc(struct reserve *r, size_t size)
{
	void *p = calloc(1, size);

	if (!p && size <= SMALL_SIZE && r->n_small)
		p = r->small[--r->n_small];
	else if (!p && size <= LARGE_SIZE && r->n_large)
		p = r->large[--r->n_large];
	return p;
}

static void fill(void **blocks, unsigned *n, unsigned max, size_t size)
{
	while (*n < max && (blocks[*n] = calloc(1, size)))
		++*n;
}

void reserve_fill(struct reserve *r)
{
	fill(r->small, &r->n_small, RESERVE_SMALL_MAX, SMALL_SIZE);
	fill(r->large, &r->n_large, RESERVE_LARGE_MAX, LARGE_SIZE);
}

void reserve_fini(struct reserve *r)
{
	while (r->n_small)
		free(r->small[--r->n_small]);
	while (r->n_large)
		free(r->large[--r->n_large]);
}
