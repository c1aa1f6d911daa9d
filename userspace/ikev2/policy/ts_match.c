/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/ts_match.h"

#include <string.h>

/*
 * Add ts at the end, unless it is inside one that is there; those that are inside of it go, and it
 * takes the place of the first of them, so that what the initiator put first stays first.
 */
static void add(struct ts_list *list, const struct ts *ts)
{
	size_t n = 0;
	bool placed = false;

	if (ts_list_contains(list, ts))
		return;
	for (size_t i = 0; i < list->n; i++) {
		if (!ts_contains(ts, &list->v[i])) {
			list->v[n++] = list->v[i];
		} else if (!placed) {
			list->v[n++] = *ts;
			placed = true;
		}
	}
	list->n = n;
	if (!placed && list->n < TS_LIST_MAX)
		list->v[list->n++] = *ts;
}

int ts_narrow(const struct ts_list *policy, const struct ts_list *offer, struct ts_list *ret_list)
{
	struct ts_list both = { .n = 0 };
	struct ts common;

	for (size_t i = 0; i < offer->n; i++)
		for (size_t j = 0; j < policy->n; j++)
			if (ts_intersect(&offer->v[i], &policy->v[j], &common))
				add(&both, &common);
	if (!both.n)
		return TS_NONE_FITS;
	*ret_list = both;
	return 0;
}

bool ts_list_contains(const struct ts_list *list, const struct ts *ts)
{
	for (size_t i = 0; i < list->n; i++)
		if (ts_contains(&list->v[i], ts))
			return true;
	return false;
}

bool ts_answer_valid(const struct ts_list *offer, const struct ts_list *answer)
{
	for (size_t i = 0; i < answer->n; i++)
		if (!ts_list_contains(offer, &answer->v[i]))
			return false;
	return answer->n > 0;
}

void ts_offer(const struct ts_list *policy, const struct ts *packet, struct ts_list *ret_list)
{
	struct ts_list offer = { .n = 0 };

	if (packet && policy->n < TS_LIST_MAX && ts_list_contains(policy, packet))
		offer.v[offer.n++] = *packet;
	for (size_t i = 0; i < policy->n; i++)
		offer.v[offer.n++] = policy->v[i];
	*ret_list = offer;
}
