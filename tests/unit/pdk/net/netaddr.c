/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "pdk/net/netaddr.h"
#include "../leaks.h"

static const struct {
	const char *text, *canonical; /* NULL: refused */
} texts[] = {
	{ "192.0.2.1", "192.0.2.1" },
	{ "0.0.0.0", "0.0.0.0" },
	{ "2001:DB8:0:0::1", "2001:db8::1" },
	{ "::", "::" },
	{ "::ffff:192.0.2.1", "::ffff:192.0.2.1" },
	{ "fe80::1%lo", "fe80::1%lo" },
	{ "fe80::1%1", "fe80::1%lo" },
	{ "fe80::1%77777777", "fe80::1%77777777" },
	{ "", NULL },
	{ "192.0.2", NULL },
	{ "192.0.2.256", NULL },
	{ "192.0.2.1 ", NULL },
	{ "192.0.2.1%lo", NULL },
	{ "2001:db8::1%lo", NULL },
	{ "fe80::1%", NULL },
	{ "fe80::1%0", NULL },
	{ "fe80::1%-1", NULL },
	{ "fe80::1%nosuchinterface", NULL },
	{ "1:2:3:4:5:6:7:8:9", NULL },
	{ "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000", NULL },
	{ "example.org", NULL },
};

TEST(texts_are_taken_or_refused)
{
	char buf[NETADDR_STRLEN];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct netaddr a = { .family = 99 };
		int err = netaddr_parse(texts[i].text, 500, &a);

		TH_LOG("'%s'", texts[i].text);
		EXPECT_EQ(texts[i].canonical ? 0 : -EINVAL, err);
		if (err) {
			EXPECT_EQ(99, a.family);
		} else {
			EXPECT_STREQ(texts[i].canonical, netaddr_str(&a, buf));
			EXPECT_EQ(500, a.port);
		}
	}
}

static struct netaddr random_addr(unsigned short *seed)
{
	uint8_t bytes[16];
	unsigned sparse = (unsigned)nrand48(seed) % 3;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned)nrand48(seed) % 3 < sparse ? 0 : (uint8_t)nrand48(seed);
	return netaddr_from_bytes(BYTES(bytes, nrand48(seed) % 2 ? 4 : 16),
				  (uint16_t)nrand48(seed));
}

TEST(text_and_sockaddr_give_the_same_address_back)
{
	unsigned short seed[3] = { 3, 1, (unsigned short)getpid() };
	char buf[NETADDR_STRLEN];

	TH_LOG("seed %u", seed[2]);
	for (unsigned i = 0; i < 10000; i++) {
		struct netaddr a = random_addr(seed), b;
		struct sockaddr_storage ss;
		socklen_t len;

		if (netaddr_is_link_local(&a) && a.family == AF_INET6)
			a.scope = 1 + (unsigned)nrand48(seed) % 100000;
		ASSERT_EQ(0, netaddr_parse(netaddr_str(&a, buf), a.port, &b));
		ASSERT_TRUE(netaddr_equal(&a, &b));
		len = netaddr_to_sockaddr(&a, &ss);
		ASSERT_NE(0, len);
		ASSERT_EQ(0, netaddr_from_sockaddr((struct sockaddr *)&ss, len, &b));
		ASSERT_TRUE(netaddr_equal(&a, &b));
		ASSERT_EQ(-EAFNOSUPPORT,
			  netaddr_from_sockaddr((struct sockaddr *)&ss, len - 1, &b));
	}
}

TEST(text_with_port)
{
	char buf[NETADDR_STRLEN];
	struct netaddr a;

	ASSERT_EQ(0, netaddr_parse("192.0.2.1", 4500, &a));
	EXPECT_STREQ("192.0.2.1:4500", netaddr_str_port(&a, buf));
	ASSERT_EQ(0, netaddr_parse("2001:db8::1", 500, &a));
	EXPECT_STREQ("[2001:db8::1]:500", netaddr_str_port(&a, buf));
	a = NETADDR_NONE;
	EXPECT_STREQ("none", netaddr_str_port(&a, buf));
	EXPECT_STREQ("none", netaddr_str(&a, buf));
}

static const struct {
	const char *text, *first, *last;
	unsigned prefix;
	bool ok;
} nets[] = {
	{ "10.1.2.3/8", "10.0.0.0", "10.255.255.255", 8, true },
	{ "10.1.2.3", "10.1.2.3", "10.1.2.3", 32, true },
	{ "10.1.2.3/0", "0.0.0.0", "255.255.255.255", 0, true },
	{ "10.1.2.3/13", "10.0.0.0", "10.7.255.255", 13, true },
	{ "2001:db8:1:2::/33", "2001:db8::", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff", 33, true },
	{ "::1/128", "::1", "::1", 128, true },
	{ "10.0.0.0/33", NULL, NULL, 0, false },
	{ "10.0.0.0/", NULL, NULL, 0, false },
	{ "10.0.0.0/-1", NULL, NULL, 0, false },
	{ "10.0.0.0/8x", NULL, NULL, 0, false },
	{ "10.0.0.0/0008", NULL, NULL, 0, false },
	{ "::/129", NULL, NULL, 0, false },
	{ "/8", NULL, NULL, 0, false },
};

TEST(prefixes_are_taken_or_refused_and_have_the_right_ends)
{
	char buf[NETADDR_STRLEN];

	for (size_t i = 0; i < ARRAY_SIZE(nets); i++) {
		struct netaddr net, first, last, out;
		unsigned prefix = 999;
		int err = netaddr_parse_prefix(nets[i].text, &net, &prefix);

		TH_LOG("'%s'", nets[i].text);
		EXPECT_EQ(nets[i].ok ? 0 : -EINVAL, err);
		if (err) {
			EXPECT_EQ(999, prefix);
			continue;
		}
		EXPECT_EQ(nets[i].prefix, prefix);
		first = netaddr_net_first(&net, prefix);
		last = netaddr_net_last(&net, prefix);
		EXPECT_STREQ(nets[i].first, netaddr_str(&first, buf));
		EXPECT_STREQ(nets[i].last, netaddr_str(&last, buf));
		EXPECT_TRUE(netaddr_prefix_match(&first, &net, prefix));
		EXPECT_TRUE(netaddr_prefix_match(&last, &net, prefix));
		if (prefix) {
			/* Flip the last bit of the prefix. */
			out = net;
			out.addr[(prefix - 1) / 8] ^= (uint8_t)(0x80 >> ((prefix - 1) % 8));
			EXPECT_FALSE(netaddr_prefix_match(&out, &net, prefix));
		}
	}
}

TEST(families_never_match)
{
	struct netaddr v4 = netaddr_any(AF_INET, 0), v6 = netaddr_any(AF_INET6, 0);
	struct netaddr none = NETADDR_NONE;

	EXPECT_FALSE(netaddr_prefix_match(&v4, &v6, 0));
	EXPECT_FALSE(netaddr_prefix_match(&none, &none, 0));
	EXPECT_FALSE(netaddr_equal(&v4, &v6));
	EXPECT_TRUE(netaddr_is_any(&v4) && netaddr_is_any(&v6));
	EXPECT_FALSE(netaddr_is_any(&none));
	EXPECT_EQ(AF_UNSPEC, netaddr_from_bytes(BYTES(v6.addr, 5), 1).family);
}

TEST(order_is_total)
{
	unsigned short seed[3] = { 9, 9, 9 };

	for (unsigned i = 0; i < 1000; i++) {
		struct netaddr a = random_addr(seed), b = random_addr(seed), c = random_addr(seed);

		EXPECT_EQ(0, netaddr_compare(&a, &a));
		EXPECT_EQ(netaddr_compare(&a, &b) < 0, netaddr_compare(&b, &a) > 0);
		if (netaddr_compare(&a, &b) < 0 && netaddr_compare(&b, &c) < 0)
			EXPECT_LT(netaddr_compare(&a, &c), 0);
		b = netaddr_with_port(a, a.port ^ 1);
		EXPECT_NE(0, netaddr_compare(&a, &b));
		EXPECT_TRUE(netaddr_same_addr(&a, &b));
		EXPECT_FALSE(netaddr_equal(&a, &b));
	}
}

static void *ref_and_unref(void *data)
{
	for (unsigned i = 0; i < 100000; i++)
		netaddr_list_unref(netaddr_list_ref(data));
	netaddr_list_unref(data);
	return NULL;
}

TEST(a_shared_list_lives_until_its_last_reference)
{
	struct netaddr addrs[2] = { netaddr_any(AF_INET, 1), netaddr_any(AF_INET6, 2) };
	struct netaddr_list *l = netaddr_list_new(addrs, 2);
	pthread_t threads[3];

	ASSERT_NE(NULL, l);
	for (unsigned i = 0; i < 3; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, ref_and_unref, netaddr_list_ref(l)));
	for (unsigned i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	ASSERT_EQ(2, netaddr_list_len(l));
	EXPECT_TRUE(netaddr_equal(&addrs[1], netaddr_list_at(l, 1)));
	EXPECT_EQ(NULL, netaddr_list_unref(l));
	EXPECT_EQ(0, netaddr_list_len(NULL));
	EXPECT_EQ(NULL, netaddr_list_unref(NULL));
	EXPECT_NO_LEAKS();
}

TEST_HARNESS_MAIN
