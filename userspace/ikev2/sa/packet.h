/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * An encoded IKE message that several places hold: the retransmission window, the response cache,
 * AUTH (which covers the first messages) and the queue of what is to be sent. Counted, immutable,
 * of one thread.
 */
#include "pdk/base/bytes.h"

struct packet {
	unsigned refs;
	size_t len;
	uint8_t data[];
};

/* A copy with one reference. NULL without memory. */
struct packet *packet_new(struct bytes b);
struct packet *packet_ref(struct packet *p);
/* Takes NULL, returns NULL. */
struct packet *packet_unref(struct packet *p);

static inline struct bytes packet_bytes(const struct packet *p)
{
	return p ? BYTES(p->data, p->len) : BYTES_NONE;
}
