/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include "revocation_fixture.h"

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

TEST_F(revocation, outdated_crl_of_a_server_counts_for_what_it_revokes)
{
	struct pki_crl_spec spec = { .this_update = -7200, .next_update = -60 };
	struct httpd_route *route = &self->httpd.routes[CRL_ROUTE];

	issue(self, self->url[CRL_URL], NULL);
	route->body = pki_crl(self->root, &spec, self->crl);
	EXPECT_EQ(-EKEYREVOKED, check(self, REVOCATION_STRICT));
	EXPECT_TRUE(says(self, "expired at")) TH_LOG("%s", self->check->reason);
	EXPECT_TRUE(says(self, "not known"));
	/* Not asked for again at once. */
	EXPECT_EQ(0, check(self, REVOCATION_RELAXED));
	EXPECT_EQ(1, hits(self, CRL_ROUTE));

	spec.revoked[0] = self->moon;
	route->body = pki_crl(self->root, &spec, self->crl);
	revocation_flush(self->revocation);
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

TEST_HARNESS_MAIN
