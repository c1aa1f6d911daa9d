/* SPDX-License-Identifier: MIT */
#pragma once
/* What the files behind fsm/input.h share. */

#include <stdbool.h>
#include <stdint.h>

struct child_sa;
struct ike_acquire;
struct ike_core;
struct ike_sa;

/* Every input ends here: what died during it is freed. */
void input_end(struct ike_core *core);

/*
 * Delete sa and tell the peer; force: tell it once and don't wait. token: who is told when it is
 * gone, 0: nobody. why: static text. Without a reason in sa->end it was a user's wish.
 */
void input_terminate_ike(struct ike_sa *sa, bool force, uint64_t token, const char *why);
