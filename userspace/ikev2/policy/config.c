/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/config.h"

#include <stdlib.h>

#include "ikev2/policy/select.h"

struct ike_config *ike_config_new(void)
{
	struct ike_config *config = calloc(1, sizeof(*config));

	if (config) {
		config->refs = 1;
		config->settings = IKE_SETTINGS_DEFAULT;
	}
	return config;
}

struct ike_config *ike_config_ref(struct ike_config *config)
{
	__atomic_add_fetch(&config->refs, 1, __ATOMIC_RELAXED);
	return config;
}

struct ike_config *ike_config_unref(struct ike_config *config)
{
	if (!config || __atomic_sub_fetch(&config->refs, 1, __ATOMIC_ACQ_REL))
		return NULL;
	for (size_t i = 0; i < config->n_connections; i++)
		connection_unref(config->connections[i]);
	for (size_t i = 0; i < config->n_secrets; i++)
		shared_secret_unref(config->secrets[i]);
	free(config->connections);
	free(config->secrets);
	free(config);
	return NULL;
}

struct shared_secret *shared_secret_ref(struct shared_secret *secret)
{
	__atomic_add_fetch(&secret->refs, 1, __ATOMIC_RELAXED);
	return secret;
}

struct shared_secret *shared_secret_unref(struct shared_secret *secret)
{
	if (!secret || __atomic_sub_fetch(&secret->refs, 1, __ATOMIC_ACQ_REL))
		return NULL;
	secret_fini(&secret->secret);
	free(secret->owners);
	free(secret->name);
	free(secret);
	return NULL;
}

struct connection *ike_config_connection(const struct ike_config *config, const char *name)
{
	for (size_t i = 0; i < config->n_connections; i++)
		if (strcmp(config->connections[i]->name, name) == 0)
			return config->connections[i];
	return NULL;
}

struct connection *ike_config_select_first(const struct ike_config *config,
					   const struct netaddr *local,
					   const struct netaddr *remote,
					   const struct proposal_list *offer,
					   struct proposal *ret_chosen)
{
	struct connection *best = NULL;
	struct proposal chosen;
	unsigned best_score = 0;

	for (size_t i = 0; i < config->n_connections; i++) {
		struct connection *conn = config->connections[i];
		unsigned score = connection_match_addrs(conn, local, remote);

		if (score <= best_score || !proposal_select(&conn->proposals, offer, &chosen))
			continue;
		best = conn;
		best_score = score;
		*ret_chosen = chosen;
	}
	return best;
}

/* Would the connection have chosen these algorithms, too? */
static bool allows(const struct connection *conn, const struct proposal *chosen)
{
	const struct proposal_list one = { .n = 1, .v = { *chosen } };
	struct proposal again;

	return proposal_select(&conn->proposals, &one, &again);
}

struct connection *ike_config_select_by_id(const struct ike_config *config,
					   const struct netaddr *local,
					   const struct netaddr *remote,
					   const struct proposal *chosen,
					   const struct identity *remote_id,
					   const struct identity *wanted)
{
	struct connection *best = NULL;
	unsigned best_score = 0;

	for (size_t i = 0; i < config->n_connections; i++) {
		struct connection *conn = config->connections[i];
		unsigned addrs = connection_match_addrs(conn, local, remote);
		unsigned id = (unsigned)identity_match(&conn->remote.id, remote_id);
		/* Identities first, then addresses. */
		unsigned score = id * 65536 + addrs;

		if (!addrs || !id || score <= best_score)
			continue;
		if (!identity_is_any(wanted) && !identity_is_any(&conn->local.id) &&
		    !identity_equal(wanted, &conn->local.id))
			continue;
		if (!allows(conn, chosen))
			continue;
		best = conn;
		best_score = score;
	}
	return best;
}

/*
 * 1: names nobody; 2: names nobody but the local identity; 4: the remote one; 6: both; 0: does not
 * fit. A secret that names others must not vouch for this peer: whoever shares it could pose as it.
 */
static int secret_score(const struct shared_secret *secret, const struct identity *local,
			const struct identity *remote)
{
	size_t n_local = 0, n_remote = 0;

	for (size_t i = 0; i < secret->n_owners; i++) {
		n_local += identity_match(&secret->owners[i], local) > 0;
		n_remote += identity_match(&secret->owners[i], remote) > 0;
	}
	if (!secret->n_owners)
		return 1;
	if (!n_remote && n_local < secret->n_owners)
		return 0;
	return (n_local ? 2 : 0) + (n_remote ? 4 : 0);
}

struct bytes ike_config_find_secret(const struct ike_config *config, const struct identity *local,
				    const struct identity *remote)
{
	const struct shared_secret *best = NULL;
	int best_score = 0;

	for (size_t i = 0; i < config->n_secrets; i++) {
		int score = secret_score(config->secrets[i], local, remote);

		if (score > best_score) {
			best = config->secrets[i];
			best_score = score;
		}
	}
	return best ? secret_bytes(&best->secret) : BYTES_NONE;
}
