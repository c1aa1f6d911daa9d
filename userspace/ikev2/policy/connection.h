/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A connection: whom we talk to, how both sides show who they are, and which Child SAs belong to
 * it. Made from configuration (conn_conf.c), immutable, counted by an atomic, and so shared by all
 * workers.
 */
#include <stdbool.h>
#include <stdint.h>
#include "pdk/base/time.h"
#include "pdk/net/netaddr.h"
#include "ikev2/codec/proposal.h"
#include "ikev2/policy/identity.h"
#include "ikev2/policy/ts_match.h"

#define IKE_PORT      500
#define IKE_NATT_PORT 4500

enum start_action {
	START_NONE,
	START_TRAP,  /* a policy that asks for the SA when a packet comes */
	START_START, /* bring it up when it is loaded */
};

struct child_conf {
	char *name;
	struct proposal_list proposals; /* ESP */
	struct ts_conf_list local_ts, remote_ts;
	enum start_action start_action;
	uint32_t replay_window; /* packets */
	uint32_t if_id;		/* 0: none */
	uint32_t reqid;		/* unique among all children of the daemon */
};

struct auth_conf {
	struct identity id; /* any: our address (local), whoever has the secret (remote) */
};

/* An address, or a range of them, where one side may be. */
struct addr_pattern {
	struct netaddr net; /* AF_UNSPEC: anywhere */
	unsigned prefix;
};

#define CONNECTION_ADDRS_MAX 16

struct connection {
	unsigned refs; /* atomic */
	char *name;
	struct addr_pattern local_addrs[CONNECTION_ADDRS_MAX], remote_addrs[CONNECTION_ADDRS_MAX];
	size_t n_local_addrs, n_remote_addrs; /* 0: anywhere */
	uint16_t remote_port;		      /* IKE_PORT unless configured */
	struct proposal_list proposals;	      /* IKE */
	struct auth_conf local, remote;
	bool encap; /* ESP in UDP even without a NAT */
	struct duration dpd_delay; /* 0: no liveness checks */
	size_t n_children;
	struct child_conf *children;
};

/* Any thread. */
struct connection *connection_ref(struct connection *conn);
/* Takes NULL, returns NULL. Any thread. */
struct connection *connection_unref(struct connection *conn);

/* By name; NULL. */
const struct child_conf *connection_child(const struct connection *conn, const char *name);

/*
 * How well a pair of addresses fits the connection: 0 not at all, else the more the more exactly
 * they are configured.
 */
unsigned connection_match_addrs(const struct connection *conn, const struct netaddr *local,
				const struct netaddr *remote);

/* The first remote address that can be called: no range. NETADDR_NONE when there is none. */
struct netaddr connection_remote_addr(const struct connection *conn);
/* The first configured local address of the family; any address of it when none is. */
struct netaddr connection_local_addr(const struct connection *conn, int family);

/*
 * Responder: the first child whose selectors overlap with what was offered for our side and the
 * peer's (2.9), and what is left of them. NULL when there is none.
 */
const struct child_conf *connection_match_child(const struct connection *conn,
						const struct netaddr *local,
						const struct netaddr *remote,
						const struct ts_list *offer_local,
						const struct ts_list *offer_remote,
						struct ts_list *ret_local,
						struct ts_list *ret_remote);
