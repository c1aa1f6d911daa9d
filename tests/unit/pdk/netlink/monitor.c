/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>
#include <netlink/msg.h>

#include "../leaks.h"
#include "pdk/base/cleanup.h"
#include "pdk/loop/loop.h"
#include "pdk/netlink/monitor.h"

struct heard {
	struct netlink_monitor *monitor;
	unsigned messages, overruns;
	uint16_t last_type;
	unsigned free_after; /* messages; 0: never */
	bool any;
};

static void on_message(const struct nlmsghdr *h, void *data)
{
	struct heard *heard = data;

	heard->messages++;
	heard->last_type = h->nlmsg_type;
	heard->any = true;
	if (heard->messages == heard->free_after)
		heard->monitor = netlink_monitor_free(heard->monitor);
}

static void on_overrun(void *data)
{
	struct heard *heard = data;

	heard->overruns++;
	heard->any = true;
	if (heard->free_after)
		heard->monitor = netlink_monitor_free(heard->monitor);
}

FIXTURE(monitor)
{
	struct loop *loop;
	struct heard heard;
	int far;
};

FIXTURE_SETUP(monitor)
{
	struct netlink_monitor_events events = { on_message, on_overrun, &self->heard };
	int fds[2];

	self->heard = (struct heard){ 0 };
	ASSERT_EQ(0, loop_new(&self->loop));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds));
	self->far = fds[0];
	ASSERT_EQ(0, netlink_monitor_new_fd(self->loop, fds[1], &events, &self->heard.monitor));
}

FIXTURE_TEARDOWN(monitor)
{
	netlink_monitor_free(self->heard.monitor);
	loop_free(self->loop);
	if (self->far >= 0)
		close(self->far);
	EXPECT_NO_LEAKS();
}

/* One datagram with a message of each type. */
static void tell(int fd, const uint16_t *types, size_t n)
{
	struct nlmsghdr h[8] = { 0 };

	for (size_t i = 0; i < n; i++)
		h[i] = (struct nlmsghdr){ .nlmsg_len = sizeof(h[i]), .nlmsg_type = types[i] };
	if (send(fd, h, n * sizeof(h[0]), 0) < 0)
		abort();
}

static int turn(struct loop *loop, struct heard *heard)
{
	heard->any = false;
	return loop_run_until(loop, &heard->any, instant_add(instant_now(), DURATION_S(5)));
}

TEST_F(monitor, every_message_of_a_datagram_is_told_and_control_messages_are_not)
{
	static const uint16_t types[] = { 0x10, NLMSG_NOOP, 0x11, NLMSG_DONE, 0x12 };

	tell(self->far, types, ARRAY_SIZE(types));
	ASSERT_EQ(0, turn(self->loop, &self->heard));
	EXPECT_EQ(3, self->heard.messages);
	EXPECT_EQ(0x12, self->heard.last_type);
	tell(self->far, types, 1);
	ASSERT_EQ(0, turn(self->loop, &self->heard));
	EXPECT_EQ(4, self->heard.messages);
}

TEST_F(monitor, a_callback_may_free_the_monitor_between_two_messages)
{
	static const uint16_t types[] = { 0x10, 0x11, 0x12 };

	self->heard.free_after = 2;
	tell(self->far, types, ARRAY_SIZE(types));
	tell(self->far, types, ARRAY_SIZE(types));
	ASSERT_EQ(0, turn(self->loop, &self->heard));
	loop_run_once(self->loop, instant_add(instant_now(), DURATION_MS(10)));
	EXPECT_EQ(2, self->heard.messages);
	EXPECT_EQ(NULL, self->heard.monitor);
}

TEST_F(monitor, a_datagram_larger_than_any_of_the_kernels_is_an_overrun)
{
	static uint8_t large[70000];

	ASSERT_EQ(sizeof(large), send(self->far, large, sizeof(large), 0));
	ASSERT_EQ(0, turn(self->loop, &self->heard));
	EXPECT_EQ(1, self->heard.overruns);
	EXPECT_EQ(0, self->heard.messages);
}

TEST_F(monitor, a_message_cut_short_is_not_told)
{
	struct nlmsghdr h = { .nlmsg_len = sizeof(h) + 1, .nlmsg_type = 0x10 };
	static const uint16_t good = 0x11;

	ASSERT_EQ(sizeof(h), send(self->far, &h, sizeof(h), 0));
	ASSERT_EQ(5, send(self->far, &h, 5, 0));
	tell(self->far, &good, 1);
	ASSERT_EQ(0, turn(self->loop, &self->heard));
	EXPECT_EQ(1, self->heard.messages);
	EXPECT_EQ(0x11, self->heard.last_type);
}

TEST_F(monitor, a_closed_socket_does_not_spin)
{
	uint64_t turns;

	close(self->far);
	self->far = -1;
	loop_run_once(self->loop, instant_add(instant_now(), DURATION_MS(100)));
	turns = loop_counters(self->loop)->turns;
	while (loop_run_once(self->loop, instant_add(instant_now(), DURATION_MS(20))) == 0)
		if (loop_counters(self->loop)->turns > turns + 10)
			break;
	EXPECT_GE(turns + 10, loop_counters(self->loop)->turns);
	EXPECT_EQ(0, self->heard.messages);
}

/* Changes of an interface without end, until the socket's buffer must be full. */
static void flood(void)
{
	if (system("ip link add f0 type veth peer name f1") != 0)
		return;
	if (system("for i in $(seq 4000); do echo link set f0 mtu $((1300 + i % 100)); done | ip "
		   "-batch -") != 0)
		return;
}

TEST_F(monitor, lost_events_of_the_real_kernel_are_an_overrun)
{
	struct netlink_monitor_events events = { on_message, on_overrun, &self->heard };
	const unsigned group = RTNLGRP_LINK;
	struct netlink_monitor *m;

	if (unshare(CLONE_NEWNET) < 0)
		SKIP(return, "needs the right to make a network namespace");
	ASSERT_EQ(0, netlink_monitor_new(self->loop, NETLINK_ROUTE, &group, 1, &events, &m));
	flood();
	while (turn(self->loop, &self->heard) == 0 && self->heard.overruns == 0)
		;
	EXPECT_EQ(1, self->heard.overruns);
	EXPECT_LT(0, self->heard.messages);
	/* And it goes on afterwards. */
	while (loop_run_once(self->loop, instant_add(instant_now(), DURATION_MS(50))) == 0)
		;
	self->heard.messages = 0;
	ASSERT_EQ(0, system("ip link del f0"));
	ASSERT_EQ(0, turn(self->loop, &self->heard));
	EXPECT_LT(0, self->heard.messages);
	netlink_monitor_free(m);
}

TEST_F(monitor, a_group_that_is_not_there_is_refused)
{
	struct netlink_monitor_events events = { on_message, on_overrun, &self->heard };
	const unsigned group = 100000;
	struct netlink_monitor *m;

	EXPECT_GT(0, netlink_monitor_new(self->loop, NETLINK_ROUTE, &group, 1, &events, &m));
	EXPECT_GT(0, netlink_monitor_new(self->loop, 9999, NULL, 0, &events, &m));
}

TEST_HARNESS_MAIN
