/* SPDX-License-Identifier: MIT */
/*
 * Delete of the IKE SA and of Child SAs (RFC 7296 1.4.1), as we begin it.
 */
#include "ikev2/exchange/delete.h"

#include "ikev2/codec/payload.h"
#include "ikev2/exchange/child.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/fsm/state.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

/* -------- Delete of the IKE SA -------- */

static int delete_ike_request(struct ike_sa *sa, struct exchange *x, struct message *m)
{
	ike_delete_write_ike(message_payload(m, IKE_PAYLOAD_D));
	return 0;
}

static enum fsm_verdict delete_ike_response(struct ike_sa *sa, struct exchange *x,
					    const struct ike_message *m)
{
	return FSM_OK;
}

const struct exchange_ops exchange_delete_ike = {
	.name = "Delete of the IKE SA",
	.type = IKE_EXCHANGE_INFORMATIONAL,
	.request = delete_ike_request,
	.response = delete_ike_response,
};

void ike_sa_delete(struct ike_sa *sa, const char *why)
{
	fsm_enter(sa, IKE_STATE_DELETING, why);
	if (exchange_queue(sa, &exchange_delete_ike, 0) < 0)
		fsm_enter(sa, IKE_STATE_DEAD, why);
}

/* -------- Delete of a Child SA -------- */

void child_delete(struct child_sa *child)
{
	if (exchange_queue(child->ike, &exchange_delete_child, child->spi_in) < 0)
		child_deleted(child, "out of memory");
	else
		child_sa_enter(child, CHILD_DELETING);
}

void child_expire(struct child_sa *child, const char *why)
{
	child->end = SA_END_EXPIRED;
	exchange_queue(child->ike, &exchange_delete_child, child->spi_in);
	child_sa_close(child, why);
}

void child_deleted(struct child_sa *child, const char *why)
{
	struct child_sa *successor = child_sa_successor(child, true);

	if (successor)
		child_sa_send(successor); /* the peer is ready to receive (2.8) */
	if (successor || child_sa_successor(child, false))
		child_sa_retire(child);
	else
		child_sa_close(child, why);
}

static int delete_child_request(struct ike_sa *sa, struct exchange *x, struct message *m)
{
	ike_delete_write_spis(message_payload(m, IKE_PAYLOAD_D), IKE_PROTOCOL_ESP, &x->spi, 1);
	return 0;
}

/* Whatever the peer answers, even nothing: half-closed is no error (1.4.1). */
static enum fsm_verdict delete_child_response(struct ike_sa *sa, struct exchange *x,
					      const struct ike_message *m)
{
	struct child_sa *child = child_sa_by_spi_in(sa, x->spi);

	if (child)
		child_deleted(child, "deleted");
	return FSM_STAY;
}

const struct exchange_ops exchange_delete_child = {
	.name = "Delete of a Child SA",
	.type = IKE_EXCHANGE_INFORMATIONAL,
	.request = delete_child_request,
	.response = delete_child_response,
};
