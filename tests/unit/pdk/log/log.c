/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "pdk/log/limit.h"
#include "pdk/log/log.h"

LOG_SUBSYSTEM(apple, "first of two");
LOG_SUBSYSTEM(pear, "second of two");

/* Keeps the last record and counts. */
struct caught {
	unsigned n; /* atomic */
	enum log_level level;
	char subsystem[32], thread[32], object[200], message[1100];
	bool log_again;
};

static void catch (const struct log_record *r, void *data)
{
	struct caught *c = data;

	__atomic_add_fetch(&c->n, 1, __ATOMIC_RELAXED);
	c->level = r->level;
	snprintf(c->subsystem, sizeof(c->subsystem), "%s", r->subsystem->name);
	snprintf(c->thread, sizeof(c->thread), "%s", r->thread ? r->thread : "(none)");
	snprintf(c->object, sizeof(c->object), "%s", r->object ? r->object : "(none)");
	snprintf(c->message, sizeof(c->message), "%s", r->message);
	if (c->log_again)
		log_info(apple, "from inside");
}

FIXTURE(log)
{
	struct caught c;
};

FIXTURE_SETUP(log)
{
	memset(&self->c, 0, sizeof(self->c));
	ASSERT_EQ(0, log_add_sink(catch, &self->c));
}

FIXTURE_TEARDOWN(log)
{
	log_remove_sink(catch, &self->c);
}

TEST(level_names_are_complete_and_parse_back)
{
	enum log_level parsed;

	for (int l = LOG_LEVEL_ERROR; l <= LOG_LEVEL_TRACE; l++) {
		ASSERT_NE(NULL, log_level_name(l));
		ASSERT_EQ(0, log_level_parse(log_level_name(l), &parsed));
		EXPECT_EQ(l, (int)parsed);
	}
	EXPECT_EQ(-EINVAL, log_level_parse("loud", &parsed));
	EXPECT_EQ(-EINVAL, log_level_parse("", &parsed));
}

TEST(subsystems_are_registered_before_main)
{
	unsigned found = 0;

	for (const struct log_subsystem *s = log_next_subsystem(NULL); s; s = log_next_subsystem(s))
		found += !strcmp(s->name, "apple") || !strcmp(s->name, "pear");
	EXPECT_EQ(2, found);
}

TEST_F(log, a_record_says_who_and_what)
{
	log_set_thread_name("tester");
	log_obj_warning(pear, "10.0.0.1", "lost %d of %s", 3, "seven");
	EXPECT_EQ(1, self->c.n);
	EXPECT_EQ(LOG_LEVEL_WARNING, self->c.level);
	EXPECT_STREQ("pear", self->c.subsystem);
	EXPECT_STREQ("tester", self->c.thread);
	EXPECT_STREQ("10.0.0.1", self->c.object);
	EXPECT_STREQ("lost 3 of seven", self->c.message);
	log_info(apple, "plain");
	EXPECT_STREQ("(none)", self->c.object);
}

TEST_F(log, levels_filter_by_subsystem)
{
	EXPECT_EQ(0, log_set_level("apple", LOG_LEVEL_DEBUG));
	log_debug(apple, "yes");
	log_trace(apple, "no");
	log_debug(pear, "no");
	log_info(pear, "yes");
	EXPECT_EQ(2, self->c.n);
	EXPECT_EQ(0, log_set_level(NULL, LOG_LEVEL_ERROR));
	log_warning(apple, "no");
	log_warning(pear, "no");
	log_error(pear, "yes");
	EXPECT_EQ(3, self->c.n);
	EXPECT_EQ(-ENOENT, log_set_level("plum", LOG_LEVEL_DEBUG));
}

TEST_F(log, filtered_lines_cost_no_formatting)
{
	unsigned calls = 0;

	log_debug(apple, "%u", ++calls);
	EXPECT_EQ(0, calls);
	log_info(apple, "%u", ++calls);
	EXPECT_EQ(1, calls);
}

TEST_F(log, a_line_stays_one_line_and_drives_no_terminal)
{
	log_obj_info(apple, "peer\r",
		     "a\nb\tc\x1b[2J\x7f"
		     "d\xc2\x9b"
		     "e");
	EXPECT_STREQ("a\\x0ab\\x09c\\x1b[2J\\x7fd\\xc2\\x9b"
		     "e",
		     self->c.message);
	EXPECT_STREQ("peer\\x0d", self->c.object);
	log_info(apple, "gr\xc3\xbc\xc3\x9f"
			"e");
	EXPECT_STREQ("gr\xc3\xbc\xc3\x9f"
		     "e",
		     self->c.message);
}

TEST_F(log, long_lines_are_cut_and_say_so)
{
	char big[5000];

	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	log_obj_info(apple, big, "%s", big);
	EXPECT_LT(900, strlen(self->c.message));
	EXPECT_GT(1024, strlen(self->c.message));
	EXPECT_STREQ("x...", self->c.message + strlen(self->c.message) - 4);
	EXPECT_STREQ("x...", self->c.object + strlen(self->c.object) - 4);
	memset(big, '\n', sizeof(big) - 1);
	log_info(apple, "%s", big);
	EXPECT_STREQ("\\x0a...", self->c.message + strlen(self->c.message) - 7);
}

TEST_F(log, a_sink_that_logs_is_not_called_for_it)
{
	self->c.log_again = true;
	log_info(apple, "once");
	EXPECT_EQ(1, self->c.n);
	EXPECT_STREQ("once", self->c.message);
}

TEST_F(log, every_sink_is_called_until_it_is_removed)
{
	struct caught other = { 0 };
	unsigned added = 0;

	ASSERT_EQ(0, log_add_sink(catch, &other));
	log_info(apple, "both");
	log_remove_sink(catch, &other);
	log_info(apple, "one");
	EXPECT_EQ(1, other.n);
	EXPECT_EQ(2, self->c.n);
	while (log_add_sink(catch, &other) == 0)
		added++;
	EXPECT_EQ(7, added);
	EXPECT_EQ(-ENOSPC, log_add_sink(catch, &other));
	log_remove_sink(catch, &other);
}

TEST_F(log, errno_survives_a_line)
{
	errno = ENOENT;
	log_info(apple, "%m");
	EXPECT_EQ(ENOENT, errno);
	EXPECT_STREQ("No such file or directory", self->c.message);
}

/* -------- threads -------- */

#define THREADS 8
#define LINES   2000

static void check_line(const struct log_record *r, void *data)
{
	unsigned *bad = data, thread, line;
	char again[64];

	if (sscanf(r->message, "thread %u line %u", &thread, &line) != 2) {
		__atomic_add_fetch(bad, 1, __ATOMIC_RELAXED);
		return;
	}
	snprintf(again, sizeof(again), "thread %u line %u", thread, line);
	if (strcmp(again, r->message) != 0)
		__atomic_add_fetch(bad, 1, __ATOMIC_RELAXED);
}

static void quiet(const struct log_record *r _unused_, void *data)
{
	__atomic_add_fetch((unsigned *)data, 1, __ATOMIC_RELAXED);
}

static void *chatter(void *data)
{
	for (unsigned i = 0; i < LINES; i++)
		log_info(pear, "thread %u line %u", (unsigned)(uintptr_t)data, i);
	return NULL;
}

TEST(many_threads_log_while_sinks_come_and_go)
{
	pthread_t threads[THREADS];
	unsigned bad = 0, counted = 0;

	ASSERT_EQ(0, log_add_sink(check_line, &bad));
	ASSERT_EQ(0, log_add_sink(quiet, &counted));
	for (uintptr_t i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, chatter, (void *)i));
	for (unsigned i = 0; i < 200; i++) {
		unsigned calls = 0, after;

		ASSERT_EQ(0, log_add_sink(quiet, &calls));
		log_remove_sink(quiet, &calls);
		/* Not called any more once it was removed. */
		after = __atomic_load_n(&calls, __ATOMIC_RELAXED);
		usleep(50);
		ASSERT_EQ(after, __atomic_load_n(&calls, __ATOMIC_RELAXED));
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	log_remove_sink(check_line, &bad);
	log_remove_sink(quiet, &counted);
	EXPECT_EQ(0, bad);
	EXPECT_EQ(THREADS * LINES, counted);
}

/* -------- limits -------- */

TEST(a_limit_lets_a_burst_through_and_then_its_rate)
{
	struct log_limit l = { 0 };
	uint64_t now = UINT64_C(1000000000000);
	uint32_t left_out = 99;
	unsigned passed = 0;

	for (unsigned i = 0; i < 100; i++)
		passed += log_limit_pass(&l, now, &left_out);
	EXPECT_EQ(LOG_LIMIT_BURST, passed);
	EXPECT_EQ(0, left_out);

	/* One more for each price paid; it tells what was left out. */
	now += 1000000000 / LOG_LIMIT_PER_SECOND;
	EXPECT_TRUE(log_limit_pass(&l, now, &left_out));
	EXPECT_EQ(100 - LOG_LIMIT_BURST, left_out);
	EXPECT_FALSE(log_limit_pass(&l, now, &left_out));

	for (passed = 0; now < UINT64_C(1060200000000); now += 10000000)
		passed += log_limit_pass(&l, now, &left_out);
	EXPECT_LE(60 * LOG_LIMIT_PER_SECOND - 1, passed);
	EXPECT_GE(60 * LOG_LIMIT_PER_SECOND + 1, passed);

	/* After a rest the whole burst is there again, and not more. */
	now += UINT64_C(3600000000000);
	for (passed = 0; passed < 1000 && log_limit_pass(&l, now, &left_out); passed++)
		;
	EXPECT_EQ(LOG_LIMIT_BURST, passed);
}

TEST_F(log, remote_lines_are_limited_by_place_but_not_when_debugging)
{
	for (unsigned i = 0; i < 1000; i++)
		log_remote(apple, LOG_LEVEL_INFO, NULL, "noise %u", i);
	EXPECT_GE(LOG_LIMIT_BURST + 5, self->c.n);
	EXPECT_LE(LOG_LIMIT_BURST, self->c.n);
	self->c.n = 0;
	log_remote(apple, LOG_LEVEL_INFO, "peer", "another place");
	EXPECT_EQ(1, self->c.n);
	EXPECT_STREQ("another place", self->c.message);
	EXPECT_STREQ("peer", self->c.object);

	log_set_level("apple", LOG_LEVEL_DEBUG);
	self->c.n = 0;
	for (unsigned i = 0; i < 1000; i++)
		log_remote(apple, LOG_LEVEL_DEBUG, NULL, "detail %u", i);
	EXPECT_EQ(1000, self->c.n);
}

/* -------- standard error -------- */

TEST(the_stderr_sink_writes_one_line_with_level_and_names)
{
	char line[2000];
	int fds[2], saved = dup(STDERR_FILENO);
	ssize_t len;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, log_add_sink(log_stderr_sink, NULL));
	log_set_thread_name("main");
	fflush(stderr);
	dup2(fds[1], STDERR_FILENO);
	log_obj_notice(pear, "10.0.0.1", "ripe");
	dup2(saved, STDERR_FILENO);
	log_remove_sink(log_stderr_sink, NULL);
	len = read(fds[0], line, sizeof(line) - 1);
	ASSERT_LT(0, len);
	line[len] = '\0';
	TH_LOG("%.*s", (int)len - 1, line);
	EXPECT_STREQ(" notice  main pear: 10.0.0.1: ripe\n",
		     line + strlen("2026-01-01 00:00:00.000"));
}

TEST(a_reader_of_standard_error_that_stops_stalls_nobody)
{
	static char text[1 << 20];
	int fds[2], saved = dup(STDERR_FILENO);
	ssize_t len;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, log_add_sink(log_stderr_sink, NULL));
	dup2(fds[1], STDERR_FILENO);
	for (unsigned i = 0; i < 10000; i++)
		log_info(pear, "line %u", i);
	len = read(fds[0], text, sizeof(text) - 1);
	log_info(pear, "heard again");
	dup2(saved, STDERR_FILENO);
	log_remove_sink(log_stderr_sink, NULL);
	ASSERT_LT(30000, len);
	text[len] = '\0';
	EXPECT_NE(NULL, strstr(text, " line 0\n"));
	EXPECT_EQ(NULL, strstr(text, " line 9999\n"));
	len = read(fds[0], text, sizeof(text) - 1);
	ASSERT_LT(0, len);
	text[len] = '\0';
	EXPECT_NE(NULL, strstr(text, "lines lost: nobody read)\n"));
	EXPECT_NE(NULL, strstr(text, "heard again\n"));
}

TEST_HARNESS_MAIN
