/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The configuration: an immutable snapshot of settings, connections and secrets, counted atomically
 * and handed to every worker. A change makes a new snapshot out of an old one; what has not changed
 * is the same object in both (compare pointers to see what did). When a change is refused the old
 * snapshot stays what it was.
 *
 * Functions that change return 0; -EINVAL with reasons in report; -ENOENT; -ENOMEM. Any thread, but
 * the owner of the current snapshot makes changes one after the other.
 */
#include <stdbool.h>
#include <stddef.h>
#include "pdk/conf/report.h"
#include "pdk/conf/tree.h"
#include "pdk/crypto/private_key.h"
#include "ikev2/policy/authority_conf.h"
#include "ikev2/policy/connection.h"
#include "ikev2/policy/pool_conf.h"
#include "ikev2/policy/secrets.h"
#include "ikev2/policy/settings.h"

struct credentials;

#define CONFIG_CONNECTIONS_MAX 65536
#define CONFIG_SECRETS_MAX     65536
#define CONFIG_POOLS_MAX       4096
#define CONFIG_AUTHORITIES_MAX 1024

struct ike_config {
	unsigned refs;
	struct ike_settings settings;
	size_t n_connections;
	const struct connection **connections; /* in the order they were loaded */
	size_t n_secrets;
	const struct shared_secret **secrets;
	struct credentials *creds; /* certificates and private keys; sealed */
	size_t n_pools;
	const struct pool_conf **pools;
	size_t n_authorities;
	const struct authority_conf **authorities;
	uint32_t last_reqid; /* the highest ever given */
};

/* Defaults and nothing else. NULL without memory. */
struct ike_config *config_new_empty(void);
/* Any thread. */
struct ike_config *config_ref(const struct ike_config *cfg);
/* Drops a reference; takes NULL; returns NULL. Any thread. */
struct ike_config *config_unref(const struct ike_config *cfg);

/* The tables of all that a configuration file may hold; for documentation. */
extern const struct conf_option config_options[];

/* -------- making snapshots -------- */

/*
 * From the tree of a file: sections settings, connections, secrets, pools, authorities. old (may be
 * NULL) is the current snapshot: what came from the control protocol stays unless the file names it
 * too, and reqids are kept.
 */
int config_from_tree(const struct conf_node *root, const struct ike_config *old,
		     struct conf_report *report, struct ike_config **ret_cfg);
/*
 * conf_parse_file(), the files in its folder and those that it names (credential_files.h), and
 * config_from_tree(). Blocks on files.
 */
int config_from_file(const char *path, const struct ike_config *old, struct conf_report *report,
		     struct ike_config **ret_cfg);

/* Each of these may change the request that it is given. */
/* load-conn: the request's sections, each a connection, are added or replace those of their names.
 */
int config_load_conn(const struct ike_config *old, struct conf_node *request,
		     struct conf_report *report, struct ike_config **ret_cfg);
int config_unload_conn(const struct ike_config *old, const char *name, struct ike_config **ret_cfg);
/* load-shared: { id, type, data, owners[] }; replaces the secret of that id. */
int config_load_shared(const struct ike_config *old, struct conf_node *request,
		       struct conf_report *report, struct ike_config **ret_cfg);
int config_unload_shared(const struct ike_config *old, const char *id, struct ike_config **ret_cfg);
/* load-pool: the request's sections, each a pool, are added or replace those of their names. */
int config_load_pool(const struct ike_config *old, struct conf_node *request,
		     struct conf_report *report, struct ike_config **ret_cfg);
/* -EPERM: it stands in the file. */
int config_unload_pool(const struct ike_config *old, const char *name, struct ike_config **ret_cfg);
/*
 * load-authority: the request's sections, each an authority, are added or replace those of their
 * names. Files that they name are read, and their contents put in the place of the names: blocks.
 */
int config_load_authority(const struct ike_config *old, struct conf_node *request,
			  struct conf_report *report, struct ike_config **ret_cfg);
/* -EPERM: it stands in the file. */
int config_unload_authority(const struct ike_config *old, const char *name,
			    struct ike_config **ret_cfg);
/* load-cert: { type, flag, data }. */
int config_load_cert(const struct ike_config *old, struct conf_node *request,
		     struct conf_report *report, struct ike_config **ret_cfg);
/* load-key: { type, data }. ret_id: public_key_id() of it, PUBLIC_KEY_HASH_LEN bytes. */
int config_load_key(const struct ike_config *old, const struct conf_node *request,
		    struct conf_report *report, uint8_t *ret_id, struct ike_config **ret_cfg);
/* A private key that is decoded already, load-token's for instance. */
int config_add_key(const struct ike_config *old, const struct private_key *key, const char *source,
		   struct ike_config **ret_cfg);
/* unload-key. id: as config_load_key() returned it. */
int config_unload_key(const struct ike_config *old, struct bytes id, struct ike_config **ret_cfg);
/* clear-creds: a snapshot without any secret, certificate or key. */
int config_clear_creds(const struct ike_config *old, struct ike_config **ret_cfg);

/* -------- looking up; what is returned lives as long as cfg -------- */

const struct connection *config_connection(const struct ike_config *cfg, const char *name);
const struct pool_conf *config_pool(const struct ike_config *cfg, const char *name);
/* Is it this very connection, unchanged? */
bool config_has(const struct ike_config *cfg, const struct connection *conn);

/* A child by its name and, unless NULL, its connection's. -ENOENT; -ENOTUNIQ: several connections
 * have one of that name. */
int config_find_child(const struct ike_config *cfg, const char *conn_name, const char *child_name,
		      const struct connection **ret_conn, const struct child_conf **ret_child);
/* -ENOENT */
int config_find_reqid(const struct ike_config *cfg, uint32_t reqid,
		      const struct connection **ret_conn, const struct child_conf **ret_child);

#define CONFIG_CANDIDATES_MAX 64

/*
 * Connections for an IKE SA that a peer began, by the addresses of its first message, the closest
 * match first (remote address, then local address, then order of configuration). At most max are
 * written; returns their number.
 */
size_t config_candidates(const struct ike_config *cfg, const struct netaddr *local,
			 const struct netaddr *remote, const struct connection **ret_conns,
			 size_t max);

/*
 * The connection for a peer that has said who it is (IDi) and, perhaps, whom it wants (IDr; NULL:
 * it didn't say): among the candidates for these addresses the one whose remote identity fits best,
 * then whose local identity does, then whose addresses do. Those that don't take ike_chosen (the
 * IKE proposal already in use; NULL: any) are passed over. NULL when none fits:
 * AUTHENTICATION_FAILED.
 */
const struct connection *config_choose(const struct ike_config *cfg, const struct netaddr *local,
				       const struct netaddr *remote, const struct identity *idi,
				       const struct identity *idr,
				       const struct proposal *ike_chosen);

/* The best secret for this pair, or NULL. The order of loading decides between equals. */
const struct shared_secret *config_secret(const struct ike_config *cfg,
					  const struct identity *local,
					  const struct identity *remote);
