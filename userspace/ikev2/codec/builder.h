/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Writes an IKE message into a writer: header, payloads, and, after ike_builder_encrypt(), an
 * encrypted payload that is sealed in place at the end. Errors are those of the writer and sticky,
 * so only ike_builder_finish() is checked.
 *
 *	ike_builder_init(&b, &w, &header);
 *	ike_builder_encrypt(&b, key);
 *	ike_id_write(ike_builder_payload(&b, IKE_PAYLOAD_IDI), type, data);
 *	err = ike_builder_finish(&b, &message);
 */
#include "pdk/base/bytes.h"
#include "pdk/crypto/aead.h"
#include "ikev2/codec/message.h"

struct ike_builder {
	struct writer *w;
	struct aead_key *key; /* NULL: in clear */
	size_t message_at;    /* offsets in w: of the header's first octet */
	size_t next_at;       /* of the octet that will name the next payload */
	size_t payload_at;    /* of the open payload's generic header; 0: none is open */
	size_t sk_at;         /* of the SK payload's generic header */
	size_t iv_at;         /* of the octets that are sealed: IV, text, ICV */
};

/*
 * Start a message behind what w already holds (which may be a non-ESP marker). Of header the SPIs,
 * exchange, flags and message ID are used. Beyond IKE_MESSAGE_MAX bytes the writer fails with
 * -EMSGSIZE. w must outlive b.
 */
void ike_builder_init(struct ike_builder *b, struct writer *w, const struct ike_header *header);

/* Close the payload before, and begin one: the caller appends the body to what is returned. */
struct writer *ike_builder_payload(struct ike_builder *b, uint8_t type);

/*
 * All payloads from here on go into one SK payload (3.14) that key seals. Once a message. key stays
 * the caller's, and its sequence of IVs moves on: see aead_seal().
 */
void ike_builder_encrypt(struct ike_builder *b, struct aead_key *key);

/*
 * As ike_builder_encrypt(), with a fragment payload (SKF, RFC 7383 2.5) that has these numbers. What
 * goes into it is a chunk: ike_builder_content(). For skf.h.
 */
void ike_builder_encrypt_fragment(struct ike_builder *b, struct aead_key *key, uint16_t number,
				  uint16_t total);
/* Octets of payloads that are written already; first: type of the payload they begin with. */
void ike_builder_content(struct ike_builder *b, uint8_t first, struct bytes content);

/*
 * The length that the message will have. Closes the open payload; more may follow.
 */
size_t ike_builder_len(struct ike_builder *b);
/*
 * The inner payloads so far, in clear, and the type of the first: what is to be cut into fragments
 * instead of ike_builder_finish(). A view of the writer. The message must have nothing outside the
 * encrypted payload (true for all of IKEv2, RFC 7383 2.5.3). 0 or the writer's error.
 */
int ike_builder_inner(struct ike_builder *b, uint8_t *ret_first, struct bytes *ret_content);

/*
 * Close what is open, pad, seal, set the lengths. ret_message is a view of w, without what stood
 * there before; good until w is written to or finished. 0, -EMSGSIZE, -ENOMEM, or an error of
 * aead_seal(); after an error the contents of w are worthless.
 */
int ike_builder_finish(struct ike_builder *b, struct bytes *ret_message);

/* A whole notify payload about no SA: protocol 0, no SPI (3.10). */
void ike_builder_notify(struct ike_builder *b, uint16_t type, struct bytes data);
