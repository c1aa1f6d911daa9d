/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * By which authentication method a signature is made and taken: Digital Signature (RFC 7427), where
 * both sides have announced hash algorithms, else the old ones, RSA (RFC 7296 2.15, 3.8) and ECDSA
 * on one curve each (RFC 4754). Pure functions.
 *
 * peer_hashes: what the peer takes (signature_hashes_parse()), 0 when it did not say. We say it
 * whenever the peer does.
 */
#include "ikev2/codec/payload.h"
#include "ikev2/policy/auth_constraints.h"
#include "pdk/crypto/public_key.h"

struct signature_choice {
	enum ike_auth_method method;
	struct crypto_sign_scheme scheme;
};

/*
 * How to sign with a key of this kind and length: by an old method only for a peer that announced
 * nothing, however little there is that both know (RFC 7427 3). -ENOTSUP: there is no way that key,
 * peer and constraints agree on.
 */
int signature_choose(enum crypto_key_type type, unsigned bits, unsigned peer_hashes,
		     const struct auth_constraints *c, struct signature_choice *ret_choice);

/* Append the Authentication Data (3.8) for a signature made by choice. 0 or -errno. */
int signature_write(struct writer *w, enum crypto_key_type type,
		    const struct signature_choice *choice, struct bytes signature);

/*
 * Does this AUTH payload hold a signature by key over octets[0] | ... | octets[n - 1], of a form
 * that the constraints allow? SHA-1 without being named in them is for RSA and for peers that
 * announced nothing; of others the old methods are taken with SHA-2, as they are no worse. 0; a
 * positive number: no, and *ret_why (static text) says what is wrong; -ENOMEM and the like.
 */
int signature_check(const struct ike_auth *auth, const struct public_key *key, unsigned peer_hashes,
		    const struct auth_constraints *c, const struct bytes *octets, size_t n,
		    const char **ret_why);
