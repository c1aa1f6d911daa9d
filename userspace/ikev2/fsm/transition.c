/* SPDX-License-Identifier: MIT */
/*
 * What may come when (RFC 7296 1, 1.2 to 1.4):
 *
 *	initiator                                         responder
 *	NEW                                               NEW
 *	  IKE_SA_INIT: SAi1, KEi, Ni             -->
 *	INIT_SENT                                         INIT_ANSWERED
 *	                       <--    IKE_SA_INIT: SAr1, KEr, Nr, [CERTREQ]
 *	  IKE_AUTH: SK {IDi, [IDr], AUTH, SAi2, TSi, TSr} -->
 *	AUTH_SENT                                         ESTABLISHED
 *	                       <--    IKE_AUTH: SK {IDr, AUTH, SAr2, TSi, TSr}
 *	ESTABLISHED
 *	  CREATE_CHILD_SA: SK {[N,] SA, Ni, [KEi,] [TSi, TSr]} <--> either side
 *	  INFORMATIONAL: SK {[N,] [D,] ...}      <-->     either side
 *	REKEYED: another has taken its place, and its Delete is expected
 *	DELETING: our Delete of the IKE SA is out
 */
#include "ikev2/fsm/transition.h"

#include "ikev2/exchange/exchange.h"
#include "ikev2/exchange/handlers.h"

/* The peer has forgotten the IKE SA with this answer, and waits for no Delete (2.21.3). */
static enum fsm_verdict request_malformed(struct ike_sa *sa, const struct ike_message *m)
{
	return FSM_OK;
}

#define P(name)  PAYLOAD_BIT(IKE_PAYLOAD_##name)
#define IN(name) STATE_BIT(IKE_STATE_##name)
#define UP       (IN(ESTABLISHED) | IN(REKEYED) | IN(DELETING))

static const struct transition transitions[] = {
	/* -------- IKE_SA_INIT, in clear -------- */
	{
		.story = "a peer begins",
		.from = IN(NEW),
		.to = IKE_STATE_INIT_ANSWERED,
		.exchange = IKE_EXCHANGE_IKE_SA_INIT,
		.request = true,
		.required = P(SA) | P(KE) | P(NONCE),
		.action = ike_sa_init_request,
	},
	{
		.story = "the responder agrees",
		.from = IN(INIT_SENT),
		.to = IKE_STATE_AUTH_SENT,
		.exchange = IKE_EXCHANGE_IKE_SA_INIT,
		.required = P(SA) | P(KE) | P(NONCE),
		.action = ike_sa_init_answered,
	},
	{
		.story = "the responder asks for a cookie",
		.from = IN(INIT_SENT),
		.to = IKE_STATE_INIT_SENT,
		.exchange = IKE_EXCHANGE_IKE_SA_INIT,
		.notify = IKE_NOTIFY_COOKIE,
		.action = ike_sa_init_cookie,
	},
	{
		.story = "the responder wants another key exchange method",
		.from = IN(INIT_SENT),
		.to = IKE_STATE_INIT_SENT,
		.exchange = IKE_EXCHANGE_IKE_SA_INIT,
		.notify = IKE_NOTIFY_INVALID_KE_PAYLOAD,
		.action = ike_sa_init_other_ke,
	},
	{
		.story = "somebody says that the responder refuses",
		.from = IN(INIT_SENT),
		.to = IKE_STATE_INIT_SENT,
		.exchange = IKE_EXCHANGE_IKE_SA_INIT,
		.error_notify = true,
		.action = ike_sa_init_refused,
	},
	/* -------- IKE_AUTH -------- */
	{
		.story = "the initiator shows who it is",
		.from = IN(INIT_ANSWERED),
		.to = IKE_STATE_ESTABLISHED,
		.exchange = IKE_EXCHANGE_IKE_AUTH,
		.request = true,
		.encrypted = true,
		.required = P(IDI) | P(AUTH) | P(SA) | P(TSI) | P(TSR),
		.action = ike_auth_request,
	},
	{
		.story = "the initiator shows who it is, and wants no Child SA",
		.from = IN(INIT_ANSWERED),
		.to = IKE_STATE_ESTABLISHED,
		.exchange = IKE_EXCHANGE_IKE_AUTH,
		.request = true,
		.encrypted = true,
		.required = P(IDI) | P(AUTH),
		.action = ike_auth_request,
	},
	{
		.story = "the initiator asks for EAP, by not showing who it is",
		.from = IN(INIT_ANSWERED),
		.to = IKE_STATE_DEAD,
		.exchange = IKE_EXCHANGE_IKE_AUTH,
		.request = true,
		.encrypted = true,
		.required = P(IDI),
		.action = ike_auth_by_eap,
	},
	{
		.story = "the responder shows who it is",
		.from = IN(AUTH_SENT),
		.to = IKE_STATE_ESTABLISHED,
		.exchange = IKE_EXCHANGE_IKE_AUTH,
		.encrypted = true,
		.required = P(IDR) | P(AUTH),
		.action = exchange_response,
	},
	{
		.story = "the responder refuses the IKE SA",
		.from = IN(AUTH_SENT),
		.to = IKE_STATE_DEAD,
		.exchange = IKE_EXCHANGE_IKE_AUTH,
		.encrypted = true,
		.error_notify = true,
		.action = ike_auth_refused,
	},
	/* -------- CREATE_CHILD_SA -------- */
	{
		.story = "the peer wants another Child SA, or a new key",
		.from = UP,
		.to = TRANSITION_STAYS,
		.exchange = IKE_EXCHANGE_CREATE_CHILD_SA,
		.request = true,
		.encrypted = true,
		.required = P(SA) | P(NONCE),
		.action = create_child_sa_request,
	},
	{
		.story = "the peer finds our CREATE_CHILD_SA malformed",
		.from = UP,
		.to = IKE_STATE_DEAD,
		.exchange = IKE_EXCHANGE_CREATE_CHILD_SA,
		.encrypted = true,
		.notify = IKE_NOTIFY_INVALID_SYNTAX,
		.action = request_malformed,
	},
	{
		.story = "the peer has made what we wanted",
		.from = UP,
		.to = TRANSITION_STAYS,
		.exchange = IKE_EXCHANGE_CREATE_CHILD_SA,
		.encrypted = true,
		.required = P(SA) | P(NONCE),
		.action = exchange_response,
	},
	{
		.story = "the peer does not make what we wanted",
		.from = UP,
		.to = TRANSITION_STAYS,
		.exchange = IKE_EXCHANGE_CREATE_CHILD_SA,
		.encrypted = true,
		.error_notify = true,
		.action = exchange_response,
	},
	/* -------- INFORMATIONAL -------- */
	{
		.story = "the peer tells, deletes, or asks whether we are alive",
		.from = UP,
		.to = TRANSITION_STAYS,
		.exchange = IKE_EXCHANGE_INFORMATIONAL,
		.request = true,
		.encrypted = true,
		.action = informational_request,
	},
	{
		.story = "the peer finds our INFORMATIONAL malformed",
		.from = UP,
		.to = IKE_STATE_DEAD,
		.exchange = IKE_EXCHANGE_INFORMATIONAL,
		.encrypted = true,
		.notify = IKE_NOTIFY_INVALID_SYNTAX,
		.action = request_malformed,
	},
	{
		.story = "the peer acknowledges",
		.from = IN(ESTABLISHED) | IN(REKEYED),
		.to = TRANSITION_STAYS,
		.exchange = IKE_EXCHANGE_INFORMATIONAL,
		.encrypted = true,
		.action = exchange_response,
	},
	{
		.story = "the peer acknowledges our Delete",
		.from = IN(DELETING),
		.to = IKE_STATE_DEAD,
		.exchange = IKE_EXCHANGE_INFORMATIONAL,
		.encrypted = true,
		.action = exchange_response,
	},
};

const struct transition *transition_table(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(transitions);
	return transitions;
}

static uint64_t payload_set(const struct ike_message *m)
{
	uint64_t set = 0;

	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].type >= IKE_PAYLOAD_SA && m->v[i].type < IKE_PAYLOAD_SA + 64)
			set |= PAYLOAD_BIT(m->v[i].type);
	return set;
}

static bool content_fits(const struct transition *t, const struct ike_message *m, uint64_t set)
{
	if ((set & t->required) != t->required)
		return false;
	if (t->notify && !ike_message_find_notify(m, t->notify, 0, NULL))
		return false;
	return !t->error_notify || ike_message_find_error(m, NULL);
}

const struct transition *transition_find(enum ike_state state, const struct ike_message *m,
					 bool encrypted, bool *ret_missing)
{
	uint64_t set = payload_set(m);

	*ret_missing = false;
	for (size_t i = 0; i < ARRAY_SIZE(transitions); i++) {
		const struct transition *t = &transitions[i];

		if (!(t->from & STATE_BIT(state)) || t->exchange != m->header.exchange ||
		    t->request == ike_header_is_response(&m->header) || t->encrypted != encrypted)
			continue;
		if (content_fits(t, m, set))
			return t;
		*ret_missing = true;
	}
	return NULL;
}

/* What we begin, and what a rekeying makes of others (RFC 7296 2.8). */
static const struct {
	enum ike_state from, to;
} own_steps[] = {
	{ IKE_STATE_NEW, IKE_STATE_INIT_SENT },
	{ IKE_STATE_NEW, IKE_STATE_ESTABLISHED }, /* it replaces another */
	{ IKE_STATE_AUTH_SENT, IKE_STATE_DELETING }, /* not wanted any more, but the peer has it */
	{ IKE_STATE_ESTABLISHED, IKE_STATE_REKEYED },
	{ IKE_STATE_ESTABLISHED, IKE_STATE_DELETING },
	{ IKE_STATE_REKEYED, IKE_STATE_DELETING },
};

bool transition_allows(enum ike_state from, enum ike_state to)
{
	/* Time, the kernel or the peer end an SA at any moment. */
	if (to == IKE_STATE_DEAD)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(own_steps); i++)
		if (own_steps[i].from == from && own_steps[i].to == to)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(transitions); i++)
		if ((transitions[i].from & STATE_BIT(from)) && transitions[i].to == (int)to)
			return true;
	return false;
}
