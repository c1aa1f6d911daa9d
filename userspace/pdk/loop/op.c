/* SPDX-License-Identifier: MIT */
#include "pdk/loop/op.h"

#include <assert.h>
#include <errno.h>

#include "pdk/loop/loop_private.h"

/*
 * An operation that finds no submission slot, even after what is prepared was handed to the kernel,
 * waits in the loop's queue; so does a cancellation. The order of the queue is the order of
 * submission: once something waits, what comes later waits behind it.
 *
 * A cancellation names its operation by address. It can't hit another operation that came to live
 * at the same address: that one's submission stands behind the cancellation, which then finds
 * nothing.
 */

static struct io_uring_sqe *loop_slot(struct loop *loop)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&loop->ring);

	if (!sqe && io_uring_submit(&loop->ring) > 0)
		sqe = io_uring_get_sqe(&loop->ring);
	if (!sqe)
		loop->counters.sq_full++;
	return sqe;
}

void loop_op_init(struct loop_op *op, struct loop *loop, loop_op_prep_fn prep, loop_op_done_fn done)
{
	*op = (struct loop_op){ .loop = loop, .prep = prep, .done = done };
	list_init(&op->node);
}

static void loop_op_submit(struct loop_op *op, struct io_uring_sqe *sqe)
{
	op->prep(op, sqe);
	io_uring_sqe_set_data(sqe, op);
	op->state = LOOP_OP_FLYING;
}

/* The completion of the cancellation itself has no user_data and tells nothing new. */
static void loop_op_submit_cancel(struct loop_op *op, struct io_uring_sqe *sqe)
{
	io_uring_prep_cancel(sqe, op, 0);
	io_uring_sqe_set_data(sqe, NULL);
	op->state = LOOP_OP_FLYING;
}

void loop_op_start(struct loop_op *op)
{
	struct loop *loop = op->loop;
	struct io_uring_sqe *sqe = NULL;

	assert(op->state == LOOP_OP_IDLE);
	loop_check_owner(loop);
	op->cancelled = false;
	loop->busy++;
	if (list_empty(&loop->queue))
		sqe = loop_slot(loop);
	if (sqe) {
		loop_op_submit(op, sqe);
	} else {
		op->state = LOOP_OP_QUEUED;
		list_append(&loop->queue, &op->node);
	}
}

void loop_op_cancel(struct loop_op *op)
{
	struct io_uring_sqe *sqe = NULL;

	if (op->state == LOOP_OP_IDLE || op->cancelled)
		return;
	loop_check_owner(op->loop);
	op->cancelled = true;
	if (op->state == LOOP_OP_QUEUED)
		return; /* found by loop_serve_queue() */
	if (list_empty(&op->loop->queue))
		sqe = loop_slot(op->loop);
	if (sqe) {
		loop_op_submit_cancel(op, sqe);
	} else {
		op->state = LOOP_OP_STOPPING;
		list_append(&op->loop->queue, &op->node);
	}
}

void loop_serve_queue(struct loop *loop)
{
	struct io_uring_sqe *sqe;
	struct loop_op *op;

	while ((op = list_first(&loop->queue, struct loop_op, node))) {
		if (op->state == LOOP_OP_QUEUED && op->cancelled) {
			list_remove(&op->node);
			op->state = LOOP_OP_IDLE;
			loop->busy--;
			op->done(op, -ECANCELED, 0);
			continue;
		}
		sqe = loop_slot(loop);
		if (!sqe)
			return;
		list_remove(&op->node);
		if (op->state == LOOP_OP_QUEUED)
			loop_op_submit(op, sqe);
		else
			loop_op_submit_cancel(op, sqe);
	}
}

void loop_dispatch(struct loop *loop, uint64_t user_data, int res, uint32_t flags)
{
	struct loop_op *op = (struct loop_op *)(uintptr_t)user_data;

	if (!op)
		return;
	if (!(flags & IORING_CQE_F_MORE)) {
		list_remove(&op->node);
		op->state = LOOP_OP_IDLE;
		loop->busy--;
	}
	op->done(op, res, flags);
}
