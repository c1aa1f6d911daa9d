/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A control server on a thread of its own, with a daemon behind it that only pretends. The test's
 * thread talks to it through the socket, and looks at it inside fake_run().
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include "pdk/loop/loop.h"
#include "pdk/loop/timer.h"
#include "pdk/worker/mailbox.h"
#include "ikev2/policy/config.h"
#include "ikev2/vici/client.h"
#include "ikev2/vici/log_feed.h"
#include "ikev2/vici/message.h"
#include "ikev2/vici/server.h"

#define FAKE_HELD_MAX 8

struct fake {
	char dir[64], path[128];
	pthread_t thread;
	struct loop *loop;
	struct mailbox *mailbox;
	struct vici_server *server;
	struct vici_log_feed *feed;
	struct vici_server_options options;
	struct ike_config *config;

	/* What list_sas pretends. */
	size_t n_sas, n_children, page_size, pages_asked;
	bool late_pages; /* answer from a timer instead of from within the call */
	struct loop_timer page_timer;
	struct vici_request *page_req;
	uint64_t page_cursor;

	/* What initiate and terminate do. */
	bool hold;           /* keep tokens for fake_end_held() */
	const char *failure; /* fail with this text */
	struct vici_request *held[FAKE_HELD_MAX];
	size_t n_held;
	char last_ike[64], last_child[64]; /* "-": NULL */
	uint32_t last_ike_id, last_child_id;
	bool last_force;
	uint64_t n_leases; /* that each pool pretends to have: an offline one, the rest online */
	unsigned initiated, terminated, reauthenticated, installed, uninstalled, reloads, flushes;
	unsigned rekeyed, children_rekeyed;
	bool traps;
};

/* Made before the thread starts; change options and figures between _init and _start. */
void fake_init(struct fake *f);
int fake_start(struct fake *f);
/* Ends tokens that are held, stops the thread, frees all. */
void fake_fini(struct fake *f);

/* Run fn on the server's thread and wait for it. */
void fake_run(struct fake *f, void (*fn)(struct fake *f));
/* End all held tokens with success. On the server's thread. */
void fake_end_held(struct fake *f);

/* A copy of the server's counters. */
struct vici_server_counters fake_counters(struct fake *f);
/* Wait until pred() holds, 10 s at most: false when it never did. */
bool fake_wait(struct fake *f, bool (*pred)(struct fake *f));

/*
 * IKE SA number i with its children: "net" with the same number, then "voice", counted on from
 * there. NULL without memory.
 */
struct ike_sa_info *fake_sa(uint32_t i, size_t n_children);
