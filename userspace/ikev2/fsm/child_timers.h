/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Time in the life of a Child SA (RFC 7296 2.8).
 */
#include "pdk/base/time.h"

struct child_sa;
struct deadline;

/* It has just been installed: from now on it ages. */
void child_timers_start(struct child_sa *child);
/* What child waits for has changed. */
void child_timers_update(struct child_sa *child);
/* The deadline of a Child SA. */
void child_timers_due(struct deadline *d);
