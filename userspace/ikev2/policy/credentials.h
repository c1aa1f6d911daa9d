/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Certificates, CRLs and private keys: an immutable snapshot that struct ike_config holds, counted
 * and shared by all workers. What came from files and what came by the control protocol is told
 * apart, so that each is loaded anew without the other.
 *
 * A snapshot is made by one thread: credentials_new() or credentials_copy(), credentials_add_...(),
 * credentials_seal(); from then on it is only read, by any thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include "pdk/base/bytes.h"
#include "pdk/crypto/private_key.h"
#include "ikev2/cert/certificate.h"
#include "ikev2/cert/trust_store.h"

#define CREDENTIALS_MAX 8192
/* A file, or what a control client sends, of any sort but a CRL. */
#define CREDENTIAL_LEN_MAX (1u << 20)

struct conf_report;
struct ike_config;

enum credential_kind {
	CREDENTIAL_CERTIFICATE, /* of an end entity: ours, or a peer's, trusted as it is */
	CREDENTIAL_CA, /* anchors; those that aren't self-signed too, as in swanctl's x509ca */
	CREDENTIAL_INTERMEDIATE, /* came along in a container */
	CREDENTIAL_CRL,
	CREDENTIAL_KEY,
};

struct credential {
	unsigned refs;
	enum credential_kind kind;
	bool from_control;
	char *source;       /* a file, or who loaded it: for logs */
	uint8_t digest[32]; /* of what it was made from, password and all */
	/* What it is, by kind. */
	uint8_t *data; /* certificates and CRLs, PEM or DER, as trust_store_add() takes them */
	size_t len;
	struct private_key *key;
};

struct credentials {
	unsigned refs;
	size_t n;
	struct credential **v;
	struct trust_store *trust; /* NULL until sealed */
};

/* Empty and not sealed. NULL without memory. */
struct credentials *credentials_new(void);
/*
 * What old (may be NULL) has by the control protocol or, with files, from files, to go on with. Not
 * sealed. NULL without memory.
 */
struct credentials *credentials_copy(const struct credentials *old, bool control, bool files);
struct credentials *credentials_ref(const struct credentials *c);
/* Takes NULL, returns NULL. */
struct credentials *credentials_unref(const struct credentials *c);

/* -------- making: before it is sealed -------- */

/*
 * Where data comes from. old (may be NULL): a snapshot in which it may be already, decoded.
 */
struct credential_origin {
	const char *source;
	bool from_control;
	const struct credentials *old;
};

/*
 * Add certificates or CRLs, PEM (any number) or DER. 0; -EBADMSG, -EINVAL and the like with
 * *ret_why (static text); -ENOSPC; -ENOMEM. What is there already is passed over.
 */
int credentials_add_data(struct credentials *c, enum credential_kind kind, struct bytes data,
			 const struct credential_origin *from, const char **ret_why);
/* Add a private key from a file's content. ret_key (may be NULL): borrowed. As above; what
 * private_key_from_file() says. */
int credentials_add_key(struct credentials *c, struct bytes data, struct bytes password,
			const struct credential_origin *from, const struct private_key **ret_key,
			const char **ret_why);
/* Add a key that is there already. Takes a reference of its own. */
int credentials_add_private(struct credentials *c, const struct private_key *key,
			    const struct credential_origin *from);
/* Add all that is in a PKCS#12 container. */
int credentials_add_pkcs12(struct credentials *c, struct bytes data, const char *password,
			   const struct credential_origin *from, const char **ret_why);
/* Remove the key with this id (public_key_id()). -ENOENT. Only what came by the control protocol.
 */
int credentials_remove_key(struct credentials *c, struct bytes id);

/*
 * Complete: makes the trust store, with what the connections and authorities of cfg name besides.
 * 0; -EINVAL with the reason in report; -ENOMEM.
 */
int credentials_seal(struct credentials *c, const struct ike_config *cfg,
		     struct conf_report *report);

/* -------- reading -------- */

/* The private key to a public one. Borrowed. NULL: we don't have it. */
const struct private_key *credentials_key(const struct credentials *c,
					  const struct public_key *public);
/* The private key whose SubjectPublicKeyInfo is spki. Borrowed. NULL. */
const struct private_key *credentials_key_by_spki(const struct credentials *c, struct bytes spki);
/* Number of private keys, of certificates of all kinds. */
size_t credentials_count_keys(const struct credentials *c);
size_t credentials_count_certificates(const struct credentials *c);
