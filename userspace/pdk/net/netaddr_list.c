/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "pdk/net/netaddr.h"

struct netaddr_list {
	size_t refs; /* atomic */
	size_t n;
	struct netaddr addrs[];
};

struct netaddr_list *netaddr_list_new(const struct netaddr *addrs, size_t n)
{
	struct netaddr_list *l;

	if (n > (SIZE_MAX - sizeof(*l)) / sizeof(*addrs))
		return NULL;
	l = malloc(sizeof(*l) + n * sizeof(*addrs));
	if (!l)
		return NULL;
	l->refs = 1;
	l->n = n;
	if (n)
		memcpy(l->addrs, addrs, n * sizeof(*addrs));
	return l;
}

struct netaddr_list *netaddr_list_ref(struct netaddr_list *l)
{
	if (l)
		__atomic_add_fetch(&l->refs, 1, __ATOMIC_RELAXED);
	return l;
}

struct netaddr_list *netaddr_list_unref(struct netaddr_list *l)
{
	/* Acquire and release: whoever frees must see what the others did with the list before. */
	if (l && __atomic_sub_fetch(&l->refs, 1, __ATOMIC_ACQ_REL) == 0)
		free(l);
	return NULL;
}

size_t netaddr_list_len(const struct netaddr_list *l)
{
	return l ? l->n : 0;
}

const struct netaddr *netaddr_list_at(const struct netaddr_list *l, size_t i)
{
	return &l->addrs[i];
}
