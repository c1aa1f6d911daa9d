/* SPDX-License-Identifier: MIT */
#include "ikev2/codec/payload.h"

#include "pdk/base/cleanup.h"

/* -------- KE -------- */

int ike_ke_parse(struct bytes body, struct ike_ke *ret_ke, struct ike_fault *ret_fault)
{
	struct ike_ke ke;
	struct reader r;

	reader_init(&r, body);
	ke.method = reader_u16(&r);
	reader_u16(&r); /* reserved */
	ke.data = reader_rest(&r);
	if (r.failed)
		return ike_fault_set(ret_fault, IKE_MALFORMED, 0, "KE payload too short");
	if (ke.data.len == 0)
		return ike_fault_set(ret_fault, IKE_MALFORMED, 4, "KE payload without key data");
	*ret_ke = ke;
	return IKE_OK;
}

void ike_ke_write(struct writer *w, uint16_t method, struct bytes data)
{
	writer_u16(w, method);
	writer_u16(w, 0);
	writer_bytes(w, data);
}

/* -------- ID and AUTH: an octet, three reserved, data -------- */

static bool parse_typed(struct bytes body, size_t reserved, uint8_t *ret_type,
			struct bytes *ret_data)
{
	struct reader r;

	reader_init(&r, body);
	*ret_type = reader_u8(&r);
	reader_take(&r, reserved);
	*ret_data = reader_rest(&r);
	return !r.failed;
}

static void write_typed(struct writer *w, uint8_t type, size_t reserved, struct bytes data)
{
	writer_u8(w, type);
	writer_zeros(w, reserved);
	writer_bytes(w, data);
}

int ike_id_parse(struct bytes body, struct ike_id *ret_id, struct ike_fault *ret_fault)
{
	struct ike_id id;

	if (!parse_typed(body, 3, &id.type, &id.data))
		return ike_fault_set(ret_fault, IKE_MALFORMED, 0, "ID payload too short");
	if ((id.type == IKE_ID_IPV4_ADDR && id.data.len != 4) ||
	    (id.type == IKE_ID_IPV6_ADDR && id.data.len != 16))
		return ike_fault_set(ret_fault, IKE_MALFORMED, 4,
				     "address in ID payload of the wrong length");
	*ret_id = id;
	return IKE_OK;
}

void ike_id_write(struct writer *w, uint8_t type, struct bytes data)
{
	write_typed(w, type, 3, data);
}

int ike_auth_parse(struct bytes body, struct ike_auth *ret_auth, struct ike_fault *ret_fault)
{
	struct ike_auth auth;

	if (!parse_typed(body, 3, &auth.method, &auth.data))
		return ike_fault_set(ret_fault, IKE_MALFORMED, 0, "AUTH payload too short");
	*ret_auth = auth;
	return IKE_OK;
}

void ike_auth_write(struct writer *w, uint8_t method, struct bytes data)
{
	write_typed(w, method, 3, data);
}

/* -------- CERT, CERTREQ -------- */

int ike_cert_parse(struct bytes body, struct ike_cert *ret_cert, struct ike_fault *ret_fault)
{
	struct ike_cert cert;

	if (!parse_typed(body, 0, &cert.encoding, &cert.data))
		return ike_fault_set(ret_fault, IKE_MALFORMED, 0,
				     "certificate payload without an encoding");
	*ret_cert = cert;
	return IKE_OK;
}

void ike_cert_write(struct writer *w, uint8_t encoding, struct bytes data)
{
	write_typed(w, encoding, 0, data);
}

/* -------- Ni, Nr -------- */

int ike_nonce_parse(struct bytes body, struct bytes *ret_nonce, struct ike_fault *ret_fault)
{
	if (body.len < IKE_NONCE_MIN)
		return ike_fault_set(ret_fault, IKE_MALFORMED, 0, "nonce shorter than 16 octets");
	if (body.len > IKE_NONCE_MAX)
		return ike_fault_set(ret_fault, IKE_MALFORMED, IKE_NONCE_MAX,
				     "nonce longer than 256 octets");
	*ret_nonce = body;
	return IKE_OK;
}

void ike_nonce_write(struct writer *w, struct bytes nonce)
{
	writer_bytes(w, nonce);
}

/* -------- N -------- */

/* Notification data that the type's definition gives a size, in bytes. */
static const struct {
	uint16_t type, min, max;
} notify_sizes[] = {
	{ IKE_NOTIFY_INVALID_KE_PAYLOAD, 2, 2 },
	{ IKE_NOTIFY_SET_WINDOW_SIZE, 4, 4 },
	{ IKE_NOTIFY_IPCOMP_SUPPORTED, 3, 3 },
	{ IKE_NOTIFY_NAT_DETECTION_SOURCE_IP, 20, 20 },
	{ IKE_NOTIFY_NAT_DETECTION_DESTINATION_IP, 20, 20 },
	{ IKE_NOTIFY_COOKIE, IKE_COOKIE_MIN, IKE_COOKIE_MAX },
	{ IKE_NOTIFY_ADDITIONAL_IP4_ADDRESS, 4, 4 },   /* RFC 4555 4.2.3 */
	{ IKE_NOTIFY_ADDITIONAL_IP6_ADDRESS, 16, 16 }, /* RFC 4555 4.2.4 */
	{ IKE_NOTIFY_COOKIE2, 8, 64 },                 /* RFC 4555 4.2.5 */
	{ IKE_NOTIFY_AUTH_LIFETIME, 4, 4 },            /* RFC 4478 3 */
};

int ike_notify_parse(struct bytes body, struct ike_notify *ret_notify, struct ike_fault *ret_fault)
{
	struct ike_notify n;
	struct reader r;
	uint8_t spi_len;

	reader_init(&r, body);
	n.protocol = reader_u8(&r);
	spi_len = reader_u8(&r);
	n.type = reader_u16(&r);
	if (r.failed)
		return ike_fault_set(ret_fault, IKE_MALFORMED, 0, "notify payload too short");
	n.spi = reader_take(&r, spi_len);
	if (r.failed)
		return ike_fault_set(ret_fault, IKE_MALFORMED, 1,
				     "SPI longer than the notify payload");
	n.data = reader_rest(&r);
	for (size_t i = 0; i < ARRAY_SIZE(notify_sizes); i++) {
		if (n.type == notify_sizes[i].type &&
		    (n.data.len < notify_sizes[i].min || n.data.len > notify_sizes[i].max))
			return ike_fault_set(ret_fault, IKE_MALFORMED, (size_t)4 + spi_len,
					     "notification data of a length its type can't have");
	}
	*ret_notify = n;
	return IKE_OK;
}

void ike_notify_write(struct writer *w, const struct ike_notify *notify)
{
	writer_u8(w, notify->protocol);
	writer_u8(w, (uint8_t)notify->spi.len);
	writer_u16(w, notify->type);
	writer_bytes(w, BYTES(notify->spi.data, (uint8_t)notify->spi.len));
	writer_bytes(w, notify->data);
}

bool ike_notify_esp_spi(const struct ike_notify *notify, uint32_t *ret_spi)
{
	struct reader r;

	if ((notify->protocol != IKE_PROTOCOL_ESP && notify->protocol != IKE_PROTOCOL_AH) ||
	    notify->spi.len != IKE_ESP_SPI_LEN)
		return false;
	reader_init(&r, notify->spi);
	*ret_spi = reader_u32(&r);
	return true;
}

bool ike_notify_u16(const struct ike_notify *notify, uint16_t *ret_value)
{
	struct reader r;

	if (notify->data.len != 2)
		return false;
	reader_init(&r, notify->data);
	*ret_value = reader_u16(&r);
	return true;
}

/* -------- D -------- */

int ike_delete_parse(struct bytes body, struct ike_delete *ret_delete, struct ike_fault *ret_fault)
{
	struct ike_delete d;
	struct reader r;

	reader_init(&r, body);
	d.protocol = reader_u8(&r);
	d.spi_len = reader_u8(&r);
	d.n_spis = reader_u16(&r);
	if (r.failed)
		return ike_fault_set(ret_fault, IKE_MALFORMED, 0, "delete payload too short");
	if ((d.protocol == IKE_PROTOCOL_IKE && d.spi_len != 0) ||
	    ((d.protocol == IKE_PROTOCOL_AH || d.protocol == IKE_PROTOCOL_ESP) &&
	     d.spi_len != IKE_ESP_SPI_LEN))
		return ike_fault_set(ret_fault, IKE_MALFORMED, 1,
				     "SPI size of a delete payload doesn't fit the protocol");
	d.spis = reader_take(&r, (size_t)d.spi_len * d.n_spis);
	if (!reader_done(&r))
		return ike_fault_set(ret_fault, IKE_MALFORMED, 2,
				     "number of SPIs differs from the delete payload's length");
	*ret_delete = d;
	return IKE_OK;
}

uint32_t ike_delete_spi(const struct ike_delete *d, size_t i)
{
	struct reader r;

	reader_init(&r, d->spis);
	reader_take(&r, i * IKE_ESP_SPI_LEN);
	return reader_u32(&r);
}

void ike_delete_write_ike(struct writer *w)
{
	writer_u8(w, IKE_PROTOCOL_IKE);
	writer_u8(w, 0);
	writer_u16(w, 0);
}

void ike_delete_write_spis(struct writer *w, uint8_t protocol, const uint32_t *spis, uint16_t n)
{
	writer_u8(w, protocol);
	writer_u8(w, IKE_ESP_SPI_LEN);
	writer_u16(w, n);
	for (size_t i = 0; i < n; i++)
		writer_u32(w, spis[i]);
}

/* -------- CP -------- */

#define CFG_ATTR_TYPE_MASK 0x7fff /* 3.15.1: the first bit is reserved */

static void read_attr(struct reader *r, struct ike_cfg_attr *attr)
{
	uint16_t len;

	attr->type = reader_u16(r) & CFG_ATTR_TYPE_MASK;
	len = reader_u16(r);
	attr->value = reader_take(r, len);
}

int ike_cfg_parse(struct bytes body, struct ike_cfg *ret_cfg, struct ike_fault *ret_fault)
{
	struct ike_cfg_attr attr;
	struct ike_cfg cfg;
	struct reader r;

	if (!parse_typed(body, 3, &cfg.type, &cfg.attributes))
		return ike_fault_set(ret_fault, IKE_MALFORMED, 0,
				     "configuration payload too short");
	reader_init(&r, cfg.attributes);
	while (reader_left(&r)) {
		size_t at = 4 + reader_offset(&r);

		read_attr(&r, &attr);
		if (r.failed)
			return ike_fault_set(ret_fault, IKE_MALFORMED, at,
					     "configuration attribute longer than its payload");
	}
	*ret_cfg = cfg;
	return IKE_OK;
}

bool ike_cfg_next(const struct ike_cfg *cfg, size_t *pos, struct ike_cfg_attr *ret_attr)
{
	struct reader r;

	reader_init(&r, cfg->attributes);
	reader_take(&r, *pos);
	if (!reader_left(&r))
		return false;
	read_attr(&r, ret_attr);
	*pos = reader_offset(&r);
	return !r.failed;
}

void ike_cfg_write(struct writer *w, uint8_t type)
{
	write_typed(w, type, 3, BYTES_NONE);
}

void ike_cfg_write_attr(struct writer *w, uint16_t type, struct bytes value)
{
	writer_u16(w, type & CFG_ATTR_TYPE_MASK);
	writer_u16(w, (uint16_t)value.len);
	writer_bytes(w, BYTES(value.data, (uint16_t)value.len));
}

/* -------- EAP -------- */

int ike_eap_parse(struct bytes body, struct bytes *ret_packet, struct ike_fault *ret_fault)
{
	struct reader r;

	reader_init(&r, body);
	reader_u16(&r); /* code, identifier */
	if (reader_u16(&r) != body.len || r.failed)
		return ike_fault_set(ret_fault, IKE_MALFORMED, 2,
				     "EAP length differs from the payload's");
	*ret_packet = body;
	return IKE_OK;
}
