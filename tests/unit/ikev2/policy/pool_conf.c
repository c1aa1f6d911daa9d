/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <errno.h>

#include "pdk/conf/parser.h"
#include "ikev2/codec/payload.h"
#include "ikev2/policy/pool_conf.h"
#include "../../pdk/leaks.h"

static int from_text(const char *text, struct conf_report *report, struct pool_conf **ret)
{
	struct conf_node *root = conf_root_new();
	int err = conf_parse(bytes_str(text), "f", root, report);

	if (!err)
		err = pool_conf_new(conf_find(root, "p"), report, ret);
	conf_free(root);
	return err;
}

static struct pool_conf *pool(const char *text)
{
	struct conf_report report = CONF_REPORT_INIT;
	struct pool_conf *p = NULL;

	if (from_text(text, &report, &p) < 0)
		fputs(conf_report_text(&report), stderr);
	conf_report_fini(&report);
	return p;
}

TEST(addresses_that_belong_to_nobody_are_not_lent)
{
	static const struct {
		const char *addrs, *first, *last;
		unsigned prefix;
	} cases[] = {
		{ "10.0.0.0/8", "10.0.0.1", "10.255.255.254", 8 },
		{ "10.3.0.77/24", "10.3.0.1", "10.3.0.254", 24 },
		{ "10.3.0.4/30", "10.3.0.5", "10.3.0.6", 30 },
		{ "10.3.0.4/31", "10.3.0.4", "10.3.0.5", 31 },
		{ "10.3.0.4", "10.3.0.4", "10.3.0.4", 32 },
		{ "10.3.0.10-10.3.1.9", "10.3.0.10", "10.3.1.9", 32 },
		{ "2001:db8::/48", "2001:db8::1", "2001:db8:0:ffff:ffff:ffff:ffff:ffff", 48 },
		{ "2001:db8::/127", "2001:db8::", "2001:db8::1", 127 },
		{ "2001:db8::5-2001:db8::9", "2001:db8::5", "2001:db8::9", 128 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[200], addr[NETADDR_STRLEN];
		struct pool_conf *p;

		snprintf(text, sizeof(text), "p { addrs = %s }", cases[i].addrs);
		p = pool(text);
		ASSERT_NE(NULL, p);
		EXPECT_STREQ(cases[i].first, netaddr_str(&p->first, addr));
		EXPECT_STREQ(cases[i].last, netaddr_str(&p->last, addr));
		EXPECT_EQ(cases[i].prefix, p->prefix);
		pool_conf_unref(p);
	}
	EXPECT_NO_LEAKS();
}

TEST(attributes_are_written_as_the_wire_has_them)
{
	static const struct {
		const char *option;
		uint16_t type;
		const char *value;
		size_t len;
	} cases[] = {
		{ "dns = 192.0.2.1", IKE_CFG_ATTR_INTERNAL_IP4_DNS, "\xc0\0\2\1", 4 },
		{ "dns = 2001:db8::1", IKE_CFG_ATTR_INTERNAL_IP6_DNS,
		  "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16 },
		{ "nbns = 192.0.2.1", IKE_CFG_ATTR_INTERNAL_IP4_NBNS, "\xc0\0\2\1", 4 },
		{ "dhcp = 192.0.2.1", IKE_CFG_ATTR_INTERNAL_IP4_DHCP, "\xc0\0\2\1", 4 },
		{ "netmask = 255.255.255.0", IKE_CFG_ATTR_INTERNAL_IP4_NETMASK, "\xff\xff\xff\0", 4 },
		{ "server = 192.0.2.1", 23456, "\xc0\0\2\1", 4 },
		{ "subnet = 10.1.2.3/23", IKE_CFG_ATTR_INTERNAL_IP4_SUBNET,
		  "\xa\1\2\0\xff\xff\xfe\0", 8 },
		{ "subnet = 0.0.0.0/0", IKE_CFG_ATTR_INTERNAL_IP4_SUBNET, "\0\0\0\0\0\0\0\0", 8 },
		{ "subnet = 2001:db8::/32", IKE_CFG_ATTR_INTERNAL_IP6_SUBNET,
		  "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\0\x20", 17 },
		{ "split_include = 10.1.0.0/16", 28676, "\xa\1\0\0\xff\xff\0\0\0\0\0\0\0\0", 14 },
		{ "split_exclude = 10.1.0.0/16", 28678, "\xa\1\0\0\xff\xff\0\0\0\0\0\0\0\0", 14 },
		{ "25 = example.org", IKE_CFG_ATTR_INTERNAL_DNS_DOMAIN, "example.org", 11 },
		{ "20 = 192.0.2.1", 20, "\xc0\0\2\1", 4 },
		{ "32767 = 0x00ff", 32767, "\0\xff", 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ike_cfg_attr attr;
		struct pool_conf *p;
		struct ike_cfg cfg;
		char text[200];
		size_t pos = 0;

		snprintf(text, sizeof(text), "p { addrs = 10.3.0.0/24\n %s }", cases[i].option);
		p = pool(text);
		ASSERT_NE(NULL, p);
		cfg.attributes = p->attrs;
		ASSERT_TRUE(ike_cfg_next(&cfg, &pos, &attr));
		EXPECT_EQ(cases[i].type, attr.type);
		EXPECT_TRUE(bytes_equal(BYTES(cases[i].value, cases[i].len), attr.value))
			TH_LOG("%s", cases[i].option);
		EXPECT_FALSE(ike_cfg_next(&cfg, &pos, &attr));
		pool_conf_unref(p);
	}
	EXPECT_NO_LEAKS();
}

/* How many leases are kept for that identity, and are its own. */
static size_t count_statics(const struct pool_conf *p, const char *text)
{
	uint8_t buf[IDENTITY_CANONICAL_MAX];
	size_t first, n, own = 0;
	struct identity id;

	identity_parse(text, &id, NULL);
	pool_conf_statics_of(p, &id, &first, &n);
	for (size_t i = first; i < first + n; i++)
		own += bytes_equal(identity_canonical(&id, buf), p->by_owner[i]->owner);
	return own == n ? n : SIZE_MAX;
}

TEST(static_leases_are_found_by_address_and_by_identity)
{
	struct pool_conf *p = pool("p { addrs = 10.3.0.0/24\n"
				   " lease-b { id = bob@example.org\n addr = 10.3.0.9 }\n"
				   " lease-a { id = alice@example.org\n addr = 10.3.0.200 }\n"
				   " lease-c { id = Bob@Example.org\n addr = 10.4.0.1 } }");
	struct netaddr addr;

	ASSERT_NE(NULL, p);
	netaddr_parse("10.3.0.9", 0, &addr);
	ASSERT_NE(NULL, pool_conf_static(p, &addr));
	EXPECT_TRUE(bytes_equal(bytes_str("\3bob@example.org"), pool_conf_static(p, &addr)->owner));
	netaddr_parse("10.3.0.10", 0, &addr);
	EXPECT_EQ(NULL, pool_conf_static(p, &addr));
	EXPECT_EQ(2, count_statics(p, "bob@example.org"));
	EXPECT_EQ(1, count_statics(p, "ALICE@example.org"));
	EXPECT_EQ(0, count_statics(p, "carol@example.org"));
	pool_conf_unref(p);
	EXPECT_NO_LEAKS();
}

/* However the name is encoded: the order of the index is not that of the octets of the DER. */
TEST(static_leases_of_distinguished_names_are_found)
{
	struct pool_conf *p = pool("p { addrs = 10.3.0.0/24\n"
				   " lease-a { id = \"CN=alpha\"\n addr = 10.3.0.11 }\n"
				   " lease-b { id = \"CN=Bra vo\"\n addr = 10.3.0.12 }\n"
				   " lease-c { id = \"CN=#0c05636861726c\"\n addr = 10.3.0.13 } }");
	static const char *const names[] = {
		"CN=alpha", "CN=Alpha", "CN=#0c05616c706861",
		"CN=bra vo", "CN=\"BRA   VO\"", "CN=#0c0642726120766f",
		"CN=charl", "CN=#1e0a0063006800410072006c",
	};

	ASSERT_NE(NULL, p);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_EQ(1, count_statics(p, names[i])) TH_LOG("%s", names[i]);
	}
	EXPECT_EQ(0, count_statics(p, "CN=delta"));
	EXPECT_EQ(0, count_statics(p, "O=alpha"));
	pool_conf_unref(p);
	EXPECT_NO_LEAKS();
}

TEST(bad_pools_are_refused_with_the_reason)
{
	static const struct {
		const char *text, *report;
	} bad[] = {
		{ "p { }", "f:1:1: p: found no addrs, expected them\n" },
		{ "p { addrs = 10.3.0.9-10.3.0.1 }",
		  "f:1:5: p.addrs: found '10.3.0.9-10.3.0.1', expected one prefix, such as "
		  "10.3.0.0/24, or a range first-last\n" },
		{ "p { addrs = 10.3.0.1-::1 }",
		  "f:1:5: p.addrs: found '10.3.0.1-::1', expected one prefix, such as "
		  "10.3.0.0/24, or a range first-last\n" },
		{ "p { addrs = ::/64\n nbns = ::1 }",
		  "f:2:2: p.nbns: found '::1', expected a list of IPv4 addresses\n" },
		{ "p { addrs = ::/64\n dns = 10.0.0.0/8 }",
		  "f:2:2: p.dns: found '10.0.0.0/8', expected a list of IPv4 and IPv6 addresses\n" },
		{ "p { addrs = ::/64\n address = ::1 }",
		  "f:2:2: p.address: not supported: a client gets what it asks for; use addrs\n" },
		{ "p { addrs = ::/64\n 1 = 10.3.0.3 }",
		  "f:2:2: p.1: found '10.3.0.3', expected another attribute: addrs says what is "
		  "lent\n" },
		{ "p { addrs = ::/64\n 32768 = x }",
		  "f:2:2: p.32768: found an option that pools don't have, expected addrs, dns, "
		  "nbns, dhcp, netmask, server, subnet, split_include, split_exclude, "
		  "lease<suffix> { } or the number of an attribute\n" },
		{ "p { addrs = ::/64\n lease-1 { id = a } }",
		  "f:2:2: p.lease-1: expected id and addr, both set\n" },
		{ "p { addrs = ::/64\n lease-1 { id = a\n addr = 10.3.0.1 } }",
		  "f:1:1: p: static lease of 10.3.0.1: expected an address of the pool's "
		  "family\n" },
		{ "p { addrs = ::/64\n lease-1 { id = a\n addr = ::5 }\n"
		  " lease-2 { id = b\n addr = ::5 } }",
		  "f:1:1: p: static lease of ::5: it is another's already\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct conf_report report = CONF_REPORT_INIT;
		struct pool_conf *p = NULL;

		EXPECT_EQ(-EINVAL, from_text(bad[i].text, &report, &p));
		EXPECT_STREQ(bad[i].report, conf_report_text(&report));
		EXPECT_EQ(NULL, p);
		conf_report_fini(&report);
	}
	EXPECT_NO_LEAKS();
}

TEST(attributes_have_a_limit)
{
	struct conf_report report = CONF_REPORT_INIT;
	char text[8192] = "p { addrs = ::/64\n 25 = ";
	struct pool_conf *p = NULL;
	size_t len = strlen(text);

	memset(text + len, 'x', POOL_ATTRS_MAX);
	strcpy(text + len + POOL_ATTRS_MAX, " }");
	EXPECT_EQ(-EINVAL, from_text(text, &report, &p));
	EXPECT_NE(NULL, strstr(conf_report_text(&report), "no more than 4096 octets"));
	conf_report_fini(&report);
	EXPECT_NO_LEAKS();
}

TEST_HARNESS_MAIN
