/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The age of an IKE SA: reauthentication (RFC 7296 2.8.3, RFC 4478) and the end of those that were
 * neither rekeyed nor authenticated anew in time (reauth_time, over_time). With make_before_break a
 * new IKE SA with all Child SAs comes up before the old one is deleted; else the old one is deleted
 * and fsm/revive.h brings its children up again.
 */
#include <stdint.h>
#include "pdk/base/time.h"

struct child_sa;
struct ike_message;
struct ike_sa;

/* sa has been established by IKE_AUTH: its age counts from now. */
void reauth_authenticated(struct ike_sa *sa);
/* sa takes the place of old by rekeying, which makes nobody authenticate: it is as old as that. */
void reauth_inherit(struct ike_sa *sa, const struct ike_sa *old);

/* What our answer to IKE_AUTH says about it (RFC 4478): seconds; 0: nothing. */
uint32_t reauth_lifetime(const struct ike_sa *sa);
/* m of the peer may say so: we authenticate anew in good time. */
void reauth_told(struct ike_sa *sa, const struct ike_message *m);

/* When sa is to be made anew, or has become too old; INSTANT_NEVER. */
struct instant reauth_time(const struct ike_sa *sa);
/* That time has come. */
void reauth_due(struct ike_sa *sa);
/* Another one is being made that is to take the place of old. */
bool reauth_under_way(const struct ike_sa *old);

/* A Child SA of sa has come up or has failed, or sa has none: perhaps it can take over. */
void reauth_progress(struct ike_sa *sa);
/* sa has died. */
void reauth_gone(struct ike_sa *sa);
