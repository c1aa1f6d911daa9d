/* SPDX-License-Identifier: MIT */
/*
 * The certification authorities of a configuration: from the file's section authorities, and from
 * load-authority and unload-authority of the control protocol.
 */
#include <errno.h>
#include <string.h>

#include "ikev2/policy/config_private.h"
#include "ikev2/policy/credential_files.h"

static size_t find_authority(const struct ike_config *cfg, const char *name)
{
	for (size_t i = 0; i < cfg->n_authorities; i++)
		if (strcmp(cfg->authorities[i]->name, name) == 0)
			return i;
	return SIZE_MAX;
}

static int append_authority(struct ike_config *cfg, const struct authority_conf *authority)
{
	int err = config_grow(&cfg->authorities, cfg->n_authorities);

	if (!err)
		cfg->authorities[cfg->n_authorities++] = authority_conf_ref(authority);
	return err;
}

/* The last reference to what this replaces is perhaps dropped. */
static int put_authority(struct ike_config *cfg, const struct authority_conf *authority)
{
	size_t at = find_authority(cfg, authority->name);

	if (at == SIZE_MAX)
		return append_authority(cfg, authority);
	authority_conf_ref(authority);
	authority_conf_unref(cfg->authorities[at]);
	cfg->authorities[at] = authority;
	return 0;
}

int config_add_authority(struct ike_config *cfg, const struct ike_config *old,
			 const struct conf_node *section, bool from_control,
			 struct conf_report *report)
{
	size_t at = old ? find_authority(old, section->name) : SIZE_MAX;
	struct authority_conf *authority;
	int err;

	if (at != SIZE_MAX && old->authorities[at]->from_control == from_control &&
	    conf_equal(old->authorities[at]->source, section))
		return put_authority(cfg, old->authorities[at]);
	if (cfg->n_authorities >= CONFIG_AUTHORITIES_MAX) {
		conf_report_add(report, &section->origin, "more than %d authorities",
				CONFIG_AUTHORITIES_MAX);
		return -EINVAL;
	}
	err = authority_conf_new(section, report, &authority);
	if (err)
		return err;
	authority->from_control = from_control;
	err = put_authority(cfg, authority);
	authority_conf_unref(authority);
	return err;
}

int config_copy_authorities(struct ike_config *cfg, const struct ike_config *old, bool controlled)
{
	const size_t n = cfg->n_authorities;
	int err = 0;

	for (size_t i = 0; !err && i < old->n_authorities; i++) {
		const struct authority_conf *authority = old->authorities[i];
		size_t at = n ? find_authority(cfg, authority->name) : SIZE_MAX;

		if ((authority->from_control || !controlled) && (at == SIZE_MAX || at >= n))
			err = append_authority(cfg, authority);
	}
	return err;
}

bool config_same_authorities(const struct ike_config *a, const struct ike_config *b)
{
	if (a->n_authorities != b->n_authorities)
		return false;
	for (size_t i = 0; i < a->n_authorities; i++)
		if (a->authorities[i] != b->authorities[i])
			return false;
	return true;
}

/* The end of a change: cfg with a trust store that fits, or nothing. */
static int changed(struct ike_config *cfg, const struct ike_config *old, int err,
		   struct conf_report *report, struct ike_config **ret_cfg)
{
	if (!err)
		err = config_seal(cfg, old, NULL, report);
	if (err)
		config_unref(cfg);
	else
		*ret_cfg = cfg;
	return err;
}

int config_load_authority(const struct ike_config *old, struct conf_node *request,
			  struct conf_report *report, struct ike_config **ret_cfg)
{
	const struct conf_node *section;
	struct ike_config *cfg;
	int err, failed;

	err = config_copy(old, &cfg);
	if (err)
		return err;
	failed = credential_files_inline_authorities(request, NULL, report);
	conf_for_each(section, request)
	{
		if (failed)
			break;
		if (section->type == CONF_SECTION) {
			failed = config_add_authority(cfg, old, section, true, report);
		} else {
			conf_report_bad(report, section, "a section for each authority");
			failed = -EINVAL;
		}
	}
	return changed(cfg, old, failed, report, ret_cfg);
}

int config_unload_authority(const struct ike_config *old, const char *name,
			    struct ike_config **ret_cfg)
{
	struct conf_report report = CONF_REPORT_INIT;
	size_t at = find_authority(old, name);
	struct ike_config *cfg;
	int err;

	if (at == SIZE_MAX)
		return -ENOENT;
	if (!old->authorities[at]->from_control)
		return -EPERM;
	err = config_copy(old, &cfg);
	if (err)
		return err;
	authority_conf_unref(cfg->authorities[at]);
	cfg->n_authorities--;
	memmove(&cfg->authorities[at], &cfg->authorities[at + 1],
		(cfg->n_authorities - at) * sizeof(cfg->authorities[0]));
	err = changed(cfg, old, 0, &report, ret_cfg);
	conf_report_fini(&report);
	return err;
}
