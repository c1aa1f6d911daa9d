/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What X.509 authentication trusts and knows: anchors, end entities that are trusted as they are,
 * intermediate certificates, CRLs, and where a CA's revocation information lies. Built once from
 * files or from VICI, then never changed, and counted: a configuration snapshot holds one, and a
 * reload makes another. Any thread may read.
 */
#include <stdbool.h>
#include <stddef.h>
#include <openssl/types.h>
#include "pdk/base/bytes.h"
#include "ikev2/cert/certificate.h"

struct trust_store;
struct trust_store_builder;

/* Of certificates and of CRLs each; more are refused. */
#define TRUST_STORE_MAX 4096
/* Bytes of one CRL, from a file or from a server. */
#define TRUST_STORE_CRL_MAX (16u << 20)

enum trust_kind {
	/* Self-signed or not, what is in here ends every chain that reaches it. */
	TRUST_ANCHOR,
	/* Helps to build chains; nothing is trusted because it is in here. */
	TRUST_INTERMEDIATE,
	/* An end entity that needs no chain and no revocation information (a pinned certificate).
	 */
	TRUST_END_ENTITY,
};

/* -------- building: one thread -------- */

/* -ENOMEM */
int trust_store_builder_new(struct trust_store_builder **ret_builder);
/* Takes NULL, returns NULL. */
struct trust_store_builder *trust_store_builder_free(struct trust_store_builder *builder);

/*
 * Add certificates: one as DER, or any number as PEM with any text between (other PEM blocks, a
 * private key say, are passed over). An anchor must be a CA by basicConstraints (RFC 4945 5.1.3.9).
 * Of a file with several under TRUST_ANCHOR, those that are no CA are refused. What is there
 * already is not added again. ret_n (may be NULL): how many were in it. ret_why (may be NULL): on
 * failure static text that says what is wrong.
 *
 * 0; -EBADMSG: malformed, or no certificate in it; -EINVAL: an anchor that is no CA; -ENOSPC: too
 * many; -EMSGSIZE; -ENOTSUP; -ENOMEM. On failure nothing was added.
 */
int trust_store_add(struct trust_store_builder *builder, enum trust_kind kind, struct bytes data,
		    unsigned *ret_n, const char **ret_why);

/* Add a counted certificate; the builder takes a reference of its own. -EINVAL, -ENOSPC, -ENOMEM.
 */
int trust_store_add_certificate(struct trust_store_builder *builder, enum trust_kind kind,
				struct certificate *cert);

/* Add CRLs, one as DER or any number as PEM. As above. Who signed them is checked when they are
 * used. */
int trust_store_add_crl(struct trust_store_builder *builder, struct bytes data, unsigned *ret_n,
			const char **ret_why);

enum trust_uri {
	TRUST_URI_CRL,
	TRUST_URI_OCSP,
};

/* http:// or https://, up to 1000 bytes. */
bool trust_store_uri_fits(const char *uri);

/*
 * Where a CA's revocation information lies besides what its certificates say (authorities.crl_uris
 * and .ocsp_uris). -EINVAL: trust_store_uri_fits() says no; -ENOSPC; -ENOMEM.
 */
int trust_store_add_uri(struct trust_store_builder *builder, const struct certificate *ca,
			enum trust_uri kind, const char *uri);

/* The store of what was added; the builder is empty afterwards and may go on. -ENOMEM. */
int trust_store_build(struct trust_store_builder *builder, struct trust_store **ret_store);

/* -------- use: any thread -------- */

struct trust_store *trust_store_ref(struct trust_store *store);
/* Takes NULL, returns NULL. */
struct trust_store *trust_store_unref(struct trust_store *store);

/* All of one kind in the order they were added. Borrowed from the store. */
size_t trust_store_count(const struct trust_store *store, enum trust_kind kind);
struct certificate *trust_store_get(const struct trust_store *store, enum trust_kind kind,
				    size_t i);
size_t trust_store_n_crls(const struct trust_store *store);
X509_CRL *trust_store_crl(const struct trust_store *store, size_t i);

/*
 * The CA (anchor or intermediate) whose key has this SHA-1 (CERTREQ, RFC 7296 3.7); anchors first.
 * Borrowed. NULL: none.
 */
struct certificate *trust_store_by_key_hash(const struct trust_store *store, struct bytes hash);

/* The n-th certificate of any kind with this subject (DER), equal by RFC 5280 7.1. Borrowed. NULL.
 */
struct certificate *trust_store_by_subject(const struct trust_store *store, struct bytes subject,
					   size_t n);

/*
 * The CA that issued this certificate by name and signature; an anchor rather than an intermediate.
 * For sending our own chain. Borrowed. NULL: none, or cert is self-signed.
 */
struct certificate *trust_store_issuer(const struct trust_store *store,
				       const struct certificate *cert);

/* This very certificate is in the store as kind. */
bool trust_store_has(const struct trust_store *store, enum trust_kind kind,
		     const struct certificate *cert);

/* The i-th URI added for the CA with this subject and key; NULL behind the last. */
const char *trust_store_uri(const struct trust_store *store, const struct certificate *ca,
			    enum trust_uri kind, size_t i);
