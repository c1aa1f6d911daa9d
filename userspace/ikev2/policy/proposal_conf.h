/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Proposals as people write them: "aes128gcm16-prfsha256-x25519", "aes256-sha256-modp2048",
 * "default". Keywords are those of strongSwan for what Postern has (codec/algorithm.h); what it
 * hasn't is refused by name, and what OpenSSL lacks (in FIPS mode, say), too.
 */
#include <stdbool.h>
#include <stddef.h>
#include "ikev2/codec/proposal.h"

/* Text of why a proposal was refused. */
#define PROPOSAL_ERROR_LEN 500

/*
 * One keyword proposal for IKE_PROTOCOL_IKE or IKE_PROTOCOL_ESP, number 1, no SPI. Several keywords
 * of a type are alternatives in their order. An IKE proposal without a PRF gets that of its
 * integrity algorithm; one without a key exchange is refused. An ESP proposal gets "noesn" when it
 * says neither "esn" nor "noesn"; its key exchange (for PFS) is optional. AEAD and other ciphers
 * don't mix (RFC 7296 3.3). -EINVAL, and error says why.
 */
int proposal_from_text(const char *text, uint8_t protocol, struct proposal *ret_p,
		       char error[PROPOSAL_ERROR_LEN]);

/* Append to a list and number it; "default" appends of the defaults what OpenSSL has. -EINVAL as
 * above, -E2BIG (error set too) when the list is full. */
int proposal_list_add_text(struct proposal_list *list, const char *text, uint8_t protocol,
			   char error[PROPOSAL_ERROR_LEN]);

/* What is used where configuration is silent, best first. */
void proposal_list_defaults(struct proposal_list *list, uint8_t protocol);

/*
 * What speaks against algorithms of a proposal, for people: "sha1: attacks on SHA-1 get better (RFC
 * 8247 2.3: MUST-); ...", cut at size. False, and buf is untouched: nothing does.
 */
bool proposal_advice(const struct proposal *p, char *buf, size_t size);

/* "aes256gcm16-prfsha384-ecp384"; unknown transforms come out as "type/id". "..." when size is too
 * small. Returns buf. */
char *proposal_to_text(const struct proposal *p, char *buf, size_t size);

/* Can Postern do this transform in that protocol (IKE or ESP)? The key size counts. */
bool proposal_supported(uint8_t protocol, const struct transform *t);
/* Is it an encryption transform that authenticates as well (RFC 5282, RFC 7634)? */
bool proposal_encr_is_aead(uint16_t encr);
