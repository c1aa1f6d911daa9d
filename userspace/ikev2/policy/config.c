/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pdk/conf/parser.h"
#include "ikev2/ipsec/ipsec.h"
#include "ikev2/policy/config_private.h"
#include "ikev2/policy/credentials.h"

/*
 * A snapshot under construction is an ordinary one that nobody else has seen yet. Its connections
 * and secrets are references to objects that other snapshots may hold too; those are never changed.
 */

_Static_assert(REQID_CONF_MAX < IPSEC_REQID_COUNT / 2, "the kernel interface has room for them");

struct ike_config *config_ref(const struct ike_config *config)
{
	struct ike_config *cfg = (struct ike_config *)config;

	if (cfg)
		__atomic_add_fetch(&cfg->refs, 1, __ATOMIC_RELAXED);
	return cfg;
}

struct ike_config *config_unref(const struct ike_config *config)
{
	struct ike_config *cfg = (struct ike_config *)config;

	if (!cfg || __atomic_sub_fetch(&cfg->refs, 1, __ATOMIC_ACQ_REL) != 0)
		return NULL;
	for (size_t i = 0; i < cfg->n_connections; i++)
		connection_unref(cfg->connections[i]);
	for (size_t i = 0; i < cfg->n_secrets; i++)
		shared_secret_unref(cfg->secrets[i]);
	for (size_t i = 0; i < cfg->n_pools; i++)
		pool_conf_unref(cfg->pools[i]);
	for (size_t i = 0; i < cfg->n_authorities; i++)
		authority_conf_unref(cfg->authorities[i]);
	credentials_unref(cfg->creds);
	free(cfg->authorities);
	free(cfg->pools);
	free(cfg->connections);
	free(cfg->secrets);
	free(cfg);
	return NULL;
}

static struct ike_config *config_new(const struct ike_settings *settings)
{
	struct ike_config *cfg = calloc(1, sizeof(*cfg));

	if (!cfg)
		return NULL;
	cfg->refs = 1;
	cfg->settings = *settings;
	return cfg;
}

struct ike_config *config_new_empty(void)
{
	struct conf_report report = CONF_REPORT_INIT;
	struct ike_settings settings;
	int err = ike_settings_apply(NULL, &report, &settings);

	conf_report_fini(&report);
	return err ? NULL : config_new(&settings);
}

/* -------- arrays of references -------- */

int config_grow(void *array, size_t n)
{
	void **v, **old = *(void ***)array;

	if (n & (n - 1) && n)
		return 0;
	v = reallocarray(old, n ? n * 2 : 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	*(void ***)array = v;
	return 0;
}

static int append_connection(struct ike_config *cfg, const struct connection *conn)
{
	int err = config_grow(&cfg->connections, cfg->n_connections);

	if (!err)
		cfg->connections[cfg->n_connections++] = connection_ref(conn);
	return err;
}

static int append_secret(struct ike_config *cfg, const struct shared_secret *secret)
{
	int err = config_grow(&cfg->secrets, cfg->n_secrets);

	if (!err)
		cfg->secrets[cfg->n_secrets++] = shared_secret_ref(secret);
	return err;
}

/* hint: where it stood in another snapshot, and probably does here. */
static size_t find_connection(const struct ike_config *cfg, const char *name, size_t hint)
{
	if (hint < cfg->n_connections && strcmp(cfg->connections[hint]->name, name) == 0)
		return hint;
	for (size_t i = 0; i < cfg->n_connections; i++)
		if (strcmp(cfg->connections[i]->name, name) == 0)
			return i;
	return SIZE_MAX;
}

static size_t find_secret(const struct ike_config *cfg, const char *name, size_t hint)
{
	if (hint < cfg->n_secrets && strcmp(cfg->secrets[hint]->name, name) == 0)
		return hint;
	for (size_t i = 0; i < cfg->n_secrets; i++)
		if (strcmp(cfg->secrets[i]->name, name) == 0)
			return i;
	return SIZE_MAX;
}

int config_copy(const struct ike_config *old, struct ike_config **ret_cfg)
{
	struct ike_config *cfg = config_new(&old->settings);
	int err = cfg ? 0 : -ENOMEM;

	if (cfg) {
		cfg->last_reqid = old->last_reqid;
		cfg->creds = credentials_ref(old->creds);
	}
	for (size_t i = 0; !err && i < old->n_connections; i++)
		err = append_connection(cfg, old->connections[i]);
	for (size_t i = 0; !err && i < old->n_secrets; i++)
		err = append_secret(cfg, old->secrets[i]);
	if (!err)
		err = config_copy_pools(cfg, old, false);
	if (!err)
		err = config_copy_authorities(cfg, old, false);
	if (err)
		config_unref(cfg);
	else
		*ret_cfg = cfg;
	return err;
}

/* -------- adding -------- */

static bool reqid_in_use(const struct ike_config *cfg, uint32_t reqid)
{
	const struct connection *conn;
	const struct child_conf *child;

	return config_find_reqid(cfg, reqid, &conn, &child) == 0;
}

/*
 * The next free number behind the last one given. A number comes again only when all others were
 * used, so an SA that outlives its configuration isn't mistaken for another's.
 */
static uint32_t next_reqid(struct ike_config *cfg, const struct ike_config *old)
{
	bool wrapped = false;

	do {
		wrapped = wrapped || cfg->last_reqid >= REQID_CONF_MAX;
		cfg->last_reqid = cfg->last_reqid >= REQID_CONF_MAX ? 1 : cfg->last_reqid + 1;
	} while (wrapped && (reqid_in_use(cfg, cfg->last_reqid) ||
			     (old && reqid_in_use(old, cfg->last_reqid))));
	return cfg->last_reqid;
}

/* conn isn't shared yet. before: the connection of that name in the old snapshot, or NULL. */
static void assign_reqids(struct ike_config *cfg, const struct ike_config *old,
			  const struct connection *before, struct connection *conn)
{
	for (size_t i = 0; i < conn->n_children; i++) {
		const struct child_conf *same = NULL;

		if (before)
			same = connection_child(before, conn->children[i].name);
		conn->children[i].reqid = same ? same->reqid : next_reqid(cfg, old);
	}
}

/* The last reference to what this replaces is perhaps dropped. */
static int put_connection(struct ike_config *cfg, const struct connection *conn)
{
	size_t at = find_connection(cfg, conn->name, cfg->n_connections);

	if (at == SIZE_MAX)
		return append_connection(cfg, conn);
	connection_ref(conn);
	connection_unref(cfg->connections[at]);
	cfg->connections[at] = conn;
	return 0;
}

int config_add_connection(struct ike_config *cfg, const struct ike_config *old,
			  const struct conf_node *section, bool from_control,
			  struct conf_report *report)
{
	size_t at = old ? find_connection(old, section->name, cfg->n_connections) : SIZE_MAX;
	const struct connection *before = at != SIZE_MAX ? old->connections[at] : NULL;
	struct connection *conn;
	int err;

	if (before && before->from_control == from_control && conf_equal(before->source, section))
		return put_connection(cfg, before);
	if (cfg->n_connections >= CONFIG_CONNECTIONS_MAX) {
		conf_report_add(report, &section->origin, "more than %d connections",
				CONFIG_CONNECTIONS_MAX);
		return -EINVAL;
	}
	err = connection_new(section, report, &conn);
	if (err)
		return err;
	conn->from_control = from_control;
	assign_reqids(cfg, old, before, conn);
	err = put_connection(cfg, conn);
	connection_unref(conn);
	return err;
}

static bool same_secret(const struct shared_secret *a, const struct shared_secret *b)
{
	if (a->n_owners != b->n_owners || a->from_control != b->from_control ||
	    !bytes_equal_secret(shared_secret_bytes(a), shared_secret_bytes(b)))
		return false;
	for (size_t i = 0; i < a->n_owners; i++)
		if (!bytes_equal(a->owners[i].canonical, b->owners[i].canonical))
			return false;
	return true;
}

int config_add_secret(struct ike_config *cfg, const struct ike_config *old,
		      const struct shared_secret *secret, struct conf_report *report)
{
	size_t at = old ? find_secret(old, secret->name, cfg->n_secrets) : SIZE_MAX;

	if (at != SIZE_MAX && same_secret(old->secrets[at], secret))
		secret = old->secrets[at];
	at = find_secret(cfg, secret->name, cfg->n_secrets);
	if (at != SIZE_MAX) {
		shared_secret_ref(secret);
		shared_secret_unref(cfg->secrets[at]);
		cfg->secrets[at] = secret;
		return 0;
	}
	if (cfg->n_secrets >= CONFIG_SECRETS_MAX) {
		conf_report_add(report, NULL, "more than %d secrets", CONFIG_SECRETS_MAX);
		return -EINVAL;
	}
	return append_secret(cfg, secret);
}

int config_keep_controlled(struct ike_config *cfg, const struct ike_config *old)
{
	const size_t n_connections = cfg->n_connections, n_secrets = cfg->n_secrets;
	int err = 0;

	for (size_t i = 0; !err && i < old->n_connections; i++)
		if (old->connections[i]->from_control &&
		    find_connection(cfg, old->connections[i]->name, n_connections) == SIZE_MAX)
			err = append_connection(cfg, old->connections[i]);
	for (size_t i = 0; !err && i < old->n_secrets; i++)
		if (old->secrets[i]->from_control &&
		    find_secret(cfg, old->secrets[i]->name, n_secrets) == SIZE_MAX)
			err = append_secret(cfg, old->secrets[i]);
	if (!err)
		err = config_copy_pools(cfg, old, true);
	return err ? err : config_copy_authorities(cfg, old, true);
}

/* -------- changes of one thing -------- */

/* The result of a change: cfg, which is freed when err says that it failed. */
static int changed(struct ike_config *cfg, int err, struct ike_config **ret_cfg)
{
	if (err)
		config_unref(cfg);
	else
		*ret_cfg = cfg;
	return err;
}

int config_load_conn(const struct ike_config *old, struct conf_node *request,
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
			conf_report_bad(report, section, "a section for each connection");
			failed = -EINVAL;
			continue;
		}
		err = config_add_connection(cfg, old, section, true, report);
		if (err == -ENOMEM)
			return changed(cfg, err, ret_cfg);
		failed = failed ? failed : err;
	}
	if (!failed)
		failed = config_seal(cfg, old, NULL, report);
	return changed(cfg, failed, ret_cfg);
}

int config_unload_conn(const struct ike_config *old, const char *name, struct ike_config **ret_cfg)
{
	struct conf_report report = CONF_REPORT_INIT;
	struct ike_config *cfg;
	size_t at = find_connection(old, name, SIZE_MAX);
	int err;

	if (at == SIZE_MAX)
		return -ENOENT;
	err = config_copy(old, &cfg);
	if (err)
		return err;
	connection_unref(cfg->connections[at]);
	cfg->n_connections--;
	memmove(&cfg->connections[at], &cfg->connections[at + 1],
		(cfg->n_connections - at) * sizeof(cfg->connections[0]));
	err = config_seal(cfg, old, NULL, &report);
	conf_report_fini(&report);
	return changed(cfg, err, ret_cfg);
}

int config_load_shared(const struct ike_config *old, struct conf_node *request,
		       struct conf_report *report, struct ike_config **ret_cfg)
{
	struct shared_secret *secret;
	struct ike_config *cfg;
	int err;

	err = shared_secret_from_request(request, report, &secret);
	if (err)
		return err;
	err = config_copy(old, &cfg);
	if (!err)
		err = changed(cfg, config_add_secret(cfg, old, secret, report), ret_cfg);
	shared_secret_unref(secret);
	return err;
}

int config_unload_shared(const struct ike_config *old, const char *id, struct ike_config **ret_cfg)
{
	struct ike_config *cfg;
	size_t at = find_secret(old, id, SIZE_MAX);
	int err;

	if (at == SIZE_MAX)
		return -ENOENT;
	err = config_copy(old, &cfg);
	if (err)
		return err;
	shared_secret_unref(cfg->secrets[at]);
	cfg->n_secrets--;
	memmove(&cfg->secrets[at], &cfg->secrets[at + 1],
		(cfg->n_secrets - at) * sizeof(cfg->secrets[0]));
	*ret_cfg = cfg;
	return 0;
}
