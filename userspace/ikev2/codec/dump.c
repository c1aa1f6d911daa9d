/* SPDX-License-Identifier: MIT */
#include "ikev2/codec/dump.h"

#include "ikev2/codec/text.h"

static void dump_notify(struct text *t, struct bytes body)
{
	struct ike_notify n;
	uint32_t spi;

	if (ike_notify_parse(body, &n, NULL) != IKE_OK) {
		text_add(t, "N(malformed)");
		return;
	}
	text_add(t, "N(%s", ike_notify_name(n.type));
	if (ike_notify_esp_spi(&n, &spi))
		text_add(t, " %s %08x", ike_protocol_name(n.protocol), spi);
	text_add(t, ")");
}

static void dump_delete(struct text *t, struct bytes body)
{
	struct ike_delete d;

	if (ike_delete_parse(body, &d, NULL) != IKE_OK) {
		text_add(t, "D(malformed)");
		return;
	}
	text_add(t, "D(%s", ike_protocol_name(d.protocol));
	if (d.protocol == IKE_PROTOCOL_ESP || d.protocol == IKE_PROTOCOL_AH) {
		for (size_t i = 0; i < d.n_spis && !t->cut; i++)
			text_add(t, " %08x", ike_delete_spi(&d, i));
	}
	text_add(t, ")");
}

/* What stands in parentheses behind the payload's name. */
static void dump_kind(struct text *t, const struct ike_names *names, int verdict, uint16_t value)
{
	if (verdict != IKE_OK)
		text_add(t, "(malformed)");
	else
		text_add(t, "(%s)", IKE_NAME(*names, value));
}

static void dump_payload(struct text *t, const struct ike_payload *p, bool response)
{
	struct ike_auth auth = { 0 };
	struct ike_cert cert = { 0 };
	struct ike_cfg cfg = { 0 };
	struct ike_id id = { 0 };
	struct ike_ke ke = { 0 };
	int verdict;

	switch (p->type) {
	case IKE_PAYLOAD_N:
		dump_notify(t, p->body);
		return;
	case IKE_PAYLOAD_D:
		dump_delete(t, p->body);
		return;
	case IKE_PAYLOAD_NONCE:
		text_add(t, response ? "Nr" : "Ni");
		return;
	default:
		text_add(t, "%s", ike_payload_name(p->type));
	}

	switch (p->type) {
	case IKE_PAYLOAD_KE:
		verdict = ike_ke_parse(p->body, &ke, NULL);
		dump_kind(t, &ike_ke_names, verdict, ke.method);
		break;
	case IKE_PAYLOAD_IDI:
	case IKE_PAYLOAD_IDR:
		verdict = ike_id_parse(p->body, &id, NULL);
		dump_kind(t, &ike_id_names, verdict, id.type);
		break;
	case IKE_PAYLOAD_CERT:
	case IKE_PAYLOAD_CERTREQ:
		verdict = ike_cert_parse(p->body, &cert, NULL);
		dump_kind(t, &ike_cert_names, verdict, cert.encoding);
		break;
	case IKE_PAYLOAD_AUTH:
		verdict = ike_auth_parse(p->body, &auth, NULL);
		dump_kind(t, &ike_auth_names, verdict, auth.method);
		break;
	case IKE_PAYLOAD_CP:
		verdict = ike_cfg_parse(p->body, &cfg, NULL);
		dump_kind(t, &ike_cfg_names, verdict, cfg.type);
		break;
	default:
		if (p->critical && !ike_payload_is_known(p->type))
			text_add(t, "(critical)");
	}
}

const char *ike_message_dump(const struct ike_message *m, char *buf, size_t size)
{
	bool response = ike_header_is_response(&m->header);
	bool inside = false;
	struct text t;

	text_init(&t, buf, size);
	text_add(&t, "%s %s %u [", ike_exchange_name(m->header.exchange),
		 response ? "response" : "request", m->header.message_id);
	for (size_t i = 0; i < m->n && !t.cut; i++) {
		if (m->v[i].encrypted && !inside)
			text_add(&t, " SK {");
		inside = m->v[i].encrypted;
		text_add(&t, " ");
		dump_payload(&t, &m->v[i], response);
	}
	if (inside)
		text_add(&t, " }");
	else if (m->encrypted_type != IKE_PAYLOAD_NONE)
		text_add(&t, m->opened ? " %s { }" : " %s", ike_payload_name(m->encrypted_type));
	text_add(&t, " ]");
	return text_end(&t);
}
