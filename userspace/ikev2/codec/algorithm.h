/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The table of algorithms: everything about one stands in its row, and a new one is a new row (with
 * one in pdk/crypto, if it has to be computed here). Configuration takes names and advice from it,
 * the protocol core what to compute with, the kernel's backend its names.
 *
 * Constant data: any thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ikev2/codec/proposal.h"

/* How much RFC 8247 wants an algorithm in IKE, RFC 8221 one in ESP; what they don't name is MAY. */
enum algorithm_level {
	ALGORITHM_NONE, /* doesn't exist in that protocol */
	ALGORITHM_MUST,
	ALGORITHM_MUST_MINUS, /* it will be less */
	ALGORITHM_SHOULD_PLUS,
	ALGORITHM_SHOULD,
	ALGORITHM_MAY,
	ALGORITHM_SHOULD_NOT,
	ALGORITHM_MUST_NOT,
};
#define ALGORITHM_LEVEL_N (ALGORITHM_MUST_NOT + 1)

#define ALGORITHM_KEYS_MAX  3
#define ALGORITHM_NAME_LEN  32
#define ALGORITHM_NO_CRYPTO (-1)

struct algorithm {
	uint8_t type; /* IKE_TRANSFORM_*, never ADDKE* */
	uint16_t id;
	/*
	 * As configuration calls it, names apart by a space: the first is the one it is printed by.
	 * A '*' stands for the key length in bits; a name without means the first of those.
	 */
	const char *names;
	/* Values of the KEY_LENGTH attribute (RFC 7296 3.3.5), behind them 0; none: no attribute.
	 */
	uint16_t key_bits[ALGORITHM_KEYS_MAX];
	/* Octets. key: where there is no attribute; of an integrity algorithm, too. salt: what
	 * stands behind the key of a cipher, a nonce as well. icv: AEAD and integrity. */
	uint8_t key, salt, icv;
	/* By key length. */
	enum algorithm_level ike[ALGORITHM_KEYS_MAX], esp[ALGORITHM_KEYS_MAX];
	int crypto;         /* enum crypto_encr, _prf, _integ or _kex, as type says, or NO_CRYPTO */
	const char *kernel; /* for ESP; NULL: the kernel has none */
	uint16_t prf;       /* integrity: the PRF that goes with it when none is named */
	bool dated;         /* who uses it is warned, with the note as the reason */
	const char *note;   /* for people; NULL: nothing to say */
};

/* One after the other; the first after NULL, NULL after the last. */
const struct algorithm *algorithm_next(const struct algorithm *a);
#define for_each_algorithm(a) for (const struct algorithm *a = NULL; (a = algorithm_next(a));)

/* NULL: not in the table. */
const struct algorithm *algorithm_by_id(uint8_t type, uint16_t id);
/* By any of its names, in upper or lower case; ret_bits: for struct transform's key_bits. */
const struct algorithm *algorithm_by_name(const char *name, uint16_t *ret_bits);
/* Why what is called so isn't in the table, for people; NULL: there is nothing known of the name.
 */
const char *algorithm_refusal(const char *name);
/* The names that algorithm_refusal() knows; NULL after the last. */
const char *algorithm_refused(size_t i);

/* Number of its key lengths; 1 when it has but one. */
size_t algorithm_keys(const struct algorithm *a);
/* Its name with the kth of them. Returns buf. */
const char *algorithm_name(const struct algorithm *a, size_t k, char buf[ALGORITHM_NAME_LEN]);
/* The level of key_bits (0: no attribute) in IKE_PROTOCOL_IKE or _ESP. NONE: no such key length. */
enum algorithm_level algorithm_level(const struct algorithm *a, uint8_t protocol,
				     uint16_t key_bits);
/* "MUST", "MUST-", ...; "-" for NONE. */
const char *algorithm_level_name(enum algorithm_level level);
/* Where that level stands: "RFC 8247 2.1". */
const char *algorithm_reference(const struct algorithm *a, uint8_t protocol);

/* Can it be used in that protocol with that key length? */
static inline bool algorithm_usable(const struct algorithm *a, uint8_t protocol, uint16_t key_bits)
{
	enum algorithm_level level = algorithm_level(a, protocol, key_bits);

	return level != ALGORITHM_NONE && level != ALGORITHM_MUST_NOT;
}

/* Octets of the key of a cipher or an integrity algorithm, with the salt. */
static inline size_t algorithm_key_len(const struct algorithm *a, uint16_t key_bits)
{
	return (key_bits ? key_bits / 8 : a->key) + a->salt;
}

/* Is it an encryption algorithm that authenticates as well (RFC 5282, RFC 7634, RFC 4543)? */
static inline bool algorithm_is_aead(const struct algorithm *a)
{
	return a->type == IKE_TRANSFORM_ENCR && a->icv;
}
