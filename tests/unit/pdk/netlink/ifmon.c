/* SPDX-License-Identifier: MIT */
/*
 * The interface monitor against the running kernel, in a network namespace of the test's own, and
 * its parsers against messages that no kernel would send.
 */
#include <kselftest_harness.h>

#include <errno.h>
#include <sched.h>
#include <linux/rtnetlink.h>

#include "../leaks.h"
#include "pdk/base/random.h"
#include "pdk/loop/loop.h"
#include "pdk/netlink/ifmon.h"
#include "pdk/netlink/ifmon_wire.h"
#include "pdk/netlink/netlink.h"

#define WAIT DURATION_S(10)

FIXTURE(ifmon)
{
	struct loop *loop;
	struct mailbox *mailbox;
	struct ifmon *m;
	const char *lacks;
	struct ifmon_link link; /* last told */
	struct ifmon_addr addr;
	struct netaddr route;
	unsigned route_prefix;
	unsigned links[3], addrs[3], routes; /* told, by change */
	bool any;
	bool free_on_addr;
};

static void on_link(const struct ifmon_link *link, enum ifmon_change change, void *data)
{
	FIXTURE_DATA(ifmon) *self = data;

	self->link = *link;
	self->links[change]++;
	self->any = true;
}

static void on_addr(const struct ifmon_addr *addr, enum ifmon_change change, void *data)
{
	FIXTURE_DATA(ifmon) *self = data;

	self->addr = *addr;
	self->addrs[change]++;
	self->any = true;
	if (self->free_on_addr)
		self->m = ifmon_free(self->m);
}

static void on_route(const struct netaddr *dst, unsigned prefix, void *data)
{
	FIXTURE_DATA(ifmon) *self = data;

	if (netaddr_is_set(dst)) {
		self->route = *dst;
		self->route_prefix = prefix;
	}
	self->routes++;
	self->any = true;
}

FIXTURE_SETUP(ifmon)
{
	memset(self, 0, sizeof(*self));
	if (unshare(CLONE_NEWNET) < 0) {
		self->lacks = "needs the right to make a network namespace";
		return;
	}
	ASSERT_EQ(0, system("printf 'link set lo up\\nlink add a0 type veth peer name a1\\nlink "
			    "set a1 up\\n"
			    "addr add 192.0.2.1/24 dev a0\\n' | ip -batch -"));
	ASSERT_EQ(0, loop_new(&self->loop));
	ASSERT_EQ(0, mailbox_new(self->loop, &self->mailbox));
	ASSERT_EQ(0,
		  ifmon_new(self->loop, &(struct ifmon_events){ on_link, on_addr, on_route, self },
			    &self->m));
}

FIXTURE_TEARDOWN(ifmon)
{
	ifmon_free(self->m);
	mailbox_free(self->mailbox);
	loop_free(self->loop);
	EXPECT_NO_LEAKS();
}

/* Turn until the condition holds; false when it didn't in time. */
#define UNTIL(condition)                                                                           \
	({                                                                                         \
		struct instant _end = instant_add(instant_now(), WAIT);                            \
		while (!(condition) && instant_before(instant_now(), _end))                        \
			loop_run_once(self->loop, _end);                                           \
		!!(condition);                                                                     \
	})

#define NEEDS_NAMESPACE()                                                                          \
	do {                                                                                       \
		if (self->lacks)                                                                   \
			SKIP(return, "%s", self->lacks);                                           \
	} while (0)

static struct netaddr addr(const char *text)
{
	struct netaddr a = NETADDR_NONE;

	netaddr_parse(text, 0, &a);
	return a;
}

TEST_F(ifmon, what_is_there_is_told_before_new_returns)
{
	struct netaddr ours = addr("192.0.2.1"), loopback = addr("127.0.0.1"),
		       other = addr("192.0.2.9");
	const struct ifmon_link *l;
	unsigned links = 0, addrs = 0;

	NEEDS_NAMESPACE();
	EXPECT_EQ(3, self->links[IFMON_ADDED]);
	l = ifmon_link_by_name(self->m, "a0");
	ASSERT_NE(NULL, l);
	EXPECT_EQ(l, ifmon_link_by_index(self->m, l->index));
	EXPECT_EQ(1500, l->mtu);
	EXPECT_FALSE(l->flags & IFF_UP);
	EXPECT_TRUE(ifmon_link_by_name(self->m, "lo")->flags & IFF_LOOPBACK);
	EXPECT_EQ(NULL, ifmon_link_by_name(self->m, "nope"));
	EXPECT_TRUE(ifmon_has_addr(self->m, &ours));
	EXPECT_TRUE(ifmon_has_addr(self->m, &loopback));
	EXPECT_FALSE(ifmon_has_addr(self->m, &other));
	for (l = NULL; (l = ifmon_next_link(self->m, l));)
		links++;
	for (const struct ifmon_addr *a = NULL; (a = ifmon_next_addr(self->m, a));)
		addrs++;
	EXPECT_EQ(3, links);
	EXPECT_EQ(self->addrs[IFMON_ADDED], addrs);
}

TEST_F(ifmon, addresses_that_come_and_go_are_told)
{
	struct netaddr a = addr("198.51.100.1"), a6 = addr("fd00::1");

	NEEDS_NAMESPACE();
	ASSERT_EQ(0, system("ip addr add 198.51.100.1/24 dev a0"));
	ASSERT_TRUE(UNTIL(ifmon_has_addr(self->m, &a)));
	EXPECT_EQ(24, self->addr.prefix);
	EXPECT_TRUE(netaddr_equal(&a, &self->addr.addr));
	EXPECT_EQ(ifmon_link_by_name(self->m, "a0")->index, self->addr.link);
	ASSERT_EQ(0, system("ip addr del 198.51.100.1/24 dev a0"));
	ASSERT_TRUE(UNTIL(self->addrs[IFMON_REMOVED] == 1));
	EXPECT_FALSE(ifmon_has_addr(self->m, &a));
	ASSERT_EQ(0, system("ip -6 addr add fd00::1/64 dev a0 nodad preferred_lft 0"));
	ASSERT_TRUE(UNTIL(ifmon_has_addr(self->m, &a6)));
	EXPECT_TRUE(self->addr.deprecated);
}

TEST_F(ifmon, a_tentative_address_is_not_usable_yet)
{
	struct netaddr a6 = addr("fd00::7");

	NEEDS_NAMESPACE();
	/* The link is down, so duplicate detection can't end. */
	ASSERT_EQ(0, system("ip -6 addr add fd00::7/64 dev a0"));
	ASSERT_TRUE(UNTIL(netaddr_equal(&a6, &self->addr.addr)));
	EXPECT_FALSE(self->addr.usable);
	EXPECT_FALSE(ifmon_has_addr(self->m, &a6));
}

TEST_F(ifmon, links_that_change_and_go_are_told_with_their_addresses)
{
	struct netaddr a = addr("192.0.2.1");
	unsigned changed;

	NEEDS_NAMESPACE();
	ASSERT_EQ(0, system("ip link set a0 mtu 1400 up"));
	ASSERT_TRUE(UNTIL(ifmon_link_by_name(self->m, "a0")->flags & IFF_RUNNING));
	EXPECT_EQ(1400, ifmon_link_by_name(self->m, "a0")->mtu);
	changed = self->links[IFMON_CHANGED];
	EXPECT_LT(0, changed);
	ASSERT_EQ(0, system("ip link set a0 down && ip link set a0 name b0"));
	ASSERT_TRUE(UNTIL(ifmon_link_by_name(self->m, "b0") != NULL));
	EXPECT_EQ(NULL, ifmon_link_by_name(self->m, "a0"));
	ASSERT_EQ(0, system("ip link del b0"));
	ASSERT_TRUE(UNTIL(self->links[IFMON_REMOVED] == 2)); /* both ends */
	EXPECT_FALSE(ifmon_has_addr(self->m, &a));
	EXPECT_EQ(NULL, ifmon_link_by_name(self->m, "b0"));
}

TEST_F(ifmon, the_bridge_of_a_port_is_its_master_and_leaving_it_is_no_removal)
{
	NEEDS_NAMESPACE();
	if (system("ip link add br0 type bridge 2>/dev/null") != 0)
		SKIP(return, "kernel has no bridge");
	ASSERT_EQ(0, system("ip link set a1 master br0"));
	ASSERT_TRUE(UNTIL(ifmon_link_by_name(self->m, "br0") &&
			  ifmon_link_by_name(self->m, "a1")->master ==
				  ifmon_link_by_name(self->m, "br0")->index));
	ASSERT_EQ(0, system("ip link set a1 nomaster"));
	ASSERT_TRUE(UNTIL(ifmon_link_by_name(self->m, "a1") &&
			  ifmon_link_by_name(self->m, "a1")->master == 0));
	EXPECT_EQ(0, self->links[IFMON_REMOVED]);
}

TEST_F(ifmon, routes_are_told_by_destination)
{
	struct netaddr net = addr("203.0.113.0");

	NEEDS_NAMESPACE();
	ASSERT_EQ(0, system("ip link set a0 up"));
	ASSERT_EQ(0, system("ip route add 203.0.113.0/24 dev a0"));
	ASSERT_TRUE(UNTIL(netaddr_equal(&net, &self->route)));
	EXPECT_EQ(24, self->route_prefix);
}

TEST_F(ifmon, a_link_that_goes_down_makes_routes_unsure)
{
	unsigned routes;

	NEEDS_NAMESPACE();
	ASSERT_EQ(0, system("ip link set a0 up"));
	ASSERT_TRUE(UNTIL(ifmon_link_by_name(self->m, "a0")->flags & IFF_RUNNING));
	while (loop_run_once(self->loop, instant_add(instant_now(), DURATION_MS(100))) == 0)
		;
	routes = self->routes;
	ASSERT_EQ(0, system("ip link set a0 down"));
	ASSERT_TRUE(UNTIL(!(ifmon_link_by_name(self->m, "a0")->flags & IFF_UP)));
	EXPECT_LT(routes, self->routes);
}

TEST_F(ifmon, after_lost_events_the_table_is_right_again)
{
	struct netaddr before = addr("192.0.2.1"), after = addr("198.51.100.77");
	unsigned addrs = 0;

	NEEDS_NAMESPACE();
	/* More events than fit, while nobody reads; what is true at the end comes last. */
	ASSERT_EQ(
		0,
		system("{ for i in $(seq 4000); do echo link set a0 mtu $((1300 + i % 100)); done;"
		       "  echo addr add 198.51.100.77/24 dev a0; echo addr del 192.0.2.1/24 dev a0;"
		       "  echo link add c0 type veth peer name c1; echo link set c0 mtu 1300; } | "
		       "ip -batch -"));
	ASSERT_TRUE(UNTIL(ifmon_link_by_name(self->m, "c0") && ifmon_has_addr(self->m, &after) &&
			  !ifmon_has_addr(self->m, &before)));
	EXPECT_EQ(1300, ifmon_link_by_name(self->m, "c0")->mtu);
	for (const struct ifmon_addr *a = NULL; (a = ifmon_next_addr(self->m, a));)
		addrs += netaddr_equal(&a->addr, &after);
	EXPECT_EQ(1, addrs);
	EXPECT_EQ(1, self->addrs[IFMON_REMOVED]);
	EXPECT_GT(4000, self->links[IFMON_CHANGED]); /* some were lost indeed */
}

TEST_F(ifmon, a_callback_may_free_the_monitor)
{
	unsigned before = self->addrs[IFMON_ADDED];

	NEEDS_NAMESPACE();
	self->free_on_addr = true;
	ASSERT_EQ(
		0,
		system("ip addr add 198.51.100.1/24 dev a0 && ip addr add 198.51.100.2/24 dev a0"));
	ASSERT_TRUE(UNTIL(!self->m));
	EXPECT_EQ(before + 1, self->addrs[IFMON_ADDED]);
}

/* -------- routes -------- */

static void on_route_answer(struct ifmon_route_request *req)
{
	*(bool *)req->data = true;
}

TEST_F(ifmon, the_source_address_towards_a_destination_is_found_both_ways)
{
	struct netaddr src = addr("192.0.2.1"), gateway = addr("192.0.2.254");
	struct ifmon_route_query query = { .dst = addr("203.0.113.5") };
	bool done = false;
	struct ifmon_route_request req = {
		.reply_to = self->mailbox, .done = on_route_answer, .data = &done, .query = query
	};
	struct ifmon_route r = { 0 };

	NEEDS_NAMESPACE();
	EXPECT_EQ(-ENETUNREACH, ifmon_route_lookup(&query, &r));
	ASSERT_EQ(0, system("ip link set a0 up && ip route add 203.0.113.0/24 via 192.0.2.254 mtu "
			    "1280"));
	ASSERT_EQ(0, ifmon_route_lookup(&query, &r));
	EXPECT_TRUE(netaddr_equal(&src, &r.src));
	EXPECT_TRUE(netaddr_equal(&gateway, &r.gateway));
	EXPECT_EQ(1280, r.mtu);
	EXPECT_EQ(ifmon_link_by_name(self->m, "a0")->index, r.link);
	ifmon_route_submit(self->m, &req);
	ASSERT_TRUE(UNTIL(done));
	EXPECT_EQ(0, req.err);
	EXPECT_TRUE(netaddr_equal(&src, &req.route.src));
	/* With a source of its own choice. */
	query.src = src;
	ASSERT_EQ(0, ifmon_route_lookup(&query, &r));
	EXPECT_TRUE(netaddr_equal(&src, &r.src));
	query.src = addr("fd00::1");
	EXPECT_EQ(-EINVAL, ifmon_route_lookup(&query, &r));
	query = (struct ifmon_route_query){ 0 };
	EXPECT_EQ(-EINVAL, ifmon_route_lookup(&query, &r));
}

TEST_F(ifmon, route_answers_under_way_are_delivered_when_the_monitor_goes)
{
	struct ifmon_route_request req[20];
	bool done[20] = { false };

	NEEDS_NAMESPACE();
	for (size_t i = 0; i < ARRAY_SIZE(req); i++) {
		req[i] = (struct ifmon_route_request){ .reply_to = self->mailbox,
						       .done = on_route_answer,
						       .data = &done[i] };
		req[i].query.dst = addr("192.0.2.7");
		ifmon_route_submit(self->m, &req[i]);
	}
	self->m = ifmon_free(self->m);
	for (size_t i = 0; i < ARRAY_SIZE(req); i++)
		EXPECT_TRUE(UNTIL(done[i]));
}

/* -------- parsers -------- */

static void parse_all(const struct nlmsghdr *message, size_t len)
{
	struct nlmsghdr *h = malloc(len);
	struct ifmon_route route;
	struct ifmon_link link;
	struct ifmon_addr a;
	struct netaddr dst;
	unsigned prefix;

	memcpy(h, message, len);
	h->nlmsg_len = (uint32_t)len;
	ifmon_parse_link(h, &link);
	ifmon_parse_addr(h, &a);
	ifmon_parse_route_change(h, &dst, &prefix);
	h->nlmsg_type = RTM_NEWROUTE;
	ifmon_parse_route(h, &route);
	free(h);
}

static void mangle(const struct nlmsghdr *h, void *data)
{
	uint8_t copy[8192];

	if (h->nlmsg_len > sizeof(copy))
		return;
	for (size_t cut = NLMSG_HDRLEN; cut <= h->nlmsg_len; cut++)
		parse_all(h, cut);
	for (int i = 0; i < 500; i++) {
		memcpy(copy, h, h->nlmsg_len);
		for (unsigned n = 1 + random_below(4); n > 0; n--)
			copy[NLMSG_HDRLEN + random_below(h->nlmsg_len - NLMSG_HDRLEN)] =
				(uint8_t)random_u32();
		parse_all((struct nlmsghdr *)copy, h->nlmsg_len);
	}
	++*(unsigned *)data;
}

TEST(no_mangled_message_harms_the_parsers)
{
	struct rtmsg m = { .rtm_family = AF_UNSPEC };
	struct netlink_socket *s;
	unsigned seen = 0;

	ASSERT_EQ(0, netlink_socket_new(NETLINK_ROUTE, &s));
	EXPECT_EQ(0, netlink_dump(s, ifmon_build_link_dump(), mangle, &seen));
	EXPECT_EQ(0, netlink_dump(s, ifmon_build_addr_dump(), mangle, &seen));
	EXPECT_EQ(0, netlink_dump(s, netlink_msg_new(RTM_GETROUTE, 0, BYTES(&m, sizeof(m)), 0),
				  mangle, &seen));
	EXPECT_LT(2, seen);
	netlink_socket_free(s);
}

TEST(changes_have_names)
{
	EXPECT_STREQ("added", ifmon_change_name(IFMON_ADDED));
	EXPECT_STREQ("changed", ifmon_change_name(IFMON_CHANGED));
	EXPECT_STREQ("removed", ifmon_change_name(IFMON_REMOVED));
}

TEST_HARNESS_MAIN
