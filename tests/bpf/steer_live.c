/* SPDX-License-Identifier: MIT */
/*
 * The steering program in the kernel: four sockets in a SO_REUSEPORT group in a network namespace
 * of the test's own, and datagrams of every kind. (BPF_PROG_TEST_RUN doesn't take sk_reuseport
 * programs.) STEER_SEED=N repeats a run.
 */
#include <kselftest_harness.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ikev2/daemon/bpf.h"
#include "pdk/log/log.h"
#include "pdk/worker/reuseport.h"

#define WORKERS   4
#define SOURCES   16
#define DATAGRAMS 4000
#define SIZE_MAX_ 4000 /* above the loopback's MTU: some arrive in fragments */

static char last_warning[256];

static void keep_warning(const struct log_record *record, void *data)
{
	if (record->level <= LOG_LEVEL_WARNING)
		snprintf(last_warning, sizeof(last_warning), "%s", record->message);
}

static __u64 next_random(__u64 *state)
{
	__u64 z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static void put_be64(__u8 *p, __u64 v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (__u8)(v >> (56 - 8 * i));
}

/* A datagram of a kind drawn by chance; returns its length. */
static size_t draw_datagram(const struct steer_config *c, __u64 *seed, __u8 *p)
{
	const __u8 exchanges[] = { 34, 34, 35, 36, 37, 2 }, flags[] = { 0, 0x08, 0x20, 0x28 };
	size_t len = next_random(seed) % 8 ? 28 + next_random(seed) % 600 : SIZE_MAX_;
	__u8 *ike = p + (c->marker ? STEER_MARKER_LEN : 0);
	__u32 kind = next_random(seed) % 8;

	for (size_t i = 0; i < SIZE_MAX_; i++)
		p[i] = (__u8)next_random(seed);
	if (kind == 0) /* anything: ESP on port 4500 */
		return len;
	if (kind == 1) /* too short, down to nothing */
		len = next_random(seed) % 40;
	memset(p, 0, (size_t)(ike - p));
	/* SPIs of workers that exist and of one that doesn't. */
	put_be64(ike, steer_spi_make(next_random(seed) % (WORKERS + 1), next_random(seed)));
	put_be64(ike + 8, next_random(seed) % 3 ? steer_spi_make(next_random(seed) % (WORKERS + 1),
								 next_random(seed))
						: 0);
	ike[18] = exchanges[next_random(seed) % sizeof(exchanges)];
	ike[19] = flags[next_random(seed) % sizeof(flags)];
	if (kind == 2) /* a keepalive, RFC 3948 2.3 */
		return p[0] = 0xff, 1;
	if (kind <= 4) {
		memset(ike + 8, 0, 8);
		ike[18] = 34;
		ike[19] = 0x08;
	}
	return len;
}

FIXTURE(group)
{
	struct steer_config config;
	struct bpf_steer *steer;
	int receivers[WORKERS], senders[SOURCES];
	struct netaddr sources[SOURCES];
	struct sockaddr_storage to;
	socklen_t to_len;
	__u64 seed;
};

FIXTURE_VARIANT(group)
{
	int family;
	uint16_t port;
};

FIXTURE_VARIANT_ADD(group, ipv4_500){ .family = AF_INET, .port = 500 };
FIXTURE_VARIANT_ADD(group, ipv4_4500){ .family = AF_INET, .port = 4500 };
FIXTURE_VARIANT_ADD(group, ipv6_500){ .family = AF_INET6, .port = 500 };
FIXTURE_VARIANT_ADD(group, ipv6_4500){ .family = AF_INET6, .port = 4500 };

static int bound_socket(const struct netaddr *addr, bool shared)
{
	struct sockaddr_storage ss;
	socklen_t len = netaddr_to_sockaddr(addr, &ss);
	int fd = socket(addr->family, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		return -1;
	if (addr->family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (shared)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	return bind(fd, (struct sockaddr *)&ss, len) < 0 ? -1 : fd;
}

/* The index of the one socket that a datagram has come to, and its length; -1: nothing came. */
static int received_by(const int *fds, ssize_t *ret_len)
{
	struct pollfd polls[WORKERS];
	__u8 buf[SIZE_MAX_ + 1];

	for (int i = 0; i < WORKERS; i++)
		polls[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	if (poll(polls, WORKERS, 5000) != 1)
		return -1;
	for (int i = 0; i < WORKERS; i++) {
		if (polls[i].revents) {
			*ret_len = recv(fds[i], buf, sizeof(buf), MSG_DONTWAIT);
			return i;
		}
	}
	return -1;
}

FIXTURE_SETUP(group)
{
	struct netaddr any = netaddr_any(variant->family, variant->port), target;
	const char *seed = getenv("STEER_SEED");
	char text[64];

	if (geteuid() != 0)
		SKIP(return, "not root");
	log_add_sink(keep_warning, NULL);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, system("ip link set lo up mtu 1500 && for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 "
			    "13 14 15; do ip -6 addr add fd00::$i/128 dev lo nodad; done"));
	self->seed = seed ? strtoull(seed, NULL, 0) : (__u64)time(NULL) << 20 ^ (__u64)getpid();
	TH_LOG("STEER_SEED=%llu", (unsigned long long)self->seed);
	self->config = (struct steer_config){
		.key = { next_random(&self->seed), next_random(&self->seed) },
		.n_workers = WORKERS,
		.marker = variant->port == 4500,
	};
	if (bpf_steer_new(&self->config, &self->steer) < 0)
		SKIP(return, "kernel has no sk_reuseport: %s", last_warning);
	for (int i = 0; i < WORKERS; i++) {
		self->receivers[i] = bound_socket(&any, true);
		ASSERT_GE(self->receivers[i], 0);
		ASSERT_EQ(0, reuseport_map_set(bpf_steer_map_fd(self->steer), (uint32_t)i,
					       self->receivers[i]));
	}
	ASSERT_EQ(0, reuseport_attach(self->receivers[0], bpf_steer_prog_fd(self->steer)));

	for (int i = 0; i < SOURCES; i++) {
		snprintf(text, sizeof(text), variant->family == AF_INET ? "127.%d.0.1" : "fd00::%d",
			 i);
		ASSERT_EQ(0, netaddr_parse(text, 0, &self->sources[i]));
		self->senders[i] = bound_socket(&self->sources[i], false);
		ASSERT_GE(self->senders[i], 0);
	}
	ASSERT_EQ(0, netaddr_parse(variant->family == AF_INET ? "127.0.0.1" : "::1", variant->port,
				   &target));
	self->to_len = netaddr_to_sockaddr(&target, &self->to);
}

FIXTURE_TEARDOWN(group)
{
	bpf_steer_free(self->steer);
}

TEST_F(group, lands_where_the_function_says_and_is_counted_so)
{
	struct steer_counters counted, expected = { 0 };
	__u8 p[SIZE_MAX_];

	for (int i = 0; i < DATAGRAMS; i++) {
		size_t len = draw_datagram(&self->config, &self->seed, p);
		int from = (int)(next_random(&self->seed) % SOURCES), socket;
		__u32 worker = WORKERS;
		enum steer_verdict verdict;
		ssize_t got = -1;

		verdict = steer_datagram(&self->config, p, len, self->sources[from].addr, &worker);
		ASSERT_EQ((ssize_t)len, sendto(self->senders[from], p, len, 0,
					       (struct sockaddr *)&self->to, self->to_len));
		socket = received_by(self->receivers, &got);
		ASSERT_GE(socket, 0);
		ASSERT_EQ((ssize_t)len, got);
		switch (verdict) {
		case STEER_SPI:
			expected.spi++;
			break;
		case STEER_FIRST:
			expected.first++;
			break;
		case STEER_NOT_IKE:
			expected.not_ike++;
			break;
		case STEER_MALFORMED:
			expected.malformed++;
			break;
		case STEER_STRAY:
			expected.stray++;
			break;
		}
		if (verdict == STEER_SPI || verdict == STEER_FIRST)
			ASSERT_EQ((int)worker, socket);
	}
	ASSERT_EQ(0, bpf_steer_read(self->steer, &counted));
	EXPECT_EQ(0, memcmp(&expected, &counted, sizeof(counted)))
	{
		TH_LOG("expected spi %llu first %llu not_ike %llu malformed %llu stray %llu",
		       expected.spi, expected.first, expected.not_ike, expected.malformed,
		       expected.stray);
		TH_LOG("counted  spi %llu first %llu not_ike %llu malformed %llu stray %llu",
		       counted.spi, counted.first, counted.not_ike, counted.malformed,
		       counted.stray);
	}
	/* The draw has met every case. */
	EXPECT_GT(expected.spi, 100);
	EXPECT_GT(expected.first, 100);
	EXPECT_GT(expected.malformed, 100);
	EXPECT_GT(expected.stray, 100);
	EXPECT_EQ(self->config.marker, expected.not_ike > 100);
}

TEST_F(group, a_worker_without_socket_is_counted_and_another_gets_the_datagram)
{
	__u8 p[STEER_MARKER_LEN + STEER_MESSAGE_MIN] = { 0 };
	__u8 *ike = p + (self->config.marker ? STEER_MARKER_LEN : 0);
	struct steer_counters counted;

	close(self->receivers[2]);
	self->receivers[2] = -1;
	put_be64(ike + 8, steer_spi_make(2, 1));
	ike[19] = 0x08;
	for (int i = 0; i < 20; i++) {
		ssize_t got;

		ASSERT_EQ(sizeof(p), sendto(self->senders[i % SOURCES], p, sizeof(p), 0,
					    (struct sockaddr *)&self->to, self->to_len));
		ASSERT_GE(received_by(self->receivers, &got), 0);
	}
	ASSERT_EQ(0, bpf_steer_read(self->steer, &counted));
	EXPECT_EQ(20, counted.spi);
	EXPECT_EQ(20, counted.no_socket);
}

/* The program belongs to the group; the daemon may let go of its handle. */
TEST_F(group, steers_on_when_the_loader_is_gone_and_stops_when_detached)
{
	__u8 p[STEER_MARKER_LEN + STEER_MESSAGE_MIN] = { 0 };
	__u8 *ike = p + (self->config.marker ? STEER_MARKER_LEN : 0);
	unsigned elsewhere = 0;
	ssize_t got;

	self->steer = bpf_steer_free(self->steer);
	put_be64(ike + 8, steer_spi_make(3, 1));
	ike[19] = 0x08;
	for (int i = 0; i < 64; i++) {
		if (i == 32)
			ASSERT_EQ(0, reuseport_detach(self->receivers[0]));
		ASSERT_EQ(sizeof(p), sendto(self->senders[i % SOURCES], p, sizeof(p), 0,
					    (struct sockaddr *)&self->to, self->to_len));
		if (i < 32) {
			ASSERT_EQ(3, received_by(self->receivers, &got));
		} else {
			elsewhere += received_by(self->receivers, &got) != 3;
		}
	}
	EXPECT_GT(elsewhere, 0);
}

TEST(impossible_settings_are_refused)
{
	const struct steer_config none = { .n_workers = 0 };
	const struct steer_config many = { .n_workers = STEER_WORKERS_MAX + 1 };
	struct bpf_steer *s = NULL;

	EXPECT_EQ(-EINVAL, bpf_steer_new(&none, &s));
	EXPECT_EQ(-EINVAL, bpf_steer_new(&many, &s));
	EXPECT_EQ(NULL, s);
}

TEST(a_missing_privilege_is_named)
{
	const struct steer_config config = { .n_workers = WORKERS };
	struct bpf_steer *s = NULL;

	if (geteuid() == 0)
		ASSERT_EQ(0, setuid(65534));
	log_add_sink(keep_warning, NULL);
	EXPECT_EQ(-EPERM, bpf_steer_new(&config, &s));
	EXPECT_EQ(NULL, s);
	EXPECT_NE(NULL, strstr(last_warning, "missing privilege"))
	{
		TH_LOG("said: %s", last_warning);
	}
}

TEST(without_a_program_everything_else_is_harmless)
{
	struct netaddr any = netaddr_any(AF_INET, 0);
	struct steer_counters counters;
	struct count_value value;

	EXPECT_EQ(NULL, bpf_steer_free(NULL));
	EXPECT_EQ(-1, bpf_steer_prog_fd(NULL));
	EXPECT_EQ(-1, bpf_steer_map_fd(NULL));
	EXPECT_EQ(-EOPNOTSUPP, bpf_steer_read(NULL, &counters));
	EXPECT_EQ(NULL, bpf_count_free(NULL));
	EXPECT_EQ(NULL, bpf_count_path(NULL));
	EXPECT_EQ(0, bpf_count_add(NULL, NULL, "x"));
	EXPECT_EQ(-EOPNOTSUPP, bpf_count_read(NULL, &any, 1, &value));
	EXPECT_EQ(0, bpf_count_remove(NULL, &any, 1, &value));
}

TEST_HARNESS_MAIN
