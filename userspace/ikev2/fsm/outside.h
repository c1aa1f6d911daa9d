/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Messages outside an IKE SA (RFC 7296 1.5, 2.21.4): answers to what belongs to none, and what is
 * made of errors that anybody could have sent.
 */
#include "ikev2/codec/message.h"
#include "pdk/net/netaddr.h"

struct ike_core;
struct ike_sa;

/* No IKE SA has these SPIs: a request is told so, with INVALID_IKE_SPI. */
void outside_unknown_spi(struct ike_core *core, const struct netaddr *local,
			 const struct netaddr *remote, const struct ike_header *h);

/* A major version above ours (2.5): a request is told which is ours. */
void outside_other_version(struct ike_core *core, const struct netaddr *local,
			   const struct netaddr *remote, const struct ike_header *h);

/*
 * A message in clear that names sa, but isn't of IKE_SA_INIT. If it is an error, that is a hint
 * that the peer has lost the SA (2.4): it is asked, unless something else was heard of it lately.
 */
void outside_hint(struct ike_sa *sa, const struct ike_message *m);
