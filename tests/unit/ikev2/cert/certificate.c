/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

#include "ikev2/cert/dn.h"
#include "tests/unit/pdk/crypto/keys.h"
#include "checking.h"

static struct certificate *parsed(const struct pki_cert *cert)
{
	struct certificate *certificate = NULL;

	return certificate_parse(cert->der, &certificate) < 0 ? NULL : certificate;
}

/* -------- reading -------- */

TEST(what_is_in_a_certificate_can_be_read)
{
	struct pki_cert *ca =
		pki_issue(NULL, &(struct pki_spec){ .subject = "C=CH, CN=Root", PKI_CA });
	struct pki_cert *moon = pki_issue(ca, &(struct pki_spec){
						      .subject = "C=CH, CN=moon",
						      .san = "DNS:moon.example.org,email:m@x.org,"
							     "IP:192.0.2.1,IP:2001:db8::1,URI:x:y",
					      });
	static const uint8_t types[] = { IKE_ID_FQDN, IKE_ID_RFC822_ADDR, IKE_ID_IPV4_ADDR,
					 IKE_ID_IPV6_ADDR };
	uint8_t hash[CERTIFICATE_FINGERPRINT_LEN];
	struct certificate *cert = parsed(moon), *root = parsed(ca);
	char text[WALL_TIME_STRLEN];
	int64_t now = wall_time_now().unix_s;

	ASSERT_NE(NULL, cert);
	EXPECT_STREQ("C=CH, CN=moon", certificate_subject_str(cert));
	EXPECT_STREQ("C=CH, CN=Root", certificate_issuer_str(cert));
	EXPECT_TRUE(bytes_equal(certificate_issuer(cert), certificate_subject(root)));
	EXPECT_TRUE(bytes_equal(moon->der, certificate_der(cert)));
	EXPECT_FALSE(certificate_is_ca(cert));
	EXPECT_FALSE(certificate_is_self_signed(cert));
	EXPECT_TRUE(certificate_is_ca(root));
	EXPECT_TRUE(certificate_is_self_signed(root));
	EXPECT_EQ(1, EVP_PKEY_eq(certificate_public_key(cert), moon->key));
	EXPECT_EQ(2, certificate_serial(cert).len);
	EXPECT_EQ(20, certificate_key_id(cert).len);
	EXPECT_LE(certificate_not_before(cert).unix_s, now - 3595);
	EXPECT_GE(certificate_not_after(cert).unix_s, now + 3500);
	SHA256(moon->der.data, moon->der.len, hash);
	EXPECT_TRUE(bytes_equal(BYTES_OF(hash), certificate_fingerprint(cert)));
	SHA1(certificate_spki(cert).data, certificate_spki(cert).len, hash);
	EXPECT_TRUE(bytes_equal(BYTES(hash, 20), certificate_key_hash(cert)));
	ASSERT_EQ(ARRAY_SIZE(types), certificate_n_names(cert));
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		EXPECT_EQ(types[i], certificate_name(cert, i).id_type);
	EXPECT_STREQ("2026-11-23T22:33:07Z", wall_time_str((struct wall_time){ 1795473187 }, text));

	EXPECT_EQ(cert, certificate_ref(cert));
	certificate_unref(cert);
	certificate_unref(cert);
	certificate_unref(root);
	EXPECT_EQ(NULL, certificate_unref(NULL));
	pki_free(moon);
	pki_free(ca);
	EXPECT_NO_LEAKS();
}

TEST(keys_that_take_long_are_refused_before_they_are_used)
{
	struct pki_cert *ca = pki_issue(NULL, &(struct pki_spec){ .subject = "CN=Root", PKI_CA });
	EVP_PKEY *slow = test_rsa_public(3072, 3071);
	struct pki_cert *moon =
		pki_issue(ca, &(struct pki_spec){ .subject = "CN=moon", .same_key = slow });
	struct certificate *cert;

	EXPECT_EQ(-ENOTSUP, certificate_parse(moon->der, &cert));
	pki_free(moon);
	pki_free(ca);
	EVP_PKEY_free(slow);
	EXPECT_NO_LEAKS();
}

/* Whoever calls itself its issuer isn't that yet. */
TEST(self_signed_is_what_its_own_key_has_signed)
{
	struct pki_cert *ca = pki_issue(NULL, &(struct pki_spec){ .subject = "CN=Root", PKI_CA });
	struct pki_cert *next = pki_issue(ca, &(struct pki_spec){ .subject = "CN=Root", PKI_CA });
	struct certificate *self = parsed(ca), *issued = parsed(next);

	for (int i = 0; i < 2; i++) {
		EXPECT_TRUE(certificate_is_self_signed(self));
		EXPECT_FALSE(certificate_is_self_signed(issued));
	}
	certificate_unref(self);
	certificate_unref(issued);
	pki_free(next);
	pki_free(ca);
	EXPECT_NO_LEAKS();
}

TEST(every_cut_and_every_changed_octet_is_survived)
{
	struct pki_cert *moon = pki_issue(
		NULL, &(struct pki_spec){ .subject = "CN=moon", .san = "DNS:a,IP:192.0.2.1" });
	struct certificate *cert;
	uint8_t *copy;

	for (size_t len = 0; len < moon->der.len; len++)
		EXPECT_EQ(-EBADMSG, certificate_parse(BYTES(moon->der.data, len), &cert));
	ASSERT_EQ(0, bytes_dup(moon->der, &copy));
	for (size_t i = 0; i < moon->der.len; i++) {
		copy[i] ^= 0xff;
		if (certificate_parse(BYTES(copy, moon->der.len), &cert) == 0)
			certificate_unref(cert);
		copy[i] ^= 0xff;
	}
	copy = realloc(copy, moon->der.len + 1);
	copy[moon->der.len] = 0;
	EXPECT_EQ(-EBADMSG, certificate_parse(BYTES(copy, moon->der.len + 1), &cert));
	free(copy);
	EXPECT_EQ(-EMSGSIZE, certificate_parse(BYTES(moon->der.data, CERTIFICATE_MAX + 1), &cert));
	EXPECT_EQ(0, ERR_peek_error());
	pki_free(moon);
	EXPECT_NO_LEAKS();
}

TEST(without_a_subject_the_serial_number_names_it)
{
	struct pki_cert *ca = pki_issue(NULL, &(struct pki_spec){ .subject = "CN=Root", PKI_CA });
	struct pki_cert *moon = pki_issue(ca, &(struct pki_spec){ .san = "critical,DNS:moon" });
	struct certificate *cert = parsed(moon);
	char text[DN_STRLEN];

	EXPECT_EQ(0, strncmp("serial number 0", certificate_subject_str(cert), 15));
	EXPECT_STREQ("moon", certificate_names_str(cert, text, sizeof(text)));
	EXPECT_FALSE(certificate_has_id(cert, IKE_ID_DER_ASN1_DN, BYTES("\x30\x00", 2)));
	certificate_unref(cert);
	pki_free(moon);
	pki_free(ca);
}

/* -------- identities -------- */

FIXTURE(names)
{
	struct pki_cert *pki;
	struct certificate *cert;
};

FIXTURE_SETUP(names)
{
	self->pki = pki_issue(NULL, &(struct pki_spec){
					    .subject = "C=CH, O=Example, CN=cn.example.org, "
						       "E=dn@example.org",
					    .san = "DNS:moon.example.org,DNS:*.wild.org,"
						   "email:Alice@example.org,IP:192.0.2.1,"
						   "IP:2001:db8::1",
				    });
	self->cert = parsed(self->pki);
	ASSERT_NE(NULL, self->cert);
}

FIXTURE_TEARDOWN(names)
{
	certificate_unref(self->cert);
	pki_free(self->pki);
	EXPECT_NO_LEAKS();
}

static struct bytes dn(const char *text)
{
	static uint8_t buf[DN_DER_MAX];
	struct writer w;

	writer_init_fixed(&w, buf, sizeof(buf));
	return dn_parse(text, &w, NULL) < 0 ? BYTES_NONE : writer_view(&w);
}

static const struct {
	uint8_t type;
	const char *text; /* a DN's text, else the data */
	size_t len;       /* 0: strlen */
	bool has;
	unsigned match;
} identities[] = {
	{ IKE_ID_FQDN, "moon.example.org", 0, true, 1000 },
	{ IKE_ID_FQDN, "MOON.Example.org", 0, true, 1000 },
	{ IKE_ID_FQDN, "*.example.org", 0, false, 14 },
	{ IKE_ID_FQDN, "*", 0, false, 2 },
	{ IKE_ID_FQDN, "oon.example.org", 0, false, 0 },
	{ IKE_ID_FQDN, "moon.example.org\0", 17, false, 0 },
	{ IKE_ID_FQDN, "", 0, false, 0 },
	/* A wildcard of the certificate is no more than text (RFC 4945 5.1.3.6.1). */
	{ IKE_ID_FQDN, "x.wild.org", 0, false, 0 },
	{ IKE_ID_FQDN, "*.wild.org", 0, true, 1000 },
	/* What stands in the subject is no name of another type (3.1.9). */
	{ IKE_ID_FQDN, "cn.example.org", 0, false, 0 },
	{ IKE_ID_RFC822_ADDR, "dn@example.org", 0, false, 0 },
	{ IKE_ID_RFC822_ADDR, "alice@example.org", 0, true, 1000 },
	{ IKE_ID_RFC822_ADDR, "*@example.org", 0, false, 14 },
	{ IKE_ID_RFC822_ADDR, "moon.example.org", 0, false, 0 },
	{ IKE_ID_IPV4_ADDR, "\xc0\x00\x02\x01", 4, true, 1000 },
	{ IKE_ID_IPV4_ADDR, "\xc0\x00\x02\x02", 4, false, 0 },
	{ IKE_ID_IPV6_ADDR, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16, true, 1000 },
	{ IKE_ID_IPV6_ADDR, "\xc0\x00\x02\x01", 4, false, 0 },
	{ IKE_ID_DER_ASN1_DN, "C=CH, O=Example, CN=cn.example.org, E=dn@example.org", 0, true,
	  1000 },
	{ IKE_ID_DER_ASN1_DN,
	  "C=ch, O=EXAMPLE, CN=#0c0e636e2e6578616d706c652e6f7267, "
	  "E=dn@example.org",
	  0, true, 1000 },
	{ IKE_ID_DER_ASN1_DN, "C=CH, O=*, CN=*, E=*", 0, false, 2 },
	{ IKE_ID_DER_ASN1_DN, "C=CH, O=Example", 0, false, 0 },
	{ IKE_ID_KEY_ID, "moon.example.org", 0, false, 0 },
	{ IKE_ID_DER_ASN1_GN, "moon.example.org", 0, false, 0 },
};

/* RFC 4945 3.1.1, 3.1.2, 3.1.3, 3.1.5, 3.1.9 */
TEST_F(names, identities_are_found_where_rfc_4945_puts_them)
{
	for (size_t i = 0; i < ARRAY_SIZE(identities); i++) {
		struct bytes id = identities[i].type == IKE_ID_DER_ASN1_DN
					  ? dn(identities[i].text)
					  : BYTES(identities[i].text,
						  identities[i].len ? identities[i].len
								    : strlen(identities[i].text));

		EXPECT_EQ(identities[i].has, certificate_has_id(self->cert, identities[i].type, id))
		TH_LOG("%zu %s", i, identities[i].text);
		EXPECT_EQ(identities[i].match,
			  certificate_match_id(self->cert, identities[i].type, id))
		TH_LOG("%zu %s", i, identities[i].text);
	}
}

TEST_F(names, key_id_is_the_hash_of_the_key)
{
	EXPECT_TRUE(
		certificate_has_id(self->cert, IKE_ID_KEY_ID, certificate_key_hash(self->cert)));
	EXPECT_TRUE(certificate_has_id(self->cert, IKE_ID_KEY_ID, certificate_key_id(self->cert)));
	EXPECT_EQ(1000,
		  certificate_match_id(self->cert, IKE_ID_KEY_ID, certificate_key_id(self->cert)));
}

/* A CA vouches for the names in a certificate and, as far as is known, not for that extension. */
TEST_F(names, key_id_is_not_what_the_certificate_claims)
{
	struct pki_cert *foe =
		pki_issue(NULL, &(struct pki_spec){ .subject = "CN=foe", .key_id = "68656164" });
	struct certificate *cert = parsed(foe);

	ASSERT_NE(NULL, cert);
	EXPECT_FALSE(certificate_has_id(cert, IKE_ID_KEY_ID, bytes_str("head")));
	EXPECT_EQ(0, certificate_match_id(cert, IKE_ID_KEY_ID, bytes_str("head")));
	EXPECT_TRUE(certificate_has_id(cert, IKE_ID_KEY_ID, certificate_key_hash(cert)));
	certificate_unref(cert);
	pki_free(foe);
}

TEST_F(names, text_of_identities_is_printable_and_fits)
{
	char text[64];

	EXPECT_STREQ("a\\x0ab", certificate_id_str(IKE_ID_FQDN, BYTES("a\nb", 3), text, 64));
	EXPECT_STREQ("00ff", certificate_id_str(IKE_ID_KEY_ID, BYTES("\0\xff", 2), text, 64));
	EXPECT_STREQ("192.0.2.1",
		     certificate_id_str(IKE_ID_IPV4_ADDR, BYTES("\xc0\0\x02\x01", 4), text, 64));
	EXPECT_STREQ("\\x01", certificate_id_str(IKE_ID_IPV4_ADDR, BYTES("\x01", 1), text, 64));
	for (size_t size = 1; size < sizeof(text); size++) {
		certificate_names_str(self->cert, text, size);
		ASSERT_LT(strnlen(text, sizeof(text)), size);
	}
}

/* -------- stores -------- */

FIXTURE(store)
{
	struct pki_cert *root, *sub, *moon;
	struct trust_store_builder *builder;
	struct trust_store *store;
};

FIXTURE_SETUP(store)
{
	self->root = pki_issue(NULL, &(struct pki_spec){ .subject = "CN=Root", PKI_CA });
	self->sub = pki_issue(self->root, &(struct pki_spec){ .subject = "CN=Sub", PKI_CA });
	self->moon = pki_issue(self->sub, &(struct pki_spec){ .subject = "CN=moon" });
	ASSERT_EQ(0, trust_store_builder_new(&self->builder));
}

FIXTURE_TEARDOWN(store)
{
	trust_store_builder_free(self->builder);
	trust_store_unref(self->store);
	pki_free(self->moon);
	pki_free(self->sub);
	pki_free(self->root);
	EXPECT_NO_LEAKS();
}

static size_t put_pem(char *buf, size_t size, const struct pki_cert *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;
	long len;

	PEM_write_bio_X509(bio, cert->x509);
	len = BIO_get_mem_data(bio, &data);
	if ((size_t)len > size)
		abort();
	memcpy(buf, data, (size_t)len);
	BIO_free(bio);
	return (size_t)len;
}

TEST_F(store, pem_with_several_certificates_and_text_between)
{
	char pem[8192] = "Subject: CN=Root\r\n";
	size_t len = strlen(pem);
	const char *why = NULL;
	unsigned n = 0;

	len += put_pem(pem + len, 3000, self->root);
	len += (size_t)sprintf(pem + len, "noise\n-----BEGIN DH PARAMETERS-----\nMAA=\n"
					  "-----END DH PARAMETERS-----\n");
	len += put_pem(pem + len, 3000, self->sub);
	len += put_pem(pem + len, 3000 - 1000, self->root);
	ASSERT_EQ(0, trust_store_add(self->builder, TRUST_ANCHOR, BYTES(pem, len), &n, &why));
	EXPECT_EQ(3, n);
	ASSERT_EQ(0, trust_store_build(self->builder, &self->store));
	EXPECT_EQ(2, trust_store_count(self->store, TRUST_ANCHOR)); /* none twice */

	/* One that is no CA spoils all of its file. */
	len += put_pem(pem + len, 2000, self->moon);
	EXPECT_EQ(-EINVAL, trust_store_add(self->builder, TRUST_ANCHOR, BYTES(pem, len), &n, &why));
	EXPECT_NE(NULL, strstr(why, "no CA"));
	EXPECT_EQ(0, trust_store_add(self->builder, TRUST_INTERMEDIATE, BYTES(pem, len), &n, &why));
	EXPECT_EQ(4, n);
}

TEST_F(store, what_holds_no_certificate_is_refused_with_a_reason)
{
	static const char *const bad[] = {
		"",
		"hello",
		"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\nMAA=\n",
		"-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *why = NULL;

		EXPECT_EQ(-EBADMSG, trust_store_add(self->builder, TRUST_ANCHOR, bytes_str(bad[i]),
						    NULL, &why))
		TH_LOG("%zu", i);
		EXPECT_NE(NULL, why);
		why = NULL;
		EXPECT_EQ(-EBADMSG,
			  trust_store_add_crl(self->builder, bytes_str(bad[i]), NULL, &why))
		TH_LOG("%zu", i);
		EXPECT_NE(NULL, why);
	}
	ASSERT_EQ(0, trust_store_build(self->builder, &self->store));
	EXPECT_EQ(0, trust_store_count(self->store, TRUST_ANCHOR));
	EXPECT_EQ(0, trust_store_n_crls(self->store));
}

TEST_F(store, certificates_are_found_by_key_subject_and_signature)
{
	struct certificate *root, *sub, *moon = parsed(self->moon);
	uint8_t crl[PKI_CRL_SIZE];
	struct bytes list;

	ASSERT_EQ(0, trust_store_add(self->builder, TRUST_ANCHOR, self->root->der, NULL, NULL));
	ASSERT_EQ(0,
		  trust_store_add(self->builder, TRUST_INTERMEDIATE, self->sub->der, NULL, NULL));
	ASSERT_EQ(0, trust_store_add_certificate(self->builder, TRUST_END_ENTITY, moon));
	EXPECT_EQ(-EINVAL, trust_store_add_certificate(self->builder, TRUST_ANCHOR, moon));
	list = pki_crl(self->root, &(struct pki_crl_spec){ .number = 1 }, crl);
	ASSERT_EQ(0, trust_store_add_crl(self->builder, list, NULL, NULL));
	ASSERT_EQ(0, trust_store_add_crl(self->builder, list, NULL, NULL));
	ASSERT_EQ(0, trust_store_build(self->builder, &self->store));

	EXPECT_EQ(1, trust_store_n_crls(self->store));
	root = trust_store_get(self->store, TRUST_ANCHOR, 0);
	sub = trust_store_get(self->store, TRUST_INTERMEDIATE, 0);
	EXPECT_EQ(root, trust_store_by_key_hash(self->store, certificate_key_hash(root)));
	EXPECT_EQ(sub, trust_store_by_key_hash(self->store, certificate_key_hash(sub)));
	EXPECT_EQ(NULL, trust_store_by_key_hash(self->store, certificate_key_hash(moon)));
	EXPECT_EQ(NULL, trust_store_by_key_hash(self->store, BYTES_NONE));
	EXPECT_EQ(sub, trust_store_by_subject(self->store, certificate_issuer(moon), 0));
	EXPECT_EQ(NULL, trust_store_by_subject(self->store, certificate_issuer(moon), 1));
	EXPECT_EQ(sub, trust_store_issuer(self->store, moon));
	EXPECT_EQ(root, trust_store_issuer(self->store, sub));
	EXPECT_EQ(NULL, trust_store_issuer(self->store, root));
	EXPECT_TRUE(trust_store_has(self->store, TRUST_END_ENTITY, moon));
	EXPECT_FALSE(trust_store_has(self->store, TRUST_ANCHOR, moon));
	certificate_unref(moon);
}

TEST_F(store, uris_belong_to_one_ca)
{
	struct certificate *root = parsed(self->root), *sub = parsed(self->sub);
	char longer[1100] = "http://";

	memset(longer + 7, 'x', 1050);
	EXPECT_EQ(-EINVAL, trust_store_add_uri(self->builder, root, TRUST_URI_OCSP, longer));
	EXPECT_EQ(-EINVAL, trust_store_add_uri(self->builder, root, TRUST_URI_OCSP, "ldap://x"));
	ASSERT_EQ(0, trust_store_add_uri(self->builder, root, TRUST_URI_CRL, "http://a"));
	ASSERT_EQ(0, trust_store_add_uri(self->builder, root, TRUST_URI_OCSP, "HTTPS://b"));
	ASSERT_EQ(0, trust_store_add_uri(self->builder, root, TRUST_URI_CRL, "http://c"));
	ASSERT_EQ(0, trust_store_build(self->builder, &self->store));
	EXPECT_STREQ("http://a", trust_store_uri(self->store, root, TRUST_URI_CRL, 0));
	EXPECT_STREQ("http://c", trust_store_uri(self->store, root, TRUST_URI_CRL, 1));
	EXPECT_EQ(NULL, trust_store_uri(self->store, root, TRUST_URI_CRL, 2));
	EXPECT_STREQ("HTTPS://b", trust_store_uri(self->store, root, TRUST_URI_OCSP, 0));
	EXPECT_EQ(NULL, trust_store_uri(self->store, sub, TRUST_URI_CRL, 0));
	certificate_unref(sub);
	certificate_unref(root);
}

TEST_HARNESS_MAIN
