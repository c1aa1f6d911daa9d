/* SPDX-License-Identifier: MIT */
#include "pdk/log/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/*
 * Sinks stand in a small array behind a read-write lock: logging takes it for reading, so lines of
 * several threads go out side by side, and a sink that was removed is not running any more once the
 * writer has the lock. Subsystems register before main() and are never taken out, so their list is
 * only appended to; a library loaded later may do so while others read.
 */

#define LOG_LINE_MAX  1024 /* octets of a message; longer ones end in "..." */
#define LOG_SINKS_MAX 8

struct log_sink {
	log_sink_fn fn;
	void *data;
};

static struct log_subsystem *log_subsystems;
static pthread_rwlock_t log_sinks_lock = PTHREAD_RWLOCK_INITIALIZER;
static struct log_sink log_sinks[LOG_SINKS_MAX];
static size_t log_n_sinks;

static __thread const char *log_thread;
static __thread bool log_inside; /* this thread is in a sink */

static const char *const log_level_names[] = {
	[LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_NOTICE] = "notice",
	[LOG_LEVEL_INFO] = "info",   [LOG_LEVEL_DEBUG] = "debug",     [LOG_LEVEL_TRACE] = "trace",
};

const char *log_level_name(enum log_level level)
{
	return log_level_names[level];
}

int log_level_parse(const char *name, enum log_level *ret_level)
{
	for (size_t i = 0; i < ARRAY_SIZE(log_level_names); i++) {
		if (strcmp(name, log_level_names[i]) == 0) {
			*ret_level = (enum log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

void log_register(struct log_subsystem *s)
{
	struct log_subsystem *head = __atomic_load_n(&log_subsystems, __ATOMIC_RELAXED);

	do {
		s->next = head;
	} while (!__atomic_compare_exchange_n(&log_subsystems, &head, s, true, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED));
}

const struct log_subsystem *log_next_subsystem(const struct log_subsystem *prev)
{
	return prev ? prev->next : __atomic_load_n(&log_subsystems, __ATOMIC_ACQUIRE);
}

int log_set_level(const char *subsystem, enum log_level level)
{
	struct log_subsystem *s = __atomic_load_n(&log_subsystems, __ATOMIC_ACQUIRE);
	bool found = !subsystem;

	for (; s; s = s->next) {
		if (subsystem && strcmp(s->name, subsystem) != 0)
			continue;
		__atomic_store_n(&s->level, (int)level, __ATOMIC_RELAXED);
		found = true;
	}
	return found ? 0 : -ENOENT;
}

int log_add_sink(log_sink_fn fn, void *data)
{
	int err = -ENOSPC;

	pthread_rwlock_wrlock(&log_sinks_lock);
	if (log_n_sinks < LOG_SINKS_MAX) {
		log_sinks[log_n_sinks++] = (struct log_sink){ fn, data };
		err = 0;
	}
	pthread_rwlock_unlock(&log_sinks_lock);
	return err;
}

void log_remove_sink(log_sink_fn fn, void *data)
{
	size_t kept = 0;

	pthread_rwlock_wrlock(&log_sinks_lock);
	for (size_t i = 0; i < log_n_sinks; i++) {
		if (log_sinks[i].fn != fn || log_sinks[i].data != data)
			log_sinks[kept++] = log_sinks[i];
	}
	log_n_sinks = kept;
	pthread_rwlock_unlock(&log_sinks_lock);
}

void log_set_thread_name(const char *name)
{
	log_thread = name;
}

/* Does the octet at s[i] belong to a control character? C0 and DEL are one octet, C1 two in UTF-8.
 */
static bool is_control(const char *s, size_t i)
{
	unsigned char c = (unsigned char)s[i];

	if (c == 0xc2)
		return ((unsigned char)s[i + 1] & 0xe0) == 0x80;
	if ((c & 0xe0) == 0x80)
		return i > 0 && (unsigned char)s[i - 1] == 0xc2;
	return c < 0x20 || c == 0x7f;
}

/*
 * Copies text so that it stays one line and can't drive a terminal: control characters become \xNN.
 * Shortened text ends in "...".
 */
static void log_escape(char *dst, size_t size, const char *src)
{
	static const char digits[] = "0123456789abcdef";
	size_t o = 0;

	for (size_t i = 0; src[i]; i++) {
		bool control = is_control(src, i);
		unsigned char c = (unsigned char)src[i];

		if (o + (control ? 4 : 1) + sizeof("...") > size) {
			memcpy(dst + o, "...", 3);
			o += 3;
			break;
		}
		if (control) {
			memcpy(dst + o, "\\x", 2);
			dst[o + 2] = digits[c >> 4];
			dst[o + 3] = digits[c & 15];
			o += 4;
		} else {
			dst[o++] = src[i];
		}
	}
	dst[o] = '\0';
}

void log_write(struct log_subsystem *s, enum log_level level, const char *object, const char *fmt,
	       ...)
{
	char raw[LOG_LINE_MAX], line[LOG_LINE_MAX], prefix[128];
	struct log_record record = {
		.level = level,
		.subsystem = s,
		.thread = log_thread,
		.message = line,
	};
	int saved_errno = errno;
	va_list args;

	/* A sink that logs would call itself, or wait for itself. */
	if (log_inside)
		return;

	va_start(args, fmt);
	vsnprintf(raw, sizeof(raw), fmt, args);
	va_end(args);
	log_escape(line, sizeof(line), raw);
	if (object) {
		log_escape(prefix, sizeof(prefix), object);
		record.object = prefix;
	}

	log_inside = true;
	pthread_rwlock_rdlock(&log_sinks_lock);
	for (size_t i = 0; i < log_n_sinks; i++)
		log_sinks[i].fn(&record, log_sinks[i].data);
	pthread_rwlock_unlock(&log_sinks_lock);
	log_inside = false;
	errno = saved_errno;
}
