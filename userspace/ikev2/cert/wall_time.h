/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Calendar time, as certificates, CRLs and OCSP responses carry it. Everything else in the daemon
 * lives on the monotonic clock (pdk/base/time.h).
 */
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct wall_time {
	int64_t unix_s; /* seconds since 1970-01-01 00:00 UTC, without leap seconds */
};

#define WALL_TIME_STRLEN 24

static inline struct wall_time wall_time_now(void)
{
	return (struct wall_time){ time(NULL) };
}

static inline bool wall_time_before(struct wall_time a, struct wall_time b)
{
	return a.unix_s < b.unix_s;
}

static inline struct wall_time wall_time_add(struct wall_time t, int64_t seconds)
{
	return (struct wall_time){ t.unix_s + seconds };
}

/* "2026-11-23T22:33:07Z" into buf of WALL_TIME_STRLEN. Returns buf. */
char *wall_time_str(struct wall_time t, char *buf);
