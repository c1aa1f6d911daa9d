/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What the files of the control server share. All of it is main thread only.
 *
 * A session is one client's connection. It has at most one command at work, which is either a
 * request (a token is out with the daemon) or a listing (events are streamed as the client has
 * room, then the response). What the client sends meanwhile waits in the session's input buffer.
 */
#include "pdk/base/bytes.h"
#include "pdk/base/list.h"
#include "pdk/loop/loop.h"
#include "pdk/loop/timer.h"
#include "pdk/log/log.h"
#include "ikev2/vici/message.h"
#include "ikev2/vici/server.h"

struct stream;
struct stream_listener;
struct vici_session;

LOG_USE(vici);

/* Octets that a client has not read: above this a listing pauses and other events are dropped. */
#define SESSION_QUEUE_HIGH (256 * 1024)
/* Above this it is cut off: room for the above and for the longest packet. */
#define SESSION_QUEUE_MAX (SESSION_QUEUE_HIGH + 2 * (VICI_PACKET_MAX + 4))

/* Events a client may register for. */
enum vici_event {
	VICI_EVENT_LOG,
	VICI_EVENT_CONTROL_LOG,
	VICI_EVENT_LIST_SA,
	VICI_EVENT_LIST_POLICY,
	VICI_EVENT_LIST_CONN,
	VICI_EVENT_IKE_UPDOWN,
	VICI_EVENT_CHILD_UPDOWN,
	/* The rest is known, so that swanctl may ask, and isn't raised. */
	VICI_EVENT_LIST_CERT,
	VICI_EVENT_LIST_AUTHORITY,
	VICI_EVENT_IKE_REKEY,
	VICI_EVENT_CHILD_REKEY,
	VICI_EVENT_COUNT,
};

/* "log", "control-log" ... */
const char *vici_event_name(enum vici_event event);
/* -ENOENT */
int vici_event_parse(struct bytes name, enum vici_event *ret_event);

struct vici_server {
	struct loop *loop;
	const struct vici_backend *backend;
	void *ctx;
	struct vici_server_options options;
	struct stream_listener *listener;
	struct list sessions;   /* struct vici_session.node */
	struct list requests;   /* struct vici_request.node: tokens that are out */
	struct loop_timer tick; /* looks for stalled clients while there are any */
	struct vici_server_counters counters;
	unsigned log_listeners; /* atomic */
};

/* -------- sessions: session.c -------- */

/* Takes the stream over. -ENOMEM (and the stream is closed). */
int vici_session_new(struct vici_server *server, struct stream *stream);
/* Leaves requests to end unseen. */
void vici_session_free(struct vici_session *s);
/* Walk the sessions of a server; NULL starts. */
struct vici_session *vici_session_next(struct vici_server *server, struct vici_session *prev);
/* Cut it off when its client has read nothing for too long. */
void vici_session_check_stalled(struct vici_session *s, struct instant now);

bool vici_session_listens(const struct vici_session *s, enum vici_event event);
/* Send a packet, an event if room: false (and counted) when the client doesn't read. */
void vici_session_send(struct vici_session *s, const struct writer *w);
bool vici_session_send_event(struct vici_session *s, const struct writer *w);

/* -------- listings: session.c -------- */

enum vici_step {
	VICI_STEP_EVENT, /* a packet was written */
	VICI_STEP_WAIT,  /* goes on with vici_session_resume() */
	VICI_STEP_END,   /* that was all */
};

/* A streamed answer; embedded in the object of the command. */
struct vici_listing {
	enum vici_event event;
	/* Write the next event, message only. An error of the writer leaves that event out. */
	enum vici_step (*step)(struct vici_listing *l, struct vici_session *s, struct writer *w);
	void (*free)(struct vici_listing *l);
	char error[VICI_TEXT_MAX]; /* for the response; "": none */
};

/* Take a listing over and start it. */
void vici_session_list(struct vici_session *s, struct vici_listing *listing);
struct vici_listing *vici_session_listing(const struct vici_session *s);
/* Go on, at the end of this turn of the loop, with the listing and with what the client sent. */
void vici_session_resume(struct vici_session *s);

/* -------- tokens: request.c -------- */

struct vici_request_options {
	int64_t timeout_ms; /* 0: waits; negative: answers at once, and lets the work go on */
	int64_t log_level;  /* lines above it are not sent; negative: none */
	bool page;          /* asks for a page of the session's list-sas */
};

/* A token for the session's command. NULL without memory. */
struct vici_request *vici_request_new(struct vici_session *s,
				      const struct vici_request_options *options);
/* The client is gone: nobody waits for the token. */
void vici_request_detach(struct vici_request *req);
/* Detaches all tokens of a server that goes. */
void vici_request_orphan_all(struct vici_server *server);

/* The token that the session waits for: set and cleared by request.c. */
void vici_session_set_request(struct vici_session *s, struct vici_request *req);
struct vici_server *vici_session_server(const struct vici_session *s);

/* success = yes, or success = no with errmsg. */
void vici_put_result(struct writer *w, const char *errmsg);
/* The response of a command that failed or succeeded (errmsg NULL). */
void vici_session_respond(struct vici_session *s, const char *errmsg);

/* -------- commands: commands.c -------- */

/*
 * A command either writes the message of its response to w and returns VICI_DONE, or has taken care
 * of the response (token, listing) and returns VICI_LATER.
 */
enum vici_outcome { VICI_DONE, VICI_LATER };
typedef enum vici_outcome (*vici_command_fn)(struct vici_session *s, struct bytes args,
					     struct writer *w);

struct vici_command {
	const char *name;
	vici_command_fn run;
};

/* Each group's table, ended by a NULL name. */
extern const struct vici_command vici_info_commands[], vici_conn_commands[], vici_secret_commands[],
	vici_cred_commands[], vici_authority_commands[], vici_sa_commands[], vici_pool_commands[];

/* NULL: unknown. */
const struct vici_command *vici_command_find(struct bytes name);

/* -------- pages of list-sas: list_sas.c -------- */

/* The answer to a page token: page is taken over, or NULL and errmsg (NULL: the end) says why. */
void vici_list_sas_page(struct vici_listing *l, struct vici_sa_page *page, const char *errmsg);
