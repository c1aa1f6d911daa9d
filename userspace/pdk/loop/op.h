/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Operations on the ring, for those who build new kinds of sockets; everybody else uses watch.h,
 * timer.h, udp.h or stream.h. An operation is embedded in its owner and its address is the
 * user_data of the ring, so the owner lives until the operation is idle again (loop_op_busy() is
 * false): owners die in two phases, loop_op_cancel() and then free() in the callback. Owner thread
 * only.
 */
#include <stdbool.h>
#include <stdint.h>
#include <liburing.h>
#include "pdk/base/list.h"

struct loop;
struct loop_op;

/* Fill in a submission entry (io_uring_prep_*()); user_data is set by the loop afterwards. */
typedef void (*loop_op_prep_fn)(struct loop_op *op, struct io_uring_sqe *sqe);

/*
 * A completion: result or -errno, and IORING_CQE_F_*. Without IORING_CQE_F_MORE in flags it was the
 * last one, the operation is idle, and it may be started again or its memory freed here.
 */
typedef void (*loop_op_done_fn)(struct loop_op *op, int res, uint32_t flags);

enum loop_op_state {
	LOOP_OP_IDLE,
	LOOP_OP_QUEUED,   /* waits for a submission slot */
	LOOP_OP_FLYING,   /* the kernel has it */
	LOOP_OP_STOPPING, /* the kernel has it, and a cancellation waits for a submission slot */
};

struct loop_op {
	struct loop *loop;
	loop_op_prep_fn prep;
	loop_op_done_fn done;
	struct list node; /* in the loop's queue while QUEUED or STOPPING */
	enum loop_op_state state;
	bool cancelled; /* asked for; an operation that still succeeds says so all the same */
};

void loop_op_init(struct loop_op *op, struct loop *loop, loop_op_prep_fn prep,
		  loop_op_done_fn done);

/* The operation must be idle. Never fails: without a free slot it is queued for the next turn. */
void loop_op_start(struct loop_op *op);

/* Asks for an early end: done() still comes, in a later turn. Does nothing when idle. */
void loop_op_cancel(struct loop_op *op);

static inline bool loop_op_busy(const struct loop_op *op)
{
	return op->state != LOOP_OP_IDLE;
}
