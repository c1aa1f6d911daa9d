/* SPDX-License-Identifier: MIT */
#pragma once
/* A CA, a certificate, and a server of CRLs and OCSP responses: for tests of revocation. */
#include <sys/socket.h>

#include "checking.h"
#include "httpd.h"

/*
 * Root -> moon, which names an HTTP server for CRLs and OCSP according to the test. The server's
 * routes: /ca.crl, /ocsp, /delta.crl and what a test adds.
 */
FIXTURE(revocation)
{
	struct pki_cert *root, *moon;
	struct trust_store_builder *builder;
	struct trust_store *store;
	struct revocation *revocation;
	struct cert_check *check;
	struct httpd httpd;
	struct pki_ocsp_spec ocsp;
	char url[4][128];
	uint8_t crl[PKI_CRL_SIZE], delta[PKI_CRL_SIZE];
};

enum { CRL_URL, OCSP_URL, DELTA_URL, OTHER_URL };
enum { CRL_ROUTE, OCSP_ROUTE, DELTA_ROUTE, OTHER_ROUTE };

#define LIMITS                                                                                     \
	{                                                                                          \
		.connect_timeout = DURATION_S(20), .timeout = DURATION_S(20),                      \
		.negative_ttl = DURATION_S(60), .max_bytes = 32 << 10, .cache_entries = 100,       \
		.cache_bytes = 1 << 20,                                                            \
	}

static inline struct bytes answer_ocsp(struct bytes request, void *data, void *buf)
{
	struct pki_ocsp_spec spec = *(const struct pki_ocsp_spec *)data;

	if (!spec.wrong_nonce)
		spec.request = request;
	return pki_ocsp(&spec, buf);
}

FIXTURE_SETUP(revocation)
{
	struct revocation_limits limits = LIMITS;

	ASSERT_EQ(0, httpd_start(&self->httpd));
	snprintf(self->url[CRL_URL], 128, "URI:http://127.0.0.1:%d/ca.crl", self->httpd.port);
	snprintf(self->url[OCSP_URL], 128, "OCSP;URI:http://127.0.0.1:%d/ocsp", self->httpd.port);
	snprintf(self->url[DELTA_URL], 128, "URI:http://127.0.0.1:%d/delta.crl", self->httpd.port);
	snprintf(self->url[OTHER_URL], 128, "URI:http://127.0.0.1:%d/other", self->httpd.port);
	self->httpd.routes[DELTA_ROUTE].path = "/delta.crl";
	self->httpd.routes[OTHER_ROUTE].path = "/other";
	self->httpd.routes[OCSP_ROUTE] =
		(struct httpd_route){ .path = "/ocsp", .answer = answer_ocsp, .data = &self->ocsp };
	self->root = pki_issue(NULL, &(struct pki_spec){ .subject = "CN=Root", PKI_CA });
	self->httpd.routes[CRL_ROUTE] = (struct httpd_route){
		.path = "/ca.crl",
		.body = pki_crl(self->root, &(struct pki_crl_spec){ .number = 1 }, self->crl),
	};
	ASSERT_EQ(0, revocation_new(&limits, &self->revocation));
	ASSERT_EQ(0, trust_store_builder_new(&self->builder));
	ASSERT_EQ(0, trust_store_add(self->builder, TRUST_ANCHOR, self->root->der, NULL, NULL));
}

FIXTURE_TEARDOWN(revocation)
{
	cert_check_free(self->check);
	trust_store_unref(self->store);
	trust_store_builder_free(self->builder);
	revocation_free(self->revocation);
	pki_free(self->moon);
	pki_free(self->root);
	httpd_stop(&self->httpd);
	EXPECT_NO_LEAKS();
}

typedef FIXTURE_DATA(revocation) fixture;

/* moon with these sources; what OCSP says about it is good. */
static inline void issue(fixture *self, const char *cdp, const char *aia)
{
	self->moon = pki_issue(self->root,
			       &(struct pki_spec){ .subject = "CN=moon", .cdp = cdp, .aia = aia });
	self->ocsp = (struct pki_ocsp_spec){
		.cert = self->moon, .issuer = self->root, .signer = self->root, .next_update = 3600
	};
}

static inline int check(fixture *self, enum revocation_policy policy)
{
	struct cert_check_conf conf = { .revocation = self->revocation, .policy = policy };

	if (!self->store && trust_store_build(self->builder, &self->store) < 0)
		abort();
	conf.store = self->store;
	cert_check_free(self->check);
	self->check = check_of(&conf, self->moon, NULL);
	return run(self->check);
}

static inline bool says(fixture *self, const char *text)
{
	return strstr(self->check->reason, text) != NULL;
}

static inline void add_crl(fixture *self, const struct pki_crl_spec *spec)
{
	uint8_t buf[PKI_CRL_SIZE];

	if (trust_store_add_crl(self->builder, pki_crl(self->root, spec, buf), NULL, NULL) < 0)
		abort();
}

static inline unsigned hits(fixture *self, unsigned route)
{
	return __atomic_load_n(&self->httpd.routes[route].hits, __ATOMIC_RELAXED);
}
