/* SPDX-License-Identifier: MIT */
/*
 * Substructures carry three things that must agree: a length, a count kept by what is around them,
 * and an octet that says whether another follows. A payload in which they don't is malformed as a
 * whole; a transform with an attribute that means nothing to us is only out of the running.
 */
#include "ikev2/codec/proposal.h"

#include "ikev2/codec/text.h"

#define PROPOSAL_MORE        2 /* 3.3.1, Last Substruc; 0 in the last */
#define TRANSFORM_MORE       3 /* 3.3.2 */
#define PROPOSAL_HEADER_LEN  8
#define TRANSFORM_HEADER_LEN 8

static int parse_attributes(struct transform *t, struct bytes attributes, size_t base,
			    struct ike_fault *ret_fault)
{
	struct reader r;

	reader_init(&r, attributes);
	while (reader_left(&r)) {
		size_t at = base + reader_offset(&r);
		uint16_t type = reader_u16(&r);
		uint16_t value = reader_u16(&r);

		if (!(type & IKE_ATTRIBUTE_TV))
			reader_take(&r, value);
		if (r.failed)
			return ike_fault_set(ret_fault, IKE_MALFORMED, at,
					     "attribute longer than its transform");
		if (type == (IKE_ATTRIBUTE_TV | IKE_ATTRIBUTE_KEY_LENGTH) && value && !t->key_bits)
			t->key_bits = value;
		else
			t->unusable = true;
	}
	return IKE_OK;
}

static int parse_transform(struct reader *r, size_t base, bool last, struct transform *t,
			   struct ike_fault *ret_fault)
{
	size_t at = base + reader_offset(r);
	struct bytes attributes;
	uint8_t more;
	uint16_t len;

	more = reader_u8(r);
	reader_u8(r); /* reserved */
	len = reader_u16(r);
	t->type = reader_u8(r);
	reader_u8(r); /* reserved */
	t->id = reader_u16(r);
	if (r->failed)
		return ike_fault_set(ret_fault, IKE_MALFORMED, at, "fewer transforms than counted");
	if (len < TRANSFORM_HEADER_LEN)
		return ike_fault_set(ret_fault, IKE_MALFORMED, at + 2, "transform length below 8");
	attributes = reader_take(r, len - TRANSFORM_HEADER_LEN);
	if (r->failed)
		return ike_fault_set(ret_fault, IKE_MALFORMED, at + 2,
				     "transform longer than its proposal");
	if (more != (last ? 0 : TRANSFORM_MORE))
		return ike_fault_set(ret_fault, IKE_MALFORMED, at,
				     "last-substructure octet contradicts the transform count");
	t->unusable = false;
	t->key_bits = 0;
	return parse_attributes(t, attributes, at + TRANSFORM_HEADER_LEN, ret_fault);
}

/* inside is the proposal without its header; base its offset in the payload. */
static int parse_proposal(struct bytes inside, size_t base, uint8_t spi_len, uint8_t n_transforms,
			  struct proposal *p, struct ike_fault *ret_fault)
{
	struct reader r;
	int verdict;

	if (spi_len > IKE_SPI_MAX)
		return ike_fault_set(ret_fault, IKE_MALFORMED, base - 2,
				     "SPI of a proposal longer than 8 octets");
	if (n_transforms > TRANSFORMS_MAX)
		return ike_fault_set(ret_fault, IKE_TOO_MANY, base - 1,
				     "too many transforms in a proposal");
	reader_init(&r, inside);
	p->spi_len = spi_len;
	memset(p->spi, 0, sizeof(p->spi));
	reader_copy(&r, p->spi, spi_len);
	if (r.failed)
		return ike_fault_set(ret_fault, IKE_MALFORMED, base - 2,
				     "SPI longer than its proposal");
	for (p->n = 0; p->n < n_transforms; p->n++) {
		verdict =
			parse_transform(&r, base, p->n + 1 == n_transforms, &p->v[p->n], ret_fault);
		if (verdict != IKE_OK)
			return verdict;
	}
	if (!reader_done(&r))
		return ike_fault_set(ret_fault, IKE_MALFORMED, base + reader_offset(&r),
				     "more transforms than counted");
	return IKE_OK;
}

int sa_payload_parse(struct bytes body, struct proposal_list *ret_list, struct ike_fault *ret_fault)
{
	struct proposal_list *list = ret_list;
	uint8_t more = PROPOSAL_MORE;
	struct reader r;
	size_t n = 0;

	reader_init(&r, body);
	while (more) {
		size_t at = reader_offset(&r);
		uint8_t number, protocol, spi_len, n_transforms;
		struct bytes inside;
		uint16_t len;
		int verdict;

		more = reader_u8(&r);
		reader_u8(&r); /* reserved */
		len = reader_u16(&r);
		number = reader_u8(&r);
		protocol = reader_u8(&r);
		spi_len = reader_u8(&r);
		n_transforms = reader_u8(&r);
		if (r.failed)
			return ike_fault_set(ret_fault, IKE_MALFORMED, at,
					     "SA payload ends where a proposal should begin");
		if (more && more != PROPOSAL_MORE)
			return ike_fault_set(ret_fault, IKE_MALFORMED, at,
					     "last-substructure octet of a proposal is wrong");
		if (len < PROPOSAL_HEADER_LEN)
			return ike_fault_set(ret_fault, IKE_MALFORMED, at + 2,
					     "proposal length below 8");
		inside = reader_take(&r, len - PROPOSAL_HEADER_LEN);
		if (r.failed)
			return ike_fault_set(ret_fault, IKE_MALFORMED, at + 2,
					     "proposal longer than its SA payload");
		/* 3.3.1: the first is 1, each following one more; an answer repeats the chosen. */
		if (number != n + 1 && (n || more))
			return ike_fault_set(ret_fault, IKE_MALFORMED, at + 4,
					     "proposal number out of order");
		if (n == PROPOSALS_MAX)
			return ike_fault_set(ret_fault, IKE_TOO_MANY, at, "too many proposals");
		list->v[n].number = number;
		list->v[n].protocol = protocol;
		verdict = parse_proposal(inside, at + PROPOSAL_HEADER_LEN, spi_len, n_transforms,
					 &list->v[n], ret_fault);
		if (verdict != IKE_OK)
			return verdict;
		n++;
	}
	if (!reader_done(&r))
		return ike_fault_set(ret_fault, IKE_MALFORMED, reader_offset(&r),
				     "bytes after the last proposal");
	list->n = n;
	return IKE_OK;
}

static void write_proposal(struct writer *w, const struct proposal *p, bool last)
{
	size_t at = w->len;

	writer_u8(w, last ? 0 : PROPOSAL_MORE);
	writer_u8(w, 0);
	writer_u16(w, 0); /* length, set below */
	writer_u8(w, p->number);
	writer_u8(w, p->protocol);
	writer_u8(w, p->spi_len);
	writer_u8(w, (uint8_t)p->n);
	writer_bytes(w, BYTES(p->spi, p->spi_len));
	for (size_t i = 0; i < p->n; i++) {
		const struct transform *t = &p->v[i];

		writer_u8(w, i + 1 == p->n ? 0 : TRANSFORM_MORE);
		writer_u8(w, 0);
		writer_u16(w, TRANSFORM_HEADER_LEN + (t->key_bits ? 4 : 0));
		writer_u8(w, t->type);
		writer_u8(w, 0);
		writer_u16(w, t->id);
		if (t->key_bits) {
			writer_u16(w, IKE_ATTRIBUTE_TV | IKE_ATTRIBUTE_KEY_LENGTH);
			writer_u16(w, t->key_bits);
		}
	}
	writer_patch_u16(w, at + 2, (uint16_t)(w->len - at));
}

void sa_payload_write(struct writer *w, const struct proposal_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		write_proposal(w, &list->v[i], i + 1 == list->n);
}

void sa_payload_write_one(struct writer *w, const struct proposal *p)
{
	write_proposal(w, p, true);
}

/* -------- making and reading -------- */

void proposal_init(struct proposal *p, uint8_t number, uint8_t protocol)
{
	*p = (struct proposal){ .number = number, .protocol = protocol };
}

bool proposal_add(struct proposal *p, uint8_t type, uint16_t id, uint16_t key_bits)
{
	if (p->n == TRANSFORMS_MAX)
		return false;
	p->v[p->n++] = (struct transform){ .type = type, .id = id, .key_bits = key_bits };
	return true;
}

const struct transform *proposal_transform(const struct proposal *p, uint8_t type, size_t nth)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i].type == type && nth-- == 0)
			return &p->v[i];
	}
	return NULL;
}

bool transform_equal(const struct transform *a, const struct transform *b)
{
	return a->type == b->type && a->id == b->id && a->key_bits == b->key_bits &&
	       a->unusable == b->unusable;
}

bool proposal_spi64(const struct proposal *p, uint64_t *ret_spi)
{
	struct reader r;

	if (p->spi_len != IKE_SPI_LEN)
		return false;
	reader_init(&r, BYTES(p->spi, p->spi_len));
	*ret_spi = reader_u64(&r);
	return true;
}

bool proposal_spi32(const struct proposal *p, uint32_t *ret_spi)
{
	struct reader r;

	if (p->spi_len != IKE_ESP_SPI_LEN)
		return false;
	reader_init(&r, BYTES(p->spi, p->spi_len));
	*ret_spi = reader_u32(&r);
	return true;
}

void proposal_set_spi64(struct proposal *p, uint64_t spi)
{
	struct writer w;

	writer_init_fixed(&w, p->spi, sizeof(p->spi));
	writer_u64(&w, spi);
	p->spi_len = (uint8_t)w.len;
}

void proposal_set_spi32(struct proposal *p, uint32_t spi)
{
	struct writer w;

	writer_init_fixed(&w, p->spi, sizeof(p->spi));
	writer_u32(&w, spi);
	p->spi_len = (uint8_t)w.len;
}

const char *proposal_str(const struct proposal *p, char *buf, size_t size)
{
	struct text t;

	text_init(&t, buf, size);
	text_add(&t, "%s:", ike_protocol_name(p->protocol));
	for (size_t i = 0; i < p->n; i++) {
		const struct transform *tr = &p->v[i];

		text_add(&t, "%s%s%s", i ? "/" : "", tr->type == IKE_TRANSFORM_PRF ? "PRF_" : "",
			 ike_transform_name(tr->type, tr->id));
		if (tr->key_bits)
			text_add(&t, "_%u", tr->key_bits);
	}
	return text_end(&t);
}
