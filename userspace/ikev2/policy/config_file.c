/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/config_private.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>

#include "pdk/conf/options.h"
#include "pdk/conf/parser.h"
#include "ikev2/policy/credential_files.h"

/* What the take hooks work on. */
struct build {
	struct ike_config *cfg;
	const struct ike_config *old;
	struct credential_files files;
};

static int take_settings(const struct conf_option *o, const struct conf_node *node, void *target,
			 struct conf_report *report)
{
	struct build *b = target;

	if (node->type != CONF_SECTION) {
		conf_report_bad(report, node, "a section");
		return -EINVAL;
	}
	return ike_settings_apply(node, report, &b->cfg->settings);
}

static int take_connection(const struct conf_option *o, const struct conf_node *node, void *target,
			   struct conf_report *report)
{
	struct build *b = target;

	return config_add_connection(b->cfg, b->old, node, false, report);
}

static int take_secret(const struct conf_option *o, const struct conf_node *node, void *target,
		       struct conf_report *report)
{
	struct shared_secret *secret;
	struct build *b = target;
	int err;

	err = shared_secret_from_section(node, report, &secret);
	if (err)
		return err;
	err = config_add_secret(b->cfg, b->old, secret, report);
	shared_secret_unref(secret);
	return err;
}

static int take_pool(const struct conf_option *o, const struct conf_node *node, void *target,
		     struct conf_report *report)
{
	struct build *b = target;

	return config_add_pool(b->cfg, b->old, node, false, report);
}

static int take_authority(const struct conf_option *o, const struct conf_node *node, void *target,
			  struct conf_report *report)
{
	struct build *b = target;

	return config_add_authority(b->cfg, b->old, node, false, report);
}

static const char not_eap[] = "EAP is not built yet; use ike<suffix> { }";

static int take_key(const struct conf_option *o, const struct conf_node *node, void *target,
		    struct conf_report *report)
{
	struct build *b = target;

	return credential_file_take(&b->files, node, report);
}

static int take_token(const struct conf_option *o, const struct conf_node *node, void *target,
		      struct conf_report *report)
{
	struct build *b = target;

	return credential_token_take(&b->files, node, report);
}

static const struct conf_option connections_table[] = {
	{ "*", CONF_OPT_SECTIONS, .options = connection_options, .take = take_connection,
	  .doc = "A connection, by its name." },
	{ 0 },
};

static const struct conf_option secrets_table[] = {
	{ "ike*", CONF_OPT_SECTIONS, .options = shared_secret_options, .take = take_secret,
	  .doc = "A shared secret for auth = psk." },
	{ "eap*", CONF_OPT_REFUSED, .doc = not_eap },
	{ "xauth*", CONF_OPT_REFUSED, .doc = "XAuth belongs to IKEv1" },
	{ "ntlm*", CONF_OPT_REFUSED, .doc = not_eap },
	{ "ppk*", CONF_OPT_REFUSED, .doc = "postquantum preshared keys are not built yet" },
	{ "private*", CONF_OPT_SECTIONS, .options = credential_file_options, .take = take_key,
	  .doc = "A private key of any kind, in the folder private." },
	{ "rsa*", CONF_OPT_SECTIONS, .options = credential_file_options, .take = take_key,
	  .doc = "An RSA key, in the folder rsa." },
	{ "ecdsa*", CONF_OPT_SECTIONS, .options = credential_file_options, .take = take_key,
	  .doc = "An ECDSA key, in the folder ecdsa." },
	{ "pkcs8*", CONF_OPT_SECTIONS, .options = credential_file_options, .take = take_key,
	  .doc = "A key in PKCS#8 form, in the folder pkcs8." },
	{ "pkcs12*", CONF_OPT_SECTIONS, .options = credential_file_options, .take = take_key,
	  .doc = "A PKCS#12 container, in the folder pkcs12." },
	{ "token*", CONF_OPT_SECTIONS, .options = credential_token_options, .take = take_token,
	  .doc = "A private key on a token." },
	{ 0 },
};

static const struct conf_option pools_table[] = {
	{ "*", CONF_OPT_SECTIONS, .options = pool_options, .take = take_pool,
	  .doc = "A pool of internal addresses, by its name." },
	{ 0 },
};

static const struct conf_option authorities_table[] = {
	{ "*", CONF_OPT_SECTIONS, .options = authority_options, .take = take_authority,
	  .doc = "A certification authority, by a name." },
	{ 0 },
};

const struct conf_option config_options[] = {
	{ "settings", CONF_OPT_CUSTOM, .options = ike_settings_options, .unit = "a section",
	  .take = take_settings, .doc = "What concerns the whole daemon." },
	{ "connections", CONF_OPT_SECTION, .options = connections_table,
	  .doc = "Whom we talk to, and how." },
	{ "secrets", CONF_OPT_SECTION, .options = secrets_table,
	  .doc = "Shared secrets, and the passwords of private keys." },
	{ "pools", CONF_OPT_SECTION, .options = pools_table,
	  .doc = "Internal addresses to lend to clients." },
	{ "authorities", CONF_OPT_SECTION, .options = authorities_table,
	  .doc = "Certification authorities, and where their CRLs and OCSP servers are." },
	{ 0 },
};

/* The credentials: what comes by the control protocol stays, files are read anew. */
static int load_creds(struct build *b, const char *dir, struct conf_report *report)
{
	const struct credentials *old = b->old ? b->old->creds : NULL;
	struct credentials *fresh = credentials_copy(old, true, false);
	int err;

	if (!fresh)
		return -ENOMEM;
	err = credential_files_load(&b->files, dir, fresh, old, report);
	if (err < 0) {
		credentials_unref(fresh);
		return err;
	}
	return config_seal(b->cfg, b->old, fresh, report);
}

static int build(const struct conf_node *root, const char *dir, const struct ike_config *old,
		 struct conf_report *report, struct ike_config **ret_cfg)
{
	struct build b = { config_new_empty(), old };
	int err;

	if (!b.cfg)
		return -ENOMEM;
	credential_files_init(&b.files);
	if (old)
		b.cfg->last_reqid = old->last_reqid;
	err = conf_options_apply(config_options, root, &b, report);
	if (!err && old)
		err = config_keep_controlled(b.cfg, old);
	if (!err)
		err = load_creds(&b, dir, report);
	credential_files_fini(&b.files);
	if (err)
		config_unref(b.cfg);
	else
		*ret_cfg = b.cfg;
	return err;
}

int config_from_tree(const struct conf_node *root, const struct ike_config *old,
		     struct conf_report *report, struct ike_config **ret_cfg)
{
	return build(root, NULL, old, report, ret_cfg);
}

int config_from_file(const char *path, const struct ike_config *old, struct conf_report *report,
		     struct ike_config **ret_cfg)
{
	_cleanup_conf_ struct conf_node *root = conf_root_new();
	_cleanup_free_ char *copy = strdup(path);
	const char *dir;
	int err;

	if (!root || !copy)
		return -ENOMEM;
	err = conf_parse_file(path, root, report);
	if (err)
		return err;
	dir = dirname(copy);
	err = credential_files_inline(root, dir, report);
	return err ? err : build(root, dir, old, report, ret_cfg);
}
