/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Rate limits for lines that a remote party can cause: a token bucket per place in the source. The
 * first line after a drought says how many were left out.
 *
 *	log_remote(net, LOG_LEVEL_INFO, NULL, "%s: malformed message", peer);
 */
#include <stdbool.h>
#include <stdint.h>
#include "pdk/log/log.h"

#define LOG_LIMIT_BURST      20 /* lines at once */
#define LOG_LIMIT_PER_SECOND 5  /* lines in the long run */

/* Zero-initialised it is full. Shared by threads. */
struct log_limit {
	uint64_t until_ns; /* atomic: the bucket is full again at this monotonic time */
	uint32_t left_out; /* atomic: lines since the last one that passed */
};

/* May a line pass at now_ns (monotonic)? When so, *ret_left_out is how many did not since. any
 * thread */
bool log_limit_pass(struct log_limit *l, uint64_t now_ns, uint32_t *ret_left_out);

/* As log_write(), through the limit. any thread */
void log_write_limited(struct log_limit *l, struct log_subsystem *s, enum log_level level,
		       const char *object, const char *fmt, ...) _printf_(5, 6);

/* object may be NULL. Lines of levels debug and trace are not limited. */
#define log_remote(id, level, object, ...)                                                         \
	do {                                                                                       \
		static struct log_limit log_limit_here;                                            \
		if (log_enabled(&log_sub_##id, (level)))                                           \
			log_write_limited(&log_limit_here, &log_sub_##id, (level), (object),       \
					  __VA_ARGS__);                                            \
	} while (0)
