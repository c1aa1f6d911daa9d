/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Certificates out of a file's content. Any thread.
 */
#include "ikev2/cert/certificate.h"

/*
 * All certificates in data: PEM, any number with other blocks between, or one as DER. At most max
 * are made; the references are the caller's. 0; -E2BIG; -EBADMSG: none, or a malformed one; -ENOMEM;
 * what certificate_parse() says. On failure none is left.
 */
int certificates_read(struct bytes data, struct certificate **ret_certs, size_t max,
		      size_t *ret_n);
