/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Inside of a loop, for the files of this folder.
 */
#include <pthread.h>
#include <liburing.h>
#include "pdk/base/heap.h"
#include "pdk/base/list.h"
#include "pdk/base/time.h"
#include "pdk/loop/loop.h"

struct buffer_ring;

struct loop {
	struct io_uring ring;
	pthread_t owner;
	struct instant now;
	bool stop;

	struct heap timers;
	uint64_t timer_seq; /* of the last arming */

	struct list queue; /* operations that wait for a submission slot */
	size_t busy;       /* operations that are not idle */
	struct list deferred;

	struct buffer_ring *datagram_buffers; /* or NULL */
	uint16_t next_buffer_group;

	struct loop_counters counters;
	char description[96];
};

/* loop.c: as loop_new(), without the first of the ring's setups, as an older kernel has it; for
 * tests. */
#define LOOP_SETUPS 3
int loop_new_from_setup(size_t first_setup, struct loop **ret_loop);

/* op.c: submit what waits in the queue, as far as there are slots. Runs done() of what was
 * cancelled. */
void loop_serve_queue(struct loop *loop);
/* op.c: hand one completion to its operation. */
void loop_dispatch(struct loop *loop, uint64_t user_data, int res, uint32_t flags);

/* timer.c: the order of the heap. */
bool loop_timer_before(const struct heap_node *a, const struct heap_node *b);
/* timer.c: when the first timer is due, or INSTANT_NEVER. */
struct instant loop_next_timer(const struct loop *loop);
/* timer.c: run what is due at loop->now; how many were. */
unsigned loop_run_timers(struct loop *loop);
