/* SPDX-License-Identifier: MIT */
#pragma once
/* Where a certificate (RFC 5280 4.2.1.13, 4.2.1.15, 4.2.2.1) and the store say that its revocation
 * information lies. */
#include <openssl/types.h>
#include "ikev2/cert/status.h"
#include "ikev2/cert/trust_store.h"

/* Of one kind for one certificate; more aren't asked. */
#define SOURCES_MAX 4
#define SOURCE_LEN  1024

struct sources {
	size_t n;
	char v[SOURCES_MAX][SOURCE_LEN]; /* http and https alone */
};

/* authorityInfoAccess with OCSP, then the store's. */
void sources_ocsp(struct sources *sources, struct trust_store *store,
		  const struct status_query *query);
/* cRLDistributionPoints, then the store's. */
void sources_crl(struct sources *sources, struct trust_store *store,
		 const struct status_query *query);
/* freshestCRL of the certificate and of a complete CRL (may be NULL): where deltas are. */
void sources_delta(struct sources *sources, const struct status_query *query, const X509_CRL *crl);
