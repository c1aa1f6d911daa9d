/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Reading of small DER structures (X.690 10.1) of up to 255 bytes: signature values and algorithm
 * identifiers, as they come from a peer.
 */
#include "pdk/base/bytes.h"

enum der_tag {
	DER_INTEGER = 0x02,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_SEQUENCE = 0x30,
	DER_CONTEXT = 0xa0, /* constructed; + number */
};

/*
 * The content of the element that comes next, which has to have this tag and a length in the shortest
 * form; else the reader fails.
 */
static inline struct bytes der_take(struct reader *r, uint8_t tag)
{
	size_t len;

	if (reader_u8(r) != tag)
		r->failed = true;
	len = reader_u8(r);
	if (len == 0x81) {
		len = reader_u8(r);
		if (len < 0x80)
			r->failed = true;
	} else if (len > 0x7f) {
		r->failed = true;
	}
	return reader_take(r, len);
}

/* Is an element with this tag the next one? */
static inline bool der_next_is(const struct reader *r, uint8_t tag)
{
	return reader_left(r) && *r->pos == tag;
}
