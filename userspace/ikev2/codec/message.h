/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * An IKE message as a list of payloads: the header (RFC 7296 3.1) and the chain of generic payload
 * headers (3.2). Bodies stay views of the datagram; payload.h, proposal.h and ts.h read them. The
 * non-ESP marker (RFC 3948 2.2) is taken away before. Pure functions, any thread.
 *
 * Way of a received message: ike_header_parse() to find its SA; ike_message_parse(); when
 * encrypted_type is IKE_PAYLOAD_SK and there are keys, ike_sk_open() (sk.h), which appends the
 * inner payloads; ike_message_check() once the content is known to be the peer's.
 */
#include <stdbool.h>
#include "pdk/base/bytes.h"
#include "ikev2/codec/fault.h"
#include "ikev2/codec/ikev2.h"
#include "ikev2/codec/payload.h"

/* Payloads of a message, outer and inner together; more is IKE_TOO_MANY. */
#define IKE_PAYLOADS_MAX 128

/* 3.1 */
struct ike_header {
	uint64_t spi_i, spi_r; /* host order; as numbers only to compare and print */
	uint8_t next_payload;
	uint8_t version;  /* major << 4 | minor */
	uint8_t exchange; /* IKE_EXCHANGE_* or unknown */
	uint8_t flags;    /* IKE_FLAG_* */
	uint32_t message_id;
	uint32_t length; /* of the whole message, in bytes */
};

static inline bool ike_header_is_response(const struct ike_header *h)
{
	return h->flags & IKE_FLAG_RESPONSE;
}

/* Sent by the original initiator of the IKE SA? (2.2) */
static inline bool ike_header_from_initiator(const struct ike_header *h)
{
	return h->flags & IKE_FLAG_INITIATOR;
}

/*
 * The header alone. IKE_IGNORE when it is short or of IKEv1. With every other verdict the header is
 * returned, because it may be needed for an answer: IKE_OK; IKE_UNSUPPORTED_VERSION (2.5);
 * IKE_MALFORMED when the length it states isn't the datagram's, or the initiator's SPI is zero.
 */
int ike_header_parse(struct bytes datagram, struct ike_header *ret_header,
		     struct ike_fault *ret_fault);

struct ike_payload {
	uint8_t type;      /* IKE_PAYLOAD_* or unknown */
	bool critical;     /* as sent; means something for unknown types only (2.5) */
	bool encrypted;    /* came inside an SK payload that was verified */
	struct bytes body; /* without the generic header */
};

struct ike_message {
	struct ike_header header;
	struct bytes raw; /* the datagram */
	size_t n;
	struct ike_payload v[IKE_PAYLOADS_MAX]; /* in order; without SK and SKF themselves */

	/* IKE_PAYLOAD_SK or _SKF when the outer chain ends in one, else IKE_PAYLOAD_NONE. */
	uint8_t encrypted_type;
	uint8_t encrypted_first; /* what its Next Payload says: type of the first inner one */
	struct bytes encrypted;  /* its body: IV, ciphertext, ICV */
	bool opened;             /* ike_sk_open() verified it */
};

/*
 * Header and outer chain. Views point into datagram. Unless the verdict is IKE_IGNORE, header and
 * raw are set in ret_message; payloads are listed in it with IKE_OK and with
 * IKE_UNSUPPORTED_CRITICAL alone, since such a message may have to be verified before it is
 * answered; the first such payload's type is in ret_fault. Besides, the verdicts of
 * ike_header_parse(), IKE_MALFORMED and IKE_TOO_MANY.
 * Unknown payloads without the critical bit are in the list, for who wants to print them.
 */
int ike_message_parse(struct bytes datagram, struct ike_message *ret_message,
		      struct ike_fault *ret_fault);

/*
 * Append the payloads of chain, the decrypted content of m's encrypted payload, and mark them
 * encrypted. For ike_sk_open(). Verdicts as ike_message_parse(), offsets into chain, but for an
 * unknown critical payload beside the encrypted one; on IKE_MALFORMED and IKE_TOO_MANY m is as
 * before.
 */
int ike_message_append_inner(struct ike_message *m, struct bytes chain,
			     struct ike_fault *ret_fault);

/*
 * A copy of header and payloads, one block of memory to free(), for a message that is worked on
 * longer than its datagram lives. Its raw and encrypted are empty. NULL without memory.
 */
struct ike_message *ike_message_dup(const struct ike_message *m);

/* Do we know this payload type, so that its critical bit means nothing? (2.5) */
bool ike_payload_is_known(uint8_t type);

/* The nth (from 0) payload of a type; NULL when there are not that many. */
const struct ike_payload *ike_message_find(const struct ike_message *m, uint8_t type, size_t nth);
size_t ike_message_count(const struct ike_message *m, uint8_t type);

/*
 * The nth notify of a type (IKE_NOTIFY_*), read; false (ret_notify untouched) when there is none.
 * Malformed notifies are passed over. ret_notify may be NULL.
 */
bool ike_message_find_notify(const struct ike_message *m, uint16_t type, size_t nth,
			     struct ike_notify *ret_notify);

/* The first notify of an error type (3.10.1), in any position; as ike_message_find_notify(). */
bool ike_message_find_error(const struct ike_message *m, struct ike_notify *ret_notify);

/*
 * Is every body of a known type in good form by itself? IKE_OK; IKE_MALFORMED when any is not;
 * IKE_TOO_MANY when none is malformed but an SA or TS payload is beyond our limits, so that a
 * caller who goes on (to refuse the proposal alone) can rely on the form of all the others. The
 * fault's offset is into that body, and payload_type its type.
 */
int ike_message_check(const struct ike_message *m, struct ike_fault *ret_fault);
