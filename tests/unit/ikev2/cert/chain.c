/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include "checking.h"

#define MOON .subject = "C=CH, O=Example, CN=moon", .san = "DNS:moon.example.org,IP:192.0.2.1"

FIXTURE(chain)
{
	struct pki_cert *root, *sub, *moon;
	struct trust_store *store;
	struct cert_check_conf conf;
	struct cert_check *check;
};

FIXTURE_SETUP(chain)
{
	self->root = pki_issue(NULL, &(struct pki_spec){ .subject = "CN=Root", PKI_CA });
	self->sub = pki_issue(self->root, &(struct pki_spec){ .subject = "CN=Sub", PKI_CA });
	self->moon = pki_issue(self->sub, &(struct pki_spec){ MOON });
	self->store = store_with(TRUST_ANCHOR, self->root, NULL);
	self->conf = (struct cert_check_conf){ .store = self->store };
}

FIXTURE_TEARDOWN(chain)
{
	cert_check_free(self->check);
	pki_free(self->moon);
	pki_free(self->sub);
	pki_free(self->root);
	trust_store_unref(self->store);
	EXPECT_NO_LEAKS();
}

TEST_F(chain, over_an_intermediate_to_an_anchor_is_trusted)
{
	self->check = check_of(&self->conf, self->moon, self->sub, NULL);
	EXPECT_EQ(-EINPROGRESS, self->check->verdict);
	ASSERT_EQ(0, run(self->check));
	ASSERT_EQ(3, self->check->n_chain);
	EXPECT_STREQ("C=CH, O=Example, CN=moon", certificate_subject_str(self->check->chain[0]));
	EXPECT_STREQ("CN=Sub", certificate_subject_str(self->check->chain[1]));
	EXPECT_EQ(trust_store_get(self->store, TRUST_ANCHOR, 0), cert_check_anchor(self->check));
	EXPECT_EQ(self->check->chain[0], cert_check_end_entity(self->check));
	EXPECT_EQ(1, EVP_PKEY_eq(self->check->public_key, self->moon->key));
}

TEST_F(chain, missing_intermediate_is_named)
{
	self->check = check_of(&self->conf, self->moon, NULL);
	EXPECT_EQ(-ENOKEY, run(self->check));
	EXPECT_NE(NULL, strstr(self->check->reason, "'C=CH, O=Example, CN=moon'"));
	EXPECT_NE(NULL, strstr(self->check->reason, "issued by 'CN=Sub'"));
	EXPECT_EQ(NULL, self->check->public_key);
	EXPECT_EQ(NULL, cert_check_anchor(self->check));
	EXPECT_NE(NULL, cert_check_end_entity(self->check));
}

TEST_F(chain, the_store_helps_with_intermediates)
{
	struct trust_store_builder *builder;
	struct trust_store *store;

	ASSERT_EQ(0, trust_store_builder_new(&builder));
	ASSERT_EQ(0, trust_store_add(builder, TRUST_ANCHOR, self->root->der, NULL, NULL));
	ASSERT_EQ(0, trust_store_add(builder, TRUST_INTERMEDIATE, self->sub->der, NULL, NULL));
	ASSERT_EQ(0, trust_store_build(builder, &store));
	trust_store_builder_free(builder);
	self->conf.store = store;
	self->check = check_of(&self->conf, self->moon, NULL);
	trust_store_unref(store); /* the check has its own reference */
	EXPECT_EQ(0, run(self->check));
	EXPECT_EQ(3, self->check->n_chain);
}

TEST_F(chain, an_intermediate_may_be_the_anchor)
{
	struct trust_store *store = store_with(TRUST_ANCHOR, self->sub, NULL);

	self->conf.store = store;
	self->check = check_of(&self->conf, self->moon, self->sub, NULL);
	trust_store_unref(store);
	EXPECT_EQ(0, run(self->check));
	EXPECT_EQ(2, self->check->n_chain);
}

TEST_F(chain, an_intermediate_in_the_store_is_not_trusted_by_itself)
{
	struct trust_store *store = store_with(TRUST_INTERMEDIATE, self->root, self->sub);

	self->conf.store = store;
	self->check = check_of(&self->conf, self->moon, self->sub, self->root, NULL);
	trust_store_unref(store);
	EXPECT_EQ(-ENOKEY, run(self->check));
}

TEST_F(chain, self_signed_needs_to_be_in_the_store)
{
	struct pki_cert *lone = pki_issue(NULL, &(struct pki_spec){ MOON });
	struct trust_store *store = store_with(TRUST_END_ENTITY, lone, NULL);

	self->check = check_of(&self->conf, lone, NULL);
	EXPECT_EQ(-ENOKEY, run(self->check));
	EXPECT_NE(NULL, strstr(self->check->reason, "self-signed"));
	cert_check_free(self->check);

	self->conf.store = store;
	self->check = check_of(&self->conf, lone, NULL);
	EXPECT_EQ(0, run(self->check));
	EXPECT_EQ(1, self->check->n_chain);
	cert_check_free(self->check);

	/* Pinned, but no longer valid. */
	self->conf.now = wall_time_add(wall_time_now(), 7200);
	self->check = check_of(&self->conf, lone, NULL);
	EXPECT_EQ(-EKEYEXPIRED, run(self->check));
	trust_store_unref(store);
	pki_free(lone);
}

/* RFC 4945 5.1.3 */
TEST_F(chain, critical_extensions_matter_in_what_is_trusted_by_itself)
{
	struct pki_cert *pinned =
		pki_issue(self->root, &(struct pki_spec){ MOON, .unknown = "critical,ASN1:NULL" });
	struct trust_store *store = store_with(TRUST_END_ENTITY, pinned, NULL);

	self->conf.store = store;
	self->check = check_of(&self->conf, pinned, NULL);
	EXPECT_EQ(-EKEYREJECTED, run(self->check));
	EXPECT_NE(NULL, strstr(self->check->reason, "critical extension"));
	trust_store_unref(store);
	pki_free(pinned);
}

TEST_F(chain, a_ca_of_the_same_name_with_another_key_does_not_count)
{
	struct pki_cert *fake = pki_issue(NULL, &(struct pki_spec){ .subject = "CN=Root", PKI_CA });
	struct pki_cert *moon = pki_issue(fake, &(struct pki_spec){ MOON });

	self->check = check_of(&self->conf, moon, fake, NULL);
	EXPECT_EQ(-ENOKEY, run(self->check));
	pki_free(moon);
	pki_free(fake);
}

TEST_F(chain, cross_certificates_are_found_among_others)
{
	struct pki_cert *other =
		pki_issue(NULL, &(struct pki_spec){ .subject = "CN=Other", PKI_CA });
	struct pki_cert *cross = pki_issue(
		self->root,
		&(struct pki_spec){ .subject = "CN=Other", PKI_CA, .same_key = other->key });
	struct pki_cert *moon = pki_issue(other, &(struct pki_spec){ MOON });

	self->check = check_of(&self->conf, moon, other, self->sub, cross, NULL);
	EXPECT_EQ(0, run(self->check));
	pki_free(moon);
	pki_free(cross);
	pki_free(other);
}

TEST_F(chain, long_chains_are_limited)
{
	struct pki_cert *cas[10];

	cas[0] = self->root;
	for (int i = 1; i < 10; i++) {
		char name[16];

		snprintf(name, sizeof(name), "CN=CA %d", i);
		cas[i] = pki_issue(cas[i - 1], &(struct pki_spec){ .subject = name, PKI_CA });
	}
	for (int n = 8; n <= 9; n++) {
		struct pki_cert *moon = pki_issue(cas[n], &(struct pki_spec){ MOON });

		self->check = check_of(&self->conf, moon, cas[1], cas[2], cas[3], cas[4], cas[5],
				       cas[6], cas[7], cas[8], cas[9], NULL);
		EXPECT_EQ(n == 8 ? 0 : -EKEYREJECTED, run(self->check));
		EXPECT_EQ(n == 8 ? CERT_CHECK_CHAIN_MAX : 0, self->check->n_chain);
		self->check = cert_check_free(self->check);
		pki_free(moon);
	}
	for (int i = 1; i < 10; i++)
		pki_free(cas[i]);
}

/* One property of a certificate or of the CA between it and the root. */
static const struct {
	const char *name;
	struct pki_spec sub, moon;
	bool allow_sha1, allow_tls;
	int verdict;
	const char *reason;
} rules[] = {
	{ "good", { PKI_CA }, { MOON }, .verdict = 0 },
	{ "expired",
	  { PKI_CA },
	  { MOON, .from = -7200, .to = -60 },
	  .verdict = -EKEYEXPIRED,
	  .reason = "CN=moon' expired at" },
	{ "not yet",
	  { PKI_CA },
	  { MOON, .from = 60, .to = 7200 },
	  .verdict = -EKEYEXPIRED,
	  .reason = "is not valid before" },
	{ "CA expired",
	  { PKI_CA, .from = -7200, .to = -60 },
	  { MOON },
	  .verdict = -EKEYEXPIRED,
	  .reason = "'CN=Between' expired at" },
	{ "signs", { PKI_CA }, { MOON, .ku = "digitalSignature" }, .verdict = 0 },
	{ "signs for good",
	  { PKI_CA },
	  { MOON, .ku = "nonRepudiation,keyAgreement" },
	  .verdict = 0 },
	{ "encrypts",
	  { PKI_CA },
	  { MOON, .ku = "critical,keyEncipherment" },
	  .verdict = -EKEYREJECTED,
	  .reason = "keyUsage" },
	{ "ipsecIKE", { PKI_CA }, { MOON, .eku = "1.3.6.1.5.5.7.3.17" }, .verdict = 0 },
	{ "any", { PKI_CA }, { MOON, .eku = "codeSigning,anyExtendedKeyUsage" }, .verdict = 0 },
	{ "serverAuth",
	  { PKI_CA },
	  { MOON, .eku = "serverAuth" },
	  .verdict = -EKEYREJECTED,
	  .reason = "extendedKeyUsage" },
	{ "serverAuth allowed",
	  { PKI_CA },
	  { MOON, .eku = "critical,serverAuth" },
	  .allow_tls = true,
	  .verdict = 0 },
	{ "codeSigning",
	  { PKI_CA },
	  { MOON, .eku = "codeSigning" },
	  .allow_tls = true,
	  .verdict = -EKEYREJECTED,
	  .reason = "extendedKeyUsage" },
	{ "unknown extension", { PKI_CA }, { MOON, .unknown = "ASN1:NULL" }, .verdict = 0 },
	{ "unknown critical extension",
	  { PKI_CA },
	  { MOON, .unknown = "critical,ASN1:NULL" },
	  .verdict = -EKEYREJECTED,
	  .reason = "critical extension" },
	{ "no CA", { .bc = "CA:FALSE" }, { MOON }, .verdict = -EKEYREJECTED, .reason = "no CA" },
	{ "no constraints",
	  { .ku = "keyCertSign" },
	  { MOON },
	  .verdict = -EKEYREJECTED,
	  .reason = "CA" },
	{ "version 1", { .version_1 = true }, { MOON }, .verdict = -EKEYREJECTED, .reason = "CA" },
	{ "no certSign",
	  { .bc = "critical,CA:TRUE", .ku = "cRLSign" },
	  { MOON },
	  .verdict = -EKEYREJECTED,
	  .reason = "'CN=Between'" },
	{ "permitted",
	  { PKI_CA, .nc = "critical,permitted;DNS:example.org" },
	  { MOON },
	  .verdict = 0 },
	{ "name violated",
	  { PKI_CA, .nc = "critical,permitted;DNS:example.com" },
	  { MOON },
	  .verdict = -EKEYREJECTED,
	  .reason = "name constraints" },
	{ "name excluded",
	  { PKI_CA, .nc = "critical,excluded;DNS:moon.example.org" },
	  { MOON },
	  .verdict = -EKEYREJECTED,
	  .reason = "name constraints" },
	{ "address violated",
	  { PKI_CA, .nc = "critical,permitted;IP:198.51.100.0/255.255.255.0" },
	  { MOON },
	  .verdict = -EKEYREJECTED,
	  .reason = "name constraints" },
	{ "RSA 2048", { PKI_CA }, { MOON, .rsa_bits = 2048 }, .verdict = 0 },
	{ "RSA 1024",
	  { PKI_CA },
	  { MOON, .rsa_bits = 1024 },
	  .verdict = -EKEYREJECTED,
	  .reason = "an RSA key of 1024 bits" },
	{ "CA of RSA 1024",
	  { PKI_CA, .rsa_bits = 1024 },
	  { MOON },
	  .verdict = -EKEYREJECTED,
	  .reason = "'CN=Between' has an RSA key of 1024 bits" },
	{ "Ed25519", { PKI_CA, .key = "ED25519" }, { MOON, .key = "ED25519" }, .verdict = 0 },
	{ "Ed448", { PKI_CA, .key = "ED448" }, { MOON, .key = "ED448" }, .verdict = 0 },
	{ "X25519",
	  { PKI_CA },
	  { MOON, .key = "X25519" },
	  .verdict = -EKEYREJECTED,
	  .reason = "neither RSA nor ECDSA" },
};

/* RFC 5280 4.2, 4.2.1.3, 4.2.1.9, 4.2.1.10 and 6.1; RFC 4945 5.1.3, 5.1.3.2, 5.1.3.9, 5.1.3.12 */
TEST_F(chain, rules_for_certificates)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		struct pki_spec sub_spec = rules[i].sub;
		struct pki_cert *sub, *moon;

		sub_spec.subject = "CN=Between";
		sub = pki_issue(self->root, &sub_spec);
		moon = pki_issue(sub, &rules[i].moon);
		self->conf.allow_tls_usage = rules[i].allow_tls;
		self->check = check_of(&self->conf, moon, sub, NULL);
		EXPECT_EQ(rules[i].verdict, run(self->check)) TH_LOG("%s", rules[i].name);
		if (rules[i].reason)
			EXPECT_NE(NULL, strstr(self->check->reason, rules[i].reason))
		TH_LOG("%s: %s", rules[i].name, self->check->reason);
		self->check = cert_check_free(self->check);
		pki_free(moon);
		pki_free(sub);
	}
}

TEST_F(chain, sha1_only_where_it_is_allowed_and_md5_never)
{
	const struct {
		const EVP_MD *md;
		bool allow;
		int verdict;
	} cases[] = {
		{ EVP_sha1(), false, -EKEYREJECTED },
		{ EVP_sha1(), true, 0 },
		{ EVP_md5(), true, -EKEYREJECTED },
		{ EVP_sha512(), false, 0 },
	};
	struct pki_cert *ca = pki_issue(
		NULL, &(struct pki_spec){
			      .subject = "CN=RSA", PKI_CA, .rsa_bits = 2048, .md = EVP_sha1() });
	struct trust_store *store = store_with(TRUST_ANCHOR, ca, NULL);

	self->conf.store = store;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pki_cert *moon =
			pki_issue(ca, &(struct pki_spec){ MOON, .md = cases[i].md });

		self->conf.strength.allow_sha1 = cases[i].allow;
		self->check = check_of(&self->conf, moon, NULL);
		EXPECT_EQ(cases[i].verdict, run(self->check)) TH_LOG("%zu", i);
		self->check = cert_check_free(self->check);
		pki_free(moon);
	}
	trust_store_unref(store);
	pki_free(ca);
}

/* RFC 5280 4.2.1.9 */
TEST_F(chain, path_length_is_kept)
{
	struct pki_cert *narrow =
		pki_issue(self->root, &(struct pki_spec){ .subject = "CN=Narrow",
							  .bc = "critical,CA:TRUE,pathlen:0",
							  .ku = "keyCertSign" });
	struct pki_cert *below =
		pki_issue(narrow, &(struct pki_spec){ .subject = "CN=Below", PKI_CA });
	struct pki_cert *direct = pki_issue(narrow, &(struct pki_spec){ MOON });
	struct pki_cert *deep = pki_issue(below, &(struct pki_spec){ MOON });

	self->check = check_of(&self->conf, direct, narrow, NULL);
	EXPECT_EQ(0, run(self->check));
	cert_check_free(self->check);
	self->check = check_of(&self->conf, deep, below, narrow, NULL);
	EXPECT_EQ(-EKEYREJECTED, run(self->check));
	EXPECT_NE(NULL, strstr(self->check->reason, "path length"));
	pki_free(deep);
	pki_free(direct);
	pki_free(below);
	pki_free(narrow);
}

TEST_F(chain, the_identity_must_be_in_the_certificate)
{
	self->check = check_of(&self->conf, self->moon, self->sub, NULL);
	ASSERT_EQ(0,
		  cert_check_set_identity(self->check, IKE_ID_FQDN, bytes_str("MOON.example.org")));
	EXPECT_EQ(0, run(self->check));
	cert_check_free(self->check);

	self->check = check_of(&self->conf, self->moon, self->sub, NULL);
	ASSERT_EQ(0,
		  cert_check_set_identity(self->check, IKE_ID_FQDN, bytes_str("sun.example.org")));
	EXPECT_EQ(-EKEYREJECTED, run(self->check));
	EXPECT_NE(NULL, strstr(self->check->reason, "host name 'sun.example.org'"));
	EXPECT_NE(NULL, strstr(self->check->reason,
			       "C=CH, O=Example, CN=moon; moon.example.org; 192.0.2.1"));
}

TEST_F(chain, what_can_not_be_read_is_refused_or_passed_over)
{
	uint8_t long_der[CERT_CHECK_BYTES_MAX + 1] = { 0x30 };

	self->check = check_of(&self->conf, NULL);
	EXPECT_EQ(-EBADMSG, run(self->check));
	cert_check_free(self->check);

	self->check = check_of(&self->conf, NULL);
	ASSERT_EQ(0, cert_check_add(self->check, CERT_CHECK_CERTIFICATE, BYTES("junk", 4)));
	ASSERT_EQ(0, cert_check_add(self->check, CERT_CHECK_CERTIFICATE, self->moon->der));
	EXPECT_EQ(-EBADMSG, run(self->check));
	EXPECT_NE(NULL, strstr(self->check->reason, "malformed"));
	cert_check_free(self->check);

	self->check = check_of(&self->conf, self->moon, NULL);
	ASSERT_EQ(0, cert_check_add(self->check, CERT_CHECK_CERTIFICATE, BYTES("junk", 4)));
	ASSERT_EQ(0, cert_check_add(self->check, CERT_CHECK_CRL, BYTES("junk", 4)));
	ASSERT_EQ(0, cert_check_add(self->check, CERT_CHECK_OCSP_RESPONSE, BYTES("junk", 4)));
	ASSERT_EQ(0, cert_check_add(self->check, CERT_CHECK_CERTIFICATE, self->sub->der));
	EXPECT_EQ(-E2BIG, cert_check_add(self->check, CERT_CHECK_CERTIFICATE, BYTES_OF(long_der)));
	for (int i = 5; i < CERT_CHECK_PARTS_MAX; i++)
		ASSERT_EQ(0, cert_check_add(self->check, CERT_CHECK_CRL, BYTES("", 0)));
	EXPECT_EQ(-E2BIG, cert_check_add(self->check, CERT_CHECK_CRL, BYTES("", 0)));
	EXPECT_EQ(0, run(self->check));
}

TEST_HARNESS_MAIN
