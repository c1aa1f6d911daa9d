/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * DNS servers that peers have told us along with internal addresses (RFC 7296 3.15.1): the host's
 * resolver is told of them by the program resolvconf, or where there is none by a file of the form
 * of resolv.conf(5), if the configuration names one. That blocks, so jobs do it, one at a time.
 */
#include <stdbool.h>
#include "pdk/net/netaddr.h"
#include "ikev2/policy/settings.h"

struct jobs;
struct mailbox;
struct resolve;

/* What resolvconf knows ours by: one record with all servers, which is the daemon's alone. */
#define RESOLVE_INTERFACE "lo.postern"

/*
 * Begins with removing what an earlier process left. settings as of now are those for good.
 * mailbox: of the main thread. -ENOMEM.
 */
int resolve_new(const struct ike_settings *settings, struct jobs *jobs, struct mailbox *mailbox,
		struct resolve **ret_resolve);
/* No more jobs: they are about to end. Takes NULL. Main thread. */
void resolve_end(struct resolve *r);
/* When mailbox is gone: removes what is left at once. Takes NULL, returns NULL. */
struct resolve *resolve_free(struct resolve *r);

/* A server comes or goes; several may tell the same one. Any thread. r may be NULL. */
void resolve_post(struct resolve *r, bool add, const struct netaddr *addr);
