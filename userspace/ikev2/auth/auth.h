/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Authentication of both sides in IKE_AUTH: RFC 7296 2.15. Which method is used is the
 * connection's choice; today that is a shared key.
 */
#include "ikev2/codec/payload.h"
#include "ikev2/sa/ike_sa.h"

/*
 * Append our AUTH payload body to w. id: body of our ID payload. 0; -ENOKEY: no secret fits the
 * identities; -ENOTSUP; or what crypto says.
 */
int auth_write(struct ike_sa *sa, struct bytes id, struct writer *w);

/*
 * Is auth what the peer, and nobody else, could have made? id: body of its ID payload as it came.
 * 0; -EACCES: it isn't; -ENOKEY: no secret fits; -ENOTSUP: it uses another method than the
 * connection asks for; or what crypto says.
 */
int auth_verify(struct ike_sa *sa, struct bytes id, const struct ike_auth *auth);

/* The error of one of the above in words, for the log. */
const char *auth_strerror(int err);
