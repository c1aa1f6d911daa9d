/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Received fragments (RFC 7383 2.6), on their way between the window and the transition table: a
 * fragment that completes its message becomes that message.
 */
#include "ikev2/codec/message.h"

struct ike_sa;

enum fragment_verdict {
	FRAGMENT_IGNORED,  /* counted; as if it had never come */
	FRAGMENT_STORED,   /* authentic: the message needs more of them */
	FRAGMENT_COMPLETE, /* m is the whole message */
	FRAGMENT_TOO_MUCH, /* authentic, and more than a message can be: the SA has to go (5) */
};

/*
 * Take the fragment in m, which fits the window. Complete: the inner payloads are appended to m,
 * *ret_verdict and ret_fault are of ike_message_append_inner(), and the memory that they are views
 * of is *ret_whole: free() it with m.
 */
enum fragment_verdict fragment_take(struct ike_sa *sa, struct ike_message *m, int *ret_verdict,
				    struct ike_fault *ret_fault, uint8_t **ret_whole);

/* Is m the authentic first fragment of a request that has been answered? (2.6.1) */
bool fragment_asks_again(struct ike_sa *sa, struct ike_message *m);

/* A message has come whole: what there is of its fragments is of no use any more. */
void fragment_forget(struct ike_sa *sa, const struct ike_message *m);
