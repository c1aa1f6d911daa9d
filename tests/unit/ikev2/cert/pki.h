/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A PKI that a test makes for itself: certificates, CRLs and OCSP responses with keys made on the
 * spot. A failure of OpenSSL ends the program: it is the test's, not what is tested.
 */
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include "pdk/base/bytes.h"

#define PKI_CA       .bc = "critical,CA:TRUE", .ku = "critical,keyCertSign,cRLSign"
#define PKI_CRL_SIZE (64u << 10)

struct pki_spec {
	const char *subject;                                         /* dn.h's text; NULL: empty */
	const char *san, *bc, *ku, *eku, *nc, *cdp, *aia, *freshest; /* openssl.cnf's values */
	const char *key_id;  /* subjectKeyIdentifier in hexadecimal; NULL: the hash of the key */
	const char *unknown; /* value of an extension that nobody knows */
	int from, to;        /* seconds from now; both 0: an hour ago to in an hour */
	const EVP_MD *md;    /* NULL: SHA-256 */
	int rsa_bits;        /* 0: ECDSA P-256 */
	const char *key;     /* "ED25519" ... */
	const char *curve;   /* of ECDSA; NULL: P-256 */
	EVP_PKEY *same_key;
	bool version_1;
};

struct pki_cert {
	X509 *x509;
	EVP_PKEY *key;
	struct bytes der;
};

/* issuer NULL: self-signed. */
struct pki_cert *pki_issue(const struct pki_cert *issuer, const struct pki_spec *spec);
void pki_free(struct pki_cert *cert);

struct pki_crl_spec {
	const struct pki_cert *revoked[4];
	int this_update, next_update; /* seconds from now; both 0: an hour each way */
	const EVP_MD *md;
	const char *idp; /* IssuingDistributionPoint, openssl.cnf's value */
	const char *freshest;
	const char *unknown; /* value of an extension that nobody knows */
	long number, base; /* base: this is a delta to that one */
	bool corrupt;
};
/* DER into buf of PKI_CRL_SIZE. */
struct bytes pki_crl(const struct pki_cert *issuer, const struct pki_crl_spec *spec, void *buf);

struct pki_ocsp_spec {
	const struct pki_cert *cert, *issuer, *signer;
	int status;                   /* V_OCSP_CERTSTATUS_* */
	int this_update, next_update; /* next_update 0: none; this_update 0: a minute ago */
	struct bytes request;         /* its nonce is copied */
	bool wrong_nonce;
	const EVP_MD *md;
};
struct bytes pki_ocsp(const struct pki_ocsp_spec *spec, void *buf);
