/* SPDX-License-Identifier: MIT */
/* An OCSP response as a server or a peer (RFC 4806) sends it. */
#include "fuzz.h"

#include "ikev2/cert/ocsp.h"
#include "pki_der.h"

int fuzz_ocsp(const uint8_t *data, size_t len)
{
	struct status_query query = { .now = { PKI_DER_NOW } };
	struct certificate *root, *moon;
	struct wall_time until = { 0 };
	struct reason why = { "" };
	enum cert_status status;

	FUZZ_CHECK(certificate_parse(BYTES_OF(pki_der_root), &root) == 0);
	FUZZ_CHECK(certificate_parse(BYTES_OF(pki_der_moon), &moon) == 0);
	query.issuer = root;
	query.cert = moon;
	status = ocsp_status(&query, BYTES(data, len), NULL, &until, &why);
	if (status == CERT_STATUS_GOOD)
		FUZZ_CHECK(until.unix_s >= query.now.unix_s - 300 && !why.text[0]);
	if (status == CERT_STATUS_REVOKED)
		FUZZ_CHECK(why.text[0]);
	certificate_unref(moon);
	certificate_unref(root);
	return 0;
}
