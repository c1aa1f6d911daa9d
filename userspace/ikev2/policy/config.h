/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The configuration in force: connections, shared secrets and settings. A snapshot is immutable and
 * counted by an atomic; the main thread makes a new one for each change and hands it to the
 * workers. SAs that live keep what they were made with.
 */
#include <stddef.h>
#include "pdk/crypto/secret.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/window.h"

/* What concerns the daemon as a whole: section "settings". */
struct ike_settings {
	struct retransmission retransmission;
	unsigned cookie_threshold;  /* half-open IKE SAs of a worker from which cookies are asked */
	unsigned half_open_limit;   /* half-open IKE SAs of a worker, at most */
	struct duration half_open_timeout;
};

#define IKE_SETTINGS_DEFAULT                                                                \
	((struct ike_settings){                                                             \
		.retransmission = { .timeout = DURATION_S(4), .base = 1.8, .tries = 5 },    \
		.cookie_threshold = 30,                                                     \
		.half_open_limit = 4096,                                                    \
		.half_open_timeout = DURATION_S(30),                                        \
	})

struct shared_secret {
	unsigned refs; /* atomic */
	char *name;
	struct identity *owners; /* none: for everybody */
	size_t n_owners;
	struct secret secret; /* wiped with the last reference */
};

/* Any thread. */
struct shared_secret *shared_secret_ref(struct shared_secret *secret);
/* Takes NULL, returns NULL. Any thread. */
struct shared_secret *shared_secret_unref(struct shared_secret *secret);

struct ike_config {
	unsigned refs; /* atomic */
	struct ike_settings settings;
	struct connection **connections; /* a reference each */
	size_t n_connections;
	struct shared_secret **secrets; /* a reference each */
	size_t n_secrets;
};

/* An empty configuration with default settings and one reference. NULL without memory. */
struct ike_config *ike_config_new(void);
/* Any thread. */
struct ike_config *ike_config_ref(struct ike_config *config);
/* Takes NULL, returns NULL. Any thread. */
struct ike_config *ike_config_unref(struct ike_config *config);

/* Without a reference; NULL. */
struct connection *ike_config_connection(const struct ike_config *config, const char *name);

/* -------- the negotiator's questions -------- */

/*
 * Responder, first request: of the connections that fit the addresses best, the first that agrees
 * with the offer; *ret_chosen is what it chooses. NULL: none fits. Without a reference.
 */
struct connection *ike_config_select_first(const struct ike_config *config,
					   const struct netaddr *local,
					   const struct netaddr *remote,
					   const struct proposal_list *offer,
					   struct proposal *ret_chosen);

/*
 * Responder, once the identities are known: the best connection that fits the addresses, allows
 * the IKE algorithms chosen, and whose remote identity fits remote_id and its own wanted (any: the
 * initiator doesn't care). NULL: none. Without a reference.
 */
struct connection *ike_config_select_by_id(const struct ike_config *config,
					   const struct netaddr *local,
					   const struct netaddr *remote,
					   const struct proposal *chosen,
					   const struct identity *remote_id,
					   const struct identity *wanted);

/*
 * The secret that fits both identities best: one that names both, then one that names the remote
 * one, then the local one, then one without owners. No bytes: none fits.
 */
struct bytes ike_config_find_secret(const struct ike_config *config, const struct identity *local,
				    const struct identity *remote);
