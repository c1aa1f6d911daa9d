/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The updown option: a command of the administrator's that is run when a Child SA comes up and when
 * it goes down, for firewall rules, routes and accounting. It learns of the Child SA by environment
 * variables of the names that strongSwan's scripts know (PLUTO_VERB, PLUTO_MY_CLIENT ...), and is
 * run once for each pair of selectors.
 *
 * Processes are watched, not waited for. Commands of one Child SA run one after the other, in the
 * order of its events; one that takes longer than UPDOWN_TIME is killed. Main thread only.
 */
#include <stdbool.h>
#include "pdk/base/time.h"

struct ike_sa_info;
struct loop;
struct updown;

#define UPDOWN_TIME    DURATION_S(30) /* for each run */
#define UPDOWN_AT_ONCE 8              /* processes; more wait */
#define UPDOWN_WAITING 4096           /* events; more are logged and left out */

/* -ENOMEM. limit: UPDOWN_TIME, less in tests. */
int updown_new(struct loop *loop, struct duration limit, struct updown **ret_updown);
/*
 * Runs what waits, for no longer than limit altogether, and kills what is left. Takes NULL, returns
 * NULL.
 */
struct updown *updown_free(struct updown *u);

/*
 * The one Child SA in info has come up, or gone down. Takes info over. Nothing happens when it has
 * no command.
 */
void updown_event_take(struct updown *u, bool up, struct ike_sa_info *info);
/* Events that are not worked off yet. */
unsigned updown_waiting(const struct updown *u);
