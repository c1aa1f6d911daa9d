/* SPDX-License-Identifier: MIT */
/*
 * All that may be asked of a certificate is computed when it is parsed, so that reading needs no
 * lock: OpenSSL's own caches are filled by then too. But no signature is verified, as a worker
 * parses what anybody sends: whether it signed itself is found out when it is asked.
 */
#include "ikev2/cert/certificate.h"

#include <errno.h>
#include <stdlib.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "pdk/crypto/public_key.h"
#include "ikev2/cert/dn.h"
#include "ikev2/cert/x509_private.h"
#include "ikev2/codec/ikev2.h"

struct certificate {
	unsigned refs; /* atomic */
	X509 *x509;
	struct bytes der; /* ours */
	struct bytes spki;
	EVP_PKEY *key;
	GENERAL_NAMES *alt_names; /* holds the data of names */
	struct wall_time not_before, not_after;
	bool is_ca;
	int self_signed; /* atomic; -1: not asked yet */
	uint8_t key_hash[CERTIFICATE_KEY_HASH_LEN], key_id[CERTIFICATE_KEY_HASH_LEN];
	uint8_t fingerprint[CERTIFICATE_FINGERPRINT_LEN];
	char subject_str[DN_STRLEN], issuer_str[DN_STRLEN];
	size_t n_names;
	struct certificate_name *names;
};

/* -------- parsing -------- */

static void names_add(struct certificate *cert, uint8_t id_type, struct bytes data)
{
	if (data.len)
		cert->names[cert->n_names++] = (struct certificate_name){ id_type, data };
}

static void name_read(struct certificate *cert, const GENERAL_NAME *name)
{
	int type;
	const void *value = GENERAL_NAME_get0_value(name, &type);
	struct bytes data = BYTES_NONE;

	if (type == GEN_DNS || type == GEN_EMAIL || type == GEN_IPADD)
		data = asn1_bytes(value);
	if (type == GEN_DNS)
		names_add(cert, IKE_ID_FQDN, data);
	else if (type == GEN_EMAIL)
		names_add(cert, IKE_ID_RFC822_ADDR, data);
	else if (type == GEN_IPADD && data.len == 4)
		names_add(cert, IKE_ID_IPV4_ADDR, data);
	else if (type == GEN_IPADD && data.len == 16)
		names_add(cert, IKE_ID_IPV6_ADDR, data);
	else if (type == GEN_DIRNAME)
		names_add(cert, IKE_ID_DER_ASN1_DN, x509_name_der(value));
}

static int names_read(struct certificate *cert)
{
	int critical, n;

	cert->alt_names = X509_get_ext_d2i(cert->x509, NID_subject_alt_name, &critical, NULL);
	if (!cert->alt_names)
		return critical == -1 ? 0 : -EBADMSG; /* -1: there is none */
	n = sk_GENERAL_NAME_num(cert->alt_names);
	if (n > CERTIFICATE_NAMES_MAX)
		return -EMSGSIZE;
	cert->names = calloc((size_t)n + 1, sizeof(cert->names[0]));
	if (!cert->names)
		return -ENOMEM;
	for (int i = 0; i < n; i++)
		name_read(cert, sk_GENERAL_NAME_value(cert->alt_names, i));
	return 0;
}

/* "C=CH, CN=moon", or how to tell a certificate without a subject from others. */
static void subject_print(struct certificate *cert)
{
	char serial[2 * 20 + 1];
	struct bytes number = certificate_serial(cert);

	dn_str(certificate_subject(cert), cert->subject_str, sizeof(cert->subject_str));
	if (cert->subject_str[0])
		return;
	snprintf(cert->subject_str, sizeof(cert->subject_str), "serial number %s",
		 bytes_hex(number, serial, sizeof(serial)));
}

static int spki_read(struct certificate *cert)
{
	const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(cert->x509);
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert->x509), &der);

	if (len <= 0)
		return -EBADMSG;
	cert->spki = BYTES(der, (size_t)len);
	SHA1(der, (size_t)len, cert->key_hash);
	SHA1(asn1_bytes(bits).data, asn1_bytes(bits).len, cert->key_id);
	cert->key = X509_get0_pubkey(cert->x509);
	return cert->key && !public_key_is_slow(cert->key) ? 0 : -ENOTSUP;
}

static int fields_read(struct certificate *cert)
{
	uint32_t flags = X509_get_extension_flags(cert->x509);
	int err;

	/* RFC 4945 3.3.10.2: what can't be decoded isn't used. */
	if (flags & EXFLAG_INVALID)
		return -EBADMSG;
	if (asn1_time_read(X509_get0_notBefore(cert->x509), &cert->not_before) < 0 ||
	    asn1_time_read(X509_get0_notAfter(cert->x509), &cert->not_after) < 0)
		return -EBADMSG;
	err = spki_read(cert);
	if (err)
		return err;
	err = names_read(cert);
	if (err)
		return err;
	cert->is_ca = (flags & EXFLAG_BCONS) && (flags & EXFLAG_CA);
	cert->self_signed = flags & EXFLAG_SI ? -1 : 0;
	SHA256(cert->der.data, cert->der.len, cert->fingerprint);
	subject_print(cert);
	dn_str(certificate_issuer(cert), cert->issuer_str, sizeof(cert->issuer_str));
	return 0;
}

int certificate_parse(struct bytes der, struct certificate **ret_cert)
{
	const unsigned char *pos = der.data;
	struct certificate *cert;
	OPENSSL_SCOPE;
	uint8_t *copy;
	int err;

	if (der.len > CERTIFICATE_MAX)
		return -EMSGSIZE;
	cert = calloc(1, sizeof(*cert));
	if (!cert)
		return -ENOMEM;
	cert->refs = 1;
	err = bytes_dup(der, &copy);
	if (err)
		goto fail;
	cert->der = BYTES(copy, der.len);
	err = -EBADMSG;
	cert->x509 = d2i_X509(NULL, &pos, (long)der.len);
	if (!cert->x509 || pos != der.data + der.len)
		goto fail;
	err = fields_read(cert);
	if (err)
		goto fail;
	*ret_cert = cert;
	return 0;
fail:
	certificate_unref(cert);
	return err;
}

struct certificate *certificate_ref(struct certificate *cert)
{
	__atomic_add_fetch(&cert->refs, 1, __ATOMIC_RELAXED);
	return cert;
}

struct certificate *certificate_unref(struct certificate *cert)
{
	if (!cert || __atomic_sub_fetch(&cert->refs, 1, __ATOMIC_ACQ_REL))
		return NULL;
	GENERAL_NAMES_free(cert->alt_names);
	free(cert->names);
	OPENSSL_free((void *)cert->spki.data);
	X509_free(cert->x509);
	free((void *)cert->der.data);
	free(cert);
	return NULL;
}

/* -------- reading -------- */

struct bytes certificate_der(const struct certificate *cert)
{
	return cert->der;
}

struct bytes certificate_subject(const struct certificate *cert)
{
	return x509_name_der(X509_get_subject_name(cert->x509));
}

struct bytes certificate_issuer(const struct certificate *cert)
{
	return x509_name_der(X509_get_issuer_name(cert->x509));
}

const char *certificate_subject_str(const struct certificate *cert)
{
	return cert->subject_str;
}

const char *certificate_issuer_str(const struct certificate *cert)
{
	return cert->issuer_str;
}

struct bytes certificate_serial(const struct certificate *cert)
{
	return asn1_bytes(X509_get0_serialNumber(cert->x509));
}

struct wall_time certificate_not_before(const struct certificate *cert)
{
	return cert->not_before;
}

struct wall_time certificate_not_after(const struct certificate *cert)
{
	return cert->not_after;
}

struct bytes certificate_key_hash(const struct certificate *cert)
{
	return BYTES_OF(cert->key_hash);
}

struct bytes certificate_fingerprint(const struct certificate *cert)
{
	return BYTES_OF(cert->fingerprint);
}

struct bytes certificate_key_id(const struct certificate *cert)
{
	return BYTES_OF(cert->key_id);
}

struct bytes certificate_spki(const struct certificate *cert)
{
	return cert->spki;
}

EVP_PKEY *certificate_public_key(const struct certificate *cert)
{
	return cert->key;
}

X509 *certificate_x509(const struct certificate *cert)
{
	return cert->x509;
}

bool certificate_is_ca(const struct certificate *cert)
{
	return cert->is_ca;
}

bool certificate_is_self_signed(const struct certificate *cert)
{
	int known = __atomic_load_n(&cert->self_signed, __ATOMIC_RELAXED);
	OPENSSL_SCOPE;

	if (known < 0) {
		known = X509_verify(cert->x509, cert->key) == 1;
		/* Whoever asks at the same time finds the same. */
		__atomic_store_n(&((struct certificate *)cert)->self_signed, known,
				 __ATOMIC_RELAXED);
	}
	return known;
}

bool certificate_equal(const struct certificate *a, const struct certificate *b)
{
	return a == b || bytes_equal(a->der, b->der);
}

size_t certificate_n_names(const struct certificate *cert)
{
	return cert->n_names;
}

struct certificate_name certificate_name(const struct certificate *cert, size_t i)
{
	return cert->names[i];
}
