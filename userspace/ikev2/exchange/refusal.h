/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What follows when the peer refuses for now: TEMPORARY_FAILURE is waited out, and not for ever
 * (RFC 7296 2.25).
 */
#include <stdbool.h>

struct child_sa;
struct ike_sa;

/*
 * The peer has answered TEMPORARY_FAILURE. True: it has done so for minutes, the two sides are out
 * of step, and the IKE SA has been closed.
 */
bool refusal_temporary(struct ike_sa *sa);

/* Rekey it later, as long as it lives: it is installed, as before. */
void refusal_retry_child(struct child_sa *child);
/* Ask for a new one again later. False: it has been asked for often enough. */
bool refusal_retry_create(struct child_sa *child);
/* Rekey the IKE SA later. */
void refusal_retry_ike(struct ike_sa *sa);
