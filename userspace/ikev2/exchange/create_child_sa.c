/* SPDX-License-Identifier: MIT */
/*
 * CREATE_CHILD_SA (RFC 7296 1.3). We make no Child SA but the first and no new keys yet, and say so
 * as the RFC provides for implementations that keep to IKE_SA_INIT and IKE_AUTH (4).
 */
#include "ikev2/exchange/handlers.h"
#include "ikev2/exchange/message.h"

enum fsm_verdict create_child_sa_request(struct ike_sa *sa, const struct ike_message *m)
{
	message_respond_notify(sa, IKE_EXCHANGE_CREATE_CHILD_SA, IKE_NOTIFY_NO_ADDITIONAL_SAS,
			       BYTES_NONE);
	return FSM_STAY;
}
