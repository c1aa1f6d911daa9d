/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What follows when the peer refuses for now: TEMPORARY_FAILURE is waited out, and not for ever
 * (RFC 7296 2.25).
 */
#include <stdbool.h>
#include <stdint.h>

struct child_sa;
struct ike_sa;

/*
 * The peer has answered CREATE_CHILD_SA with this error (IKE_NOTIFY_*). True: for minutes it has
 * been TEMPORARY_FAILURE and nothing else, the two sides are out of step, and the IKE SA has been
 * closed.
 */
bool refusal_lasts(struct ike_sa *sa, uint16_t notify);

/* Rekey it later, as long as it lives: it is installed, as before. */
void refusal_retry_child(struct child_sa *child);
/* Ask for a new one again later. False: it has been asked for often enough. */
bool refusal_retry_create(struct child_sa *child);
/* Rekey the IKE SA later. */
void refusal_retry_ike(struct ike_sa *sa);
