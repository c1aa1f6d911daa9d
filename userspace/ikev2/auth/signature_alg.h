/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The ASN.1 AlgorithmIdentifier in front of a Digital Signature (RFC 7427 3, appendix A; RFC 8420
 * appendix A for EdDSA), and the numbers of the hash algorithms (RFC 7427 7). Pure functions.
 */
#include "pdk/crypto/signature.h"
#include "ikev2/codec/ikev2.h"

/* Append the length octet and the AlgorithmIdentifier. -EINVAL: there is none for this scheme. */
int signature_alg_write(struct writer *w, enum crypto_key_type type,
			const struct crypto_sign_scheme *scheme);

/*
 * Read them from the Authentication Data. ret_types: set of 1 << enum crypto_key_type that this goes
 * with. ret_signature: what follows. 0; -EBADMSG: malformed; -ENOTSUP: an algorithm, a hash, or
 * parameters that we don't have.
 */
int signature_alg_parse(struct bytes data, struct crypto_sign_scheme *ret_scheme,
			unsigned *ret_types, struct bytes *ret_signature);

/* "RSASSA-PSS with SHA-256", "Ed25519 or Ed448": for logs. Returns buf. */
#define SIGNATURE_ALG_STRLEN 48
char *signature_alg_str(const struct crypto_sign_scheme *scheme, char *buf);

/* IKE_SIG_HASH_* of a scheme. */
enum ike_sig_hash signature_alg_hash(const struct crypto_sign_scheme *scheme);

#define SIGNATURE_HASHES_SAID (1u << 0) /* the number 0 is reserved */

/*
 * The notify SIGNATURE_HASH_ALGORITHMS (RFC 7427 4): all that we take, that is without SHA-1 (RFC
 * 8247 3.2); and a peer's, as a set of 1 << IKE_SIG_HASH_*. Unknown numbers and an odd octet at the
 * end are passed over. SIGNATURE_HASHES_SAID is always in the set: 0 is who has announced nothing.
 */
void signature_hashes_write(struct writer *w);
unsigned signature_hashes_parse(struct bytes data);
