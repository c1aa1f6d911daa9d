/* SPDX-License-Identifier: MIT */
/*
 * Nothing here keeps state for anybody, a response is never answered, and all answers and hints of a
 * core share one token bucket (2.21.4: "an implementation SHOULD limit the rate").
 */
#include "ikev2/fsm/outside.h"

#include "pdk/log/log.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/exchange/handlers.h"
#include "ikev2/policy/config.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

/* So long after a sign of life nobody's hint makes us ask for another. */
#define HINT_QUIET DURATION_S(10)

static void answer(struct ike_core *core, const struct netaddr *local,
		   const struct netaddr *remote, const struct ike_header *h, uint16_t notify)
{
	if (ike_header_is_response(h))
		return;
	if (!bucket_take(&core->outside, core->now, core->config->settings.error_rate)) {
		core->counters.errors_withheld++;
		return;
	}
	core->counters.errors_sent++;
	/* The version that we speak stands in the header; there are no data (1.5). */
	ike_sa_init_refuse(core, local, remote, h, notify, BYTES_NONE);
}

void outside_unknown_spi(struct ike_core *core, const struct netaddr *local,
			 const struct netaddr *remote, const struct ike_header *h)
{
	core->counters.unknown_spi++;
	answer(core, local, remote, h, IKE_NOTIFY_INVALID_IKE_SPI);
}

void outside_other_version(struct ike_core *core, const struct netaddr *local,
			   const struct netaddr *remote, const struct ike_header *h)
{
	core->counters.malformed++;
	answer(core, local, remote, h, IKE_NOTIFY_INVALID_MAJOR_VERSION);
}

void outside_hint(struct ike_sa *sa, const struct ike_message *m)
{
	struct ike_core *core = sa->core;
	struct ike_notify notify;

	core->counters.unauthentic++;
	if (!ike_message_find_error(m, &notify) || sa->state != IKE_STATE_ESTABLISHED ||
	    sa->active || !list_empty(&sa->queue) ||
	    instant_diff(core->now, sa->last_inbound).ns < HINT_QUIET.ns ||
	    !bucket_take(&core->outside, core->now, core->config->settings.error_rate))
		return;
	log_obj_info(ike, sa->log_name, "somebody says %s in clear: asking the peer",
		     ike_notify_name(notify.type));
	exchange_queue(sa, &exchange_liveness, 0);
}
