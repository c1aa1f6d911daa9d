/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * How the handling of a message that the transition table allowed ends.
 */

enum fsm_verdict {
	FSM_OK,	    /* go on to the state that the table names */
	FSM_STAY,   /* handled; the state stays, or was changed by the action */
	FSM_SYNTAX, /* what was authenticated is malformed: INVALID_SYNTAX (RFC 7296 2.21.3) */
};
