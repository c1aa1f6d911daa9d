/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/proposal_conf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/*
 * The first name of a transform is the one it is printed by. What RFC 8247 2.1 to 2.4 forbids has
 * none, so that nobody can ask for it.
 */
static const struct keyword {
	const char *name;
	uint8_t type;
	uint16_t id, key_bits;
} keywords[] = {
	{ "aes128", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_CBC, 128 },
	{ "aes", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_CBC, 128 },
	{ "aes192", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_CBC, 192 },
	{ "aes256", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_CBC, 256 },
	{ "aes128gcm16", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_GCM_16, 128 },
	{ "aes128gcm", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_GCM_16, 128 },
	{ "aes128gcm128", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_GCM_16, 128 },
	{ "aes192gcm16", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_GCM_16, 192 },
	{ "aes192gcm", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_GCM_16, 192 },
	{ "aes192gcm128", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_GCM_16, 192 },
	{ "aes256gcm16", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_GCM_16, 256 },
	{ "aes256gcm", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_GCM_16, 256 },
	{ "aes256gcm128", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_GCM_16, 256 },
	{ "aes128gcm12", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_GCM_12, 128 },
	{ "aes192gcm12", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_GCM_12, 192 },
	{ "aes256gcm12", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_GCM_12, 256 },
	{ "aes128gcm8", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_GCM_8, 128 },
	{ "aes192gcm8", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_GCM_8, 192 },
	{ "aes256gcm8", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_GCM_8, 256 },
	{ "aes128ccm16", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_CCM_16, 128 },
	{ "aes192ccm16", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_CCM_16, 192 },
	{ "aes256ccm16", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_CCM_16, 256 },
	{ "aes128ccm12", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_CCM_12, 128 },
	{ "aes192ccm12", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_CCM_12, 192 },
	{ "aes256ccm12", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_CCM_12, 256 },
	{ "aes128ccm8", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_CCM_8, 128 },
	{ "aes192ccm8", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_CCM_8, 192 },
	{ "aes256ccm8", IKE_TRANSFORM_ENCR, IKE_ENCR_AES_CCM_8, 256 },
	{ "chacha20poly1305", IKE_TRANSFORM_ENCR, IKE_ENCR_CHACHA20_POLY1305, 0 },
	{ "sha256", IKE_TRANSFORM_INTEG, IKE_INTEG_HMAC_SHA2_256_128, 0 },
	{ "sha2_256", IKE_TRANSFORM_INTEG, IKE_INTEG_HMAC_SHA2_256_128, 0 },
	{ "sha384", IKE_TRANSFORM_INTEG, IKE_INTEG_HMAC_SHA2_384_192, 0 },
	{ "sha2_384", IKE_TRANSFORM_INTEG, IKE_INTEG_HMAC_SHA2_384_192, 0 },
	{ "sha512", IKE_TRANSFORM_INTEG, IKE_INTEG_HMAC_SHA2_512_256, 0 },
	{ "sha2_512", IKE_TRANSFORM_INTEG, IKE_INTEG_HMAC_SHA2_512_256, 0 },
	{ "sha1", IKE_TRANSFORM_INTEG, IKE_INTEG_HMAC_SHA1_96, 0 },
	{ "sha", IKE_TRANSFORM_INTEG, IKE_INTEG_HMAC_SHA1_96, 0 },
	{ "prfsha256", IKE_TRANSFORM_PRF, IKE_PRF_HMAC_SHA2_256, 0 },
	{ "prfsha384", IKE_TRANSFORM_PRF, IKE_PRF_HMAC_SHA2_384, 0 },
	{ "prfsha512", IKE_TRANSFORM_PRF, IKE_PRF_HMAC_SHA2_512, 0 },
	{ "prfsha1", IKE_TRANSFORM_PRF, IKE_PRF_HMAC_SHA1, 0 },
	{ "x25519", IKE_TRANSFORM_KE, IKE_KE_CURVE_25519, 0 },
	{ "curve25519", IKE_TRANSFORM_KE, IKE_KE_CURVE_25519, 0 },
	{ "x448", IKE_TRANSFORM_KE, IKE_KE_CURVE_448, 0 },
	{ "curve448", IKE_TRANSFORM_KE, IKE_KE_CURVE_448, 0 },
	{ "ecp256", IKE_TRANSFORM_KE, IKE_KE_ECP_256, 0 },
	{ "ecp384", IKE_TRANSFORM_KE, IKE_KE_ECP_384, 0 },
	{ "ecp521", IKE_TRANSFORM_KE, IKE_KE_ECP_521, 0 },
	{ "modp2048", IKE_TRANSFORM_KE, IKE_KE_MODP_2048, 0 },
	{ "modp3072", IKE_TRANSFORM_KE, IKE_KE_MODP_3072, 0 },
	{ "modp4096", IKE_TRANSFORM_KE, IKE_KE_MODP_4096, 0 },
	{ "esn", IKE_TRANSFORM_ESN, IKE_ESN_EXT_SEQ, 0 },
	{ "noesn", IKE_TRANSFORM_ESN, IKE_ESN_NO_EXT_SEQ, 0 },
};

/* Which PRF goes with an integrity algorithm when none is named. */
static const struct {
	uint16_t integ, prf;
} prf_of_integ[] = {
	{ IKE_INTEG_HMAC_SHA2_256_128, IKE_PRF_HMAC_SHA2_256 },
	{ IKE_INTEG_HMAC_SHA2_384_192, IKE_PRF_HMAC_SHA2_384 },
	{ IKE_INTEG_HMAC_SHA2_512_256, IKE_PRF_HMAC_SHA2_512 },
	{ IKE_INTEG_HMAC_SHA1_96, IKE_PRF_HMAC_SHA1 },
};

#define DEFAULT_KE "-x25519-ecp256-ecp384-ecp521-modp3072-modp4096-modp2048"

/* What an administrator who says nothing gets (RFC 7296 3.3.4, RFC 5282 7.2). */
static const char *const ike_defaults[] = {
	"aes256gcm16-aes128gcm16-chacha20poly1305-prfsha384-prfsha256-prfsha512" DEFAULT_KE,
	"aes256-aes128-sha256-sha384-sha512" DEFAULT_KE,
	NULL,
};

static const char *const esp_defaults[] = {
	"aes256gcm16-aes128gcm16-chacha20poly1305-noesn-esn",
	"aes256-aes128-sha256-sha384-sha512-noesn-esn",
	NULL,
};

bool proposal_encr_is_aead(uint16_t encr)
{
	switch (encr) {
	case IKE_ENCR_AES_CCM_8:
	case IKE_ENCR_AES_CCM_12:
	case IKE_ENCR_AES_CCM_16:
	case IKE_ENCR_AES_GCM_8:
	case IKE_ENCR_AES_GCM_12:
	case IKE_ENCR_AES_GCM_16:
	case IKE_ENCR_NULL_AUTH_AES_GMAC:
	case IKE_ENCR_CAMELLIA_CCM_8:
	case IKE_ENCR_CAMELLIA_CCM_12:
	case IKE_ENCR_CAMELLIA_CCM_16:
	case IKE_ENCR_CHACHA20_POLY1305:
	case IKE_ENCR_AES_CCM_8_IIV:
	case IKE_ENCR_AES_GCM_16_IIV:
	case IKE_ENCR_CHACHA20_POLY1305_IIV:
		return true;
	}
	return false;
}

/* -------- from text -------- */

static const struct keyword *find_keyword(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
		if (strcasecmp(keywords[i].name, word) == 0)
			return &keywords[i];
	return NULL;
}

static int unknown_keyword(const char *word, char *error)
{
	uint16_t last_id = UINT16_MAX, last_bits = 0;
	size_t len;

	len = (size_t)snprintf(error, PROPOSAL_ERROR_LEN,
			       "unknown or unsupported algorithm '%.40s', supported are", word);
	for (size_t i = 0; i < ARRAY_SIZE(keywords) && len < PROPOSAL_ERROR_LEN; i++) {
		/* Other names of the same, and the lesser known, are left out. */
		if (keywords[i].id == last_id && keywords[i].key_bits == last_bits)
			continue;
		last_id = keywords[i].id;
		last_bits = keywords[i].key_bits;
		len += (size_t)snprintf(error + len, PROPOSAL_ERROR_LEN - len, " %s",
					keywords[i].name);
	}
	return -EINVAL;
}

static int refuse(char *error, const char *why)
{
	snprintf(error, PROPOSAL_ERROR_LEN, "%s", why);
	return -EINVAL;
}

static size_t count_type(const struct proposal *p, uint8_t type)
{
	size_t n = 0;

	while (proposal_transform(p, type, n))
		n++;
	return n;
}

static bool holds(const struct proposal *p, uint8_t type, uint16_t id, uint16_t key_bits)
{
	const struct transform t = { .type = type, .id = id, .key_bits = key_bits };

	for (size_t i = 0; i < p->n; i++)
		if (transform_equal(&p->v[i], &t))
			return true;
	return false;
}

static void remove_type(struct proposal *p, uint8_t type)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].type != type)
			p->v[n++] = p->v[i];
	p->n = n;
}

static void add_prf_of_integ(struct proposal *p)
{
	const struct transform *integ;

	for (size_t n = 0; (integ = proposal_transform(p, IKE_TRANSFORM_INTEG, n)); n++)
		for (size_t i = 0; i < ARRAY_SIZE(prf_of_integ); i++)
			if (prf_of_integ[i].integ == integ->id)
				proposal_add(p, IKE_TRANSFORM_PRF, prf_of_integ[i].prf, 0);
}

static int add_words(struct proposal *p, const char *text, char *error)
{
	char copy[512], *rest = copy, *word;
	const struct keyword *k;

	if (strlen(text) >= sizeof(copy))
		return refuse(error, "it is too long");
	strcpy(copy, text);
	while ((word = strsep(&rest, "-"))) {
		k = find_keyword(word);
		if (!k)
			return unknown_keyword(word, error);
		if (k->type == IKE_TRANSFORM_ESN && p->protocol == IKE_PROTOCOL_IKE)
			return refuse(error, "esn and noesn are for ESP proposals");
		if (k->type == IKE_TRANSFORM_PRF && p->protocol != IKE_PROTOCOL_IKE)
			return refuse(error, "a PRF is for IKE proposals");
		if (!holds(p, k->type, k->id, k->key_bits) &&
		    !proposal_add(p, k->type, k->id, k->key_bits))
			return refuse(error, "it has too many algorithms");
	}
	return 0;
}

/* What the words leave open, and whether they fit each other. */
static int complete(struct proposal *p, char *error)
{
	size_t n_encr = count_type(p, IKE_TRANSFORM_ENCR), n_aead = 0;
	bool is_ike = p->protocol == IKE_PROTOCOL_IKE;

	for (size_t i = 0; i < n_encr; i++)
		n_aead += proposal_encr_is_aead(proposal_transform(p, IKE_TRANSFORM_ENCR, i)->id);
	if (!n_encr)
		return refuse(error, "it has no encryption algorithm");
	if (n_aead && n_aead != n_encr)
		return refuse(error, "ciphers that authenticate (gcm, ccm, chacha20poly1305) and "
				     "others need proposals of their own");
	if (is_ike && !count_type(p, IKE_TRANSFORM_PRF))
		add_prf_of_integ(p);
	/* "aes128gcm16-sha256-x25519" names the PRF by its hash. */
	if (is_ike && n_aead)
		remove_type(p, IKE_TRANSFORM_INTEG);
	if (n_aead && count_type(p, IKE_TRANSFORM_INTEG))
		return refuse(error, "an integrity algorithm is of no use with gcm, ccm and "
				     "chacha20poly1305");
	if (!n_aead && !count_type(p, IKE_TRANSFORM_INTEG))
		return refuse(error, "it has no integrity algorithm, such as sha256");
	if (is_ike && !count_type(p, IKE_TRANSFORM_PRF))
		return refuse(error, "it has no PRF, such as prfsha256");
	if (is_ike && !count_type(p, IKE_TRANSFORM_KE))
		return refuse(error, "it has no key exchange, such as x25519");
	if (!is_ike && !count_type(p, IKE_TRANSFORM_ESN))
		proposal_add(p, IKE_TRANSFORM_ESN, IKE_ESN_NO_EXT_SEQ, 0);
	return 0;
}

int proposal_from_text(const char *text, uint8_t protocol, struct proposal *ret_p,
		       char error[PROPOSAL_ERROR_LEN])
{
	struct proposal p;
	int err;

	proposal_init(&p, 1, protocol);
	err = add_words(&p, text, error);
	if (!err)
		err = complete(&p, error);
	if (!err)
		*ret_p = p;
	return err;
}

static const char *const *defaults_of(uint8_t protocol)
{
	return protocol == IKE_PROTOCOL_IKE ? ike_defaults : esp_defaults;
}

int proposal_list_add_text(struct proposal_list *list, const char *text, uint8_t protocol,
			   char error[PROPOSAL_ERROR_LEN])
{
	int err = 0;

	if (strcasecmp(text, "default") == 0) {
		for (const char *const *t = defaults_of(protocol); *t && !err; t++)
			err = proposal_list_add_text(list, *t, protocol, error);
		return err;
	}
	if (list->n == PROPOSALS_MAX) {
		refuse(error, "there are too many proposals");
		return -E2BIG;
	}
	err = proposal_from_text(text, protocol, &list->v[list->n], error);
	if (err)
		return err;
	list->n++;
	list->v[list->n - 1].number = (uint8_t)list->n;
	return 0;
}

void proposal_list_defaults(struct proposal_list *list, uint8_t protocol)
{
	char error[PROPOSAL_ERROR_LEN];

	list->n = 0;
	proposal_list_add_text(list, "default", protocol, error);
}

/* -------- to text -------- */

char *proposal_to_text(const struct proposal *p, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < p->n && len < size; i++) {
		const struct transform *t = &p->v[i];
		size_t k;

		for (k = 0; k < ARRAY_SIZE(keywords); k++)
			if (keywords[k].type == t->type && keywords[k].id == t->id &&
			    keywords[k].key_bits == t->key_bits)
				break;
		if (k < ARRAY_SIZE(keywords))
			len += (size_t)snprintf(buf + len, size - len, "%s%s", i ? "-" : "",
						keywords[k].name);
		else
			len += (size_t)snprintf(buf + len, size - len, "%s%u/%u", i ? "-" : "",
						t->type, t->id);
	}
	if (len >= size && size > 3)
		strcpy(buf + size - 4, "...");
	return buf;
}

bool proposal_supported(uint8_t protocol, const struct transform *t)
{
	if (t->unusable || (protocol != IKE_PROTOCOL_IKE && t->type == IKE_TRANSFORM_PRF) ||
	    (protocol == IKE_PROTOCOL_IKE && t->type == IKE_TRANSFORM_ESN))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
		if (keywords[i].type == t->type && keywords[i].id == t->id &&
		    keywords[i].key_bits == t->key_bits)
			return true;
	return false;
}
