/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The other end of the control protocol: a client that waits for its answers, for the command line
 * tool and for tests. Nothing for a daemon. One thread.
 */
#include <stdbool.h>
#include "pdk/base/bytes.h"
#include "pdk/base/time.h"

struct vici_client;

/* -errno of connect(), -ENAMETOOLONG, -ENOMEM. */
int vici_client_connect(const char *path, struct vici_client **ret_client);
/* Takes NULL, returns NULL. */
struct vici_client *vici_client_free(struct vici_client *c);

/* The longest that a function waits for the next octet; 0 (the default): for ever. */
void vici_client_set_timeout(struct vici_client *c, struct duration timeout);

/* An event. Non-zero ends the call with that value. The bytes are good until it returns. */
typedef int (*vici_client_event_fn)(struct bytes name, struct bytes message, void *data);

/*
 * All functions below: 0, what fn returned, -ETIMEDOUT, -ECONNRESET (the daemon closed the
 * connection), -EBADMSG (it sent what it shouldn't), -EMSGSIZE, -ENOMEM, -errno. After an error the
 * client is good for nothing but vici_client_free().
 */

/* -ENOENT: the daemon has no such event (the client stays good). */
int vici_client_register(struct vici_client *c, const char *event);
int vici_client_unregister(struct vici_client *c, const char *event);

/*
 * Send a command with its message (maybe empty) and wait for the response; events that come
 * meanwhile go to fn, or nowhere with NULL. *ret_response is good until the next call. -ENOENT: the
 * daemon has no such command (the client stays good).
 */
int vici_client_call(struct vici_client *c, const char *command, struct bytes message,
		     vici_client_event_fn fn, void *data, struct bytes *ret_response);

/* Give events to fn until it returns non-zero. */
int vici_client_events(struct vici_client *c, vici_client_event_fn fn, void *data);

/* The socket, for tests. */
int vici_client_fd(const struct vici_client *c);
