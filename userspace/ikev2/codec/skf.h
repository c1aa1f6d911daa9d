/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The encrypted fragment payload, SKF: RFC 7383 2.5. The inner payloads of a message that is too
 * long are cut into chunks without regard to their bounds; each chunk is sealed by itself and sent
 * as a message of its own. Putting chunks together again is sa/reassembly.h. Pure functions.
 */
#include "pdk/crypto/aead.h"
#include "ikev2/codec/message.h"

/* What stands in front of a fragment's IV. */
struct ike_fragment {
	uint16_t number; /* from 1 */
	uint16_t total;
	uint8_t first; /* type of the first inner payload, in number 1; else 0 */
};

/* -------- receiving -------- */

/*
 * The numbers of the SKF payload that ends m, unverified: number and total are not zero, and number
 * is at most total. IKE_OK, or IKE_IGNORE: no fragment, or not a valid one (2.6).
 */
int ike_skf_parse(const struct ike_message *m, struct ike_fragment *ret_fragment,
		  struct ike_fault *ret_fault);

/*
 * Verify and decrypt it. plain is as for ike_sk_open() (sk.h); ret_chunk is a view of it and may be
 * empty. Sets m->opened. IKE_OK; IKE_IGNORE: nothing shows that it is the peer's; IKE_MALFORMED: it
 * is, but its padding is wrong; -errno.
 */
int ike_skf_open(struct ike_message *m, struct aead_key *key, uint8_t *plain,
		 struct bytes *ret_chunk, struct ike_fault *ret_fault);

/* -------- sending -------- */

/* The most octets of a chunk in a message of at most max octets; 0 when nothing fits. */
size_t ike_skf_chunk_max(const struct crypto_suite *suite, size_t max);

/*
 * Write a whole message that carries one chunk. Of header the SPIs, exchange, flags and message ID
 * are used: the same for all fragments (2.5). 0, or the writer's error or that of aead_seal().
 */
int ike_skf_write(struct writer *w, const struct ike_header *header,
		  const struct ike_fragment *fragment, struct bytes chunk, struct aead_key *key);
