/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * CERTREQ (RFC 7296 3.7, RFC 4945 3.2.6, 3.2.7.1): which CAs' certificates a side would like to
 * see.
 */
#include "ikev2/codec/message.h"
#include "ikev2/cert/trust_store.h"
#include "ikev2/policy/auth_conf.h"

/* CAs of a peer that are kept; which further ones it knows doesn't matter that much. */
#define CERT_REQUEST_MAX 64

/* What a peer has asked for. */
struct cert_request {
	bool x509;	     /* certificates, of the CAs below, or any (n is 0) */
	bool raw_public_key; /* RFC 7670 */
	bool ocsp;           /* an OCSP response for our certificate, RFC 4806 */
	size_t n;
	uint8_t hashes[CERT_REQUEST_MAX][CERTIFICATE_KEY_HASH_LEN];
};

/* From the CERTREQ payloads of a message; NULL: there are none, or no memory. free() it. */
struct cert_request *cert_request_read(const struct ike_message *m);

/* Does it name the CA with this key hash? */
bool cert_request_names(const struct cert_request *r, struct bytes key_hash);

/*
 * The body of a CERTREQ that asks for certificates of all CAs in trust, or of those that remote (may
 * be NULL) names: encoding and hashes. Of more than most CAs none is named, which means any. False:
 * we know no CA, so there is nothing to ask for; nothing is written.
 */
bool cert_request_wanted(const struct trust_store *trust, const struct auth_conf *remote);
void cert_request_write(struct writer *w, const struct trust_store *trust,
			const struct auth_conf *remote, size_t most);
/*
 * The body of a CERTREQ that asks for an OCSP response (RFC 4806 3.1). It names no responder: we
 * trust none but the CA and whom that delegates to.
 */
void cert_request_write_ocsp(struct writer *w);
