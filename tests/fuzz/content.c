/* SPDX-License-Identifier: MIT */
/*
 * A script is a row of edits: one octet says which, the next which payload (modulo their number),
 * then come the operands, one octet each unless said otherwise; `text` is a length and that many
 * octets. Lengths of payloads stay right, except after the edits that are there to make them wrong.
 */
#include "content.h"

#include "ikev2/codec/builder.h"
#include "ikev2/codec/sk.h"
#include "ikev2/codec/skf.h"
#include "ikev2/sa/ike_sa.h"

enum edit {
	EDIT_DROP,
	EDIT_DOUBLE,
	EDIT_TO_END,
	EDIT_RETYPE,    /* type */
	EDIT_FLAGS,     /* the octet with the critical bit */
	EDIT_SET,       /* offset, value */
	EDIT_XOR,       /* offset, value */
	EDIT_INSERT,    /* offset, text */
	EDIT_OVERWRITE, /* offset, text */
	EDIT_CUT,       /* how many octets of the body stay */
	EDIT_APPEND,    /* type, text */
	EDIT_NOTIFY,    /* type of two octets, text: appended */
	EDIT_LENGTH,    /* value: wrong */
	EDIT_TRUNCATE,  /* how many octets of the whole go */
	EDIT_HEADER,    /* exchange, flags, message ID: what is added to each */
	EDIT_N,
};

/* Payload n of a content: where its type stands, where it begins, how long it is. */
struct place {
	uint8_t *type;
	size_t at, len;
};

static size_t payload_len(const struct content *c, size_t at)
{
	size_t len;

	if (at + IKE_PAYLOAD_HEADER_LEN > c->len)
		return 0;
	len = (size_t)(c->data[at + 2] << 8 | c->data[at + 3]);
	return len >= IKE_PAYLOAD_HEADER_LEN && len <= c->len - at ? len : 0;
}

/* The last one when there are not that many. False: there is none at all. */
static bool find(struct content *c, size_t n, struct place *ret)
{
	struct place p = { .type = &c->first };
	bool found = false;

	while (*p.type && (p.len = payload_len(c, p.at))) {
		found = true;
		*ret = p;
		if (n-- == 0)
			break;
		p.type = &c->data[p.at];
		p.at += p.len;
	}
	return found;
}

static size_t count(struct content *c)
{
	struct place p;
	size_t n = 0;

	for (size_t at = 0; find(c, n, &p) && (n == 0 || p.at > at); n++)
		at = p.at;
	return n;
}

/* Octets at `at`, old_len of them, make room for new_len. False: there is none. */
static bool resize(struct content *c, size_t at, size_t old_len, size_t new_len)
{
	if (c->len - old_len + new_len > sizeof(c->data))
		return false;
	memmove(c->data + at + new_len, c->data + at + old_len, c->len - at - old_len);
	c->len = c->len - old_len + new_len;
	return true;
}

static void set_len(struct content *c, size_t at, size_t len)
{
	c->data[at + 2] = (uint8_t)(len >> 8);
	c->data[at + 3] = (uint8_t)len;
}

/* Some of a payload's body by other octets. False: there is no room. */
static bool replace(struct content *c, const struct place *p, size_t offset, size_t old_len,
		    struct bytes text)
{
	size_t at = p->at + IKE_PAYLOAD_HEADER_LEN + offset;

	if (!resize(c, at, old_len, text.len))
		return false;
	if (text.len)
		memcpy(c->data + at, text.data, text.len);
	set_len(c, p->at, p->len - old_len + text.len);
	return true;
}

bool content_replace(struct content *c, uint8_t type, struct bytes body)
{
	size_t n = count(c);
	struct place p;

	for (size_t i = 0; i < n; i++)
		if (find(c, i, &p) && *p.type == type)
			return replace(c, &p, 0, p.len - IKE_PAYLOAD_HEADER_LEN, body);
	return false;
}

static void drop(struct content *c, const struct place *p)
{
	*p->type = c->data[p->at];
	resize(c, p->at, p->len, 0);
}

static void duplicate(struct content *c, const struct place *p)
{
	const uint8_t type = *p->type;

	if (!resize(c, p->at + p->len, 0, p->len))
		return;
	memcpy(c->data + p->at + p->len, c->data + p->at, p->len);
	c->data[p->at] = type;
}

void content_append(struct content *c, uint8_t type, struct bytes body)
{
	size_t n = count(c), len = IKE_PAYLOAD_HEADER_LEN + body.len, at = c->len;
	struct place last;

	if (!resize(c, at, 0, len))
		return;
	if (n && find(c, n - 1, &last))
		c->data[last.at] = type;
	else
		c->first = type;
	memset(c->data + at, 0, IKE_PAYLOAD_HEADER_LEN);
	set_len(c, at, len);
	if (body.len)
		memcpy(c->data + at + IKE_PAYLOAD_HEADER_LEN, body.data, body.len);
}

static void to_end(struct content *c, const struct place *p)
{
	uint8_t body[CONTENT_MAX], type = *p->type;
	size_t len = p->len - IKE_PAYLOAD_HEADER_LEN;

	memcpy(body, c->data + p->at + IKE_PAYLOAD_HEADER_LEN, len);
	drop(c, p);
	content_append(c, type, BYTES(body, len));
}

static void notify(struct content *c, uint16_t type, struct bytes data)
{
	uint8_t body[4 + UINT8_MAX] = { 0, 0, (uint8_t)(type >> 8), (uint8_t)type };

	if (data.len)
		memcpy(body + 4, data.data, data.len);
	content_append(c, IKE_PAYLOAD_N, BYTES(body, 4 + data.len));
}

static struct bytes text(struct reader *r)
{
	size_t len = reader_u8(r);

	return reader_take(r, len < reader_left(r) ? len : reader_left(r));
}

/* An offset into n octets, from one octet: 0 when there are none. */
static size_t offset(struct reader *r, size_t n)
{
	size_t at = reader_u8(r);

	return n ? at % n : 0;
}

static void edit_payload(struct content *c, enum edit what, const struct place *p, struct reader *r)
{
	uint8_t *header = c->data + p->at, *body = header + IKE_PAYLOAD_HEADER_LEN;
	size_t len = p->len - IKE_PAYLOAD_HEADER_LEN, at;
	struct bytes b;

	switch (what) {
	case EDIT_DROP:
		drop(c, p);
		break;
	case EDIT_DOUBLE:
		duplicate(c, p);
		break;
	case EDIT_TO_END:
		to_end(c, p);
		break;
	case EDIT_RETYPE:
		*p->type = reader_u8(r);
		break;
	case EDIT_FLAGS:
		header[1] = reader_u8(r);
		break;
	case EDIT_SET:
	case EDIT_XOR:
		at = offset(r, len);
		if (len)
			body[at] = (uint8_t)((what == EDIT_XOR ? body[at] : 0) ^ reader_u8(r));
		break;
	case EDIT_INSERT:
		at = offset(r, len + 1);
		replace(c, p, at, 0, text(r));
		break;
	case EDIT_OVERWRITE:
		at = offset(r, len + 1);
		b = text(r);
		replace(c, p, at, b.len < len - at ? b.len : len - at, b);
		break;
	case EDIT_CUT:
		at = offset(r, len + 1);
		replace(c, p, at, len - at, BYTES_NONE);
		break;
	case EDIT_LENGTH:
		header[3] = reader_u8(r);
		break;
	case EDIT_APPEND:
	case EDIT_NOTIFY:
	case EDIT_TRUNCATE:
	case EDIT_HEADER:
	case EDIT_N:
		break;
	}
}

static void edit(struct content *c, enum edit what, struct reader *r)
{
	size_t n = count(c), which;
	struct place p;
	uint16_t type;

	switch (what) {
	case EDIT_APPEND:
		type = reader_u8(r);
		content_append(c, (uint8_t)type, text(r));
		return;
	case EDIT_NOTIFY:
		type = reader_u16(r);
		notify(c, type, text(r));
		return;
	case EDIT_TRUNCATE:
		c->len -= offset(r, c->len + 1);
		return;
	case EDIT_HEADER:
		c->header.exchange = (uint8_t)(c->header.exchange + reader_u8(r));
		c->header.flags ^= reader_u8(r);
		c->header.message_id += (uint32_t)(int8_t)reader_u8(r);
		return;
	default:
		which = offset(r, n);
		if (find(c, which, &p))
			edit_payload(c, what, &p, r);
	}
}

void content_edit(struct content *c, struct bytes script)
{
	struct reader r;

	reader_init(&r, script);
	while (reader_left(&r))
		edit(c, (enum edit)(reader_u8(&r) % EDIT_N), &r);
}

/* -------- opening and sealing -------- */

bool content_open(struct content *c, const struct ike_sa *to, struct bytes datagram)
{
	uint8_t plain[CONTENT_MAX];
	struct ike_message m;
	struct bytes chain;

	if (datagram.len > sizeof(plain) || ike_message_parse(datagram, &m, NULL) != IKE_OK)
		return false;
	if (m.encrypted_type == IKE_PAYLOAD_SK) {
		if (!to || !to->key_in ||
		    ike_sk_open_body(&m, m.encrypted, to->key_in, plain, &chain, NULL) != IKE_OK)
			return false;
		c->first = m.encrypted_first;
	} else if (m.encrypted_type == IKE_PAYLOAD_NONE) {
		chain = BYTES(datagram.data + IKE_HEADER_LEN, datagram.len - IKE_HEADER_LEN);
		c->first = m.header.next_payload;
	} else {
		return false;
	}
	c->header = m.header;
	c->len = chain.len;
	if (chain.len)
		memcpy(c->data, chain.data, chain.len);
	return true;
}

size_t content_seal(const struct content *c, const struct ike_sa *to, uint8_t *buf, size_t size)
{
	struct ike_builder b;
	struct bytes message;
	struct writer w;

	writer_init_fixed(&w, buf, size);
	ike_builder_init(&b, &w, &c->header);
	if (to && to->key_in)
		ike_builder_encrypt(&b, to->key_in);
	ike_builder_content(&b, c->first, BYTES(c->data, c->len));
	return ike_builder_finish(&b, &message) == 0 ? message.len : 0;
}

size_t content_seal_fragment(const struct content *c, const struct ike_sa *to, uint16_t number,
			     uint16_t total, uint8_t *buf, size_t size)
{
	const struct ike_fragment f = { number, total, number == 1 ? c->first : 0 };
	size_t chunk = total ? c->len / total + 1 : 0,
	       at = number ? (size_t)(number - 1) * chunk : 0;
	struct writer w;

	if (!to->key_in)
		return 0;
	if (at > c->len)
		at = c->len;
	if (chunk > c->len - at)
		chunk = c->len - at;
	writer_init_fixed(&w, buf, size);
	return ike_skf_write(&w, &c->header, &f, BYTES(c->data + at, chunk), to->key_in) == 0
		       ? w.len
		       : 0;
}
