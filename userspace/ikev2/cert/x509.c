/* SPDX-License-Identifier: MIT */
#include "ikev2/cert/x509_private.h"

#include <errno.h>

int asn1_time_read(const ASN1_TIME *time, struct wall_time *ret_time)
{
	struct tm tm;
	time_t seconds;

	if (!time || !ASN1_TIME_to_tm(time, &tm))
		return -EBADMSG;
	seconds = timegm(&tm);
	*ret_time = (struct wall_time){ seconds };
	return 0;
}
