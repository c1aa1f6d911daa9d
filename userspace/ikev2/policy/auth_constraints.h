/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Which keys and signatures a side may authenticate with: the option "auth" of swanctl.conf beyond
 * "psk". "pubkey" is any; "rsa-3072-ecdsa-256" any of these kinds, and every such key of the chain
 * of at least so many bits; "pubkey-sha384-sha512" or "rsa/pss-sha256" these hashes and this
 * padding, in the certificates of the chain and in IKE; what stands behind "ike:" counts for IKE
 * alone.
 */
#include <stdbool.h>
#include <stdint.h>
#include "pdk/crypto/signature.h"

/* RFC 8247 1, 3.1.1: shorter RSA keys SHOULD NOT be used. "rsa-1024" takes them all the same. */
#define AUTH_RSA_BITS_DEFAULT 2048

struct auth_constraints {
	uint8_t keys; /* set of 1 << enum crypto_key_type; 0: any */
	uint16_t rsa_bits, ecdsa_bits; /* at least; 0: not said */
	/* Sets of signature schemes, private; 0: not said. */
	uint32_t chain, ike;
	bool prefer_pkcs1; /* "rsa" with a hash was asked for by name */
};

/* Nothing but what is always asked. */
#define AUTH_CONSTRAINTS_NONE ((struct auth_constraints){ 0 })

/*
 * From text such as the above. 0; -EINVAL, ret_expected (static text) says what would be right.
 */
int auth_constraints_parse(const char *text, struct auth_constraints *ret_constraints,
			   const char **ret_expected);

/* May a key of this kind and length be used? NULL, or static text that says why not. */
const char *auth_constraints_refuse_key(const struct auth_constraints *c,
					enum crypto_key_type type, unsigned bits);

/* May AUTH be made this way? SHA-1 only when it is asked for by name (RFC 8247 3.2). */
bool auth_constraints_allow(const struct auth_constraints *c,
			    const struct crypto_sign_scheme *scheme);
/*
 * May a certificate of the chain be signed this way? scheme NULL: by one that has no name here; it
 * may unless schemes were named.
 */
bool auth_constraints_allow_in_chain(const struct auth_constraints *c,
				     const struct crypto_sign_scheme *scheme);
/* Is SHA-1 among the hashes that were named for the chain? */
bool auth_constraints_sha1_in_chain(const struct auth_constraints *c);
