/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * UNIX stream sockets on a loop: a listener and connections. A connection has a bounded queue of
 * what its peer hasn't read yet; one that goes beyond it is cut off, so no peer can stall or swell
 * the daemon. Owner thread only.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include "pdk/base/bytes.h"

struct loop;
struct stream;
struct stream_listener;

/* -------- listener -------- */

/* A new connection, which is the callback's from then on: stream_set_handlers() or stream_free().
 */
typedef void (*stream_accept_fn)(struct stream *s, void *data);

/*
 * Listen at path with file permissions mode (0600, 0660). A socket that is there already and that
 * nobody listens on any more is replaced. -EADDRINUSE when somebody answers or when path is no
 * socket, -ENAMETOOLONG, -ENOMEM, -errno of socket(), bind(), listen().
 */
int stream_listen_unix(struct loop *loop, const char *path, mode_t mode, stream_accept_fn accept,
		       void *data, struct stream_listener **ret_listener);
/* Removes the path when it is still ours. Connections go on. Takes NULL, returns NULL. */
struct stream_listener *stream_listener_free(struct stream_listener *l);

/* -------- connection -------- */

#define STREAM_QUEUE_DEFAULT (256 * 1024)

/* Octets have come. May free the stream. */
typedef void (*stream_read_fn)(struct stream *s, struct bytes in, void *data);
/*
 * The connection is over: err is 0 when the peer closed it, -ENOBUFS when it was cut off because it
 * didn't read, else -errno. Called once, never from within stream_write(); frees the stream
 * (stream_free()) at some time. Not called after stream_free().
 */
typedef void (*stream_closed_fn)(struct stream *s, int err, void *data);

/* Connect to path. Doesn't wait: -EAGAIN when the listener's backlog is full, -errno of connect().
 */
int stream_connect_unix(struct loop *loop, const char *path, struct stream **ret_stream);
/* Reading starts with this call. */
void stream_set_handlers(struct stream *s, stream_read_fn read, stream_closed_fn closed,
			 void *data);
/*
 * Ask to be told, with the data of the handlers, each time everything that was queued has been
 * sent: the moment to go on with a long answer. May free the stream. NULL: don't tell.
 */
typedef void (*stream_drained_fn)(struct stream *s, void *data);
void stream_set_drained(struct stream *s, stream_drained_fn drained);
/* Most octets that may wait to be read by the peer. */
void stream_set_queue_limit(struct stream *s, size_t octets);

/*
 * Send, or queue what can't be sent now. 0; -ENOBUFS when it goes beyond the limit: the stream
 * takes nothing more and closed() follows; -EPIPE when it is over already.
 */
int stream_write(struct stream *s, struct bytes out);
/* Octets that are queued. */
size_t stream_queued(const struct stream *s);
/* Read no more, and end (closed() with 0) once all that was written is sent. */
void stream_finish(struct stream *s);
/* Closes at once; what is still queued is lost. Takes NULL, returns NULL. */
struct stream *stream_free(struct stream *s);

/* Who is at the other end (SO_PEERCRED). -errno. */
int stream_peer(const struct stream *s, struct ucred *ret_cred);
