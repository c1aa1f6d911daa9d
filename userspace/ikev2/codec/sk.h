/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Opening of the encrypted payload: RFC 7296 3.14 for encrypt-then-MAC, RFC 5282 for AEADs.
 * Sealing is the builder's (builder.h); fragments (SKF, RFC 7383) are in skf.h.
 */
#include "pdk/crypto/aead.h"
#include "ikev2/codec/message.h"

/*
 * Verify the SK payload of m, then decrypt it and append its payloads, marked encrypted, to m.
 *
 * plain takes the plaintext and must stay as long as m is used: room for m->encrypted.len bytes. It
 * may be the memory that m->encrypted is a view of; any other overlap is an error of the caller.
 * Nothing is decrypted before the integrity check has passed. When it fails m stays as it was, but
 * for the bytes at plain.
 *
 * Verdicts: IKE_IGNORE, the peer's hand in it is not shown: no SK payload, too short, or the check
 * failed. Then, from verified content: IKE_MALFORMED (padding or inner chain), IKE_TOO_MANY,
 * IKE_UNSUPPORTED_CRITICAL (m is complete then too); m->opened tells both kinds apart. Offsets are
 * into the plaintext. -errno of aead_open() other than -EBADMSG.
 */
int ike_sk_open(struct ike_message *m, struct aead_key *key, uint8_t *plain,
		struct ike_fault *ret_fault);

/*
 * What SK and SKF have in common: verify, decrypt and unpad sealed, the IV, ciphertext and ICV at
 * the end of m. ret_content is a view of plain: the memory of sealed itself, or with no overlap.
 * Verdicts as for ike_sk_open(); IKE_MALFORMED is about the padding alone.
 */
int ike_sk_open_body(struct ike_message *m, struct bytes sealed, struct aead_key *key,
		     uint8_t *plain, struct bytes *ret_content, struct ike_fault *ret_fault);
