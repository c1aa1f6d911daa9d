/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * IKE SAs between the same two identities (RFC 7296 2.4): INITIAL_CONTACT, and the uniqueness policy
 * of connections. The other SAs of a peer may live on other workers, so what one core finds out it
 * tells the others (IKE_ACTION_CONTACT), whose answers come back as inputs.
 *
 * Identities are compared only after they have been proved, on both sides of the comparison.
 */
#include <stdbool.h>
#include "pdk/base/time.h"
#include "pdk/net/netaddr.h"
#include "ikev2/policy/identity.h"

struct ike_core;
struct ike_message;
struct ike_sa;

enum contact_kind {
	CONTACT_ASK,	 /* is there an IKE SA of this pair? Wants an answer. */
	CONTACT_REPLACE, /* there is a new one: the others are to go */
	CONTACT_INITIAL, /* the same, and the peer itself says that there is no other */
};

/* What one core tells the others; a copy for each. */
struct contact {
	enum contact_kind kind;
	bool begins;	 /* who asks begins an IKE SA, and wants to know of others that are being begun */
	unsigned worker; /* who tells */
	uint64_t spi;	 /* own SPI of the IKE SA that it is about */
	struct instant since; /* when both sides of that had shown who they are */
	struct netaddr remote;
	struct identity local_id, remote_id;
};

/* -------- initiator -------- */

/*
 * sa, which we begin, may be our only one with that peer: find out. IKE_AUTH waits until that is
 * known (sa->contacts_awaited is 0), and is queued then.
 */
void contact_begin(struct ike_sa *sa);
/* IKE_AUTH is being written: are we sure that sa is the only one? Else it does not say so. */
bool contact_is_initial(const struct ike_sa *sa);

/* -------- responder -------- */

/*
 * The peer has proved its identity, sa isn't established yet. 0: unique as the policy wants it;
 * 1: it isn't known yet, auth_run_resume() or a refusal follows; -EEXIST: the policy keeps the one
 * that is there.
 */
int contact_check(struct ike_sa *sa);
/* sa is established by request m: the ones that it takes the place of are closed. */
void contact_established(struct ike_sa *sa, const struct ike_message *m);

/* -------- both -------- */

/* The answer that contact_check() waited for: goes on with IKE_AUTH, or refuses. ike_auth_r.c */
void contact_checked(struct ike_sa *sa, bool exists);

/* sa enters and leaves the table of IKE SAs by peer. */
void contact_enter(struct ike_sa *sa);
void contact_leave(struct ike_sa *sa);

/* When sa, which another one has replaced, is closed, or waits no longer; INSTANT_NEVER. */
struct instant contact_time(const struct ike_sa *sa);
void contact_due(struct ike_sa *sa);
