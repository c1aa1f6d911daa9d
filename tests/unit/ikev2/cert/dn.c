/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <errno.h>
#include <stdlib.h>

#include "ikev2/cert/dn.h"

/* DER of text in a static buffer, one of four in turn. */
static struct bytes der(const char *text)
{
	static uint8_t bufs[4][DN_DER_MAX];
	static unsigned turn;
	struct writer w;
	const char *expected = "";

	writer_init_fixed(&w, bufs[++turn % 4], DN_DER_MAX);
	if (dn_parse(text, &w, &expected) < 0) {
		printf("# '%s': expected %s\n", text, expected);
		return BYTES_NONE;
	}
	return writer_view(&w);
}

static const struct {
	const char *text, *printed; /* NULL: as text */
} names[] = {
	{ "C=CH, O=Example, CN=moon", NULL },
	{ "c=CH,o=Example,cn=moon", "C=CH, O=Example, CN=moon" },
	{ "/C=CH/O=a, b/CN=moon", "C=CH, O=a\\, b, CN=moon" },
	{ "  C = CH ,  CN =  a  b  ", "C=CH, CN=a  b" },
	{ "O=\"Example, Inc.\", CN=x", "O=Example\\, Inc., CN=x" },
	{ "CN=a\\,b\\+c\\\\\\\"", NULL },
	{ "CN=a/b", "CN=a\\/b" },
	{ "CN=\\ x\\ ", NULL },
	{ "CN=\\#1", NULL },
	{ "CN=*", NULL },
	{ "CN=\\*", NULL },
	{ "CN=\"*\"", "CN=\\*" },
	{ "CN=*.example.org", "CN=\\*.example.org" },
	{ "CN=\"\"", NULL },
	{ "O=a+CN=b, C=CH", "CN=b+O=a, C=CH" },
	{ "CN=\\c3\\96sterreich", "CN=\xc3\x96sterreich" },
	{ "CN=\xc3\x96sterreich", NULL },
	{ "CN=\xe2\x80\xae", "CN=\\e2\\80\\ae" },
	{ "CN=a\\0ab\\00", NULL },
	{ "E=a@b.c, DC=org, UID=u", NULL },
	{ "1.2.840.113549.1.9.1=a@b.c", "E=a@b.c" },
	{ "2.999.4294967295=x, 0.9=y, 1.39.127.128=z", NULL },
	{ "CN=#0c0161", "CN=a" },
	{ "CN=#0402ff00", NULL },
	{ "CN=#0c01ff", NULL },
	{ "SURNAME=a, S=b, SN=c, ST=d", "SN=a, SN=b, SN=c, ST=d" },
};

TEST(text_becomes_der_and_the_same_text_again)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *printed = names[i].printed ? names[i].printed : names[i].text;
		char text[DN_STRLEN];
		struct bytes name = der(names[i].text);

		ASSERT_NE(0, name.len) TH_LOG("%s", names[i].text);
		EXPECT_EQ(0, dn_check(name));
		EXPECT_STREQ(printed, dn_str(name, text, sizeof(text)));
		EXPECT_TRUE(dn_equal(name, der(text))) TH_LOG("%s", text);
	}
}

TEST(encoding_is_that_of_rfc_5280)
{
	static const uint8_t expected[] = {
		0x30, 0x34, 0x31, 0x0b, 0x30, 0x09, 0x06, 0x03, 0x55, 0x04, 0x06, 0x13, 0x02, 'C',
		'H',  0x31, 0x0e, 0x30, 0x0c, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x05, 'm',  '_',
		'o',  'o',  'n',  0x31, 0x15, 0x30, 0x13, 0x06, 0x0a, 0x09, 0x92, 0x26, 0x89, 0x93,
		0xf2, 0x2c, 0x64, 0x01, 0x19, 0x16, 0x05, 'l',  'u',  'n',  'a',  'r',
	};

	EXPECT_TRUE(bytes_equal(BYTES_OF(expected), der("C=CH, CN=m_oon, DC=lunar")));
}

TEST(malformed_text_is_refused_with_what_would_be_right)
{
	static const char *const bad[] = {
		"",           ",",
		"CN",         "CN=",
		"CN=a,",      "CN=a,,C=x",
		"=a",         "XX=a",
		"1=a",        "3.1=a",
		"1.40=a",     "1..2=a",
		"CN=\"a",     "CN=a\\",
		"CN=#",       "CN=#0",
		"CN=#0c02aa", "CN=#zz",
		"CN=C++",     "CN=\\ff",
		"CN=\xff",    "99999999999999999999.1=a",
		"/",          "CN=a/b, /",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *expected = NULL;
		uint8_t buf[DN_DER_MAX];
		struct writer w;

		writer_init_fixed(&w, buf, sizeof(buf));
		EXPECT_EQ(-EINVAL, dn_parse(bad[i], &w, &expected)) TH_LOG("%s", bad[i]);
		EXPECT_NE(NULL, expected) TH_LOG("%s", bad[i]);
		EXPECT_EQ(0, w.len);
	}
}

TEST(names_that_are_too_long_are_refused)
{
	char text[2 * DN_DER_MAX] = "CN=";
	uint8_t buf[DN_DER_MAX];
	struct writer w;

	memset(text + 3, 'a', 513);
	writer_init_fixed(&w, buf, sizeof(buf));
	EXPECT_EQ(-EINVAL, dn_parse(text, &w, NULL));
	text[3 + 512] = '\0';
	EXPECT_EQ(0, dn_parse(text, &w, NULL));

	text[0] = '\0';
	for (unsigned i = 0; i < 33; i++)
		strcat(text, i ? ",C=CH" : "C=CH");
	EXPECT_EQ(-EINVAL, dn_parse(text, &w, NULL));

	text[0] = '\0';
	for (unsigned i = 0; i < 20; i++) {
		strcat(text, i ? ",CN=" : "CN=");
		for (unsigned j = 0; j < 120; j++)
			strcat(text, "x");
	}
	EXPECT_EQ(-EMSGSIZE, dn_parse(text, &w, NULL));
}

TEST(malformed_der_is_refused_and_printed_in_hexadecimal)
{
	static const struct {
		const char *data;
		size_t len;
	} bad[] = {
		{ "", 0 },
		{ "\x30", 1 },
		{ "\x30\x01", 2 },
		{ "\x30\x00\x00", 3 },
		{ "\x30\x80\x00\x00", 4 },
		{ "\x30\x81\x00", 3 },
		{ "\x30\x02\x31\x00", 4 },
		{ "\x30\x04\x31\x02\x30\x00", 6 },
		{ "\x30\x08\x31\x06\x30\x04\x06\x00\x0c\x00", 10 },
		{ "\x30\x0a\x31\x08\x30\x06\x06\x02\x55\x84\x0c\x00", 12 },
		{ "\x30\x0a\x31\x08\x30\x06\x06\x02\x55\x04\x1f\x00", 12 },
		{ "\x30\x84\x01\x00\x00\x00", 6 },
	};
	char text[DN_STRLEN], hex[64];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct bytes data = BYTES(bad[i].data, bad[i].len);

		EXPECT_EQ(-EBADMSG, dn_check(data)) TH_LOG("%zu", i);
		snprintf(hex, sizeof(hex), "#");
		bytes_hex(data, hex + 1, sizeof(hex) - 1);
		EXPECT_STREQ(hex, dn_str(data, text, sizeof(text)));
		EXPECT_TRUE(dn_equal(data, data));
		EXPECT_FALSE(dn_equal(data, der("CN=a")));
		EXPECT_EQ(DN_MATCH_NONE, dn_match(der("CN=*"), data));
	}
	EXPECT_EQ(0, dn_check(BYTES("\x30\x00", 2)));
	EXPECT_STREQ("", dn_str(BYTES("\x30\x00", 2), text, sizeof(text)));
}

TEST(text_never_overruns_and_says_that_it_was_cut)
{
	struct bytes name = der("C=CH, O=Example\\, Inc., CN=\\c3\\96sterreich, E=a@b.c");
	char full[DN_STRLEN], text[DN_STRLEN];

	dn_str(name, full, sizeof(full));
	for (size_t size = 0; size < sizeof(text); size++) {
		memset(text, 'x', sizeof(text));
		dn_str(name, text, size);
		if (size)
			ASSERT_LT(strnlen(text, sizeof(text)), size);
		if (size >= strlen(full) + 4) {
			EXPECT_STREQ(full, text);
		} else if (size >= 4) {
			EXPECT_STREQ("...", text + strlen(text) - 3);
		}
		ASSERT_EQ('x', text[size < sizeof(text) ? size : 0]);
	}
}

/* RFC 5280 7.1 */
TEST(string_type_case_and_blanks_do_not_matter)
{
	/* CN=Moon as PrintableString, UTF8String, T61String, BMPString, IA5String */
	static const char *const same[] = {
		"CN=Moon base",
		"CN=#13094d6f6f6e2062617365",
		"CN=#0c094d6f6f6e2062617365",
		"CN=#14094d6f6f6e2062617365",
		"CN=#1e12004d006f006f006e00200062006100730065",
		"CN=#16094d6f6f6e2062617365",
		"CN=MOON  BASE",
		"CN=\"  moon base \"",
	};
	static const char *const other[] = {
		"CN=Moonbase",       "O=Moon base", "CN=Moon base, C=CH",
		"CN=Moon bas",       "CN=*",        "CN=#04094d6f6f6e2062617365",
		"CN=Moon base+C=CH",
	};

	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		EXPECT_TRUE(dn_equal(der(same[0]), der(same[i]))) TH_LOG("%s", same[i]);
		EXPECT_EQ(DN_MATCH_EXACT, dn_match(der(same[0]), der(same[i])));
	}
	for (size_t i = 0; i < ARRAY_SIZE(other); i++) {
		EXPECT_FALSE(dn_equal(der(same[0]), der(other[i]))) TH_LOG("%s", other[i]);
		EXPECT_EQ(DN_MATCH_NONE, dn_match(der(same[0]), der(other[i])));
	}
	EXPECT_TRUE(dn_equal(der("CN=\xc3\x96"), der("CN=#1401d6")));
	EXPECT_TRUE(dn_equal(der("CN=\xc3\x96"), der("CN=#1e0200d6")));
	EXPECT_FALSE(dn_equal(der("C=CH, CN=a"), der("C=CH+CN=a")));
	/* Within an RDN the order is that of the encodings, and those may differ. */
	EXPECT_TRUE(dn_equal(der("CN=#0c0161+CN=b"), der("CN=a+CN=#0c0162")));
	EXPECT_FALSE(dn_equal(der("CN=a+CN=a"), der("CN=a+CN=b")));
	EXPECT_FALSE(dn_equal(der("CN=a+CN=b"), der("CN=a+CN=a")));
	EXPECT_FALSE(dn_equal(der("C=CH, CN=a"), der("CN=a, C=CH")));
}

TEST(wildcards_match_one_value_and_more_literal_values_match_better)
{
	static const struct {
		const char *pattern, *name;
		unsigned match;
	} cases[] = {
		{ "C=CH, O=x, CN=*", "C=CH, O=x, CN=moon", 3 },
		{ "C=*, O=x, CN=*", "C=CH, O=x, CN=moon", 2 },
		{ "C=*, O=*, CN=*", "C=CH, O=x, CN=moon", 1 },
		{ "C=*, CN=*", "C=CH, O=x, CN=moon", 0 },
		{ "C=CH, O=y, CN=*", "C=CH, O=x, CN=moon", 0 },
		{ "C=CH, O=x, OU=*", "C=CH, O=x, CN=moon", 0 },
		{ "C=CH, O=x, CN=moon", "C=CH, O=x, CN=*", 0 },
		{ "CN=\\*", "CN=moon", 0 },
		{ "CN=\\*", "CN=\\*", 1000 },
		{ "CN=*", "CN=*", 1 },
		{ "CN=m*", "CN=moon", 0 },
		{ "CN=*+CN=b", "CN=a+CN=#0c0162", 2 },
		{ "CN=*+CN=b", "CN=b+CN=c", 2 },
		{ "CN=*+CN=b", "CN=a+CN=c", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].match, dn_match(der(cases[i].pattern), der(cases[i].name)))
		TH_LOG("%s | %s", cases[i].pattern, cases[i].name);
	}
	EXPECT_TRUE(dn_has_wildcard(der("C=CH, CN=*")));
	EXPECT_FALSE(dn_has_wildcard(der("C=CH, CN=\\*")));
	EXPECT_FALSE(dn_has_wildcard(der("C=CH, CN=a*")));
	EXPECT_FALSE(dn_has_wildcard(BYTES("\x30", 1)));
}

TEST_HARNESS_MAIN
