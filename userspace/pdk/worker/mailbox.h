/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Mailbox: how threads hand each other work. Many senders, one receiver that owns the loop the
 * mailbox is bound to. A letter is embedded in the object it carries and owns all it points to, so
 * posting never allocates and never fails. Letters of one sender arrive in order.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mail;

/* Called on the receiver's thread; the letter is the callback's from then on. */
typedef void (*mail_deliver_fn)(struct mail *mail);

struct mail {
	struct mail *next; /* the mailbox's */
	mail_deliver_fn deliver;
};

struct loop;
struct mailbox;

/* Bound to loop and its thread. -ENOMEM, -EMFILE. */
int mailbox_new(struct loop *loop, struct mailbox **ret_mailbox);
/*
 * Owner only, when no sender is left. Letters still inside are delivered first. Takes NULL, returns
 * NULL.
 */
struct mailbox *mailbox_free(struct mailbox *m);

/* Any thread, never blocks, never allocates. */
void mailbox_post(struct mailbox *m, struct mail *mail, mail_deliver_fn deliver);
/* Letters that are inside: for senders who'd rather drop theirs than have many wait. Any thread. */
size_t mailbox_waiting(const struct mailbox *m);
