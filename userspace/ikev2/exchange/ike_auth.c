/* SPDX-License-Identifier: MIT */
#include "ikev2/exchange/ike_auth.h"

#include "ikev2/auth/auth.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/ike_sa.h"

/* ID type, three reserved octets, data (3.5). */
#define ID_BODY_MAX (4 + IDENTITY_MAX)

void ike_auth_set_local_id(struct ike_sa *sa)
{
	if (identity_is_any(&sa->conn->local.id))
		sa->local_id = identity_from_addr(&sa->local);
	else
		sa->local_id = sa->conn->local.id;
}

int ike_auth_write_identity(struct ike_sa *sa, struct message *m)
{
	uint8_t body[ID_BODY_MAX];
	struct writer w;
	int err;

	writer_init_fixed(&w, body, sizeof(body));
	err = identity_to_wire(&sa->local_id, &w);
	if (err == 0)
		err = w.err;
	if (err < 0)
		return err;
	writer_bytes(message_payload(m, sa->initiator ? IKE_PAYLOAD_IDI : IKE_PAYLOAD_IDR),
		     writer_view(&w));
	return auth_write(sa, writer_view(&w), message_payload(m, IKE_PAYLOAD_AUTH));
}

const char *ike_auth_verify_peer(struct ike_sa *sa, const struct ike_message *m,
				 enum ike_payload_type id_type)
{
	struct ike_auth auth;
	int err;

	ike_auth_parse(ike_message_find(m, IKE_PAYLOAD_AUTH, 0)->body, &auth, NULL);
	err = auth_verify(sa, ike_message_find(m, id_type, 0)->body, &auth);
	return err < 0 ? auth_strerror(err) : NULL;
}

void ike_auth_forget_init(struct ike_sa *sa)
{
	sa->init_request = packet_unref(sa->init_request);
	sa->init_response = packet_unref(sa->init_response);
}
