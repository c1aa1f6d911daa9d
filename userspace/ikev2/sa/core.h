/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The protocol core of one worker: its IKE SAs, the configuration they follow, and the queue of
 * what is to be done outside. The core is sans-I/O: inputs (fsm/input.h) are datagrams, instants
 * and completions; outputs are actions that the shell takes from the queue. It knows no socket and
 * no clock, so two of them can run in one process over a simulated link.
 *
 * Everything here belongs to the worker's thread.
 */
#include "bpf/shared/siphash.h"
#include "pdk/base/bucket.h"
#include "pdk/base/hash.h"
#include "pdk/base/heap.h"
#include "pdk/base/list.h"
#include "pdk/base/time.h"
#include "pdk/crypto/ctx.h"
#include "pdk/net/netaddr.h"
#include "ikev2/codec/ts.h"
#include "ikev2/ipsec/ipsec.h"
#include "ikev2/sa/job.h"
#include "ikev2/sa/fate.h"
#include "ikev2/sa/packet.h"
#include "ikev2/sa/reserve.h"

struct cfg_request;
struct child_sa;
struct contact;
struct ike_core;
struct ike_config;
struct ike_sa;
struct revocation;

/* -------- outputs -------- */

enum ike_action_type {
	IKE_ACTION_SEND,      /* a datagram */
	IKE_ACTION_KEEPALIVE, /* one octet that keeps a NAT's mapping (RFC 3948 4) */
	IKE_ACTION_PATH_MTU,  /* how long may datagrams be? An answer comes back as an input */
	IKE_ACTION_IPSEC,     /* a request to the kernel; its completion comes back as an input */
	IKE_ACTION_JOB,       /* work that may block; its completion comes back as an input */
	IKE_ACTION_LEASE, /* a request for internal addresses; all but a release come back as inputs
			   */
	IKE_ACTION_INTERNAL, /* an internal address of ours, or a route from it, comes or goes */
	IKE_ACTION_DNS,      /* a DNS server that a peer has told us comes or goes */
	IKE_ACTION_EVENT,    /* something that control clients and logs want to know */
	IKE_ACTION_CONTACT,  /* to tell all other workers; ask for answers if it asks */
	IKE_ACTION_FATE,     /* what became of a Child SA of a peer that we can call */
	IKE_ACTION_PROGRESS, /* of an initiate, for the client that waits */
	IKE_ACTION_RESULT,   /* an initiate or terminate of a client has ended */
};

enum ike_event_type {
	IKE_EVENT_IKE_UP,
	IKE_EVENT_IKE_DOWN,
	IKE_EVENT_IKE_REKEY, /* it has taken the place of another */
	IKE_EVENT_CHILD_UP,
	IKE_EVENT_CHILD_DOWN,
	IKE_EVENT_CHILD_REKEY, /* it has taken the place of another */
};

struct ike_sa_info;

/* IKE_ACTION_INTERNAL: the same may be added several times, and goes with the last removal. */
struct ike_internal {
	bool add;
	bool route; /* to `to` from addr; else addr itself */
	struct netaddr addr;
	struct netaddr local, remote; /* outer addresses, without ports: where it leads */
	struct ts to;
};

struct ike_action {
	struct list link;
	/* The shell's: it may send the action on to another thread, without memory for a letter. */
	struct mail mail;
	void *shell;
	enum ike_action_type type;
	union {
		struct {
			struct netaddr local, remote; /* port 4500 locally: with non-ESP marker */
			struct packet *packet;        /* NULL for a keepalive */
		} send;
		struct {
			struct netaddr local, remote;
			uint64_t spi; /* ours, of the IKE SA that asks */
		} path;
		struct ipsec_request *ipsec;
		struct ike_job *job;
		struct cfg_request *lease;
		struct ike_internal internal;
		struct {
			bool add;
			struct netaddr addr;
		} dns;
		struct {
			enum ike_event_type type;
			/*
			 * The IKE SA, with the one Child SA concerned; of IKE_EVENT_CHILD_REKEY with
			 * the old one and the new one.
			 */
			struct ike_sa_info *info;
			struct ike_sa_info *old; /* of IKE_EVENT_IKE_REKEY, else NULL */
		} event;
		struct contact *contact;
		struct {
			uint64_t token;
			char name[64]; /* of the connection */
			uint32_t ike_id;
			char text[200];
		} progress;
		struct {
			const struct connection *conn;	/* reference */
			const struct child_conf *child; /* of conn */
			struct fate fate;
		} fate;
		struct {
			uint64_t token;
			int err;        /* 0, or -errno */
			char text[200]; /* why it failed, for the user */
		} result;
	};
};

/* The oldest action, or NULL. The shell performs it, takes what it needs out of it, and frees it.
 */
struct ike_action *ike_core_next_action(struct ike_core *core);
/* Frees what is still inside. Takes NULL, returns NULL. */
struct ike_action *ike_action_free(struct ike_action *action);

/* -------- counters -------- */

struct ike_counters {
	uint64_t received;	     /* datagrams */
	uint64_t sent;		     /* datagrams, with repetitions */
	uint64_t retransmitted;	     /* requests sent again */
	uint64_t repeated;	     /* requests that came again, answered from the cache */
	uint64_t malformed;	     /* no IKE message */
	uint64_t unknown_spi;	     /* of no IKE SA of ours */
	uint64_t out_of_window;	     /* message IDs that don't fit */
	uint64_t unauthentic;	     /* the integrity check failed */
	uint64_t unexpected;	     /* no transition for it */
	uint64_t errors_sent;	     /* to messages of no IKE SA, and about ESP of no SA */
	uint64_t errors_withheld;    /* because there were too many of them */
	uint64_t fragments;	     /* authentic fragments of messages (RFC 7383) */
	uint64_t fragments_refused;  /* not agreed on, out of range, repeated, beyond the limits */
	uint64_t reassembled;	     /* messages made of them */
	uint64_t reassembly_timeouts; /* messages of which fragments never came */
	uint64_t followed;	     /* peers whose NAT has given them another port or address */
	uint64_t cookies_sent;	     /* instead of an answer, under half-open pressure */
	uint64_t half_open_refused;  /* too many half-open IKE SAs */
	uint64_t established;	     /* IKE SAs, ever */
	uint64_t failed;	     /* IKE SAs that never got there */
	uint64_t children;	     /* Child SAs, ever */
	uint64_t rekeyed;	     /* IKE SAs that took the place of another */
	uint64_t children_rekeyed;   /* the same of Child SAs, which are among the children */
	uint64_t no_memory;
};

/* -------- the core -------- */

struct ike_core_params {
	/* Our index among the workers: it stands in the SPIs that we make. */
	unsigned worker, n_workers;
	uint16_t port, natt_port; /* our UDP ports: 500 and 4500 */
	/* For certificate checks; NULL: nothing is fetched. Outlives all jobs. */
	struct revocation *revocation;
	/* Debugging: called with the keys of each IKE SA; NULL normally. */
	void (*key_log)(const struct ike_sa *sa, void *data);
	void *key_log_data;
};

/* Cookies and SPIs hang on secrets that change: RFC 7296 2.6. */
struct cookie_secret {
	struct siphash_key key;
	uint8_t version;
};

/*
 * First messages whose public value was none. They leave no half-open IKE SA, but cost as much as
 * one, so for half_open_timeout they count like one.
 */
struct spoiled {
	unsigned n;
	struct instant until;
};

struct ike_core {
	struct ike_core_params params;
	struct crypto_ctx *crypto;
	const struct ike_config *config;
	struct instant now; /* of the input being worked on */
	bool stopping;      /* no IKE SA begins any more: ike_input_stop() */

	struct list sas;     /* all, oldest first */
	struct hash by_spi;  /* by our SPI */
	struct hash by_init; /* responders by their first message, see ike_sa.by_init */
	struct hash half_open; /* by address, see half_open_from() */
	struct hash by_peer; /* by both identities, once they are proved; fsm/contact.h */
	struct hash children; /* Child SAs by unique number */
	struct hash children_in, children_out; /* and by the SPIs that we and the peers drew */
	struct hash leases;  /* struct internal_addrs that we have lent, or are about to, by id */
	struct heap timers;  /* of struct deadline */
	struct list dead;    /* closed during this input, freed at its end */
	struct list actions;
	struct reserve reserve; /* of memory, for ends */

	unsigned n_sas, n_half_open, n_children;
	size_t fragments_used; /* memory that reassemblies hold, in octets */
	uint32_t next_id;	/* unique numbers for users: IKE SAs and Child SAs */
	struct siphash_key hash_key; /* for what peers choose: by_init, digests of requests */
	struct cookie_secret cookie_secrets[2]; /* current, previous */
	struct instant cookie_rotation;
	struct spoiled spoiled;
	struct bucket outside; /* answers outside IKE SAs, INVALID_SPI (2.21.4) */
	struct ike_counters counters;
};

/*
 * config is referenced. -ENOMEM. The crypto context is made here, so call it on the thread that
 * will use the core.
 */
int ike_core_new(const struct ike_core_params *params, const struct ike_config *config,
		 struct ike_core **ret_core);
/* IKE SAs that are left are forgotten without a word to the peer. Takes NULL, returns NULL. */
struct ike_core *ike_core_free(struct ike_core *core);

/* -------- for the layers above: queue an action -------- */

/* An action that isn't queued yet; NULL without memory. Those that end something have a reserve. */
struct ike_action *ike_action_new(struct ike_core *core, enum ike_action_type type);
void ike_core_queue_take(struct ike_core *core, struct ike_action *action);
/* A message, in all its datagrams. Takes its own references. */
void ike_core_send(struct ike_core *core, const struct netaddr *local, const struct netaddr *remote,
		   struct packet *packet);
/* A keepalive from local to remote. */
void ike_core_keepalive(struct ike_core *core, const struct netaddr *local,
			const struct netaddr *remote);
/* What is known of the path from local to remote, for the IKE SA with this SPI of ours? */
void ike_core_path_mtu(struct ike_core *core, const struct netaddr *local,
		       const struct netaddr *remote, uint64_t spi);
/* Takes the request over, also when it fails: -ENOMEM. */
int ike_core_ipsec_take(struct ike_core *core, struct ipsec_request *req);
/*
 * It has come up or has gone. child: the one concerned, NULL for the IKE SA itself.
 */
void ike_core_event(struct ike_core *core, enum ike_event_type type, const struct ike_sa *sa,
		    const struct child_sa *child);
/* One has taken the place of the other. */
void ike_core_event_ike_rekey(const struct ike_sa *old, const struct ike_sa *sa);
void ike_core_event_child_rekey(const struct child_sa *old, const struct child_sa *child);
/* contact is copied. */
void ike_core_contact(struct ike_core *core, const struct contact *contact);
void ike_core_fate(struct ike_core *core, const struct connection *conn,
		   const struct child_conf *child, struct fate fate);
/* Token 0: nobody asked, nothing is queued. Texts are cut to fit. */
void ike_core_progress(struct ike_core *core, uint64_t token, const char *name, uint32_t ike_id,
		       const char *text);
/* Token 0: nobody asked, nothing is queued. */
void ike_core_result(struct ike_core *core, uint64_t token, int err, const char *fmt, ...)
	_printf_(4, 5);

/* A keyed hash of what a peer chose. */
uint64_t ike_core_hash(const struct ike_core *core, struct bytes b);
/*
 * Half-open IKE SAs of a remote address, or of the /64 around it: who has that has all of it (RFC
 * 8019 4.2); at most `most` are counted.
 */
unsigned half_open_from(const struct ike_core *core, const struct netaddr *remote, unsigned most);
/* sa has become a half-open one; has ceased to be. */
void half_open_enter(struct ike_sa *sa);
void half_open_leave(struct ike_sa *sa);

/* Unique for the whole daemon, and says whose it is: (id - 1) % n_workers. */
uint32_t ike_core_unique_id(struct ike_core *core);
