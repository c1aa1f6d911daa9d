/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What control clients ask for (vici/backend.h), answered by the daemon. Questions that shards have
 * to answer go out as letters with a token; the functions here take the answers in.
 */
#include "ikev2/vici/backend.h"

struct ike_core;
struct mail;
struct posternd;

/* The context that it takes is the struct posternd. */
extern const struct vici_backend control_backend;

/* Up to a page full of a shard's SAs with unique number first or higher; next is the number to go on
 * with, 0: that's all. On the shard's thread. NULL without memory. */
struct vici_sa_page *control_make_page(struct ike_core *core, const struct vici_sa_filter *filter,
				       uint32_t first);

/* Letters from shards; main thread. */
void control_deliver_event(struct mail *mail);      /* IKE_ACTION_EVENT */
void control_deliver_progress(struct mail *mail);   /* IKE_ACTION_PROGRESS */
void control_deliver_result(struct mail *mail);     /* IKE_ACTION_RESULT */
void control_deliver_terminated(struct mail *mail); /* struct letter_filter */
void control_deliver_renewing(struct mail *mail);   /* struct letter_filter */
void control_deliver_listed(struct mail *mail);	    /* struct letter_filter */
