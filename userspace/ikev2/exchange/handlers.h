/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The actions of the transition table (fsm/transition.c), by the exchange they belong to. What each
 * is told is described by its row; what it returns, by fsm/verdict.h.
 */
#include "ikev2/codec/message.h"
#include "ikev2/fsm/verdict.h"
#include "pdk/net/netaddr.h"

struct connection;
struct ike_core;
struct ike_sa;

/* -------- IKE_SA_INIT (RFC 7296 1.2), ike_sa_init_i.c and ike_sa_init_r.c -------- */

/* Initiator: the responder agrees; a public value or a choice that can't be is a hint only (2.21.1,
 * RFC 6989 2.5). */
enum fsm_verdict ike_sa_init_answered(struct ike_sa *sa, const struct ike_message *m);
/* Initiator: the responder wants its cookie back before it does anything (2.6). */
enum fsm_verdict ike_sa_init_cookie(struct ike_sa *sa, const struct ike_message *m);
/* Initiator: the responder wants another key exchange method (1.2, 2.7). */
enum fsm_verdict ike_sa_init_other_ke(struct ike_sa *sa, const struct ike_message *m);
/* Initiator: an error in clear, so a hint only (2.21.1). */
enum fsm_verdict ike_sa_init_refused(struct ike_sa *sa, const struct ike_message *m);

/*
 * Responder, before there is an IKE SA: looks at a first request without keeping anything, answers
 * what is wrong with it or asks for a cookie. The connection to go on with, without a reference; or
 * NULL when the request has been dealt with.
 */
const struct connection *ike_sa_init_screen(struct ike_core *core, const struct netaddr *local,
					    const struct netaddr *remote,
					    const struct ike_message *m);
/* Responder: the IKE SA has just been made for it. */
enum fsm_verdict ike_sa_init_request(struct ike_sa *sa, const struct ike_message *m);

/* A response without an IKE SA, of one notify in clear (2.21.1, 2.5). */
void ike_sa_init_refuse(struct ike_core *core, const struct netaddr *local,
			const struct netaddr *remote, const struct ike_header *request,
			uint16_t notify, struct bytes data);

/* -------- IKE_AUTH (1.2), ike_auth_i.c and ike_auth_r.c -------- */

/* Initiator: the responder didn't authenticate itself but sent an error (2.21.2). */
enum fsm_verdict ike_auth_refused(struct ike_sa *sa, const struct ike_message *m);
/* Responder. */
enum fsm_verdict ike_auth_request(struct ike_sa *sa, const struct ike_message *m);
/* Responder: an initiator that leaves out AUTH wants to authenticate by EAP (2.16). */
enum fsm_verdict ike_auth_by_eap(struct ike_sa *sa, const struct ike_message *m);

struct child_sa;
/* Responder: the kernel has installed the Child SA of the request, or has refused (err). */
void ike_auth_child_done(struct ike_sa *sa, struct child_sa *child, int err);

/* -------- CREATE_CHILD_SA (1.3), create_child_sa.c -------- */

enum fsm_verdict create_child_sa_request(struct ike_sa *sa, const struct ike_message *m);
/* Responder: the kernel has installed the Child SA of the request, or has refused (err). */
void create_child_done(struct ike_sa *sa, struct child_sa *child, int err);

/* -------- INFORMATIONAL (1.4), informational.c -------- */

enum fsm_verdict informational_request(struct ike_sa *sa, const struct ike_message *m);
