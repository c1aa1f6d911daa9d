/* SPDX-License-Identifier: MIT */
#include "pdk/worker/mailbox.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "pdk/base/cleanup.h"
#include "pdk/loop/op.h"

/*
 * Letters are pushed on a stack by compare-and-swap; the receiver takes the whole stack at once and
 * turns it round, so nothing is ever popped singly and the letters of one sender keep their order.
 * Only the push on an empty stack wakes the receiver: one write to the eventfd for each batch. The
 * wake-up reads the eventfd through the ring, and the stack is taken after it, so a letter can't be
 * left behind.
 *
 * The object is held by the read in flight and, while letters are delivered, by mailbox_deliver();
 * after mailbox_free() whichever ends last frees it.
 */
struct mailbox {
	struct mail *stack; /* atomic: pushed by any thread */
	size_t waiting;     /* atomic: letters posted, and not yet delivered */
	int event_fd;

	/* owner only */
	struct loop_op read_op;
	uint64_t event_count; /* what the read writes */
	struct mail *batch;   /* taken, in order, not yet delivered */
	bool delivering, dead;
};

static void mailbox_take(struct mailbox *m)
{
	struct mail *mail = __atomic_exchange_n(&m->stack, NULL, __ATOMIC_ACQUIRE);
	struct mail *ordered = NULL;

	while (mail) {
		struct mail *next = mail->next;

		mail->next = ordered;
		ordered = mail;
		mail = next;
	}
	m->batch = ordered;
}

/* Deliver one batch. A letter may free the mailbox, which delivers the rest. */
static void mailbox_deliver(struct mailbox *m)
{
	struct mail *mail;

	m->delivering = true;
	while ((mail = m->batch)) {
		m->batch = mail->next;
		mail->next = NULL;
		__atomic_sub_fetch(&m->waiting, 1, __ATOMIC_RELAXED);
		mail->deliver(mail);
	}
	m->delivering = false;
}

static void mailbox_reap(struct mailbox *m)
{
	if (!m->dead || m->delivering || loop_op_busy(&m->read_op))
		return;
	close(m->event_fd);
	free(m);
}

static void mailbox_read_prep(struct loop_op *op, struct io_uring_sqe *sqe)
{
	struct mailbox *m = container_of(op, struct mailbox, read_op);

	io_uring_prep_read(sqe, m->event_fd, &m->event_count, sizeof(m->event_count), 0);
}

static void mailbox_read_done(struct loop_op *op, int res _unused_, uint32_t flags _unused_)
{
	struct mailbox *m = container_of(op, struct mailbox, read_op);

	if (!m->dead) {
		loop_op_start(&m->read_op);
		mailbox_take(m);
		mailbox_deliver(m);
	}
	mailbox_reap(m);
}

int mailbox_new(struct loop *loop, struct mailbox **ret_mailbox)
{
	struct mailbox *m = calloc(1, sizeof(*m));
	int err;

	if (!m)
		return -ENOMEM;
	/* Not EFD_NONBLOCK: the ring's read would then fail instead of waiting. */
	m->event_fd = eventfd(0, EFD_CLOEXEC);
	if (m->event_fd < 0) {
		err = -errno;
		free(m);
		return err;
	}
	loop_op_init(&m->read_op, loop, mailbox_read_prep, mailbox_read_done);
	loop_op_start(&m->read_op);
	*ret_mailbox = m;
	return 0;
}

struct mailbox *mailbox_free(struct mailbox *m)
{
	bool nested;

	if (!m)
		return NULL;
	/* Letters may post to their own mailbox once more while they are delivered. */
	nested = m->delivering;
	do {
		mailbox_deliver(m);
		mailbox_take(m);
	} while (m->batch);
	m->delivering = nested;
	m->dead = true;
	loop_op_cancel(&m->read_op);
	mailbox_reap(m);
	return NULL;
}

void mailbox_post(struct mailbox *m, struct mail *mail, mail_deliver_fn deliver)
{
	static const uint64_t one = 1;
	struct mail *top = __atomic_load_n(&m->stack, __ATOMIC_RELAXED);
	int event_fd = m->event_fd;

	mail->deliver = deliver;
	__atomic_add_fetch(&m->waiting, 1, __ATOMIC_RELAXED);
	do {
		mail->next = top;
	} while (!__atomic_compare_exchange_n(&m->stack, &top, mail, true, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED));
	/* Can't block: the count would have to reach 2^64 - 1. */
	if (!top && write(event_fd, &one, sizeof(one)) < 0)
		abort();
}

size_t mailbox_waiting(const struct mailbox *m)
{
	return __atomic_load_n(&m->waiting, __ATOMIC_RELAXED);
}
