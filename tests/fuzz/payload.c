/* SPDX-License-Identifier: MIT */
/* A body of the payload type in the first octet; what can be written is written and read again. */
#include "fuzz.h"

#include "ikev2/codec/payload.h"

static uint8_t buf[IKE_MESSAGE_MAX];

static void notify(struct bytes body)
{
	struct ike_notify n, again;
	struct writer w;
	uint32_t spi;
	uint16_t value;

	if (ike_notify_parse(body, &n, NULL) != IKE_OK)
		return;
	writer_init_fixed(&w, buf, sizeof(buf));
	ike_notify_write(&w, &n);
	FUZZ_CHECK(bytes_equal(body, writer_view(&w)));
	FUZZ_CHECK(ike_notify_parse(writer_view(&w), &again, NULL) == IKE_OK);
	ike_notify_esp_spi(&n, &spi);
	ike_notify_u16(&n, &value);
}

static void delete (struct bytes body)
{
	struct ike_delete d;
	uint32_t sum = 0;

	if (ike_delete_parse(body, &d, NULL) != IKE_OK)
		return;
	FUZZ_CHECK(d.spis.len == (size_t)d.spi_len * d.n_spis);
	if (d.protocol == IKE_PROTOCOL_ESP || d.protocol == IKE_PROTOCOL_AH) {
		for (size_t i = 0; i < d.n_spis; i++)
			sum += ike_delete_spi(&d, i);
	}
	*(volatile uint32_t *)buf = sum;
}

static void configuration(struct bytes body)
{
	struct ike_cfg_attr attr;
	struct ike_cfg cfg;
	size_t pos = 0, before = 0;

	if (ike_cfg_parse(body, &cfg, NULL) != IKE_OK)
		return;
	while (ike_cfg_next(&cfg, &pos, &attr)) {
		FUZZ_CHECK(pos == before + 4 + attr.value.len);
		before = pos;
	}
	FUZZ_CHECK(pos == cfg.attributes.len);
}

int fuzz_payload(const uint8_t *data, size_t len)
{
	struct ike_auth auth;
	struct ike_cert cert;
	struct bytes body, bytes;
	struct ike_ke ke;
	struct ike_id id;

	if (len == 0)
		return 0;
	body = BYTES(data + 1, len - 1);
	switch (data[0]) {
	case IKE_PAYLOAD_KE:
		FUZZ_CHECK(ike_ke_parse(body, &ke, NULL) != IKE_OK || ke.data.len == len - 5);
		break;
	case IKE_PAYLOAD_IDI:
		FUZZ_CHECK(ike_id_parse(body, &id, NULL) != IKE_OK || id.data.len == len - 5);
		break;
	case IKE_PAYLOAD_CERT:
		FUZZ_CHECK(ike_cert_parse(body, &cert, NULL) != IKE_OK || cert.data.len == len - 2);
		break;
	case IKE_PAYLOAD_AUTH:
		FUZZ_CHECK(ike_auth_parse(body, &auth, NULL) != IKE_OK || auth.data.len == len - 5);
		break;
	case IKE_PAYLOAD_NONCE:
		FUZZ_CHECK(ike_nonce_parse(body, &bytes, NULL) != IKE_OK ||
			   (bytes.len >= IKE_NONCE_MIN && bytes.len <= IKE_NONCE_MAX));
		break;
	case IKE_PAYLOAD_N:
		notify(body);
		break;
	case IKE_PAYLOAD_D:
		delete (body);
		break;
	case IKE_PAYLOAD_CP:
		configuration(body);
		break;
	case IKE_PAYLOAD_EAP:
		ike_eap_parse(body, &bytes, NULL);
		break;
	default:
		break;
	}
	return 0;
}
