/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Putting a changed configuration in force, for the commands that change it. Main thread.
 */
#include "ikev2/policy/config.h"
#include "ikev2/vici/server_private.h"

/* A request as a tree whose reports name the command. NULL without memory or when too big. */
struct conf_node *vici_request_tree(struct bytes args, const char *command);

/*
 * The end of such a command: err is what config_*() returned and new (taken over) the snapshot it
 * made. Hands it to the daemon, and writes the response.
 */
void vici_change_config(struct vici_session *s, int err, struct ike_config *new_take,
			const struct conf_report *report, struct writer *w);

/* config_load_*(): a snapshot of old with what the request says. */
typedef int (*vici_load_fn)(const struct ike_config *old, struct conf_node *request,
			    struct conf_report *report, struct ike_config **ret_cfg);
/* config_unload_*(): a snapshot of old without the one of that name. */
typedef int (*vici_unload_fn)(const struct ike_config *old, const char *name,
			      struct ike_config **ret_cfg);

/* Whole commands: command is the request's name, key that of the argument which says what goes. */
enum vici_outcome vici_load(struct vici_session *s, struct bytes args, const char *command,
			    vici_load_fn load, struct writer *w);
enum vici_outcome vici_unload(struct vici_session *s, struct bytes args, const char *key,
			      vici_unload_fn unload, struct writer *w);
