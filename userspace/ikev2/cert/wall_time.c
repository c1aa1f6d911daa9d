/* SPDX-License-Identifier: MIT */
#include "ikev2/cert/wall_time.h"

#include <string.h>

char *wall_time_str(struct wall_time t, char *buf)
{
	time_t seconds = (time_t)t.unix_s;
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(buf, WALL_TIME_STRLEN, "%Y-%m-%dT%H:%M:%SZ", &tm))
		strcpy(buf, "?");
	return buf;
}
