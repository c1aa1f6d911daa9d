/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Child SAs in UDP whose peer's port changes, because a NAT on the way has given it another
 * (RFC 7296 2.23). The kernel takes new ports for an SA only together with all else it was told
 * about it, so that is kept, keys included, for SAs in UDP; nothing is for others.
 *
 * A new address is another matter: an outbound SA is named by where it goes to. It takes new SAs.
 */
#include <stdbool.h>

struct child_sa;
struct ipsec_request;
struct ipsec_sa;

struct child_ports;

/* The kernel is being told of sa, one direction of child. -ENOMEM. */
int child_ports_keep(struct child_sa *child, const struct ipsec_sa *sa);

/*
 * Tell the kernel the ports that the IKE SA now has, if they differ from those it was told; while
 * it has not answered about the SAs, nothing, so call again then. False: it takes more than that,
 * since the peer's address is another one.
 */
bool child_ports_follow(struct child_sa *child);
/* The kernel has taken the ports, or refused them. */
void child_ports_answered(struct child_sa *child);

/* The end: wipes. */
void child_ports_forget(struct child_sa *child);
