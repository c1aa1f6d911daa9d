/* SPDX-License-Identifier: MIT */
/*
 * Every allocation and system call that making an object of the runtime takes fails once, each in a
 * run of its own: the constructor must say so (or do without), and leave neither memory nor
 * descriptors behind. The calls are replaced by the linker (--wrap, see meson.build).
 */
#include <kselftest_harness.h>

#include <dirent.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <liburing.h>

#include "pdk/loop/loop.h"
#include "pdk/loop/signals.h"
#include "pdk/loop/watch.h"
#include "pdk/net/stream.h"
#include "pdk/net/udp.h"
#include "pdk/worker/jobs.h"
#include "pdk/worker/worker.h"
#include "../leaks.h"

static int countdown; /* atomic: this many calls from now one fails; below 1: none does */
static bool fired;

static bool fails(void)
{
	if (__atomic_fetch_sub(&countdown, 1, __ATOMIC_RELAXED) != 1)
		return false;
	__atomic_store_n(&fired, true, __ATOMIC_RELAXED);
	return true;
}

/* result __wrap_name(params): fails with what is given, or calls __real_name(args). */
#define WRAP(result, name, params, args, error, failure)                                           \
	result __real_##name params;                                                               \
	result __wrap_##name params;                                                               \
	result __wrap_##name params                                                                \
	{                                                                                          \
		if (fails()) {                                                                     \
			errno = (error);                                                           \
			return (failure);                                                          \
		}                                                                                  \
		return __real_##name args;                                                         \
	}

WRAP(void *, malloc, (size_t size), (size), ENOMEM, NULL)
WRAP(void *, calloc, (size_t n, size_t size), (n, size), ENOMEM, NULL)
WRAP(void *, realloc, (void *p, size_t size), (p, size), ENOMEM, NULL)
WRAP(char *, strdup, (const char *s), (s), ENOMEM, NULL)
WRAP(int, socket, (int domain, int type, int protocol), (domain, type, protocol), EMFILE, -1)
WRAP(int, bind, (int fd, const struct sockaddr *sa, socklen_t len), (fd, sa, len), EADDRINUSE, -1)
WRAP(int, listen, (int fd, int backlog), (fd, backlog), EADDRINUSE, -1)
WRAP(int, connect, (int fd, const struct sockaddr *sa, socklen_t len), (fd, sa, len), EACCES, -1)
WRAP(int, getsockname, (int fd, struct sockaddr *sa, socklen_t *len), (fd, sa, len), ENOBUFS, -1)
WRAP(int, setsockopt, (int fd, int level, int option, const void *value, socklen_t len),
     (fd, level, option, value, len), EPERM, -1)
WRAP(int, eventfd, (unsigned value, int flags), (value, flags), EMFILE, -1)
WRAP(int, signalfd, (int fd, const sigset_t *set, int flags), (fd, set, flags), EMFILE, -1)
WRAP(int, pthread_create,
     (pthread_t * thread, const pthread_attr_t *attr, void *(*run)(void *), void *data),
     (thread, attr, run, data), EAGAIN, EAGAIN)
WRAP(int, io_uring_queue_init_params,
     (unsigned entries, struct io_uring *ring, struct io_uring_params *params),
     (entries, ring, params), ENOMEM, -ENOMEM)
WRAP(int, io_uring_register_buf_ring,
     (struct io_uring * ring, struct io_uring_buf_reg *reg, unsigned flags), (ring, reg, flags),
     ENOMEM, -ENOMEM)

static unsigned open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* Run attempt with the first, second, ... call failing, until it runs through without one. */
static void fail_each_call(struct __test_metadata *_metadata, int (*attempt)(void))
{
	unsigned before = open_descriptors(), nth = 0, refused = 0;
	int err;

	do {
		fired = false;
		countdown = (int)++nth;
		err = attempt();
		countdown = 0;
		EXPECT_GE(0, err);
		refused += err < 0;
		EXPECT_EQ(before, open_descriptors())
		{
			TH_LOG("call %u", nth);
		}
	} while (fired);
	EXPECT_EQ(0, err);
	TH_LOG("%u calls failed, %u of them were vital", nth - 1, refused);
	EXPECT_LT(0, refused);
	EXPECT_NO_LEAKS();
}

static void no_datagram(const struct datagram *dg _unused_, void *data _unused_)
{
}

static void no_stream(struct stream *s, void *data _unused_)
{
	stream_free(s);
}

static void no_signal(int signo _unused_, void *data _unused_)
{
}

static int attempt_udp(void)
{
	struct udp_options options = { .local = netaddr_any(AF_INET, 0), .reuseport = true };
	struct udp_socket *s = NULL;
	struct loop *loop = NULL;
	struct netaddr to;
	int err;

	err = loop_new(&loop);
	if (!err)
		err = udp_open(loop, &options, no_datagram, NULL, &s);
	if (!err) {
		to = udp_local(s);
		err = udp_send(s, NULL, &to, BYTES_NONE, bytes_str("x"));
	}
	udp_close(s);
	loop_free(loop);
	return err;
}

TEST(udp)
{
	fail_each_call(_metadata, attempt_udp);
}

static int attempt_stream(void)
{
	struct stream_listener *l = NULL;
	struct stream *s = NULL;
	struct loop *loop = NULL;
	char path[64];
	int err;

	snprintf(path, sizeof(path), "/tmp/failures-%d", getpid());
	err = loop_new(&loop);
	if (!err)
		err = stream_listen_unix(loop, path, 0600, no_stream, NULL, &l);
	if (!err)
		err = stream_connect_unix(loop, path, &s);
	if (!err)
		loop_run_once(loop, instant_add(instant_now(), DURATION_MS(300)));
	stream_free(s);
	stream_listener_free(l);
	loop_free(loop);
	return err;
}

TEST(stream)
{
	fail_each_call(_metadata, attempt_stream);
}

static int attempt_signals(void)
{
	static const int signos[] = { SIGUSR1 };
	struct loop_signals *s = NULL;
	struct loop *loop = NULL;
	int err;

	err = loop_new(&loop);
	if (!err)
		err = signals_new(loop, signos, 1, no_signal, NULL, &s);
	signals_free(s);
	loop_free(loop);
	return err;
}

TEST(signals)
{
	fail_each_call(_metadata, attempt_signals);
}

static int attempt_workers(void)
{
	struct workers *ws = NULL;
	struct jobs *jobs = NULL;
	int err;

	err = workers_new(3, "shard", NULL, NULL, NULL, &ws);
	if (!err)
		err = jobs_new(2, 10, &jobs);
	jobs_free(jobs);
	workers_free(ws);
	return err;
}

TEST(workers)
{
	fail_each_call(_metadata, attempt_workers);
}

TEST_HARNESS_MAIN
