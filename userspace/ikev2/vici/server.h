/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The control server: strongSwan's VICI protocol over a UNIX socket, on the main thread's loop. All
 * of it is main thread only. A client that sends garbage is cut off; one that stops reading loses
 * events, then its connection; one that vanishes leaves its requests to end unseen.
 */
#include <stddef.h>
#include <sys/types.h>
#include "ikev2/vici/backend.h"

struct loop;
struct log_record;
struct vici_server;

struct vici_server_options {
	mode_t mode;             /* of the socket file, 0: 0600 */
	size_t max_clients;      /* 0: 256; one more is turned away */
	struct duration stalled; /* a client that reads nothing for so long is cut off; 0: 30 s */
	const char *version;     /* of the daemon, for "version" */
};

/*
 * Listen at path. The backend and ctx must outlive the server; options may be NULL and are copied
 * (version isn't). -EADDRINUSE when another daemon answers there, -ENOMEM, -errno of the socket.
 */
int vici_server_new(struct loop *loop, const char *path, const struct vici_backend *backend,
		    void *ctx, const struct vici_server_options *options,
		    struct vici_server **ret_server);
/*
 * Closes the socket and every connection. Tokens that are still out must be ended all the same; the
 * functions to do so stay good. Takes NULL, returns NULL.
 */
struct vici_server *vici_server_free(struct vici_server *server);

struct vici_server_counters {
	uint64_t clients, refused, garbage, stalled; /* connections: all, turned away, cut off */
	uint64_t requests, events, events_dropped;
	size_t connected, outstanding; /* now: clients, tokens */
};
const struct vici_server_counters *vici_server_counters(const struct vici_server *server);

/* -------- events for whoever registered -------- */

/* An IKE SA was established or is gone. */
void vici_event_ike_updown(struct vici_server *server, bool up, const struct ike_sa_info *ike);
/* A Child SA (the one at index child of ike) was installed or is gone. */
void vici_event_child_updown(struct vici_server *server, bool up, const struct ike_sa_info *ike,
			     size_t child);
/* An IKE SA has taken the place of old. */
void vici_event_ike_rekey(struct vici_server *server, const struct ike_sa_info *old,
			  const struct ike_sa_info *ike);
/* The second Child SA of ike has taken the place of the first. */
void vici_event_child_rekey(struct vici_server *server, const struct ike_sa_info *ike);
/* A line of the log. */
void vici_event_log(struct vici_server *server, const struct log_record *record);
/* Does anybody want "log" events? Any thread: a sink needn't copy lines for nobody. */
bool vici_server_wants_log(const struct vici_server *server);
