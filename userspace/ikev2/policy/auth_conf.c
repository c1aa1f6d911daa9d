/* SPDX-License-Identifier: MIT */
/*
 * Where a section names files, their contents have been put in the place of the names before
 * (credential_files.h), and the control protocol brings contents anyhow. So a connection whose
 * certificate's file has changed is another connection.
 */
#include "ikev2/policy/auth_conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ikev2/policy/certificates_read.h"
#include "ikev2/policy/connection_private.h"

const char *auth_type_name(enum auth_type type)
{
	switch (type) {
	case AUTH_TYPE_PSK:
		return "psk";
	case AUTH_TYPE_PUBKEY:
		return "pubkey";
	}
	return "?";
}

void auth_conf_fini(struct auth_conf *conf)
{
	for (size_t i = 0; i < conf->n_certs; i++)
		certificate_unref(conf->certs[i]);
	for (size_t i = 0; i < conf->n_extras; i++)
		certificate_unref(conf->extras[i]);
	for (size_t i = 0; i < conf->n_cacerts; i++)
		certificate_unref(conf->cacerts[i]);
	for (size_t i = 0; i < conf->n_pubkeys; i++)
		public_key_unref(conf->pubkeys[i]);
	identity_pattern_fini(&conf->pattern);
	conf->n_certs = conf->n_extras = conf->n_cacerts = conf->n_pubkeys = 0;
}

struct auth_target {
	struct auth_conf *conf;
	bool local;
	char *auth;
	int revocation;
};

/* -------- identities -------- */

static int take_one_identity(const struct conf_node *node, struct identity *ret_id,
			     struct conf_report *report)
{
	const char *expected = "an identity";

	if (node->type == CONF_VALUE && !conf_is_binary(node) &&
	    identity_parse(node->value, ret_id, &expected) == 0)
		return 0;
	conf_report_bad(report, node, "%s", expected);
	return -EINVAL;
}

static int take_identity(const struct conf_option *o, const struct conf_node *node, void *target,
			 struct conf_report *report)
{
	struct auth_target *t = target;

	return take_one_identity(node, &t->conf->id, report);
}

static int take_ca_id(const struct conf_option *o, const struct conf_node *node, void *target,
		      struct conf_report *report)
{
	struct auth_target *t = target;

	return take_one_identity(node, &t->conf->ca_id, report);
}

/* -------- certificates and keys -------- */

typedef int (*content_fn)(struct auth_target *t, struct bytes content);

static int add_certs(struct auth_target *t, struct bytes content)
{
	struct certificate *certs[AUTH_CERTS_MAX];
	struct auth_conf *conf = t->conf;
	size_t n, first;
	int err;

	err = certificates_read(content, certs, AUTH_CERTS_MAX, &n);
	if (err < 0)
		return err;
	/* The first is meant; behind ours, intermediates. */
	first = t->local ? 1 : n;
	for (size_t i = 0; i < n; i++) {
		if (i < first && conf->n_certs < AUTH_CERTS_MAX)
			conf->certs[conf->n_certs++] = certs[i];
		else if (i >= first && conf->n_extras < AUTH_CERTS_MAX)
			conf->extras[conf->n_extras++] = certs[i];
		else
			err = -E2BIG, certificate_unref(certs[i]);
	}
	return err;
}

static int add_cacerts(struct auth_target *t, struct bytes content)
{
	struct auth_conf *conf = t->conf;
	size_t n;
	int err;

	err = certificates_read(content, conf->cacerts + conf->n_cacerts,
				AUTH_CERTS_MAX - conf->n_cacerts, &n);
	if (err < 0)
		return err;
	for (size_t i = 0; i < n; i++)
		if (!certificate_is_ca(conf->cacerts[conf->n_cacerts++]))
			err = -EKEYREJECTED;
	return err;
}

static int add_pubkey(struct auth_target *t, struct bytes content)
{
	struct auth_conf *conf = t->conf;
	int err;

	if (conf->n_pubkeys == AUTH_CERTS_MAX)
		return -E2BIG;
	err = public_key_from_file(content, &conf->pubkeys[conf->n_pubkeys]);
	conf->n_pubkeys += err == 0;
	return err;
}

static bool looks_encoded(struct bytes content)
{
	static const char begin[] = "-----BEGIN ";

	return content.len &&
	       (content.data[0] == 0x30 ||
		memmem(content.data, content.len, begin, sizeof(begin) - 1));
}

/* What a node holds is not for a log: its length is. */
static int take_content(const struct conf_node *node, struct auth_target *t, const char *what,
			content_fn add, struct conf_report *report)
{
	struct bytes content = conf_bytes(node);
	char path[CONF_PATH_LEN];
	int err;

	if (node->type != CONF_VALUE || !looks_encoded(content)) {
		conf_report_add(report, &node->origin, "%s: expected %s in PEM or DER",
				conf_path(node, path, sizeof(path)), what);
		return -EINVAL;
	}
	err = add(t, content);
	if (err == 0 || err == -ENOMEM)
		return err;
	conf_report_add(report, &node->origin, "%s: found %zu bytes, expected %s: %s",
			conf_path(node, path, sizeof(path)), content.len, what,
			err == -E2BIG          ? "no more than 8 of them"
			: err == -ENOTSUP      ? "its key is of a kind that can't be used"
			: err == -EKEYREJECTED ? "it is no CA by its basicConstraints"
					       : "it is malformed");
	return -EINVAL;
}

static int take_contents(const struct conf_node *node, struct auth_target *t, const char *what,
			 content_fn add, struct conf_report *report)
{
	const struct conf_node *item;
	int err = 0;

	if (node->type != CONF_LIST)
		return take_content(node, t, what, add, report);
	conf_for_each(item, node)
	{
		err = take_content(item, t, what, add, report);
		if (err)
			break;
	}
	return err;
}

static int take_certs(const struct conf_option *o, const struct conf_node *node, void *target,
		      struct conf_report *report)
{
	return take_contents(node, target, "an X.509 certificate", add_certs, report);
}

static int take_cacerts(const struct conf_option *o, const struct conf_node *node, void *target,
			struct conf_report *report)
{
	return take_contents(node, target, "a CA's X.509 certificate", add_cacerts, report);
}

static int take_pubkeys(const struct conf_option *o, const struct conf_node *node, void *target,
			struct conf_report *report)
{
	return take_contents(node, target, "a public key", add_pubkey, report);
}

/* cert<suffix> { file = ... }: the file's content stands there by now. */
static int take_cert_section(const struct conf_option *o, const struct conf_node *section,
			     void *target, struct conf_report *report)
{
	const struct conf_node *file = conf_find_type(section, "file", CONF_VALUE);
	bool ca = strncmp(section->name, "cacert", 6) == 0;
	char path[CONF_PATH_LEN];

	if (!file) {
		conf_report_add(report, &section->origin,
				"%s: expected a file: certificates on a token are not supported, "
				"export it (the private key may stay there)",
				conf_path(section, path, sizeof(path)));
		return -EINVAL;
	}
	return take_content(file, target, ca ? "a CA's X.509 certificate" : "an X.509 certificate",
			    ca ? add_cacerts : add_certs, report);
}

/* -------- the table -------- */

static const char not_eap[] = "EAP is not built yet; use auth = pubkey or psk";
static const char not_xauth[] = "XAuth belongs to IKEv1; use auth = pubkey or psk";
static const char one_round[] = "multiple authentication rounds are not built yet";
static const char not_attributes[] = "attribute certificates are not supported";

static const char *const revocation_names[] = { "relaxed", "ifuri", "strict", NULL };

static const struct conf_option cert_section_options[] = {
	{ "file", CONF_OPT_CUSTOM, .unit = "a file",
	  .doc = "The certificate's file, absolute or in the folder x509 (x509ca)." },
	{ "handle", CONF_OPT_REFUSED, .doc = "certificates on a token are not supported" },
	{ "slot", CONF_OPT_REFUSED, .doc = "certificates on a token are not supported" },
	{ "module", CONF_OPT_REFUSED, .doc = "certificates on a token are not supported" },
	{ 0 },
};

const struct conf_option auth_options[] = {
	{ "auth", CONF_OPT_STRING, offsetof(struct auth_target, auth), .unit = "pubkey or psk",
	  .doc = "How this side proves who it is. psk: by a shared secret. pubkey: by a "
		 "signature. rsa, ecdsa, ed25519, ed448: by one with such a key. Behind each its "
		 "least bits and hashes may stand, such as rsa-3072-sha256-sha512 or "
		 "rsa/pss-sha256; behind ike: what counts for IKE and not for certificates. "
		 "Default: pubkey." },
	{ "id", CONF_OPT_CUSTOM, .dflt = "%any", .unit = "an identity", .take = take_identity,
	  .doc = "The identity: a host name, user@host, an address, a distinguished name, @#hex. "
		 "Local: %any stands for the subject of the certificate, else for the local "
		 "address. Remote: a pattern; * may stand at the front of a name and for a value "
		 "of a distinguished name, and %any is anybody." },
	{ "certs", CONF_OPT_CUSTOM, .unit = "a list of files", .take = take_certs,
	  .doc = "Certificates, by their files, absolute or in the folder x509. Local: what we "
		 "may show, the first that the peer's CAs know; further certificates in the same "
		 "file are sent along. Remote: what the peer must have, one of them." },
	{ "cert*", CONF_OPT_SECTIONS, .options = cert_section_options, .take = take_cert_section,
	  .doc = "A certificate, as certs." },
	{ "cacerts", CONF_OPT_CUSTOM, .unit = "a list of files", .take = take_cacerts,
	  .doc = "CA certificates, by their files, absolute or in the folder x509ca. Remote: the "
		 "peer's chain must hold one of them; they are trusted. Local: they complete our "
		 "own chain, and no peer is believed for them." },
	{ "cacert*", CONF_OPT_SECTIONS, .options = cert_section_options, .take = take_cert_section,
	  .doc = "A CA certificate, as cacerts." },
	{ "ca_id", CONF_OPT_CUSTOM, .unit = "an identity", .take = take_ca_id,
	  .doc = "Remote: an identity that a CA of the peer's chain must have." },
	{ "pubkeys", CONF_OPT_CUSTOM, .unit = "a list of files", .take = take_pubkeys,
	  .doc = "Raw public keys, by their files, absolute or in the folder pubkey. Local: "
		 "ours. Remote: what the peer must have, one of them; no certificate is asked "
		 "for, and the peer may call itself whatever id lets pass. So several need an id "
		 "without wildcards." },
	{ "revocation", CONF_OPT_ENUM, offsetof(struct auth_target, revocation), .dflt = "relaxed",
	  .names = revocation_names,
	  .doc = "Remote: what is asked about the peer's certificates. strict: they must be known "
		 "not to be revoked. ifuri: so must those that say where that is known. relaxed: "
		 "they must not be known to be revoked." },
	{ "round", CONF_OPT_ONLY, .dflt = "0", .doc = one_round },
	{ "eap_id", CONF_OPT_REFUSED, .doc = not_eap },
	{ "aaa_id", CONF_OPT_REFUSED, .doc = not_eap },
	{ "xauth_id", CONF_OPT_REFUSED, .doc = not_xauth },
	{ "groups", CONF_OPT_REFUSED, .doc = not_attributes },
	{ "cert_policy", CONF_OPT_REFUSED, .doc = "certificate policies are not built yet" },
	{ 0 },
};

/* -------- a section -------- */

/* What is known elsewhere, by how it begins, and why it isn't to be had. */
static const struct {
	const char *prefix, *why;
} not_here[] = {
	{ "eap", not_eap },
	{ "xauth", not_xauth },
	{ "any", "say what you expect" },
};

static int settle_auth(const struct conf_node *section, const struct auth_target *t,
		       struct conf_report *report)
{
	const struct conf_node *node = conf_find(section, "auth");
	const char *expected;
	char path[CONF_PATH_LEN];

	t->conf->type = AUTH_TYPE_PUBKEY;
	if (!t->auth)
		return 0;
	if (strcmp(t->auth, "psk") == 0) {
		t->conf->type = AUTH_TYPE_PSK;
		return 0;
	}
	if (auth_constraints_parse(t->auth, &t->conf->constraints, &expected) == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(not_here); i++) {
		if (strncmp(t->auth, not_here[i].prefix, strlen(not_here[i].prefix)) != 0)
			continue;
		conf_report_add(report, &node->origin, "%s: found '%.60s': %s",
				conf_path(node, path, sizeof(path)), t->auth, not_here[i].why);
		return -EINVAL;
	}
	conf_report_bad(report, node, "psk, or %s", expected);
	return -EINVAL;
}

/* Our identity is the peer's to look for in our certificate (RFC 7296 3.5, RFC 4945 3.1). */
static int settle_identity(const struct conf_node *section, const struct auth_target *t,
			   struct conf_report *report)
{
	struct auth_conf *conf = t->conf;
	char text[IDENTITY_STRLEN], names[512];

	if (!t->local || !conf->n_certs)
		return 0;
	if (identity_is_any(&conf->id)) {
		/* An empty subject: our address it is. */
		identity_from_wire(IKE_ID_DER_ASN1_DN, certificate_subject(conf->certs[0]),
				   &conf->id);
		return 0;
	}
	for (size_t i = 0; i < conf->n_certs; i++) {
		if (certificate_has_id(conf->certs[i], conf->id.type, identity_data(&conf->id)))
			continue;
		conf_report_add(report, &section->origin,
				"identity %s isn't in certificate %s, so no peer would believe it",
				identity_str(&conf->id, text, sizeof(text)),
				certificate_names_str(conf->certs[i], names, sizeof(names)));
		return -EINVAL;
	}
	return 0;
}

/* Raw keys say nothing of the ID payload (RFC 7670 1): each of them proves whatever id lets pass.
 */
static int settle_pubkeys(const struct conf_node *section, const struct auth_target *t,
			  struct conf_report *report)
{
	const struct auth_conf *conf = t->conf;
	char path[CONF_PATH_LEN];

	if (t->local || conf->n_pubkeys < 2 || !identity_is_pattern(&conf->id))
		return 0;
	conf_report_add(
		report, &section->origin,
		"%s: several pubkeys need an exact id: the owner of one could say that it is "
		"the owner of another; make a connection for each",
		conf_path(section, path, sizeof(path)));
	return -EINVAL;
}

int auth_conf_fill(const struct conf_node *section, bool local, struct auth_conf *ret_conf,
		   struct conf_report *report)
{
	struct auth_target t = { .conf = ret_conf, .local = local };
	int err;

	ret_conf->id = ret_conf->ca_id = IDENTITY_ANY;
	err = conf_options_apply(auth_options, section, &t, report);
	if (!err)
		err = settle_auth(section, &t, report);
	if (!err)
		err = settle_identity(section, &t, report);
	if (!err)
		err = settle_pubkeys(section, &t, report);
	if (!err)
		err = identity_pattern_init(&ret_conf->pattern, &ret_conf->id);
	ret_conf->revocation = (enum revocation_policy)t.revocation;
	conf_options_clear(auth_options, &t);
	return err;
}
