/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What the requests of CREATE_CHILD_SA share, whatever they are for (RFC 7296 1.3).
 */
#include <stdbool.h>
#include <stdint.h>
#include "ikev2/codec/message.h"
#include "ikev2/fsm/verdict.h"

struct ike_sa;

/*
 * The IKE SA is being rekeyed or closed, by us or by the peer: nothing new is made under it, which
 * the peer is told with TEMPORARY_FAILURE (2.25.2).
 */
bool create_child_sa_busy(const struct ike_sa *sa);

/*
 * Answer with an error: method goes with INVALID_KE_PAYLOAD. After INVALID_SYNTAX the IKE SA is
 * closed (2.21.3). What to return from the action.
 */
enum fsm_verdict create_child_sa_refuse(struct ike_sa *sa, uint16_t notify, uint16_t method);

/* The requests, by what they are for: create_child_r.c, rekey_ike_r.c. */
enum fsm_verdict create_child_request(struct ike_sa *sa, const struct ike_message *m);
enum fsm_verdict rekey_ike_request(struct ike_sa *sa, const struct ike_message *m);
