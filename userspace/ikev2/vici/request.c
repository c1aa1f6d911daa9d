/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "ikev2/vici/server_private.h"

/*
 * A token has one owner, the daemon, who ends it. The session and the server point to it while
 * somebody waits: each of the three may go first. Without a session the answer goes nowhere;
 * without a server the token is only memory.
 */

struct vici_request {
	struct list node;
	struct vici_server *server;   /* NULL: gone */
	struct vici_session *session; /* NULL: abandoned */
	struct vici_request_options options;
	struct loop_timer timeout;
};

/* From now on nobody waits. The session may take up its next command. */
void vici_request_detach(struct vici_request *req)
{
	if (!req->session)
		return;
	timer_disarm(&req->timeout);
	vici_session_set_request(req->session, NULL);
	req->session = NULL;
}

void vici_request_orphan_all(struct vici_server *server)
{
	struct vici_request *req, *tmp;

	list_for_each_safe (req, tmp, &server->requests, node) {
		vici_request_detach(req);
		list_remove(&req->node);
		req->server = NULL;
	}
}

static void request_free(struct vici_request *req)
{
	if (req->server) {
		req->server->counters.outstanding--;
		list_remove(&req->node);
	}
	free(req);
}

/* Answer, if anybody waits, and let the session go on. Leaves the token. */
static void answer(struct vici_request *req, const char *errmsg)
{
	struct vici_session *s = req->session;

	if (!s)
		return;
	vici_request_detach(req);
	if (req->options.page)
		vici_list_sas_page(vici_session_listing(s), NULL, errmsg);
	else
		vici_session_respond(s, errmsg);
	vici_session_resume(s);
}

static void timed_out(struct loop_timer *timer _unused_, void *data)
{
	struct vici_request *req = data;
	char text[80];

	snprintf(text, sizeof(text), "not done after %lld ms, going on in the background",
		 (long long)req->options.timeout_ms);
	answer(req, text);
}

struct vici_request *vici_request_new(struct vici_session *s,
				      const struct vici_request_options *options)
{
	struct vici_server *server = vici_session_server(s);
	struct vici_request *req = calloc(1, sizeof(*req));

	if (!req)
		return NULL;
	req->server = server;
	req->session = s;
	req->options = *options;
	list_append(&server->requests, &req->node);
	server->counters.outstanding++;
	vici_session_set_request(s, req);
	timer_init(&req->timeout, server->loop, timed_out, req);
	if (options->timeout_ms > 0)
		timer_arm_after(&req->timeout, DURATION_MS(options->timeout_ms));
	else if (options->timeout_ms < 0)
		answer(req, NULL);
	return req;
}

bool vici_request_abandoned(const struct vici_request *req)
{
	return !req->session;
}

void vici_request_ok(struct vici_request *req)
{
	answer(req, NULL);
	request_free(req);
}

void vici_request_fail(struct vici_request *req, const char *fmt, ...)
{
	char text[VICI_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	answer(req, text);
	request_free(req);
}

void vici_request_sas(struct vici_request *req, struct vici_sa_page *page)
{
	struct vici_session *s = req->session;

	if (s && req->options.page) {
		vici_request_detach(req);
		vici_list_sas_page(vici_session_listing(s), page, NULL);
		vici_session_resume(s);
	} else {
		vici_sa_page_free(page);
	}
	request_free(req);
}

void vici_request_rekeying(struct vici_request *req, unsigned matched)
{
	struct vici_session *s = req->session;
	uint8_t buf[256];
	struct writer w;
	size_t begin;

	if (s) {
		vici_request_detach(req);
		writer_init_fixed(&w, buf, sizeof(buf));
		begin = vici_packet_begin(&w, VICI_CMD_RESPONSE, NULL);
		vici_put_fmt(&w, "matches", "%u", matched);
		vici_put_result(&w, matched ? NULL : "no SA matches");
		vici_packet_end(&w, begin);
		vici_session_send(s, &w);
		vici_session_resume(s);
	}
	request_free(req);
}

void vici_request_terminated(struct vici_request *req, unsigned matched, unsigned gone)
{
	struct vici_session *s = req->session;
	const char *errmsg = NULL;
	uint8_t buf[256];
	struct writer w;
	size_t begin;

	if (matched == 0)
		errmsg = "no SA matches";
	else if (gone < matched)
		errmsg = "not every SA that matches could be deleted";
	if (s) {
		vici_request_detach(req);
		writer_init_fixed(&w, buf, sizeof(buf));
		begin = vici_packet_begin(&w, VICI_CMD_RESPONSE, NULL);
		vici_put_fmt(&w, "matches", "%u", matched);
		vici_put_fmt(&w, "terminated", "%u", gone);
		vici_put_result(&w, errmsg);
		vici_packet_end(&w, begin);
		vici_session_send(s, &w);
		vici_session_resume(s);
	}
	request_free(req);
}

void vici_request_log(struct vici_request *req, enum vici_log_level level, const char *group,
		      const char *ike_name, uint32_t ike_id, const char *fmt, ...)
{
	struct vici_session *s = req->session;
	char text[VICI_TEXT_MAX];
	struct writer w;
	size_t begin;
	va_list ap;

	if (!s || (int64_t)level > req->options.log_level ||
	    !vici_session_listens(s, VICI_EVENT_CONTROL_LOG))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	writer_init_heap(&w, VICI_PACKET_MAX + 4);
	begin = vici_packet_begin(&w, VICI_EVENT, vici_event_name(VICI_EVENT_CONTROL_LOG));
	vici_put_str(&w, "group", group);
	vici_put_fmt(&w, "level", "%d", (int)level);
	vici_put_str(&w, "ikesa-name", ike_name);
	if (ike_id)
		vici_put_fmt(&w, "ikesa-uniqueid", "%u", ike_id);
	vici_put_str(&w, "msg", text);
	vici_packet_end(&w, begin);
	vici_session_send_event(s, &w);
	writer_fini(&w);
}
