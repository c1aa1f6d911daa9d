/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * One side's work on the peer's IKE_AUTH message, in steps (RFC 7296 1.2, 2.15):
 *
 *	responder (ike_auth_r.c): identities, verification, uniqueness, our own proof,
 *		authorisation, [configuration,] Child SA, answer
 *	initiator (ike_auth_i.c): identity, verification, [configuration,] Child SA
 *
 * A step may have to wait for what happens outside of the core: a job that checks a certificate, a
 * provider of addresses, the kernel. It then ends with AUTH_STEP_PENDING, the peer's message is
 * kept, and whoever completes it says how it went with auth_run_resume(). Until the run is over:
 *
 * - sa->auth is set; no request of ours is started (exchange_next()), repetitions of the peer's
 *   request are dropped, and an initiator doesn't listen to requests of the peer;
 * - the IKE SA may die, and the run with it. So a completion finds its IKE SA by a number that dies
 *   with it (struct ike_job does, by SPI; ike_input_ipsec_done() by the Child SA's number) and does
 *   nothing when that is gone;
 * - after settings.half_open_timeout the peer is refused.
 *
 * To add a step: a function as in struct auth_step, and a row in the table of its role.
 */
#include "pdk/base/time.h"
#include "ikev2/codec/message.h"

struct auth_run;
struct child_sa;
struct ike_sa;

enum auth_step_end {
	AUTH_STEP_DONE,	   /* go on with the next step */
	AUTH_STEP_PENDING, /* auth_run_resume() will be called, unless the IKE SA dies before */
	AUTH_STEP_LAST,	   /* the run is over: answered, refused, or the IKE SA is dead */
};

struct auth_step {
	const char *name; /* for logs */
	/* m: the peer's message, with all payloads that the transition table asks for. */
	enum auth_step_end (*run)(struct ike_sa *sa, const struct ike_message *m);
};

struct auth_role {
	const struct auth_step *steps; /* ends with name NULL */
	/*
	 * Don't believe the peer: tell it so, log why, and end the IKE SA. why: static text; detail:
	 * the same in full for the log, or "".
	 */
	void (*refuse)(struct ike_sa *sa, const char *why, const char *detail);
};

extern const struct auth_role auth_role_initiator, auth_role_responder;

struct auth_run {
	const struct auth_role *role;
	const struct auth_step *step; /* that is running or pending */
	struct ike_message *kept;     /* the peer's message, since a step was pending */
	struct instant deadline;

	/* Responder: what the answer will say about the Child SA. */
	struct child_sa *child; /* NULL: there is none, and child_notify says why */
	uint16_t child_notify;
	bool child_refused; /* before it was looked at */
	/* And about configuration (configuration.h). */
	struct writer cfg_reply; /* body of CP(CFG_REPLY); empty: there was no request */
	unsigned cfg_families;	 /* CFG_IP4, CFG_IP6: for RFC 8983 */
};

/* The peer's message has come: runs the steps, as far as they go. Sets sa->auth meanwhile. */
void auth_run_start(struct ike_sa *sa, const struct auth_role *role, const struct ike_message *m);
/*
 * The step that was pending has ended, and how; runs the next ones. From within an input of the
 * core, which calls exchange_next() afterwards.
 */
void auth_run_resume(struct ike_sa *sa, enum auth_step_end end);
/* deadline has passed. */
void auth_run_timeout(struct ike_sa *sa);
/* Takes NULL, returns NULL. */
struct auth_run *auth_run_free(struct auth_run *run);
