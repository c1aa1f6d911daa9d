/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/config.h"

#include <errno.h>
#include <string.h>

const struct connection *config_connection(const struct ike_config *cfg, const char *name)
{
	for (size_t i = 0; i < cfg->n_connections; i++)
		if (strcmp(cfg->connections[i]->name, name) == 0)
			return cfg->connections[i];
	return NULL;
}

bool config_has(const struct ike_config *cfg, const struct connection *conn)
{
	for (size_t i = 0; i < cfg->n_connections; i++)
		if (cfg->connections[i] == conn)
			return true;
	return false;
}

int config_find_child(const struct ike_config *cfg, const char *conn_name, const char *child_name,
		      const struct connection **ret_conn, const struct child_conf **ret_child)
{
	const struct connection *found = NULL;
	const struct child_conf *child = NULL;

	for (size_t i = 0; i < cfg->n_connections; i++) {
		const struct connection *conn = cfg->connections[i];
		const struct child_conf *same = connection_child(conn, child_name);

		if (!same || (conn_name && strcmp(conn->name, conn_name) != 0))
			continue;
		if (found)
			return -ENOTUNIQ;
		found = conn;
		child = same;
	}
	if (!found)
		return -ENOENT;
	*ret_conn = found;
	*ret_child = child;
	return 0;
}

int config_find_reqid(const struct ike_config *cfg, uint32_t reqid,
		      const struct connection **ret_conn, const struct child_conf **ret_child)
{
	for (size_t i = 0; i < cfg->n_connections; i++) {
		const struct child_conf *child =
			connection_child_by_reqid(cfg->connections[i], reqid);

		if (!child)
			continue;
		*ret_conn = cfg->connections[i];
		*ret_child = child;
		return 0;
	}
	return -ENOENT;
}

/* -------- whom a peer wants -------- */

/* How well the addresses fit, the remote one first; 0: not at all. */
static unsigned address_score(const struct connection *conn, const struct netaddr *local,
			      const struct netaddr *remote)
{
	unsigned by_local = addr_ranges_match(&conn->local_addrs, local);
	unsigned by_remote = addr_ranges_match(&conn->remote_addrs, remote);

	return by_local && by_remote ? by_remote * 256 + by_local : 0;
}

size_t config_candidates(const struct ike_config *cfg, const struct netaddr *local,
			 const struct netaddr *remote, const struct connection **ret_conns,
			 size_t max)
{
	unsigned scores[CONFIG_CANDIDATES_MAX];
	size_t n = 0;

	if (max > CONFIG_CANDIDATES_MAX)
		max = CONFIG_CANDIDATES_MAX;
	for (size_t i = 0; max && i < cfg->n_connections; i++) {
		unsigned score = address_score(cfg->connections[i], local, remote);
		size_t at;

		if (!score || (n == max && scores[n - 1] >= score))
			continue;
		/* Behind those that fit as well: they were loaded before. */
		if (n < max)
			n++;
		for (at = n - 1; at && scores[at - 1] < score; at--) {
			scores[at] = scores[at - 1];
			ret_conns[at] = ret_conns[at - 1];
		}
		scores[at] = score;
		ret_conns[at] = cfg->connections[i];
	}
	return n;
}

static bool takes_proposal(const struct connection *conn, const struct proposal *chosen)
{
	struct proposal_list one = { .n = 1 };
	struct proposal result;

	one.v[0] = *chosen;
	return proposal_select(&conn->proposals, &one, conn->prefer, false, &result) == 0;
}

const struct connection *config_choose(const struct ike_config *cfg, const struct netaddr *local,
				       const struct netaddr *remote, const struct identity *idi,
				       const struct identity *idr,
				       const struct proposal *ike_chosen)
{
	uint8_t idi_buf[IDENTITY_CANONICAL_MAX], idr_buf[IDENTITY_CANONICAL_MAX];
	const struct bytes peer = identity_canonical(idi, idi_buf);
	const struct bytes wish = idr ? identity_canonical(idr, idr_buf) : BYTES_NONE;
	const struct connection *best = NULL;
	uint64_t best_score = 0;

	for (size_t i = 0; i < cfg->n_connections; i++) {
		const struct connection *conn = cfg->connections[i];
		uint64_t by_addr = address_score(conn, local, remote), by_idi, by_idr, score;

		by_idi = by_addr ? identity_pattern_match(&conn->remote.pattern, peer) : 0;
		/* %any stands for our address, whatever others call that, so it takes any wish. */
		by_idr = !by_idi ? 0
			 : idr   ? identity_pattern_match(&conn->local.pattern, wish)
				 : IDENTITY_MATCH_ANY;
		if (!by_idr)
			continue;
		score = by_idi << 40 | by_idr << 20 | by_addr;
		if (score <= best_score || (ike_chosen && !takes_proposal(conn, ike_chosen)))
			continue;
		best = conn;
		best_score = score;
	}
	return best;
}

const struct shared_secret *config_secret(const struct ike_config *cfg,
					  const struct identity *local,
					  const struct identity *remote)
{
	uint8_t local_buf[IDENTITY_CANONICAL_MAX], remote_buf[IDENTITY_CANONICAL_MAX];
	const struct bytes us = identity_canonical(local, local_buf);
	const struct bytes peer = identity_canonical(remote, remote_buf);
	const struct shared_secret *best = NULL;
	unsigned best_score = 0;

	for (size_t i = 0; i < cfg->n_secrets; i++) {
		unsigned score = shared_secret_match(cfg->secrets[i], us, peer);

		if (score > best_score) {
			best = cfg->secrets[i];
			best_score = score;
		}
	}
	return best;
}
