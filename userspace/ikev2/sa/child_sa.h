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
#include "ikev2/sa/fate.h"
#include "ikev2/sa/keymat.h"

struct child_conf;
struct ike_core;
struct ike_sa;

enum child_state {
	CHILD_CREATING,	  /* offered to the peer */
	CHILD_INSTALLING, /* agreed, the kernel is being told */
	CHILD_INSTALLED,
	CHILD_DELETING, /* our Delete is on its way */
};
/* "CREATING", ...: as list-sas prints it */
const char *child_state_name(enum child_state state);

struct child_sa {
	struct list link; /* ike_sa.children */
	struct hash_node by_id; /* ike_core.children */
	struct ike_sa *ike;
	const struct child_conf *conf; /* of ike->conn, which holds it */
	uint32_t unique_id;
	enum child_state state;
	bool initiator; /* of the exchange that made it */

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
	unsigned in_kernel; /* CHILD_IPSEC_*: there, or asked for */
	uint32_t acquire_seq; /* the kernel asked for it */
	struct instant installed;
	uint64_t packets_in; /* that the kernel has told of, see fsm/liveness.h */
	enum sa_end end; /* why it goes, where that isn't its IKE SA's reason; see sa/fate.h */
	bool told_up;
	uint64_t token; /* who is told when it is up or has failed; 0: nobody */
};

/* The kernel's number for the SAs and the trap of a configured child. */
uint32_t child_conf_reqid(const struct child_conf *conf);

/*
 * A new Child SA of ike in state CREATING with an inbound SPI of its own, linked. token: who
 * waits for it. NULL without memory.
 */
struct child_sa *child_sa_new(struct ike_sa *ike, const struct child_conf *conf, bool initiator,
			      uint64_t token);

/*
 * Derives the keys (RFC 7296 2.17) and asks the kernel to install both SAs and the policies; the
 * state is INSTALLING until ike_input_ipsec_done(). proposal, selectors and both SPIs are set.
 * ni and nr: of the exchange that made it; shared: of its own key exchange, or none. 0, -ENOMEM,
 * -EINVAL (an algorithm that the kernel interface doesn't know) or what keymat_child_init() says.
 */
int child_sa_install(struct child_sa *child, struct bytes ni, struct bytes nr, struct bytes shared);

/*
 * Takes it out of the kernel if it is there, reports it down if it was up, answers whoever waits
 * with why, and frees it.
 */
void child_sa_close(struct child_sa *child, const char *why);

/* The Child SA of ike that sends with, or receives on, this SPI; NULL. */
struct child_sa *child_sa_by_spi_out(struct ike_sa *ike, uint32_t spi);
struct child_sa *child_sa_by_spi_in(struct ike_sa *ike, uint32_t spi);

/* The Child SA with this unique number; NULL. */
struct child_sa *child_sa_by_id(struct ike_core *core, uint32_t unique_id);
