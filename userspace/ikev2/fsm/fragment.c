/* SPDX-License-Identifier: MIT */
#include "ikev2/fsm/fragment.h"

#include "pdk/log/log.h"
#include "ikev2/codec/skf.h"
#include "ikev2/exchange/fragments.h"
#include "ikev2/fsm/timers.h"
#include "ikev2/policy/config.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

/* What all peers together that have not shown who they are may make us keep, in octets. */
#define FRAGMENTS_OF_STRANGERS_MAX (16u << 20)

static struct reassembly *reassembly_of(struct ike_sa *sa, const struct ike_message *m)
{
	return ike_header_is_response(&m->header) ? &sa->fragments.responses
						  : &sa->fragments.requests;
}

static bool is_stranger(const struct ike_sa *sa)
{
	return sa->state == IKE_STATE_INIT_ANSWERED;
}

static enum fragment_verdict refuse(struct ike_sa *sa, const char *why)
{
	sa->core->counters.fragments_refused++;
	log_obj_debug(ike, sa->log_name, "a fragment is dropped: %s", why);
	return FRAGMENT_IGNORED;
}

/* NULL, or what is wrong with it before anything shows whose it is. */
static const char *screen(struct ike_sa *sa, const struct ike_message *m,
			  struct ike_fragment *ret_fragment)
{
	if (!sa->fragments.agreed)
		return "fragments are not agreed on"; /* 2.4 */
	if (ike_skf_parse(m, ret_fragment, NULL) != IKE_OK)
		return "its numbers are out of range";
	/* 2.5.3: no exchange has them. What was ignored in one could not be put together again. */
	if (m->n)
		return "payloads in clear in front of it";
	return NULL;
}

static enum fragment_verdict complete(struct ike_sa *sa, struct ike_message *m, int *ret_verdict,
				      struct ike_fault *ret_fault, uint8_t **ret_whole)
{
	struct reassembly *r = reassembly_of(sa, m);
	size_t largest = r->largest, len;
	uint8_t *whole;

	if (reassembly_take(r, &m->encrypted_first, &whole, &len) < 0) {
		reassembly_reset(r);
		sa->core->counters.no_memory++;
		return FRAGMENT_IGNORED;
	}
	if (!ike_header_is_response(&m->header))
		sa->fragments.request_size = (uint16_t)fragments_datagram_size(sa, largest);
	sa->core->counters.reassembled++;
	*ret_verdict = ike_message_append_inner(m, BYTES(whole, len), ret_fault);
	*ret_whole = whole;
	return FRAGMENT_COMPLETE;
}

enum fragment_verdict fragment_take(struct ike_sa *sa, struct ike_message *m, int *ret_verdict,
				    struct ike_fault *ret_fault, uint8_t **ret_whole)
{
	struct reassembly *r = reassembly_of(sa, m);
	struct ike_core *core = sa->core;
	struct ike_fragment fragment;
	struct bytes chunk;
	const char *wrong;
	int err;

	wrong = screen(sa, m, &fragment);
	if (!wrong && !reassembly_wants(r, m->header.message_id, &fragment))
		wrong = "it is here already, or of an older set";
	if (!wrong && is_stranger(sa) && core->fragments_used > FRAGMENTS_OF_STRANGERS_MAX)
		wrong = "too many of peers that are not known yet";
	if (wrong)
		return refuse(sa, wrong);
	/* Nothing is kept before the integrity check has passed (2.6). In place. */
	err = ike_skf_open(m, sa->key_in, (uint8_t *)m->encrypted.data, &chunk, ret_fault);
	if (!m->opened) {
		core->counters.unauthentic++;
		return FRAGMENT_IGNORED;
	}
	if (err) {
		/* The peer's, but not as it has to be: so is the message then. */
		*ret_verdict = IKE_MALFORMED;
		reassembly_reset(r);
		return FRAGMENT_COMPLETE;
	}
	core->counters.fragments++;
	err = reassembly_add(
		r, m->header.message_id, &fragment, chunk, m->raw.len,
		instant_add(core->now, ike_settings_retransmit_total(&core->config->settings)));
	switch (err) {
	case REASSEMBLY_STORED:
		return FRAGMENT_STORED;
	case REASSEMBLY_COMPLETE:
		return complete(sa, m, ret_verdict, ret_fault, ret_whole);
	case REASSEMBLY_TOO_MUCH:
		core->counters.fragments_refused++;
		return FRAGMENT_TOO_MUCH;
	default:
		core->counters.no_memory++;
		return FRAGMENT_IGNORED;
	}
}

bool fragment_asks_again(struct ike_sa *sa, struct ike_message *m)
{
	struct ike_fragment fragment;
	struct bytes chunk;

	if (screen(sa, m, &fragment) || fragment.number != 1)
		return false;
	ike_skf_open(m, sa->key_in, (uint8_t *)m->encrypted.data, &chunk, NULL);
	if (!m->opened)
		sa->core->counters.unauthentic++;
	return m->opened;
}

void fragment_forget(struct ike_sa *sa, const struct ike_message *m)
{
	reassembly_reset(reassembly_of(sa, m));
	if (!ike_header_is_response(&m->header))
		sa->fragments.request_size = 0;
}
