/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/config_private.h"

#include <errno.h>

#include "pdk/conf/options.h"
#include "pdk/conf/parser.h"

/* What the take hooks work on. */
struct build {
	struct ike_config *cfg;
	const struct ike_config *old;
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

static const char not_eap[] = "EAP is not built yet; use ike<suffix> { }";
static const char not_key[] = "private keys are not built yet; use ike<suffix> { }";

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
	{ "private*", CONF_OPT_REFUSED, .doc = not_key },
	{ "rsa*", CONF_OPT_REFUSED, .doc = not_key },
	{ "ecdsa*", CONF_OPT_REFUSED, .doc = not_key },
	{ "pkcs8*", CONF_OPT_REFUSED, .doc = not_key },
	{ "pkcs12*", CONF_OPT_REFUSED, .doc = not_key },
	{ "token*", CONF_OPT_REFUSED, .doc = not_key },
	{ 0 },
};

static const struct conf_option pools_table[] = {
	{ "*", CONF_OPT_SECTIONS, .options = pool_options, .take = take_pool,
	  .doc = "A pool of internal addresses, by its name." },
	{ 0 },
};

const struct conf_option config_options[] = {
	{ "settings", CONF_OPT_CUSTOM, .options = ike_settings_options, .unit = "a section",
	  .take = take_settings, .doc = "What concerns the whole daemon." },
	{ "connections", CONF_OPT_SECTION, .options = connections_table,
	  .doc = "Whom we talk to, and how." },
	{ "secrets", CONF_OPT_SECTION, .options = secrets_table, .doc = "Shared secrets." },
	{ "pools", CONF_OPT_SECTION, .options = pools_table,
	  .doc = "Internal addresses to lend to clients." },
	{ "authorities", CONF_OPT_REFUSED, .doc = "certificates are not built yet" },
	{ 0 },
};

int config_from_tree(const struct conf_node *root, const struct ike_config *old,
		     struct conf_report *report, struct ike_config **ret_cfg)
{
	struct build b = { config_new_empty(), old };
	int err;

	if (!b.cfg)
		return -ENOMEM;
	if (old)
		b.cfg->last_reqid = old->last_reqid;
	err = conf_options_apply(config_options, root, &b, report);
	if (!err && old)
		err = config_keep_controlled(b.cfg, old);
	if (err)
		config_unref(b.cfg);
	else
		*ret_cfg = b.cfg;
	return err;
}

int config_from_file(const char *path, const struct ike_config *old, struct conf_report *report,
		     struct ike_config **ret_cfg)
{
	_cleanup_conf_ struct conf_node *root = conf_root_new();
	int err;

	if (!root)
		return -ENOMEM;
	err = conf_parse_file(path, root, report);
	if (err)
		return err;
	return config_from_tree(root, old, report, ret_cfg);
}
