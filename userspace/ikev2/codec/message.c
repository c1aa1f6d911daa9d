/* SPDX-License-Identifier: MIT */
/*
 * One walker reads every chain of payloads, outer and inner. It goes on past an unknown critical
 * payload, because a chain that is malformed further on is worth no answer at all, and because the
 * message must be complete to be verified.
 */
#include "ikev2/codec/message.h"

#include <stdlib.h>

#define PAYLOAD_CRITICAL 0x80 /* 3.2: the C bit of the octet after Next Payload */

int ike_header_parse(struct bytes datagram, struct ike_header *ret_header,
		     struct ike_fault *ret_fault)
{
	struct ike_header h;
	struct reader r;

	reader_init(&r, datagram);
	h.spi_i = reader_u64(&r);
	h.spi_r = reader_u64(&r);
	h.next_payload = reader_u8(&r);
	h.version = reader_u8(&r);
	h.exchange = reader_u8(&r);
	h.flags = reader_u8(&r);
	h.message_id = reader_u32(&r);
	h.length = reader_u32(&r);
	if (r.failed)
		return ike_fault_set(ret_fault, IKE_IGNORE, 0, "shorter than an IKE header");
	if (h.version >> 4 < IKE_VERSION_MAJOR)
		return ike_fault_set(ret_fault, IKE_IGNORE, 17, "IKE version below 2");

	*ret_header = h;
	/* 2.5: nothing but the header's beginning is known to mean the same in later versions. */
	if (h.version >> 4 > IKE_VERSION_MAJOR)
		return ike_fault_set(ret_fault, IKE_UNSUPPORTED_VERSION, 17,
				     "IKE major version above 2");
	if (h.length != datagram.len)
		return ike_fault_set(ret_fault, IKE_MALFORMED, 24,
				     "length field differs from the datagram's length");
	if (h.spi_i == 0)
		return ike_fault_set(ret_fault, IKE_MALFORMED, 0, "initiator's SPI is zero");
	return IKE_OK;
}

bool ike_payload_is_known(uint8_t type)
{
	return (type >= IKE_PAYLOAD_SA && type <= IKE_PAYLOAD_EAP) || type == IKE_PAYLOAD_SKF;
}

static bool is_encrypted_type(uint8_t type)
{
	return type == IKE_PAYLOAD_SK || type == IKE_PAYLOAD_SKF;
}

/*
 * The first payload that we don't know and that the sender insists on (2.5), inside the encrypted
 * payload or beside it. chain: the one that was read last.
 */
static int find_unsupported(const struct ike_message *m, struct bytes chain,
			    struct ike_fault *ret_fault)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct ike_payload *p = &m->v[i];
		const uint8_t *start = p->encrypted ? chain.data : m->raw.data;

		if (!p->critical || ike_payload_is_known(p->type))
			continue;
		ike_fault_set(ret_fault, IKE_UNSUPPORTED_CRITICAL,
			      (size_t)(p->body.data - start) - IKE_PAYLOAD_HEADER_LEN,
			      "unknown payload with the critical bit");
		if (ret_fault)
			ret_fault->payload_type = p->type;
		return IKE_UNSUPPORTED_CRITICAL;
	}
	return IKE_OK;
}

/* Appends to m->v as it goes; base is what offsets in the fault count from. */
static int walk_chain(struct ike_message *m, uint8_t first, struct bytes chain, size_t base,
		      bool encrypted, struct ike_fault *ret_fault)
{
	uint8_t type = first;
	struct reader r;
	size_t at;

	reader_init(&r, chain);
	while (type != IKE_PAYLOAD_NONE) {
		uint8_t next, flags;
		struct bytes body;
		uint16_t len;

		at = base + reader_offset(&r);
		next = reader_u8(&r);
		flags = reader_u8(&r);
		len = reader_u16(&r);
		if (r.failed)
			return ike_fault_set(ret_fault, IKE_MALFORMED, at,
					     "message ends where a payload should begin");
		if (len < IKE_PAYLOAD_HEADER_LEN)
			return ike_fault_set(ret_fault, IKE_MALFORMED, at + 2,
					     "payload length below 4");
		body = reader_take(&r, len - IKE_PAYLOAD_HEADER_LEN);
		if (r.failed)
			return ike_fault_set(ret_fault, IKE_MALFORMED, at + 2,
					     "payload longer than what is left of the message");

		if (is_encrypted_type(type)) {
			if (encrypted)
				return ike_fault_set(ret_fault, IKE_MALFORMED, at,
						     "encrypted payload inside another");
			/* 3.14: the last one; its Next Payload is about the inside. */
			m->encrypted_type = type;
			m->encrypted_first = next;
			m->encrypted = body;
			break;
		}
		if (m->n == IKE_PAYLOADS_MAX)
			return ike_fault_set(ret_fault, IKE_TOO_MANY, at, "too many payloads");
		m->v[m->n++] = (struct ike_payload){
			.type = type,
			.critical = flags & PAYLOAD_CRITICAL,
			.encrypted = encrypted,
			.body = body,
		};
		type = next;
	}
	if (!reader_done(&r))
		return ike_fault_set(ret_fault, IKE_MALFORMED, base + reader_offset(&r),
				     "bytes after the last payload");
	return find_unsupported(m, chain, ret_fault);
}

static bool is_complete(int verdict)
{
	return verdict == IKE_OK || verdict == IKE_UNSUPPORTED_CRITICAL;
}

int ike_message_parse(struct bytes datagram, struct ike_message *ret_message,
		      struct ike_fault *ret_fault)
{
	struct ike_message *m = ret_message;
	struct ike_header header;
	struct bytes chain;
	int verdict;

	verdict = ike_header_parse(datagram, &header, ret_fault);
	if (verdict == IKE_IGNORE)
		return verdict;
	m->header = header;
	m->raw = datagram;
	m->n = 0;
	m->encrypted_type = m->encrypted_first = IKE_PAYLOAD_NONE;
	m->encrypted = BYTES_NONE;
	m->opened = false;
	if (verdict != IKE_OK)
		return verdict;

	chain = BYTES(datagram.data + IKE_HEADER_LEN, datagram.len - IKE_HEADER_LEN);
	verdict = walk_chain(m, header.next_payload, chain, IKE_HEADER_LEN, false, ret_fault);
	if (!is_complete(verdict)) {
		m->n = 0;
		m->encrypted_type = IKE_PAYLOAD_NONE;
	}
	return verdict;
}

int ike_message_append_inner(struct ike_message *m, struct bytes chain, struct ike_fault *ret_fault)
{
	size_t n = m->n;
	int verdict = walk_chain(m, m->encrypted_first, chain, 0, true, ret_fault);

	if (!is_complete(verdict))
		m->n = n;
	return verdict;
}

struct ike_message *ike_message_dup(const struct ike_message *m)
{
	struct ike_message *copy;
	size_t len = 0;
	uint8_t *at;

	for (size_t i = 0; i < m->n; i++)
		len += m->v[i].body.len;
	copy = malloc(sizeof(*copy) + len);
	if (!copy)
		return NULL;
	memcpy(copy, m, offsetof(struct ike_message, v) + m->n * sizeof(m->v[0]));
	copy->raw = copy->encrypted = BYTES_NONE;
	at = (uint8_t *)(copy + 1);
	for (size_t i = 0; i < m->n; i++) {
		struct bytes body = m->v[i].body;

		if (body.len)
			memcpy(at, body.data, body.len);
		copy->v[i].body = BYTES(at, body.len);
		at += body.len;
	}
	copy->encrypted_type = m->encrypted_type;
	copy->encrypted_first = m->encrypted_first;
	copy->opened = m->opened;
	return copy;
}

const struct ike_payload *ike_message_find(const struct ike_message *m, uint8_t type, size_t nth)
{
	for (size_t i = 0; i < m->n; i++) {
		if (m->v[i].type == type && nth-- == 0)
			return &m->v[i];
	}
	return NULL;
}

size_t ike_message_count(const struct ike_message *m, uint8_t type)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += m->v[i].type == type;
	return n;
}

bool ike_message_find_notify(const struct ike_message *m, uint16_t type, size_t nth,
			     struct ike_notify *ret_notify)
{
	struct ike_notify notify;

	for (size_t i = 0; i < m->n; i++) {
		if (m->v[i].type != IKE_PAYLOAD_N ||
		    ike_notify_parse(m->v[i].body, &notify, NULL) != IKE_OK)
			continue;
		if (notify.type == type && nth-- == 0) {
			if (ret_notify)
				*ret_notify = notify;
			return true;
		}
	}
	return false;
}

bool ike_message_find_error(const struct ike_message *m, struct ike_notify *ret_notify)
{
	struct ike_notify notify;

	for (size_t i = 0; i < m->n; i++) {
		if (m->v[i].type != IKE_PAYLOAD_N ||
		    ike_notify_parse(m->v[i].body, &notify, NULL) != IKE_OK)
			continue;
		if (ike_notify_is_error(notify.type)) {
			if (ret_notify)
				*ret_notify = notify;
			return true;
		}
	}
	return false;
}
