/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/authority_conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ikev2/cert/trust_store.h"
#include "ikev2/policy/certificates_read.h"

/* -------- the table -------- */

/* What a file or a client holds is not for a log: its length is. */
static int take_ca(const struct conf_option *o, const struct conf_node *node, void *target,
		   struct conf_report *report)
{
	struct authority_conf *authority = target;
	char path[CONF_PATH_LEN];
	size_t n = 0;
	int err = -EBADMSG;

	conf_path(node, path, sizeof(path));
	if (authority->ca) {
		conf_report_add(report, &node->origin, "%s: expected one of cacert and file", path);
		return -EINVAL;
	}
	if (node->type == CONF_VALUE)
		err = certificates_read(conf_bytes(node), &authority->ca, 1, &n);
	if (err == -ENOMEM)
		return err;
	if (err < 0) {
		conf_report_add(report, &node->origin,
				"%s: found %zu bytes, expected one X.509 certificate in PEM or DER",
				path, node->len);
		return -EINVAL;
	}
	if (certificate_is_ca(authority->ca))
		return 0;
	conf_report_add(report, &node->origin,
			"%s: certificate '%s' is no CA by its basicConstraints", path,
			certificate_subject_str(authority->ca));
	return -EINVAL;
}

static const char *check_uris(const void *field)
{
	const struct conf_strings *uris = field;

	for (size_t i = 0; i < uris->n; i++)
		if (!trust_store_uri_fits(uris->v[i]))
			return "URIs of http or https (a CRL in a file goes into the folder "
			       "x509crl)";
	return NULL;
}

static const char not_on_token[] = "certificates on a token are not supported, export it";

#define FIELD(name) offsetof(struct authority_conf, name)

const struct conf_option authority_options[] = {
	{ "cacert", CONF_OPT_CUSTOM, .unit = "a file", .take = take_ca,
	  .doc = "The CA's certificate, by its file, absolute or in the folder x509ca. It is "
		 "trusted." },
	{ "file", CONF_OPT_CUSTOM, .unit = "a file", .take = take_ca,
	  .doc = "The same with an absolute path, in the place of cacert." },
	{ "crl_uris", CONF_OPT_STRINGS, FIELD(crl_uris), .unit = "a list of URIs",
	  .check = check_uris,
	  .doc = "Where the CA's CRLs lie, http or https, besides what its certificates say." },
	{ "ocsp_uris", CONF_OPT_STRINGS, FIELD(ocsp_uris), .unit = "a list of URIs",
	  .check = check_uris,
	  .doc = "OCSP servers of the CA, http or https, besides what its certificates say." },
	{ "cert_uri_base", CONF_OPT_REFUSED,
	  .doc = "Hash and URL of certificates is not built; they are sent as they are" },
	{ "handle", CONF_OPT_REFUSED, .doc = not_on_token },
	{ "slot", CONF_OPT_REFUSED, .doc = not_on_token },
	{ "module", CONF_OPT_REFUSED, .doc = not_on_token },
	{ 0 },
};

/* -------- life -------- */

struct authority_conf *authority_conf_ref(const struct authority_conf *conf)
{
	struct authority_conf *authority = (struct authority_conf *)conf;

	if (authority)
		__atomic_add_fetch(&authority->refs, 1, __ATOMIC_RELAXED);
	return authority;
}

struct authority_conf *authority_conf_unref(const struct authority_conf *conf)
{
	struct authority_conf *authority = (struct authority_conf *)conf;

	if (!authority || __atomic_sub_fetch(&authority->refs, 1, __ATOMIC_ACQ_REL) != 0)
		return NULL;
	conf_options_clear(authority_options, authority);
	certificate_unref(authority->ca);
	conf_free(authority->source);
	free(authority->name);
	free(authority);
	return NULL;
}

int authority_conf_new(const struct conf_node *section, struct conf_report *report,
		       struct authority_conf **ret_authority)
{
	struct authority_conf *authority = calloc(1, sizeof(*authority));
	char path[CONF_PATH_LEN];
	int err;

	if (!authority)
		return -ENOMEM;
	authority->refs = 1;
	authority->name = strdup(section->name);
	err = authority->name ? conf_copy(section, &authority->source) : -ENOMEM;
	if (!err)
		err = conf_options_apply(authority_options, section, authority, report);
	if (!err && !authority->ca) {
		conf_report_add(report, &section->origin, "%s: found no cacert, expected it",
				conf_path(section, path, sizeof(path)));
		err = -EINVAL;
	}
	if (err)
		authority_conf_unref(authority);
	else
		*ret_authority = authority;
	return err;
}
