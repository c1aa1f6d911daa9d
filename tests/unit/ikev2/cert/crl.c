/* SPDX-License-Identifier: MIT */
/* What several lists of one CA say together: complete ones, deltas to them, and what isn't the
 * CA's. */
#include <kselftest_harness.h>

#include "checking.h"
#include "ikev2/cert/crl.h"

#define LISTS 3

FIXTURE(crl)
{
	struct pki_cert *root, *moon, *sun;
	struct certificate *issuer, *cert;
	struct reason why;
};

FIXTURE_SETUP(crl)
{
	self->root = pki_issue(NULL, &(struct pki_spec){ .subject = "CN=Root", PKI_CA });
	self->moon = pki_issue(self->root, &(struct pki_spec){ .subject = "CN=moon" });
	self->sun = pki_issue(self->root, &(struct pki_spec){ .subject = "CN=sun" });
	ASSERT_EQ(0, certificate_parse(self->root->der, &self->issuer));
	ASSERT_EQ(0, certificate_parse(self->moon->der, &self->cert));
}

FIXTURE_TEARDOWN(crl)
{
	certificate_unref(self->cert);
	certificate_unref(self->issuer);
	pki_free(self->sun);
	pki_free(self->moon);
	pki_free(self->root);
	EXPECT_NO_LEAKS();
}

typedef FIXTURE_DATA(crl) fixture;

/* Of the lists with a this_update, whatever their order. */
static enum cert_status ask(fixture *self, const struct pki_crl_spec *specs, bool backwards)
{
	struct status_query query = { self->cert, self->issuer, wall_time_now(), false };
	STACK_OF(X509_CRL) *stack = sk_X509_CRL_new_null();
	uint8_t buf[PKI_CRL_SIZE];
	enum cert_status status;
	X509_CRL *crl;

	for (size_t i = 0; i < LISTS; i++) {
		const struct pki_crl_spec *spec = &specs[backwards ? LISTS - 1 - i : i];

		if (!spec->this_update)
			continue;
		if (crl_parse(pki_crl(self->root, spec, buf), &crl) < 0)
			abort();
		sk_X509_CRL_push(stack, crl);
	}
	self->why.text[0] = '\0';
	status = crl_status(&query, stack, &self->why);
	sk_X509_CRL_pop_free(stack, X509_CRL_free);
	return status;
}

#define NOW      .this_update = -3600, .next_update = 3600
#define NEWER    .this_update = -60, .next_update = 3600
#define OUTDATED .this_update = -7200, .next_update = -1800
#define MOON     .revoked = { self->moon }
#define SUN      .revoked = { self->sun }
#define DELTA    .number = 2, .base = 1

/* RFC 5280 5.2.3, 5.2.4, 6.3.3; RFC 4945 5.2.2.4.1 */
TEST_F(crl, a_delta_adds_to_a_complete_list_and_replaces_none)
{
	const struct {
		const char *name;
		struct pki_crl_spec lists[LISTS];
		enum cert_status status;
	} cases[] = {
		{ "neither revokes",
		  { { .number = 1, NOW }, { DELTA, NEWER, SUN } },
		  CERT_STATUS_GOOD },
		{ "the delta revokes",
		  { { .number = 1, NOW }, { DELTA, NEWER, MOON } },
		  CERT_STATUS_REVOKED },
		{ "the complete one revokes",
		  { { .number = 1, NOW, MOON }, { DELTA, NEWER, SUN } },
		  CERT_STATUS_REVOKED },
		{ "it revokes and says where the delta is",
		  { { .number = 1, NOW, MOON, .freshest = "URI:http://x.example/d" },
		    { DELTA, NEWER, SUN } },
		  CERT_STATUS_REVOKED },
		{ "an outdated complete one revokes",
		  { { .number = 1, OUTDATED, MOON }, { DELTA, NEWER, SUN } },
		  CERT_STATUS_REVOKED },
		{ "the complete one is outdated",
		  { { .number = 1, OUTDATED }, { DELTA, NEWER } },
		  CERT_STATUS_UNKNOWN },
		{ "the complete one is about CAs",
		  { { .number = 1, NOW, .idp = "onlyCA:TRUE" }, { DELTA, NEWER } },
		  CERT_STATUS_UNKNOWN },
		{ "the complete one isn't the CA's",
		  { { .number = 1, NOW, .corrupt = true }, { DELTA, NEWER } },
		  CERT_STATUS_UNKNOWN },
		{ "there is no complete one", { { DELTA, NEWER } }, CERT_STATUS_UNKNOWN },
		{ "a delta alone revokes", { { DELTA, NEWER, MOON } }, CERT_STATUS_REVOKED },
		{ "an outdated delta revokes",
		  { { .number = 1, NOW }, { DELTA, OUTDATED, MOON } },
		  CERT_STATUS_REVOKED },
		{ "a later complete list doesn't have it any more",
		  { { .number = 3, NEWER }, { DELTA, NOW, MOON } },
		  CERT_STATUS_GOOD },
		{ "a later complete list is of another scope",
		  { { .number = 1, NOW },
		    { .number = 3, NEWER, .idp = "onlyCA:TRUE" },
		    { DELTA, NOW, MOON } },
		  CERT_STATUS_REVOKED },
		{ "the delta isn't the CA's",
		  { { .number = 1, NOW }, { DELTA, NEWER, MOON, .corrupt = true } },
		  CERT_STATUS_GOOD },
		{ "the delta is signed with SHA-1",
		  { { .number = 1, NOW }, { DELTA, NEWER, MOON, .md = EVP_sha1() } },
		  CERT_STATUS_GOOD },
		{ "the delta has an unknown critical extension",
		  { { .number = 1, NOW }, { DELTA, NEWER, MOON, .unknown = "critical,ASN1:NULL" } },
		  CERT_STATUS_GOOD },
	};

	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		const struct pki_crl_spec *lists = cases[i / 2].lists;

		EXPECT_EQ(cases[i / 2].status, ask(self, lists, i % 2))
		{
			TH_LOG("%s: %s", cases[i / 2].name, self->why.text);
		}
	}
}

/* RFC 5280 6.3.3 (f), (g): OpenSSL would choose the newest one and then look at its signature. */
TEST_F(crl, a_newer_list_that_the_ca_did_not_sign_hides_nothing)
{
	const struct {
		const char *name;
		struct pki_crl_spec lists[LISTS];
		enum cert_status status;
	} cases[] = {
		{ "the CA's own revokes",
		  { { .number = 1, NOW, MOON }, { .number = 2, NEWER, .corrupt = true } },
		  CERT_STATUS_REVOKED },
		{ "the other one revokes",
		  { { .number = 1, NOW }, { .number = 2, NEWER, MOON, .corrupt = true } },
		  CERT_STATUS_GOOD },
		{ "there is no other",
		  { { .number = 1, NEWER, .corrupt = true } },
		  CERT_STATUS_UNKNOWN },
		{ "signed with SHA-1",
		  { { .number = 1, NOW, MOON }, { .number = 2, NEWER, .md = EVP_sha1() } },
		  CERT_STATUS_REVOKED },
	};

	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		const struct pki_crl_spec *lists = cases[i / 2].lists;

		EXPECT_EQ(cases[i / 2].status, ask(self, lists, i % 2))
		{
			TH_LOG("%s: %s", cases[i / 2].name, self->why.text);
		}
	}
}

TEST_HARNESS_MAIN
