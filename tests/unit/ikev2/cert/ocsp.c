/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include "revocation_fixture.h"

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
	ASSERT_EQ(0, revocation_staple(self->revocation, self->store, moon,
				       instant_add(instant_now(), REVOCATION_STAPLE_TIME), &staple,
				       &len, error));
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
		  revocation_staple(self->revocation, self->store, moon,
				    instant_add(instant_now(), REVOCATION_STAPLE_TIME), &staple,
				    &len, error));
	certificate_unref(moon);
}

/* RFC 6960 4.2.2.1: then newer information is to be had, and we ask for it. */
TEST_F(revocation, stapled_response_without_next_update_comes_last)
{
	struct cert_check_conf conf = { .revocation = self->revocation,
					.policy = REVOCATION_STRICT };
	const struct {
		enum revocation_policy policy;
		int this_update, status, http_status, result;
	} cases[] = {
		{ REVOCATION_STRICT, -80000, V_OCSP_CERTSTATUS_REVOKED, 200, -EKEYREVOKED },
		{ REVOCATION_RELAXED, -80000, V_OCSP_CERTSTATUS_REVOKED, 200, -EKEYREVOKED },
		{ REVOCATION_STRICT, -80000, V_OCSP_CERTSTATUS_GOOD, 200, 0 },
		{ REVOCATION_STRICT, -80000, V_OCSP_CERTSTATUS_GOOD, 500, 0 },
		{ REVOCATION_STRICT, -90000, V_OCSP_CERTSTATUS_GOOD, 500, -EKEYREVOKED },
	};
	uint8_t buf[PKI_CRL_SIZE];

	issue(self, NULL, self->url[OCSP_URL]);
	ASSERT_EQ(0, trust_store_build(self->builder, &self->store));
	conf.store = self->store;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pki_ocsp_spec stapled = { .cert = self->moon,
						 .issuer = self->root,
						 .signer = self->root,
						 .this_update = cases[i].this_update };

		self->ocsp.status = cases[i].status;
		self->httpd.routes[OCSP_ROUTE].status = cases[i].http_status;
		revocation_flush(self->revocation);
		conf.policy = cases[i].policy;
		self->check = check_of(&conf, self->moon, NULL);
		ASSERT_EQ(0, cert_check_add(self->check, CERT_CHECK_OCSP_RESPONSE,
					    pki_ocsp(&stapled, buf)));
		EXPECT_EQ(cases[i].result, run(self->check)) TH_LOG("%zu", i);
		EXPECT_EQ(i + 1, hits(self, OCSP_ROUTE)) TH_LOG("%zu", i);
		self->check = cert_check_free(self->check);
	}
}

/* All servers together, from when the peer has asked: a slow one leaves time for the next. */
TEST_F(revocation, servers_share_the_time_that_a_peer_waits)
{
	const struct {
		unsigned ms; /* 0: a job that had to wait for so long that nothing is left */
		bool slow[2];
		int result;
		unsigned hits[2];
	} cases[] = {
		{ 2000, { true, true }, -ETIMEDOUT, { 1, 1 } },
		{ 2000, { true, false }, 0, { 1, 1 } },
		{ 2000, { false, false }, 0, { 1, 0 } },
		{ 0, { false, false }, -ETIMEDOUT, { 0, 0 } },
	};
	char error[REVOCATION_ERROR_LEN], aia[300];
	struct certificate *moon;
	uint8_t *staple;
	size_t len;

	snprintf(aia, sizeof(aia), "%s,OCSP;%s", self->url[OCSP_URL], self->url[OTHER_URL]);
	issue(self, NULL, aia);
	self->httpd.routes[OTHER_ROUTE].answer = answer_ocsp;
	self->httpd.routes[OTHER_ROUTE].data = &self->ocsp;
	ASSERT_EQ(0, trust_store_build(self->builder, &self->store));
	ASSERT_EQ(0, certificate_parse(self->moon->der, &moon));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct instant start = instant_now();
		unsigned before[2] = { hits(self, OCSP_ROUTE), hits(self, OTHER_ROUTE) };

		self->httpd.routes[OCSP_ROUTE].drips = cases[i].slow[0];
		self->httpd.routes[OTHER_ROUTE].drips = cases[i].slow[1];
		revocation_flush(self->revocation);
		staple = NULL;
		EXPECT_EQ(cases[i].result,
			  revocation_staple(self->revocation, self->store, moon,
					    instant_add(start, DURATION_MS(cases[i].ms)), &staple,
					    &len, error))
		TH_LOG("%zu %s", i, error);
		EXPECT_LT(duration_ms(instant_diff(instant_now(), start)), cases[i].ms + 900);
		EXPECT_EQ(cases[i].hits[0], hits(self, OCSP_ROUTE) - before[0]) TH_LOG("%zu", i);
		EXPECT_EQ(cases[i].hits[1], hits(self, OTHER_ROUTE) - before[1]) TH_LOG("%zu", i);
		free(staple);
	}
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
	EXPECT_EQ(-ENOENT, revocation_staple(self->revocation, self->store, moon,
					     instant_add(instant_now(), REVOCATION_STAPLE_TIME),
					     &staple, &len, error));
	certificate_unref(moon);
}

TEST_HARNESS_MAIN
