/* SPDX-License-Identifier: MIT */
#include "ikev2/daemon/letters.h"

#include <stdlib.h>
#include <string.h>

bool letter_filter_set(struct letter_filter *letter, const struct vici_sa_filter *filter)
{
	letter->filter = *filter;
	letter->filter.ike = filter->ike ? strdup(filter->ike) : NULL;
	letter->filter.child = filter->child ? strdup(filter->child) : NULL;
	return !filter->ike == !letter->filter.ike && !filter->child == !letter->filter.child;
}

struct letter_filter *letter_filter_free(struct letter_filter *letter)
{
	if (!letter)
		return NULL;
	free((char *)letter->filter.ike);
	free((char *)letter->filter.child);
	vici_sa_page_free(letter->page);
	free(letter);
	return NULL;
}
