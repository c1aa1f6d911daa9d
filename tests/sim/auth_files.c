/* SPDX-License-Identifier: MIT */
#include "auth_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <openssl/pem.h>

#include "../unit/ikev2/cert/pki.h"

static FILE *create(const char *dir, const char *name, const char *ending)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.%s", dir, name, ending);
	f = fopen(path, "w");
	if (!f) {
		perror(path);
		exit(1);
	}
	return f;
}

static void write_certs(const char *dir, const char *name, const struct pki_cert *cert,
			const struct pki_cert *behind)
{
	FILE *f = create(dir, name, "pem");

	PEM_write_X509(f, cert->x509);
	if (behind)
		PEM_write_X509(f, behind->x509);
	fclose(f);
}

static void make_peer(const char *dir, const char *name, const struct pki_cert *issuer,
		      const struct pki_cert *behind, const struct pki_spec *spec)
{
	struct pki_cert *cert = pki_issue(issuer, spec);
	FILE *f;

	write_certs(dir, name, cert, behind);
	f = create(dir, name, "key");
	PEM_write_PKCS8PrivateKey(f, cert->key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	f = create(dir, name, "pub");
	PEM_write_PUBKEY(f, cert->key);
	fclose(f);
	pki_free(cert);
}

#define LEAF(name) .subject = "CN=" name, .san = "DNS:" name

static const struct {
	const char *name;
	struct pki_spec spec;
} kinds[] = {
	{ "rsa", { .rsa_bits = 2048 } },
	{ "ecdsa", { .key = NULL } },
	{ "p384", { .curve = "P-384" } },
	{ "p521", { .curve = "P-521" } },
	{ "ed25519", { .key = "ED25519" } },
	{ "ed448", { .key = "ED448" } },
};

static void make_hashed(const char *dir)
{
	struct pki_cert *ca = pki_issue(
		NULL, &(struct pki_spec){ .subject = "CN=an RSA CA", PKI_CA, .rsa_bits = 2048 });

	write_certs(dir, "rsa-ca", ca, NULL);
	make_peer(dir, "b-md5", ca, NULL, &(struct pki_spec){ LEAF("b.test"), .md = EVP_md5() });
	make_peer(dir, "b-sha1", ca, NULL, &(struct pki_spec){ LEAF("b.test"), .md = EVP_sha1() });
	make_peer(dir, "b-sha384", ca, NULL,
		  &(struct pki_spec){ LEAF("b.test"), .md = EVP_sha384() });
	pki_free(ca);
}

void auth_files_make(const char *dir)
{
	struct pki_cert *ca = pki_issue(NULL, &(struct pki_spec){ .subject = "CN=a CA", PKI_CA });
	struct pki_cert *other =
		pki_issue(NULL, &(struct pki_spec){ .subject = "CN=another CA", PKI_CA });
	struct pki_cert *sub = pki_issue(ca, &(struct pki_spec){ .subject = "CN=a sub CA", PKI_CA });

	write_certs(dir, "ca", ca, NULL);
	write_certs(dir, "other-ca", other, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		for (int b = 0; b < 2; b++) {
			struct pki_spec spec = kinds[i].spec;
			char name[32];

			spec.subject = b ? "C=CH, CN=b" : "C=CH, CN=a";
			spec.san = b ? "DNS:b.test" : "DNS:a.test";
			snprintf(name, sizeof(name), "%c-%s", b ? 'b' : 'a', kinds[i].name);
			make_peer(dir, name, ca, NULL, &spec);
		}
	make_peer(dir, "b-sub", sub, sub, &(struct pki_spec){ LEAF("b.test") });
	make_peer(dir, "b-stranger", other, NULL, &(struct pki_spec){ LEAF("b.test") });
	make_peer(dir, "c", ca, NULL, &(struct pki_spec){ LEAF("c.test") });
	make_peer(dir, "b-old", ca, NULL,
		  &(struct pki_spec){ LEAF("b.test"), .from = -7200, .to = -3600 });
	make_peer(dir, "b-1024", ca, NULL, &(struct pki_spec){ LEAF("b.test"), .rsa_bits = 1024 });
	make_hashed(dir);
	pki_free(ca);
	pki_free(other);
	pki_free(sub);
}
