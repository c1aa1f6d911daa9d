/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/window.h"

#include "pdk/base/random.h"
#include "ikev2/policy/settings.h"

void window_init(struct window *w)
{
	*w = (struct window){ .retransmit_at = INSTANT_NEVER };
}

void window_fini(struct window *w)
{
	w->request = packet_unref(w->request);
	w->response = packet_unref(w->response);
}

bool window_is_old(const struct window *w)
{
	return w->send_next >= WINDOW_IDS_OWN_OLD || w->receive_next >= WINDOW_IDS_PEERS_OLD;
}

bool window_is_spent(const struct window *w)
{
	return w->send_next >= WINDOW_IDS_LAST || w->receive_next >= WINDOW_IDS_LAST;
}

/* When to send again for the nth time, if no response comes. */
static struct instant window_next_time(unsigned n, struct instant now,
				       const struct ike_settings *settings)
{
	struct duration wait = ike_settings_retransmit_wait(settings, n);

	/* Shortened at random, so that many peers of a dead gateway don't knock together. */
	if (settings->retransmit_jitter)
		wait.ns -= wait.ns / 100 * random_below(settings->retransmit_jitter + 1);
	return instant_add(now, wait);
}

bool window_can_send(const struct window *w)
{
	return !w->request && w->send_next != UINT32_MAX;
}

void window_sent(struct window *w, struct packet *packet, struct instant now,
		 const struct ike_settings *settings)
{
	packet_unref(w->request);
	w->request = packet_ref(packet);
	w->send_next++;
	w->sent = 0;
	w->retransmit_at = window_next_time(0, now, settings);
}

void window_request_anew(struct window *w, struct packet *packet, struct instant now,
			 const struct ike_settings *settings)
{
	packet_unref(w->request);
	w->request = packet_ref(packet);
	w->sent = 0;
	w->retransmit_at = window_next_time(0, now, settings);
}

bool window_expects(const struct window *w, uint32_t id)
{
	return w->request && id == w->send_next - 1;
}

void window_acknowledged(struct window *w)
{
	w->request = packet_unref(w->request);
	w->retransmit_at = INSTANT_NEVER;
}

bool window_retransmit(struct window *w, struct instant now, const struct ike_settings *settings)
{
	if (w->sent >= settings->retransmit_tries)
		return false;
	w->sent++;
	w->retransmit_at = window_next_time(w->sent, now, settings);
	return true;
}

enum window_verdict window_received(const struct window *w, uint32_t id, uint64_t digest)
{
	if (id == UINT32_MAX)
		return WINDOW_STALE;
	if (id == w->receive_next)
		return w->answering ? WINDOW_IN_PROGRESS : WINDOW_NEW;
	if (id == w->receive_next - 1 && w->response && digest == w->request_digest)
		return WINDOW_REPEATED;
	return WINDOW_STALE;
}

enum window_verdict window_received_fragment(const struct window *w, uint32_t id)
{
	if (id == UINT32_MAX)
		return WINDOW_STALE;
	if (id == w->receive_next)
		return w->answering ? WINDOW_IN_PROGRESS : WINDOW_NEW;
	return id == w->receive_next - 1 && w->response ? WINDOW_REPEATED : WINDOW_STALE;
}

void window_taken(struct window *w, uint64_t digest)
{
	w->answering = true;
	w->request_digest = digest;
}

void window_answered(struct window *w, struct packet *response)
{
	packet_unref(w->response);
	w->response = packet_ref(response);
	w->receive_next++;
	w->answering = false;
}
