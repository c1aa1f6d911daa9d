/* SPDX-License-Identifier: MIT */
/* A CRL as a server or a peer sends it, and what it says about a certificate. */
#include "fuzz.h"

#include "ikev2/cert/crl.h"
#include "pki_der.h"

int fuzz_crl(const uint8_t *data, size_t len)
{
	struct status_query query = { .now = { PKI_DER_NOW } };
	struct reason why = { "" };
	struct certificate *root, *moon;
	struct wall_time until;
	enum cert_status status;
	STACK_OF(X509_CRL) * crls;
	X509_CRL *crl;

	if (crl_parse(BYTES(data, len), &crl) < 0)
		return 0;
	FUZZ_CHECK(certificate_parse(BYTES_OF(pki_der_root), &root) == 0);
	FUZZ_CHECK(certificate_parse(BYTES_OF(pki_der_moon), &moon) == 0);
	query.issuer = root;
	query.cert = moon;
	crls = sk_X509_CRL_new_null();
	sk_X509_CRL_push(crls, crl);
	status = crl_status(&query, crls, &why);
	/* What counts is signed by the CA, of this time and strong. */
	if (status == CERT_STATUS_GOOD)
		FUZZ_CHECK(crl_check(&query, crl, &until, &why) == 0);
	if (status == CERT_STATUS_REVOKED)
		FUZZ_CHECK(why.text[0]);
	sk_X509_CRL_pop_free(crls, X509_CRL_free);
	certificate_unref(moon);
	certificate_unref(root);
	return 0;
}
