/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What an IKE message says, opened so that it can be changed and sealed again: a fuzzer plays a
 * peer that has the keys. Sealing and opening use the key that the receiver opens with, so nobody
 * but the receiver's IKE SA is asked.
 */
#include "pdk/base/bytes.h"
#include "ikev2/codec/message.h"

struct ike_sa;

#define CONTENT_MAX 4096

struct content {
	struct ike_header header;
	uint8_t first; /* type of the first payload */
	size_t len;
	uint8_t data[CONTENT_MAX]; /* the chain of payloads in clear, the encrypted payload's own
				      inside */
};

/*
 * From a datagram to IKE SA `to` of the receiver, or to none (NULL). False: nothing that can be
 * read, a fragment for instance.
 */
bool content_open(struct content *c, const struct ike_sa *to, struct bytes datagram);

/*
 * As a datagram to `to`, or in clear (NULL), with c's header. Returns its length; 0: it does not
 * fit.
 */
size_t content_seal(const struct content *c, const struct ike_sa *to, uint8_t *buf, size_t size);
/* Fragment number of total (RFC 7383) of it, likewise. */
size_t content_seal_fragment(const struct content *c, const struct ike_sa *to, uint16_t number,
			     uint16_t total, uint8_t *buf, size_t size);

/* A payload behind the others. What does not fit is left out. */
void content_append(struct content *c, uint8_t type, struct bytes body);

/* Another body for the first payload of that type. False: there is none, or no room. */
bool content_replace(struct content *c, uint8_t type, struct bytes body);

/* Change it as the script says, whatever octets that is made of. See content.c for its language. */
void content_edit(struct content *c, struct bytes script);
