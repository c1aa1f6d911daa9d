/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/auth_constraints.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* -------- sets of schemes -------- */

/* A bit for each hash with each padding; EdDSA has one alone. */
enum {
	SET_PKCS1 = 0xf << 0,
	SET_PSS = 0xf << 4,
	SET_ECDSA = 0xf << 8,
	SET_EDDSA = 1 << 12,
};
/* Of every padding the bit of one hash. */
#define SET_HASH(hash) (0x111u << (hash))

static uint32_t scheme_bit(const struct crypto_sign_scheme *scheme)
{
	switch (scheme->padding) {
	case CRYPTO_PKCS1:
		return SET_PKCS1 & SET_HASH(scheme->hash);
	case CRYPTO_PSS:
		return SET_PSS & SET_HASH(scheme->hash);
	case CRYPTO_ECDSA_DER:
	case CRYPTO_ECDSA_RAW:
		return SET_ECDSA & SET_HASH(scheme->hash);
	case CRYPTO_EDDSA:
		return SET_EDDSA;
	}
	return 0;
}

/* -------- words -------- */

#define KEY_BIT(type)	(1u << CRYPTO_KEY_##type)
#define ECDSA_KEYS	(KEY_BIT(ECDSA_P256) | KEY_BIT(ECDSA_P384) | KEY_BIT(ECDSA_P521))
#define EDDSA_KEYS	(KEY_BIT(ED25519) | KEY_BIT(ED448))

static const struct {
	const char *word;
	uint8_t keys;
	uint32_t schemes;
} kinds[] = {
	{ "pubkey", 0, SET_PKCS1 | SET_PSS | SET_ECDSA | SET_EDDSA },
	{ "rsa", KEY_BIT(RSA), SET_PKCS1 | SET_PSS },
	{ "rsa/pss", KEY_BIT(RSA), SET_PSS },
	{ "ecdsa", ECDSA_KEYS, SET_ECDSA },
	{ "ed25519", KEY_BIT(ED25519), SET_EDDSA },
	{ "ed448", KEY_BIT(ED448), SET_EDDSA },
};

static const struct {
	const char *word;
	uint32_t schemes;
} hashes[] = {
	{ "sha1", SET_HASH(CRYPTO_HASH_SHA1) },
	{ "sha256", SET_HASH(CRYPTO_HASH_SHA256) },
	{ "sha384", SET_HASH(CRYPTO_HASH_SHA384) },
	{ "sha512", SET_HASH(CRYPTO_HASH_SHA512) },
	{ "identity", SET_EDDSA },
};

struct parsing {
	struct auth_constraints c;
	bool ike;    /* behind "ike:" */
	size_t kind; /* the last word that named one; ARRAY_SIZE(kinds): none yet */
	bool hashed; /* a hash stood behind it */
	/* What kinds without a hash stand for, in the chain and in IKE; and whether that counts for
	 * something: the padding "rsa/pss" does, even alone. */
	uint32_t open[2];
	bool padding[2];
};

#define SET_DEFAULT ~SET_HASH(CRYPTO_HASH_SHA1)

/* The last kind is complete. */
static void end_kind(struct parsing *p)
{
	if (p->kind < ARRAY_SIZE(kinds) && !p->hashed) {
		p->open[p->ike] |= kinds[p->kind].schemes & SET_DEFAULT;
		p->padding[p->ike] |= kinds[p->kind].schemes == SET_PSS;
	}
	p->kind = ARRAY_SIZE(kinds);
	p->hashed = false;
}

static bool take_kind(struct parsing *p, const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].word, word) != 0)
			continue;
		end_kind(p);
		p->kind = i;
		if (!p->ike)
			p->c.keys |= kinds[i].keys;
		return true;
	}
	return false;
}

static bool take_hash(struct parsing *p, const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
		uint32_t *set = p->ike ? &p->c.ike : &p->c.chain;

		if (strcmp(hashes[i].word, word) != 0)
			continue;
		p->hashed = true;
		*set |= kinds[p->kind].schemes & hashes[i].schemes;
		if (strcmp(kinds[p->kind].word, "rsa") == 0)
			p->c.prefer_pkcs1 = true;
		return true;
	}
	return false;
}

static bool take_bits(struct parsing *p, const char *word)
{
	unsigned long bits;
	char *end;

	if (p->ike || !isdigit((unsigned char)word[0]))
		return false;
	bits = strtoul(word, &end, 10);
	if (*end || bits < 128 || bits > CRYPTO_RSA_BITS_MAX)
		return false;
	if (kinds[p->kind].keys & KEY_BIT(RSA))
		p->c.rsa_bits = (uint16_t)bits;
	else if (kinds[p->kind].keys & ECDSA_KEYS)
		p->c.ecdsa_bits = (uint16_t)bits;
	else
		return false;
	return true;
}

static bool take_word(struct parsing *p, const char *word)
{
	if (strncmp(word, "ike:", 4) == 0) {
		end_kind(p);
		p->ike = true;
		word += 4;
	}
	if (take_kind(p, word))
		return true;
	return p->kind < ARRAY_SIZE(kinds) && (take_bits(p, word) || take_hash(p, word));
}

int auth_constraints_parse(const char *text, struct auth_constraints *ret_constraints,
			   const char **ret_expected)
{
	struct parsing p = { .kind = ARRAY_SIZE(kinds) };
	const char *at = text, *end;
	char word[16];
	bool ok = true;

	for (; ok; at = end + 1) {
		size_t len;

		end = strchrnul(at, '-');
		len = (size_t)(end - at);
		ok = len && len < sizeof(word);
		if (!ok)
			break;
		memcpy(word, at, len);
		word[len] = '\0';
		ok = take_word(&p, word);
		if (!*end)
			break;
	}
	end_kind(&p);
	if (p.c.chain || p.padding[0])
		p.c.chain |= p.open[0];
	if (p.c.ike || p.padding[1])
		p.c.ike |= p.open[1];
	/* A kind without keys ("pubkey") means any. */
	if (ok && strncmp(text, "pubkey", 6) == 0)
		p.c.keys = 0;
	if (!ok) {
		if (ret_expected)
			*ret_expected = "pubkey, rsa, rsa/pss, ecdsa, ed25519 or ed448, with least "
					"bits and hashes behind, such as rsa-3072-sha256-sha512";
		return -EINVAL;
	}
	*ret_constraints = p.c;
	return 0;
}

/* -------- asking -------- */

const char *auth_constraints_refuse_key(const struct auth_constraints *c,
					enum crypto_key_type type, unsigned bits)
{
	unsigned least = type == CRYPTO_KEY_RSA ? c->rsa_bits : 0;

	if (c->keys && !(c->keys & 1u << type))
		return "a key of this kind is not what auth asks for";
	if (type == CRYPTO_KEY_RSA && bits < (least ? least : AUTH_RSA_BITS_DEFAULT))
		return least ? "the RSA key has fewer bits than auth asks for"
			     : "the RSA key has fewer than 2048 bits (auth = rsa-1024 takes it)";
	if (1u << type & ECDSA_KEYS && bits < c->ecdsa_bits)
		return "the ECDSA key has fewer bits than auth asks for";
	return NULL;
}

static bool set_allows(uint32_t set, const struct crypto_sign_scheme *scheme)
{
	if (set)
		return set & scheme_bit(scheme);
	return scheme->padding == CRYPTO_EDDSA || scheme->hash != CRYPTO_HASH_SHA1;
}

bool auth_constraints_allow(const struct auth_constraints *c,
			    const struct crypto_sign_scheme *scheme)
{
	return set_allows(c->ike ? c->ike : c->chain, scheme);
}

bool auth_constraints_allow_in_chain(const struct auth_constraints *c,
				     const struct crypto_sign_scheme *scheme)
{
	return scheme ? set_allows(c->chain, scheme) : !c->chain;
}

bool auth_constraints_sha1_in_chain(const struct auth_constraints *c)
{
	return c->chain & SET_HASH(CRYPTO_HASH_SHA1);
}
