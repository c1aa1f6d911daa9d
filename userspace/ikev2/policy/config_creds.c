/* SPDX-License-Identifier: MIT */
/*
 * Certificates and keys of a configuration: what load-cert, load-key and their like change, and the
 * trust store that follows from them and from what the connections name.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "ikev2/policy/config_private.h"
#include "ikev2/policy/credentials.h"

/* -------- sealing -------- */

static bool names_certificates(const struct connection *conn)
{
	return conn->remote.n_certs || conn->remote.n_cacerts || conn->local.n_cacerts ||
	       conn->local.n_extras;
}

/* The next connection from *at on that names certificates; NULL. */
static const struct connection *next_naming(const struct ike_config *cfg, size_t *at)
{
	while (*at < cfg->n_connections) {
		const struct connection *conn = cfg->connections[(*at)++];

		if (names_certificates(conn))
			return conn;
	}
	return NULL;
}

static bool same_naming(const struct ike_config *a, const struct ike_config *b)
{
	size_t i = 0, j = 0;
	const struct connection *x, *y;

	do {
		x = next_naming(a, &i);
		y = next_naming(b, &j);
	} while (x && x == y);
	return x == y;
}

int config_seal(struct ike_config *cfg, const struct ike_config *old, struct credentials *fresh,
		struct conf_report *report)
{
	int err;

	if (!fresh && old && same_naming(cfg, old) && config_same_authorities(cfg, old)) {
		if (!cfg->creds)
			cfg->creds = credentials_ref(old->creds);
		return 0;
	}
	if (!fresh)
		fresh = credentials_copy(old ? old->creds : NULL, true, true);
	if (!fresh)
		return -ENOMEM;
	err = credentials_seal(fresh, cfg, report);
	if (err < 0) {
		credentials_unref(fresh);
		return err;
	}
	credentials_unref(cfg->creds);
	cfg->creds = fresh;
	return 0;
}

/* A copy of old with these credentials, which it takes over. */
static int with_creds(const struct ike_config *old, struct credentials *fresh,
		      struct conf_report *report, struct ike_config **ret_cfg)
{
	struct ike_config *cfg;
	int err = config_copy(old, &cfg);

	if (err < 0) {
		credentials_unref(fresh);
		return err;
	}
	err = config_seal(cfg, old, fresh, report);
	if (err < 0)
		config_unref(cfg);
	else
		*ret_cfg = cfg;
	return err;
}

/* -------- changes -------- */

/* The end of an addition to fresh: what went wrong, or the new snapshot. */
static int added(const struct ike_config *old, struct credentials *fresh, int err, const char *why,
		 struct conf_report *report, struct ike_config **ret_cfg)
{
	if (err == 0)
		return with_creds(old, fresh, report, ret_cfg);
	credentials_unref(fresh);
	if (err == -ENOMEM)
		return err;
	conf_report_add(report, NULL, "%s", why ? why : strerror(-err));
	return -EINVAL;
}

static const struct {
	const char *type, *flag;
	enum credential_kind kind;
} cert_types[] = {
	{ "X509", "NONE", CREDENTIAL_CERTIFICATE },
	{ "X509", "CA", CREDENTIAL_CA },
	{ "X509", "OCSP", CREDENTIAL_INTERMEDIATE },
	{ "X509_CRL", "NONE", CREDENTIAL_CRL },
	/* What older clients call them. */
	{ "X509CA", "NONE", CREDENTIAL_CA },
	{ "X509OCSP", "NONE", CREDENTIAL_INTERMEDIATE },
};

static bool cert_kind(const struct conf_node *request, enum credential_kind *ret_kind)
{
	const char *type = conf_string(request, "type"), *flag = conf_string(request, "flag");

	for (size_t i = 0; type && i < ARRAY_SIZE(cert_types); i++)
		if (strcasecmp(cert_types[i].type, type) == 0 &&
		    strcasecmp(cert_types[i].flag, flag ? flag : "NONE") == 0) {
			*ret_kind = cert_types[i].kind;
			return true;
		}
	return false;
}

int config_load_cert(const struct ike_config *old, struct conf_node *request,
		     struct conf_report *report, struct ike_config **ret_cfg)
{
	const struct credential_origin from = { "load-cert", true, old->creds };
	const struct conf_node *data = conf_find_type(request, "data", CONF_VALUE);
	enum credential_kind kind;
	struct credentials *fresh;
	const char *why = NULL;
	int err;

	if (!cert_kind(request, &kind)) {
		conf_report_add(report, NULL,
				"expected type X509 (flag NONE, CA or OCSP) or X509_CRL; attribute "
				"certificates and the like are not supported");
		return -EINVAL;
	}
	if (!data) {
		conf_report_add(report, NULL, "expected data");
		return -EINVAL;
	}
	fresh = credentials_copy(old->creds, true, true);
	if (!fresh)
		return -ENOMEM;
	err = credentials_add_data(fresh, kind, conf_bytes(data), &from, &why);
	return added(old, fresh, err, why, report, ret_cfg);
}

int config_load_key(const struct ike_config *old, const struct conf_node *request,
		    struct conf_report *report, uint8_t *ret_id, struct ike_config **ret_cfg)
{
	const struct credential_origin from = { "load-key", true, old->creds };
	const struct conf_node *data = conf_find_type(request, "data", CONF_VALUE);
	const struct private_key *key;
	struct credentials *fresh;
	const char *why = NULL;
	int err;

	if (!data) {
		conf_report_add(report, NULL, "expected data");
		return -EINVAL;
	}
	fresh = credentials_copy(old->creds, true, true);
	if (!fresh)
		return -ENOMEM;
	err = credentials_add_key(fresh, conf_bytes(data), BYTES_NONE, &from, &key, &why);
	if (err == 0)
		memcpy(ret_id, public_key_id(private_key_public(key)).data, PUBLIC_KEY_HASH_LEN);
	return added(old, fresh, err, why, report, ret_cfg);
}

int config_add_key(const struct ike_config *old, const struct private_key *key, const char *source,
		   struct ike_config **ret_cfg)
{
	const struct credential_origin from = { source, true, old->creds };
	struct credentials *fresh = credentials_copy(old->creds, true, true);
	struct conf_report report = CONF_REPORT_INIT;
	int err;

	if (!fresh)
		return -ENOMEM;
	err = added(old, fresh, credentials_add_private(fresh, key, &from), NULL, &report, ret_cfg);
	conf_report_fini(&report);
	return err;
}

int config_unload_key(const struct ike_config *old, struct bytes id, struct ike_config **ret_cfg)
{
	struct credentials *fresh = credentials_copy(old->creds, true, true);
	struct conf_report report = CONF_REPORT_INIT;
	int err;

	if (!fresh)
		return -ENOMEM;
	err = credentials_remove_key(fresh, id);
	if (err < 0)
		credentials_unref(fresh);
	else
		err = with_creds(old, fresh, &report, ret_cfg);
	conf_report_fini(&report);
	return err;
}

int config_clear_creds(const struct ike_config *old, struct ike_config **ret_cfg)
{
	struct credentials *fresh = credentials_new();
	struct conf_report report = CONF_REPORT_INIT;
	struct ike_config *cfg;
	int err;

	if (!fresh)
		return -ENOMEM;
	err = with_creds(old, fresh, &report, &cfg);
	conf_report_fini(&report);
	if (err < 0)
		return err;
	for (size_t i = 0; i < cfg->n_secrets; i++)
		shared_secret_unref(cfg->secrets[i]);
	cfg->n_secrets = 0;
	*ret_cfg = cfg;
	return 0;
}
