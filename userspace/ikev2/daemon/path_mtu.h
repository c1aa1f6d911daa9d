/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What the kernel knows of the path to a peer: the interface's MTU, or less where a router has said
 * so. Asks without sending anything and without waiting. Any thread.
 */
#include <stddef.h>
#include "pdk/net/netaddr.h"

struct ipsec;

/* The longest IP datagram, in octets, from local to remote; 0: not known. */
size_t path_mtu(struct ipsec *ipsec, const struct netaddr *local, const struct netaddr *remote);
