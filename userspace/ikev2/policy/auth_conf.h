/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * How one side of a connection proves who it is: the sections local and remote. Part of struct
 * connection, and as immutable.
 */
#include <stdbool.h>
#include <stddef.h>
#include "pdk/conf/options.h"
#include "pdk/crypto/public_key.h"
#include "ikev2/cert/certificate.h"
#include "ikev2/cert/revocation.h"
#include "ikev2/policy/auth_constraints.h"
#include "ikev2/policy/identity.h"

enum auth_type {
	AUTH_TYPE_PSK,
	AUTH_TYPE_PUBKEY, /* a signature: by a certificate or a raw public key */
};
const char *auth_type_name(enum auth_type type); /* "psk", "pubkey" */

/* Certificates and keys that a section may name. */
#define AUTH_CERTS_MAX 8

struct auth_conf {
	enum auth_type type;
	/*
	 * Local: who we say we are; %any: the subject of our certificate, or the local address.
	 * Remote: a pattern that the peer's identity must match; %any: whoever proves what it says.
	 */
	struct identity id;
	struct identity_pattern pattern; /* id, for lookups */
	struct auth_constraints constraints;
	/* Local: what we may show; remote: what the peer must have, one of them. */
	size_t n_certs;
	struct certificate *certs[AUTH_CERTS_MAX];
	/* Local: intermediates that stood behind ours in the same file. */
	size_t n_extras;
	struct certificate *extras[AUTH_CERTS_MAX];
	/* Remote: CAs of which the chain must hold one. */
	size_t n_cacerts;
	struct certificate *cacerts[AUTH_CERTS_MAX];
	struct identity ca_id; /* remote: of a CA of the chain; %any: not asked for */
	/* Raw public keys: ours, or those that the peer may have. */
	size_t n_pubkeys;
	struct public_key *pubkeys[AUTH_CERTS_MAX];
	enum revocation_policy revocation; /* remote */
};

void auth_conf_fini(struct auth_conf *conf);

/* Table of a local or remote section; for documentation. */
extern const struct conf_option auth_options[];
/*
 * From a section. 0; -EINVAL with reasons in report; -ENOMEM. In each case ret_conf is to be finished
 * by auth_conf_fini().
 */
int auth_conf_fill(const struct conf_node *section, bool local, struct auth_conf *ret_conf,
		   struct conf_report *report);
