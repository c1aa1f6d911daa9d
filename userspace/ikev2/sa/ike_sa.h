/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * An IKE SA (RFC 7296). It belongs to the core of one worker.
 */
#include "pdk/base/hash.h"
#include "pdk/base/list.h"
#include "pdk/base/time.h"
#include "pdk/crypto/aead.h"
#include "pdk/crypto/kex.h"
#include "pdk/net/netaddr.h"
#include "ikev2/codec/ikev2.h"
#include "ikev2/codec/proposal.h"
#include "ikev2/fsm/deadline.h"
#include "ikev2/fsm/state.h"
#include "ikev2/policy/identity.h"
#include "ikev2/sa/fate.h"
#include "ikev2/sa/keymat.h"
#include "ikev2/sa/nonce.h"
#include "ikev2/sa/packet.h"
#include "ikev2/sa/reassembly.h"
#include "ikev2/sa/window.h"

struct auth_run;
struct cert_request;
struct own_proof;
struct connection;
struct exchange;
struct ike_config;
struct ike_core;
struct internal_addrs;

/* Fragmentation of messages: RFC 7383. Sizes are of IP datagrams, in octets. */
struct fragmentation {
	bool agreed;	       /* both sides have announced it in IKE_SA_INIT (2.3) */
	uint16_t size;	       /* what the path takes, found out; 0: as configured */
	uint16_t probe;	       /* what the outstanding request was cut to anew; 0: it wasn't */
	uint16_t request_size; /* longest fragment of the request being answered; 0: it was whole */
	uint16_t repeated;     /* how often the last request of the peer has come again */
	struct reassembly requests, responses; /* what comes in */
};

struct ike_sa {
	struct list link; /* ike_core.sas, until the end of the input in which it dies */
	struct list dead; /* ike_core.dead */
	struct ike_core *core;
	struct hash_node by_spi;
	struct hash_node by_init; /* responder: hash of the first message, RFC 7296 2.1 */
	struct hash_node by_addr; /* half-open: ike_core.half_open */
	struct hash_node by_peer; /* see fsm/contact.h */
	struct deadline deadline; /* next time something is due; see fsm/timers.h */

	uint32_t unique_id;
	char log_name[96]; /* "name[7] 192.0.2.1:500" */

	enum ike_state state;
	bool initiator; /* the original initiator of this IKE SA: flag I (3.1) */
	bool auth_initiator; /* the same of the first one, however often that was rekeyed */
	uint64_t spi_i, spi_r;
	struct netaddr local, remote; /* where messages come from and go to */
	struct netaddr request_local, request_remote; /* of the peer's last request (2.11) */
	bool nat_local, nat_remote;   /* a NAT stands before us, before the peer (2.23) */

	const struct connection *conn; /* reference */
	const struct ike_config
		*config; /* reference: its secrets are looked at until established */
	struct identity local_id, remote_id;

	struct proposal proposal; /* the chosen one */
	struct keymat keymat;
	struct aead_key *key_out, *key_in;
	struct kex *kex;    /* until the keys are made */
	uint16_t ke_method; /* what our KE payload carries; the one in use */
	struct nonce nonce_i, nonce_r;
	unsigned peer_hashes; /* that it takes in signatures: signature_hashes_parse(); 0: not said
			       */
	struct cert_request *cert_request; /* the peer's; NULL: none; until established */
	struct own_proof *proof;	   /* our AUTH; until established */
	struct packet *init_request, *init_response; /* for AUTH (2.15); until established */

	/* Initiator: the rounds of IKE_SA_INIT. */
	uint8_t cookie[IKE_COOKIE_MAX];
	uint8_t cookie_len;
	uint8_t init_rounds;             /* COOKIE and INVALID_KE_PAYLOAD answers so far */
	char init_error[64];             /* of an answer: a hint (2.21.1); "": none */
	struct instant init_error_until; /* so long we wait for a better answer */

	struct window window;
	struct fragmentation fragments;
	struct exchange *active; /* ours, its request is outstanding */
	struct list queue;       /* ours, waiting for the window */
	struct instant memory_at; /* the first of them is tried again then; INSTANT_NEVER */
	struct auth_run *auth;   /* IKE_AUTH is being worked on; NULL else */
	struct child_sa
		*answering;  /* responder: the kernel is being told, then the peer is answered */
	struct packet *held; /* that answer, when it stands already (CREATE_CHILD_SA) */
	struct list children;
	struct internal_addrs *internal; /* internal addresses, sa/internal_addr.h; or NULL */
	uint32_t auth_child; /* unique number of the Child SA that IKE_AUTH asks for; 0: none */
	bool lacks_address; /* responder: the client had to get one, and did not: no Child SA (2.19)
			     */

	struct instant created, established;
	struct instant last_inbound; /* sign of life: authenticated message from the peer, or ESP */
	bool asking_kernel;          /* whether ESP came in: see fsm/liveness.h */
	struct instant children_changed; /* a Child SA came or went; see exchange/invalid_spi.h */
	struct instant invalid_spi_at;   /* not before then is the peer told again */
	struct instant keepalive_at; /* behind a NAT: the next keepalive; INSTANT_NEVER */

	/* Rekeying (2.8.2). */
	struct instant rekey_at, expire_at; /* soft and hard end; INSTANT_NEVER */
	bool ids_old;                       /* it is being rekeyed for its Message IDs (2.2) */
	struct instant gone_at; /* REKEYED: our patience with the peer, which is to delete it */
	uint64_t rival_spi;     /* see ike_sa_rival(); 0: none */
	uint64_t heir_of;       /* own SPI of the one that it has replaced; 0: none */
	uint64_t rival_of;      /* it is the rival; own SPI of what it may replace, until that is settled */
	struct instant refused_since; /* TEMPORARY_FAILURE and nothing else (2.25); INSTANT_NEVER */
	struct instant refused_at;    /* the last one of these */
	bool up;                      /* reported as up */

	struct list waiters;	     /* struct sa_waiter: told when the SA is gone */
	uint64_t token;		     /* who is told when it is established or has failed; 0 */
	bool peer_childless;	     /* the responder takes IKE_AUTH without a Child SA (RFC 6023) */
	unsigned contacts_awaited;   /* answers of other workers; see fsm/contact.h */
	bool contact_exists;	     /* another IKE SA with that peer, as far as is known */
	struct instant replaced_until; /* another one has taken its place; INSTANT_NEVER */
	struct instant authenticated; /* by IKE_AUTH; rekeying hands it on. See fsm/reauth.h */
	struct instant reauth_at;     /* when it is to be made anew; INSTANT_NEVER */
	uint64_t reauth_of;	     /* own SPI of the IKE SA that this one is made for; 0: none */
	enum sa_end end;	     /* why it goes, as far as is known; see sa/fate.h */
	const char *failure;	     /* why it never got established; static text */
};

/* Somebody who waits for the end of an IKE SA. */
struct sa_waiter {
	struct list link;
	uint64_t token;
};

/*
 * A new IKE SA in state NEW, with an SPI of ours, linked into core. NULL without memory. conn is
 * referenced.
 */
struct ike_sa *ike_sa_new(struct ike_core *core, const struct connection *conn, bool initiator,
			  const struct netaddr *local, const struct netaddr *remote);
/* Frees one that fsm_enter(IKE_STATE_DEAD) has unlinked. The core's. */
void ike_sa_free(struct ike_sa *sa);

/*
 * All that live. The body may end any of them, this one too, and may make new ones, which come last.
 */
#define ike_sa_for_each(sa, core)                      \
	list_for_each(sa, &(core)->sas, link)          \
		if ((sa)->state == IKE_STATE_DEAD) {   \
		} else

/* The one that has spi for our SPI; NULL. */
struct ike_sa *ike_sa_by_spi(struct ike_core *core, uint64_t spi);

static inline uint64_t ike_sa_own_spi(const struct ike_sa *sa)
{
	return sa->initiator ? sa->spi_i : sa->spi_r;
}

static inline uint64_t ike_sa_peer_spi(const struct ike_sa *sa)
{
	return sa->initiator ? sa->spi_r : sa->spi_i;
}

/* UDP encapsulation is needed for ESP (RFC 7296 2.23). */
bool ike_sa_needs_encap(const struct ike_sa *sa);

/* Another connection of the same configuration: known after the identities are. */
void ike_sa_set_connection(struct ike_sa *sa, const struct connection *conn);
/* Computes log_name anew, after connection, state or address changed. */
void ike_sa_rename(struct ike_sa *sa);

/* Token is answered when the SA is dead. -ENOMEM. Token 0: nobody, 0. */
int ike_sa_wait(struct ike_sa *sa, uint64_t token);

/*
 * The keys from what both sides sent (2.14): shared is g^ir. Sets keymat, key_out and key_in from
 * proposal, nonces and SPIs. old: of the IKE SA that it replaces (2.18), or NULL. -ENOMEM or what
 * crypto says.
 */
int ike_sa_derive_keys(struct ike_sa *sa, const struct keymat *old, struct bytes shared);
