/* SPDX-License-Identifier: MIT */
#include "ikev2/fsm/childless.h"

#include <errno.h>
#include <string.h>

#include "pdk/log/log.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/fsm/contact.h"
#include "ikev2/fsm/state.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

/* One of this connection that is up or that we are about to bring up. */
static struct ike_sa *find(struct ike_core *core, const struct connection *conn)
{
	struct ike_sa *sa;

	ike_sa_for_each(sa, core)
		if (strcmp(sa->conn->name, conn->name) == 0 &&
		    (sa->state == IKE_STATE_ESTABLISHED ||
		     (sa->initiator && sa->state != IKE_STATE_REKEYED &&
		      sa->state != IKE_STATE_DELETING && !sa->end)))
			return sa;
	return NULL;
}

void childless_initiate(struct ike_core *core, const struct connection *conn,
			const struct netaddr *local, const struct netaddr *remote, uint64_t token)
{
	struct ike_sa *sa = find(core, conn);

	if (sa && sa->state == IKE_STATE_ESTABLISHED) {
		ike_core_result(core, token, 0, "%s", "up already");
		return;
	}
	if (sa && sa->token) {
		ike_core_result(core, token, -EALREADY, "an IKE SA of %s is being made already",
				conn->name);
		return;
	}
	if (sa) {
		sa->token = token;
		return;
	}
	sa = ike_sa_new(core, conn, true, local, remote);
	if (!sa || exchange_queue(sa, &exchange_ike_sa_init, 0) < 0) {
		ike_core_result(core, token, -ENOMEM, "%s", "out of memory");
		if (sa)
			fsm_enter(sa, IKE_STATE_DEAD, "out of memory");
		return;
	}
	sa->token = token;
	contact_begin(sa);
	log_obj_info(ike, sa->log_name, "initiating an IKE SA without a Child SA");
	fsm_enter(sa, IKE_STATE_INIT_SENT, "we begin");
	exchange_next(sa);
}
