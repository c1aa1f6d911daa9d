/* SPDX-License-Identifier: MIT */
#include "ikev2/exchange/create_child_sa.h"

#include "pdk/log/limit.h"
#include "pdk/log/log.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/exchange/handlers.h"
#include "ikev2/exchange/message.h"
#include "ikev2/fsm/state.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

bool create_child_sa_busy(const struct ike_sa *sa)
{
	return sa->state != IKE_STATE_ESTABLISHED ||
	       (sa->active && sa->active->ops == &exchange_rekey_ike);
}

enum fsm_verdict create_child_sa_refuse(struct ike_sa *sa, uint16_t notify, uint16_t method)
{
	uint8_t data[2];
	struct writer w;

	log_remote(ike, LOG_LEVEL_INFO, sa->log_name, "CREATE_CHILD_SA is answered with %s",
		   ike_notify_name(notify));
	writer_init_fixed(&w, data, sizeof(data));
	writer_u16(&w, method);
	message_respond_notify(sa, IKE_EXCHANGE_CREATE_CHILD_SA, notify,
			       notify == IKE_NOTIFY_INVALID_KE_PAYLOAD ? BYTES_OF(data)
								       : BYTES_NONE);
	return notify == IKE_NOTIFY_INVALID_SYNTAX ? FSM_SYNTAX : FSM_STAY;
}

/* A request without traffic selectors is about the IKE SA itself (1.3.2). */
enum fsm_verdict create_child_sa_request(struct ike_sa *sa, const struct ike_message *m)
{
	bool tsi = ike_message_find(m, IKE_PAYLOAD_TSI, 0),
	     tsr = ike_message_find(m, IKE_PAYLOAD_TSR, 0);

	if (tsi != tsr)
		return create_child_sa_refuse(sa, IKE_NOTIFY_INVALID_SYNTAX, 0);
	return tsi ? create_child_request(sa, m) : rekey_ike_request(sa, m);
}
