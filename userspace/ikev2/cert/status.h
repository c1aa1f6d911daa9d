/* SPDX-License-Identifier: MIT */
#pragma once
/* What CRLs and OCSP responses say about one certificate whose issuer is trusted already. */
#include <stdbool.h>
#include <openssl/types.h>
#include "ikev2/cert/certificate.h"
#include "ikev2/cert/reason.h"

enum cert_status {
	CERT_STATUS_UNKNOWN, /* nothing valid covers it */
	CERT_STATUS_GOOD,
	CERT_STATUS_REVOKED,
};

static inline enum cert_status cert_status_worse(enum cert_status a, enum cert_status b)
{
	return a > b ? a : b;
}

struct status_query {
	const struct certificate *cert, *issuer;
	struct wall_time now;
	bool allow_sha1;
};
