/* SPDX-License-Identifier: MIT */
#include "ikev2/codec/message.h"

#include "ikev2/codec/proposal.h"
#include "ikev2/codec/ts.h"

static int check_body(uint8_t type, struct bytes body, struct ike_fault *ret_fault)
{
	union {
		struct proposal_list proposals;
		struct ts_list selectors;
		struct ike_ke ke;
		struct ike_id id;
		struct ike_cert cert;
		struct ike_auth auth;
		struct ike_notify notify;
		struct ike_delete delete;
		struct ike_cfg cfg;
		struct bytes bytes;
	} unused;

	switch (type) {
	case IKE_PAYLOAD_SA:
		return sa_payload_parse(body, &unused.proposals, ret_fault);
	case IKE_PAYLOAD_KE:
		return ike_ke_parse(body, &unused.ke, ret_fault);
	case IKE_PAYLOAD_IDI:
	case IKE_PAYLOAD_IDR:
		return ike_id_parse(body, &unused.id, ret_fault);
	case IKE_PAYLOAD_CERT:
	case IKE_PAYLOAD_CERTREQ:
		return ike_cert_parse(body, &unused.cert, ret_fault);
	case IKE_PAYLOAD_AUTH:
		return ike_auth_parse(body, &unused.auth, ret_fault);
	case IKE_PAYLOAD_NONCE:
		return ike_nonce_parse(body, &unused.bytes, ret_fault);
	case IKE_PAYLOAD_N:
		return ike_notify_parse(body, &unused.notify, ret_fault);
	case IKE_PAYLOAD_D:
		return ike_delete_parse(body, &unused.delete, ret_fault);
	case IKE_PAYLOAD_TSI:
	case IKE_PAYLOAD_TSR:
		return ts_payload_parse(body, &unused.selectors, ret_fault);
	case IKE_PAYLOAD_CP:
		return ike_cfg_parse(body, &unused.cfg, ret_fault);
	case IKE_PAYLOAD_EAP:
		return ike_eap_parse(body, &unused.bytes, ret_fault);
	default:
		return IKE_OK;
	}
}

int ike_message_check(const struct ike_message *m, struct ike_fault *ret_fault)
{
	struct ike_fault fault = { 0 };
	int worst = IKE_OK;

	for (size_t i = 0; i < m->n && worst != IKE_MALFORMED; i++) {
		int verdict = check_body(m->v[i].type, m->v[i].body, &fault);

		if (verdict == IKE_OK || (worst != IKE_OK && verdict != IKE_MALFORMED))
			continue;
		worst = verdict;
		fault.payload_type = m->v[i].type;
		if (ret_fault)
			*ret_fault = fault;
	}
	return worst;
}
