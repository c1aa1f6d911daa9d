/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Time in the life of an IKE SA. Each SA has one deadline, always computed anew from what it is
 * waiting for; the core's heap of SAs by deadline is the only timer there is.
 */
#include "pdk/base/time.h"

struct ike_core;
struct ike_sa;

/* What sa waits for has changed. */
void timers_update(struct ike_sa *sa);
/* sa is established: starts its keepalives, when it needs them. */
void timers_keep_alive(struct ike_sa *sa);
/* Runs whatever is due by core->now. */
void timers_run(struct ike_core *core);
/* The order of the heap. */
struct heap_node;
bool timers_before(const struct heap_node *a, const struct heap_node *b);
