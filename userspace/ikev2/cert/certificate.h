/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * An X.509 certificate (RFC 5280): parsed once, never changed, counted. Any thread may read, take
 * and drop a reference. That one could be parsed says nothing about trust: see cert_check.h.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <openssl/types.h>
#include "pdk/base/bytes.h"
#include "ikev2/cert/wall_time.h"

/* Longer ones are refused: what a peer sends must fit in an IKE message anyhow. */
#define CERTIFICATE_MAX 65535
/* SHA-1 of the SubjectPublicKeyInfo, RFC 7296 3.7. */
#define CERTIFICATE_KEY_HASH_LEN    20
#define CERTIFICATE_FINGERPRINT_LEN 32 /* SHA-256 of the whole certificate */
/* Names in subjectAltName; a certificate with more is refused. */
#define CERTIFICATE_NAMES_MAX 256

struct certificate;

/*
 * From DER, all of it. -EBADMSG: it isn't a certificate that OpenSSL can read, an extension in it
 * is malformed (RFC 4945 3.3.10.2) or something stands behind it; -EMSGSIZE; -ENOTSUP: its key is
 * of no kind that OpenSSL knows, or public_key_is_slow(); -ENOMEM. No signature is verified. The
 * reference is the caller's.
 */
int certificate_parse(struct bytes der, struct certificate **ret_cert);
struct certificate *certificate_ref(struct certificate *cert);
/* Takes NULL, returns NULL. */
struct certificate *certificate_unref(struct certificate *cert);

/* What follows stays as long as the certificate. */

struct bytes certificate_der(const struct certificate *cert);
/* Names as DER, and as text for logs ("C=CH, CN=moon"; the serial number when the name is empty).
 */
struct bytes certificate_subject(const struct certificate *cert);
struct bytes certificate_issuer(const struct certificate *cert);
const char *certificate_subject_str(const struct certificate *cert);
const char *certificate_issuer_str(const struct certificate *cert);
/* Content octets of the INTEGER. */
struct bytes certificate_serial(const struct certificate *cert);
struct wall_time certificate_not_before(const struct certificate *cert);
struct wall_time certificate_not_after(const struct certificate *cert);
/* CERTIFICATE_KEY_HASH_LEN bytes: how CERTREQ names a CA. */
struct bytes certificate_key_hash(const struct certificate *cert);
struct bytes certificate_fingerprint(const struct certificate *cert);
/* CERTIFICATE_KEY_HASH_LEN bytes, SHA-1 of the subjectPublicKey alone: what most CAs write into
 * subjectKeyIdentifier (RFC 5280 4.2.1.2 (1)), computed here, whatever stands there. */
struct bytes certificate_key_id(const struct certificate *cert);
/* DER of the SubjectPublicKeyInfo. */
struct bytes certificate_spki(const struct certificate *cert);
/* The public key. Borrowed: EVP_PKEY_up_ref() to keep it. */
EVP_PKEY *certificate_public_key(const struct certificate *cert);
/* OpenSSL's object, borrowed; not to be changed. */
X509 *certificate_x509(const struct certificate *cert);

/* basicConstraints says CA (RFC 5280 4.2.1.9). */
bool certificate_is_ca(const struct certificate *cert);
/* Subject and issuer are equal and the signature is made by its own key: verified at the first call.
 */
bool certificate_is_self_signed(const struct certificate *cert);
bool certificate_equal(const struct certificate *a, const struct certificate *b);

/* A name of subjectAltName that an IKE identity can be. */
struct certificate_name {
	uint8_t id_type; /* IKE_ID_FQDN, _RFC822_ADDR, _IPV4_ADDR, _IPV6_ADDR, _DER_ASN1_DN */
	struct bytes data;
};
size_t certificate_n_names(const struct certificate *cert);
struct certificate_name certificate_name(const struct certificate *cert, size_t i);

/*
 * Is this identity (type and data of an ID payload, RFC 7296 3.5) one that the certificate binds to
 * its key? RFC 4945 3.1: FQDN, RFC822 and addresses are looked for in subjectAltName alone, names
 * regardless of ASCII case and never with wildcards; a DN is the subject or a directoryName, equal
 * by RFC 5280 7.1 (peers encode configured text anew, so bytes needn't agree); a KEY_ID is the
 * SHA-1 of the key, certificate_key_hash() or certificate_key_id(). False for any other type.
 */
bool certificate_has_id(const struct certificate *cert, uint8_t id_type, struct bytes id);

/*
 * Does any name of the certificate fit this pattern of configuration, in which "*.example.org",
 * "*@example.org" and "CN=*" are wildcards? For choosing among certificates. 0 is not at all; more
 * is better; 1000 is exact.
 */
unsigned certificate_match_id(const struct certificate *cert, uint8_t id_type,
			      struct bytes pattern);

/* An identity as text for a log, as configuration would have it. Returns buf. */
char *certificate_id_str(uint8_t id_type, struct bytes id, char *buf, size_t size);

/* All names as text for a log: "C=CH, CN=moon; moon.example.org; 192.0.2.1". Returns buf. */
char *certificate_names_str(const struct certificate *cert, char *buf, size_t size);
