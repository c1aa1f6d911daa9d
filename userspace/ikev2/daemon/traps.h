/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Trap policies: the kernel asks for an SA when a packet matches (start_action = trap, or the
 * control command "install"). Main thread only.
 */
#include <stdbool.h>

struct child_conf;
struct connection;
struct ike_config;
struct ipsec_acquire;
struct posternd;
struct vici_request;

/*
 * Installing twice is fine. req: the client that wants it, or NULL; it is answered when the kernel
 * has taken it, or has refused it, which is logged, too, and may be tried again.
 */
void trap_install(struct posternd *d, const struct connection *conn, const struct child_conf *child,
		  struct vici_request *req);
/* False when there is none. */
bool trap_uninstall(struct posternd *d, const char *conn, const char *child);
/* Or asked for, with the kernel's answer on its way. */
bool trap_installed(const struct posternd *d, const char *conn, const char *child);

/* After the configuration has changed: install the traps that the new one asks for, then take away
 * those of what is gone or has changed. */
void traps_follow_config(struct posternd *d);
/* Forget all; the kernel's are the backend's to remove. */
void traps_fini(struct posternd *d);

/* The kernel asks for an SA. */
void trap_acquire(struct posternd *d, const struct ipsec_acquire *acquire);

/*
 * Our address and the peer's for a connection that we begin. False: it names no single peer, or
 * there is no way to it; *ret_why is static text then.
 */
struct netaddr;
bool connection_endpoints(const struct posternd *d, const struct connection *conn,
			  struct netaddr *ret_local, struct netaddr *ret_remote,
			  const char **ret_why);
