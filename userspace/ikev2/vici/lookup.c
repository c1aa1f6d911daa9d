/* SPDX-License-Identifier: MIT */
#include "ikev2/vici/lookup.h"

#include <errno.h>
#include <stdio.h>

#include "ikev2/policy/config.h"

static int fail(char errmsg[VICI_TEXT_MAX], int err, const char *what, const char *name)
{
	snprintf(errmsg, VICI_TEXT_MAX, what, name);
	return err;
}

int vici_lookup(const struct ike_config *config, struct bytes args, enum vici_target_kind kind,
		struct vici_target *ret_target, char errmsg[VICI_TEXT_MAX])
{
	char ike_buf[VICI_TEXT_MAX], child_buf[VICI_TEXT_MAX];
	const char *ike = vici_get_str(args, "ike", ike_buf);
	const char *child = vici_get_str(args, "child", child_buf);
	const struct connection *conn;
	const struct child_conf *cc;
	int err;

	if (!child && (kind == VICI_TARGET_CHILD || !ike))
		return fail(errmsg, -EINVAL, "%s", "no name of a child given");
	if (ike) {
		conn = config_connection(config, ike);
		if (!conn)
			return fail(errmsg, -ENOENT, "no connection '%.200s'", ike);
		if (!child) {
			*ret_target = (struct vici_target){ conn->name, NULL };
			return 0;
		}
	}
	err = config_find_child(config, ike, child, &conn, &cc);
	if (err == -ENOTUNIQ)
		return fail(errmsg, err, "several connections have a child '%.200s': say which",
			    child);
	if (err)
		return fail(errmsg, err,
			    ike ? "that connection has no child '%.200s'"
				: "no connection has a child '%.200s'",
			    child);
	*ret_target = (struct vici_target){ conn->name, cc->name };
	return 0;
}
