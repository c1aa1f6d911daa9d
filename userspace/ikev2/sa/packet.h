/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * An IKE message as it goes over the wire, which several places hold: the retransmission window,
 * the response cache, AUTH (which covers the first messages) and the queue of what is to be sent.
 * Counted, immutable, of one thread.
 *
 * A message that was cut into fragments (RFC 7383) is a chain of them; every other is a chain of
 * one. Who holds the first holds them all, so a message is sent, repeated and freed in one way.
 */
#include "pdk/base/bytes.h"

struct packet {
	unsigned refs;
	struct packet *next; /* the next fragment: a reference; NULL: the last */
	struct packet *text; /* of the first: what fragments are cut from, see exchange/fragments.h */
	size_t len;
	uint8_t data[];
};

/* A copy with one reference. NULL without memory. */
struct packet *packet_new(struct bytes b);
struct packet *packet_ref(struct packet *p);
/* Takes NULL, returns NULL. The last one frees the chain, and wipes its text. */
struct packet *packet_unref(struct packet *p);

/* Of one datagram; a message that may be a chain is sent by ike_core_send(). */
static inline struct bytes packet_bytes(const struct packet *p)
{
	return p ? BYTES(p->data, p->len) : BYTES_NONE;
}

/* How many datagrams the message is. */
size_t packet_count(const struct packet *p);
