/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Time as types: an instant on the monotonic clock and a duration between two of them. The protocol
 * cores never read a clock; they are handed instants, so a simulation can hand them its own.
 */
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct instant {
	uint64_t ns; /* CLOCK_MONOTONIC, or the simulation's clock */
};

struct duration {
	int64_t ns;
};

#define INSTANT_NEVER ((struct instant){ UINT64_MAX })
#define DURATION_NS(n) ((struct duration){ (int64_t)(n) })
#define DURATION_US(n) ((struct duration){ (int64_t)(n) * 1000 })
#define DURATION_MS(n) ((struct duration){ (int64_t)(n) * 1000000 })
#define DURATION_S(n)  ((struct duration){ (int64_t)(n) * 1000000000 })

static inline bool instant_before(struct instant a, struct instant b)
{
	return a.ns < b.ns;
}

static inline bool instant_reached(struct instant now, struct instant at)
{
	return now.ns >= at.ns;
}

static inline bool instant_is_never(struct instant t)
{
	return t.ns == UINT64_MAX;
}

static inline struct instant instant_min(struct instant a, struct instant b)
{
	return a.ns < b.ns ? a : b;
}

/* t + d; never stays never, and the sum saturates there. */
static inline struct instant instant_add(struct instant t, struct duration d)
{
	uint64_t sum, back;

	if (instant_is_never(t))
		return t;
	if (d.ns < 0) {
		back = 0 - (uint64_t)d.ns;
		return (struct instant){ t.ns < back ? 0 : t.ns - back };
	}
	if (__builtin_add_overflow(t.ns, (uint64_t)d.ns, &sum))
		return INSTANT_NEVER;
	return (struct instant){ sum };
}

/* From earlier to later; negative when they are the other way round. */
static inline struct duration instant_diff(struct instant later, struct instant earlier)
{
	return (struct duration){ (int64_t)(later.ns - earlier.ns) };
}

static inline int64_t duration_ms(struct duration d)
{
	return d.ns / 1000000;
}

static inline int64_t duration_s(struct duration d)
{
	return d.ns / 1000000000;
}

/* The monotonic clock now. Not for protocol cores. Any thread. */
static inline struct instant instant_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (struct instant){ (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec };
}
