/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * ESP by the network device (`hw_offload`). The kernel doesn't say that a device can't: it ignores
 * the attribute where it is built without, and goes on in software where the device has no such
 * functions. So what was asked for is read back. The netlink thread's: it waits for the kernel.
 */
#include "ikev2/ipsec/ipsec.h"

struct netlink_socket;

/*
 * The device that has the local address of sa, into sa->ifindex. 0; -ENODEV: none has, unless that
 * doesn't matter (auto: then there is no offloading). -errno.
 */
int xfrm_offload_bind(struct ipsec_sa *sa);
/* The same for policies of packet offload. */
int xfrm_offload_bind_policy(struct ipsec_policy *policy);

/* Does the device work on sa? 0; -EOPNOTSUPP: the kernel does so itself. -errno. */
int xfrm_offload_check(struct netlink_socket *s, const struct ipsec_sa *sa);

/* Something of req that tried offloading may do without, and does from now on. */
bool xfrm_offload_lower(struct ipsec_request *req);

/* "eth0 does not offload ESP", for the error of req. size: of text. */
void xfrm_offload_explain(const struct ipsec_sa *sa, int err, char *text, size_t size);
