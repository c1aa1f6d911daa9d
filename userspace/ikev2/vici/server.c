/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "pdk/net/stream.h"
#include "ikev2/vici/print.h"
#include "ikev2/vici/server_private.h"

LOG_SUBSYSTEM(vici, "control socket");

#define TICK DURATION_S(1)

/* -------- events -------- */

static const char *const event_names[VICI_EVENT_COUNT] = {
	[VICI_EVENT_LOG] = "log",
	[VICI_EVENT_CONTROL_LOG] = "control-log",
	[VICI_EVENT_LIST_SA] = "list-sa",
	[VICI_EVENT_LIST_POLICY] = "list-policy",
	[VICI_EVENT_LIST_CONN] = "list-conn",
	[VICI_EVENT_IKE_UPDOWN] = "ike-updown",
	[VICI_EVENT_CHILD_UPDOWN] = "child-updown",
	[VICI_EVENT_LIST_CERT] = "list-cert",
	[VICI_EVENT_LIST_AUTHORITY] = "list-authority",
	[VICI_EVENT_IKE_REKEY] = "ike-rekey",
	[VICI_EVENT_CHILD_REKEY] = "child-rekey",
};

const char *vici_event_name(enum vici_event event)
{
	return event_names[event];
}

int vici_event_parse(struct bytes name, enum vici_event *ret_event)
{
	for (unsigned i = 0; i < VICI_EVENT_COUNT; i++) {
		if (vici_bytes_are(name, event_names[i])) {
			*ret_event = i;
			return 0;
		}
	}
	return -ENOENT;
}

static bool anybody_listens(struct vici_server *server, enum vici_event event)
{
	struct vici_session *s;

	for (s = vici_session_next(server, NULL); s; s = vici_session_next(server, s))
		if (vici_session_listens(s, event))
			return true;
	return false;
}

/* The packet that w holds, to all who registered. */
static void broadcast(struct vici_server *server, enum vici_event event, const struct writer *w)
{
	struct vici_session *s;

	for (s = vici_session_next(server, NULL); s; s = vici_session_next(server, s))
		if (vici_session_listens(s, event))
			vici_session_send_event(s, w);
}

static void updown(struct vici_server *server, enum vici_event event, bool up,
		   const struct ike_sa_info *ike, size_t first, size_t end)
{
	struct writer w;
	size_t begin;

	if (!anybody_listens(server, event))
		return;
	writer_init_heap(&w, VICI_PACKET_MAX + 4);
	begin = vici_packet_begin(&w, VICI_EVENT, vici_event_name(event));
	if (up)
		vici_put_str(&w, "up", "yes");
	vici_put_ike_sa(&w, ike, first, end);
	vici_packet_end(&w, begin);
	broadcast(server, event, &w);
	writer_fini(&w);
}

void vici_event_ike_updown(struct vici_server *server, bool up, const struct ike_sa_info *ike)
{
	updown(server, VICI_EVENT_IKE_UPDOWN, up, ike, 0, 0);
}

void vici_event_child_updown(struct vici_server *server, bool up, const struct ike_sa_info *ike,
			     size_t child)
{
	updown(server, VICI_EVENT_CHILD_UPDOWN, up, ike, child, child + 1);
}

static void rekey(struct vici_server *server, enum vici_event event, const struct ike_sa_info *old,
		  const struct ike_sa_info *ike)
{
	struct writer w;
	size_t begin;

	if (!anybody_listens(server, event))
		return;
	writer_init_heap(&w, VICI_PACKET_MAX + 4);
	begin = vici_packet_begin(&w, VICI_EVENT, vici_event_name(event));
	if (old)
		vici_put_ike_rekey(&w, old, ike);
	else
		vici_put_child_rekey(&w, ike);
	vici_packet_end(&w, begin);
	broadcast(server, event, &w);
	writer_fini(&w);
}

void vici_event_ike_rekey(struct vici_server *server, const struct ike_sa_info *old,
			  const struct ike_sa_info *ike)
{
	rekey(server, VICI_EVENT_IKE_REKEY, old, ike);
}

void vici_event_child_rekey(struct vici_server *server, const struct ike_sa_info *ike)
{
	rekey(server, VICI_EVENT_CHILD_REKEY, NULL, ike);
}

void vici_event_log(struct vici_server *server, const struct log_record *record)
{
	struct writer w;
	size_t begin;

	if (!vici_server_wants_log(server))
		return;
	writer_init_heap(&w, VICI_PACKET_MAX + 4);
	begin = vici_packet_begin(&w, VICI_EVENT, vici_event_name(VICI_EVENT_LOG));
	vici_put_str(&w, "group", record->subsystem->name);
	/* Errors to notices are level 0 of the protocol's 0 to 4, the rest follows. */
	vici_put_fmt(&w, "level", "%d",
		     record->level <= LOG_LEVEL_NOTICE ? 0 : record->level - LOG_LEVEL_NOTICE);
	vici_put_str(&w, "thread", record->thread);
	vici_put_str(&w, "object", record->object);
	vici_put_str(&w, "msg", record->message);
	vici_packet_end(&w, begin);
	broadcast(server, VICI_EVENT_LOG, &w);
	writer_fini(&w);
}

bool vici_server_wants_log(const struct vici_server *server)
{
	return __atomic_load_n(&server->log_listeners, __ATOMIC_RELAXED) > 0;
}

/* -------- clients -------- */

static void tick(struct loop_timer *timer, void *data)
{
	struct vici_server *server = data;
	struct vici_session *s, *next;

	for (s = vici_session_next(server, NULL); s; s = next) {
		next = vici_session_next(server, s);
		vici_session_check_stalled(s, loop_now(server->loop));
	}
	if (server->counters.connected == 0)
		timer_disarm(timer);
}

static void accepted(struct stream *stream, void *data)
{
	struct vici_server *server = data;

	if (server->counters.connected >= server->options.max_clients) {
		log_warning(vici, "%zu clients are connected, one more is turned away",
			    server->counters.connected);
		server->counters.refused++;
		stream_free(stream);
		return;
	}
	if (vici_session_new(server, stream)) {
		log_error(vici, "no memory for a client");
		return;
	}
	if (!timer_armed(&server->tick))
		timer_arm_every(&server->tick, TICK);
}

/* -------- life -------- */

int vici_server_new(struct loop *loop, const char *path, const struct vici_backend *backend,
		    void *ctx, const struct vici_server_options *options,
		    struct vici_server **ret_server)
{
	struct vici_server *server = calloc(1, sizeof(*server));
	int err;

	if (!server)
		return -ENOMEM;
	server->loop = loop;
	server->backend = backend;
	server->ctx = ctx;
	if (options)
		server->options = *options;
	if (!server->options.mode)
		server->options.mode = 0600;
	if (!server->options.max_clients)
		server->options.max_clients = 256;
	if (server->options.stalled.ns <= 0)
		server->options.stalled = DURATION_S(30);
	if (!server->options.version)
		server->options.version = "unknown";
	list_init(&server->sessions);
	list_init(&server->requests);
	timer_init(&server->tick, loop, tick, server);
	err = stream_listen_unix(loop, path, server->options.mode, accepted, server,
				 &server->listener);
	if (err) {
		free(server);
		return err;
	}
	*ret_server = server;
	return 0;
}

struct vici_server *vici_server_free(struct vici_server *server)
{
	struct vici_session *s;

	if (!server)
		return NULL;
	stream_listener_free(server->listener);
	timer_disarm(&server->tick);
	while ((s = vici_session_next(server, NULL)))
		vici_session_free(s);
	vici_request_orphan_all(server);
	free(server);
	return NULL;
}

const struct vici_server_counters *vici_server_counters(const struct vici_server *server)
{
	return &server->counters;
}
