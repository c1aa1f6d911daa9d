/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Scope-bound cleanup for locals, and the macros that every file may want.
 */
#include <stddef.h>

/* Run fn(&variable) when the variable goes out of scope. */
#define _cleanup_(fn) __attribute__((cleanup(fn)))
#define _printf_(fmt, args) __attribute__((format(printf, fmt, args)))
#define _unused_ __attribute__((unused))

#ifndef ARRAY_SIZE /* the kselftest harness has it too */
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#endif

/* The object of type that embeds *ptr as member. */
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

/* Take the pointer out of a variable and leave NULL behind, for results that leave a scope. */
#define steal_ptr(p)                          \
	({                                    \
		__typeof__(&(p)) _at = &(p);  \
		__typeof__(p) _stolen = *_at; \
		*_at = NULL;                  \
		_stolen;                      \
	})

static inline void cleanup_free(void *p)
{
	extern void free(void *);
	free(*(void **)p);
}
#define _cleanup_free_ _cleanup_(cleanup_free)
