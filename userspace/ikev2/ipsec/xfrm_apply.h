/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Carries a request out, whole or not at all. On the netlink thread; waits for the kernel.
 */
#include "ikev2/ipsec/ipsec.h"
#include "ikev2/ipsec/xfrm_probe.h"
#include "ikev2/ipsec/xfrm_spd.h"

struct netlink_socket;

struct xfrm_kernel {
	struct netlink_socket *socket;
	struct xfrm_features features;
	struct xfrm_spd spd;
	struct ipsec_sa_observer *observer; /* hooks may be NULL */
};

/* Fills err, error_text and the results of all operations, as ipsec.h promises. */
void xfrm_apply(struct xfrm_kernel *k, struct ipsec_request *req);
