/* SPDX-License-Identifier: MIT */
#include "ikev2/ipsec/xfrm_spd.h"

#include <errno.h>
#include <stdlib.h>

#include "pdk/base/list.h"
#include "pdk/base/random.h"

struct addition {
	struct list node;
	uint64_t owner;
	struct xfrm_policy_template t;
};

struct entry {
	struct hash_node node;
	struct xfrm_policy_key key;
	struct list additions; /* never empty; newest last */
	uint64_t round;        /* in which it was made */
};

/* The fields of the key without the padding between them. */
struct flat_key {
	xfrm_address_t daddr, saddr;
	uint32_t ports[2], masks[2];
	uint32_t family_prefixes, proto_dir;
	uint32_t ifindex, user;
	uint32_t mark, mark_mask, if_id;
	uint32_t zero;
};

static struct flat_key flatten(const struct xfrm_policy_key *key)
{
	const struct xfrm_selector *sel = &key->sel;

	return (struct flat_key){
		.daddr = sel->daddr,
		.saddr = sel->saddr,
		.ports = { sel->dport, sel->sport },
		.masks = { sel->dport_mask, sel->sport_mask },
		.family_prefixes = (uint32_t)sel->family << 16 | (uint32_t)sel->prefixlen_d << 8 |
				   sel->prefixlen_s,
		.proto_dir = (uint32_t)sel->proto << 8 | key->dir,
		.ifindex = (uint32_t)sel->ifindex,
		.user = sel->user,
		.mark = key->mark,
		.mark_mask = key->mark_mask,
		.if_id = key->if_id,
	};
}

void xfrm_spd_init(struct xfrm_spd *spd)
{
	hash_init(&spd->entries);
	random_fill(&spd->hash_key, sizeof(spd->hash_key));
	spd->n_additions = 0;
	spd->round = 1;
}

static void entry_free(struct xfrm_spd *spd, struct entry *e)
{
	hash_remove(&spd->entries, &e->node);
	free(e);
}

static void addition_free(struct xfrm_spd *spd, struct addition *a)
{
	list_remove(&a->node);
	free(a);
	spd->n_additions--;
}

void xfrm_spd_fini(struct xfrm_spd *spd)
{
	struct hash_walk walk = hash_walk_start(&spd->entries);
	struct addition *a, *tmp;
	struct hash_node *n;

	while ((n = hash_walk_next(&walk))) {
		struct entry *e = hash_entry(n, struct entry, node);

		list_for_each_safe (a, tmp, &e->additions, node)
			addition_free(spd, a);
		entry_free(spd, e);
	}
	hash_fini(&spd->entries);
}

static struct entry *find(const struct xfrm_spd *spd, const struct xfrm_policy_key *key,
			  uint64_t *ret_hash)
{
	struct flat_key flat = flatten(key), other;
	struct hash_node *n;

	*ret_hash = siphash(&spd->hash_key, &flat, sizeof(flat));
	for (n = hash_first(&spd->entries, *ret_hash); n; n = hash_next(n)) {
		struct entry *e = hash_entry(n, struct entry, node);

		other = flatten(&e->key);
		if (memcmp(&flat, &other, sizeof(flat)) == 0)
			return e;
	}
	return NULL;
}

static bool template_equal(const struct xfrm_policy_template *a,
			   const struct xfrm_policy_template *b)
{
	return a->action == b->action && a->mode == b->mode && a->reqid == b->reqid &&
	       a->priority == b->priority && a->optional == b->optional &&
	       a->offload_ifindex == b->offload_ifindex && netaddr_equal(&a->local, &b->local) &&
	       netaddr_equal(&a->remote, &b->remote);
}

static const struct xfrm_policy_template *top_of(const struct entry *e)
{
	return &list_last(&e->additions, struct addition, node)->t;
}

int xfrm_spd_push(struct xfrm_spd *spd, const struct xfrm_policy_key *key, uint64_t owner,
		  const struct xfrm_policy_template *t)
{
	uint64_t hash;
	struct entry *e = find(spd, key, &hash);
	struct addition *a;
	int change = XFRM_SPD_REPLACE;

	if (e && e->round == spd->round)
		return -EINPROGRESS;
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	if (!e) {
		e = calloc(1, sizeof(*e));
		if (!e) {
			free(a);
			return -ENOMEM;
		}
		e->key = *key;
		e->round = spd->round;
		list_init(&e->additions);
		hash_insert(&spd->entries, hash, &e->node);
		change = XFRM_SPD_NEW;
	} else if (template_equal(top_of(e), t)) {
		change = XFRM_SPD_NONE;
	}
	a->owner = owner;
	a->t = *t;
	list_append(&e->additions, &a->node);
	spd->n_additions++;
	return change;
}

void xfrm_spd_settle(struct xfrm_spd *spd)
{
	spd->round++;
}

static struct addition *newest_of(struct entry *e, uint64_t owner)
{
	struct list *l;

	for (l = e->additions.prev; l != &e->additions; l = l->prev) {
		struct addition *a = list_entry(l, struct addition, node);

		if (a->owner == owner)
			return a;
	}
	return NULL;
}

int xfrm_spd_pop(struct xfrm_spd *spd, const struct xfrm_policy_key *key, uint64_t owner,
		 struct xfrm_policy_template *ret_template)
{
	uint64_t hash;
	struct entry *e = find(spd, key, &hash);
	struct addition *a = e ? newest_of(e, owner) : NULL;
	struct xfrm_policy_template held;

	if (!a)
		return -ENOENT;
	held = *top_of(e);
	addition_free(spd, a);
	if (list_empty(&e->additions)) {
		entry_free(spd, e);
		return XFRM_SPD_REMOVE;
	}
	if (template_equal(top_of(e), &held))
		return XFRM_SPD_NONE;
	*ret_template = *top_of(e);
	return XFRM_SPD_REPLACE;
}
