/* SPDX-License-Identifier: MIT */
#include "ikev2/vici/server_private.h"

#include <errno.h>
#include <stdlib.h>

#include "pdk/crypto/secret.h"
#include "pdk/net/stream.h"

/*
 * What comes in is collected until a packet is whole. A request is taken up when no command is at
 * work and the client reads what it is told, one in a turn of the loop, so that others have theirs;
 * the registration for events doesn't wait for that, because the protocol allows it at any time. A
 * session is freed in three places: when its stream is over, when the client sent garbage, and when
 * it is stalled or the server goes; never within a command, so commands may hold it.
 */

/* Most that is kept: one packet to come and what one read can bring. */
#define SESSION_INPUT_MAX (VICI_PACKET_MAX + 4 + 64 * 1024)
/* Events of a listing that are sent in a row before others have their turn. */
#define LISTING_BURST 64

struct vici_session {
	struct list node;
	struct vici_server *server;
	struct stream *stream;
	uint8_t *in;
	size_t in_len, in_room;
	uint32_t events; /* bits by enum vici_event */
	struct vici_request *request;
	struct vici_listing *listing;
	struct loop_deferred resume;
	bool rests; /* it has had a request in this turn */
	uint64_t written, seen_drained; /* octets */
	struct instant progress;        /* when the client last read something, or had nothing to */
};

struct vici_server *vici_session_server(const struct vici_session *s)
{
	return s->server;
}

struct vici_session *vici_session_next(struct vici_server *server, struct vici_session *prev)
{
	struct list *next = prev ? prev->node.next : server->sessions.next;

	return next == &server->sessions ? NULL : list_entry(next, struct vici_session, node);
}

void vici_session_set_request(struct vici_session *s, struct vici_request *req)
{
	s->request = req;
}

struct vici_listing *vici_session_listing(const struct vici_session *s)
{
	return s->listing;
}

void vici_session_resume(struct vici_session *s)
{
	loop_defer(s->server->loop, &s->resume);
}

static bool session_busy(const struct vici_session *s)
{
	return s->request || s->listing || s->rests ||
	       stream_queued(s->stream) > SESSION_QUEUE_HIGH;
}

/* -------- sending -------- */

static void session_write(struct vici_session *s, struct bytes out)
{
	if (stream_queued(s->stream) == 0)
		s->progress = loop_now(s->server->loop);
	/* When this fails, the stream's closed callback ends the session. */
	if (!stream_write(s->stream, out))
		s->written += out.len;
}

void vici_session_send(struct vici_session *s, const struct writer *w)
{
	if (!w->err)
		session_write(s, writer_view(w));
}

bool vici_session_send_event(struct vici_session *s, const struct writer *w)
{
	if (w->err || stream_queued(s->stream) > SESSION_QUEUE_HIGH) {
		s->server->counters.events_dropped++;
		return false;
	}
	session_write(s, writer_view(w));
	s->server->counters.events++;
	return true;
}

static void send_plain(struct vici_session *s, enum vici_packet_type type)
{
	const uint8_t packet[5] = { 0, 0, 0, 1, (uint8_t)type };

	session_write(s, BYTES_OF(packet));
}

void vici_put_result(struct writer *w, const char *errmsg)
{
	vici_put_str(w, "success", errmsg ? "no" : "yes");
	vici_put_str(w, "errmsg", errmsg);
}

void vici_session_respond(struct vici_session *s, const char *errmsg)
{
	uint8_t buf[VICI_TEXT_MAX + 64];
	struct writer w;
	size_t begin;

	writer_init_fixed(&w, buf, sizeof(buf));
	begin = vici_packet_begin(&w, VICI_CMD_RESPONSE, NULL);
	vici_put_result(&w, errmsg);
	vici_packet_end(&w, begin);
	vici_session_send(s, &w);
}

/* -------- events -------- */

bool vici_session_listens(const struct vici_session *s, enum vici_event event)
{
	return s->events & (1u << event);
}

static void set_listens(struct vici_session *s, enum vici_event event, bool on)
{
	if (vici_session_listens(s, event) == on)
		return;
	s->events ^= 1u << event;
	if (event == VICI_EVENT_LOG)
		__atomic_fetch_add(&s->server->log_listeners, on ? 1u : -1u, __ATOMIC_RELAXED);
}

static void handle_registration(struct vici_session *s, const struct vici_packet *p)
{
	enum vici_event event;

	if (vici_event_parse(p->name, &event)) {
		send_plain(s, VICI_EVENT_UNKNOWN);
		return;
	}
	set_listens(s, event, p->type == VICI_EVENT_REGISTER);
	send_plain(s, VICI_EVENT_CONFIRM);
}

/* -------- listings -------- */

static void listing_end(struct vici_session *s)
{
	struct vici_listing *l = steal_ptr(s->listing);
	const uint8_t empty[5] = { 0, 0, 0, 1, VICI_CMD_RESPONSE };

	if (l->error[0])
		vici_session_respond(s, l->error);
	else
		session_write(s, BYTES_OF(empty));
	l->free(l);
	vici_session_resume(s);
}

/* One step. True when there may be more to do right away. */
static bool listing_step(struct vici_session *s)
{
	struct vici_listing *l = s->listing;
	enum vici_step step;
	struct writer w;
	size_t begin;

	writer_init_heap(&w, VICI_PACKET_MAX + 4);
	begin = vici_packet_begin(&w, VICI_EVENT, vici_event_name(l->event));
	step = l->step(l, s, &w);
	vici_packet_end(&w, begin);
	if (step == VICI_STEP_EVENT && vici_session_listens(s, l->event))
		vici_session_send_event(s, &w);
	writer_fini(&w);
	if (step == VICI_STEP_END)
		listing_end(s);
	return step == VICI_STEP_EVENT;
}

static void listing_pump(struct vici_session *s)
{
	for (unsigned i = 0; i < LISTING_BURST; i++) {
		/* The stream says when its queue has drained. */
		if (!s->listing || stream_queued(s->stream) > SESSION_QUEUE_HIGH / 2)
			return;
		if (!listing_step(s))
			return;
	}
	vici_session_resume(s);
}

void vici_session_list(struct vici_session *s, struct vici_listing *listing)
{
	s->listing = listing;
	vici_session_resume(s);
}

/* -------- input -------- */

static void cut_off(struct vici_session *s, const char *reason)
{
	log_info(vici, "client cut off: %s", reason);
	s->server->counters.garbage++;
	vici_session_free(s);
}

static void handle_request(struct vici_session *s, const struct vici_packet *p)
{
	const struct vici_command *command = vici_command_find(p->name);
	struct writer w;
	size_t begin;

	s->rests = true;
	vici_session_resume(s);
	s->server->counters.requests++;
	log_debug(vici, "request '%.*s'%s", (int)p->name.len, (const char *)p->name.data,
		  command ? "" : ", which we don't have");
	if (!command) {
		send_plain(s, VICI_CMD_UNKNOWN);
		return;
	}
	writer_init_heap(&w, VICI_PACKET_MAX + 4);
	begin = vici_packet_begin(&w, VICI_CMD_RESPONSE, NULL);
	if (command->run(s, p->message, &w) == VICI_DONE) {
		vici_packet_end(&w, begin);
		if (w.err)
			vici_session_respond(s, "the answer is too long");
		else
			vici_session_send(s, &w);
	}
	writer_fini(&w);
}

/* Take one packet off in. 1: done, 0: not yet, -EBADMSG: garbage. */
static int handle_packet(struct vici_session *s, struct bytes in, size_t *ret_used,
			 const char **ret_reason)
{
	struct vici_packet p;
	struct reader r;
	uint32_t len;

	reader_init(&r, in);
	len = reader_u32(&r);
	if (r.failed)
		return 0;
	if (len == 0 || len > VICI_PACKET_MAX) {
		*ret_reason = "bad packet length";
		return -EBADMSG;
	}
	if (reader_left(&r) < len)
		return 0;
	if (vici_packet_parse(reader_take(&r, len), &p, ret_reason))
		return -EBADMSG;
	*ret_used = reader_offset(&r);
	switch (p.type) {
	case VICI_CMD_REQUEST:
		if (session_busy(s))
			return 0;
		handle_request(s, &p);
		return 1;
	case VICI_EVENT_REGISTER:
	case VICI_EVENT_UNREGISTER:
		handle_registration(s, &p);
		return 1;
	case VICI_CMD_RESPONSE:
	case VICI_CMD_UNKNOWN:
	case VICI_EVENT_CONFIRM:
	case VICI_EVENT_UNKNOWN:
	case VICI_EVENT:
		break;
	}
	*ret_reason = "packet that only a server sends";
	return -EBADMSG;
}

/* Input may have held secrets, so what is dropped is wiped. */
static void drop_input(struct vici_session *s, size_t used)
{
	size_t left = s->in_len - used;

	if (used == 0)
		return;
	if (left > 0)
		memmove(s->in, s->in + used, left);
	secret_wipe(s->in + left, used);
	s->in_len = left;
	if (left == 0) {
		free(s->in);
		s->in = NULL;
		s->in_room = 0;
	}
}

/* May free the session. */
static void handle_input(struct vici_session *s)
{
	size_t done = 0, used = 0;
	const char *reason = NULL;
	int rc;

	if (s->in_len == 0)
		return;
	while ((rc = handle_packet(s, BYTES(s->in + done, s->in_len - done), &used, &reason)) > 0)
		done += used;
	if (rc < 0) {
		cut_off(s, reason);
		return;
	}
	drop_input(s, done);
	/* Who doesn't wait for answers may be ahead of them by so much. */
	if (s->in_len > VICI_PACKET_MAX + 4)
		cut_off(s, "too many requests at once");
}

static int add_input(struct vici_session *s, struct bytes in)
{
	size_t room = s->in_room ? s->in_room : 1024;
	uint8_t *bigger;

	if (in.len > SESSION_INPUT_MAX - s->in_len)
		return -EMSGSIZE;
	while (room < s->in_len + in.len)
		room *= 2;
	if (room > s->in_room) {
		bigger = malloc(room);
		if (!bigger)
			return -ENOMEM;
		if (s->in_len > 0) {
			memcpy(bigger, s->in, s->in_len);
			secret_wipe(s->in, s->in_len);
		}
		free(s->in);
		s->in = bigger;
		s->in_room = room;
	}
	memcpy(s->in + s->in_len, in.data, in.len);
	s->in_len += in.len;
	return 0;
}

static void session_read(struct stream *stream _unused_, struct bytes in, void *data)
{
	struct vici_session *s = data;

	if (add_input(s, in))
		cut_off(s, "no room for its requests");
	else
		handle_input(s);
}

static void session_closed(struct stream *stream _unused_, int err, void *data)
{
	struct vici_session *s = data;

	if (err)
		log_debug(vici, "client connection lost: %s", strerror(-err));
	vici_session_free(s);
}

static void session_drained(struct stream *stream _unused_, void *data)
{
	vici_session_resume(data);
}

static void session_resumed(struct loop_deferred *d)
{
	struct vici_session *s = container_of(d, struct vici_session, resume);

	s->rests = false;
	listing_pump(s);
	if (!session_busy(s))
		handle_input(s);
}

/* -------- life -------- */

int vici_session_new(struct vici_server *server, struct stream *stream)
{
	struct vici_session *s = calloc(1, sizeof(*s));

	if (!s) {
		stream_free(stream);
		return -ENOMEM;
	}
	s->server = server;
	s->stream = stream;
	s->progress = loop_now(server->loop);
	loop_deferred_init(&s->resume, session_resumed);
	list_append(&server->sessions, &s->node);
	server->counters.clients++;
	server->counters.connected++;
	stream_set_queue_limit(stream, SESSION_QUEUE_MAX);
	stream_set_handlers(stream, session_read, session_closed, s);
	stream_set_drained(stream, session_drained);
	return 0;
}

void vici_session_free(struct vici_session *s)
{
	if (s->request)
		vici_request_detach(s->request);
	if (s->listing)
		s->listing->free(s->listing);
	set_listens(s, VICI_EVENT_LOG, false);
	loop_defer_cancel(&s->resume);
	list_remove(&s->node);
	s->server->counters.connected--;
	stream_free(s->stream);
	drop_input(s, s->in_len);
	free(s);
}

void vici_session_check_stalled(struct vici_session *s, struct instant now)
{
	size_t queued = stream_queued(s->stream);
	uint64_t drained = s->written - queued;

	if (queued == 0 || drained != s->seen_drained) {
		s->seen_drained = drained;
		s->progress = now;
		return;
	}
	if (instant_before(now, instant_add(s->progress, s->server->options.stalled)))
		return;
	log_info(vici, "client cut off: has read nothing for %lld s, %zu octets are waiting",
		 (long long)duration_s(s->server->options.stalled), queued);
	s->server->counters.stalled++;
	vici_session_free(s);
}
