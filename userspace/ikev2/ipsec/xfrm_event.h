/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The kernel's notices to key managers, taken apart. Pure functions over libnl messages.
 */
#include "ikev2/ipsec/ipsec.h"

struct nlmsghdr;

enum xfrm_event_type {
	XFRM_EVENT_ACQUIRE,
	XFRM_EVENT_EXPIRE,
	XFRM_EVENT_MAPPING,
};

struct xfrm_event {
	enum xfrm_event_type type;
	union {
		struct ipsec_acquire acquire;
		struct ipsec_expire expire;
		struct ipsec_mapping mapping;
	};
};

/* -EBADMSG when malformed; -ENOMSG for a message or protocol that isn't for us. */
int xfrm_event_parse(const struct nlmsghdr *h, struct xfrm_event *ret_event);

/* Calls the handler that fits, when the event is about an SA or policy with a reqid of ours. */
void xfrm_event_dispatch(const struct xfrm_event *e, const struct ipsec_events *events);
