/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "pdk/net/netaddr.h"
#include "ikev2/cert/dn.h"
#include "ikev2/policy/identity.h"

static const struct {
	const char *text;
	uint8_t type;
	const char *data;
	size_t len;
	const char *printed; /* NULL: as text */
} good[] = {
	{ "moon.example.org", IKE_ID_FQDN, "moon.example.org", 16, NULL },
	{ "@moon", IKE_ID_FQDN, "moon", 4, "moon" },
	{ "fqdn:moon", IKE_ID_FQDN, "moon", 4, "moon" },
	{ "dns:moon", IKE_ID_FQDN, "moon", 4, "moon" },
	{ "fqdn:10.0.0.1", IKE_ID_FQDN, "10.0.0.1", 8, NULL },
	{ "fqdn:a@b", IKE_ID_FQDN, "a@b", 3, NULL },
	{ "*.example.org", IKE_ID_FQDN, "*.example.org", 13, NULL },
	{ "alice@example.org", IKE_ID_RFC822_ADDR, "alice@example.org", 17, NULL },
	{ "@@alice@wonder", IKE_ID_RFC822_ADDR, "alice@wonder", 12, "alice@wonder" },
	{ "email:alice", IKE_ID_RFC822_ADDR, "alice", 5, NULL },
	{ "rfc822:a@b", IKE_ID_RFC822_ADDR, "a@b", 3, "a@b" },
	{ "192.0.2.1", IKE_ID_IPV4_ADDR, "\xc0\x00\x02\x01", 4, NULL },
	{ "ipv4:192.0.2.1", IKE_ID_IPV4_ADDR, "\xc0\x00\x02\x01", 4, "192.0.2.1" },
	{ "2001:db8::1", IKE_ID_IPV6_ADDR, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16, NULL },
	{ "ipv6:::1", IKE_ID_IPV6_ADDR, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16, "::1" },
	{ "@#00ffAb", IKE_ID_KEY_ID, "\x00\xff\xab", 3, "@#00ffab" },
	{ "keyid:0x0102", IKE_ID_KEY_ID, "\x01\x02", 2, "@#0102" },
	{ "keyid:abc", IKE_ID_KEY_ID, "abc", 3, NULL },
	{ "keyid:#6162", IKE_ID_KEY_ID, "ab", 2, "keyid:ab" },
	{ "@#236162", IKE_ID_KEY_ID, "#ab", 3, NULL },
	{ "asn1dn:#3000", IKE_ID_DER_ASN1_DN, "\x30\x00", 2, NULL },
	{ "asn1dn:CN=a", IKE_ID_DER_ASN1_DN, "0\x0c" "1\x0a" "0\x08\x06\x03" "U\x04\x03\x13\x01" "a", 14,
	  "CN=a" },
	{ "CN=a", IKE_ID_DER_ASN1_DN, "0\x0c" "1\x0a" "0\x08\x06\x03" "U\x04\x03\x13\x01" "a", 14, NULL },
	{ "%any", IDENTITY_TYPE_ANY, "", 0, NULL },
	{ "0.0.0.0", IDENTITY_TYPE_ANY, "", 0, "%any" },
	{ "::", IDENTITY_TYPE_ANY, "", 0, "%any" },
	{ "%any6", IDENTITY_TYPE_ANY, "", 0, "%any" },
};

TEST(text_becomes_type_and_data_and_text_again)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		const char *printed = good[i].printed ? good[i].printed : good[i].text;
		struct identity id, again;
		char text[IDENTITY_STRLEN];

		ASSERT_EQ(0, identity_parse(good[i].text, &id, NULL)) TH_LOG("%s", good[i].text);
		EXPECT_EQ(good[i].type, id.type) TH_LOG("%s", good[i].text);
		EXPECT_TRUE(bytes_equal(BYTES(good[i].data, good[i].len), identity_data(&id)));
		EXPECT_STREQ(printed, identity_str(&id, text, sizeof(text)));
		ASSERT_EQ(0, identity_parse(text, &again, NULL));
		EXPECT_TRUE(identity_equal(&id, &again)) TH_LOG("%s", good[i].text);
	}
}

TEST(what_is_no_identity_is_refused_with_what_was_expected)
{
	static const struct {
		const char *text, *expected;
	} bad[] = {
		{ "", "an identity" },
		{ "@", "an identity" },
		{ "a b", "an identity" },
		{ "@#0", "an identity" },
		{ "@#", "an identity" },
		{ "@#0g", "an identity" },
		{ "2001:db8::x", "an identity" },
		{ "C=CH, O=", "an identity" },
		{ "a=moon", "an identity" },
		{ "a\x01", "an identity" },
		{ "fqdn:", "a name behind 'fqdn:'" },
		{ "ipv4:::1", "an IPv4 address behind 'ipv4:'" },
		{ "ipv6:10.0.0.1", "an IPv6 address behind 'ipv6:'" },
		{ "fe80::1%lo", "an identity" },
		{ "keyid:", "text, or 0x and hexadecimal digits, behind 'keyid:'" },
		{ "asn1dn:C", "C=..., O=..., CN=... of known types" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct identity id = { .type = 77 };
		const char *expected = "";

		EXPECT_EQ(-EINVAL, identity_parse(bad[i].text, &id, &expected))
		TH_LOG("%s", bad[i].text);
		EXPECT_EQ(expected, strstr(expected, bad[i].expected)) TH_LOG("%s", bad[i].text);
		EXPECT_EQ(77, id.type);
	}
}

TEST(identities_of_every_length_up_to_the_limit_are_taken)
{
	char text[IDENTITY_MAX + 2];
	struct identity id;

	memset(text, 'n', sizeof(text));
	text[IDENTITY_MAX + 1] = '\0';
	EXPECT_EQ(-EINVAL, identity_parse(text, &id, NULL));
	text[IDENTITY_MAX] = '\0';
	EXPECT_EQ(0, identity_parse(text, &id, NULL));
	EXPECT_EQ(IDENTITY_MAX, id.len);
}

TEST(text_of_any_bytes_is_printable_and_fits)
{
	static const uint8_t types[] = { 0, 1, 2, 3, 5, 9, 11, 13, 200 };
	unsigned seed = 1;

	for (int round = 0; round < 20000; round++) {
		struct identity id = { .type = types[(unsigned)rand_r(&seed) % sizeof(types)] };
		size_t size = 8 + (unsigned)rand_r(&seed) % 600;
		char *text = malloc(size);

		id.len = (uint16_t)((unsigned)rand_r(&seed) % (IDENTITY_MAX + 1));
		if (round % 2)
			id.len %= 20;
		for (size_t i = 0; i < id.len; i++)
			id.data[i] = (uint8_t)(rand_r(&seed) >> 7);
		if (id.type == IKE_ID_IPV4_ADDR || id.type == IKE_ID_IPV6_ADDR)
			id.len = id.type == IKE_ID_IPV4_ADDR ? 4 : 16;
		identity_str(&id, text, size);
		ASSERT_LT(strlen(text), size);
		for (const char *c = text; *c; c++)
			ASSERT_TRUE(isgraph((unsigned char)*c));
		free(text);
	}
}

TEST(escapes_show_what_a_name_must_not_hold)
{
	struct identity id;
	char text[IDENTITY_STRLEN], small[12];

	ASSERT_EQ(0, identity_from_wire(IKE_ID_FQDN, BYTES("a\n\x1b[\\\x80", 6), &id));
	EXPECT_STREQ("a\\x0a\\x1b[\\x5c\\x80", identity_str(&id, text, sizeof(text)));
	EXPECT_STREQ("a\\x0a...", identity_str(&id, small, sizeof(small)));
}

/* RFC 4945 3.1.5 */
TEST(distinguished_names_match_attribute_by_attribute)
{
	static const struct {
		const char *pattern, *name;
		unsigned match;
	} cases[] = {
		{ "C=CH, O=x, CN=*", "C=CH, O=x, CN=moon", IDENTITY_MATCH_WILDCARD + 3 },
		{ "C=*, O=x, CN=*", "C=CH, O=x, CN=moon", IDENTITY_MATCH_WILDCARD + 2 },
		{ "C=CH, O=x, CN=*", "C=CH, O=y, CN=moon", IDENTITY_MATCH_NONE },
		{ "C=ch, O=X, CN=moon", "C=CH, O=x, CN=moon", IDENTITY_MATCH_EXACT },
		{ "CN=*", "moon", IDENTITY_MATCH_NONE },
		{ "*", "CN=moon", IDENTITY_MATCH_ANY },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct identity pattern, name;

		ASSERT_EQ(0, identity_parse(cases[i].pattern, &pattern, NULL));
		ASSERT_EQ(0, identity_parse(cases[i].name, &name, NULL));
		EXPECT_EQ(cases[i].match, identity_match(&pattern, &name))
			TH_LOG("%s | %s", cases[i].pattern, cases[i].name);
	}
}

TEST(the_wire_form_is_checked_by_type)
{
	static const uint8_t data[IDENTITY_MAX + 1] = { 1, 2, 3, 4 };
	static const struct {
		uint8_t type;
		size_t len;
		int err;
	} table[] = {
		{ IKE_ID_IPV4_ADDR, 4, 0 },
		{ IKE_ID_IPV4_ADDR, 5, -EBADMSG },
		{ IKE_ID_IPV4_ADDR, 0, -EBADMSG },
		{ IKE_ID_IPV6_ADDR, 16, 0 },
		{ IKE_ID_IPV6_ADDR, 4, -EBADMSG },
		{ IKE_ID_FQDN, 1, 0 },
		{ IKE_ID_FQDN, 0, -EBADMSG },
		{ IKE_ID_RFC822_ADDR, 0, -EBADMSG },
		{ IKE_ID_KEY_ID, IDENTITY_MAX, 0 },
		{ IKE_ID_KEY_ID, IDENTITY_MAX + 1, -EMSGSIZE },
		{ IKE_ID_DER_ASN1_DN, 2, 0 },
		{ IKE_ID_DER_ASN1_GN, 2, -EPROTONOSUPPORT },
		{ IKE_ID_NULL, 0, -EPROTONOSUPPORT },
		{ 0, 0, -EPROTONOSUPPORT },
		{ 255, 4, -EPROTONOSUPPORT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct identity id;

		EXPECT_EQ(table[i].err,
			  identity_from_wire(table[i].type, BYTES(data, table[i].len), &id))
		TH_LOG("row %zu", i);
	}
}

TEST(the_wire_form_has_the_reserved_octets_that_are_signed)
{
	static const uint8_t expected[] = { IKE_ID_FQDN, 0, 0, 0, 'm' };
	struct identity id, any = IDENTITY_ANY;
	uint8_t buf[16];
	struct writer w;

	identity_parse("m", &id, NULL);
	writer_init_fixed(&w, buf, sizeof(buf));
	EXPECT_EQ(0, identity_to_wire(&id, &w));
	EXPECT_TRUE(bytes_equal(BYTES_OF(expected), writer_view(&w)));
	EXPECT_EQ(-EINVAL, identity_to_wire(&any, &w));
	EXPECT_EQ(sizeof(expected), w.len);
}

TEST(an_address_is_an_identity)
{
	struct netaddr none = NETADDR_NONE, addr;
	struct identity id;
	char text[IDENTITY_STRLEN];

	netaddr_parse("192.0.2.7", 500, &addr);
	id = identity_from_addr(&addr);
	EXPECT_STREQ("192.0.2.7", identity_str(&id, text, sizeof(text)));
	id = identity_from_addr(&none);
	EXPECT_TRUE(identity_is_any(&id));
}

TEST(patterns_match_what_they_say)
{
	static const struct {
		const char *pattern, *id;
		unsigned match;
	} table[] = {
		{ "%any", "moon", IDENTITY_MATCH_ANY },
		{ "%any", "10.0.0.1", IDENTITY_MATCH_ANY },
		{ "moon", "moon", IDENTITY_MATCH_EXACT },
		{ "Moon.Example", "mOON.eXAMPLE", IDENTITY_MATCH_EXACT },
		{ "moon", "sun", 0 },
		{ "moon", "moon2", 0 },
		{ "moon", "email:moon", 0 },
		{ "moon", "keyid:moon", 0 },
		{ "keyid:ab", "keyid:AB", 0 },
		{ "keyid:*b", "keyid:ab", 0 },
		{ "10.0.0.1", "10.0.0.1", IDENTITY_MATCH_EXACT },
		{ "10.0.0.1", "10.0.0.2", 0 },
		{ "10.0.0.1", "fqdn:10.0.0.1", 0 },
		{ "*.example.org", "a.example.org", IDENTITY_MATCH_WILDCARD + 12 },
		{ "*.example.org", "A.EXAMPLE.ORG", IDENTITY_MATCH_WILDCARD + 12 },
		{ "*.example.org", "a.b.example.org", IDENTITY_MATCH_WILDCARD + 12 },
		{ "*.org", "a.example.org", IDENTITY_MATCH_WILDCARD + 4 },
		{ "*.example.org", "example.org", 0 },
		{ "*.example.org", ".example.org", 0 },
		{ "*.example.org", "a.example.com", 0 },
		{ "*.example.org", "u@a.example.org", 0 },
		{ "*@example.org", "alice@example.org", IDENTITY_MATCH_WILDCARD + 12 },
		{ "*@example.org", "alice@sub.example.org", 0 },
		/* What a peer says is no pattern, and a pattern isn't matched exactly. */
		{ "a.example.org", "*.example.org", 0 },
		{ "*.example.org", "*.example.org", IDENTITY_MATCH_WILDCARD + 12 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct identity pattern, id;

		ASSERT_EQ(0, identity_parse(table[i].pattern, &pattern, NULL));
		ASSERT_EQ(0, identity_parse(table[i].id, &id, NULL));
		EXPECT_EQ(table[i].match, identity_match(&pattern, &id))
		TH_LOG("%s %s", table[i].pattern, table[i].id);
	}
}

TEST(what_is_equal_has_one_canonical_form_and_nothing_else_has_it)
{
	/* Rows of equal ones. */
	static const char *const table[][3] = {
		{ "moon.example", "MOON.example", "fqdn:Moon.Example" },
		{ "email:moon.example", "email:Moon.example", "rfc822:MOON.EXAMPLE" },
		{ "keyid:moon.example", "@#6d6f6f6e2e6578616d706c65", "keyid:moon.example" },
		{ "keyid:Moon.example", "keyid:Moon.example", "keyid:Moon.example" },
		{ "CN=moon", "CN=#0c044d4f4f4e", "CN=\"  Moon\"" },
		{ "CN=*", "CN=\\*", "CN=#0c012a" },
		{ "CN=moon, C=CH", "cn=moon, c=ch", "CN=#14046d6f6f6e, C=CH" },
		{ "CN=moon+C=CH", "C=ch+CN=Moon", "C=#0c024348+CN=moon" },
		{ "CN=#04046d6f6f6e", "CN=#04046d6f6f6e", "CN=#04046d6f6f6e" },
		{ "asn1dn:#3001", "asn1dn:#3001", "asn1dn:#3001" },
		{ "10.0.0.1", "ipv4:10.0.0.1", "10.0.0.1" },
		{ "%any", "0.0.0.0", "::" },
	};
	uint8_t x[IDENTITY_CANONICAL_MAX], y[IDENTITY_CANONICAL_MAX];
	struct identity a, b;

	for (size_t i = 0; i < 3 * ARRAY_SIZE(table); i++)
		for (size_t j = 0; j < 3 * ARRAY_SIZE(table); j++) {
			const char *one = table[i / 3][i % 3], *other = table[j / 3][j % 3];

			ASSERT_EQ(0, identity_parse(one, &a, NULL));
			ASSERT_EQ(0, identity_parse(other, &b, NULL));
			EXPECT_EQ(i / 3 == j / 3, identity_equal(&a, &b)) TH_LOG("%s | %s", one, other);
			EXPECT_EQ(i / 3 == j / 3,
				  bytes_equal(identity_canonical(&a, x), identity_canonical(&b, y)));
		}
}

/* Latin-1 takes twice its room in UTF-8. */
TEST(the_longest_name_has_room_in_its_canonical_form)
{
	uint8_t der[IDENTITY_MAX] = { 0x30, 0x82, 0x01, 0xfc, 0x31, 0x82, 0x01, 0xf8, 0x30, 0x82, 0x01,
				      0xf4, 0x06, 0x03, 0x55, 0x04, 0x03, 0x14, 0x82, 0x01, 0xeb };
	uint8_t buf[IDENTITY_CANONICAL_MAX];
	struct identity a, b;

	memset(der + 21, 0xd6, sizeof(der) - 21);
	ASSERT_EQ(0, dn_check(BYTES_OF(der)));
	ASSERT_EQ(0, identity_from_wire(IKE_ID_DER_ASN1_DN, BYTES_OF(der), &a));
	EXPECT_EQ(2 + 8 + 2 * (IDENTITY_MAX - 21), identity_canonical(&a, buf).len);
	der[IDENTITY_MAX - 1] = 0xd7;
	ASSERT_EQ(0, identity_from_wire(IKE_ID_DER_ASN1_DN, BYTES_OF(der), &b));
	EXPECT_FALSE(identity_equal(&a, &b));
}

TEST(patterns_stand_for_others)
{
	static const char *const patterns[] = { "%any", "*.org", "*@example.org", "C=CH, CN=*" };
	static const char *const names[] = { "a*.org", "keyid:*.org", "C=CH, CN=\\*", "10.0.0.1" };
	struct identity id;

	for (size_t i = 0; i < 4; i++) {
		identity_parse(patterns[i], &id, NULL);
		EXPECT_TRUE(identity_is_pattern(&id)) TH_LOG("%s", patterns[i]);
		identity_parse(names[i], &id, NULL);
		EXPECT_FALSE(identity_is_pattern(&id)) TH_LOG("%s", names[i]);
	}
}

TEST(a_wildcard_never_beats_the_exact_name)
{
	struct identity pattern = { .type = IKE_ID_FQDN, .len = IDENTITY_MAX, .data = "*" };
	struct identity id = { .type = IKE_ID_FQDN, .len = IDENTITY_MAX, .data = "a" };

	EXPECT_LT(identity_match(&pattern, &id), IDENTITY_MATCH_EXACT);
	EXPECT_GT(identity_match(&pattern, &id), IDENTITY_MATCH_ANY);
}

TEST_HARNESS_MAIN
