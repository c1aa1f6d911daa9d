/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <kselftest_harness.h>

#include "ikev2/codec/message.h"
#include "common.h"

#define SPIS "0102030405060708 1112131415161718"

/* Header: next payload, version 2.0, IKE_SA_INIT, initiator; message ID 0. */
#define HEAD(next, length) SPIS next "202208 00000000" length

static const struct {
	const char *what, *hex;
	int verdict;
	size_t offset;
	const char *reason;
	unsigned payload_type;
} parse_cases[] = {
	{ "nothing", "", IKE_IGNORE, 0, "shorter than an IKE header", 0 },
	{ "27 octets", SPIS "00202208 00000000 000000", IKE_IGNORE, 0, "shorter than an IKE header",
	  0 },
	{ "header alone", HEAD("00", "0000001c"), IKE_OK, 0, NULL, 0 },
	{ "IKEv1", SPIS "00102208 00000000 0000001c", IKE_IGNORE, 17, "IKE version below 2", 0 },
	{ "minor version 1 is ignored", SPIS "00212208 00000000 0000001c", IKE_OK, 0, NULL, 0 },
	{ "version bit and reserved flags are ignored", SPIS "002022df 00000000 0000001c", IKE_OK,
	  0, NULL, 0 },
	{ "major version 3", SPIS "00302208 00000000 0000001c", IKE_UNSUPPORTED_VERSION, 17,
	  "IKE major version above 2", 0 },
	{ "major version 3 whatever the length", SPIS "00302208 00000000 00000000",
	  IKE_UNSUPPORTED_VERSION, 17, "IKE major version above 2", 0 },
	{ "length one too many", HEAD("00", "0000001d"), IKE_MALFORMED, 24,
	  "length field differs from the datagram's length", 0 },
	{ "length one too few", HEAD("00", "0000001b"), IKE_MALFORMED, 24,
	  "length field differs from the datagram's length", 0 },
	{ "no initiator's SPI", "0000000000000000 1112131415161718 00202208 00000000 0000001c",
	  IKE_MALFORMED, 0, "initiator's SPI is zero", 0 },
	{ "bytes after the last payload", HEAD("00", "0000001d") "00", IKE_MALFORMED, 28,
	  "bytes after the last payload", 0 },
	{ "chain goes on past the end", HEAD("2b", "0000001c"), IKE_MALFORMED, 28,
	  "message ends where a payload should begin", 0 },
	{ "half a generic header", HEAD("2b", "0000001f") "000000", IKE_MALFORMED, 28,
	  "message ends where a payload should begin", 0 },
	{ "payload length 3", HEAD("2b", "00000020") "00000003", IKE_MALFORMED, 30,
	  "payload length below 4", 0 },
	{ "payload length 0", HEAD("2b", "00000020") "00000000", IKE_MALFORMED, 30,
	  "payload length below 4", 0 },
	{ "payload beyond the message", HEAD("2b", "00000021") "00000006 aa", IKE_MALFORMED, 30,
	  "payload longer than what is left of the message", 0 },
	{ "second payload beyond the message", HEAD("2b", "00000024") "2b000004 00000005",
	  IKE_MALFORMED, 34, "payload longer than what is left of the message", 0 },
	{ "an empty vendor ID", HEAD("2b", "00000020") "00000004", IKE_OK, 0, NULL, 0 },
	{ "critical bit on a known payload", HEAD("2b", "00000020") "00800004", IKE_OK, 0, NULL,
	  0 },
	{ "reserved bits of the generic header", HEAD("2b", "00000020") "007f0004", IKE_OK, 0, NULL,
	  0 },
	{ "unknown payload", HEAD("c8", "00000020") "00000004", IKE_OK, 0, NULL, 0 },
	{ "unknown critical payload", HEAD("c8", "00000020") "00800004", IKE_UNSUPPORTED_CRITICAL,
	  28, "unknown payload with the critical bit", 0xc8 },
	{ "the first of two unknown critical payloads",
	  HEAD("2b", "00000028") "c8000004 c9800004 00800004", IKE_UNSUPPORTED_CRITICAL, 32,
	  "unknown payload with the critical bit", 0xc8 },
	{ "malformed behind an unknown critical payload",
	  HEAD("c8", "00000024") "2b800004 00000003", IKE_MALFORMED, 34, "payload length below 4",
	  0 },
	{ "payload types of IKEv1 are unknown", HEAD("01", "00000020") "00800004",
	  IKE_UNSUPPORTED_CRITICAL, 28, "unknown payload with the critical bit", 1 },
	{ "SK", HEAD("2e", "00000021") "29000005 aa", IKE_OK, 0, NULL, 0 },
	{ "SKF", HEAD("35", "00000025") "29000009 00010002 aa", IKE_OK, 0, NULL, 0 },
	{ "SK not last", HEAD("2e", "00000025") "2b000005 aa 00000004", IKE_MALFORMED, 33,
	  "bytes after the last payload", 0 },
};

TEST(messages_get_the_verdict_and_reason_of_the_table)
{
	for (size_t i = 0; i < ARRAY_SIZE(parse_cases); i++) {
		struct bytes datagram = from_hex(parse_cases[i].hex);
		struct ike_fault fault = { 0 };
		struct ike_message m;
		int verdict = ike_message_parse(datagram, &m, &fault);

		EXPECT_EQ(parse_cases[i].verdict, verdict) TH_LOG("%s", parse_cases[i].what);
		EXPECT_EQ(parse_cases[i].offset, fault.offset) TH_LOG("%s", parse_cases[i].what);
		EXPECT_EQ(parse_cases[i].payload_type, fault.payload_type)
		TH_LOG("%s", parse_cases[i].what);
		if (parse_cases[i].reason) {
			ASSERT_NE(NULL, fault.reason) TH_LOG("%s", parse_cases[i].what);
			EXPECT_STREQ(parse_cases[i].reason, fault.reason);
		} else {
			EXPECT_EQ(NULL, fault.reason);
		}
		EXPECT_EQ(verdict, ike_message_parse(datagram, &m, NULL));
		exact_free(datagram);
	}
}

TEST(header_fields_are_read_in_host_order)
{
	struct bytes datagram = from_hex("0102030405060708 1112131415161718 00 2f 25 28 a1a2a3a4"
					 "0000001c");
	struct ike_header h;

	ASSERT_EQ(IKE_OK, ike_header_parse(datagram, &h, NULL));
	EXPECT_EQ(0x0102030405060708u, h.spi_i);
	EXPECT_EQ(0x1112131415161718u, h.spi_r);
	EXPECT_EQ(IKE_PAYLOAD_NONE, h.next_payload);
	EXPECT_EQ(0x2f, h.version);
	EXPECT_EQ(IKE_EXCHANGE_INFORMATIONAL, h.exchange);
	EXPECT_EQ(0xa1a2a3a4u, h.message_id);
	EXPECT_EQ(28, h.length);
	EXPECT_TRUE(ike_header_is_response(&h));
	EXPECT_TRUE(ike_header_from_initiator(&h));
	exact_free(datagram);
}

TEST(header_is_returned_with_what_has_to_be_answered)
{
	struct bytes version = from_hex(SPIS "00302208 00000007 0000001c");
	struct bytes length = from_hex(SPIS "00202208 00000008 0000001d");
	struct bytes ikev1 = from_hex(SPIS "00102208 00000009 0000001c");
	struct ike_header h = { .message_id = 99 };
	struct ike_message m;

	EXPECT_EQ(IKE_UNSUPPORTED_VERSION, ike_header_parse(version, &h, NULL));
	EXPECT_EQ(7, h.message_id);
	EXPECT_EQ(IKE_MALFORMED, ike_header_parse(length, &h, NULL));
	EXPECT_EQ(8, h.message_id);
	EXPECT_EQ(IKE_MALFORMED, ike_message_parse(length, &m, NULL));
	EXPECT_EQ(8, m.header.message_id);
	EXPECT_EQ(0, m.n);
	EXPECT_EQ(IKE_IGNORE, ike_header_parse(ikev1, &h, NULL));
	EXPECT_EQ(8, h.message_id);
	exact_free(version);
	exact_free(length);
	exact_free(ikev1);
}

TEST(payloads_are_listed_in_order_and_found_by_type)
{
	struct bytes datagram = from_hex(
		HEAD("2b", "0000003b") "28000006 aabb"   /* V */
				       "c8000007 010203" /* nonce (too short, but that's its own) */
				       "29000004"        /* unknown 200 */
				       "29000008 00004000" /* N(INITIAL_CONTACT) */
				       "00000006 0100");   /* N too short */
	struct ike_notify notify;
	struct ike_message m;

	ASSERT_EQ(IKE_OK, ike_message_parse(datagram, &m, NULL));
	ASSERT_EQ(5, m.n);
	EXPECT_EQ(IKE_PAYLOAD_V, m.v[0].type);
	EXPECT_EQ(2, m.v[0].body.len);
	EXPECT_EQ(IKE_PAYLOAD_NONCE, m.v[1].type);
	EXPECT_EQ(200, m.v[2].type);
	EXPECT_EQ(0, m.v[2].body.len);
	EXPECT_FALSE(m.v[0].encrypted);
	EXPECT_EQ(IKE_PAYLOAD_NONE, m.encrypted_type);

	EXPECT_EQ(&m.v[3], ike_message_find(&m, IKE_PAYLOAD_N, 0));
	EXPECT_EQ(&m.v[4], ike_message_find(&m, IKE_PAYLOAD_N, 1));
	EXPECT_EQ(NULL, ike_message_find(&m, IKE_PAYLOAD_N, 2));
	EXPECT_EQ(2, ike_message_count(&m, IKE_PAYLOAD_N));
	EXPECT_EQ(0, ike_message_count(&m, IKE_PAYLOAD_SA));
	EXPECT_TRUE(ike_message_find_notify(&m, IKE_NOTIFY_INITIAL_CONTACT, 0, &notify));
	EXPECT_EQ(IKE_NOTIFY_INITIAL_CONTACT, notify.type);
	EXPECT_FALSE(ike_message_find_notify(&m, IKE_NOTIFY_INITIAL_CONTACT, 1, NULL));
	EXPECT_FALSE(ike_message_find_error(&m, NULL));
	exact_free(datagram);
}

TEST(first_error_notify_is_found_among_others)
{
	struct bytes datagram = from_hex(
		HEAD("29", "00000034") "29000008 00004000 29000008 0000000e 00000008 00000026");
	struct ike_notify notify;
	struct ike_message m;

	ASSERT_EQ(IKE_OK, ike_message_parse(datagram, &m, NULL));
	ASSERT_TRUE(ike_message_find_error(&m, &notify));
	EXPECT_EQ(IKE_NOTIFY_NO_PROPOSAL_CHOSEN, notify.type);
	exact_free(datagram);
}

TEST(encrypted_payload_is_kept_apart)
{
	struct bytes datagram = from_hex(HEAD("2b", "00000027") "2e000006 aabb 23000005 cc");
	struct ike_message m;

	ASSERT_EQ(IKE_OK, ike_message_parse(datagram, &m, NULL));
	EXPECT_EQ(1, m.n);
	EXPECT_EQ(IKE_PAYLOAD_SK, m.encrypted_type);
	EXPECT_EQ(IKE_PAYLOAD_IDI, m.encrypted_first);
	EXPECT_EQ(1, m.encrypted.len);
	EXPECT_EQ(0xcc, m.encrypted.data[0]);
	EXPECT_FALSE(m.opened);
	exact_free(datagram);
}

TEST(message_with_an_unknown_critical_payload_is_complete)
{
	struct bytes datagram = from_hex(HEAD("c8", "00000025") "2e800004 23000005 cc");
	struct ike_message m;

	ASSERT_EQ(IKE_UNSUPPORTED_CRITICAL, ike_message_parse(datagram, &m, NULL));
	EXPECT_EQ(1, m.n);
	EXPECT_TRUE(m.v[0].critical);
	EXPECT_EQ(IKE_PAYLOAD_SK, m.encrypted_type);
	exact_free(datagram);
}

TEST(payloads_are_bounded_in_number)
{
	for (size_t n = IKE_PAYLOADS_MAX; n <= IKE_PAYLOADS_MAX + 1; n++) {
		uint8_t buf[IKE_HEADER_LEN + 4 * (IKE_PAYLOADS_MAX + 1)];
		struct bytes head = from_hex(HEAD("2b", "00000000"));
		struct ike_fault fault;
		struct ike_message m;
		struct writer w;

		writer_init_fixed(&w, buf, sizeof(buf));
		writer_bytes(&w, head);
		for (size_t i = 0; i < n; i++)
			writer_u32(&w, (i + 1 < n ? 0x2b000000 : 0) + 4);
		writer_patch_u32(&w, 24, (uint32_t)w.len);
		if (n == IKE_PAYLOADS_MAX) {
			EXPECT_EQ(IKE_OK, ike_message_parse(writer_view(&w), &m, &fault));
			EXPECT_EQ(IKE_PAYLOADS_MAX, m.n);
		} else {
			EXPECT_EQ(IKE_TOO_MANY, ike_message_parse(writer_view(&w), &m, &fault));
			EXPECT_EQ(0, m.n);
			EXPECT_EQ(w.len - 4, fault.offset);
		}
		exact_free(head);
	}
}

TEST(inner_chain_is_appended_whole_or_not_at_all)
{
	struct bytes datagram = from_hex(HEAD("2b", "00000025") "2e000004 2b000005 cc");
	static const struct {
		const char *hex;
		int verdict;
		size_t n, offset;
	} cases[] = {
		{ "2b000004 00000005 aa", IKE_OK, 3, 0 },
		{ "2b000004 00000005", IKE_MALFORMED, 1, 6 },
		{ "2e000004 00000004", IKE_MALFORMED, 1, 4 },
		{ "00000004 00", IKE_MALFORMED, 1, 4 },
		{ "c8000004 00800004", IKE_UNSUPPORTED_CRITICAL, 3, 4 },
		{ "", IKE_MALFORMED, 1, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bytes chain = from_hex(cases[i].hex);
		struct ike_fault fault = { 0 };
		struct ike_message m;

		ASSERT_EQ(IKE_OK, ike_message_parse(datagram, &m, NULL));
		EXPECT_EQ(cases[i].verdict, ike_message_append_inner(&m, chain, &fault));
		EXPECT_EQ(cases[i].n, m.n) TH_LOG("case %zu", i);
		EXPECT_EQ(cases[i].offset, fault.offset) TH_LOG("case %zu", i);
		if (m.n > 1) {
			EXPECT_TRUE(m.v[1].encrypted);
		}
		EXPECT_FALSE(m.v[0].encrypted);
		exact_free(chain);
	}
	exact_free(datagram);
}

TEST(check_names_the_payload_that_is_malformed)
{
	struct bytes datagram = from_hex(
		HEAD("2b", "00000032") "29000006 aabb 28000008 00004000 00000008 00010203");
	struct ike_fault fault = { 0 };
	struct ike_message m;

	ASSERT_EQ(IKE_OK, ike_message_parse(datagram, &m, NULL));
	EXPECT_EQ(IKE_MALFORMED, ike_message_check(&m, &fault));
	EXPECT_EQ(IKE_PAYLOAD_NONCE, fault.payload_type);
	EXPECT_STREQ("nonce shorter than 16 octets", fault.reason);
	m.n = 2;
	EXPECT_EQ(IKE_OK, ike_message_check(&m, NULL));
	exact_free(datagram);
}

/* One message with every payload type that has a form, each broken in turn. */
TEST(check_knows_the_form_of_every_type)
{
	static const struct {
		uint8_t type;
		const char *good, *bad;
	} each[] = {
		{ IKE_PAYLOAD_SA, "00000008 01010000", "00000008" },
		{ IKE_PAYLOAD_KE, "001f0000 aa", "001f" },
		{ IKE_PAYLOAD_IDI, "02000000 61", "0200" },
		{ IKE_PAYLOAD_IDR, "02000000 61", "0200" },
		{ IKE_PAYLOAD_CERT, "04 30", "" },
		{ IKE_PAYLOAD_CERTREQ, "04 30", "" },
		{ IKE_PAYLOAD_AUTH, "02000000 aa", "0200" },
		{ IKE_PAYLOAD_NONCE, "000102030405060708090a0b0c0d0e0f", "00" },
		{ IKE_PAYLOAD_N, "00004000", "0000" },
		{ IKE_PAYLOAD_D, "01000000", "0100" },
		{ IKE_PAYLOAD_TSI, "00000000", "0000" },
		{ IKE_PAYLOAD_TSR, "00000000", "0000" },
		{ IKE_PAYLOAD_CP, "01000000", "0100" },
		{ IKE_PAYLOAD_EAP, "03010004", "0301" },
	};
	struct ike_message m = { .n = 1 };
	struct ike_fault fault;

	for (size_t i = 0; i < ARRAY_SIZE(each); i++) {
		struct bytes good = from_hex(each[i].good), bad = from_hex(each[i].bad);

		m.v[0] = (struct ike_payload){ .type = each[i].type, .body = good };
		EXPECT_EQ(IKE_OK, ike_message_check(&m, NULL))
		{
			TH_LOG("payload %u", each[i].type);
		}
		m.v[0].body = bad;
		EXPECT_EQ(IKE_MALFORMED, ike_message_check(&m, &fault))
		{
			TH_LOG("payload %u", each[i].type);
		}
		EXPECT_EQ(each[i].type, fault.payload_type);
		exact_free(good);
		exact_free(bad);
	}
	/* Those without a form of their own are good whatever they hold. */
	m.v[0] = (struct ike_payload){ .type = IKE_PAYLOAD_V };
	EXPECT_EQ(IKE_OK, ike_message_check(&m, NULL));
	m.v[0].type = 200;
	EXPECT_EQ(IKE_OK, ike_message_check(&m, NULL));
}

TEST(malformed_body_counts_for_more_than_one_beyond_our_limits)
{
	struct bytes datagram =
		from_hex(HEAD("21", "0000002f") "2800000c 00000008 01010041 00000007 000102");
	struct ike_fault fault = { 0 };
	struct ike_message m;

	ASSERT_EQ(IKE_OK, ike_message_parse(datagram, &m, NULL));
	ASSERT_EQ(2, m.n);
	EXPECT_EQ(IKE_MALFORMED, ike_message_check(&m, &fault));
	EXPECT_EQ(IKE_PAYLOAD_NONCE, fault.payload_type);
	m.n = 1;
	EXPECT_EQ(IKE_TOO_MANY, ike_message_check(&m, &fault));
	EXPECT_EQ(IKE_PAYLOAD_SA, fault.payload_type);
	exact_free(datagram);
}

TEST(copy_outlives_the_datagram)
{
	struct bytes datagram =
		from_hex(HEAD("21", "0000002f") "2800000c 00000008 01010041 00000007 000102");
	struct ike_message *copy;
	struct ike_message m;

	ASSERT_EQ(IKE_OK, ike_message_parse(datagram, &m, NULL));
	copy = ike_message_dup(&m);
	ASSERT_NE(NULL, copy);
	memset((uint8_t *)datagram.data, 0xff, datagram.len);
	exact_free(datagram);
	EXPECT_EQ(2, copy->n);
	EXPECT_EQ(IKE_PAYLOAD_SA, copy->v[0].type);
	EXPECT_EQ(8, copy->v[0].body.len);
	EXPECT_EQ(0x41, copy->v[0].body.data[7]);
	EXPECT_EQ(IKE_PAYLOAD_NONCE, copy->v[1].type);
	EXPECT_EQ(0, memcmp("\x00\x01\x02", copy->v[1].body.data, 3));
	EXPECT_EQ(m.header.spi_i, copy->header.spi_i);
	EXPECT_EQ(0, copy->raw.len);
	free(copy);
}

TEST_HARNESS_MAIN
