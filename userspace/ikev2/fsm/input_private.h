/* SPDX-License-Identifier: MIT */
#pragma once
/* What the files behind fsm/input.h share. */

struct ike_core;

/* Every input ends here: what died during it is freed. */
void input_end(struct ike_core *core);
