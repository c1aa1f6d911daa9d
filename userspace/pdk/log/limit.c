/* SPDX-License-Identifier: MIT */
#include "pdk/log/limit.h"

#include <stdio.h>

#include "pdk/base/time.h"

/*
 * The bucket is kept as one number, the time at which it will be full again: each line moves it on
 * by the price of a line, and a line may pass while it lies less than a burst ahead.
 */
#define LOG_LIMIT_PRICE_NS (UINT64_C(1000000000) / LOG_LIMIT_PER_SECOND)

bool log_limit_pass(struct log_limit *l, uint64_t now_ns, uint32_t *ret_left_out)
{
	uint64_t until = __atomic_load_n(&l->until_ns, __ATOMIC_RELAXED), next;

	do {
		next = (until > now_ns ? until : now_ns) + LOG_LIMIT_PRICE_NS;
		if (next > now_ns + LOG_LIMIT_BURST * LOG_LIMIT_PRICE_NS) {
			__atomic_add_fetch(&l->left_out, 1, __ATOMIC_RELAXED);
			return false;
		}
	} while (!__atomic_compare_exchange_n(&l->until_ns, &until, next, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	*ret_left_out = __atomic_exchange_n(&l->left_out, 0, __ATOMIC_RELAXED);
	return true;
}

void log_write_limited(struct log_limit *l, struct log_subsystem *s, enum log_level level,
		       const char *object, const char *fmt, ...)
{
	uint32_t left_out = 0;
	char line[1024];
	va_list args;

	if (level < LOG_LEVEL_DEBUG && !log_limit_pass(l, instant_now().ns, &left_out))
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (left_out)
		log_write(s, level, object, "%s (%u like this were left out)", line, left_out);
	else
		log_write(s, level, object, "%s", line);
}
