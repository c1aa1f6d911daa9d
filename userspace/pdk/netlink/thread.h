/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A thread for netlink requests: takes letters in order and runs each with a blocking socket at
 * hand, so that no loop ever waits for the kernel's configuration locks. Letters are struct mail as
 * between mailboxes: embedded, posted without allocation; the answer goes back by mailbox_post().
 */
#include "pdk/worker/mailbox.h"

struct netlink_socket;
struct netlink_thread;

/*
 * Starts a thread with all signals blocked. name (at most 15 bytes, static) is its name for ps and
 * for the log. Owns socket from now on, also on failure. -ENOMEM, -EAGAIN.
 */
int netlink_thread_new(const char *name, struct netlink_socket *socket_take,
		       struct netlink_thread **ret_thread);
/*
 * Owner only, when no sender is left: letters still waiting are run first, then the thread ends and
 * the socket is closed. Takes NULL, returns NULL.
 */
struct netlink_thread *netlink_thread_free(struct netlink_thread *t);

/* Any thread. run(mail) is called on the netlink thread; the letter is its own from then on. */
void netlink_thread_post(struct netlink_thread *t, struct mail *mail, mail_deliver_fn run);

/* The thread's socket. Only for letters that run, and before the first letter is posted. */
struct netlink_socket *netlink_thread_socket(struct netlink_thread *t);
