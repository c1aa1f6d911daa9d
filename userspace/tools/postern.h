/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * postern, the command line tool: what its files share.
 */
#include <stdbool.h>
#include <stdint.h>
#include "pdk/base/bytes.h"
#include "pdk/base/cleanup.h"
#include "ikev2/vici/client.h"
#include "ikev2/vici/message.h"

#define POSTERN_CONTROL_DEFAULT "/run/postern.vici"

/* Exit codes. */
enum postern_exit {
	POSTERN_OK = 0,
	POSTERN_FAILED = 1,    /* the daemon says no, or there is nothing of that name */
	POSTERN_USAGE = 2,     /* bad command line */
	POSTERN_NO_DAEMON = 3, /* can't connect, or the connection was lost */
	POSTERN_TIMED_OUT = 4, /* the daemon didn't answer in time */
};

/* Options, as bits for what a command takes. */
enum postern_option {
	OPTION_IKE = 1 << 0,
	OPTION_CHILD = 1 << 1,
	OPTION_IKE_ID = 1 << 2,
	OPTION_CHILD_ID = 1 << 3,
	OPTION_FORCE = 1 << 4,
	OPTION_LOG = 1 << 5,
	OPTION_QUIET = 1 << 6,
	OPTION_LEASES = 1 << 7,
	OPTION_REAUTH = 1 << 8,
};

struct postern {
	const char *control;
	bool json, force, log, quiet, leases, reauth;
	int64_t timeout_ms;            /* 0: none given */
	const char *ike, *child;       /* NULL: not given */
	const char *ike_id, *child_id; /* decimal, checked; NULL: not given */
	int n_args;                    /* behind the command */
	char **args;
	struct vici_client *client;
};

/* -------- commands: they return exit codes -------- */

int cmd_list_sas(struct postern *p);
int cmd_list_conns(struct postern *p);
int cmd_list_pools(struct postern *p);
int cmd_up(struct postern *p);
int cmd_down(struct postern *p);
int cmd_rekey(struct postern *p);
int cmd_load(struct postern *p);
int cmd_version(struct postern *p);
int cmd_stats(struct postern *p);
int cmd_monitor(struct postern *p);

/* -------- talking to the daemon: call.c -------- */

/* Report a failed call (-errno) and give its exit code. */
int postern_error(const struct postern *p, int err);

/*
 * Call a command and judge its response by "success", if it has one. what names the subject for the
 * error line ("load conns.conf: gw"), NULL: none. Gives an exit code; when that is not POSTERN_OK
 * it was reported. ret_response may be NULL.
 */
int postern_call(struct postern *p, const char *command, const struct writer *message,
		 const char *what, struct bytes *ret_response);

/*
 * Call a command that streams: fn gets the top section of each event (name and content), and its
 * non-zero value (an exit code) ends the call.
 */
typedef int (*postern_section_fn)(struct postern *p, struct bytes name, struct bytes content,
				  void *data);
int postern_stream(struct postern *p, const char *command, const char *event,
		   const struct writer *message, postern_section_fn fn, void *data);

/* -------- output: json.c, text.c -------- */

/* A section as a JSON object: lists are arrays; keys known to be numbers or flags have such. */
void json_section(struct bytes content, unsigned indent);
/* The same with "name": name in front. */
void json_named_section(struct bytes name, struct bytes content, unsigned indent);
void json_string(struct bytes text);

/* Control characters come out as '?'. */
void text_print(struct bytes text);
/* The value of a key, or fallback. */
void text_value(struct bytes section, const char *key, const char *fallback);
/* The items of a list on one line. */
void text_list(struct bytes section, const char *key);
/* Seconds of a key as "3h 5m"; "?" without. */
void text_age(struct bytes section, const char *key);
/* A whole message as an indented tree. */
void text_tree(struct bytes section, unsigned indent);
bool text_has(struct bytes section, const char *key);
