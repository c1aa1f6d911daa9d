/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * From the log of all threads to the "log" events of the control server: a sink that copies lines
 * for the main thread while somebody listens there, and drops them when that falls behind.
 */
#include <stdint.h>

struct mailbox;
struct vici_log_feed;
struct vici_server;

/* Lines on their way to the main thread, at most. */
#define VICI_LOG_FEED_MAX 1024

/*
 * Registers the sink. mailbox is the main thread's, the one that server runs on. Main thread.
 * -ENOMEM, -ENOSPC (see log_add_sink()).
 */
int vici_log_feed_new(struct vici_server *server, struct mailbox *mailbox,
		      struct vici_log_feed **ret_feed);
/* Before the server and the mailbox are freed. Main thread. Takes NULL, returns NULL. */
struct vici_log_feed *vici_log_feed_free(struct vici_log_feed *feed);

/* Lines that were dropped. Any thread. */
uint64_t vici_log_feed_dropped(const struct vici_log_feed *feed);
