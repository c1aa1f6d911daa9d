/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/window.h"

/* Longest pause between two transmissions, whatever the base. */
#define RETRANSMIT_PAUSE_MAX DURATION_S(165)

void window_init(struct window *w)
{
	*w = (struct window){ .retransmit_at = INSTANT_NEVER };
}

void window_fini(struct window *w)
{
	w->request = packet_unref(w->request);
	w->response = packet_unref(w->response);
}

static struct instant window_next_time(unsigned sent, struct instant now,
				       const struct retransmission *r)
{
	double pause = (double)r->timeout.ns;

	for (unsigned i = 0; i < sent && pause < (double)RETRANSMIT_PAUSE_MAX.ns; i++)
		pause *= r->base;
	if (pause > (double)RETRANSMIT_PAUSE_MAX.ns)
		pause = (double)RETRANSMIT_PAUSE_MAX.ns;
	return instant_add(now, DURATION_NS(pause));
}

bool window_can_send(const struct window *w)
{
	return !w->request;
}

void window_sent(struct window *w, struct packet *packet, struct instant now,
		 const struct retransmission *r)
{
	packet_unref(w->request);
	w->request = packet_ref(packet);
	w->send_next++;
	w->sent = 0;
	w->retransmit_at = window_next_time(0, now, r);
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

bool window_retransmit(struct window *w, struct instant now, const struct retransmission *r)
{
	if (w->sent >= r->tries)
		return false;
	w->sent++;
	w->retransmit_at = window_next_time(w->sent, now, r);
	return true;
}

enum window_verdict window_received(const struct window *w, uint32_t id, uint64_t digest)
{
	if (id == w->receive_next)
		return w->answering ? WINDOW_IN_PROGRESS : WINDOW_NEW;
	if (id == w->receive_next - 1 && w->response && digest == w->request_digest)
		return WINDOW_REPEATED;
	return WINDOW_STALE;
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
