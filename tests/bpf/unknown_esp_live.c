/* SPDX-License-Identifier: MIT */
/*
 * The program that sees ESP which no SA takes, in the kernel: packets to the loopback of a network
 * namespace of the test's own.
 */
#include <kselftest_harness.h>

#include <errno.h>
#include <linux/udp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ikev2/daemon/bpf.h"
#include "pdk/loop/loop.h"

#define SPI      0xdeadbeef
#define NAT_PORT 4600 /* that ESP in UDP seems to come from */
#define HEADER   8    /* of UDP, and of ESP up to where its payload begins */

/* What was reported. */
struct reports {
	unsigned n;
	struct netaddr local, remote;
	uint32_t spi;
};

FIXTURE(unknown_esp)
{
	const char *lacks;
	struct loop *loop;
	struct bpf_unknown_esp *program;
	struct reports reports;
	int encapsulating; /* the socket that takes ESP in UDP */
};

FIXTURE_VARIANT(unknown_esp)
{
	const char *address;
};

FIXTURE_VARIANT_ADD(unknown_esp, ipv4)
{
	.address = "127.0.0.1",
};

FIXTURE_VARIANT_ADD(unknown_esp, ipv6)
{
	.address = "::1",
};

static void keep(const struct netaddr *local, const struct netaddr *remote, uint32_t spi,
		 void *data)
{
	struct reports *r = data;

	r->n++;
	r->local = *local;
	r->remote = *remote;
	r->spi = spi;
}

static struct netaddr address(const char *text, uint16_t port)
{
	struct netaddr a = NETADDR_NONE;

	netaddr_parse(text, port, &a);
	return a;
}

/* A socket for ESP in UDP (RFC 3948), as IKE daemons have; -1. */
static int encapsulating_socket(const char *text)
{
	const struct netaddr a = address(text, 4500);
	const int type = UDP_ENCAP_ESPINUDP;
	struct sockaddr_storage sockaddr;
	int fd = socket(a.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&sockaddr, netaddr_to_sockaddr(&a, &sockaddr)) < 0 ||
	    setsockopt(fd, IPPROTO_UDP, UDP_ENCAP, &type, sizeof(type)) < 0)
		return -1;
	return fd;
}

FIXTURE_SETUP(unknown_esp)
{
	self->encapsulating = -1;
	ASSERT_EQ(0, loop_new(&self->loop));
	if (unshare(CLONE_NEWNET) < 0) {
		self->lacks = "not root";
		return;
	}
	ASSERT_EQ(0, system("ip link set lo up"));
	/* Makes the kernel load what takes ESP. */
	if (system("ip xfrm state add src 127.0.0.9 dst 127.0.0.1 proto esp spi 0x1 mode tunnel "
		   "enc ecb\\(cipher_null\\) '' 2>/dev/null && "
		   "ip xfrm state add src ::9 dst ::1 proto esp spi 0x1 mode tunnel "
		   "enc ecb\\(cipher_null\\) '' 2>/dev/null"))
		self->lacks = "kernel has no esp";
	else if (bpf_unknown_esp_new(self->loop, keep, &self->reports, &self->program) < 0)
		self->lacks = "kernel has no fentry";
	else
		self->encapsulating = encapsulating_socket(variant->address);
}

FIXTURE_TEARDOWN(unknown_esp)
{
	bpf_unknown_esp_free(self->program);
	close(self->encapsulating);
	loop_free(self->loop);
}

/* A packet from the address to itself; udp: in UDP. */
static bool send_esp(const char *text, bool udp)
{
	const struct netaddr a = address(text, 0);
	const uint16_t ports[] = { htons(NAT_PORT), htons(4500), htons(2 * HEADER + 32) };
	uint8_t packet[2 * HEADER + 32] = { 0 }, *esp = packet + (udp ? HEADER : 0);
	const uint32_t spi = htonl(SPI), sequence = htonl(1);
	struct sockaddr_storage to;
	socklen_t to_len = netaddr_to_sockaddr(&a, &to);
	const size_t len = udp ? sizeof(packet) : sizeof(packet) - HEADER;
	int fd = socket(a.family, SOCK_RAW | SOCK_CLOEXEC, udp ? IPPROTO_UDP : IPPROTO_ESP);
	const int checksum_at = 6;
	bool sent;

	if (udp)
		memcpy(packet, ports, sizeof(ports));
	/* UDP over IPv6 needs its checksum (RFC 8200 8.1). */
	if (udp && a.family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_CHECKSUM, &checksum_at, sizeof(checksum_at));
	memcpy(esp, &spi, sizeof(spi));
	memcpy(esp + sizeof(spi), &sequence, sizeof(sequence));
	sent = sendto(fd, packet, len, 0, (struct sockaddr *)&to, to_len) == (ssize_t)len;
	close(fd);
	return sent;
}

/* The loop turns for that long. */
static void turn(struct loop *loop, struct duration time)
{
	const bool never = false;

	loop_run_until(loop, &never, instant_add(instant_now(), time));
}

TEST_F(unknown_esp, is_reported_with_who_sent_it)
{
	const struct netaddr a = address(variant->address, 0);

	if (self->lacks)
		SKIP(return, "%s", self->lacks);
	ASSERT_TRUE(send_esp(variant->address, false));
	turn(self->loop, DURATION_MS(300));
	EXPECT_EQ(1, self->reports.n);
	EXPECT_EQ(SPI, self->reports.spi);
	EXPECT_TRUE(netaddr_equal(&a, &self->reports.local));
	EXPECT_TRUE(netaddr_equal(&a, &self->reports.remote));
}

TEST_F(unknown_esp, in_udp_comes_with_the_port)
{
	const struct netaddr remote = address(variant->address, NAT_PORT);

	if (self->lacks)
		SKIP(return, "%s", self->lacks);
	ASSERT_GE(self->encapsulating, 0);
	ASSERT_TRUE(send_esp(variant->address, true));
	turn(self->loop, DURATION_MS(300));
	EXPECT_EQ(1, self->reports.n);
	EXPECT_EQ(SPI, self->reports.spi);
	EXPECT_TRUE(netaddr_equal(&remote, &self->reports.remote));
}

TEST_F(unknown_esp, is_reported_at_a_rate_whatever_comes_in)
{
	struct instant began = instant_now();
	int64_t tenths;

	if (self->lacks)
		SKIP(return, "%s", self->lacks);
	for (int i = 0; i < 3000; i++)
		ASSERT_TRUE(send_esp(variant->address, false));
	turn(self->loop, DURATION_MS(100));
	tenths = instant_diff(instant_now(), began).ns / (DURATION_S(1).ns / UNKNOWN_ESP_RATE);
	TH_LOG("%u reports in %lld tenths of a second", self->reports.n, (long long)tenths);
	EXPECT_GE(self->reports.n, 1);
	EXPECT_LE(self->reports.n, tenths + 1);
}

TEST_F(unknown_esp, of_another_network_namespace_is_not_ours)
{
	if (self->lacks)
		SKIP(return, "%s", self->lacks);
	ASSERT_TRUE(send_esp(variant->address, false));
	turn(self->loop, DURATION_MS(300));
	EXPECT_EQ(1, self->reports.n);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, system("ip link set lo up"));
	ASSERT_TRUE(send_esp(variant->address, false));
	turn(self->loop, DURATION_MS(300));
	EXPECT_EQ(1, self->reports.n);
}

TEST_F(unknown_esp, waits_for_who_is_busy)
{
	if (self->lacks)
		SKIP(return, "%s", self->lacks);
	for (int i = 0; i < 5; i++) {
		ASSERT_TRUE(send_esp(variant->address, false));
		usleep(1100000 / UNKNOWN_ESP_RATE);
	}
	turn(self->loop, DURATION_MS(300));
	EXPECT_EQ(5, self->reports.n);
}

TEST_HARNESS_MAIN
