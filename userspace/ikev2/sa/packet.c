/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/packet.h"

#include <stdlib.h>

struct packet *packet_new(struct bytes b)
{
	struct packet *p = malloc(sizeof(*p) + b.len);

	if (!p)
		return NULL;
	p->refs = 1;
	p->next = NULL;
	p->text = NULL;
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

static void text_unref(struct packet *text)
{
	if (!text || --text->refs)
		return;
	explicit_bzero(text->data, text->len);
	free(text);
}

struct packet *packet_unref(struct packet *p)
{
	while (p && --p->refs == 0) {
		struct packet *next = p->next;

		text_unref(p->text);
		free(p);
		p = next;
	}
	return NULL;
}

size_t packet_count(const struct packet *p)
{
	size_t n = 0;

	for (; p; p = p->next)
		n++;
	return n;
}
