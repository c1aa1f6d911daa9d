/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include "pdk/crypto/pkcs12.h"
#include "fixture.h"
#include "keys.h"

static X509 *make_cert(EVP_PKEY *pkey, const char *name)
{
	X509 *cert = X509_new();

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
				   (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	X509_set_pubkey(cert, pkey);
	X509_sign(cert, pkey, EVP_sha256());
	return cert;
}

FIXTURE(container)
{
	struct bytes data;
};

FIXTURE_SETUP(container)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *cert = make_cert(pkey, "moon"), *ca = make_cert(pkey, "a CA");
	STACK_OF(X509) *cas = sk_X509_new_null();
	BIO *bio = BIO_new(BIO_s_mem());
	PKCS12 *p12;

	sk_X509_push(cas, ca);
	p12 = PKCS12_create("secret", "moon", pkey, cert, cas, 0, 0, 0, 0, 0);
	ASSERT_NE(NULL, p12);
	i2d_PKCS12_bio(bio, p12);
	self->data = test_bio_bytes(bio);
	PKCS12_free(p12);
	sk_X509_pop_free(cas, X509_free);
	X509_free(cert);
	EVP_PKEY_free(pkey);
	ERR_clear_error();
}

FIXTURE_TEARDOWN(container)
{
	free((void *)self->data.data);
	EXPECT_EQ(0, ERR_peek_error());
	EXPECT_NO_LEAKS();
}

TEST_F(container, gives_key_and_certificates)
{
	struct pkcs12 content;

	ASSERT_EQ(0, pkcs12_read(self->data, "secret", &content));
	ASSERT_NE(NULL, content.key);
	EXPECT_EQ(CRYPTO_KEY_ECDSA_P256, public_key_type(private_key_public(content.key)));
	EXPECT_TRUE(content.key_has_certificate);
	EXPECT_EQ(2, content.n_certificates);
	EXPECT_EQ(0x30, content.certificates[0].data[0]);
	pkcs12_fini(&content);
	pkcs12_fini(&content);
}

TEST_F(container, wrong_password_and_no_container_are_told_apart)
{
	struct pkcs12 content;

	EXPECT_EQ(-EKEYREJECTED, pkcs12_read(self->data, "other", &content));
	EXPECT_EQ(-EBADMSG, pkcs12_read(BYTES(self->data.data, self->data.len / 2), "secret",
					&content));
	EXPECT_EQ(-EBADMSG, pkcs12_read(BYTES_NONE, "secret", &content));
}

TEST_HARNESS_MAIN
