/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <stdlib.h>
#include <unistd.h>

#include "pdk/loop/buffer_ring.h"
#include "pdk/loop/loop.h"
#include "pdk/net/udp.h"
#include "../leaks.h"

/* What the callback under test has seen. */
struct seen {
	struct udp_socket *socket;
	unsigned n;
	bool any;
	struct netaddr remote, local;
	unsigned ifindex;
	bool truncated;
	size_t len;
	uint8_t payload[4096];
	bool echo, close_it;
};

static void receive(const struct datagram *dg, void *data)
{
	struct seen *seen = data;

	seen->n++;
	seen->any = true;
	seen->remote = dg->remote;
	seen->local = dg->local;
	seen->ifindex = dg->ifindex;
	seen->truncated = dg->truncated;
	seen->len = dg->payload.len;
	if (dg->payload.len <= sizeof(seen->payload) && dg->payload.len)
		memcpy(seen->payload, dg->payload.data, dg->payload.len);
	if (seen->echo)
		udp_send(seen->socket, &dg->local, &dg->remote, bytes_str("echo "), dg->payload);
	if (seen->close_it)
		seen->socket = udp_close(seen->socket);
}

FIXTURE(udp)
{
	struct loop *loop;
	struct seen seen;
	struct udp_options options;
};

FIXTURE_VARIANT(udp)
{
	bool single_shot;
};

FIXTURE_VARIANT_ADD(udp, multishot){
	.single_shot = false,
};

FIXTURE_VARIANT_ADD(udp, single_shot){
	.single_shot = true,
};

FIXTURE_SETUP(udp)
{
	ASSERT_EQ(0, loop_new(&self->loop));
	memset(&self->seen, 0, sizeof(self->seen));
	self->options = (struct udp_options){
		.local = netaddr_any(AF_INET, 0),
		.single_shot = variant->single_shot,
	};
}

FIXTURE_TEARDOWN(udp)
{
	udp_close(self->seen.socket);
	loop_free(self->loop);
	EXPECT_NO_LEAKS();
}

static struct instant in_ms(int64_t ms)
{
	return instant_add(instant_now(), DURATION_MS(ms));
}

static int open_it(struct __test_metadata *_metadata, FIXTURE_DATA(udp) * self)
{
	return udp_open(self->loop, &self->options, receive, &self->seen, &self->seen.socket);
}

/* A plain blocking socket bound to addr. */
static int peer_at(const char *addr)
{
	struct timeval patience = { .tv_sec = 2 };
	struct sockaddr_storage ss;
	struct netaddr a;
	socklen_t len;
	int fd;

	if (netaddr_parse(addr, 0, &a) != 0)
		abort();
	len = netaddr_to_sockaddr(&a, &ss);
	fd = socket(a.family, SOCK_DGRAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&ss, len) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		return -1;
	return fd;
}

static ssize_t send_to(int fd, const char *addr, uint16_t port, const void *data, size_t size)
{
	struct sockaddr_storage ss;
	struct netaddr a;
	socklen_t len;

	if (netaddr_parse(addr, port, &a) != 0)
		abort();
	len = netaddr_to_sockaddr(&a, &ss);
	return sendto(fd, data, size, 0, (struct sockaddr *)&ss, len);
}

static uint16_t port_of(struct seen *seen)
{
	return udp_local(seen->socket).port;
}

/* Turn until n datagrams have come. */
static void expect_datagrams(struct __test_metadata *_metadata, FIXTURE_DATA(udp) * self,
			     unsigned n)
{
	while (self->seen.n < n)
		ASSERT_EQ(0, loop_run_once(self->loop, in_ms(2000)));
}

/* -------- addresses -------- */

static void echo_at(struct __test_metadata *_metadata, FIXTURE_DATA(udp) * self, const char *server,
		    const char *client)
{
	char buf[100], text[NETADDR_STRLEN];
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int peer = peer_at(client);
	struct netaddr from;
	unsigned before = self->seen.n;

	ASSERT_LE(0, peer);
	ASSERT_EQ(2, send_to(peer, server, port_of(&self->seen), "hi", 2));
	expect_datagrams(_metadata, self, before + 1);
	EXPECT_STREQ(server, netaddr_str(&self->seen.local, text));
	EXPECT_EQ(port_of(&self->seen), self->seen.local.port);
	EXPECT_STREQ(client, netaddr_str(&self->seen.remote, text));
	EXPECT_EQ(1, self->seen.ifindex);

	loop_run_once(self->loop, in_ms(100));
	ASSERT_EQ(7, recvfrom(peer, buf, sizeof(buf), 0, (struct sockaddr *)&ss, &len));
	EXPECT_EQ(0, memcmp(buf, "echo hi", 7));
	ASSERT_EQ(0, netaddr_from_sockaddr((struct sockaddr *)&ss, len, &from));
	EXPECT_STREQ(server, netaddr_str(&from, text));
	EXPECT_EQ(port_of(&self->seen), from.port);
	close(peer);
}

TEST_F(udp, answers_from_the_address_that_was_asked)
{
	self->seen.echo = true;
	ASSERT_EQ(0, open_it(_metadata, self));
	EXPECT_NE(0, port_of(&self->seen));
	echo_at(_metadata, self, "127.0.0.1", "127.0.0.1");
	echo_at(_metadata, self, "127.0.0.5", "127.0.0.9");
	echo_at(_metadata, self, "127.1.2.3", "127.3.2.1");
	EXPECT_EQ(3, udp_counters(self->seen.socket)->received);
	EXPECT_EQ(3, udp_counters(self->seen.socket)->sent);
	EXPECT_EQ(0, udp_counters(self->seen.socket)->send_errors);
}

TEST_F(udp, answers_from_the_address_that_was_asked_over_ipv6)
{
	self->seen.echo = true;
	self->options.local = netaddr_any(AF_INET6, 0);
	if (peer_at("::1") < 0)
		SKIP(return, "no IPv6 on the loopback interface");
	ASSERT_EQ(0, open_it(_metadata, self));
	echo_at(_metadata, self, "::1", "::1");
}

TEST_F(udp, ipv6_socket_leaves_ipv4_alone_unless_told_otherwise)
{
	int peer = peer_at("127.0.0.1");

	self->options.local = netaddr_any(AF_INET6, 0);
	if (peer_at("::1") < 0)
		SKIP(return, "no IPv6 on the loopback interface");
	self->options.dual_stack = true;
	ASSERT_EQ(0, open_it(_metadata, self));
	ASSERT_EQ(1, send_to(peer, "127.0.0.1", port_of(&self->seen), "x", 1));
	expect_datagrams(_metadata, self, 1);
	self->seen.socket = udp_close(self->seen.socket);
	loop_run_once(self->loop, in_ms(10));

	self->options.dual_stack = false;
	ASSERT_EQ(0, open_it(_metadata, self));
	ASSERT_EQ(1, send_to(peer, "127.0.0.1", port_of(&self->seen), "x", 1));
	while (loop_run_once(self->loop, in_ms(10)) == 0)
		;
	EXPECT_EQ(1, self->seen.n);
	close(peer);
}

/* -------- every way a receive ends -------- */

TEST_F(udp, empty_datagrams_are_delivered_and_do_not_end_reception)
{
	int peer = peer_at("127.0.0.1");

	ASSERT_EQ(0, open_it(_metadata, self));
	for (unsigned i = 0; i < 20; i++) {
		ASSERT_EQ(0, send_to(peer, "127.0.0.1", port_of(&self->seen), "", 0));
		ASSERT_EQ(1, send_to(peer, "127.0.0.1", port_of(&self->seen), "x", 1));
		if (i % 2)
			expect_datagrams(_metadata, self, 2 * i + 2);
	}
	expect_datagrams(_metadata, self, 40);
	EXPECT_EQ(1, self->seen.len);
	if (!variant->single_shot)
		EXPECT_LE(20, udp_counters(self->seen.socket)->rearmed);
	close(peer);
}

TEST_F(udp, reception_goes_on_after_all_buffers_were_taken)
{
	struct buffer_ring *buffers;
	int peer = peer_at("127.0.0.1");

	ASSERT_EQ(0, buffer_ring_new(self->loop, 2, 1024, &buffers));
	self->options.buffers = buffers;
	ASSERT_EQ(0, open_it(_metadata, self));
	for (unsigned round = 1; round <= 3; round++) {
		for (unsigned i = 0; i < 50; i++)
			ASSERT_EQ(4, send_to(peer, "127.0.0.1", port_of(&self->seen), "ping", 4));
		expect_datagrams(_metadata, self, 50 * round);
	}
	EXPECT_EQ(150, udp_counters(self->seen.socket)->received);
	if (!variant->single_shot) {
		EXPECT_LT(3, udp_counters(self->seen.socket)->no_buffers);
		EXPECT_LE(udp_counters(self->seen.socket)->no_buffers,
			  udp_counters(self->seen.socket)->rearmed);
	}
	EXPECT_EQ(0, udp_counters(self->seen.socket)->receive_errors);
	close(peer);
	self->seen.socket = udp_close(self->seen.socket);
	while (loop_run_once(self->loop, in_ms(10)) == 0)
		;
	buffer_ring_free(buffers);
}

TEST(errors_in_a_row_do_not_spin)
{
	struct udp_options options = { .local = netaddr_any(AF_INET, 0) };
	struct buffer_ring *buffers;
	int peer = peer_at("127.0.0.1");
	struct seen seen = { 0 };
	struct instant end;
	struct loop *loop;

	/* Buffers without room for what comes before the payload make every receive fail. */
	ASSERT_EQ(0, loop_new(&loop));
	ASSERT_EQ(0, buffer_ring_new(loop, 4, 64, &buffers));
	options.buffers = buffers;
	ASSERT_EQ(0, udp_open(loop, &options, receive, &seen, &seen.socket));
	ASSERT_EQ(1, send_to(peer, "127.0.0.1", port_of(&seen), "x", 1));
	end = in_ms(300);
	while (loop_run_once(loop, end) == 0)
		;
	EXPECT_EQ(0, seen.n);
	EXPECT_LE(4, udp_counters(seen.socket)->receive_errors);
	EXPECT_GE(12, udp_counters(seen.socket)->receive_errors);
	close(peer);
	udp_close(seen.socket);
	while (loop_run_once(loop, in_ms(10)) == 0)
		;
	buffer_ring_free(buffers);
	loop_free(loop);
	EXPECT_NO_LEAKS();
}

TEST_F(udp, a_flood_beyond_the_completion_ring_loses_nothing_that_the_socket_held)
{
	int peer = peer_at("127.0.0.1");
	unsigned sent = 0;

	self->options.receive_buffer = 1 << 22;
	ASSERT_EQ(0, open_it(_metadata, self));
	/* The loop doesn't turn meanwhile; the socket's own limit decides how many are kept. */
	for (unsigned i = 0; i < 3000; i++)
		sent += send_to(peer, "127.0.0.1", port_of(&self->seen), "ping", 4) == 4;
	while (loop_run_once(self->loop, in_ms(50)) == 0)
		;
	EXPECT_LT(200, self->seen.n);
	EXPECT_GE(sent, self->seen.n);
	EXPECT_EQ(self->seen.n, udp_counters(self->seen.socket)->received);
	/* And it still works. */
	self->seen.any = false;
	ASSERT_EQ(4, send_to(peer, "127.0.0.1", port_of(&self->seen), "last", 4));
	EXPECT_EQ(0, loop_run_until(self->loop, &self->seen.any, in_ms(1000)));
	EXPECT_EQ(0, memcmp(self->seen.payload, "last", 4));
	close(peer);
}

TEST_F(udp, a_datagram_longer_than_the_buffer_is_marked)
{
	static uint8_t big[60000] = { [0] = 1 };
	int peer = peer_at("127.0.0.1");

	ASSERT_EQ(0, open_it(_metadata, self));
	ASSERT_EQ(sizeof(big), send_to(peer, "127.0.0.1", port_of(&self->seen), big, sizeof(big)));
	expect_datagrams(_metadata, self, 1);
	if (variant->single_shot) {
		EXPECT_FALSE(self->seen.truncated);
		EXPECT_EQ(sizeof(big), self->seen.len);
	} else {
		EXPECT_TRUE(self->seen.truncated);
		EXPECT_LT(16000, self->seen.len);
		EXPECT_GT(16384, self->seen.len);
		EXPECT_EQ(1, udp_counters(self->seen.socket)->truncated);
	}
	ASSERT_EQ(9000, send_to(peer, "127.0.0.1", port_of(&self->seen), big, 9000));
	expect_datagrams(_metadata, self, 2);
	EXPECT_FALSE(self->seen.truncated);
	EXPECT_EQ(9000, self->seen.len);
	close(peer);
}

/* -------- sending -------- */

TEST_F(udp, sends_beyond_the_limit_are_refused_and_counted)
{
	struct netaddr to;

	self->options.max_sends = 4;
	ASSERT_EQ(0, open_it(_metadata, self));
	ASSERT_EQ(0, netaddr_parse("127.0.0.1", port_of(&self->seen), &to));
	for (unsigned i = 0; i < 10; i++)
		EXPECT_EQ(i < 4 ? 0 : -ENOBUFS,
			  udp_send(self->seen.socket, NULL, &to, BYTES_NONE, bytes_str("x")));
	EXPECT_EQ(6, udp_counters(self->seen.socket)->send_refused);
	expect_datagrams(_metadata, self, 4);
	EXPECT_EQ(4, udp_counters(self->seen.socket)->sent);
	EXPECT_EQ(0, udp_send(self->seen.socket, NULL, &to, BYTES_NONE, bytes_str("x")));
	expect_datagrams(_metadata, self, 5);
}

TEST_F(udp, prefix_and_payload_are_one_datagram_of_any_size)
{
	static const uint8_t marker[4];
	static uint8_t payload[3000];
	struct netaddr to;

	ASSERT_EQ(0, open_it(_metadata, self));
	ASSERT_EQ(0, netaddr_parse("127.0.0.1", port_of(&self->seen), &to));
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)i;
	/* Around the size that a kept send has room for. */
	for (size_t len = 2040; len < 2060; len++) {
		unsigned n = self->seen.n;

		memset(self->seen.payload, 0xff, sizeof(self->seen.payload));
		ASSERT_EQ(0, udp_send(self->seen.socket, NULL, &to, BYTES_OF(marker),
				      BYTES(payload, len)));
		expect_datagrams(_metadata, self, n + 1);
		EXPECT_EQ(len + 4, self->seen.len);
		EXPECT_EQ(0, memcmp(self->seen.payload, marker, 4));
		EXPECT_EQ(0, memcmp(self->seen.payload + 4, payload, len));
	}
}

TEST_F(udp, what_can_not_be_sent_is_refused_or_counted)
{
	static uint8_t big[65536];
	struct netaddr v4, v6, foreign, to;

	ASSERT_EQ(0, open_it(_metadata, self));
	ASSERT_EQ(0, netaddr_parse("127.0.0.1", 9, &v4));
	ASSERT_EQ(0, netaddr_parse("::1", 9, &v6));
	ASSERT_EQ(0, netaddr_parse("192.0.2.99", 0, &foreign));
	EXPECT_EQ(-EINVAL, udp_send(self->seen.socket, NULL, &v6, BYTES_NONE, BYTES_NONE));
	EXPECT_EQ(-EINVAL, udp_send(self->seen.socket, &v6, &v4, BYTES_NONE, BYTES_NONE));
	EXPECT_EQ(-EMSGSIZE,
		  udp_send(self->seen.socket, NULL, &v4, BYTES(big, 10), BYTES(big, 65500)));
	/* Not an address of ours. */
	to = netaddr_with_port(v4, port_of(&self->seen));
	EXPECT_EQ(0, udp_send(self->seen.socket, &foreign, &to, BYTES_NONE, bytes_str("x")));
	while (loop_run_once(self->loop, in_ms(10)) == 0)
		;
	EXPECT_EQ(1, udp_counters(self->seen.socket)->send_errors);
	EXPECT_EQ(0, udp_counters(self->seen.socket)->sent);
}

/* -------- life cycle -------- */

TEST_F(udp, a_callback_may_close_its_socket)
{
	int peer = peer_at("127.0.0.1");
	char answer[10];
	uint16_t port;

	self->seen.echo = self->seen.close_it = true;
	ASSERT_EQ(0, open_it(_metadata, self));
	port = port_of(&self->seen);
	for (unsigned i = 0; i < 5; i++)
		ASSERT_EQ(1, send_to(peer, "127.0.0.1", port, "x", 1));
	while (loop_run_once(self->loop, in_ms(10)) == 0)
		;
	EXPECT_EQ(1, self->seen.n);
	EXPECT_EQ(NULL, self->seen.socket);

	/* The answer given before the close went out, and the port is free. */
	EXPECT_EQ(6, recv(peer, answer, sizeof(answer), 0));
	self->options.local.port = port;
	EXPECT_EQ(0, open_it(_metadata, self));
	close(peer);
}

TEST_F(udp, what_was_sent_before_closing_goes_out)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int peer = peer_at("127.0.0.1");
	struct netaddr to;
	char buf[10];

	ASSERT_EQ(0, getsockname(peer, (struct sockaddr *)&ss, &len));
	ASSERT_EQ(0, netaddr_from_sockaddr((struct sockaddr *)&ss, len, &to));
	ASSERT_EQ(0, open_it(_metadata, self));
	for (unsigned i = 0; i < 3; i++)
		ASSERT_EQ(0, udp_send(self->seen.socket, NULL, &to, BYTES_NONE, bytes_str("bye")));
	self->seen.socket = udp_close(self->seen.socket);
	self->loop = loop_free(self->loop);
	for (unsigned i = 0; i < 3; i++)
		EXPECT_EQ(3, recv(peer, buf, sizeof(buf), 0));
	close(peer);
}

static int refuse(int fd, void *data)
{
	*(int *)data = fd;
	return -EPERM;
}

TEST_F(udp, opening_can_fail_at_each_step)
{
	struct udp_socket *second = NULL;
	int fd = -1;

	ASSERT_EQ(0, open_it(_metadata, self));
	self->options.local.port = port_of(&self->seen);
	EXPECT_EQ(-EADDRINUSE, udp_open(self->loop, &self->options, receive, NULL, &second));
	self->options.prepare = refuse;
	self->options.prepare_data = &fd;
	EXPECT_EQ(-EPERM, udp_open(self->loop, &self->options, receive, NULL, &second));
	EXPECT_LE(0, fd);
	self->options.local.family = AF_UNSPEC;
	EXPECT_EQ(-EAFNOSUPPORT, udp_open(self->loop, &self->options, receive, NULL, &second));
	EXPECT_EQ(NULL, second);
}

TEST_F(udp, several_sockets_share_a_port_when_asked)
{
	struct udp_socket *second = NULL;

	self->options.reuseport = true;
	ASSERT_EQ(0, open_it(_metadata, self));
	self->options.local.port = port_of(&self->seen);
	EXPECT_EQ(0, udp_open(self->loop, &self->options, receive, NULL, &second));
	EXPECT_NE(NULL, second);
	udp_close(second);
}

TEST_HARNESS_MAIN
