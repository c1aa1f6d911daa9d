/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Watch a file descriptor for readiness: poll() on the ring, level-triggered, for everything that
 * has no operation of its own here (netlink event sockets, signalfd, pipes, libraries'
 * descriptors). Owner thread only.
 */
#include <poll.h>
#include <stdint.h>

struct loop;
struct loop_watch;

/*
 * events: what is ready (POLLIN, POLLOUT, POLLERR, POLLHUP ...). Called again while it stays ready.
 * POLLNVAL: the descriptor can't be watched; not called again. The callback may free the watch.
 */
typedef void (*watch_fn)(struct loop_watch *watch, uint32_t events, void *data);

/* Watch fd, which stays the caller's, for the events (0: nothing yet). -ENOMEM. */
int watch_new(struct loop *loop, int fd, uint32_t events, watch_fn fn, void *data,
	      struct loop_watch **ret_watch);
/* Not called again after this; the fd may be closed at once. Takes NULL, returns NULL. */
struct loop_watch *watch_free(struct loop_watch *w);

/* Change what is watched for; 0 stops for now. */
void watch_set_events(struct loop_watch *w, uint32_t events);
