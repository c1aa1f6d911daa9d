/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "ikev2/policy/connection_private.h"

#define REKEY_DEFAULT DURATION_S(4 * 3600)

static void default_to(struct duration *d, int64_t ns)
{
	if (d->ns < 0)
		*d = DURATION_NS(ns);
}

static int64_t min_ns(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int connection_settle_times(struct connection *conn, const struct conf_node *section,
			    struct conf_report *report)
{
	bool neither = conn->rekey_time.ns < 0 && conn->reauth_time.ns < 0;
	char path[CONF_PATH_LEN];
	int64_t longer, shorter;

	default_to(&conn->rekey_time, neither ? REKEY_DEFAULT.ns : 0);
	default_to(&conn->reauth_time, 0);
	shorter = min_ns(conn->rekey_time.ns, conn->reauth_time.ns);
	longer = conn->rekey_time.ns + conn->reauth_time.ns - shorter;
	default_to(&conn->over_time, longer / 10);
	if (conn->rand_time.ns < 0) {
		/* Never so much that the shorter of the two could be over at once. */
		conn->rand_time.ns = min_ns(conn->over_time.ns, longer / 2);
		if (shorter)
			conn->rand_time.ns = min_ns(conn->rand_time.ns, shorter / 2);
	}
	if (longer && conn->rand_time.ns >= (shorter ? shorter : longer)) {
		conf_report_add(report, &section->origin,
				"%s: found a rand_time that rekey_time or reauth_time does not "
				"exceed, expected a shorter one",
				conf_path(section, path, sizeof(path)));
		return -EINVAL;
	}
	return 0;
}
