/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A connection: how to make and accept IKE SAs with a peer, and the Child SAs within. Immutable
 * once made, counted atomically, shared by all workers. An IKE SA keeps a reference to the one it
 * was made by, which outlives its removal from configuration.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "pdk/base/time.h"
#include "pdk/conf/options.h"
#include "ikev2/codec/proposal.h"
#include "ikev2/policy/addr_range.h"
#include "ikev2/policy/auth_conf.h"
#include "ikev2/policy/identity.h"
#include "ikev2/policy/proposal_match.h"
#include "ikev2/policy/ts_conf.h"

#define CONNECTION_CHILDREN_MAX 256

/* When we show our certificate or raw public key. */
enum send_cert {
	SEND_CERT_ALWAYS,
	SEND_CERT_NEVER,
	SEND_CERT_IFASKED, /* the peer has sent a CERTREQ */
};

/* OCSP responses in IKE: RFC 4806. */
enum ocsp_policy {
	OCSP_REPLY,   /* send one for our certificate to who asks */
	OCSP_REQUEST, /* ask the peer for one */
	OCSP_BOTH,
	OCSP_NEVER,
};

/* IKE SAs that are made without a Child SA: RFC 6023. */
enum childless_policy {
	CHILDLESS_ALLOW,  /* as responder; as initiator when a user asks for it */
	CHILDLESS_PREFER, /* the same, and as initiator wherever the responder takes it */
	CHILDLESS_FORCE,  /* nothing else, in either role */
	CHILDLESS_NEVER,  /* not as responder */
};
const char *childless_policy_name(enum childless_policy policy);

/* What to do with a second IKE SA between the same two identities. */
enum unique_policy {
	UNIQUE_NO,      /* replace only on INITIAL_CONTACT */
	UNIQUE_NEVER,   /* keep all, even on INITIAL_CONTACT */
	UNIQUE_REPLACE, /* the new one takes over */
	UNIQUE_KEEP,    /* the new one is refused */
};
const char *unique_policy_name(enum unique_policy policy);

/* Fragmentation of IKE messages (RFC 7383). With IKEv2 force is the same as yes. */
enum fragmentation_policy {
	FRAGMENTATION_YES,    /* announce it, and send fragments to a peer that has announced it */
	FRAGMENTATION_ACCEPT, /* announce it, and send whole messages */
	FRAGMENTATION_FORCE,
	FRAGMENTATION_NO, /* don't announce it, and so get none */
};

/* What is done with a Child SA on load (start), when the peer closes it (close) and when the peer
 * is dead (dpd). */
enum child_action {
	CHILD_ACTION_NONE,  /* dpd: the IKE SA is closed and that's it */
	CHILD_ACTION_TRAP,  /* a policy that asks for the SA when a packet matches */
	CHILD_ACTION_START, /* initiate at once */
};
const char *child_action_name(enum child_action action);

/* swanctl's default replay window, and the largest that the kernel interface takes. */
#define CHILD_REPLAY_WINDOW_DEFAULT 32
#define CHILD_REPLAY_WINDOW_MAX     4096

/* A number for the kernel that configuration fixes or each Child SA gets for itself. */
enum child_number_kind {
	CHILD_NUMBER_UNSET, /* until the connection's is known */
	CHILD_NUMBER_FIXED,
	CHILD_NUMBER_UNIQUE,     /* %unique: for both directions; rekeying keeps it */
	CHILD_NUMBER_UNIQUE_DIR, /* %unique-dir: one for each direction */
	CHILD_NUMBER_SAME,       /* %same, of a mark that is set: the mark of that direction */
};

struct child_number {
	enum child_number_kind kind;
	uint32_t value; /* FIXED */
};

struct child_mark {
	struct child_number number;
	uint32_t mask; /* 0: no mark */
};

enum child_mode {
	CHILD_MODE_TUNNEL,
	CHILD_MODE_TRANSPORT, /* if the peer agrees and the selectors are the two hosts; else tunnel */
	CHILD_MODE_PASS,      /* no SA: policies that let packets through in clear */
	CHILD_MODE_DROP,      /* no SA: policies that drop what no other wants */
};
const char *child_mode_name(enum child_mode mode);

/* Is it one that is agreed on with a peer? */
static inline bool child_mode_negotiates(enum child_mode mode)
{
	return mode == CHILD_MODE_TUNNEL || mode == CHILD_MODE_TRANSPORT;
}

/* Which way the DSCP field is copied between inner and outer header. */
enum child_dscp {
	CHILD_DSCP_OUT,
	CHILD_DSCP_IN,
	CHILD_DSCP_YES,
	CHILD_DSCP_NO,
};

/* Who does the work of ESP; "yes" is strongSwan's older name for crypto. */
enum child_offload {
	CHILD_OFFLOAD_NO,
	CHILD_OFFLOAD_YES,
	CHILD_OFFLOAD_CRYPTO,
	CHILD_OFFLOAD_PACKET,
	CHILD_OFFLOAD_AUTO,
};

#define CHILD_INTERFACE_LEN 16 /* with the NUL */
#define CHILD_TFC_MTU       UINT32_MAX

struct child_conf {
	char *name;
	/*
	 * Number of this child, from which the reqids of its trap and of its SAs are made: unique
	 * among all children of the configuration, kept when the configuration is loaded again, 1
	 * to REQID_CONF_MAX. Where one child serves several peers (connection_many_peers()) each
	 * peer's SAs need a reqid of their own: inbound policies tell peers apart by nothing else.
	 */
	uint32_t reqid;
	uint32_t fixed_reqid; /* that the administrator wants for it instead; 0: none */
	struct proposal_list esp_proposals;
	enum child_mode mode;
	struct ts_conf_list local_ts, remote_ts;
	enum child_action start_action, close_action, dpd_action;
	uint32_t replay_window;       /* packets; 0: no replay protection */
	/*
	 * Age, octets and packets after which a Child SA is rekeyed, up to rand earlier, at random;
	 * and those at which it is closed at the latest. 0: never.
	 */
	struct duration rekey_time, life_time, rand_time;
	struct duration inactivity; /* without traffic, after which it is closed; 0: never */
	uint64_t rekey_bytes, life_bytes, rand_bytes;
	uint64_t rekey_packets, life_packets, rand_packets;
	/* What its policies and SAs are bound to, and what packets get from them. */
	struct child_number if_id_in, if_id_out; /* XFRM interface, 0: none */
	struct child_mark mark_in, mark_out, set_mark_in, set_mark_out;
	bool mark_in_sa; /* mark_in is the inbound SA's, too, not only the policies' */
	char interface[CHILD_INTERFACE_LEN]; /* of the policies; "": all */
	uint32_t priority;                   /* of the policies; 0: by their selectors */
	bool policies, policies_fwd_out;     /* are there any, also for what is forwarded */
	/* The outer header. */
	bool copy_df, copy_ecn;
	enum child_dscp copy_dscp;
	enum child_offload hw_offload;
	char *updown;         /* command for when it comes up and goes down; NULL: none */
	uint32_t tfc_padding; /* octets, CHILD_TFC_MTU; 0: none */
};

/* Half of what the kernel interface has (IPSEC_REQID_COUNT); the other half is for peers. */
#define REQID_CONF_MAX 0x007fffffu

/* Internal addresses that one IKE SA may ask for. */
#define CONNECTION_VIPS_MAX 4

struct connection {
	unsigned refs; /* connection_ref(), connection_unref() */
	char *name;
	struct addr_ranges local_addrs, remote_addrs;
	uint16_t local_port, remote_port; /* 500 unless set; 4500 begins with UDP encapsulation */
	struct proposal_list proposals;   /* IKE */
	enum proposal_prefer prefer;      /* as responder */
	struct auth_conf local, remote;
	enum send_cert send_cert;
	bool send_certreq;
	enum ocsp_policy ocsp;
	enum fragmentation_policy fragmentation;
	bool encap;                /* force UDP encapsulation by faking a NAT */
	struct duration dpd_delay; /* idle time before a liveness check; 0: none */
	uint32_t keyingtries;      /* of an initiator; 0: for ever */
	/*
	 * Age at which the IKE SA is rekeyed, and made anew with authentication; 0: never. Each
	 * happens up to rand_time earlier, at random. An IKE SA that is older than that by over_time
	 * is closed.
	 */
	struct duration rekey_time, reauth_time, over_time, rand_time;
	enum unique_policy unique;
	enum childless_policy childless;
	struct child_number if_id_in, if_id_out; /* of children that say nothing else */
	/*
	 * Internal addresses (RFC 7296 2.19). Of an initiator: those to ask for, 0.0.0.0 and :: for
	 * whichever it gets. Of a responder: names of the pools that lend them; with any, a client
	 * must ask. A name without a pool is no error here: pools come and go on their own.
	 */
	size_t n_vips;
	struct netaddr vips[CONNECTION_VIPS_MAX];
	struct conf_strings pools;
	size_t n_children;
	struct child_conf *children; /* in the order of the configuration */
	struct conf_node *source;    /* the section that made it, to tell whether it has changed */
	bool from_control;           /* loaded through the control protocol, not from the file */
};

/*
 * Make a connection, with one reference, from its section (the section's name is its name). reqids
 * are 0 until the connection is part of a configuration (config.h). 0; -EINVAL with reasons in
 * report; -ENOMEM.
 */
int connection_new(const struct conf_node *section, struct conf_report *report,
		   struct connection **ret_conn);
/* Any thread. */
struct connection *connection_ref(const struct connection *conn);
/* Drops a reference; takes NULL; returns NULL. Any thread. */
struct connection *connection_unref(const struct connection *conn);

/* NULL when there is no such child. Lives as long as conn. */
const struct child_conf *connection_child(const struct connection *conn, const char *name);
const struct child_conf *connection_child_by_reqid(const struct connection *conn, uint32_t reqid);

/* Does configuration fix all numbers of the child's policies? A trap needs that. */
bool child_numbers_fixed(const struct child_conf *child);

/* Can it be initiated, that is, does it name a single remote address? family AF_UNSPEC: either. */
bool connection_remote(const struct connection *conn, int family, struct netaddr *ret_addr);
/* Could different peers use it at the same time (so that children need reqids of their own)? */
bool connection_many_peers(const struct connection *conn);

/* Tables of everything between "connections.<name> {" and "}"; for documentation. */
extern const struct conf_option connection_options[];
