/* SPDX-License-Identifier: MIT */
#pragma once
/* OCSP: RFC 6960, and as it is sent in CERT payloads: RFC 4806. Pure. Any thread. */
#include <openssl/ocsp.h>
#include "ikev2/cert/status.h"

/* Longer responses are refused. */
#define OCSP_RESPONSE_MAX (64u << 10)

/* A request about one certificate; with nonce when the answer isn't to be passed on. -ENOMEM, -EIO.
 * ret_der is freed by OPENSSL_free(), ret_request by OCSP_REQUEST_free(). */
int ocsp_request_make(const struct status_query *query, bool nonce, OCSP_REQUEST **ret_request,
		      uint8_t **ret_der, size_t *ret_len);

/*
 * What a response says about the certificate. It must be signed by the issuer or by a responder
 * that the issuer has delegated to (RFC 6960 4.2.2.2), be of this time (3.2), and carry the
 * request's nonce if it carries any (4.4.1); request may be NULL. why gets a clause for the log,
 * but for responses about other certificates. ret_until, if it is GOOD or REVOKED: until when it
 * may be used without asking again; no later than now: one without nextUpdate, a day old at most,
 * or just outdated.
 */
enum cert_status ocsp_status(const struct status_query *query, struct bytes response,
			     OCSP_REQUEST *request, struct wall_time *ret_until,
			     struct reason *why);
