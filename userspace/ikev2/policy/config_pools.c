/* SPDX-License-Identifier: MIT */
/*
 * The pools of a configuration: from the file's section pools, and from load-pool and unload-pool
 * of the control protocol.
 */
#include <errno.h>
#include <string.h>

#include "ikev2/policy/config_private.h"

static size_t find_pool(const struct ike_config *cfg, const char *name)
{
	for (size_t i = 0; i < cfg->n_pools; i++)
		if (strcmp(cfg->pools[i]->name, name) == 0)
			return i;
	return SIZE_MAX;
}

const struct pool_conf *config_pool(const struct ike_config *cfg, const char *name)
{
	size_t at = find_pool(cfg, name);

	return at == SIZE_MAX ? NULL : cfg->pools[at];
}

static int append_pool(struct ike_config *cfg, const struct pool_conf *pool)
{
	int err = config_grow(&cfg->pools, cfg->n_pools);

	if (!err)
		cfg->pools[cfg->n_pools++] = pool_conf_ref(pool);
	return err;
}

/* The last reference to what this replaces is perhaps dropped. */
static int put_pool(struct ike_config *cfg, const struct pool_conf *pool)
{
	size_t at = find_pool(cfg, pool->name);

	if (at == SIZE_MAX)
		return append_pool(cfg, pool);
	pool_conf_ref(pool);
	pool_conf_unref(cfg->pools[at]);
	cfg->pools[at] = pool;
	return 0;
}

int config_add_pool(struct ike_config *cfg, const struct ike_config *old,
		    const struct conf_node *section, bool from_control, struct conf_report *report)
{
	size_t at = old ? find_pool(old, section->name) : SIZE_MAX;
	struct pool_conf *pool;
	int err;

	if (at != SIZE_MAX && old->pools[at]->from_control == from_control &&
	    conf_equal(old->pools[at]->source, section))
		return put_pool(cfg, old->pools[at]);
	if (cfg->n_pools >= CONFIG_POOLS_MAX) {
		conf_report_add(report, &section->origin, "more than %d pools", CONFIG_POOLS_MAX);
		return -EINVAL;
	}
	err = pool_conf_new(section, report, &pool);
	if (err)
		return err;
	pool->from_control = from_control;
	err = put_pool(cfg, pool);
	pool_conf_unref(pool);
	return err;
}

int config_copy_pools(struct ike_config *cfg, const struct ike_config *old, bool controlled)
{
	const size_t n = cfg->n_pools;
	int err = 0;

	for (size_t i = 0; !err && i < old->n_pools; i++) {
		const struct pool_conf *pool = old->pools[i];
		size_t at = n ? find_pool(cfg, pool->name) : SIZE_MAX;

		if ((pool->from_control || !controlled) && (at == SIZE_MAX || at >= n))
			err = append_pool(cfg, pool);
	}
	return err;
}

int config_load_pool(const struct ike_config *old, struct conf_node *request,
		     struct conf_report *report, struct ike_config **ret_cfg)
{
	const struct conf_node *section;
	struct ike_config *cfg;
	int err, failed = 0;

	err = config_copy(old, &cfg);
	if (err)
		return err;
	conf_for_each(section, request)
	{
		if (section->type != CONF_SECTION) {
			conf_report_bad(report, section, "a section for each pool");
			failed = -EINVAL;
			continue;
		}
		err = config_add_pool(cfg, old, section, true, report);
		failed = failed ? failed : err;
		if (err == -ENOMEM)
			break;
	}
	if (failed)
		config_unref(cfg);
	else
		*ret_cfg = cfg;
	return failed;
}

int config_unload_pool(const struct ike_config *old, const char *name, struct ike_config **ret_cfg)
{
	size_t at = find_pool(old, name);
	struct ike_config *cfg;
	int err;

	if (at == SIZE_MAX)
		return -ENOENT;
	if (!old->pools[at]->from_control)
		return -EPERM;
	err = config_copy(old, &cfg);
	if (err)
		return err;
	pool_conf_unref(cfg->pools[at]);
	cfg->n_pools--;
	memmove(&cfg->pools[at], &cfg->pools[at + 1], (cfg->n_pools - at) * sizeof(cfg->pools[0]));
	*ret_cfg = cfg;
	return 0;
}
