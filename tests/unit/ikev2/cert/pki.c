/* SPDX-License-Identifier: MIT */
#include "pki.h"

#include <stdio.h>
#include <stdlib.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "ikev2/cert/dn.h"

#define MUST(what)                                                                                 \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "pki.c:%d: %s\n", __LINE__, #what);                        \
			ERR_print_errors_fp(stderr);                                               \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static long last_serial = 1000;

static void add_ext(X509 *x509, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;

	if (!value)
		return;
	X509V3_set_ctx(&ctx, issuer, x509, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	MUST(ext && X509_add_ext(x509, ext, -1));
	X509_EXTENSION_free(ext);
}

static X509_EXTENSION *unknown_ext(const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf(NULL, NULL, "1.3.6.1.4.1.99999.1", value);

	MUST(ext);
	return ext;
}

static X509_NAME *name_of(const char *text)
{
	uint8_t der[DN_DER_MAX];
	const uint8_t *pos = der;
	X509_NAME *name;
	struct writer w;

	if (!text)
		return X509_NAME_new();
	writer_init_fixed(&w, der, sizeof(der));
	MUST(dn_parse(text, &w, NULL) == 0);
	name = d2i_X509_NAME(NULL, &pos, (long)w.len);
	MUST(name);
	return name;
}

static EVP_PKEY *make_key(const struct pki_spec *spec)
{
	EVP_PKEY *key;

	if (spec->same_key) {
		EVP_PKEY_up_ref(spec->same_key);
		return spec->same_key;
	}
	if (spec->key)
		key = EVP_PKEY_Q_keygen(NULL, NULL, spec->key);
	else if (spec->rsa_bits)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)spec->rsa_bits);
	else
		key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", spec->curve ? spec->curve : "P-256");
	MUST(key);
	return key;
}

static const EVP_MD *md_for(EVP_PKEY *key, const EVP_MD *md)
{
	if (EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448"))
		return NULL;
	return md ? md : EVP_sha256();
}

struct pki_cert *pki_issue(const struct pki_cert *issuer, const struct pki_spec *spec)
{
	bool usual = !spec->from && !spec->to;
	struct pki_cert *cert = calloc(1, sizeof(*cert));
	X509_NAME *name = name_of(spec->subject);
	EVP_PKEY *signing_key;
	uint8_t *der = NULL;
	X509 *x509, *ca;

	MUST(cert && (x509 = cert->x509 = X509_new()));
	cert->key = make_key(spec);
	ca = issuer ? issuer->x509 : x509;
	signing_key = issuer ? issuer->key : cert->key;
	X509_set_version(x509, spec->version_1 ? 0 : 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x509), ++last_serial);
	X509_set_subject_name(x509, name);
	X509_set_issuer_name(x509, issuer ? X509_get_subject_name(ca) : name);
	X509_gmtime_adj(X509_getm_notBefore(x509), usual ? -3600 : spec->from);
	X509_gmtime_adj(X509_getm_notAfter(x509), usual ? 3600 : spec->to);
	X509_set_pubkey(x509, cert->key);
	X509_NAME_free(name);
	if (!spec->version_1) {
		add_ext(x509, ca, NID_subject_key_identifier, spec->key_id ? spec->key_id : "hash");
		if (issuer && X509_get0_subject_key_id(ca))
			add_ext(x509, ca, NID_authority_key_identifier, "keyid");
	}
	add_ext(x509, ca, NID_subject_alt_name, spec->san);
	add_ext(x509, ca, NID_basic_constraints, spec->bc);
	add_ext(x509, ca, NID_key_usage, spec->ku);
	add_ext(x509, ca, NID_ext_key_usage, spec->eku);
	add_ext(x509, ca, NID_name_constraints, spec->nc);
	add_ext(x509, ca, NID_crl_distribution_points, spec->cdp);
	add_ext(x509, ca, NID_freshest_crl, spec->freshest);
	add_ext(x509, ca, NID_info_access, spec->aia);
	if (spec->unknown) {
		X509_EXTENSION *ext = unknown_ext(spec->unknown);

		MUST(X509_add_ext(x509, ext, -1));
		X509_EXTENSION_free(ext);
	}
	MUST(X509_sign(x509, signing_key, md_for(signing_key, spec->md)) > 0);
	cert->der.len = (size_t)i2d_X509(x509, &der);
	cert->der.data = der;
	MUST(der);
	return cert;
}

void pki_free(struct pki_cert *cert)
{
	if (!cert)
		return;
	X509_free(cert->x509);
	EVP_PKEY_free(cert->key);
	OPENSSL_free((void *)cert->der.data);
	free(cert);
}

static void add_crl_ext(X509_CRL *crl, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;

	if (!value)
		return;
	X509V3_set_ctx(&ctx, issuer, NULL, NULL, crl, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	MUST(ext && X509_CRL_add_ext(crl, ext, -1));
	X509_EXTENSION_free(ext);
}

static void add_number(X509_CRL *crl, int nid, long number, int critical)
{
	ASN1_INTEGER *integer = ASN1_INTEGER_new();

	ASN1_INTEGER_set(integer, number);
	MUST(X509_CRL_add1_ext_i2d(crl, nid, integer, critical, 0));
	ASN1_INTEGER_free(integer);
}

struct bytes pki_crl(const struct pki_cert *issuer, const struct pki_crl_spec *spec, void *buf)
{
	bool usual = !spec->this_update && !spec->next_update;
	ASN1_TIME *at = X509_gmtime_adj(NULL, usual ? -3600 : spec->this_update);
	X509_CRL *crl = X509_CRL_new();
	uint8_t *pos = buf;
	int len;

	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->x509));
	X509_CRL_set1_lastUpdate(crl, at);
	X509_gmtime_adj(at, usual ? 3600 : spec->next_update);
	X509_CRL_set1_nextUpdate(crl, at);
	X509_gmtime_adj(at, -1800);
	for (size_t i = 0; i < ARRAY_SIZE(spec->revoked) && spec->revoked[i]; i++) {
		X509_REVOKED *entry = X509_REVOKED_new();
		ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();

		ASN1_ENUMERATED_set(reason, CRL_REASON_KEY_COMPROMISE);
		X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(spec->revoked[i]->x509));
		X509_REVOKED_set_revocationDate(entry, at);
		X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0);
		ASN1_ENUMERATED_free(reason);
		MUST(X509_CRL_add0_revoked(crl, entry));
	}
	ASN1_TIME_free(at);
	add_crl_ext(crl, issuer->x509, NID_authority_key_identifier, "keyid");
	add_crl_ext(crl, issuer->x509, NID_issuing_distribution_point, spec->idp);
	add_crl_ext(crl, issuer->x509, NID_freshest_crl, spec->freshest);
	add_number(crl, NID_crl_number, spec->number, 0);
	if (spec->base)
		add_number(crl, NID_delta_crl, spec->base, 1);
	if (spec->unknown) {
		X509_EXTENSION *ext = unknown_ext(spec->unknown);

		MUST(X509_CRL_add_ext(crl, ext, -1));
		X509_EXTENSION_free(ext);
	}
	X509_CRL_sort(crl);
	MUST(X509_CRL_sign(crl, issuer->key, md_for(issuer->key, spec->md)) > 0);
	len = i2d_X509_CRL(crl, NULL);
	MUST(len > 0 && len <= (int)PKI_CRL_SIZE);
	i2d_X509_CRL(crl, &pos);
	if (spec->corrupt)
		pos[-1] ^= 1;
	X509_CRL_free(crl);
	return BYTES(buf, (size_t)len);
}

struct bytes pki_ocsp(const struct pki_ocsp_spec *spec, void *buf)
{
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), spec->cert->x509, spec->issuer->x509);
	ASN1_TIME *since, *until = NULL, *revoked_at = X509_gmtime_adj(NULL, -1800);
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	const uint8_t *in = spec->request.data;
	OCSP_REQUEST *request = NULL;
	OCSP_RESPONSE *response;
	uint8_t *out = buf;
	int len;

	since = X509_gmtime_adj(NULL, spec->this_update ? spec->this_update : -60);
	if (spec->next_update)
		until = X509_gmtime_adj(NULL, spec->next_update);
	MUST(OCSP_basic_add1_status(basic, id, spec->status, OCSP_REVOKED_STATUS_KEYCOMPROMISE,
				    revoked_at, since, until));
	if (in) {
		request = d2i_OCSP_REQUEST(NULL, &in, (long)spec->request.len);
		MUST(request);
		OCSP_copy_nonce(basic, request);
	}
	if (spec->wrong_nonce)
		OCSP_basic_add1_nonce(basic, NULL, -1);
	MUST(OCSP_basic_sign(basic, spec->signer->x509, spec->signer->key,
			     md_for(spec->signer->key, spec->md), NULL, 0));
	response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	len = i2d_OCSP_RESPONSE(response, NULL);
	MUST(len > 0 && len <= (int)PKI_CRL_SIZE);
	i2d_OCSP_RESPONSE(response, &out);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	OCSP_REQUEST_free(request);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(since);
	ASN1_TIME_free(until);
	ASN1_TIME_free(revoked_at);
	return BYTES(buf, (size_t)len);
}
