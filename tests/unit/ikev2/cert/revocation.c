/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

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

static struct bytes answer_ocsp(struct bytes request, void *data, void *buf)
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
static void issue(fixture *self, const char *cdp, const char *aia)
{
	self->moon = pki_issue(self->root,
			       &(struct pki_spec){ .subject = "CN=moon", .cdp = cdp, .aia = aia });
	self->ocsp = (struct pki_ocsp_spec){
		.cert = self->moon, .issuer = self->root, .signer = self->root, .next_update = 3600
	};
}

static int check(fixture *self, enum revocation_policy policy)
{
	struct cert_check_conf conf = { .revocation = self->revocation, .policy = policy };

	if (!self->store && trust_store_build(self->builder, &self->store) < 0)
		abort();
	conf.store = self->store;
	cert_check_free(self->check);
	self->check = check_of(&conf, self->moon, NULL);
	return run(self->check);
}

static bool says(fixture *self, const char *text)
{
	return strstr(self->check->reason, text) != NULL;
}

static void add_crl(fixture *self, const struct pki_crl_spec *spec)
{
	uint8_t buf[PKI_CRL_SIZE];

	if (trust_store_add_crl(self->builder, pki_crl(self->root, spec, buf), NULL, NULL) < 0)
		abort();
}

static unsigned hits(fixture *self, unsigned route)
{
	return __atomic_load_n(&self->httpd.routes[route].hits, __ATOMIC_RELAXED);
}

/* -------- policies -------- */

TEST_F(revocation, without_any_source_only_strict_refuses)
{
	issue(self, NULL, NULL);
	EXPECT_EQ(0, check(self, REVOCATION_RELAXED));
	EXPECT_TRUE(says(self, "'CN=moon' is revoked is not known"));
	EXPECT_EQ(0, check(self, REVOCATION_IFURI));
	EXPECT_TRUE(says(self, "not known"));
	EXPECT_EQ(-EKEYREVOKED, check(self, REVOCATION_STRICT));
	EXPECT_TRUE(says(self, "revocation = strict"));
	EXPECT_EQ(NULL, self->check->public_key);
}

TEST_F(revocation, a_source_that_fails_is_for_relaxed_alone)
{
	issue(self, "URI:http://127.0.0.1:1/none.crl", NULL);
	EXPECT_EQ(0, check(self, REVOCATION_RELAXED));
	EXPECT_TRUE(says(self, "http://127.0.0.1:1/none.crl"));
	EXPECT_EQ(-EKEYREVOKED, check(self, REVOCATION_IFURI));
	EXPECT_TRUE(says(self, "revocation = ifuri"));
	EXPECT_EQ(-EKEYREVOKED, check(self, REVOCATION_STRICT));
}

TEST_F(revocation, policies_have_names)
{
	enum revocation_policy policy;

	for (int i = REVOCATION_RELAXED; i <= REVOCATION_STRICT; i++) {
		ASSERT_EQ(0, revocation_policy_parse(revocation_policy_name(i), &policy));
		EXPECT_EQ(i, policy);
	}
	EXPECT_EQ(-EINVAL, revocation_policy_parse("Strict", &policy));
}

/* -------- CRLs of files -------- */

TEST_F(revocation, crl_of_a_file_says_good_or_revoked)
{
	issue(self, NULL, NULL);
	add_crl(self, &(struct pki_crl_spec){ .number = 1 });
	EXPECT_EQ(0, check(self, REVOCATION_STRICT));
	EXPECT_STREQ("", self->check->reason);
	self->store = trust_store_unref(self->store);

	ASSERT_EQ(0, trust_store_add(self->builder, TRUST_ANCHOR, self->root->der, NULL, NULL));
	add_crl(self, &(struct pki_crl_spec){ .revoked = { self->moon }, .number = 2 });
	for (int policy = REVOCATION_RELAXED; policy <= REVOCATION_STRICT; policy++) {
		EXPECT_EQ(-EKEYREVOKED, check(self, policy));
		EXPECT_TRUE(says(self, "certificate 'CN=moon' is revoked: revoked at 20"));
		EXPECT_TRUE(says(self, "(key compromise) by the CRL of 'CN=Root'"));
	}
}

/* RFC 5280 6.3; RFC 4945 5.1.3.13, 5.2.2.4.1 */
TEST_F(revocation, crls_that_do_not_count)
{
	static const struct {
		const char *name, *reason;
		struct pki_crl_spec spec;
	} cases[] = {
		{ "stale", "expired at", { .this_update = -7200, .next_update = -60 } },
		{ "of the future", "not yet valid", { .this_update = 60, .next_update = 7200 } },
		{ "bad signature", "signature", { .corrupt = true } },
		{ "of another point", "scope", { .idp = "fullname:URI:http://elsewhere/x.crl" } },
		{ "for CAs alone", "scope", { .idp = "onlyCA:TRUE" } },
		{ "a delta alone", "CRL", { .base = 1 } },
	};

	issue(self, NULL, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		add_crl(self, &cases[i].spec);
		EXPECT_EQ(-EKEYREVOKED, check(self, REVOCATION_STRICT)) TH_LOG("%s", cases[i].name);
		EXPECT_TRUE(says(self, cases[i].reason))
		TH_LOG("%s: %s", cases[i].name, self->check->reason);
		EXPECT_TRUE(says(self, "is not known")) TH_LOG("%s", cases[i].name);
		EXPECT_EQ(0, check(self, REVOCATION_RELAXED)) TH_LOG("%s", cases[i].name);
		self->store = trust_store_unref(self->store);
		ASSERT_EQ(0, trust_store_add(self->builder, TRUST_ANCHOR, self->root->der, NULL,
					     NULL));
	}
}

TEST_F(revocation, what_a_stale_crl_revokes_stays_revoked)
{
	issue(self, NULL, NULL);
	add_crl(self, &(struct pki_crl_spec){ .revoked = { self->moon },
					      .this_update = -7200,
					      .next_update = -60 });
	EXPECT_EQ(-EKEYREVOKED, check(self, REVOCATION_RELAXED));
	EXPECT_TRUE(says(self, "key compromise")) TH_LOG("%s", self->check->reason);
}

TEST_F(revocation, crl_of_another_ca_says_nothing)
{
	struct pki_cert *other =
		pki_issue(NULL, &(struct pki_spec){ .subject = "CN=Root", PKI_CA });
	uint8_t buf[PKI_CRL_SIZE];
	struct bytes crl;

	issue(self, NULL, NULL);
	crl = pki_crl(other, &(struct pki_crl_spec){ .revoked = { self->moon } }, buf);
	ASSERT_EQ(0, trust_store_add_crl(self->builder, crl, NULL, NULL));
	EXPECT_EQ(0, check(self, REVOCATION_RELAXED));
	EXPECT_EQ(-EKEYREVOKED, check(self, REVOCATION_STRICT));
	EXPECT_TRUE(says(self, "not known"));
	pki_free(other);
}

TEST_F(revocation, weakly_signed_crl_counts_only_where_sha1_is_allowed)
{
	struct cert_check_conf conf = { .policy = REVOCATION_STRICT };

	issue(self, NULL, NULL);
	add_crl(self, &(struct pki_crl_spec){ .md = EVP_sha1() });
	EXPECT_EQ(-EKEYREVOKED, check(self, REVOCATION_STRICT));
	EXPECT_TRUE(says(self, "is signed with SHA-1"));
	conf.store = self->store;
	conf.strength.allow_sha1 = true;
	cert_check_free(self->check);
	self->check = check_of(&conf, self->moon, NULL);
	EXPECT_EQ(0, run(self->check));
}

TEST_F(revocation, a_revoked_intermediate_revokes_what_is_below)
{
	struct pki_cert *sub =
		pki_issue(self->root, &(struct pki_spec){ .subject = "CN=Sub", PKI_CA });
	struct pki_cert *moon = pki_issue(sub, &(struct pki_spec){ .subject = "CN=moon" });
	struct cert_check_conf conf = { .policy = REVOCATION_RELAXED };
	struct cert_check *below;

	issue(self, NULL, NULL);
	add_crl(self, &(struct pki_crl_spec){ .revoked = { sub } });
	EXPECT_EQ(0, check(self, REVOCATION_STRICT));
	conf.store = self->store;
	below = check_of(&conf, moon, sub, NULL);
	EXPECT_EQ(-EKEYREVOKED, run(below));
	EXPECT_NE(NULL, strstr(below->reason, "certificate 'CN=Sub' is revoked"));
	cert_check_free(below);
	pki_free(moon);
	pki_free(sub);
}

TEST_F(revocation, crl_of_the_peer_counts_when_there_is_no_other)
{
	struct cert_check_conf conf = { .revocation = self->revocation,
					.policy = REVOCATION_STRICT };
	uint8_t buf[PKI_CRL_SIZE];
	struct bytes old = pki_crl(self->root, &(struct pki_crl_spec){ .number = 1 }, buf);

	issue(self, self->url[CRL_URL], NULL);
	ASSERT_EQ(0, trust_store_build(self->builder, &self->store));
	conf.store = self->store;
	self->httpd.routes[CRL_ROUTE].status = 500;
	self->check = check_of(&conf, self->moon, NULL);
	ASSERT_EQ(0, cert_check_add(self->check, CERT_CHECK_CRL, old));
	EXPECT_EQ(0, run(self->check));
	cert_check_free(self->check);

	/* The list from before it was revoked doesn't keep us from asking. */
	revocation_flush(self->revocation);
	self->httpd.routes[CRL_ROUTE].status = 200;
	self->httpd.routes[CRL_ROUTE].body =
		pki_crl(self->root,
			&(struct pki_crl_spec){ .revoked = { self->moon },
						.this_update = -60,
						.next_update = 3600,
						.number = 2 },
			self->crl);
	self->check = check_of(&conf, self->moon, NULL);
	ASSERT_EQ(0, cert_check_add(self->check, CERT_CHECK_CRL, old));
	EXPECT_EQ(-EKEYREVOKED, run(self->check));
}

/* -------- CRLs over HTTP -------- */

TEST_F(revocation, crl_is_fetched_once_and_kept)
{
	issue(self, self->url[CRL_URL], NULL);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(0, check(self, REVOCATION_STRICT));
	EXPECT_EQ(1, hits(self, CRL_ROUTE));
	revocation_flush(self->revocation);
	EXPECT_EQ(0, check(self, REVOCATION_STRICT));
	EXPECT_EQ(2, hits(self, CRL_ROUTE));
}

TEST_F(revocation, fetched_crl_revokes)
{
	issue(self, self->url[CRL_URL], NULL);
	self->httpd.routes[CRL_ROUTE].body =
		pki_crl(self->root, &(struct pki_crl_spec){ .revoked = { self->moon } }, self->crl);
	EXPECT_EQ(-EKEYREVOKED, check(self, REVOCATION_RELAXED));
	EXPECT_TRUE(says(self, "key compromise")) TH_LOG("%s", self->check->reason);
}

TEST_F(revocation, a_delta_is_fetched_where_the_complete_crl_says)
{
	issue(self, self->url[CRL_URL], NULL);
	self->httpd.routes[CRL_ROUTE].body = pki_crl(
		self->root, &(struct pki_crl_spec){ .number = 1, .freshest = self->url[DELTA_URL] },
		self->crl);
	self->httpd.routes[DELTA_ROUTE].body =
		pki_crl(self->root,
			&(struct pki_crl_spec){ .number = 2, .base = 1, .revoked = { self->moon } },
			self->delta);
	EXPECT_EQ(-EKEYREVOKED, check(self, REVOCATION_RELAXED));
	EXPECT_EQ(1, hits(self, DELTA_ROUTE));
}

/* RFC 5280 5.2.5 */
TEST_F(revocation, the_issuing_point_must_be_the_one_of_the_certificate)
{
	issue(self, self->url[CRL_URL], NULL);
	self->httpd.routes[CRL_ROUTE].body =
		pki_crl(self->root,
			&(struct pki_crl_spec){ .idp = "fullname:URI:http://127.0.0.1/other.crl" },
			self->crl);
	EXPECT_EQ(-EKEYREVOKED, check(self, REVOCATION_STRICT));
	EXPECT_TRUE(says(self, "scope"));
}

TEST_F(revocation, uri_of_the_store_is_asked)
{
	struct certificate *root;

	issue(self, NULL, NULL);
	ASSERT_EQ(0, certificate_parse(self->root->der, &root));
	EXPECT_EQ(-EINVAL, trust_store_add_uri(self->builder, root, TRUST_URI_CRL, "file:///x"));
	ASSERT_EQ(0, trust_store_add_uri(self->builder, root, TRUST_URI_CRL,
					 self->url[CRL_URL] + strlen("URI:")));
	EXPECT_EQ(0, check(self, REVOCATION_STRICT));
	EXPECT_EQ(1, hits(self, CRL_ROUTE));
	certificate_unref(root);
}

TEST_F(revocation, answers_that_are_no_crl)
{
	static uint8_t big[40 << 10];
	struct httpd_route *route = &self->httpd.routes[CRL_ROUTE];
	uint8_t buf[PKI_CRL_SIZE];
	const struct {
		const char *reason;
		struct httpd_route route;
	} cases[] = {
		{ "no CRL came", { .body = BYTES("<html>", 6) } },
		{ "longer than 32768 bytes", { .body = BYTES_OF(big) } },
		{ "longer than 32768 bytes", { .endless = true } },
		{ "response headers", { .endless_headers = true } },
		{ "404", { .status = 404 } },
		{ "empty", { .status = 200 } },
		{ "bad signature",
		  { .body = pki_crl(self->root, &(struct pki_crl_spec){ .corrupt = true }, buf) } },
		{ "file", { .status = 302, .location = "file:///etc/passwd" } },
	};

	issue(self, self->url[CRL_URL], NULL);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		*route = cases[i].route;
		route->path = "/ca.crl";
		revocation_flush(self->revocation);
		EXPECT_EQ(-EKEYREVOKED, check(self, REVOCATION_STRICT)) TH_LOG("%zu", i);
		EXPECT_TRUE(says(self, cases[i].reason)) TH_LOG("%zu %s", i, self->check->reason);
		/* And it isn't asked again at once. */
		EXPECT_EQ(-EKEYREVOKED, check(self, REVOCATION_STRICT)) TH_LOG("%zu", i);
		EXPECT_EQ(1, hits(self, CRL_ROUTE)) TH_LOG("%zu", i);
	}
}

/* Each byte in time, and all of them never. */
TEST_F(revocation, slow_answers_time_out_as_a_whole)
{
	const struct httpd_route slow[] = { { .drips = true }, { .delay_ms = 60000 } };
	struct revocation_limits limits = REVOCATION_LIMITS_DEFAULT;

	limits.timeout = limits.connect_timeout = DURATION_MS(500);
	revocation_free(self->revocation);
	ASSERT_EQ(0, revocation_new(&limits, &self->revocation));
	issue(self, self->url[CRL_URL], NULL);
	for (size_t i = 0; i < ARRAY_SIZE(slow); i++) {
		struct instant start = instant_now();

		self->httpd.routes[CRL_ROUTE] = slow[i];
		self->httpd.routes[CRL_ROUTE].path = "/ca.crl";
		revocation_flush(self->revocation);
		EXPECT_EQ(-EKEYREVOKED, check(self, REVOCATION_STRICT)) TH_LOG("%zu", i);
		EXPECT_TRUE(says(self, "timed out")) TH_LOG("%zu %s", i, self->check->reason);
		EXPECT_LT(duration_ms(instant_diff(instant_now(), start)), 10000);
	}
}

TEST_F(revocation, redirects_are_followed_a_few_times)
{
	char loop[128], there[128];

	snprintf(loop, sizeof(loop), "http://127.0.0.1:%d/ca.crl", self->httpd.port);
	snprintf(there, sizeof(there), "http://127.0.0.1:%d/other", self->httpd.port);
	issue(self, self->url[CRL_URL], NULL);
	self->httpd.routes[OTHER_ROUTE].body = self->httpd.routes[CRL_ROUTE].body;
	self->httpd.routes[CRL_ROUTE].status = 302;
	self->httpd.routes[CRL_ROUTE].location = there;
	EXPECT_EQ(0, check(self, REVOCATION_STRICT));

	revocation_flush(self->revocation);
	self->httpd.routes[CRL_ROUTE].location = loop;
	EXPECT_EQ(-EKEYREVOKED, check(self, REVOCATION_STRICT));
	EXPECT_EQ(1 + 4, hits(self, CRL_ROUTE));
}

/* -------- OCSP -------- */

/* RFC 6960 4.1.2 */
TEST_F(revocation, ocsp_says_good_or_revoked_and_is_kept)
{
	issue(self, NULL, self->url[OCSP_URL]);
	EXPECT_EQ(0, check(self, REVOCATION_STRICT));
	EXPECT_STREQ("", self->check->reason);
	EXPECT_EQ(0, check(self, REVOCATION_STRICT));
	EXPECT_EQ(1, hits(self, OCSP_ROUTE));

	revocation_flush(self->revocation);
	self->ocsp.status = V_OCSP_CERTSTATUS_REVOKED;
	EXPECT_EQ(-EKEYREVOKED, check(self, REVOCATION_RELAXED));
	EXPECT_TRUE(says(self, "revoked at 20"));
	EXPECT_TRUE(says(self, "(keyCompromise) by OCSP for 'CN=Root'"));
}

/* RFC 6960 4.2.2.1, 4.2.2.2, 4.4.1 */
TEST_F(revocation, ocsp_responses_that_do_not_count)
{
	struct pki_cert *other =
		pki_issue(NULL, &(struct pki_spec){ .subject = "CN=Other", PKI_CA });
	struct pki_cert *plain = pki_issue(self->root, &(struct pki_spec){ .subject = "CN=Plain" });
	struct pki_cert *delegate =
		pki_issue(other, &(struct pki_spec){ .subject = "CN=Foe", .eku = "OCSPSigning" });
	const struct {
		const char *reason;
		struct pki_ocsp_spec spec;
	} cases[] = {
		{ "not signed by", { .signer = other } },
		{ "not signed by", { .signer = plain } },
		{ "not signed by", { .signer = delegate } },
		{ "expired at", { .this_update = -7200, .next_update = -3600 } },
		{ "expired at", { .this_update = -90000 } },
		{ "not valid before", { .this_update = 3600, .next_update = 7200 } },
		{ "another nonce", { .wrong_nonce = true } },
		{ "does not know it", { .status = V_OCSP_CERTSTATUS_UNKNOWN } },
		{ "about other certificates", { .cert = other } },
		{ "signed with SHA-1", { .md = EVP_sha1() } },
	};

	issue(self, NULL, self->url[OCSP_URL]);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		self->ocsp = cases[i].spec;
		self->ocsp.issuer = self->root;
		if (!self->ocsp.cert)
			self->ocsp.cert = self->moon;
		if (!self->ocsp.signer)
			self->ocsp.signer = self->root;
		revocation_flush(self->revocation);
		EXPECT_EQ(-EKEYREVOKED, check(self, REVOCATION_STRICT)) TH_LOG("%zu", i);
		EXPECT_TRUE(says(self, cases[i].reason)) TH_LOG("%zu %s", i, self->check->reason);
		EXPECT_TRUE(says(self, "not known")) TH_LOG("%zu", i);
	}
	pki_free(delegate);
	pki_free(plain);
	pki_free(other);
}

/* RFC 6960 4.2.2.2 */
TEST_F(revocation, a_responder_that_the_ca_delegated_to_may_sign)
{
	struct pki_cert *delegate = pki_issue(
		self->root, &(struct pki_spec){ .subject = "CN=OCSP", .eku = "OCSPSigning" });

	issue(self, NULL, self->url[OCSP_URL]);
	self->ocsp.signer = delegate;
	EXPECT_EQ(0, check(self, REVOCATION_STRICT));
	self->ocsp.status = V_OCSP_CERTSTATUS_REVOKED;
	revocation_flush(self->revocation);
	EXPECT_EQ(-EKEYREVOKED, check(self, REVOCATION_STRICT));
	pki_free(delegate);
}

/* Who can make SHA-1 collide has the CA certify a responder. */
TEST_F(revocation, a_responder_whose_certificate_is_signed_with_sha1_may_not)
{
	struct cert_check_conf conf = { .revocation = self->revocation,
					.policy = REVOCATION_STRICT,
					.strength.allow_sha1 = true };
	struct pki_cert *delegate = pki_issue(
		self->root,
		&(struct pki_spec){ .subject = "CN=OCSP", .eku = "OCSPSigning", .md = EVP_sha1() });

	issue(self, NULL, self->url[OCSP_URL]);
	self->ocsp.signer = delegate;
	EXPECT_EQ(-EKEYREVOKED, check(self, REVOCATION_STRICT));
	EXPECT_TRUE(says(self, "its signer is signed with SHA-1"))
	TH_LOG("%s", self->check->reason);
	cert_check_free(self->check);

	revocation_flush(self->revocation);
	conf.store = self->store;
	self->check = check_of(&conf, self->moon, NULL);
	EXPECT_EQ(0, run(self->check));
	pki_free(delegate);
}

TEST_F(revocation, crl_is_asked_when_ocsp_does_not_know)
{
	issue(self, self->url[CRL_URL], self->url[OCSP_URL]);
	self->ocsp.status = V_OCSP_CERTSTATUS_UNKNOWN;
	EXPECT_EQ(0, check(self, REVOCATION_STRICT));
	EXPECT_EQ(1, hits(self, OCSP_ROUTE));
	EXPECT_EQ(1, hits(self, CRL_ROUTE));
}

TEST_F(revocation, stapled_response_needs_no_server)
{
	struct cert_check_conf conf = { .revocation = self->revocation,
					.policy = REVOCATION_STRICT };
	uint8_t *staple, buf[PKI_CRL_SIZE];
	struct certificate *moon;
	char error[REVOCATION_ERROR_LEN];
	size_t len;

	issue(self, NULL, self->url[OCSP_URL]);
	ASSERT_EQ(0, trust_store_build(self->builder, &self->store));
	ASSERT_EQ(0, certificate_parse(self->moon->der, &moon));
	ASSERT_EQ(0, revocation_staple(self->revocation, self->store, moon, &staple, &len, error));
	EXPECT_EQ(1, hits(self, OCSP_ROUTE));

	conf.store = self->store;
	self->check = check_of(&conf, self->moon, NULL);
	ASSERT_EQ(0, cert_check_add(self->check, CERT_CHECK_OCSP_RESPONSE, BYTES(staple, len)));
	EXPECT_EQ(0, run(self->check));
	EXPECT_EQ(1, hits(self, OCSP_ROUTE));
	cert_check_free(self->check);

	/* Revoked outweighs good: RFC 4945 5.2.1. */
	self->ocsp.status = V_OCSP_CERTSTATUS_REVOKED;
	self->check = check_of(&conf, self->moon, NULL);
	ASSERT_EQ(0, cert_check_add(self->check, CERT_CHECK_OCSP_RESPONSE, BYTES(staple, len)));
	ASSERT_EQ(0, cert_check_add(self->check, CERT_CHECK_OCSP_RESPONSE,
				    pki_ocsp(&self->ocsp, buf)));
	EXPECT_EQ(-EKEYREVOKED, run(self->check));
	free(staple);

	revocation_flush(self->revocation);
	EXPECT_EQ(-EKEYREVOKED,
		  revocation_staple(self->revocation, self->store, moon, &staple, &len, error));
	certificate_unref(moon);
}

TEST_F(revocation, there_is_nothing_to_staple_without_a_responder)
{
	struct certificate *moon;
	char error[REVOCATION_ERROR_LEN];
	uint8_t *staple;
	size_t len;

	issue(self, self->url[CRL_URL], NULL);
	ASSERT_EQ(0, trust_store_build(self->builder, &self->store));
	ASSERT_EQ(0, certificate_parse(self->moon->der, &moon));
	EXPECT_EQ(-ENOENT,
		  revocation_staple(self->revocation, self->store, moon, &staple, &len, error));
	certificate_unref(moon);
}

TEST_HARNESS_MAIN
