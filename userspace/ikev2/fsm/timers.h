/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Time in the life of an IKE SA. Each has one deadline, always computed anew from what it is
 * waiting for.
 */
#include "pdk/base/time.h"

struct deadline;
struct ike_core;
struct ike_sa;

/* What sa waits for has changed. */
void timers_update(struct ike_sa *sa);
/* sa is established: starts its keepalives, when it needs them. */
void timers_keep_alive(struct ike_sa *sa);
/* sa is established: from now on it ages. */
void timers_age(struct ike_sa *sa);
/* The deadline of an IKE SA. */
void timers_due(struct deadline *d);
/* Runs whatever is due by core->now, of IKE SAs and of Child SAs. */
void timers_run(struct ike_core *core);
