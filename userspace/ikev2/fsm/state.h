/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The states of an IKE SA and the one function that changes them.
 */

struct ike_sa;

enum ike_state {
	IKE_STATE_NEW,           /* nothing sent or answered yet */
	IKE_STATE_INIT_SENT,     /* initiator: IKE_SA_INIT is on its way */
	IKE_STATE_INIT_ANSWERED, /* responder, half-open: keys, but no identity */
	IKE_STATE_AUTH_SENT,     /* initiator: IKE_AUTH is on its way */
	IKE_STATE_ESTABLISHED,
	IKE_STATE_REKEYED,  /* replaced, or redundant (RFC 7296 2.8.2): the peer is to delete it */
	IKE_STATE_DELETING, /* our Delete is on its way */
	IKE_STATE_DEAD,     /* unlinked, freed at the end of the input */
};
#define IKE_STATE_N (IKE_STATE_DEAD + 1)

/* "NEW", "INIT_SENT", ...: for logs */
const char *ike_state_name(enum ike_state state);
/* The word that VICI clients know: "CREATED", "CONNECTING", "ESTABLISHED", "REKEYED", "DELETING".
 */
const char *ike_state_vici_name(enum ike_state state);

/*
 * Enters a state: logs old, new and why, runs what leaving and entering mean (counters, events,
 * clean-up) and has the timers computed anew. A transition that no row of the table allows is a
 * bug and logged as such. In IKE_STATE_DEAD the SA is unlinked with all its Child SAs; its memory
 * stays until the end of the input.
 */
void fsm_enter(struct ike_sa *sa, enum ike_state state, const char *why);
