/* SPDX-License-Identifier: MIT */
#pragma once
/* Certificate revocation lists: RFC 5280 5 and 6.3, by OpenSSL. Pure. Any thread. */
#include <openssl/x509.h>
#include "ikev2/cert/status.h"

/* -EBADMSG: neither one CRL in DER nor a PEM text with one. */
int crl_parse(struct bytes data, X509_CRL **ret_crl);

/* A list under this name was issued by this CA: by name alone. */
bool crl_is_of(const X509_CRL *crl, const struct certificate *issuer);

/*
 * What these lists, complete ones and deltas, say about the certificate. Lists of other CAs, for
 * other distribution points (RFC 4945 5.1.3.13), with a bad signature or of another time don't
 * count, but what an outdated list says is revoked is revoked. A delta only adds to what is revoked
 * (RFC 5280 5.2.4): GOOD comes of complete lists alone. why gets a clause for the log: when and why
 * it was revoked, or what is wrong with the lists.
 */
enum cert_status crl_status(const struct status_query *query, STACK_OF(X509_CRL) * crls,
			    struct reason *why);

/*
 * Is this list worth keeping: signed by the issuer, strong enough and valid now? 0 and until when
 * (an hour from now, if it doesn't say); -EBADMSG, -ESTALE. why as above.
 */
int crl_check(const struct status_query *query, X509_CRL *crl, struct wall_time *ret_until,
	      struct reason *why);
