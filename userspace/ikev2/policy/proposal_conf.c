/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/proposal_conf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ikev2/codec/algorithm.h"
#include "ikev2/policy/algorithm_support.h"

#define DEFAULT_KE "-x25519-ecp256-ecp384-ecp521-modp3072-modp4096-modp2048"

/*
 * What an administrator who says nothing gets (RFC 7296 3.3.4, RFC 5282 7.2): what RFC 8247 and RFC
 * 8221 want everybody to have and nothing dated, without what is for small devices. SHA-512 is
 * first in ESP as some peers cut SHA-256 at 96 bits (RFC 8221 6).
 */
static const char *const ike_defaults[] = {
	"aes256gcm16-aes128gcm16-chacha20poly1305-prfsha384-prfsha256-prfsha512" DEFAULT_KE,
	"aes256-aes128-sha256-sha384-sha512" DEFAULT_KE,
	NULL,
};

static const char *const esp_defaults[] = {
	"aes256gcm16-aes128gcm16-chacha20poly1305-noesn-esn",
	"aes256-aes128-sha512-sha384-sha256-noesn-esn",
	NULL,
};

bool proposal_encr_is_aead(uint16_t encr)
{
	const struct algorithm *a = algorithm_by_id(IKE_TRANSFORM_ENCR, encr);

	return a && algorithm_is_aead(a);
}

/* -------- from text -------- */

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
		proposal_add(p, IKE_TRANSFORM_PRF,
			     algorithm_by_id(IKE_TRANSFORM_INTEG, integ->id)->prf, 0);
}

static const char *protocol_words(uint8_t protocol)
{
	return protocol == IKE_PROTOCOL_IKE ? "IKE" : "ESP";
}

static int unknown_word(const char *word, char *error)
{
	const char *why = algorithm_refusal(word);

	if (why)
		snprintf(error, PROPOSAL_ERROR_LEN, "'%.40s' is not supported: %s", word, why);
	else
		snprintf(error, PROPOSAL_ERROR_LEN,
			 "unknown algorithm '%.40s' ('posternd --algorithms' lists all)", word);
	return -EINVAL;
}

/* Of an algorithm that we have: why not in this protocol, or not here. */
static int check_usable(const struct algorithm *a, uint8_t protocol, uint16_t bits,
			const char *word, char *error)
{
	enum algorithm_level level = algorithm_level(a, protocol, bits);

	if (level == ALGORITHM_NONE) {
		snprintf(error, PROPOSAL_ERROR_LEN, "'%.40s' is not for %s proposals", word,
			 protocol_words(protocol));
		return -EINVAL;
	}
	if (level == ALGORITHM_MUST_NOT) {
		snprintf(error, PROPOSAL_ERROR_LEN,
			 "'%.40s' is refused in %s proposals: %s (%s: %s)", word,
			 protocol_words(protocol), a->note, algorithm_reference(a, protocol),
			 algorithm_level_name(level));
		return -EINVAL;
	}
	if (!algorithm_supported(a, protocol, bits)) {
		snprintf(error, PROPOSAL_ERROR_LEN,
			 "'%.40s' is not offered by OpenSSL, as it is configured here", word);
		return -ENOTSUP;
	}
	return 0;
}

/* With lenient, what OpenSSL lacks is left out. */
static int add_words(struct proposal *p, const char *text, bool lenient, char *error)
{
	char copy[512], *rest = copy, *word;
	const struct algorithm *a;
	uint16_t bits;
	int err;

	if (strlen(text) >= sizeof(copy))
		return refuse(error, "it is too long");
	strcpy(copy, text);
	while ((word = strsep(&rest, "-"))) {
		a = algorithm_by_name(word, &bits);
		if (!a)
			return unknown_word(word, error);
		err = check_usable(a, p->protocol, bits, word, error);
		if (err == -ENOTSUP && lenient)
			continue;
		if (err)
			return -EINVAL;
		if (!holds(p, a->type, a->id, bits) && !proposal_add(p, a->type, a->id, bits))
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

static int from_text(const char *text, uint8_t protocol, bool lenient, struct proposal *ret_p,
		     char *error)
{
	struct proposal p;
	int err;

	proposal_init(&p, 1, protocol);
	err = add_words(&p, text, lenient, error);
	if (!err)
		err = complete(&p, error);
	if (!err)
		*ret_p = p;
	return err;
}

int proposal_from_text(const char *text, uint8_t protocol, struct proposal *ret_p,
		       char error[PROPOSAL_ERROR_LEN])
{
	return from_text(text, protocol, false, ret_p, error);
}

static int list_add(struct proposal_list *list, const char *text, uint8_t protocol, bool lenient,
		    char *error)
{
	int err;

	if (list->n == PROPOSALS_MAX) {
		refuse(error, "there are too many proposals");
		return -E2BIG;
	}
	err = from_text(text, protocol, lenient, &list->v[list->n], error);
	if (err)
		return err;
	list->n++;
	list->v[list->n - 1].number = (uint8_t)list->n;
	return 0;
}

/* What OpenSSL lacks is left out, up to whole proposals. */
static int add_defaults(struct proposal_list *list, uint8_t protocol, char *error)
{
	const char *const *text = protocol == IKE_PROTOCOL_IKE ? ike_defaults : esp_defaults;
	size_t before = list->n;

	for (; *text; text++)
		if (list_add(list, *text, protocol, true, error) == -E2BIG)
			return -E2BIG;
	if (list->n > before)
		return 0;
	return refuse(error, "OpenSSL, as it is configured here, offers none of the defaults");
}

int proposal_list_add_text(struct proposal_list *list, const char *text, uint8_t protocol,
			   char error[PROPOSAL_ERROR_LEN])
{
	return strcasecmp(text, "default") == 0 ? add_defaults(list, protocol, error)
						: list_add(list, text, protocol, false, error);
}

void proposal_list_defaults(struct proposal_list *list, uint8_t protocol)
{
	char error[PROPOSAL_ERROR_LEN];

	list->n = 0;
	add_defaults(list, protocol, error);
}

/* -------- to text -------- */

/* Its row, when it is usable with that key length. */
static const struct algorithm *algorithm_of(const struct transform *t, uint8_t protocol)
{
	const struct algorithm *a = algorithm_by_id(t->type, t->id);

	return a && algorithm_usable(a, protocol, t->key_bits) ? a : NULL;
}

static const char *transform_to_text(const struct transform *t, uint8_t protocol,
				     char buf[ALGORITHM_NAME_LEN])
{
	const struct algorithm *a = algorithm_of(t, protocol);

	if (!a)
		snprintf(buf, ALGORITHM_NAME_LEN, "%u/%u", t->type, t->id);
	else
		for (size_t k = 0; k < algorithm_keys(a); k++)
			if (a->key_bits[k] == t->key_bits)
				algorithm_name(a, k, buf);
	return buf;
}

char *proposal_to_text(const struct proposal *p, char *buf, size_t size)
{
	char name[ALGORITHM_NAME_LEN];
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < p->n && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s", i ? "-" : "",
					transform_to_text(&p->v[i], p->protocol, name));
	if (len >= size && size > 3)
		strcpy(buf + size - 4, "...");
	return buf;
}

bool proposal_advice(const struct proposal *p, char *buf, size_t size)
{
	char name[ALGORITHM_NAME_LEN];
	size_t len = 0;

	for (size_t i = 0; i < p->n && len < size; i++) {
		const struct transform *t = &p->v[i];
		const struct algorithm *a = algorithm_of(t, p->protocol);

		if (a && a->dated)
			len += (size_t)snprintf(
				buf + len, size - len, "%s%s: %s (%s: %s)", len ? "; " : "",
				transform_to_text(t, p->protocol, name), a->note,
				algorithm_reference(a, p->protocol),
				algorithm_level_name(algorithm_level(a, p->protocol, t->key_bits)));
	}
	return len > 0;
}

bool proposal_supported(uint8_t protocol, const struct transform *t)
{
	return !t->unusable && algorithm_of(t, protocol);
}
