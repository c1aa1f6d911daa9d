/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Putting a fragmented message together: RFC 7383 2.6. One direction of one IKE SA, one message at
 * a time. It is told of fragments whose integrity check has passed only; what unauthenticated
 * numbers may be good for is asked before by reassembly_wants(). Owner only.
 */
#include <stdbool.h>
#include "pdk/base/time.h"
#include "ikev2/codec/skf.h"

/* More than that, and the peer is broken or means us ill (RFC 7383 5). */
#define REASSEMBLY_FRAGMENTS_MAX 256
#define REASSEMBLY_SIZE_MAX      65535 /* octets of content, what a message could be at all */

struct chunk;

struct reassembly {
	uint32_t message_id;
	uint16_t total, have;  /* fragments; total 0: nothing is under way */
	uint8_t first;         /* type of the first inner payload, once fragment 1 is there */
	size_t size;           /* octets of content so far */
	size_t largest;        /* octets of the longest message that a fragment came in */
	struct instant until;  /* then it is given up; INSTANT_NEVER when nothing is under way */
	struct chunk **chunks; /* by number - 1 */
	size_t *used;          /* octets of memory that all reassemblies of the core hold */
};

void reassembly_init(struct reassembly *r, size_t *used);
/* Forget what is there. Also the end: nothing is held afterwards. */
void reassembly_reset(struct reassembly *r);

/*
 * Could this fragment be of use, if it is authentic? Not when it is there already, or belongs to a
 * set that was given up for one with more fragments (2.6).
 */
bool reassembly_wants(const struct reassembly *r, uint32_t message_id,
		      const struct ike_fragment *fragment);

enum reassembly_verdict {
	REASSEMBLY_STORED,
	REASSEMBLY_COMPLETE, /* take it with reassembly_take() */
	REASSEMBLY_TOO_MUCH, /* beyond the limits: nothing is held any more */
};

/*
 * Store the chunk of an authentic fragment that is wanted. Of another message ID or a set with more
 * fragments: what was there is forgotten. len: of the message it came in; until: when an attempt
 * that begins now is given up. A verdict, or -ENOMEM (the fragment is as good as lost).
 */
int reassembly_add(struct reassembly *r, uint32_t message_id, const struct ike_fragment *fragment,
		   struct bytes chunk, size_t len, struct instant until);

/*
 * The whole content of the complete message, on the heap, and the type of its first payload; the
 * reassembly is empty then. -ENOMEM: it stays as it is.
 */
int reassembly_take(struct reassembly *r, uint8_t *ret_first, uint8_t **ret_data, size_t *ret_len);
