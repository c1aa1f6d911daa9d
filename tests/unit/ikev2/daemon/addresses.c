/* SPDX-License-Identifier: MIT */
/* Internal addresses of ours, in a network namespace of the running kernel. */
#include <kselftest_harness.h>

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pdk/log/log.h"
#include "ikev2/daemon/addresses.h"

#define MARK 220

static const char *why_not;

FIXTURE(addresses)
{
	struct addresses *a;
};

FIXTURE_SETUP(addresses)
{
	log_set_level(NULL, LOG_LEVEL_ERROR);
	log_add_sink(log_stderr_sink, NULL);
	self->a = NULL;
	if (unshare(CLONE_NEWNET) < 0) {
		why_not = "no network namespaces without privileges";
		return;
	}
	if (system("ip link set lo up && ip link add a0 type veth peer name a1 && "
		   "ip addr add 192.0.2.1/24 dev a0 && ip -6 addr add 2001:db8::1/64 dev a0 nodad && "
		   "ip link set a0 up && ip link set a1 up && "
		   "ip route add 198.51.100.0/24 via 192.0.2.254") != 0) {
		why_not = "no veth";
		return;
	}
	ASSERT_EQ(0, addresses_new(MARK, &self->a));
}

FIXTURE_TEARDOWN(addresses)
{
	addresses_free(self->a);
}

#define NEEDS_KERNEL()                                                                         \
	do {                                                                                   \
		if (why_not)                                                                   \
			SKIP(return, "%s", why_not);                                           \
	} while (0)

static void post(struct addresses *a, bool add, const char *addr, const char *remote,
		 const char *first, const char *last)
{
	struct ike_internal what = { .add = add, .route = first != NULL };

	netaddr_parse(addr, 0, &what.addr);
	netaddr_parse(remote, 0, &what.remote);
	if (first) {
		netaddr_parse(first, 0, &what.to.first);
		netaddr_parse(last, 0, &what.to.last);
	}
	addresses_post(a, &what);
}

/* Lines that a command prints. */
static int lines(const char *command)
{
	FILE *pipe = popen(command, "r");
	int c, n = 0;

	while (pipe && (c = fgetc(pipe)) != EOF)
		n += c == '\n';
	if (pipe)
		pclose(pipe);
	return n;
}

static bool becomes(const char *command, int wanted)
{
	for (int i = 0; i < 500; i++) {
		if (lines(command) == wanted)
			return true;
		usleep(10000);
	}
	return false;
}

#define ADDR4  "ip -4 -o addr show dev a0 | grep 10.3.0.9/32"
#define ADDR6  "ip -6 -o addr show dev a0 | grep 2001:db8:3::9/128"
#define ROUTES "ip route show table 220 2>/dev/null"
#define RULES  "ip rule show | grep 'lookup 220'"

TEST_F(addresses, come_to_where_the_peer_is_and_go_with_their_last_user)
{
	NEEDS_KERNEL();
	post(self->a, true, "10.3.0.9", "192.0.2.2", NULL, NULL);
	post(self->a, true, "2001:db8:3::9", "2001:db8::2", NULL, NULL);
	EXPECT_TRUE(becomes(ADDR4, 1));
	EXPECT_TRUE(becomes(ADDR6, 1));
	post(self->a, true, "10.3.0.9", "192.0.2.2", NULL, NULL);
	post(self->a, false, "10.3.0.9", "192.0.2.2", NULL, NULL);
	post(self->a, false, "2001:db8:3::9", "2001:db8::2", NULL, NULL);
	EXPECT_TRUE(becomes(ADDR6, 0));
	EXPECT_EQ(1, lines(ADDR4));
	post(self->a, false, "10.3.0.9", "192.0.2.2", NULL, NULL);
	EXPECT_TRUE(becomes(ADDR4, 0));
}

TEST_F(addresses, are_the_source_of_packets_to_the_peers_networks)
{
	NEEDS_KERNEL();
	post(self->a, true, "10.3.0.9", "198.51.100.7", NULL, NULL);
	post(self->a, true, "10.3.0.9", "198.51.100.7", "10.1.0.0", "10.1.255.255");
	EXPECT_TRUE(becomes(ROUTES " | grep 10.1.0.0/16", 1));
	EXPECT_EQ(1, lines("ip route get 10.1.2.3 | grep 'via 192.0.2.254 dev a0.*src 10.3.0.9'"));
	EXPECT_EQ(1, lines("ip route get 192.0.2.9 | grep 'src 192.0.2.1'"));
	EXPECT_EQ(1, lines(RULES));
	/* A range that is no prefix is taken apart: .1, .2-.3, .4 */
	post(self->a, true, "10.3.0.9", "198.51.100.7", "10.9.0.1", "10.9.0.4");
	EXPECT_TRUE(becomes(ROUTES, 4));
	EXPECT_EQ(0, lines("ip route get 10.9.0.5 2>/dev/null | grep 10.3.0.9"));
	post(self->a, false, "10.3.0.9", "198.51.100.7", "10.9.0.1", "10.9.0.4");
	EXPECT_TRUE(becomes(ROUTES, 1));
	/* Everything. */
	post(self->a, true, "10.3.0.9", "198.51.100.7", "0.0.0.0", "255.255.255.255");
	EXPECT_TRUE(becomes(ROUTES " | grep default", 1));
	EXPECT_EQ(1, lines("ip route get 203.0.113.1 | grep 'src 10.3.0.9'"));
	/* What is left goes at the end. */
	self->a = addresses_free(self->a);
	EXPECT_EQ(0, lines(ROUTES));
	EXPECT_EQ(0, lines(RULES));
	EXPECT_EQ(0, lines(ADDR4));
}

TEST_F(addresses, ipv6_routes_have_their_source_too)
{
	NEEDS_KERNEL();
	post(self->a, true, "2001:db8:3::9", "2001:db8::2", NULL, NULL);
	post(self->a, true, "2001:db8:3::9", "2001:db8::2", "2001:db8:1::",
	     "2001:db8:1:ffff:ffff:ffff:ffff:ffff");
	EXPECT_TRUE(becomes("ip -6 route show table 220 2>/dev/null | grep 2001:db8:1::/48", 1));
	EXPECT_EQ(1, lines("ip -6 route get 2001:db8:1::1 | grep 'src 2001:db8:3::9'"));
}

TEST_F(addresses, routes_are_not_for_packets_of_ike)
{
	NEEDS_KERNEL();
	ASSERT_EQ(0, system("ip link add b0 type veth peer name b1 && "
			    "ip addr add 198.18.0.1/24 dev b0 && ip -6 addr add 2001:db8:b::1/64 "
			    "dev b0 nodad && "
			    "ip link set b0 up && ip link set b1 up && "
			    "ip route add 203.0.113.0/24 via 198.18.0.254"));
	post(self->a, true, "10.3.0.9", "198.51.100.7", NULL, NULL);
	post(self->a, true, "10.3.0.9", "198.51.100.7", "0.0.0.0", "255.255.255.255");
	post(self->a, true, "2001:db8:3::9", "2001:db8::2", NULL, NULL);
	post(self->a, true, "2001:db8:3::9", "2001:db8::2",
	     "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	EXPECT_TRUE(becomes("ip -6 route show table 220 2>/dev/null | grep default", 1));
	EXPECT_EQ(1, lines("ip route get 203.0.113.1 | grep 'src 10.3.0.9'"));
	EXPECT_EQ(1, lines("ip route get 203.0.113.1 mark 220 | grep 'dev b0.*src 198.18.0.1'"));
	EXPECT_EQ(1, lines("ip -6 route get 2001:db8:b::2 | grep 'dev a0.*src 2001:db8:3::9'"));
	EXPECT_EQ(1, lines("ip -6 route get 2001:db8:b::2 mark 220 | grep 'src 2001:db8:b::1'"));
	/* What another peer lends goes where that one is. */
	post(self->a, true, "10.5.0.9", "203.0.113.1", NULL, NULL);
	post(self->a, true, "10.5.0.9", "203.0.113.1", "10.7.0.0", "10.7.255.255");
	EXPECT_TRUE(becomes(ROUTES " | grep '^10.7.0.0/16 via 198.18.0.254 dev b0'", 1));
	self->a = addresses_free(self->a);
	EXPECT_EQ(0, lines(RULES));
	EXPECT_EQ(0, lines("ip -6 rule show | grep 'lookup 220'"));
}

TEST_F(addresses, of_somebody_else_stay)
{
	NEEDS_KERNEL();
	ASSERT_EQ(0, system("ip addr add 10.3.0.9/32 dev a0"));
	post(self->a, true, "10.3.0.9", "192.0.2.2", NULL, NULL);
	post(self->a, false, "10.3.0.9", "192.0.2.2", NULL, NULL);
	self->a = addresses_free(self->a);
	EXPECT_EQ(1, lines(ADDR4));
}

TEST_F(addresses, of_a_process_that_was_killed_are_removed_at_the_next_start)
{
	struct addresses *next;

	NEEDS_KERNEL();
	ASSERT_EQ(0, system("ip addr add 10.3.0.8/32 dev a0 && "
			    "ip route add 10.8.0.0/16 via 192.0.2.254 table 220"));
	post(self->a, true, "10.3.0.9", "192.0.2.2", NULL, NULL);
	post(self->a, true, "2001:db8:3::9", "2001:db8::2", NULL, NULL);
	post(self->a, true, "10.3.0.9", "192.0.2.2", "10.1.0.0", "10.1.255.255");
	EXPECT_TRUE(becomes(ROUTES, 2));
	EXPECT_EQ(1, lines(RULES));
	/* The first one never gets to clean up. */
	ASSERT_EQ(0, addresses_new(MARK, &next));
	EXPECT_EQ(0, lines(ADDR4));
	EXPECT_EQ(0, lines(ADDR6));
	EXPECT_EQ(0, lines(RULES));
	EXPECT_EQ(1, lines(ROUTES));
	EXPECT_EQ(1, lines("ip -4 -o addr show dev a0 | grep 10.3.0.8/32"));
	addresses_free(next);
}

TEST_F(addresses, without_a_way_to_the_peer_nothing_happens)
{
	NEEDS_KERNEL();
	post(self->a, true, "10.3.0.9", "203.0.113.1", NULL, NULL);
	post(self->a, true, "10.3.0.9", "203.0.113.1", "10.1.0.0", "10.1.255.255");
	post(self->a, false, "10.3.0.9", "203.0.113.1", NULL, NULL);
	self->a = addresses_free(self->a);
	EXPECT_EQ(0, lines(ADDR4));
	EXPECT_EQ(0, lines(ROUTES));
	addresses_post(NULL, NULL);
}

TEST_HARNESS_MAIN
