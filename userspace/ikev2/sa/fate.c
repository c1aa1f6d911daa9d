/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/fate.h"

#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

const char *sa_end_name(enum sa_end end)
{
	switch (end) {
	case SA_END_FAILED:
		return "failed";
	case SA_END_DEAD:
		return "dead";
	case SA_END_USER:
		return "user";
	case SA_END_EXPIRED:
		return "expired";
	case SA_END_REPLACED:
		return "replaced";
	case SA_END_IDLE:
		return "idle";
	case SA_END_REAUTH:
		return "reauth";
	}
	return "?";
}

/* Peers that we can't call are not ours to bring up, and a gateway has many of them. */
static bool ours(const struct connection *conn)
{
	struct netaddr addr;

	return connection_remote(conn, AF_UNSPEC, &addr);
}

void fate_child_up(struct child_sa *child)
{
	const struct ike_sa *sa = child->ike;

	if (ours(sa->conn))
		ike_core_fate(sa->core, sa->conn, child->conf, (struct fate){ .up = true });
}

void fate_child_end(struct child_sa *child)
{
	const struct ike_sa *sa = child->ike;
	enum sa_end end = child->end ? child->end : sa->end;
	/* One that was to replace another, or that was replaced, was never what somebody waits for.
	 */
	bool tried = child->initiator && !child->replaces && !child->superseded;

	if (ours(sa->conn) && (child->up || tried))
		ike_core_fate(sa->core, sa->conn, child->conf,
			      (struct fate){ .end = end, .was_up = child->up });
}

void fate_not_begun(struct ike_core *core, const struct connection *conn,
		    const struct child_conf *conf, enum sa_end end)
{
	if (ours(conn))
		ike_core_fate(core, conn, conf, (struct fate){ .end = end });
}
