/* SPDX-License-Identifier: MIT */
#include "ikev2/cert/ocsp.h"

#include <errno.h>
#include <string.h>
#include <openssl/x509_vfy.h>

#include "ikev2/cert/strength.h"
#include "ikev2/cert/x509_private.h"

#define SINGLES_MAX 64
/* Clocks differ: seconds that a response may come from the future, or be outdated. */
#define CLOCK_SKEW 300
/* Without nextUpdate newer information is always to be had (RFC 6960 4.2.2.1): seconds that we go
 * by the old one when nobody gives us that. */
#define MAX_AGE 86400

/* -------- requests -------- */

int ocsp_request_make(const struct status_query *query, bool nonce, OCSP_REQUEST **ret_request,
		      uint8_t **ret_der, size_t *ret_len)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	unsigned char *der = NULL;
	OPENSSL_SCOPE;
	OCSP_CERTID *id;
	int len;

	/* SHA-1 names the certificate here, no more: RFC 5019 2.1.1 has every responder know it. */
	id = OCSP_cert_to_id(EVP_sha1(), certificate_x509(query->cert),
			     certificate_x509(query->issuer));
	if (!request || !id || !OCSP_request_add0_id(request, id)) {
		OCSP_CERTID_free(id);
		OCSP_REQUEST_free(request);
		return -ENOMEM;
	}
	if (nonce && !OCSP_request_add1_nonce(request, NULL, -1)) {
		OCSP_REQUEST_free(request);
		return -EIO;
	}
	len = i2d_OCSP_REQUEST(request, &der);
	if (len <= 0) {
		OCSP_REQUEST_free(request);
		return -ENOMEM;
	}
	*ret_request = request;
	*ret_der = der;
	*ret_len = (size_t)len;
	return 0;
}

/* -------- responses -------- */

static const char *server(const struct status_query *query)
{
	return certificate_subject_str(query->issuer);
}

/* The part about this certificate, whatever hash its CertID is made with. */
static OCSP_SINGLERESP *find_single(const struct status_query *query, OCSP_BASICRESP *basic)
{
	int n = OCSP_resp_count(basic);

	for (int i = 0; i < n && i < SINGLES_MAX; i++) {
		OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
		const OCSP_CERTID *id = OCSP_SINGLERESP_get0_id(single);
		ASN1_OBJECT *digest;
		const EVP_MD *md;
		OCSP_CERTID *own;
		int differs;

		OCSP_id_get0_info(NULL, &digest, NULL, NULL, (OCSP_CERTID *)id);
		md = EVP_get_digestbyobj(digest);
		own = md ? OCSP_cert_to_id(md, certificate_x509(query->cert),
					   certificate_x509(query->issuer))
			 : NULL;
		differs = own ? OCSP_id_cmp(id, own) : 1;
		OCSP_CERTID_free(own);
		if (!differs)
			return single;
	}
	return NULL;
}

/* RFC 6960 4.2.2.2: the issuer itself, or who it certified for that; OpenSSL knows the rules. */
static bool verify_signer(const struct status_query *query, OCSP_BASICRESP *basic)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	X509_STORE *store = X509_STORE_new();
	bool ok = false;

	if (certs && store && sk_X509_push(certs, certificate_x509(query->issuer)) > 0 &&
	    X509_STORE_add_cert(store, certificate_x509(query->issuer))) {
		X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
		X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)query->now.unix_s);
		ok = OCSP_basic_verify(basic, certs, store, OCSP_NOEXPLICIT) == 1;
	}
	X509_STORE_free(store);
	sk_X509_free(certs);
	return ok;
}

/* Of the response, of its signer, and, if the CA delegated, of how the CA did that. */
static const char *weakness(const struct status_query *query, OCSP_BASICRESP *basic, char *buf,
			    size_t size)
{
	X509 *issuer = certificate_x509(query->issuer), *signer = NULL;
	STACK_OF(X509) *certs = sk_X509_new_null();
	const X509_ALGOR *delegation;
	const char *weak;

	if (certs && sk_X509_push(certs, issuer) > 0)
		OCSP_resp_get0_signer(basic, &signer, certs);
	sk_X509_free(certs);
	if (!signer)
		return "can't be told";
	weak = strength_of_key(X509_get0_pubkey(signer), NULL, buf, size);
	if (!weak)
		weak = strength_of_algorithm(OCSP_resp_get0_tbs_sigalg(basic), query->allow_sha1);
	if (weak || X509_cmp(signer, issuer) == 0)
		return weak;
	X509_get0_signature(NULL, &delegation, signer);
	return strength_of_algorithm(delegation, query->allow_sha1);
}

/* 3.2, 4.2.2.1 */
static bool check_time(const struct status_query *query, const ASN1_GENERALIZEDTIME *this_update,
		       const ASN1_GENERALIZEDTIME *next_update, struct wall_time *ret_until,
		       struct reason *why)
{
	struct wall_time since, until;
	char text[WALL_TIME_STRLEN];

	if (asn1_time_read(this_update, &since) < 0 ||
	    (next_update && asn1_time_read(next_update, &until) < 0)) {
		reason_append(why, "the OCSP response has a malformed date");
		return false;
	}
	if (wall_time_before(wall_time_add(query->now, CLOCK_SKEW), since)) {
		reason_append(why, "the OCSP response is not valid before %s",
			      wall_time_str(since, text));
		return false;
	}
	if (!next_update)
		until = wall_time_add(since, MAX_AGE);
	if (wall_time_before(wall_time_add(until, CLOCK_SKEW), query->now)) {
		reason_append(why, "the OCSP response expired at %s", wall_time_str(until, text));
		return false;
	}
	/* What has no end is asked for again at once. */
	*ret_until = next_update ? until : query->now;
	return true;
}

static enum cert_status single_status(const struct status_query *query, OCSP_SINGLERESP *single,
				      struct wall_time *ret_until, struct reason *why)
{
	ASN1_GENERALIZEDTIME *revoked_at, *this_update, *next_update;
	struct wall_time at = { 0 };
	char text[WALL_TIME_STRLEN];
	int code, status;

	status = OCSP_single_get0_status(single, &code, &revoked_at, &this_update, &next_update);
	if (!check_time(query, this_update, next_update, ret_until, why))
		return CERT_STATUS_UNKNOWN;
	switch (status) {
	case V_OCSP_CERTSTATUS_GOOD:
		return CERT_STATUS_GOOD;
	case V_OCSP_CERTSTATUS_REVOKED:
		asn1_time_read(revoked_at, &at);
		reason_append(why, "revoked at %s (%s) by OCSP for '%s'", wall_time_str(at, text),
			      code >= 0 ? OCSP_crl_reason_str(code) : "unspecified", server(query));
		return CERT_STATUS_REVOKED;
	}
	reason_append(why, "the OCSP responder of '%s' does not know it", server(query));
	return CERT_STATUS_UNKNOWN;
}

static enum cert_status basic_status(const struct status_query *query, OCSP_BASICRESP *basic,
				     OCSP_REQUEST *request, struct wall_time *ret_until,
				     struct reason *why)
{
	OCSP_SINGLERESP *single = find_single(query, basic);
	const char *weak;
	char buf[80];

	if (!single) {
		/* Asked for, or sent along for another certificate of the chain? */
		if (request)
			reason_append(why, "the OCSP response is about other certificates");
		return CERT_STATUS_UNKNOWN;
	}
	/* -1: no nonce in the response, as from those who prepare them (4.4.1) */
	if (request && OCSP_check_nonce(request, basic) == 0) {
		reason_append(why, "the OCSP response has another nonce than the request");
		return CERT_STATUS_UNKNOWN;
	}
	if (!verify_signer(query, basic)) {
		reason_append(why,
			      "the OCSP response is not signed by '%s' or by whom it delegated to",
			      server(query));
		return CERT_STATUS_UNKNOWN;
	}
	weak = weakness(query, basic, buf, sizeof(buf));
	if (weak) {
		reason_append(why, "the OCSP response or its signer %s", weak);
		return CERT_STATUS_UNKNOWN;
	}
	return single_status(query, single, ret_until, why);
}

enum cert_status ocsp_status(const struct status_query *query, struct bytes response,
			     OCSP_REQUEST *request, struct wall_time *ret_until, struct reason *why)
{
	enum cert_status status = CERT_STATUS_UNKNOWN;
	const unsigned char *pos = response.data;
	OCSP_BASICRESP *basic = NULL;
	OCSP_RESPONSE *outer;
	OPENSSL_SCOPE;

	if (response.len > OCSP_RESPONSE_MAX) {
		reason_append(why, "the OCSP response is too long");
		return CERT_STATUS_UNKNOWN;
	}
	outer = d2i_OCSP_RESPONSE(NULL, &pos, (long)response.len);
	if (!outer || pos != response.data + response.len)
		reason_append(why, "the OCSP response is malformed");
	else if (OCSP_response_status(outer) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		reason_append(why, "the OCSP responder answered %s",
			      OCSP_response_status_str(OCSP_response_status(outer)));
	else if (!(basic = OCSP_response_get1_basic(outer)))
		reason_append(why, "the OCSP response is malformed");
	else
		status = basic_status(query, basic, request, ret_until, why);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(outer);
	return status;
}
