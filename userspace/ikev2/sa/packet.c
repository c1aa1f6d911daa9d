/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/packet.h"

#include <stdlib.h>

struct packet *packet_new(struct bytes b)
{
	struct packet *p = malloc(sizeof(*p) + b.len);

	if (!p)
		return NULL;
	p->refs = 1;
	p->len = b.len;
	if (b.len)
		memcpy(p->data, b.data, b.len);
	return p;
}

struct packet *packet_ref(struct packet *p)
{
	if (p)
		p->refs++;
	return p;
}

struct packet *packet_unref(struct packet *p)
{
	if (p && --p->refs == 0)
		free(p);
	return NULL;
}
