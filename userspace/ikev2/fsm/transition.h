/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The table of what may come when: one row for each story that RFC 7296 tells. What may stand in
 * clear and what must be encrypted is part of the row, and so is what must be inside.
 */
#include "ikev2/codec/message.h"
#include "ikev2/fsm/state.h"
#include "ikev2/fsm/verdict.h"

/* A set of payload types. All that we know lie within 64 numbers of the first. */
#define PAYLOAD_BIT(type) (1ull << ((type)-IKE_PAYLOAD_SA))

/* A set of states. */
#define STATE_BIT(state) (1u << (state))
/* For transition.to: the state stays what it is, whichever it is. */
#define TRANSITION_STAYS IKE_STATE_N

struct transition {
	const char *story;
	unsigned from; /* STATE_BIT()s */
	int to;        /* enum ike_state or TRANSITION_STAYS */
	enum ike_exchange exchange;
	bool request;      /* else a response */
	bool encrypted;    /* inside an SK payload whose ICV was right */
	uint64_t required; /* payloads that must be there, each at least once */
	uint16_t notify;   /* a notify that must be there as well; 0: none */
	bool error_notify; /* any error notify must be there as well */
	/*
	 * Takes the message. For requests it also sends the response, or has it sent later. On
	 * FSM_OK the state becomes `to`, unless the action has closed the SA.
	 */
	enum fsm_verdict (*action)(struct ike_sa *sa, const struct ike_message *m);
};

/*
 * The first row that fits the SA's state and the message. NULL when there is none; *ret_missing
 * then tells whether one would have fitted but for payloads that are missing.
 */
const struct transition *transition_find(enum ike_state state, const struct ike_message *m,
					 bool encrypted, bool *ret_missing);

/* All rows, for the test that walks them and the table in the docs. */
const struct transition *transition_table(size_t *ret_n);

/* May the state change this way? By a row of the table or by what ends an SA at any time. */
bool transition_allows(enum ike_state from, enum ike_state to);
