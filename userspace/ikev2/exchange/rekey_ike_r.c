/* SPDX-License-Identifier: MIT */
/*
 * Rekeying of the IKE SA as responder (RFC 7296 1.3.2, 2.18, 2.25).
 */
#include <errno.h>

#include "pdk/log/log.h"
#include "ikev2/codec/proposal.h"
#include "ikev2/exchange/create_child_sa.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/exchange/key_exchange.h"
#include "ikev2/fsm/state.h"
#include "ikev2/policy/connection.h"
#include "ikev2/policy/proposal_match.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"
#include "ikev2/sa/succession.h"

LOG_USE(ike);

static bool rekeying_ourselves(const struct ike_sa *sa)
{
	return sa->active && sa->active->ops == &exchange_rekey_ike;
}

/* A peer that makes one after the other has to delete them in between, or there would be no end of
 * them. */
static bool predecessor_is_left(const struct ike_sa *sa)
{
	const struct ike_sa *old = sa->heir_of ? ike_sa_by_spi(sa->core, sa->heir_of) : NULL;

	return old && old->state == IKE_STATE_REKEYED;
}

/* Can it be replaced now? (2.25.1, 2.25.2) */
static bool replaceable(const struct ike_sa *sa)
{
	const struct exchange_ops *ours = sa->active ? sa->active->ops : NULL;

	return sa->state == IKE_STATE_ESTABLISHED && !ike_sa_rival(sa) &&
	       !predecessor_is_left(sa) && ours != &exchange_create_child &&
	       ours != &exchange_delete_child;
}

static int answer(struct ike_sa *sa, const struct ike_sa *successor, const struct key_exchange *kx)
{
	struct proposal chosen = successor->proposal;
	struct message m;

	message_begin_response(sa, &m, IKE_EXCHANGE_CREATE_CHILD_SA);
	proposal_set_spi64(&chosen, successor->spi_r);
	sa_payload_write_one(message_payload(&m, IKE_PAYLOAD_SA), &chosen);
	key_exchange_write(kx, false, &m);
	return message_respond(sa, &m);
}

/* The new IKE SA. NULL: there is no memory, or its keys could not be made. */
static struct ike_sa *make_successor(struct ike_sa *sa, const struct proposal *chosen, uint64_t spi,
				     const struct key_exchange *kx)
{
	struct ike_sa *successor = ike_sa_new_successor(sa, false);

	if (!successor)
		return NULL;
	successor->spi_i = spi;
	if (ike_sa_succeed_keys(successor, sa, chosen, &kx->ni, &kx->nr,
				secret_bytes(&kx->shared)) < 0 ||
	    answer(sa, successor, kx) < 0) {
		fsm_enter(successor, IKE_STATE_DEAD, "it could not be made");
		return NULL;
	}
	return successor;
}

enum fsm_verdict rekey_ike_request(struct ike_sa *sa, const struct ike_message *m)
{
	struct key_exchange kx = { .method = 0 };
	struct proposal_list offer;
	struct ike_sa *successor;
	struct proposal chosen;
	uint16_t method;
	uint64_t spi;
	int notify;

	if (!replaceable(sa))
		return create_child_sa_refuse(sa, IKE_NOTIFY_TEMPORARY_FAILURE, 0);
	if (sa_payload_parse(ike_message_find(m, IKE_PAYLOAD_SA, 0)->body, &offer, NULL) ||
	    proposal_select(&sa->conn->proposals, &offer, sa->conn->prefer, false, &chosen) ||
	    !proposal_spi64(&chosen, &spi) || !spi)
		return create_child_sa_refuse(sa, IKE_NOTIFY_NO_PROPOSAL_CHOSEN, 0);
	method = proposal_id(&chosen, IKE_TRANSFORM_KE);
	notify = key_exchange_respond(sa->core, m, method, &kx);
	if (notify)
		return create_child_sa_refuse(sa, (uint16_t)notify, method);
	successor = make_successor(sa, &chosen, spi, &kx);
	key_exchange_fini(&kx);
	if (!successor)
		return create_child_sa_refuse(sa, IKE_NOTIFY_TEMPORARY_FAILURE, 0);
	fsm_enter(successor, IKE_STATE_ESTABLISHED, "it replaces another");
	if (rekeying_ourselves(sa)) {
		/* Which of the two stays is known when our response comes (2.8.2). */
		sa->rival_spi = ike_sa_own_spi(successor);
		successor->rival_of = ike_sa_own_spi(sa);
		return FSM_STAY;
	}
	ike_sa_inherit(successor, sa);
	fsm_enter(sa, IKE_STATE_REKEYED, "replaced by the peer's");
	return FSM_STAY;
}
