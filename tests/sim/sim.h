/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Two protocol cores in one process: a link between them that loses, repeats, delays and reorders
 * messages, a kernel for each that only remembers what it was told, and a clock that jumps from
 * event to event. All of the link's chances come from one seed.
 */
#include "pdk/base/heap.h"
#include "pdk/base/time.h"
#include "ikev2/fsm/contact.h"
#include "ikev2/cfg/pools.h"
#include "ikev2/fsm/input.h"
#include "ikev2/fsm/revive.h"
#include "ikev2/policy/config.h"
#include "ikev2/sa/core.h"
#include "sim_kernel.h"

/* The mishaps of a link, in per mille for each message. */
struct sim_link {
	unsigned loss, duplication, reordering;
	struct duration delay, reordering_delay; /* at most */
	bool tells_mtu; /* a router says so */
	unsigned mtu; /* longer IP datagrams get lost, as where fragments of IP don't pass; 0: none */
};

/*
 * A NAT before one of the peers. The peer's ports seem to be `shift` higher, and its address is
 * `outside`, if that is set. Changing them means rebinding: what goes to the old ones gets lost.
 */
struct sim_nat {
	bool on;
	unsigned inside; /* the peer behind it */
	struct netaddr outside;
	uint16_t shift;
};

struct sim;

/* Internal addresses and routes that the core had installed; n counts what is there now. */
struct sim_internal {
	unsigned n_addrs, n_routes, n_dns;
	struct netaddr last, last_dns; /* that came last */
};

struct sim_peer {
	struct ike_core *core;
	struct ike_config *config;
	struct cfg *cfg; /* lends by its configuration's pools */
	struct pools *pools;
	struct sim_internal internal;
	struct netaddr addr;
	struct sim_kernel kernel;
	struct sim *sim;
	struct revive *revive; /* what is brought up again, as in the daemon */
	bool no_way;           /* to the other peer */
	unsigned begun, traps; /* by revive */
	/* Each peer is the one of two workers; the other has no core, but answers. */
	unsigned contacts;     /* told to it so far */
	struct contact contact; /* the last one */
	bool contact_exists;   /* its answer */
	bool hold_contacts;    /* the test answers itself */
	unsigned keepalives;   /* sent by the core */
	unsigned lines;	   /* of progress, for who waits */
	unsigned results;  /* IKE_ACTION_RESULT so far */
	int result;	   /* of the last one */
	char result_text[200]; /* of that */
	unsigned jobs;	     /* IKE_ACTION_JOB so far */
	unsigned ups, downs; /* IKE_EVENT_IKE_UP and _DOWN */
	unsigned child_ups, child_downs;
	unsigned rekeys, child_rekeys;
	uint32_t replaced, successor; /* unique numbers that the last such event told */
};

/* Looks at every message before it is delivered; may deliver others of its own to peer `to`. */
typedef void (*sim_tap_fn)(struct sim *sim, unsigned to, const struct netaddr *local,
			   const struct netaddr *remote, struct bytes message, void *data);

/* What befalls one message, counted over both directions. */
enum sim_mishap_kind {
	SIM_LOST,
	SIM_DELAYED,
	SIM_REPEATED, /* the second copy late */
};

struct sim_mishap {
	unsigned nth; /* from 1, counts down; 0: none (any more) */
	enum sim_mishap_kind kind;
	struct duration later;
};

struct sim {
	sim_tap_fn tap; /* or NULL */
	void *tap_data;
	uint64_t random; /* state of the generator */
	struct instant now;
	struct heap events;
	uint64_t event_seq;
	struct sim_link link;
	struct sim_mishap mishap;
	struct sim_nat nat;
	struct duration job_delay; /* how long a job takes */
	bool jobs_full;		   /* the pool takes no jobs */
	struct duration lease_delay; /* how long a provider of addresses takes */
	struct sim_peer peers[2];
	uint64_t delivered, lost, too_long;
	/* With watch_traffic: the moments in which a packet would have been lost, and why. */
	bool watch_traffic;
	unsigned black_holes;
	const char *black_hole;
};

/* Both peers with the configuration texts (files of our language). Exits on failure. */
void sim_init(struct sim *sim, uint64_t seed, const char *config_a, const char *config_b);
/* The same with configurations that have been read already; their references are taken over. */
void sim_init_take(struct sim *sim, uint64_t seed, struct ike_config *a, struct ike_config *b);
/* A configuration from its text. Exits on failure. */
struct ike_config *sim_config(const char *text);
void sim_fini(struct sim *sim);

/* Peer i loses power and comes back, with nothing but this configuration. No request to its kernel
 * may be under way. */
void sim_reboot(struct sim *sim, unsigned i, const char *config);

/* 0 <= result < n */
unsigned sim_random(struct sim *sim, unsigned n);

/* Peer i begins with the first child of its first connection. */
void sim_initiate(struct sim *sim, unsigned i);

/* Peer i has just read its configuration: start_action. */
void sim_start(struct sim *sim, unsigned i);

/* After an input of its own, a test has what peer i wants done carried out. */
void sim_act(struct sim *sim, unsigned i);

/* Hand peer `to` a message at once, as if it had come over the link. It is copied. */
void sim_deliver(struct sim *sim, unsigned to, const struct netaddr *local,
		 const struct netaddr *remote, struct bytes message);

/* Peer i deletes all its IKE SAs. */
void sim_terminate(struct sim *sim, unsigned i);

/* Peer i rekeys its IKE SAs, or its Child SAs of that name. How many were begun. */
unsigned sim_rekey_ike(struct sim *sim, unsigned i);
unsigned sim_rekey_child(struct sim *sim, unsigned i, const char *child);

/* Work off everything that happens until the instant. False: nothing is left to happen at all. */
bool sim_run(struct sim *sim, struct instant until);
/* Until peer i has had n results, or time is up. */
bool sim_run_results(struct sim *sim, unsigned i, unsigned n, struct duration most);

/* The only IKE SA of a peer; NULL when there are none or several. */
struct ike_sa *sim_only_sa(const struct sim_peer *peer);
/*
 * Do both sides agree: the same IKE SAs with the same Child SAs, and nothing else in any kernel?
 * Child SAs that linger after they have been replaced count as none: give them their 5 s first.
 * NULL, or the difference.
 */
const char *sim_agreement(struct sim *sim);
/* What both peers hold, as comments of a test. */
void sim_print(const struct sim *sim);
