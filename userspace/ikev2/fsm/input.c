/* SPDX-License-Identifier: MIT */
/*
 * The way of a received message: header, IKE SA, window, decryption, transition table, action. What
 * is not provably the peer's changes no state (RFC 7296 2.4), and nothing outside an SA gets more
 * than one answer.
 */
#include "ikev2/fsm/input.h"

#include <errno.h>
#include <stdlib.h>

#include "pdk/log/limit.h"
#include "pdk/log/log.h"
#include "ikev2/codec/dump.h"
#include "ikev2/codec/sk.h"
#include "ikev2/exchange/delete.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/exchange/fragments.h"
#include "ikev2/exchange/handlers.h"
#include "ikev2/fsm/follow.h"
#include "ikev2/fsm/fragment.h"
#include "ikev2/fsm/input_private.h"
#include "ikev2/fsm/outside.h"
#include "ikev2/fsm/state.h"
#include "ikev2/fsm/timers.h"
#include "ikev2/fsm/transition.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/ike_sa.h"
#include "ikev2/sa/succession.h"

LOG_USE(ike);

/* A datagram on its way through this file. */
struct input {
	const struct netaddr *local, *remote;
	struct bytes raw;
	uint64_t digest;
	struct ike_message m;
	struct ike_fault fault;
	int verdict; /* of the codec */
	uint8_t *whole; /* memory of a message that came in fragments */
};

void input_end(struct ike_core *core)
{
	struct ike_sa *sa;

	while ((sa = list_first(&core->dead, struct ike_sa, dead))) {
		list_remove(&sa->dead);
		list_remove(&sa->link);
		ike_sa_free(sa);
	}
	reserve_fill(&core->reserve);
}

static void trace(const char *object, const char *what, const struct ike_message *m)
{
	char line[IKE_DUMP_LEN];

	if (log_enabled(&log_sub_ike, LOG_LEVEL_DEBUG))
		log_obj_debug(ike, object, "%s %s", what, ike_message_dump(m, line, sizeof(line)));
}

/* -------- messages of an IKE SA -------- */

/* Run the row's action, and go where it says. */
static void run_transition(struct ike_sa *sa, const struct transition *t, struct input *in)
{
	switch (t->action(sa, &in->m)) {
	case FSM_OK:
		if (t->to != TRANSITION_STAYS)
			fsm_enter(sa, (enum ike_state)t->to, t->story);
		break;
	case FSM_STAY:
		break;
	case FSM_SYNTAX:
		fsm_enter(sa, IKE_STATE_DEAD, "the peer's message is malformed");
		break;
	}
}

/*
 * An authentic request that can't be worked on: say why. INVALID_SYNTAX ends the IKE SA on both
 * sides (2.21.3).
 */
static void refuse_request(struct ike_sa *sa, const struct input *in, uint16_t notify)
{
	const uint8_t type = in->fault.payload_type;

	log_remote(ike, LOG_LEVEL_WARNING, sa->log_name, "%s request %u is answered with %s: %s",
		   ike_exchange_name(in->m.header.exchange), in->m.header.message_id,
		   ike_notify_name(notify), in->fault.reason);
	message_respond_notify(sa, (enum ike_exchange)in->m.header.exchange, notify,
			       notify == IKE_NOTIFY_UNSUPPORTED_CRITICAL_PAYLOAD ? BYTES(&type, 1)
										 : BYTES_NONE);
	if (notify == IKE_NOTIFY_INVALID_SYNTAX)
		fsm_enter(sa, IKE_STATE_DEAD, "the peer's request is malformed");
}

static bool deletes_ike(const struct ike_message *m)
{
	const struct ike_payload *payload = ike_message_find(m, IKE_PAYLOAD_D, 0);
	struct ike_delete d;

	return payload && ike_delete_parse(payload->body, &d, NULL) == IKE_OK &&
	       d.protocol == IKE_PROTOCOL_IKE;
}

/* Proposals or selectors beyond our limits are refused by whoever chooses among them. */
static void check_payloads(struct input *in)
{
	in->verdict = ike_message_check(&in->m, &in->fault);
	if (in->verdict == IKE_TOO_MANY)
		in->verdict = IKE_OK;
}

static void input_request(struct ike_sa *sa, struct input *in)
{
	const struct transition *t;
	bool missing;

	window_taken(&sa->window, in->digest);
	sa->request_local = *in->local;
	sa->request_remote = *in->remote;
	/* Until it is established, a responder follows the initiator to port 4500 (2.23). */
	if (sa->state == IKE_STATE_INIT_ANSWERED) {
		sa->local = *in->local;
		sa->remote = *in->remote;
		ike_sa_rename(sa);
	}
	follow_message(sa, in->local, in->remote);
	if (in->verdict == IKE_UNSUPPORTED_CRITICAL) {
		refuse_request(sa, in, IKE_NOTIFY_UNSUPPORTED_CRITICAL_PAYLOAD);
		return;
	}
	if (in->verdict == IKE_OK)
		check_payloads(in);
	/* With more payloads than can be taken there is no telling what it wants. */
	if (in->verdict != IKE_OK) {
		refuse_request(sa, in, IKE_NOTIFY_INVALID_SYNTAX);
		return;
	}
	if (sa->rival_of && !deletes_ike(&in->m))
		ike_sa_claim(sa);
	t = transition_find(sa->state, &in->m, true, &missing);
	if (!t) {
		/* A payload that has to be there isn't, or an exchange that we don't know (3.1). */
		sa->core->counters.unexpected++;
		in->fault.reason = missing ? "a payload is missing" : "not expected now";
		refuse_request(sa, in, IKE_NOTIFY_INVALID_SYNTAX);
		return;
	}
	run_transition(sa, t, in);
}

/*
 * The peer's answer can't be read, and there won't be another. The peer doesn't know, so its IKE SA
 * is deleted (2.21.3); before it is authenticated it may be nobody's.
 */
static void response_unusable(struct ike_sa *sa, const char *why)
{
	if (sa->state != IKE_STATE_ESTABLISHED && sa->state != IKE_STATE_REKEYED) {
		fsm_enter(sa, IKE_STATE_DEAD, why);
		return;
	}
	exchange_abort_all(sa, why);
	ike_sa_delete(sa, why);
}

static void input_response(struct ike_sa *sa, struct input *in, bool encrypted)
{
	const struct transition *t;
	bool missing;

	if (encrypted)
		follow_message(sa, in->local, in->remote);
	if (in->verdict == IKE_OK)
		check_payloads(in);
	if (in->verdict != IKE_OK) {
		/* In clear it may be anybody's (2.21.1); the true one may still come. */
		if (encrypted)
			response_unusable(sa, in->fault.reason);
		else
			sa->core->counters.malformed++;
		return;
	}
	t = transition_find(sa->state, &in->m, encrypted, &missing);
	if (t) {
		run_transition(sa, t, in);
		return;
	}
	sa->core->counters.unexpected++;
	if (encrypted)
		response_unusable(sa, "the response lacks what it has to hold");
}

static bool is_fragment(const struct input *in)
{
	return in->m.encrypted_type == IKE_PAYLOAD_SKF;
}

/* Verify, decrypt, put together. True: in->m is a whole message of the peer. */
static bool input_open(struct ike_sa *sa, struct input *in)
{
	uint8_t *plain = (uint8_t *)in->m.encrypted.data;

	if (sa->key_in && is_fragment(in)) {
		switch (fragment_take(sa, &in->m, &in->verdict, &in->fault, &in->whole)) {
		case FRAGMENT_IGNORED:
			return false;
		case FRAGMENT_STORED:
			sa->last_inbound = sa->core->now;
			return false;
		case FRAGMENT_COMPLETE:
			return true;
		case FRAGMENT_TOO_MUCH:
			fsm_enter(sa, IKE_STATE_DEAD, "the peer sends more than a message can be");
			return false;
		}
	}
	if (sa->key_in && in->m.encrypted_type == IKE_PAYLOAD_SK) {
		/* In place: the datagram's buffer is ours. */
		in->verdict = ike_sk_open(&in->m, sa->key_in, plain, &in->fault);
		if (in->m.opened)
			fragment_forget(sa, &in->m);
	}
	sa->core->counters.unauthentic += !in->m.opened;
	return in->m.opened;
}

/* A request: new, repeated, or none of ours? */
static bool window_admits(struct ike_sa *sa, struct input *in)
{
	const uint32_t id = in->m.header.message_id;
	struct ike_core *core = sa->core;

	switch (is_fragment(in) ? window_received_fragment(&sa->window, id)
				: window_received(&sa->window, id, in->digest)) {
	case WINDOW_NEW:
		return true;
	case WINDOW_REPEATED:
		core->counters.repeated++;
		if (is_fragment(in) && !fragment_asks_again(sa, &in->m))
			return false;
		fragments_shrink_response(sa);
		ike_core_send(core, in->local, in->remote, sa->window.response);
		return false;
	case WINDOW_IN_PROGRESS:
		core->counters.repeated++;
		return false;
	case WINDOW_STALE:
		core->counters.out_of_window++;
		return false;
	}
	return false;
}

static void input_sa_message(struct ike_sa *sa, struct input *in)
{
	const struct ike_header *h = &in->m.header;
	bool response = ike_header_is_response(h);
	bool encrypted = h->exchange != IKE_EXCHANGE_IKE_SA_INIT;

	if (encrypted && in->m.encrypted_type == IKE_PAYLOAD_NONE) {
		outside_hint(sa, &in->m);
		return;
	}
	if (response &&
	    (!window_expects(&sa->window, h->message_id) || h->exchange != sa->active->ops->type)) {
		sa->core->counters.out_of_window++;
		return;
	}
	if (!response && !encrypted) {
		sa->core->counters.unexpected++;
		return;
	}
	/* Who the responder is isn't known yet (auth_run.h): it will send its request again. */
	if (!response && sa->state == IKE_STATE_AUTH_SENT) {
		sa->core->counters.unexpected++;
		return;
	}
	if (!response && !window_admits(sa, in))
		return;
	if (encrypted && !input_open(sa, in))
		return;
	trace(sa->log_name, "received", &in->m);
	if (encrypted)
		sa->last_inbound = sa->core->now;
	if (response)
		input_response(sa, in, encrypted);
	else
		input_request(sa, in);
}

/* -------- messages of no IKE SA -------- */

static uint64_t first_hash(const struct ike_core *core, const struct input *in)
{
	return ike_core_hash(core, in->raw) ^ ike_core_hash(core, BYTES_OF(in->remote->addr));
}

/* The IKE SA that this very request has made before, from the same address (2.1). */
static struct ike_sa *find_by_first(struct ike_core *core, const struct input *in, uint64_t hash)
{
	for (struct hash_node *n = hash_first(&core->by_init, hash); n; n = hash_next(n)) {
		struct ike_sa *sa = hash_entry(n, struct ike_sa, by_init);

		if (sa->spi_i == in->m.header.spi_i && netaddr_same_addr(&sa->remote, in->remote))
			return sa;
	}
	return NULL;
}

static void input_first(struct ike_core *core, struct input *in)
{
	const struct transition *t;
	const struct connection *conn;
	struct ike_sa *sa;
	uint64_t hash;
	bool missing;

	/* The peer sends it again, perhaps to whoever is started next. */
	if (core->stopping)
		return;
	hash = first_hash(core, in);
	sa = find_by_first(core, in, hash);
	if (sa) {
		core->counters.repeated++;
		if (sa->state == IKE_STATE_INIT_ANSWERED)
			ike_core_send(core, in->local, in->remote, sa->init_response);
		return;
	}
	trace(NULL, "received", &in->m);
	if (in->verdict == IKE_UNSUPPORTED_CRITICAL) {
		ike_sa_init_refuse(core, in->local, in->remote, &in->m.header,
				   IKE_NOTIFY_UNSUPPORTED_CRITICAL_PAYLOAD,
				   BYTES(&in->fault.payload_type, 1));
		return;
	}
	t = transition_find(IKE_STATE_NEW, &in->m, false, &missing);
	if (in->verdict != IKE_OK || !t) {
		core->counters.malformed++;
		return;
	}
	conn = ike_sa_init_screen(core, in->local, in->remote, &in->m);
	if (!conn)
		return;
	sa = ike_sa_new(core, conn, false, in->local, in->remote);
	if (!sa)
		return;
	hash_insert(&core->by_init, hash, &sa->by_init);
	run_transition(sa, t, in);
}

/* Is it the request that begins an IKE SA? (2.2, 3.1) */
static bool is_first(const struct ike_header *h)
{
	return h->exchange == IKE_EXCHANGE_IKE_SA_INIT && !h->spi_r && h->spi_i &&
	       h->message_id == 0 && ike_header_from_initiator(h) && !ike_header_is_response(h);
}

/* Our SA that the message names; the peer's SPI must be its own, once it has told us. */
static struct ike_sa *find_sa(struct ike_core *core, const struct ike_header *h)
{
	bool from_initiator = ike_header_from_initiator(h);
	uint64_t ours = from_initiator ? h->spi_r : h->spi_i;
	uint64_t peers = from_initiator ? h->spi_i : h->spi_r;
	struct ike_sa *sa = ike_sa_by_spi(core, ours);

	if (!sa || sa->initiator == from_initiator)
		return NULL;
	if (ike_sa_peer_spi(sa) && ike_sa_peer_spi(sa) != peers)
		return NULL;
	return sa;
}

static void input_dispatch(struct ike_core *core, struct input *in)
{
	struct ike_sa *sa;

	in->verdict = ike_message_parse(in->raw, &in->m, &in->fault);
	if (in->verdict == IKE_UNSUPPORTED_VERSION) {
		outside_other_version(core, in->local, in->remote, &in->m.header);
		return;
	}
	if (in->verdict != IKE_OK && in->verdict != IKE_UNSUPPORTED_CRITICAL) {
		core->counters.malformed++;
		log_debug(ike, "dropped a datagram: %s", in->fault.reason);
		return;
	}
	in->digest = ike_core_hash(core, in->raw);
	if (is_first(&in->m.header)) {
		input_first(core, in);
		return;
	}
	sa = find_sa(core, &in->m.header);
	if (!sa) {
		outside_unknown_spi(core, in->local, in->remote, &in->m.header);
		return;
	}
	input_sa_message(sa, in);
	exchange_next(sa);
}

void ike_input_datagram(struct ike_core *core, struct instant now, const struct netaddr *local,
			const struct netaddr *remote, uint8_t *data, size_t len)
{
	struct input in = { .local = local, .remote = remote, .raw = BYTES(data, len) };

	core->now = now;
	core->counters.received++;
	input_dispatch(core, &in);
	free(in.whole);
	input_end(core);
}
