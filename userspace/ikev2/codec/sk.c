/* SPDX-License-Identifier: MIT */
#include "ikev2/codec/sk.h"

#include <errno.h>

int ike_sk_open_body(struct ike_message *m, struct bytes sealed, struct aead_key *key,
		     uint8_t *plain, struct bytes *ret_content, struct ike_fault *ret_fault)
{
	const struct crypto_suite *suite = aead_key_suite(key);
	size_t iv_len = crypto_suite_iv_len(suite), icv_len = crypto_suite_icv_len(suite);
	uint8_t iv[CRYPTO_IV_MAX];
	struct bytes aad, icv;
	size_t len;
	int err;

	if (m->opened)
		return ike_fault_set(ret_fault, IKE_IGNORE, 0, "encrypted payload opened before");
	if (sealed.len < iv_len + 1 + icv_len)
		return ike_fault_set(ret_fault, IKE_IGNORE, 0, "encrypted payload too short");

	len = sealed.len - iv_len - icv_len;
	icv = BYTES(sealed.data + iv_len + len, icv_len);
	/* RFC 5282 5.1; for encrypt-then-MAC the same bytes, and aead_open() adds the rest. */
	aad = BYTES(m->raw.data, (size_t)(sealed.data - m->raw.data));
	/* In place, the text moves to where the IV stood. */
	memcpy(iv, sealed.data, iv_len);
	memmove(plain, sealed.data + iv_len, len);

	err = aead_open(key, aad, BYTES(iv, iv_len), plain, len, icv);
	if (err == -EBADMSG)
		return ike_fault_set(ret_fault, IKE_IGNORE, 0, "integrity check failed");
	if (err)
		return err;
	m->opened = true;

	/* 3.14: the last octet counts the padding before it, whose values mean nothing. */
	if (plain[len - 1] > len - 1)
		return ike_fault_set(ret_fault, IKE_MALFORMED, len - 1,
				     "padding longer than the encrypted content");
	*ret_content = BYTES(plain, len - 1 - plain[len - 1]);
	return IKE_OK;
}

int ike_sk_open(struct ike_message *m, struct aead_key *key, uint8_t *plain,
		struct ike_fault *ret_fault)
{
	struct bytes content;
	int verdict;

	if (m->encrypted_type != IKE_PAYLOAD_SK)
		return ike_fault_set(ret_fault, IKE_IGNORE, 0, "no encrypted payload");
	verdict = ike_sk_open_body(m, m->encrypted, key, plain, &content, ret_fault);
	return verdict ? verdict : ike_message_append_inner(m, content, ret_fault);
}
