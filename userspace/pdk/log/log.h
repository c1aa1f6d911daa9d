/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Logging: a level per subsystem, an optional object prefix (peer, SPIs), and sinks. Any thread may
 * log; a sink is called on the logging thread and must not block.
 *
 *	LOG_SUBSYSTEM(ike, "IKE_SAs and exchanges");
 *	log_info(ike, "established");
 *	log_obj_info(ike, sa->log_name, "established after %d ms", ms);
 *
 * Library code returns errors and logs at debug only; the daemon logs once, where it decides. Keys
 * never reach a log.
 */
#include <stdarg.h>
#include <stdbool.h>
#include "pdk/base/cleanup.h"

enum log_level {
	LOG_LEVEL_ERROR,   /* an operator has to act */
	LOG_LEVEL_WARNING, /* works, but not as configured or wished */
	LOG_LEVEL_NOTICE,  /* life of the daemon and of SAs */
	LOG_LEVEL_INFO,    /* one line per exchange; the default */
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_TRACE, /* every payload */
};

/* "error" ... "trace" */
const char *log_level_name(enum log_level level);
/* -EINVAL */
int log_level_parse(const char *name, enum log_level *ret_level);

struct log_subsystem {
	const char *name, *doc;
	int level; /* read with relaxed atomics; set by log_set_level() */
	struct log_subsystem *next;
};

void log_register(struct log_subsystem *s);

/* Defines log_sub_NAME and registers it before main(). One per subsystem, in one .c file. */
#define LOG_SUBSYSTEM(id, text)                                                                    \
	struct log_subsystem log_sub_##id = { #id, text, LOG_LEVEL_INFO, NULL };                   \
	__attribute__((constructor)) static void log_register_##id(void)                           \
	{                                                                                          \
		log_register(&log_sub_##id);                                                       \
	}                                                                                          \
	struct log_subsystem log_sub_##id
#define LOG_USE(id) extern struct log_subsystem log_sub_##id

/* Level of one subsystem by name, or of all with NULL. -ENOENT. Any thread. */
int log_set_level(const char *subsystem, enum log_level level);
/* Walk the registered subsystems; NULL starts. For help texts. */
const struct log_subsystem *log_next_subsystem(const struct log_subsystem *prev);

static inline bool log_enabled(const struct log_subsystem *s, enum log_level level)
{
	return (int)level <= __atomic_load_n(&s->level, __ATOMIC_RELAXED);
}

struct log_record {
	enum log_level level;
	const struct log_subsystem *subsystem;
	const char *thread;  /* name given by log_set_thread_name(), or NULL */
	const char *object;  /* prefix, or NULL */
	const char *message; /* one line, no newline, no control characters */
};

typedef void (*log_sink_fn)(const struct log_record *record, void *data);

/*
 * Add and remove a sink: any thread; a sink may log but isn't called for what it logs itself. After
 * log_remove_sink() returns the sink is not running and isn't called again. At most 8 sinks
 * (-ENOSPC).
 */
int log_add_sink(log_sink_fn fn, void *data);
void log_remove_sink(log_sink_fn fn, void *data);

/* The sink that writes standard error: "<6>" prefixes under journald (JOURNAL_STREAM), else with
 * time, level, thread and subsystem. */
void log_stderr_sink(const struct log_record *record, void *unused);

/* Names the calling thread in its records; the string must stay. */
void log_set_thread_name(const char *name);

void log_write(struct log_subsystem *s, enum log_level level, const char *object, const char *fmt,
	       ...) _printf_(4, 5);

#define log_at(id, level, object, ...)                                                             \
	do {                                                                                       \
		if (log_enabled(&log_sub_##id, (level)))                                           \
			log_write(&log_sub_##id, (level), (object), __VA_ARGS__);                  \
	} while (0)

#define log_error(id, ...)   log_at(id, LOG_LEVEL_ERROR, NULL, __VA_ARGS__)
#define log_warning(id, ...) log_at(id, LOG_LEVEL_WARNING, NULL, __VA_ARGS__)
#define log_notice(id, ...)  log_at(id, LOG_LEVEL_NOTICE, NULL, __VA_ARGS__)
#define log_info(id, ...)    log_at(id, LOG_LEVEL_INFO, NULL, __VA_ARGS__)
#define log_debug(id, ...)   log_at(id, LOG_LEVEL_DEBUG, NULL, __VA_ARGS__)
#define log_trace(id, ...)   log_at(id, LOG_LEVEL_TRACE, NULL, __VA_ARGS__)

#define log_obj_error(id, obj, ...)   log_at(id, LOG_LEVEL_ERROR, obj, __VA_ARGS__)
#define log_obj_warning(id, obj, ...) log_at(id, LOG_LEVEL_WARNING, obj, __VA_ARGS__)
#define log_obj_notice(id, obj, ...)  log_at(id, LOG_LEVEL_NOTICE, obj, __VA_ARGS__)
#define log_obj_info(id, obj, ...)    log_at(id, LOG_LEVEL_INFO, obj, __VA_ARGS__)
#define log_obj_debug(id, obj, ...)   log_at(id, LOG_LEVEL_DEBUG, obj, __VA_ARGS__)
#define log_obj_trace(id, obj, ...)   log_at(id, LOG_LEVEL_TRACE, obj, __VA_ARGS__)
