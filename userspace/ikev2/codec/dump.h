/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A message in one line, for traces:
 *
 *	IKE_SA_INIT request 0 [ SA KE(CURVE_25519) Ni N(NAT_DETECTION_SOURCE_IP) ]
 *
 * Types and numbers only: neither keys, nonces nor identities, and nothing of a body but the few
 * numbers that tell what it is for.
 */
#include "ikev2/codec/message.h"

#define IKE_DUMP_LEN 512 /* enough for any ordinary message */

/*
 * Write the line to buf, at most size bytes with the NUL (size > 0); what doesn't fit is cut and
 * "..." put in its place. Payloads from inside SK stand in braces; an SK that was not opened is
 * "SK". Returns buf.
 */
const char *ike_message_dump(const struct ike_message *m, char *buf, size_t size);
