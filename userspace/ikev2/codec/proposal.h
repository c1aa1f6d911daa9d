/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The SA payload: proposals and their transforms, RFC 7296 3.3. Values that own all they hold, so
 * that policy can keep them. What an offer means and which one is taken is policy's business; here
 * is the form alone.
 */
#include <stdbool.h>
#include "pdk/base/bytes.h"
#include "ikev2/codec/fault.h"
#include "ikev2/codec/ikev2.h"

/* Our limits; a payload beyond them is IKE_TOO_MANY (answered by NO_PROPOSAL_CHOSEN). */
#define PROPOSALS_MAX  32
#define TRANSFORMS_MAX 64 /* of one proposal */

struct transform {
	uint8_t type; /* IKE_TRANSFORM_* or unknown: a proposal with such is not taken (3.3.6) */
	/* Has an attribute that is unknown or of another form: must not be chosen (3.3.6). */
	bool unusable;
	uint16_t id;       /* IKE_ENCR_*, IKE_PRF_*, ... by type */
	uint16_t key_bits; /* KEY_LENGTH attribute in bits; 0: there is none */
};

struct proposal {
	uint8_t number;   /* from 1 */
	uint8_t protocol; /* IKE_PROTOCOL_* or unknown */
	uint8_t spi_len;  /* 0 to IKE_SPI_MAX; not checked against the protocol */
	uint8_t spi[IKE_SPI_MAX];
	size_t n;
	struct transform v[TRANSFORMS_MAX];
};

struct proposal_list {
	size_t n;
	struct proposal v[PROPOSALS_MAX];
};

/*
 * SA payload body to list, in the order of the wire. Malformed: lengths or counts that don't agree,
 * a wrong Last Substruc octet, proposal numbers that don't count from 1 (a list of one may have any
 * number: it may be an answer), an SPI longer than IKE_SPI_MAX, no proposal at all. Verdict IKE_OK,
 * IKE_MALFORMED or IKE_TOO_MANY; unless it is IKE_OK, what ret_list holds is worthless.
 */
int sa_payload_parse(struct bytes body, struct proposal_list *ret_list,
		     struct ike_fault *ret_fault);
/* List to SA payload body, appended to w; numbers are written as they stand. */
void sa_payload_write(struct writer *w, const struct proposal_list *list);
/* The answer to an offer: one proposal. */
void sa_payload_write_one(struct writer *w, const struct proposal *p);

/* -------- making and reading proposals -------- */

void proposal_init(struct proposal *p, uint8_t number, uint8_t protocol);
/* Append a transform; false (and nothing done) when TRANSFORMS_MAX are there. */
bool proposal_add(struct proposal *p, uint8_t type, uint16_t id, uint16_t key_bits);
/* The nth (from 0) transform of a type, unusable ones too; NULL when there are not that many. */
const struct transform *proposal_transform(const struct proposal *p, uint8_t type, size_t nth);
bool transform_equal(const struct transform *a, const struct transform *b);

/* The SPI of an IKE proposal (8 bytes) or an ESP or AH proposal (4); false for another length. */
bool proposal_spi64(const struct proposal *p, uint64_t *ret_spi);
bool proposal_spi32(const struct proposal *p, uint32_t *ret_spi);
void proposal_set_spi64(struct proposal *p, uint64_t spi);
void proposal_set_spi32(struct proposal *p, uint32_t spi);

/* "ESP:AES_GCM_16_256/NO_EXT_SEQ"; shortened with "..." to size bytes, NUL included. Returns buf.
 */
#define PROPOSAL_STRLEN 256
const char *proposal_str(const struct proposal *p, char *buf, size_t size);
