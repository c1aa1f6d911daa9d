/* SPDX-License-Identifier: MIT */
#include "pdk/log/log.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* syslog(3) priorities, which journald takes from a "<N>" at the start of a line. */
static const int stderr_priorities[] = {
	[LOG_LEVEL_ERROR] = 3, [LOG_LEVEL_WARNING] = 4, [LOG_LEVEL_NOTICE] = 5,
	[LOG_LEVEL_INFO] = 6,  [LOG_LEVEL_DEBUG] = 7,   [LOG_LEVEL_TRACE] = 7,
};

/* JOURNAL_STREAM names device and inode of the pipe to the journal; it is inherited by children
 * that write elsewhere, so it counts only when it is our standard error. */
static bool stderr_is_journal(void)
{
	static int known; /* atomic: 0 unknown, 1 no, 2 yes */
	int is = __atomic_load_n(&known, __ATOMIC_RELAXED);

	if (!is) {
		const char *stream = getenv("JOURNAL_STREAM");
		unsigned long long dev, ino;
		struct stat st;

		is = 1;
		if (stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
		    fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino)
			is = 2;
		__atomic_store_n(&known, is, __ATOMIC_RELAXED);
	}
	return is == 2;
}

/*
 * One write() per line, so lines of several processes don't mix, and only when it can't block: a
 * pipe or socket that polls writable has room for a line (PIPE_BUF is 4096), and the lock keeps
 * other threads from filling it meanwhile. Lines that find no room are lost and counted.
 */
static void stderr_write_line(const char *line, size_t len)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static unsigned long lost;
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };

	pthread_mutex_lock(&lock);
	if (poll(&out, 1, 0) == 1 && (out.revents & POLLOUT)) {
		if (lost)
			dprintf(STDERR_FILENO, "(%lu lines lost: nobody read)\n", lost);
		lost = write(STDERR_FILENO, line, len) < 0;
	} else {
		lost++;
	}
	pthread_mutex_unlock(&lock);
}

void log_stderr_sink(const struct log_record *record, void *unused _unused_)
{
	const char *object = record->object ? record->object : "";
	const char *colon = record->object ? ": " : "";
	char line[1400], when[32] = "";
	struct timespec now;
	struct tm tm;
	int len;

	if (stderr_is_journal()) {
		len = snprintf(line, sizeof(line), "<%d>%s: %s%s%s\n",
			       stderr_priorities[record->level], record->subsystem->name, object,
			       colon, record->message);
	} else {
		clock_gettime(CLOCK_REALTIME, &now);
		localtime_r(&now.tv_sec, &tm);
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
		len = snprintf(line, sizeof(line), "%s.%03ld %-7s %s%s%s: %s%s%s\n", when,
			       now.tv_nsec / 1000000, log_level_name(record->level),
			       record->thread ? record->thread : "", record->thread ? " " : "",
			       record->subsystem->name, object, colon, record->message);
	}
	if (len >= (int)sizeof(line)) {
		len = sizeof(line) - 1;
		line[len - 1] = '\n';
	}
	stderr_write_line(line, (size_t)len);
}
