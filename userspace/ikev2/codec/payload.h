/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The small payload bodies of RFC 7296 3.4 to 3.12, 3.15 and 3.16, each as a struct of views with
 * a parser and a writer. Parsers return IKE_OK or IKE_MALFORMED with an offset into the body;
 * writers append a body to a writer whose sticky error they use, see ike_builder_payload().
 * Reserved fields are written as zero and not looked at (2.5).
 */
#include <stdbool.h>
#include "pdk/base/bytes.h"
#include "ikev2/codec/fault.h"
#include "ikev2/codec/ikev2.h"

/* -------- KE, 3.4 -------- */

struct ike_ke {
	uint16_t method; /* IKE_KE_* or unknown */
	struct bytes data;
};

/* Empty data is malformed; whether its length fits the method is the crypto layer's to say. */
int ike_ke_parse(struct bytes body, struct ike_ke *ret_ke, struct ike_fault *ret_fault);
void ike_ke_write(struct writer *w, uint16_t method, struct bytes data);

/* -------- IDi, IDr, 3.5 -------- */

struct ike_id {
	uint8_t type; /* IKE_ID_* or unknown */
	struct bytes data;
};

/*
 * An IPv4 or IPv6 address of the wrong length is malformed. The AUTH calculation (2.15) wants the
 * whole body, reserved octets included: that is the payload's body, not this.
 */
int ike_id_parse(struct bytes body, struct ike_id *ret_id, struct ike_fault *ret_fault);
void ike_id_write(struct writer *w, uint8_t type, struct bytes data);

/* -------- CERT, 3.6, and CERTREQ, 3.7 -------- */

struct ike_cert {
	uint8_t encoding; /* IKE_CERT_* or unknown */
	struct bytes data;
};

int ike_cert_parse(struct bytes body, struct ike_cert *ret_cert, struct ike_fault *ret_fault);
void ike_cert_write(struct writer *w, uint8_t encoding, struct bytes data);

/* -------- AUTH, 3.8 -------- */

struct ike_auth {
	uint8_t method; /* IKE_AUTH_* or unknown */
	struct bytes data;
};

int ike_auth_parse(struct bytes body, struct ike_auth *ret_auth, struct ike_fault *ret_fault);
void ike_auth_write(struct writer *w, uint8_t method, struct bytes data);

/* -------- Ni, Nr, 3.9 -------- */

/* IKE_NONCE_MIN to IKE_NONCE_MAX bytes. */
int ike_nonce_parse(struct bytes body, struct bytes *ret_nonce, struct ike_fault *ret_fault);
void ike_nonce_write(struct writer *w, struct bytes nonce);

/* -------- N, 3.10 -------- */

struct ike_notify {
	uint8_t protocol; /* IKE_PROTOCOL_*; without an SPI not looked at (3.10) */
	uint16_t type;    /* IKE_NOTIFY_* or unknown */
	struct bytes spi; /* often empty */
	struct bytes data;
};

/* Contents that 3.10.1 gives a fixed size (COOKIE, INVALID_KE_PAYLOAD, ...) must have it. */
int ike_notify_parse(struct bytes body, struct ike_notify *ret_notify, struct ike_fault *ret_fault);
void ike_notify_write(struct writer *w, const struct ike_notify *notify);
/* The SPI of an ESP or AH SA that the notify is about; false when it names none. */
bool ike_notify_esp_spi(const struct ike_notify *notify, uint32_t *ret_spi);
/* The 16-bit number in the data of INVALID_KE_PAYLOAD; false when the data isn't 2 bytes. */
bool ike_notify_u16(const struct ike_notify *notify, uint16_t *ret_value);

/* -------- D, 3.11 -------- */

struct ike_delete {
	uint8_t protocol; /* IKE_PROTOCOL_IKE, _AH, _ESP or unknown */
	uint8_t spi_len;  /* 0 for IKE, 4 for AH and ESP; any for unknown protocols */
	uint16_t n_spis;
	struct bytes spis; /* n_spis of spi_len bytes */
};

int ike_delete_parse(struct bytes body, struct ike_delete *ret_delete, struct ike_fault *ret_fault);
/* The ith SPI of a Delete of AH or ESP, i < n_spis. */
uint32_t ike_delete_spi(const struct ike_delete *d, size_t i);
/* Delete the IKE SA that the message is protected by. */
void ike_delete_write_ike(struct writer *w);
/* Delete ESP or AH SAs, by the SPIs that the sender receives on (1.4.1). */
void ike_delete_write_spis(struct writer *w, uint8_t protocol, const uint32_t *spis, uint16_t n);

/* -------- CP, 3.15 -------- */

struct ike_cfg {
	uint8_t type;            /* IKE_CFG_* or unknown */
	struct bytes attributes; /* in good form; for ike_cfg_next() */
};

struct ike_cfg_attr {
	uint16_t type; /* IKE_CFG_ATTR_* or unknown */
	struct bytes value;
};

int ike_cfg_parse(struct bytes body, struct ike_cfg *ret_cfg, struct ike_fault *ret_fault);
/* Walk the attributes: start with *pos 0; false at the end. */
bool ike_cfg_next(const struct ike_cfg *cfg, size_t *pos, struct ike_cfg_attr *ret_attr);
void ike_cfg_write(struct writer *w, uint8_t type);
void ike_cfg_write_attr(struct writer *w, uint16_t type, struct bytes value);

/* -------- EAP, 3.16 -------- */

/* One EAP packet whose own length field is the body's. V and EAP bodies have no further form. */
int ike_eap_parse(struct bytes body, struct bytes *ret_packet, struct ike_fault *ret_fault);
