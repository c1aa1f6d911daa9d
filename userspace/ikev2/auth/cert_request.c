/* SPDX-License-Identifier: MIT */
#include "ikev2/auth/cert_request.h"

#include <stdlib.h>

static void read_hashes(struct cert_request *r, struct bytes data)
{
	struct reader reader;

	reader_init(&reader, data);
	while (reader_left(&reader) >= CERTIFICATE_KEY_HASH_LEN && r->n < CERT_REQUEST_MAX)
		reader_copy(&reader, r->hashes[r->n++], CERTIFICATE_KEY_HASH_LEN);
}

struct cert_request *cert_request_read(const struct ike_message *m)
{
	const struct ike_payload *payload;
	struct cert_request *r;
	struct ike_cert asked;

	if (!ike_message_find(m, IKE_PAYLOAD_CERTREQ, 0))
		return NULL;
	r = calloc(1, sizeof(*r));
	for (size_t i = 0; r && (payload = ike_message_find(m, IKE_PAYLOAD_CERTREQ, i)); i++) {
		if (ike_cert_parse(payload->body, &asked, NULL) != IKE_OK)
			continue;
		if (asked.encoding == IKE_CERT_RAW_PUBLIC_KEY)
			r->raw_public_key = true;
		/* Whichever responders it trusts: ours is what the CA says (RFC 4806 3.1). */
		if (asked.encoding == IKE_CERT_OCSP_CONTENT)
			r->ocsp = true;
		if (asked.encoding != IKE_CERT_X509_SIGNATURE)
			continue;
		r->x509 = true;
		read_hashes(r, asked.data);
	}
	return r;
}

bool cert_request_names(const struct cert_request *r, struct bytes key_hash)
{
	for (size_t i = 0; i < r->n; i++)
		if (bytes_equal(BYTES_OF(r->hashes[i]), key_hash))
			return true;
	return false;
}

bool cert_request_wanted(const struct trust_store *trust, const struct auth_conf *remote)
{
	return (remote && remote->n_cacerts) || (trust && trust_store_count(trust, TRUST_ANCHOR));
}

void cert_request_write(struct writer *w, const struct trust_store *trust,
			const struct auth_conf *remote, size_t most)
{
	size_t n_named = remote ? remote->n_cacerts : 0;
	size_t n = n_named ? n_named : trust_store_count(trust, TRUST_ANCHOR);

	ike_cert_write(w, IKE_CERT_X509_SIGNATURE, BYTES_NONE);
	for (size_t i = 0; n <= most && i < n; i++)
		writer_bytes(w, certificate_key_hash(
					n_named ? remote->cacerts[i]
						: trust_store_get(trust, TRUST_ANCHOR, i)));
}

void cert_request_write_ocsp(struct writer *w)
{
	ike_cert_write(w, IKE_CERT_OCSP_CONTENT, BYTES_NONE);
}
