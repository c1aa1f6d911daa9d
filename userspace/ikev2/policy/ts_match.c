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

static bool is_expressible(const struct ts *ts)
{
	return !(ts_has_type(ts->protocol) && ts_is_opaque(ts));
}

/* Can a packet have a on one end and b on the other? */
static bool fits(const struct ts *a, const struct ts *b)
{
	uint8_t protocol = a->protocol ? a->protocol : b->protocol;

	if (a->first.family != b->first.family || !is_expressible(a) || !is_expressible(b) ||
	    (a->protocol && b->protocol && a->protocol != b->protocol))
		return false;
	if (!ts_has_type(protocol))
		return true;
	/* One type and code for both ends (3.13.1). */
	return a->port_first <= b->port_last && b->port_first <= a->port_last;
}

static void drop_without(struct ts_list *list, const struct ts_list *others)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		for (size_t j = 0; j < others->n; j++)
			if (fits(&list->v[i], &others->v[j])) {
				list->v[n++] = list->v[i];
				break;
			}
	list->n = n;
}

bool ts_pair(struct ts_list *a, struct ts_list *b)
{
	drop_without(a, b);
	drop_without(b, a);
	return a->n && b->n;
}

bool ts_list_is_host(const struct ts_list *list, const struct netaddr *host)
{
	for (size_t i = 0; i < list->n; i++)
		if (!netaddr_same_addr(&list->v[i].first, host) ||
		    !netaddr_same_addr(&list->v[i].last, host))
			return false;
	return list->n > 0;
}

struct ts ts_list_cover(const struct ts_list *list)
{
	struct ts cover = list->v[0];

	for (size_t i = 1; i < list->n; i++) {
		const struct ts *ts = &list->v[i];
		bool any_port = ts_is_opaque(ts) || ts_is_opaque(&cover);

		if (netaddr_compare(&ts->first, &cover.first) < 0)
			cover.first = ts->first;
		if (netaddr_compare(&cover.last, &ts->last) < 0)
			cover.last = ts->last;
		if (ts->protocol != cover.protocol) {
			cover.protocol = 0;
			any_port = true;
		}
		if (ts->port_first < cover.port_first || any_port)
			cover.port_first = any_port ? 0 : ts->port_first;
		if (cover.port_last < ts->port_last || any_port)
			cover.port_last = any_port ? UINT16_MAX : ts->port_last;
	}
	return cover;
}

bool ts_list_contains(const struct ts_list *list, const struct ts *ts)
{
	for (size_t i = 0; i < list->n; i++)
		if (ts_contains(&list->v[i], ts))
			return true;
	return false;
}

bool ts_list_contains_all(const struct ts_list *outer, const struct ts_list *inner)
{
	for (size_t i = 0; i < inner->n; i++)
		if (!ts_list_contains(outer, &inner->v[i]))
			return false;
	return true;
}

bool ts_answer_valid(const struct ts_list *offer, const struct ts_list *answer)
{
	return answer->n > 0 && ts_list_contains_all(offer, answer);
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
