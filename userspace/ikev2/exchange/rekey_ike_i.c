/* SPDX-License-Identifier: MIT */
/*
 * Rekeying of the IKE SA as initiator (RFC 7296 1.3.2, 2.18). When both sides begin at the same
 * time there are two new IKE SAs: the one with the lowest of the four nonces is deleted by who
 * created it, and the other inherits the Child SAs, which stay with the old one until that is known
 * (2.8.2).
 */
#include <errno.h>
#include <stdlib.h>

#include "pdk/log/log.h"
#include "ikev2/codec/proposal.h"
#include "ikev2/exchange/delete.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/exchange/key_exchange.h"
#include "ikev2/exchange/refusal.h"
#include "ikev2/exchange/rekey_ike.h"
#include "ikev2/fsm/state.h"
#include "ikev2/policy/connection.h"
#include "ikev2/policy/proposal_match.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"
#include "ikev2/sa/succession.h"

LOG_USE(ike);

/* INVALID_KE_PAYLOAD answers that make us begin anew. */
#define ROUNDS_MAX 3

struct rekey_ike {
	struct exchange x;
	uint64_t spi; /* ours, of the new IKE SA; 0: none yet */
	unsigned rounds;
	uint16_t method; /* wanted by the peer; 0: as before */
	struct key_exchange kx;
};

static struct rekey_ike *rekey_of(const struct exchange *x)
{
	return container_of(x, struct rekey_ike, x);
}

static int rekey_queue(struct ike_sa *sa, uint16_t method, unsigned rounds)
{
	struct rekey_ike *rk = calloc(1, sizeof(*rk));

	if (!rk) {
		sa->core->counters.no_memory++;
		return -ENOMEM;
	}
	rk->x.ops = &exchange_rekey_ike;
	rk->method = method;
	rk->rounds = rounds;
	exchange_queue_take(sa, &rk->x);
	return 0;
}

void ike_sa_rekey(struct ike_sa *sa)
{
	if (sa->state != IKE_STATE_ESTABLISHED)
		return;
	sa->rekey_at = INSTANT_NEVER;
	if (exchange_pending(sa, &exchange_rekey_ike))
		return;
	if (rekey_queue(sa, 0, 0) < 0)
		refusal_retry_ike(sa);
	else
		log_obj_info(ike, sa->log_name, "rekeying the IKE SA");
}

/* The configured proposals with our new SPI (3.3.1). */
static void offered_proposals(const struct ike_sa *successor, struct proposal_list *ret)
{
	*ret = successor->conn->proposals;
	for (size_t i = 0; i < ret->n; i++)
		proposal_set_spi64(&ret->v[i], successor->spi_i);
}

static int rekey_request(struct ike_sa *sa, struct exchange *x, struct message *m)
{
	struct rekey_ike *rk = rekey_of(x);
	struct proposal_list offer;
	struct ike_sa *successor;
	int err;

	if (sa->state != IKE_STATE_ESTABLISHED)
		return -ENOENT;
	err = key_exchange_begin(sa->core, rk->method ? rk->method : sa->ke_method, &rk->kx);
	if (err < 0)
		return err;
	successor = ike_sa_new_successor(sa, true);
	if (!successor)
		return -ENOMEM;
	rk->spi = successor->spi_i;
	offered_proposals(successor, &offer);
	sa_payload_write(message_payload(m, IKE_PAYLOAD_SA), &offer);
	key_exchange_write(&rk->kx, true, m);
	return 0;
}

/* What the peer has chosen goes into successor. NULL, or what is wrong with it. */
static const char *accept_answer(struct ike_sa *sa, struct ike_sa *successor, struct rekey_ike *rk,
				 const struct ike_message *m)
{
	struct proposal_list offer, answer;
	const char *wrong;
	uint64_t spi;

	if (sa_payload_parse(ike_message_find(m, IKE_PAYLOAD_SA, 0)->body, &answer, NULL))
		return "the answer is malformed";
	offered_proposals(successor, &offer);
	if (answer.n != 1 || !proposal_answer_valid(&offer, &answer.v[0], NULL))
		return "the peer chose what we did not offer";
	if (!proposal_spi64(&answer.v[0], &spi) || !spi)
		return "the answer has no SPI";
	wrong = key_exchange_take_answer(&rk->kx, m, proposal_id(&answer.v[0], IKE_TRANSFORM_KE));
	if (wrong)
		return wrong;
	successor->spi_r = spi;
	return ike_sa_succeed_keys(successor, sa, &answer.v[0], &rk->kx.ni, &rk->kx.nr,
				   secret_bytes(&rk->kx.shared)) < 0
		       ? "the keys could not be derived"
		       : NULL;
}

/* Ours is there. What becomes of the old one, of ours and of the peer's? */
static void settle(struct ike_sa *sa, struct ike_sa *successor)
{
	struct ike_sa *rival = ike_sa_rival(sa);
	bool closing = sa->state != IKE_STATE_ESTABLISHED;

	fsm_enter(successor, IKE_STATE_ESTABLISHED, "it replaces another");
	if (closing) {
		/* Somebody wants an end of it meanwhile. */
		ike_sa_delete(successor, "terminated");
	} else if (rival &&
		   nonce_lower(ike_sa_lowest_nonce(successor), ike_sa_lowest_nonce(rival))) {
		log_obj_info(ike, sa->log_name, "both sides have rekeyed: the peer's stays");
		ike_sa_delete(successor, "redundant");
		ike_sa_inherit(rival, sa);
		fsm_enter(sa, IKE_STATE_REKEYED, "replaced by the peer's");
	} else {
		ike_sa_inherit(successor, sa);
		if (rival) {
			log_obj_info(ike, sa->log_name, "both sides have rekeyed: ours stays");
			rival->rival_of = 0;
			if (rival->state == IKE_STATE_ESTABLISHED) /* no user has ended it */
				fsm_enter(rival, IKE_STATE_REKEYED, "redundant");
		}
		ike_sa_delete(sa, "replaced");
	}
	exchange_next(successor);
}

/* Ours has come to nothing. The peer's, if it made one meanwhile, is the one that stays. */
static void rekey_over(struct ike_sa *sa)
{
	struct ike_sa *rival = ike_sa_rival(sa);

	if (sa->state != IKE_STATE_ESTABLISHED)
		return;
	if (rival) {
		ike_sa_inherit(rival, sa);
		fsm_enter(sa, IKE_STATE_REKEYED, "replaced by the peer's");
	} else {
		refusal_retry_ike(sa);
	}
}

static bool retry_method(struct ike_sa *sa, const struct rekey_ike *rk,
			 const struct ike_notify *notify)
{
	uint16_t method;

	return notify->type == IKE_NOTIFY_INVALID_KE_PAYLOAD && ike_notify_u16(notify, &method) &&
	       method != rk->kx.method && rk->rounds < ROUNDS_MAX &&
	       proposal_list_has_ke(&sa->conn->proposals, method) &&
	       rekey_queue(sa, method, rk->rounds + 1) == 0;
}

static void rekey_refused(struct ike_sa *sa, const struct rekey_ike *rk,
			  const struct ike_notify *notify)
{
	if (refusal_lasts(sa, notify->type) || retry_method(sa, rk, notify))
		return;
	log_obj_warning(ike, sa->log_name, "the peer refuses to rekey the IKE SA: %s",
			ike_notify_name(notify->type));
	rekey_over(sa);
}

static enum fsm_verdict rekey_response(struct ike_sa *sa, struct exchange *x,
				       const struct ike_message *m)
{
	struct rekey_ike *rk = rekey_of(x);
	struct ike_sa *successor = ike_sa_by_spi(sa->core, rk->spi);
	struct ike_notify notify;
	const char *wrong;

	if (!ike_message_find(m, IKE_PAYLOAD_SA, 0) && ike_message_find_error(m, &notify)) {
		rekey_refused(sa, rk, &notify);
		if (successor)
			fsm_enter(successor, IKE_STATE_DEAD, "the peer refuses");
		return FSM_STAY;
	}
	sa->refused_since = INSTANT_NEVER;
	wrong = !successor                                ? "terminated meanwhile"
		: !ike_message_find(m, IKE_PAYLOAD_SA, 0) ? "the answer lacks SA"
							  : accept_answer(sa, successor, rk, m);
	if (!wrong) {
		settle(sa, successor);
		return FSM_STAY;
	}
	/* The peer believes that the Child SAs have moved: nothing fits any more (2.21.3). */
	log_obj_warning(ike, sa->log_name, "rekeying the IKE SA failed: %s", wrong);
	if (successor)
		fsm_enter(successor, IKE_STATE_DEAD, wrong);
	ike_sa_delete(sa, wrong);
	return FSM_STAY;
}

static void rekey_failed(struct ike_sa *sa, struct exchange *x, const char *why)
{
	struct ike_sa *successor = ike_sa_by_spi(sa->core, rekey_of(x)->spi);

	if (successor)
		fsm_enter(successor, IKE_STATE_DEAD, why);
	rekey_over(sa);
}

static void rekey_free(struct exchange *x)
{
	struct rekey_ike *rk = rekey_of(x);

	key_exchange_fini(&rk->kx);
	free(rk);
}

const struct exchange_ops exchange_rekey_ike = {
	.name = "CREATE_CHILD_SA for the IKE SA",
	.type = IKE_EXCHANGE_CREATE_CHILD_SA,
	.request = rekey_request,
	.response = rekey_response,
	.failed = rekey_failed,
	.free = rekey_free,
};
