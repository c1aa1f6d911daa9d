/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <arpa/inet.h>
#include <errno.h>

#include "ikev2/ipsec/xfrm_abi.h"
#include "ikev2/ipsec/xfrm_event.h"
#include "ikev2/ipsec/xfrm_policy.h"
#include "ikev2/ipsec/xfrm_sa.h"
#include "pdk/base/random.h"
#include "pdk/netlink/netlink.h"

#define OURS (IPSEC_REQID_BASE + 42)

static struct netaddr addr(const char *text)
{
	struct netaddr a = NETADDR_NONE;

	netaddr_parse(text, 0, &a);
	return a;
}

static xfrm_address_t xaddr(const char *text)
{
	struct netaddr a = addr(text);

	return xfrm_address(&a);
}

static struct nl_msg *acquire_message(uint32_t reqid)
{
	struct xfrm_user_acquire a = {
		.id = { .daddr = xaddr("192.0.2.2"), .proto = IPPROTO_ESP },
		.saddr = xaddr("192.0.2.1"),
		.sel = { .saddr = xaddr("fd01::1"),
			 .daddr = xaddr("fd02::2"),
			 .family = AF_INET6,
			 .prefixlen_s = 128,
			 .prefixlen_d = 128,
			 .proto = IPPROTO_ICMPV6,
			 .sport = htons(128),
			 .sport_mask = 0xffff,
			 .dport_mask = 0xffff },
		.seq = 77,
	};
	struct xfrm_user_tmpl tmpl = { .family = AF_INET, .reqid = reqid };
	struct nl_msg *msg = netlink_msg_new(XFRM_MSG_ACQUIRE, 0, BYTES(&a, sizeof(a)), 256);

	nla_put(msg, XFRMA_TMPL, sizeof(tmpl), &tmpl);
	return msg;
}

static struct nl_msg *expire_message(uint32_t reqid, uint8_t hard)
{
	struct xfrm_user_expire x = { .hard = hard };

	x.state.id.daddr = xaddr("fd00::2");
	x.state.id.spi = htonl(0x01020304);
	x.state.id.proto = IPPROTO_ESP;
	x.state.family = AF_INET6;
	x.state.reqid = reqid;
	return netlink_msg_new(XFRM_MSG_EXPIRE, 0, BYTES(&x, sizeof(x)), 64);
}

static struct nl_msg *mapping_message(uint32_t reqid)
{
	struct xfrm_user_mapping m = {
		.id = { .daddr = xaddr("192.0.2.2"),
			.spi = htonl(0x01020304),
			.family = AF_INET,
			.proto = IPPROTO_ESP },
		.reqid = reqid,
		.old_saddr = xaddr("192.0.2.1"),
		.new_saddr = xaddr("198.51.100.7"),
		.old_sport = htons(4500),
		.new_sport = htons(61234),
	};

	return netlink_msg_new(XFRM_MSG_MAPPING, 0, BYTES(&m, sizeof(m)), 64);
}

TEST(an_acquire_across_families_is_understood)
{
	struct nl_msg *msg = acquire_message(OURS);
	struct netaddr local = addr("192.0.2.1"), remote = addr("192.0.2.2"), src = addr("fd01::1");
	struct xfrm_event e;

	ASSERT_EQ(0, xfrm_event_parse(nlmsg_hdr(msg), &e));
	ASSERT_EQ(XFRM_EVENT_ACQUIRE, e.type);
	EXPECT_EQ(OURS, e.acquire.reqid);
	EXPECT_EQ(77, e.acquire.seq);
	EXPECT_TRUE(netaddr_equal(&local, &e.acquire.local));
	EXPECT_TRUE(netaddr_equal(&remote, &e.acquire.remote));
	EXPECT_TRUE(netaddr_equal(&src, &e.acquire.packet_src.first));
	EXPECT_TRUE(netaddr_equal(&src, &e.acquire.packet_src.last));
	EXPECT_EQ(IPPROTO_ICMPV6, e.acquire.packet_src.protocol);
	EXPECT_EQ(128 << 8, e.acquire.packet_src.port_first);
	EXPECT_EQ(128 << 8, e.acquire.packet_dst.port_last);
	netlink_msg_free(msg);
}

TEST(an_expire_is_understood)
{
	struct nl_msg *msg = expire_message(OURS, 1);
	struct netaddr dst = addr("fd00::2");
	struct xfrm_event e;

	ASSERT_EQ(0, xfrm_event_parse(nlmsg_hdr(msg), &e));
	ASSERT_EQ(XFRM_EVENT_EXPIRE, e.type);
	EXPECT_EQ(0x01020304, e.expire.spi);
	EXPECT_TRUE(netaddr_equal(&dst, &e.expire.dst));
	EXPECT_EQ(OURS, e.expire.reqid);
	EXPECT_TRUE(e.expire.hard);
	netlink_msg_free(msg);
}

TEST(a_mapping_is_understood)
{
	struct nl_msg *msg = mapping_message(OURS);
	struct netaddr now = netaddr_with_port(addr("198.51.100.7"), 61234);
	struct xfrm_event e;

	ASSERT_EQ(0, xfrm_event_parse(nlmsg_hdr(msg), &e));
	ASSERT_EQ(XFRM_EVENT_MAPPING, e.type);
	EXPECT_EQ(0x01020304, e.mapping.spi);
	EXPECT_EQ(4500, e.mapping.old_src.port);
	EXPECT_TRUE(netaddr_equal(&now, &e.mapping.new_src));
	netlink_msg_free(msg);
}

/* -------- dispatch -------- */

struct heard {
	unsigned acquires, expires, mappings;
};

static void on_acquire(const struct ipsec_acquire *a, void *data)
{
	((struct heard *)data)->acquires++;
}

static void on_expire(const struct ipsec_expire *e, void *data)
{
	((struct heard *)data)->expires++;
}

static void on_mapping(const struct ipsec_mapping *m, void *data)
{
	((struct heard *)data)->mappings++;
}

static struct heard hear(struct nl_msg *msg_take)
{
	struct heard heard = { 0 };
	struct ipsec_events events = {
		.acquire = on_acquire, .expire = on_expire, .mapping = on_mapping, .data = &heard
	};
	struct ipsec_events deaf = { 0 };
	struct xfrm_event e;

	if (xfrm_event_parse(nlmsg_hdr(msg_take), &e) == 0) {
		xfrm_event_dispatch(&e, &events);
		xfrm_event_dispatch(&e, &deaf);
	}
	netlink_msg_free(msg_take);
	return heard;
}

/* The reqid may be one that the administrator has fixed: whose event it is the core knows. */
TEST(events_are_passed_on_whatever_their_reqid)
{
	static const uint32_t reqids[] = { OURS, 1, IPSEC_REQID_BASE + IPSEC_REQID_COUNT };

	for (size_t i = 0; i < ARRAY_SIZE(reqids); i++) {
		EXPECT_EQ(1, hear(acquire_message(reqids[i])).acquires);
		EXPECT_EQ(1, hear(expire_message(reqids[i], 0)).expires);
		EXPECT_EQ(1, hear(mapping_message(reqids[i])).mappings);
	}
}

TEST(the_end_of_a_larval_sa_is_nobodys_expire)
{
	struct nl_msg *msg = expire_message(OURS, 1);

	((struct xfrm_user_expire *)nlmsg_data(nlmsg_hdr(msg)))->state.id.spi = 0;
	EXPECT_EQ(0, hear(msg).expires);
}

TEST(messages_about_something_else_are_told_apart)
{
	struct nl_msg *msg = expire_message(OURS, 1);
	struct xfrm_event e;

	nlmsg_hdr(msg)->nlmsg_type = XFRM_MSG_REPORT;
	EXPECT_EQ(-ENOMSG, xfrm_event_parse(nlmsg_hdr(msg), &e));
	nlmsg_hdr(msg)->nlmsg_type = XFRM_MSG_EXPIRE;
	((struct xfrm_user_expire *)nlmsg_data(nlmsg_hdr(msg)))->state.id.proto = IPPROTO_AH;
	EXPECT_EQ(-ENOMSG, xfrm_event_parse(nlmsg_hdr(msg), &e));
	netlink_msg_free(msg);
}

/* -------- bad input -------- */

/* A copy that ends where the memory ends, so that AddressSanitizer sees a read beyond. */
static int parse_all(const void *data, size_t len)
{
	struct nlmsghdr *h = malloc(len);
	struct xfrm_policy_info policy;
	struct xfrm_sa_info sa;
	struct xfrm_event e;
	int err;

	memcpy(h, data, len);
	h->nlmsg_len = (uint32_t)len;
	err = xfrm_event_parse(h, &e);
	xfrm_policy_parse(h, &policy);
	xfrm_sa_parse(h, &sa);
	free(h);
	return err;
}

TEST(no_truncation_and_no_flipped_byte_harms_the_parsers)
{
	struct nl_msg *messages[] = { acquire_message(OURS), expire_message(OURS, 0),
				      mapping_message(OURS) };
	static const uint16_t others[] = { XFRM_MSG_NEWSA, XFRM_MSG_NEWPOLICY };

	for (size_t m = 0; m < ARRAY_SIZE(messages); m++) {
		struct nlmsghdr *h = nlmsg_hdr(messages[m]);
		size_t len = h->nlmsg_len;
		uint8_t copy[2048];

		for (size_t cut = NLMSG_HDRLEN; cut < len; cut++)
			EXPECT_NE(0, parse_all(h, cut));
		for (int round = 0; round < 3000; round++) {
			struct nlmsghdr *c = (struct nlmsghdr *)copy;

			memcpy(copy, h, len);
			for (unsigned n = 1 + random_below(4); n > 0; n--)
				copy[NLMSG_HDRLEN + random_below((uint32_t)(len - NLMSG_HDRLEN))] =
					(uint8_t)random_u32();
			if (round % 3 > 0)
				c->nlmsg_type = others[round % 3 - 1];
			parse_all(copy, len);
		}
		netlink_msg_free(messages[m]);
	}
}

TEST_HARNESS_MAIN
