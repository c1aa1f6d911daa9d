/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/select.h"

/* One bit for each transform type that a proposal may have; others make it unusable (3.3.6). */
static bool type_set(const struct proposal *p, uint32_t *ret_set)
{
	uint32_t set = 0;

	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i].type == 0 || p->v[i].type > IKE_TRANSFORM_ESN)
			return false;
		/* NONE says the same as no transform of the type at all (3.3.2). */
		if (p->v[i].id == 0 && (p->v[i].type == IKE_TRANSFORM_INTEG ||
					p->v[i].type == IKE_TRANSFORM_KE))
			continue;
		set |= 1u << p->v[i].type;
	}
	*ret_set = set;
	return true;
}

static bool offers_transform(const struct proposal *p, const struct transform *wanted)
{
	for (size_t i = 0; i < p->n; i++)
		if (!p->v[i].unusable && transform_equal(&p->v[i], wanted))
			return true;
	return false;
}

/* Does the offer allow to leave the type out? */
static bool may_be_none(const struct proposal *offer, uint8_t type)
{
	const struct transform *t;
	size_t n = 0;

	for (; (t = proposal_transform(offer, type, n)); n++)
		if (t->id == 0)
			return true;
	return n == 0;
}

/* Our first transform of a type that the offer has as well. */
static const struct transform *choose(const struct proposal *ours, const struct proposal *offer,
				      uint8_t type)
{
	const struct transform *t;

	for (size_t n = 0; (t = proposal_transform(ours, type, n)); n++)
		if (offers_transform(offer, t))
			return t;
	return NULL;
}

static bool select_pair(const struct proposal *ours, const struct proposal *offer, bool key_exchange,
			struct proposal *ret_chosen)
{
	uint32_t our_types, offered_types;
	struct proposal chosen;

	if (ours->protocol != offer->protocol || !type_set(ours, &our_types) ||
	    !type_set(offer, &offered_types))
		return false;
	proposal_init(&chosen, offer->number, offer->protocol);
	chosen.spi_len = offer->spi_len;
	memcpy(chosen.spi, offer->spi, sizeof(chosen.spi));
	for (uint8_t type = IKE_TRANSFORM_ENCR; type <= IKE_TRANSFORM_ESN; type++) {
		const struct transform *t;

		if (type == IKE_TRANSFORM_KE && !key_exchange)
			continue;
		if (!(our_types & 1u << type)) {
			if (!may_be_none(offer, type))
				return false;
			continue;
		}
		t = choose(ours, offer, type);
		/* No ESN transform in the offer: old peers mean 32 bits (RFC 4301 4.4.2.1). */
		if (!t && type == IKE_TRANSFORM_ESN && !(offered_types & 1u << type))
			continue;
		if (!t)
			return false;
		proposal_add(&chosen, t->type, t->id, t->key_bits);
	}
	*ret_chosen = chosen;
	return true;
}

static bool select_any(const struct proposal_list *ours, const struct proposal_list *offer,
		       bool key_exchange, struct proposal *ret_chosen)
{
	for (size_t i = 0; i < ours->n; i++)
		for (size_t j = 0; j < offer->n; j++)
			if (select_pair(&ours->v[i], &offer->v[j], key_exchange, ret_chosen))
				return true;
	return false;
}

bool proposal_select(const struct proposal_list *ours, const struct proposal_list *offer,
		     struct proposal *ret_chosen)
{
	return select_any(ours, offer, true, ret_chosen);
}

bool proposal_select_esp(const struct proposal_list *ours, const struct proposal_list *offer,
			 struct proposal *ret_chosen)
{
	return select_any(ours, offer, false, ret_chosen);
}

bool proposal_answer_valid(const struct proposal_list *offer, const struct proposal_list *answer)
{
	const struct proposal *a = &answer->v[0], *offered = NULL;
	uint32_t offered_types, answered_types, seen = 0;

	if (answer->n != 1)
		return false;
	for (size_t i = 0; i < offer->n; i++)
		if (offer->v[i].number == a->number)
			offered = &offer->v[i];
	if (!offered || offered->protocol != a->protocol || !type_set(offered, &offered_types) ||
	    !type_set(a, &answered_types))
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct transform *t = &a->v[i];

		/* A NONE that spells out what we left out (3.3.2) chooses nothing. */
		if (t->id == 0 && t->type == IKE_TRANSFORM_INTEG &&
		    !(offered_types & 1u << t->type))
			continue;
		if (seen & 1u << t->type || t->unusable || !offers_transform(offered, t))
			return false;
		seen |= 1u << t->type;
	}
	/* All types that we offered, but for those that may be none. */
	for (uint8_t type = IKE_TRANSFORM_ENCR; type <= IKE_TRANSFORM_ESN; type++)
		if (offered_types & 1u << type && !(answered_types & 1u << type) &&
		    !may_be_none(offered, type) && type != IKE_TRANSFORM_ESN)
			return false;
	return true;
}

bool proposal_offers(const struct proposal_list *list, uint8_t type, uint16_t id)
{
	for (size_t i = 0; i < list->n; i++)
		for (size_t j = 0; j < list->v[i].n; j++)
			if (list->v[i].v[j].type == type && list->v[i].v[j].id == id)
				return true;
	return false;
}

void proposal_drop(struct proposal *p, uint8_t type)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].type != type)
			p->v[n++] = p->v[i];
	p->n = n;
}
