/* SPDX-License-Identifier: MIT */
/*
 * IKE_SA_INIT as responder (RFC 7296 1.2). A first request is screened without keeping anything:
 * who asks from where, whether it has to show a cookie first (2.6), whether we agree on algorithms
 * (2.7), whether its KE payload is of the method chosen (1.2). Only then there is an IKE SA and a
 * public-key operation.
 */
#include <errno.h>

#include "pdk/log/limit.h"
#include "pdk/log/log.h"
#include "ikev2/codec/payload.h"
#include "ikev2/codec/proposal.h"
#include "ikev2/exchange/fragments.h"
#include "ikev2/exchange/handlers.h"
#include "ikev2/exchange/ike_auth.h"
#include "ikev2/exchange/message.h"
#include "ikev2/fsm/state.h"
#include "ikev2/policy/config.h"
#include "ikev2/policy/connection.h"
#include "ikev2/policy/proposal_match.h"
#include "ikev2/sa/algorithms.h"
#include "ikev2/sa/cookie.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"
#include "ikev2/sa/nat.h"

LOG_USE(ike);

/* What a first request holds. */
struct first_request {
	struct proposal_list offer;
	struct ike_ke ke;
	struct bytes nonce;
};

/* IKE_OK, IKE_MALFORMED, or IKE_TOO_MANY: it offers more than we look at. */
static int first_request_parse(const struct ike_message *m, struct first_request *ret)
{
	if (ike_ke_parse(ike_message_find(m, IKE_PAYLOAD_KE, 0)->body, &ret->ke, NULL) ||
	    ike_nonce_parse(ike_message_find(m, IKE_PAYLOAD_NONCE, 0)->body, &ret->nonce, NULL))
		return IKE_MALFORMED;
	return sa_payload_parse(ike_message_find(m, IKE_PAYLOAD_SA, 0)->body, &ret->offer, NULL);
}

void ike_sa_init_refuse(struct ike_core *core, const struct netaddr *local,
			const struct netaddr *remote, const struct ike_header *request,
			uint16_t notify, struct bytes data)
{
	const struct ike_header header = {
		.spi_i = request->spi_i,
		.spi_r = request->spi_r,
		.exchange = request->exchange,
		.flags = IKE_FLAG_RESPONSE |
			 (ike_header_from_initiator(request) ? 0 : IKE_FLAG_INITIATOR),
		.message_id = request->message_id,
	};
	struct message m = { .header = header };
	struct packet *packet;

	writer_init_heap(&m.w, IKE_MESSAGE_MAX);
	ike_builder_init(&m.b, &m.w, &header);
	message_notify(&m, notify, data);
	if (message_finish(&m, &packet) < 0)
		return;
	ike_core_send(core, local, remote, packet);
	packet_unref(packet);
}

static void count_spoiled(struct ike_core *core)
{
	struct spoiled *s = &core->spoiled;

	if (instant_reached(core->now, s->until)) {
		s->n = 0;
		s->until = instant_add(core->now, core->config->settings.half_open_timeout);
	}
	s->n++;
}

static bool under_pressure(const struct ike_core *core)
{
	const unsigned threshold = core->config->settings.cookie_threshold;
	const struct spoiled *s = &core->spoiled;
	unsigned spoiled = instant_reached(core->now, s->until) ? 0 : s->n;

	return threshold && core->n_half_open + spoiled >= threshold;
}

/* Under pressure an initiator has to show that it gets what we send to its address (2.6). */
static bool screen_cookie(struct ike_core *core, const struct netaddr *local,
			  const struct netaddr *remote, const struct ike_message *m,
			  struct bytes nonce)
{
	struct ike_notify notify;
	uint8_t cookie[COOKIE_LEN];

	if (!under_pressure(core))
		return true;
	if (ike_message_find_notify(m, IKE_NOTIFY_COOKIE, 0, &notify) &&
	    cookie_valid(core, remote, m->header.spi_i, nonce, notify.data))
		return true;
	cookie_make(core, remote, m->header.spi_i, nonce, cookie);
	core->counters.cookies_sent++;
	ike_sa_init_refuse(core, local, remote, &m->header, IKE_NOTIFY_COOKIE, BYTES_OF(cookie));
	return false;
}

/* Of the connections that fit the addresses the closest one that agrees with the offer. */
static const struct connection *find_connection(const struct ike_core *core,
						const struct netaddr *local,
						const struct netaddr *remote,
						const struct proposal_list *offer,
						struct proposal *ret_chosen)
{
	const struct connection *candidates[CONFIG_CANDIDATES_MAX];
	size_t n =
		config_candidates(core->config, local, remote, candidates, CONFIG_CANDIDATES_MAX);

	for (size_t i = 0; i < n; i++)
		if (proposal_select(&candidates[i]->proposals, offer, candidates[i]->prefer, false,
				    ret_chosen) == 0)
			return candidates[i];
	return NULL;
}

/* The limit is the daemon's; each worker has its share. */
static bool too_many_sas(const struct ike_core *core)
{
	const unsigned limit = core->config->settings.ike_sa_limit, n = core->params.n_workers;

	return limit && core->n_sas >= (limit + n - 1) / n;
}

/* Without cookies anybody could use up what is another's. */
static bool too_many_of_address(const struct ike_core *core, const struct netaddr *remote)
{
	const unsigned limit = core->config->settings.block_threshold;

	return limit && under_pressure(core) && half_open_from(core, remote, limit) >= limit;
}

const struct connection *ike_sa_init_screen(struct ike_core *core, const struct netaddr *local,
					    const struct netaddr *remote,
					    const struct ike_message *m)
{
	const unsigned limit = core->config->settings.half_open_limit;
	char remote_text[NETADDR_STRLEN];
	struct first_request request;
	const struct connection *conn;
	struct proposal chosen;
	uint8_t method[2];
	struct writer w;
	int verdict;

	verdict = first_request_parse(m, &request);
	if (verdict != IKE_OK && verdict != IKE_TOO_MANY) {
		core->counters.malformed++;
		return NULL;
	}
	if (!screen_cookie(core, local, remote, m, request.nonce))
		return NULL;
	if ((limit && core->n_half_open >= limit) || too_many_of_address(core, remote) ||
	    too_many_sas(core)) {
		core->counters.half_open_refused++;
		return NULL;
	}
	netaddr_str_port(remote, remote_text);
	conn = verdict == IKE_OK
		       ? find_connection(core, local, remote, &request.offer, &chosen)
		       : NULL;
	if (!conn) {
		log_remote(ike, LOG_LEVEL_WARNING, NULL,
			   "%s: IKE_SA_INIT refused: no connection fits its address and offer",
			   remote_text);
		ike_sa_init_refuse(core, local, remote, &m->header, IKE_NOTIFY_NO_PROPOSAL_CHOSEN,
				   BYTES_NONE);
		return NULL;
	}
	if (request.ke.method != proposal_id(&chosen, IKE_TRANSFORM_KE)) {
		log_remote(ike, LOG_LEVEL_INFO, NULL, "%s: wants %s, told to use %s", remote_text,
			   ike_ke_name(request.ke.method),
			   ike_ke_name(proposal_id(&chosen, IKE_TRANSFORM_KE)));
		writer_init_fixed(&w, method, sizeof(method));
		writer_u16(&w, proposal_id(&chosen, IKE_TRANSFORM_KE));
		ike_sa_init_refuse(core, local, remote, &m->header, IKE_NOTIFY_INVALID_KE_PAYLOAD,
				   BYTES_OF(method));
		return NULL;
	}
	return conn;
}

/* Our key exchange and all keys. 0 or -errno; -EBADMSG: the peer's public value is no good. */
static int init_keys(struct ike_sa *sa, const struct ike_ke *ke)
{
	_cleanup_secret_ struct secret shared = SECRET_NONE;
	enum crypto_kex method;
	int err;

	err = algorithms_kex(ke->method, &method);
	if (err == 0)
		err = kex_new(sa->core->crypto, method, &sa->kex);
	if (err == 0)
		err = kex_derive(sa->kex, ke->data, &shared);
	if (err == 0)
		err = ike_sa_derive_keys(sa, NULL, secret_bytes(&shared));
	return err;
}

static int init_answer(struct ike_sa *sa)
{
	struct message m;
	int err;

	message_begin_response(sa, &m, IKE_EXCHANGE_IKE_SA_INIT);
	sa_payload_write_one(message_payload(&m, IKE_PAYLOAD_SA), &sa->proposal);
	ike_ke_write(message_payload(&m, IKE_PAYLOAD_KE), sa->ke_method, kex_public(sa->kex));
	ike_nonce_write(message_payload(&m, IKE_PAYLOAD_NONCE), nonce_bytes(&sa->nonce_r));
	if (sa->fragments.agreed)
		message_notify(&m, IKE_NOTIFY_IKEV2_FRAGMENTATION_SUPPORTED, BYTES_NONE);
	ike_auth_announce(sa, &m);
	err = nat_write(sa, &m);
	if (err < 0) {
		writer_fini(&m.w);
		return err;
	}
	message_respond(sa, &m);
	sa->init_response = packet_ref(sa->window.response);
	return sa->init_response ? 0 : -ENOMEM;
}

enum fsm_verdict ike_sa_init_request(struct ike_sa *sa, const struct ike_message *m)
{
	struct first_request request;
	int err;

	if (first_request_parse(m, &request) != IKE_OK ||
	    proposal_select(&sa->conn->proposals, &request.offer, sa->conn->prefer, false,
			    &sa->proposal)) {
		fsm_enter(sa, IKE_STATE_DEAD, "the request does not fit any more");
		return FSM_STAY;
	}
	sa->spi_i = m->header.spi_i;
	sa->ke_method = request.ke.method;
	nonce_set(&sa->nonce_i, request.nonce);
	nonce_draw(&sa->nonce_r);
	nat_detect(sa, m);
	ike_auth_announced(sa, m);
	sa->fragments.agreed = fragments_agreed(sa, m);

	sa->init_request = packet_new(m->raw);
	err = sa->init_request ? init_keys(sa, &request.ke) : -ENOMEM;
	if (err == 0)
		err = init_answer(sa);
	if (err == -EBADMSG)
		count_spoiled(sa->core);
	if (err < 0) {
		fsm_enter(sa, IKE_STATE_DEAD,
			  err == -EBADMSG ? "the initiator's public value is not acceptable"
					  : strerror(-err));
		return FSM_STAY;
	}
	sa->kex = kex_free(sa->kex);
	return FSM_OK;
}
