/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Which child of a connection answers an offer of traffic selectors, and what it makes of them: RFC
 * 7296 2.9.
 */
#include <stdbool.h>
#include "ikev2/codec/proposal.h"
#include "ikev2/codec/ts.h"
#include "ikev2/policy/connection.h"

/* What the initiator asks for, from the responder's side, and where both are. */
struct child_request {
	struct ts_list local, remote; /* TSr, TSi */
	bool transport;               /* USE_TRANSPORT_MODE (1.3.1) */
	struct netaddr local_host, remote_host;
	/* Internal addresses, which dynamic stands for then (2.19); none: it is the hosts. */
	const struct netaddr *local_internal, *remote_internal;
	size_t n_local_internal, n_remote_internal;
	/* What a child has to have a proposal of; NULL: whatever it has will do. */
	const struct proposal_list *offer;
	bool without_ke; /* IKE_AUTH has no key exchange for the Child SA (1.2) */
};

struct child_choice {
	const struct child_conf *conf;
	struct ts_list local, remote; /* narrowed; the initiator's first choice first if it is in */
	bool transport;               /* asked for, configured, and from host to host */
	/*
	 * Another child would take what this one leaves out: the initiator may ask for that, too
	 * (ADDITIONAL_TS_POSSIBLE).
	 */
	bool more;
};

/*
 * Among the children whose selectors and proposals have anything in common with the request comes
 * first which holds the
 * initiator's first selectors, as these are of the packet that it wants to send; then which holds
 * all of the request, then which is of the mode that is asked for, then which is configured first.
 * 0, or CHILD_NO_SELECTORS, or CHILD_NO_PROPOSAL when it is only the proposals that nobody has.
 */
enum child_refusal { CHILD_NO_SELECTORS = 1, CHILD_NO_PROPOSAL };
int child_choose(const struct connection *conn, const struct child_request *request,
		 struct child_choice *ret_choice);

/*
 * Rekeying: of the configuration that the old one has. Also CHILD_NO_SELECTORS when less would
 * result than what is in use (2.9.2).
 */
int child_choose_again(const struct child_conf *conf, const struct ts_list *local_in_use,
		       const struct ts_list *remote_in_use, const struct child_request *request,
		       struct child_choice *ret_choice);
