/* SPDX-License-Identifier: MIT */
#include "ikev2/codec/builder.h"

#include <errno.h>

#define NEXT_PAYLOAD_AT 16 /* 3.1: offsets in the IKE header */
#define LENGTH_AT       24

/* Offset of the first octet that is encrypted. */
static size_t text_at(const struct ike_builder *b)
{
	return b->iv_at + crypto_suite_iv_len(aead_key_suite(b->key));
}

void ike_builder_init(struct ike_builder *b, struct writer *w, const struct ike_header *header)
{
	*b = (struct ike_builder){
		.w = w,
		.message_at = w->len,
		.next_at = w->len + NEXT_PAYLOAD_AT,
	};
	writer_u64(w, header->spi_i);
	writer_u64(w, header->spi_r);
	writer_u8(w, IKE_PAYLOAD_NONE);
	writer_u8(w, IKE_VERSION);
	writer_u8(w, header->exchange);
	writer_u8(w, header->flags);
	writer_u32(w, header->message_id);
	writer_u32(w, 0);
}

static void set_payload_len(struct ike_builder *b, size_t at)
{
	size_t len = b->w->len - at;

	if (len > UINT16_MAX && !b->w->err)
		b->w->err = -EMSGSIZE;
	writer_patch_u16(b->w, at + 2, (uint16_t)len);
}

static void close_payload(struct ike_builder *b)
{
	if (b->payload_at)
		set_payload_len(b, b->payload_at);
	b->payload_at = 0;
}

/* Generic header; the length comes when it is known. Returns where it begins. */
static size_t add_header(struct ike_builder *b, uint8_t type)
{
	size_t at;

	close_payload(b);
	at = b->w->len;
	writer_patch_u8(b->w, b->next_at, type);
	b->next_at = at;
	writer_u8(b->w, IKE_PAYLOAD_NONE);
	writer_u8(b->w, 0); /* critical bit and reserved: 2.5 */
	writer_u16(b->w, 0);
	return at;
}

struct writer *ike_builder_payload(struct ike_builder *b, uint8_t type)
{
	b->payload_at = add_header(b, type);
	return b->w;
}

void ike_builder_notify(struct ike_builder *b, uint16_t type, struct bytes data)
{
	ike_notify_write(ike_builder_payload(b, IKE_PAYLOAD_N),
			 &(struct ike_notify){ .type = type, .data = data });
}

static void begin_text(struct ike_builder *b, struct aead_key *key)
{
	b->key = key;
	b->iv_at = b->w->len;
	writer_zeros(b->w, crypto_suite_iv_len(aead_key_suite(key)));
}

void ike_builder_encrypt(struct ike_builder *b, struct aead_key *key)
{
	/* Its Next Payload octet is where the type of the first inner payload goes (3.14). */
	b->sk_at = add_header(b, IKE_PAYLOAD_SK);
	begin_text(b, key);
}

void ike_builder_encrypt_fragment(struct ike_builder *b, struct aead_key *key, uint16_t number,
				  uint16_t total)
{
	b->sk_at = add_header(b, IKE_PAYLOAD_SKF);
	writer_u16(b->w, number);
	writer_u16(b->w, total);
	begin_text(b, key);
}

void ike_builder_content(struct ike_builder *b, uint8_t first, struct bytes content)
{
	writer_patch_u8(b->w, b->next_at, first);
	writer_bytes(b->w, content);
}

/* How many octets of padding the text takes, without the one that counts them (3.14). */
static size_t padding(const struct ike_builder *b)
{
	size_t block = crypto_suite_block_len(aead_key_suite(b->key));
	size_t used = b->w->len - text_at(b) + 1;

	return (block - used % block) % block;
}

size_t ike_builder_len(struct ike_builder *b)
{
	size_t len;

	close_payload(b);
	len = b->w->len - b->message_at;
	if (b->key && !b->w->err)
		len += padding(b) + 1 + crypto_suite_icv_len(aead_key_suite(b->key));
	return len;
}

int ike_builder_inner(struct ike_builder *b, uint8_t *ret_first, struct bytes *ret_content)
{
	close_payload(b);
	if (b->w->err)
		return b->w->err;
	*ret_first = b->w->data[b->sk_at];
	*ret_content = BYTES(b->w->data + text_at(b), b->w->len - text_at(b));
	return 0;
}

/* Padding, its length, and room for the ICV (3.14). Returns the length of the text with padding. */
static size_t add_trailer(struct ike_builder *b)
{
	const struct crypto_suite *suite = aead_key_suite(b->key);
	size_t used = b->w->len - text_at(b) + 1;
	size_t pad = padding(b);

	writer_zeros(b->w, pad);
	writer_u8(b->w, (uint8_t)pad);
	writer_zeros(b->w, crypto_suite_icv_len(suite));
	return used + pad;
}

static int seal(struct ike_builder *b, size_t text_len)
{
	uint8_t *data = b->w->data;
	uint8_t *text = data + text_at(b);

	return aead_seal(b->key, BYTES(data + b->message_at, b->iv_at - b->message_at), text,
			 text_len, data + b->iv_at, text + text_len);
}

int ike_builder_finish(struct ike_builder *b, struct bytes *ret_message)
{
	struct writer *w = b->w;
	size_t text_len = 0, len;
	int err;

	close_payload(b);
	if (b->key && !w->err) {
		text_len = add_trailer(b);
		set_payload_len(b, b->sk_at);
	}
	len = w->len - b->message_at;
	if (len > IKE_MESSAGE_MAX && !w->err)
		w->err = -EMSGSIZE;
	writer_patch_u32(w, b->message_at + LENGTH_AT, (uint32_t)len);
	if (w->err)
		return w->err;
	if (b->key) {
		err = seal(b, text_len);
		if (err) {
			w->err = err;
			return err;
		}
	}
	*ret_message = BYTES(w->data + b->message_at, len);
	return 0;
}
