/* SPDX-License-Identifier: MIT */
#include "ikev2/codec/skf.h"

#include "ikev2/codec/builder.h"
#include "ikev2/codec/sk.h"

#define NUMBERS_LEN 4 /* Fragment Number and Total Fragments */

int ike_skf_parse(const struct ike_message *m, struct ike_fragment *ret_fragment,
		  struct ike_fault *ret_fault)
{
	struct ike_fragment f;
	struct reader r;

	if (m->encrypted_type != IKE_PAYLOAD_SKF)
		return ike_fault_set(ret_fault, IKE_IGNORE, 0, "no fragment");
	reader_init(&r, m->encrypted);
	f.number = reader_u16(&r);
	f.total = reader_u16(&r);
	if (r.failed)
		return ike_fault_set(ret_fault, IKE_IGNORE, 0, "fragment too short");
	if (f.number == 0 || f.total == 0 || f.number > f.total)
		return ike_fault_set(ret_fault, IKE_IGNORE, 0, "fragment numbers out of range");
	f.first = f.number == 1 ? m->encrypted_first : IKE_PAYLOAD_NONE;
	*ret_fragment = f;
	return IKE_OK;
}

int ike_skf_open(struct ike_message *m, struct aead_key *key, uint8_t *plain,
		 struct bytes *ret_chunk, struct ike_fault *ret_fault)
{
	if (m->encrypted_type != IKE_PAYLOAD_SKF || m->encrypted.len < NUMBERS_LEN)
		return ike_fault_set(ret_fault, IKE_IGNORE, 0, "no fragment");
	/* The numbers belong to the payload's header, so they are authenticated, and must stay. */
	return ike_sk_open_body(
		m, BYTES(m->encrypted.data + NUMBERS_LEN, m->encrypted.len - NUMBERS_LEN), key,
		plain + NUMBERS_LEN, ret_chunk, ret_fault);
}

size_t ike_skf_chunk_max(const struct crypto_suite *suite, size_t max)
{
	size_t block = crypto_suite_block_len(suite);
	size_t fixed = IKE_HEADER_LEN + IKE_PAYLOAD_HEADER_LEN + NUMBERS_LEN +
		       crypto_suite_iv_len(suite) + crypto_suite_icv_len(suite);
	size_t text = max > fixed ? (max - fixed) / block * block : 0;

	/* One octet says how much padding there is. */
	return text ? text - 1 : 0;
}

int ike_skf_write(struct writer *w, const struct ike_header *header,
		  const struct ike_fragment *fragment, struct bytes chunk, struct aead_key *key)
{
	struct ike_builder b;
	struct bytes message;

	ike_builder_init(&b, w, header);
	ike_builder_encrypt_fragment(&b, key, fragment->number, fragment->total);
	ike_builder_content(&b, fragment->first, chunk);
	return ike_builder_finish(&b, &message);
}
