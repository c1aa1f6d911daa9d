/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/reassembly.h"

#include <errno.h>
#include <stdlib.h>

struct chunk {
	size_t len;
	uint8_t data[];
};

void reassembly_init(struct reassembly *r, size_t *used)
{
	*r = (struct reassembly){ .until = INSTANT_NEVER, .used = used };
}

void reassembly_reset(struct reassembly *r)
{
	for (size_t i = 0; i < r->total; i++) {
		if (!r->chunks[i])
			continue;
		*r->used -= sizeof(*r->chunks[i]) + r->chunks[i]->len;
		/* Decrypted content may be a secret. */
		explicit_bzero(r->chunks[i]->data, r->chunks[i]->len);
		free(r->chunks[i]);
	}
	*r->used -= r->total * sizeof(*r->chunks);
	free(r->chunks);
	reassembly_init(r, r->used);
}

bool reassembly_wants(const struct reassembly *r, uint32_t message_id,
		      const struct ike_fragment *fragment)
{
	if (!r->total || r->message_id != message_id)
		return true;
	if (fragment->total != r->total)
		return fragment->total > r->total;
	return !r->chunks[fragment->number - 1];
}

static int begin(struct reassembly *r, uint32_t message_id, uint16_t total, struct instant until)
{
	reassembly_reset(r);
	if (total > REASSEMBLY_FRAGMENTS_MAX)
		return REASSEMBLY_TOO_MUCH;
	r->chunks = calloc(total, sizeof(*r->chunks));
	if (!r->chunks)
		return -ENOMEM;
	r->message_id = message_id;
	r->total = total;
	r->until = until;
	*r->used += total * sizeof(*r->chunks);
	return 0;
}

int reassembly_add(struct reassembly *r, uint32_t message_id, const struct ike_fragment *fragment,
		   struct bytes content, size_t len, struct instant until)
{
	struct chunk *chunk;

	if (r->message_id != message_id || r->total != fragment->total) {
		int err = begin(r, message_id, fragment->total, until);

		if (err)
			return err;
	}
	if (r->size + content.len > REASSEMBLY_SIZE_MAX) {
		reassembly_reset(r);
		return REASSEMBLY_TOO_MUCH;
	}
	chunk = malloc(sizeof(*chunk) + content.len);
	if (!chunk)
		return -ENOMEM;
	chunk->len = content.len;
	if (content.len)
		memcpy(chunk->data, content.data, content.len);
	*r->used += sizeof(*chunk) + chunk->len;
	r->chunks[fragment->number - 1] = chunk;
	if (fragment->number == 1)
		r->first = fragment->first;
	r->size += content.len;
	if (len > r->largest)
		r->largest = len;
	return ++r->have == r->total ? REASSEMBLY_COMPLETE : REASSEMBLY_STORED;
}

int reassembly_take(struct reassembly *r, uint8_t *ret_first, uint8_t **ret_data, size_t *ret_len)
{
	uint8_t *data = malloc(r->size ? r->size : 1);
	size_t len = 0;

	if (!data)
		return -ENOMEM;
	for (size_t i = 0; i < r->total; i++) {
		memcpy(data + len, r->chunks[i]->data, r->chunks[i]->len);
		len += r->chunks[i]->len;
	}
	*ret_first = r->first;
	*ret_data = data;
	*ret_len = len;
	reassembly_reset(r);
	return 0;
}
