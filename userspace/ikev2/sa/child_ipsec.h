/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A Child SA as requests to the kernel. In parts, because a rekeyed one comes and goes by halves:
 * who answers a rekeying receives on the new SA before it sends on it, and sends on it when the old
 * one is deleted (RFC 7296 2.8).
 */
#include "ikev2/ipsec/ipsec.h"
#include "ikev2/sa/keymat.h"

struct child_conf;
struct child_sa;
struct ike_core;

enum child_ipsec_part {
	CHILD_IPSEC_IN = 1,
	CHILD_IPSEC_OUT = 2,
	CHILD_IPSEC_POLICY = 4,
	CHILD_IPSEC_ALL = 7,
};

/* The part that the SA of a direction is. */
static inline unsigned child_ipsec_part(enum ipsec_direction direction)
{
	return direction == IPSEC_IN ? CHILD_IPSEC_IN : CHILD_IPSEC_OUT;
}

/* Gives a new Child SA its numbers: the configured ones, or some that no other has. */
void child_ipsec_number(struct child_sa *child);

/*
 * Ask the kernel for these parts, as one batch that is done whole or not at all; its cookie is the
 * Child SA's unique number. keys may be NULL for CHILD_IPSEC_POLICY alone. Until the answer is
 * there nobody knows whose an SA with that SPI is, ours or the one because of which it is refused.
 * 0, -ENOMEM.
 */
int child_ipsec_install(struct child_sa *child, const struct keymat_child *keys, unsigned parts);

/* The kernel has done what was asked, whole or not at all (req->err). */
void child_ipsec_answered(struct child_sa *child, const struct ipsec_request *req);
/*
 * The kernel has done what was asked for a Child SA that is gone by now: takes it out again. Takes
 * the request over.
 */
void child_ipsec_orphaned_take(struct ike_core *core, struct ipsec_request *req);

/* Take out those of these parts that are there; what is asked for goes when the answer comes. */
void child_ipsec_uninstall(struct child_sa *child, unsigned parts);

/* Makes op the question for what one of the two SAs has carried (IPSEC_SA_QUERY). */
void child_ipsec_query(const struct child_sa *child, enum ipsec_direction direction,
		       struct ipsec_op *op);

/*
 * What the policies of a trap have of its configuration: all but selectors, addresses and reqid.
 * Its numbers are fixed ones, as nobody is there yet that others could be of.
 */
void child_conf_fill_policy(const struct child_conf *conf, struct ipsec_policy *policy);
