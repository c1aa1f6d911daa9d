/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Configuration payloads (RFC 7296 2.19, 2.20, 3.15; RFC 8983): a client asks for internal addresses
 * and more in IKE_AUTH; the gateway lends them and tells.
 */
#include "ikev2/exchange/auth_run.h"
#include "ikev2/exchange/message.h"

struct cfg_request;
struct ike_sa;

/* -------- client: initiator of IKE_AUTH -------- */

/* Append CP(CFG_REQUEST), if the connection asks for addresses. Belongs before the SA payload. */
void configuration_write_request(struct ike_sa *sa, struct message *m);
/* A step of IKE_AUTH: takes what CP(CFG_REPLY) gives. */
enum auth_step_end configuration_take_reply(struct ike_sa *sa, const struct ike_message *m);

/* -------- gateway: responder of IKE_AUTH -------- */

/* A step of IKE_AUTH: asks the providers for what the client asks for. */
enum auth_step_end configuration_take_request(struct ike_sa *sa, const struct ike_message *m);
/* The providers have answered; goes on with IKE_AUTH. Takes req over. */
void configuration_provided_take(struct ike_sa *sa, struct cfg_request *req);
/* Append CP(CFG_REPLY) and what RFC 8983 wants, if there was a request. Before the SA payload. */
void configuration_write_reply(const struct ike_sa *sa, struct message *m);

/* -------- INFORMATIONAL -------- */

/* Answers a CP(CFG_REQUEST) there, such as for our version (2.20): with what needs no provider. */
void configuration_answer(const struct ike_message *request, struct message *m);
