/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/proposal_match.h"

#include <string.h>

#include "ikev2/policy/proposal_conf.h"

/* -------- choosing -------- */

/*
 * Transform types in which 0 is NONE, so that leaving the type out says the same (RFC 7296 3.3.2,
 * 3.3.3; RFC 9370 2.2.1 for the additional key exchanges).
 */
static bool has_none(uint8_t type)
{
	return type == IKE_TRANSFORM_INTEG ||
	       (type >= IKE_TRANSFORM_KE && type <= IKE_TRANSFORM_ADDKE7 &&
		type != IKE_TRANSFORM_ESN);
}

static bool is_ke(uint8_t type)
{
	return has_none(type) && type != IKE_TRANSFORM_INTEG;
}

static bool has_type(const struct proposal *p, uint8_t type)
{
	return proposal_transform(p, type, 0) != NULL;
}

static bool has_transform(const struct proposal *p, const struct transform *wanted)
{
	for (size_t i = 0; i < p->n; i++)
		if (!p->v[i].unusable && transform_equal(&p->v[i], wanted))
			return true;
	/* Not there at all: NONE. */
	return has_none(wanted->type) && wanted->id == 0 && !has_type(p, wanted->type);
}

/* An integrity algorithm goes with a cipher that is no AEAD and with no other (RFC 7296 3.3). */
static bool fits_encr(const struct proposal *chosen, const struct transform *t)
{
	const struct transform *encr = proposal_transform(chosen, IKE_TRANSFORM_ENCR, 0);

	if (t->type != IKE_TRANSFORM_INTEG || !encr)
		return true;
	return proposal_encr_is_aead(encr->id) == (t->id == IKE_INTEG_NONE);
}

/*
 * Choose the transform of a type: the first of first's that second has too. NONE is written only
 * where the offer has it, as an answer holds no type that the offer hasn't.
 */
static bool choose_type(const struct proposal *first, const struct proposal *second,
			const struct proposal *offer, uint8_t type, struct proposal *chosen)
{
	const struct transform none = { .type = type };

	for (size_t i = 0; i < first->n; i++) {
		const struct transform *t = &first->v[i];

		if (t->type != type || t->unusable || !has_transform(second, t) ||
		    !fits_encr(chosen, t))
			continue;
		if (has_type(offer, type))
			proposal_add(chosen, t->type, t->id, t->key_bits);
		return true;
	}
	if (!has_none(type) || has_type(first, type) || !has_transform(second, &none) ||
	    !fits_encr(chosen, &none))
		return false;
	if (has_type(offer, type))
		proposal_add(chosen, type, 0, 0);
	return true;
}

static bool choose_rest(const struct proposal *first, const struct proposal *second,
			const struct proposal *offer, bool without_ke, struct proposal *chosen)
{
	bool done[UINT8_MAX + 1] = { [IKE_TRANSFORM_ENCR] = true };
	const struct proposal *both[] = { first, second };

	/* An integrity algorithm is needed even when both lists leave it out. */
	if (!choose_type(first, second, offer, IKE_TRANSFORM_INTEG, chosen))
		return false;
	done[IKE_TRANSFORM_INTEG] = true;
	for (size_t k = 0; k < ARRAY_SIZE(both); k++)
		for (size_t i = 0; i < both[k]->n; i++) {
			uint8_t type = both[k]->v[i].type;

			if (done[type] || (without_ke && is_ke(type)))
				continue;
			if (!choose_type(first, second, offer, type, chosen))
				return false;
			done[type] = true;
		}
	return true;
}

/* Every cipher is tried, as the rest may not fit the first one that both sides have. */
static bool choose(const struct proposal *first, const struct proposal *second,
		   const struct proposal *offer, bool without_ke, struct proposal *ret_chosen)
{
	struct proposal chosen;

	if (first->protocol != second->protocol)
		return false;
	for (size_t i = 0; i < first->n; i++) {
		const struct transform *encr = &first->v[i];

		if (encr->type != IKE_TRANSFORM_ENCR || encr->unusable ||
		    !has_transform(second, encr))
			continue;
		proposal_init(&chosen, offer->number, offer->protocol);
		chosen.spi_len = offer->spi_len;
		memcpy(chosen.spi, offer->spi, sizeof(chosen.spi));
		proposal_add(&chosen, encr->type, encr->id, encr->key_bits);
		if (choose_rest(first, second, offer, without_ke, &chosen)) {
			*ret_chosen = chosen;
			return true;
		}
	}
	return false;
}

int proposal_select(const struct proposal_list *own, const struct proposal_list *offer,
		    enum proposal_prefer prefer, bool without_ke, struct proposal *ret_chosen)
{
	bool ours = prefer == PROPOSAL_PREFER_OWN;
	const struct proposal_list *first = ours ? own : offer, *second = ours ? offer : own;

	for (size_t i = 0; i < first->n; i++)
		for (size_t j = 0; j < second->n; j++)
			if (choose(&first->v[i], &second->v[j], ours ? &second->v[j] : &first->v[i],
				   without_ke, ret_chosen))
				return 0;
	return PROPOSAL_NONE_FITS;
}

/* -------- checking an answer -------- */

static bool is_answer_to(const struct proposal *offer, const struct proposal *answer)
{
	if (answer->number != offer->number || answer->protocol != offer->protocol)
		return false;
	for (size_t i = 0; i < answer->n; i++) {
		const struct transform *t = &answer->v[i];

		/* One of each type, and one that was offered, or NONE for what wasn't. */
		if (t->unusable || !has_transform(offer, t) ||
		    proposal_transform(answer, t->type, 1))
			return false;
		if (!fits_encr(answer, t))
			return false;
	}
	for (size_t i = 0; i < offer->n; i++) {
		const struct transform none = { .type = offer->v[i].type };

		/* A type may be missing from the answer where NONE was offered. */
		if (!has_type(answer, none.type) &&
		    !(has_none(none.type) && has_transform(offer, &none)))
			return false;
	}
	return answer->n > 0;
}

bool proposal_answer_valid(const struct proposal_list *offer, const struct proposal *answer,
			   size_t *ret_index)
{
	for (size_t i = 0; i < offer->n; i++) {
		if (!is_answer_to(&offer->v[i], answer))
			continue;
		if (ret_index)
			*ret_index = i;
		return true;
	}
	return false;
}

/* -------- the rest -------- */

static bool same_transforms(const struct proposal *a, const struct proposal *b)
{
	if (a->protocol != b->protocol || a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!transform_equal(&a->v[i], &b->v[i]))
			return false;
	return true;
}

static void strip_ke(struct proposal *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		if (!is_ke(p->v[i].type))
			p->v[n++] = p->v[i];
	p->n = n;
}

void proposal_list_strip_ke(struct proposal_list *list)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		struct proposal *p = &list->v[i];
		size_t j;

		strip_ke(p);
		for (j = 0; j < n && !same_transforms(&list->v[j], p); j++)
			;
		if (j < n)
			continue;
		if (n != i)
			list->v[n] = *p;
		n++;
		list->v[n - 1].number = (uint8_t)n;
	}
	list->n = n;
}

uint16_t proposal_id(const struct proposal *p, uint8_t type)
{
	const struct transform *t = proposal_transform(p, type, 0);

	return t ? t->id : 0;
}

bool proposal_list_has_ke(const struct proposal_list *list, uint16_t method)
{
	for (size_t i = 0; i < list->n; i++)
		for (size_t j = 0; j < list->v[i].n; j++) {
			const struct transform *t = &list->v[i].v[j];

			if (t->type == IKE_TRANSFORM_KE && t->id == method && !t->unusable)
				return true;
		}
	return false;
}
