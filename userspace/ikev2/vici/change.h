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
