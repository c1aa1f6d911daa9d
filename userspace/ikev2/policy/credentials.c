/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/credentials.h"

#include <errno.h>
#include <stdlib.h>

#include <openssl/sha.h>

#include "pdk/crypto/pkcs12.h"
#include "pdk/crypto/secret.h"
#include "pdk/conf/report.h"
#include "ikev2/policy/config.h"

/* -------- one -------- */

static struct credential *credential_unref(struct credential *c)
{
	if (c && __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) == 0) {
		private_key_unref(c->key);
		free(c->data);
		free(c->source);
		free(c);
	}
	return NULL;
}

static struct credential *credential_ref(struct credential *c)
{
	__atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
	return c;
}

static void digest_of(struct bytes data, struct bytes password, uint8_t ret[32])
{
	uint8_t both[64];

	SHA256(data.data, data.len, both);
	SHA256(password.data, password.len, both + 32);
	SHA256(both, sizeof(both), ret);
	secret_wipe(both, sizeof(both));
}

static struct credential *credential_new(enum credential_kind kind,
					 const struct credential_origin *from)
{
	struct credential *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->refs = 1;
	c->kind = kind;
	c->from_control = from->from_control;
	c->source = strdup(from->source);
	return c->source ? c : credential_unref(c);
}

/* -------- all -------- */

struct credentials *credentials_new(void)
{
	struct credentials *c = calloc(1, sizeof(*c));

	if (c)
		c->refs = 1;
	return c;
}

struct credentials *credentials_ref(const struct credentials *creds)
{
	struct credentials *c = (struct credentials *)creds;

	if (c)
		__atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
	return c;
}

struct credentials *credentials_unref(const struct credentials *creds)
{
	struct credentials *c = (struct credentials *)creds;

	if (!c || __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) != 0)
		return NULL;
	for (size_t i = 0; i < c->n; i++)
		credential_unref(c->v[i]);
	trust_store_unref(c->trust);
	free(c->v);
	free(c);
	return NULL;
}

static int append_take(struct credentials *c, struct credential *one)
{
	struct credential **v;

	if (c->n == CREDENTIALS_MAX) {
		credential_unref(one);
		return -ENOSPC;
	}
	/* The capacity is the power of two at or above n. */
	if (!(c->n & (c->n - 1)) || !c->n) {
		v = reallocarray(c->v, c->n ? 2 * c->n : 1, sizeof(struct credential *));
		if (!v) {
			credential_unref(one);
			return -ENOMEM;
		}
		c->v = v;
	}
	c->v[c->n++] = one;
	return 0;
}

struct credentials *credentials_copy(const struct credentials *old, bool control, bool files)
{
	struct credentials *c = credentials_new();

	for (size_t i = 0; c && old && i < old->n; i++)
		if ((old->v[i]->from_control ? control : files) &&
		    append_take(c, credential_ref(old->v[i])) < 0)
			c = credentials_unref(c);
	return c;
}

/* -------- adding -------- */

static struct credential *find(const struct credentials *c, enum credential_kind kind,
			       const uint8_t digest[32], bool from_control)
{
	for (size_t i = 0; c && i < c->n; i++)
		if (c->v[i]->kind == kind && c->v[i]->from_control == from_control &&
		    memcmp(c->v[i]->digest, digest, 32) == 0)
			return c->v[i];
	return NULL;
}

/* It is in the new snapshot or in the old one. False: not at all; *ret_err else. */
static bool found_already(struct credentials *c, enum credential_kind kind,
			  const uint8_t digest[32], const struct credential_origin *from,
			  struct credential **ret_one, int *ret_err)
{
	struct credential *one = find(c, kind, digest, from->from_control);

	*ret_err = 0;
	if (!one) {
		one = find(from->old, kind, digest, from->from_control);
		/* The log names the file that it is in now. */
		if (!one || strcmp(one->source, from->source) != 0)
			return false;
		*ret_err = append_take(c, credential_ref(one));
	}
	*ret_one = one;
	return true;
}

static enum trust_kind trust_kind_of(enum credential_kind kind)
{
	switch (kind) {
	case CREDENTIAL_CA:
		return TRUST_ANCHOR;
	case CREDENTIAL_INTERMEDIATE:
		return TRUST_INTERMEDIATE;
	case CREDENTIAL_CERTIFICATE:
	case CREDENTIAL_CRL:
	case CREDENTIAL_KEY:
		break;
	}
	return TRUST_END_ENTITY;
}

static int put_in_store(struct trust_store_builder *builder, const struct credential *one,
			const char **ret_why)
{
	struct bytes data = BYTES(one->data, one->len);

	switch (one->kind) {
	case CREDENTIAL_CERTIFICATE:
	case CREDENTIAL_CA:
	case CREDENTIAL_INTERMEDIATE:
		return trust_store_add(builder, trust_kind_of(one->kind), data, NULL, ret_why);
	case CREDENTIAL_CRL:
		return trust_store_add_crl(builder, data, NULL, ret_why);
	case CREDENTIAL_KEY:
		break;
	}
	return 0;
}

/* Would it do? That is known only by trying. */
static int try_out(const struct credential *one, const char **ret_why)
{
	struct trust_store_builder *builder;
	int err = trust_store_builder_new(&builder);

	if (err < 0)
		return err;
	err = put_in_store(builder, one, ret_why);
	trust_store_builder_free(builder);
	return err;
}

int credentials_add_data(struct credentials *c, enum credential_kind kind, struct bytes data,
			 const struct credential_origin *from, const char **ret_why)
{
	struct credential *one;
	uint8_t digest[32];
	int err;

	*ret_why = NULL;
	digest_of(data, BYTES_NONE, digest);
	if (found_already(c, kind, digest, from, &one, &err))
		return err;
	one = credential_new(kind, from);
	if (!one)
		return -ENOMEM;
	memcpy(one->digest, digest, sizeof(digest));
	err = bytes_dup(data, &one->data);
	one->len = data.len;
	if (err == 0)
		err = try_out(one, ret_why);
	if (err < 0) {
		credential_unref(one);
		return err;
	}
	return append_take(c, one);
}

static const char *key_why(int err)
{
	switch (err) {
	case -ENOKEY:
		return "it is encrypted, and no secret for it is configured";
	case -EKEYREJECTED:
		return "the secret for it is wrong";
	case -EBADMSG:
		return "it holds no private key";
	case -ENOTSUP:
		return "a key of this kind can't be used (RSA, ECDSA on NIST curves, Ed25519, "
		       "Ed448)";
	}
	return NULL;
}

int credentials_add_key(struct credentials *c, struct bytes data, struct bytes password,
			const struct credential_origin *from, const struct private_key **ret_key,
			const char **ret_why)
{
	struct credential *one;
	uint8_t digest[32];
	int err;

	*ret_why = NULL;
	digest_of(data, password, digest);
	if (!found_already(c, CREDENTIAL_KEY, digest, from, &one, &err)) {
		one = credential_new(CREDENTIAL_KEY, from);
		if (!one)
			return -ENOMEM;
		memcpy(one->digest, digest, sizeof(digest));
		err = private_key_from_file(data, password, &one->key);
		if (err < 0) {
			credential_unref(one);
			*ret_why = key_why(err);
			return err;
		}
		err = append_take(c, one);
	}
	if (err == 0 && ret_key)
		*ret_key = one->key;
	return err;
}

int credentials_add_private(struct credentials *c, const struct private_key *key,
			    const struct credential_origin *from)
{
	struct bytes spki = public_key_spki(private_key_public(key));
	struct credential *one;
	uint8_t digest[32];
	int err;

	digest_of(spki, BYTES_NONE, digest);
	if (found_already(c, CREDENTIAL_KEY, digest, from, &one, &err))
		return err;
	one = credential_new(CREDENTIAL_KEY, from);
	if (!one)
		return -ENOMEM;
	memcpy(one->digest, digest, sizeof(digest));
	one->key = private_key_ref(key);
	return append_take(c, one);
}

int credentials_add_pkcs12(struct credentials *c, struct bytes data, const char *password,
			   const struct credential_origin *from, const char **ret_why)
{
	struct pkcs12 content;
	int err = pkcs12_read(data, password, &content);

	*ret_why = NULL;
	if (err < 0) {
		*ret_why = err == -EKEYREJECTED ? "the secret for it is wrong, or missing"
			   : err == -ENOTSUP    ? "it uses algorithms of OpenSSL's legacy provider"
			   : err == -EBADMSG    ? "it is no PKCS#12 container"
						: NULL;
		return err;
	}
	if (content.key)
		err = credentials_add_private(c, content.key, from);
	for (size_t i = 0; err == 0 && i < content.n_certificates; i++)
		err = credentials_add_data(
			c,
			i == 0 && content.key_has_certificate ? CREDENTIAL_CERTIFICATE
							      : CREDENTIAL_INTERMEDIATE,
			BYTES(content.certificates[i].data, content.certificates[i].len), from,
			ret_why);
	pkcs12_fini(&content);
	return err;
}

int credentials_remove_key(struct credentials *c, struct bytes id)
{
	for (size_t i = 0; i < c->n; i++) {
		struct credential *one = c->v[i];

		if (one->kind != CREDENTIAL_KEY || !one->from_control ||
		    !bytes_equal(public_key_id(private_key_public(one->key)), id))
			continue;
		credential_unref(one);
		c->n--;
		memmove(&c->v[i], &c->v[i + 1], (c->n - i) * sizeof(struct credential *));
		return 0;
	}
	return -ENOENT;
}

/* -------- sealing -------- */

struct sealing {
	struct trust_store_builder *builder;
	struct conf_report *report;
};

/* One certificate that a section names. */
static int add_named(const struct sealing *s, enum trust_kind kind, struct certificate *cert,
		     const char *section, const char *name)
{
	int err = trust_store_add_certificate(s->builder, kind, cert);

	if (err == 0 || err == -ENOMEM)
		return err;
	conf_report_add(s->report, NULL, "%s.%s: certificate '%s' %s", section, name,
			certificate_subject_str(cert),
			err == -EINVAL   ? "is no CA by its basicConstraints"
			: err == -ENOSPC ? "is one too many"
					 : strerror(-err));
	return -EINVAL;
}

static int add_all(const struct sealing *s, enum trust_kind kind, struct certificate *const *certs,
		   size_t n, const struct connection *conn)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < n; i++)
		err = add_named(s, kind, certs[i], "connections", conn->name);
	return err;
}

static int seal_connection(const struct sealing *s, const struct connection *conn)
{
	const struct auth_conf *remote = &conn->remote, *local = &conn->local;
	int err = add_all(s, TRUST_END_ENTITY, remote->certs, remote->n_certs, conn);

	if (err == 0)
		err = add_all(s, TRUST_ANCHOR, remote->cacerts, remote->n_cacerts, conn);
	/* They complete our own chain: what we prove by them nobody else does. */
	if (err == 0)
		err = add_all(s, TRUST_INTERMEDIATE, local->cacerts, local->n_cacerts, conn);
	if (err == 0)
		err = add_all(s, TRUST_INTERMEDIATE, local->extras, local->n_extras, conn);
	return err;
}

static int add_uris(const struct sealing *s, const struct authority_conf *authority,
		    enum trust_uri kind, const struct conf_strings *uris)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < uris->n; i++)
		err = trust_store_add_uri(s->builder, authority->ca, kind, uris->v[i]);
	return err;
}

static int seal_authority(const struct sealing *s, const struct authority_conf *authority)
{
	int err = add_named(s, TRUST_ANCHOR, authority->ca, "authorities", authority->name);

	if (err == 0)
		err = add_uris(s, authority, TRUST_URI_CRL, &authority->crl_uris);
	if (err == 0)
		err = add_uris(s, authority, TRUST_URI_OCSP, &authority->ocsp_uris);
	return err;
}

/* What was loaded: each piece has been tried out before, so all that can be wrong is their number.
 */
static int seal_loaded(const struct sealing *s, const struct credential *one)
{
	const char *why = NULL;
	int err = put_in_store(s->builder, one, &why);

	if (err == 0 || err == -ENOMEM)
		return err;
	conf_report_add(s->report, NULL, "%s: %s", one->source, why ? why : strerror(-err));
	return -EINVAL;
}

int credentials_seal(struct credentials *c, const struct ike_config *cfg,
		     struct conf_report *report)
{
	struct sealing s = { .report = report };
	int err = trust_store_builder_new(&s.builder);

	if (err < 0)
		return err;
	for (size_t i = 0; err == 0 && i < c->n; i++)
		err = seal_loaded(&s, c->v[i]);
	for (size_t i = 0; err == 0 && i < cfg->n_connections; i++)
		err = seal_connection(&s, cfg->connections[i]);
	for (size_t i = 0; err == 0 && i < cfg->n_authorities; i++)
		err = seal_authority(&s, cfg->authorities[i]);
	if (err == 0)
		err = trust_store_build(s.builder, &c->trust);
	trust_store_builder_free(s.builder);
	return err;
}

/* -------- reading -------- */

const struct private_key *credentials_key_by_spki(const struct credentials *c, struct bytes spki)
{
	for (size_t i = 0; c && i < c->n; i++)
		if (c->v[i]->kind == CREDENTIAL_KEY &&
		    bytes_equal(public_key_spki(private_key_public(c->v[i]->key)), spki))
			return c->v[i]->key;
	return NULL;
}

const struct private_key *credentials_key(const struct credentials *c,
					  const struct public_key *public)
{
	return credentials_key_by_spki(c, public_key_spki(public));
}

size_t credentials_count_keys(const struct credentials *c)
{
	size_t n = 0;

	for (size_t i = 0; c && i < c->n; i++)
		n += c->v[i]->kind == CREDENTIAL_KEY;
	return n;
}

size_t credentials_count_certificates(const struct credentials *c)
{
	return c && c->trust ? trust_store_count(c->trust, TRUST_ANCHOR) +
				       trust_store_count(c->trust, TRUST_INTERMEDIATE) +
				       trust_store_count(c->trust, TRUST_END_ENTITY)
			     : 0;
}
