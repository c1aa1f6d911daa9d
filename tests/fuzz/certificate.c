/* SPDX-License-Identifier: MIT */
/* A certificate as it comes in a CERT payload: whatever can be read must be consistent. */
#include "fuzz.h"

#include <string.h>

#include "ikev2/cert/certificate.h"
#include "ikev2/cert/dn.h"
#include "ikev2/cert/sources.h"
#include "ikev2/cert/trust_store.h"

static void check_text(const char *text)
{
	for (; *text; text++)
		FUZZ_CHECK((unsigned char)*text >= ' ' && *text != 0x7f);
}

static void check_names(struct certificate *cert)
{
	char text[DN_STRLEN];

	for (size_t i = 0; i < certificate_n_names(cert); i++) {
		struct certificate_name name = certificate_name(cert, i);

		FUZZ_CHECK(certificate_has_id(cert, name.id_type, name.data));
		FUZZ_CHECK(certificate_match_id(cert, name.id_type, name.data) > 0);
		check_text(certificate_id_str(name.id_type, name.data, text, sizeof(text)));
	}
	check_text(certificate_names_str(cert, text, sizeof(text)));
	check_text(certificate_names_str(cert, text, 20));
	check_text(certificate_subject_str(cert));
	check_text(certificate_issuer_str(cert));
}

static void check_sources(const struct certificate *cert)
{
	struct status_query query = { .cert = cert, .issuer = cert };
	struct trust_store_builder *builder;
	struct sources sources = { .n = 0 };
	struct trust_store *store;

	FUZZ_CHECK(trust_store_builder_new(&builder) == 0);
	FUZZ_CHECK(trust_store_build(builder, &store) == 0);
	sources_ocsp(&sources, store, &query);
	sources_crl(&sources, store, &query);
	sources_delta(&sources, &query, NULL);
	FUZZ_CHECK(sources.n <= SOURCES_MAX);
	for (size_t i = 0; i < sources.n; i++)
		check_text(sources.v[i]);
	trust_store_unref(store);
	trust_store_builder_free(builder);
}

int fuzz_certificate(const uint8_t *data, size_t len)
{
	struct certificate *cert;

	if (certificate_parse(BYTES(data, len), &cert) < 0)
		return 0;
	FUZZ_CHECK(bytes_equal(certificate_der(cert), BYTES(data, len)));
	FUZZ_CHECK(certificate_public_key(cert));
	FUZZ_CHECK(certificate_equal(cert, cert));
	check_names(cert);
	check_sources(cert);
	certificate_unref(cert);
	return 0;
}
