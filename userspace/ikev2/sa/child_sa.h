/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A Child SA: a pair of ESP SAs and the policies that lead to them (RFC 7296 1.3, RFC 4301). It
 * belongs to one IKE SA and dies with it.
 */
#include "pdk/base/hash.h"
#include "pdk/base/list.h"
#include "pdk/base/time.h"
#include "pdk/net/netaddr.h"
#include "ikev2/codec/proposal.h"
#include "ikev2/codec/ts.h"
#include "ikev2/fsm/deadline.h"
#include "ikev2/sa/fate.h"
#include "ikev2/sa/keymat.h"
#include "ikev2/sa/nonce.h"

struct child_conf;
struct ike_core;
struct ike_sa;

/* Of one IKE SA, whoever made them; a peer that wants more makes another IKE SA. */
#define CHILD_SAS_MAX 1024

enum child_state {
	CHILD_CREATING,   /* offered to the peer */
	CHILD_INSTALLING, /* agreed, the kernel is being told */
	CHILD_INSTALLED,
	CHILD_REKEYING, /* as before, and our request for the one that replaces it is on its way */
	CHILD_REKEYED,  /* replaced, or redundant (2.8.1): the peer is to delete it */
	CHILD_DELETING, /* our Delete is on its way */
	CHILD_DELETED,  /* replaced and deleted; receives what is still on its way */
};
/* "CREATING", ...: as list-sas prints it */
const char *child_state_name(enum child_state state);

struct child_sa {
	struct list link;         /* ike_sa.children */
	struct hash_node by_id;   /* ike_core.children */
	struct hash_node by_in;   /* ike_core.children_in */
	struct hash_node by_out;  /* ike_core.children_out, once spi_out is known */
	struct deadline deadline; /* the next of the times below, see fsm/child_timers.c */
	struct ike_sa *ike;
	const struct child_conf *conf; /* of ike->conn, which holds it */
	uint32_t unique_id;
	enum child_state state;
	bool initiator;  /* of the exchange that made it */
	bool up;         /* reported as up; of those that replace each other one is */
	bool superseded; /* another is in its place */
	bool redundant; /* made by the peer at the same time as ours, which stays (2.8.1) */
	uint8_t tries;   /* CREATING: so often the peer has said "not now" */

	bool transport;        /* mode; the offered one is the configuration's */
	bool more_ts_possible; /* responder: another configuration would take the rest (2.9) */
	bool peer_refuses_tfc; /* ESP_TFC_PADDING_NOT_SUPPORTED */
	/*
	 * Responder, transport mode behind a NAT: the hosts as the peer knows them, for the answer
	 * (2.23.1); AF_UNSPEC: as we do.
	 */
	struct netaddr local_as_offered, remote_as_offered;

	uint32_t spi_in, spi_out; /* host order */
	struct proposal proposal; /* the chosen one */
	struct ts_list local_ts, remote_ts;
	uint32_t reqid;
	/* What the kernel tells packets by; rekeying hands it on. */
	struct child_numbers {
		uint32_t mark_in, mark_out; /* the masks are the configuration's */
		uint32_t if_id_in, if_id_out;
		uint32_t set_mark_in, set_mark_out;
	} numbers;
	uint32_t ifindex; /* that its policies are bound to, once they are there; 0 */
	struct netaddr outer_local, outer_remote; /* that the kernel was told */
	struct child_ports *ports; /* to tell it of others; NULL when not in UDP */
	unsigned in_kernel, asked; /* CHILD_IPSEC_*: there; asked for, and not answered yet */
	bool keeps_alive;   /* the kernel sends keepalives of it */
	uint32_t acquire_seq; /* the kernel asked for it */
	struct instant installed;
	/* By direction (enum ipsec_direction), as the kernel has told: fsm/usage.h. */
	uint64_t packets[2];
	struct instant used_at;     /* the last packet, as far as is known */
	struct instant asked_usage; /* see fsm/inactivity.h */
	bool asking_usage, kernel_tells_time;
	struct instant rekey_at, expire_at; /* soft and hard end; INSTANT_NEVER */
	/* REKEYED: the end of our patience with the peer; DELETED: out of the kernel. */
	struct instant gone_at;
	enum sa_end end; /* why it goes, where that isn't its IKE SA's reason; see sa/fate.h */
	uint64_t token;  /* who is told when it is up or has failed; 0: nobody */

	/* Rekeying (2.8). */
	uint32_t replaces; /* unique number of the one that it replaces; 0: none */
	/* The peer made it: we send on it when the peer is ready to receive, and need these then.
	 */
	struct keymat_child *send_keys;
	/* The lower nonce of the exchange that made it, while that may have to be compared. */
	struct nonce *lowest;
};

/* The kernel's number for the SAs and the trap of a configured child. */
uint32_t child_conf_reqid(const struct child_conf *conf);

/*
 * A new Child SA of ike in state CREATING with an inbound SPI of its own, linked. token: who
 * waits for it. NULL without memory.
 */
struct child_sa *child_sa_new(struct ike_sa *ike, const struct child_conf *conf, bool initiator,
			      uint64_t token);

/* The peer has told us its inbound SPI. */
void child_sa_set_spi_out(struct child_sa *child, uint32_t spi);

enum child_install {
	CHILD_INSTALL_BOTH,
	/*
	 * What replaces another by the wish of the peer: we receive on it at once, and send on the
	 * old one until the peer deletes that (2.8), see child_sa_send().
	 */
	CHILD_INSTALL_INBOUND,
};

/*
 * Derives the keys (RFC 7296 2.17) and asks the kernel to install SAs and policies; the state is
 * INSTALLING until ike_input_ipsec_done(). proposal, selectors and both SPIs are set. ni and nr: of
 * the exchange that made it; shared: of its own key exchange, or none. 0, -ENOMEM, -EINVAL (an
 * algorithm that the kernel interface doesn't know) or what keymat_child_init() says.
 */
int child_sa_install(struct child_sa *child, struct bytes ni, struct bytes nr, struct bytes shared,
		     enum child_install what);

/* The peer is ready to receive: install the SA to send on, if that still waits. */
void child_sa_send(struct child_sa *child);

/* Enter a state of an installed one, and compute its timer anew. */
void child_sa_enter(struct child_sa *child, enum child_state state);

/*
 * Takes it out of the kernel if it is there, reports it down if it was up, answers whoever waits
 * with why, and frees it.
 */
void child_sa_close(struct child_sa *child, const char *why);

/* Packets may come in on it: what is being replaced receives until the peer has changed over (2.8).
 */
bool child_sa_in_use(const struct child_sa *child);

/* It is up for the user, and stays so; of those that replace each other one is. */
bool child_sa_is_up(const struct child_sa *child);

/* Frees what no list holds any more. */
void child_sa_free(struct child_sa *child);

/*
 * It has been replaced and deleted: for IKE it is gone; its SAs stay in the kernel for the packets
 * that are still on their way.
 */
void child_sa_retire(struct child_sa *child);

/*
 * It is installed, and what goes for up from now on. The one in whose place it is; NULL: it is a new
 * one.
 */
struct child_sa *child_sa_take_place(struct child_sa *child);

/* The same Child SA under the IKE SA that replaces its own (2.8). */
void child_sa_move(struct child_sa *child, struct ike_sa *to);

/*
 * The one that replaces child; peers: the one that the peer made, else the one that we made. NULL
 * when there is none.
 */
struct child_sa *child_sa_successor(const struct child_sa *child, bool peers);

/* The Child SA, not yet deleted, that receives on this SPI; NULL. */
struct child_sa *child_sa_receiving(const struct ike_core *core, uint32_t spi);

/* The Child SA of ike, not yet deleted, that sends with, or receives on, this SPI; NULL. */
struct child_sa *child_sa_by_spi_out(struct ike_sa *ike, uint32_t spi);
struct child_sa *child_sa_by_spi_in(struct ike_sa *ike, uint32_t spi);

/* The Child SA, not yet deleted, one of whose SAs the kernel means by its SPI and reqid; NULL. */
struct child_sa *child_sa_of_kernel(struct ike_core *core, uint32_t spi, uint32_t reqid);

/* The Child SA with this unique number; NULL. */
struct child_sa *child_sa_by_id(struct ike_core *core, uint32_t unique_id);
