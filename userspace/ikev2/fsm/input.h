/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * All that can happen to a protocol core. Each function takes the present instant and works its
 * input off whole; what is to be done outside waits in the action queue afterwards. Owner only.
 */
#include "ikev2/sa/core.h"

struct connection;
struct child_conf;

/*
 * A datagram on one of the IKE ports, without non-ESP marker. local.port tells which port of ours
 * it came to. The buffer is decrypted in place.
 */
void ike_input_datagram(struct ike_core *core, struct instant now, const struct netaddr *local,
			const struct netaddr *remote, uint8_t *data, size_t len);

/* Time has passed. Call at ike_input_deadline() or later; earlier does no harm. */
void ike_input_time(struct ike_core *core, struct instant now);
/* When ike_input_time() has to be called next; INSTANT_NEVER. */
struct instant ike_input_deadline(const struct ike_core *core);

/* The kernel has worked off a request that left by IKE_ACTION_IPSEC. Takes the request over. */
void ike_input_ipsec_done(struct ike_core *core, struct instant now, struct ipsec_request *req);

/*
 * A job that left by IKE_ACTION_JOB has been run, or could not be (job->err). Takes the job over.
 */
void ike_input_job_done(struct ike_core *core, struct instant now, struct ike_job *job);

struct cfg_request;
/*
 * A request that left by IKE_ACTION_LEASE (cfg/cfg.h) comes back, whatever became of it. Takes it
 * over.
 */
void ike_input_lease(struct ike_core *core, struct instant now, struct cfg_request *req);

/* What a packet that matched a trap tells (RFC 7296 2.9); NULL where nobody has one. */
struct ike_acquire {
	uint32_t seq;
	struct ts packet_src, packet_dst;
};

/*
 * Bring a child of a connection up, with an IKE SA when there is none; or (child NULL) an IKE SA
 * without Child SA (RFC 6023). The result goes to token; when it is up already that is a success at
 * once. local: our address towards the peer.
 */
void ike_input_initiate(struct ike_core *core, struct instant now, const struct connection *conn,
			const struct child_conf *child, const struct netaddr *local,
			const struct netaddr *remote, const struct ike_acquire *acquire,
			uint64_t token);

/* Which SAs a client means; every member that is set must fit. */
struct ike_filter {
	const char *ike, *child;   /* names of the connection and of the child */
	uint32_t ike_id, child_id; /* unique numbers; 0: any */
};

/*
 * Delete what the filter names: with child or child_id Child SAs, else IKE SAs. force: without
 * waiting for the peer's answer. Every SA answers to token once; ret_n is how many will. An IKE SA
 * that is to replace another goes with that one, and is none before.
 */
unsigned ike_input_terminate(struct ike_core *core, struct instant now,
			     const struct ike_filter *filter, bool force, uint64_t token);

/*
 * Make the established IKE SAs that the filter names (its members for IKE SAs) anew, with
 * authentication (fsm/reauth.h). How many that are; an IKE SA whose peer can't be called isn't.
 */
unsigned ike_input_reauth(struct ike_core *core, struct instant now,
			  const struct ike_filter *filter);

/*
 * Rekey what the filter names: with child or child_id Child SAs, else IKE SAs. How many were begun;
 * those that are not up, or are being rekeyed already, are not.
 */
unsigned ike_input_rekey(struct ike_core *core, struct instant now,
			 const struct ike_filter *filter);

/* The kernel says that an ESP SA has reached its limit. hard: it is gone. */
void ike_input_expire(struct ike_core *core, struct instant now, const struct ipsec_expire *expire);

/*
 * The kernel has told more than could be taken. What of it was about SAs that have reached a limit
 * is found out by asking for all SAs.
 */
void ike_input_overrun(struct ike_core *core, struct instant now);

/*
 * The answer to IKE_ACTION_PATH_MTU: the path of the IKE SA with this SPI of ours takes IP datagrams
 * of at most mtu octets. A request that is longer is cut anew and sent at once (RFC 7383 2.5.2).
 */
void ike_input_path_mtu(struct ike_core *core, struct instant now, uint64_t spi, size_t mtu);

/* The kernel says that an authentic ESP packet came from another address or port (2.23). */
void ike_input_mapping(struct ike_core *core, struct instant now,
		       const struct ipsec_mapping *mapping);

/*
 * An ESP packet came in that the kernel has no SA for (RFC 7296 1.5). remote.port is the UDP port it
 * came from; 0: it wasn't in UDP. Nothing of it is authentic.
 */
void ike_input_unknown_esp(struct ike_core *core, struct instant now, const struct netaddr *local,
			   const struct netaddr *remote, uint32_t spi);

/* A new configuration; SAs that live keep the connection that they were made by. */
void ike_input_config(struct ike_core *core, struct instant now, const struct ike_config *config);

/*
 * Another worker has something to tell about a peer (fsm/contact.h). True: yes, there is an IKE SA
 * of this pair; goes back to CONTACT_ASK's sender as ike_input_contact_answer(). Every worker gives
 * an answer, also one that can't ask its core.
 */
struct contact;
bool ike_input_contact(struct ike_core *core, struct instant now, const struct contact *contact);
void ike_input_contact_answer(struct ike_core *core, struct instant now, uint64_t spi, bool exists);

/*
 * The daemon stops: every IKE SA is told to its peer with one Delete, none is waited for, and none
 * begins any more. Peers that call get no answer, users that do are refused.
 */
void ike_input_stop(struct ike_core *core, struct instant now);
