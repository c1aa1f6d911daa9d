/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include "ikev2/codec/payload.h"
#include "common.h"

/* Any payload body, by the parser that its kind names. */
enum kind { KE, ID, CERT, AUTH, NONCE, NOTIFY, DELETE, CFG, EAP };

static int parse(enum kind kind, struct bytes body, struct ike_fault *fault)
{
	struct ike_delete delete;
	struct ike_notify notify;
	struct ike_auth auth;
	struct ike_cert cert;
	struct bytes bytes;
	struct ike_cfg cfg;
	struct ike_id id;
	struct ike_ke ke;

	switch (kind) {
	case KE:
		return ike_ke_parse(body, &ke, fault);
	case ID:
		return ike_id_parse(body, &id, fault);
	case CERT:
		return ike_cert_parse(body, &cert, fault);
	case AUTH:
		return ike_auth_parse(body, &auth, fault);
	case NONCE:
		return ike_nonce_parse(body, &bytes, fault);
	case NOTIFY:
		return ike_notify_parse(body, &notify, fault);
	case DELETE:
		return ike_delete_parse(body, &delete, fault);
	case CFG:
		return ike_cfg_parse(body, &cfg, fault);
	case EAP:
		return ike_eap_parse(body, &bytes, fault);
	}
	abort();
}

#define NONCE_16 "000102030405060708090a0b0c0d0e0f"

/* Bodies in good form have no reason. */
static const struct {
	enum kind kind;
	const char *hex;
	size_t offset;
	const char *reason;
} cases[] = {
	{ KE, "001f0000 aa", 0, NULL },
	{ KE, "001fffff aa", 0, NULL }, /* reserved octets are not looked at */
	{ KE, "001f0000", 4, "KE payload without key data" },
	{ KE, "001f00", 0, "KE payload too short" },
	{ KE, "", 0, "KE payload too short" },
	{ ID, "02000000 61", 0, NULL },
	{ ID, "0b000000", 0, NULL },
	{ ID, "ff000000 6162", 0, NULL },
	{ ID, "020000", 0, "ID payload too short" },
	{ ID, "01000000 c0000201", 0, NULL },
	{ ID, "01000000 c00002", 4, "address in ID payload of the wrong length" },
	{ ID, "01000000 c000020101", 4, "address in ID payload of the wrong length" },
	{ ID, "05000000 20010db8000000000000000000000001", 0, NULL },
	{ ID, "05000000 20010db80000000000000000000000", 4,
	  "address in ID payload of the wrong length" },
	{ CERT, "04 3082", 0, NULL },
	{ CERT, "04", 0, NULL },
	{ CERT, "", 0, "certificate payload without an encoding" },
	{ AUTH, "02000000 aabb", 0, NULL },
	{ AUTH, "0200", 0, "AUTH payload too short" },
	{ NONCE, NONCE_16, 0, NULL },
	{ NONCE, "000102030405060708090a0b0c0d0e", 0, "nonce shorter than 16 octets" },
	{ NOTIFY, "00004000", 0, NULL },
	{ NOTIFY, "000040", 0, "notify payload too short" },
	{ NOTIFY, "03044009 01020304", 0, NULL },
	{ NOTIFY, "03044009 010203", 1, "SPI longer than the notify payload" },
	{ NOTIFY, "00ffffff", 1, "SPI longer than the notify payload" },
	{ NOTIFY, "0000ffff 00112233", 0, NULL },
	{ NOTIFY, "00000011 001f", 0, NULL },
	{ NOTIFY, "00000011 00", 4, "notification data of a length its type can't have" },
	{ NOTIFY, "00004006", 4, "notification data of a length its type can't have" },
	{ NOTIFY, "00004006 aa", 0, NULL },
	{ NOTIFY, "01084006 0102030405060708", 12,
	  "notification data of a length its type can't have" },
	{ NOTIFY, "00004001 0000000a", 0, NULL },
	{ NOTIFY, "00004001 00000a", 4, "notification data of a length its type can't have" },
	{ DELETE, "01000000", 0, NULL },
	{ DELETE, "010000", 0, "delete payload too short" },
	{ DELETE, "01080001 0102030405060708", 1,
	  "SPI size of a delete payload doesn't fit the protocol" },
	{ DELETE, "03040000", 0, NULL },
	{ DELETE, "03040002 01020304 05060708", 0, NULL },
	{ DELETE, "02040001 01020304", 0, NULL },
	{ DELETE, "03000001", 1, "SPI size of a delete payload doesn't fit the protocol" },
	{ DELETE, "03040002 01020304 050607", 2,
	  "number of SPIs differs from the delete payload's length" },
	{ DELETE, "03040001 01020304 05", 2,
	  "number of SPIs differs from the delete payload's length" },
	{ DELETE, "0304ffff", 2, "number of SPIs differs from the delete payload's length" },
	{ DELETE, "09020002 01020304", 0, NULL },
	{ CFG, "01000000", 0, NULL },
	{ CFG, "01000000 00010000 80030004 c0000201", 0, NULL },
	{ CFG, "010000", 0, "configuration payload too short" },
	{ CFG, "01000000 000100", 4, "configuration attribute longer than its payload" },
	{ CFG, "01000000 00010000 00030005 c0000201", 8,
	  "configuration attribute longer than its payload" },
	{ EAP, "01020005 01", 0, NULL },
	{ EAP, "03020004", 0, NULL },
	{ EAP, "01020006 01", 2, "EAP length differs from the payload's" },
	{ EAP, "01020004 01", 2, "EAP length differs from the payload's" },
	{ EAP, "010200", 2, "EAP length differs from the payload's" },
};

TEST(bodies_get_the_verdict_and_reason_of_the_table)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bytes body = from_hex(cases[i].hex);
		struct ike_fault fault = { .reason = "" };
		int verdict = parse(cases[i].kind, body, &fault);

		EXPECT_EQ(cases[i].reason ? IKE_MALFORMED : IKE_OK, verdict)
		{
			TH_LOG("kind %d, %s", cases[i].kind, cases[i].hex);
		}
		EXPECT_EQ(cases[i].offset, fault.offset)
		{
			TH_LOG("kind %d, %s", cases[i].kind, cases[i].hex);
		}
		EXPECT_STREQ(cases[i].reason ? cases[i].reason : "", fault.reason);
		EXPECT_EQ(verdict, parse(cases[i].kind, body, NULL));
		exact_free(body);
	}
}

TEST(nonces_of_16_to_256_octets_are_taken)
{
	uint8_t buf[300] = { 0 };
	struct bytes nonce;

	for (size_t len = 0; len < sizeof(buf); len++) {
		EXPECT_EQ(len >= 16 && len <= 256 ? IKE_OK : IKE_MALFORMED,
			  ike_nonce_parse(BYTES(buf, len), &nonce, NULL));
	}
}

TEST(cookies_of_1_to_64_octets_are_taken)
{
	uint8_t buf[80] = { 0, 0, 0x40, 0x06 };
	struct ike_notify notify;

	for (size_t len = 0; len < 76; len++) {
		EXPECT_EQ(len >= 1 && len <= 64 ? IKE_OK : IKE_MALFORMED,
			  ike_notify_parse(BYTES(buf, 4 + len), &notify, NULL));
	}
}

TEST(failure_leaves_outputs_untouched)
{
	struct ike_ke ke = { .method = 77 };
	struct ike_notify notify = { .type = 77 };

	EXPECT_EQ(IKE_MALFORMED, ike_ke_parse(BYTES_NONE, &ke, NULL));
	EXPECT_EQ(77, ke.method);
	EXPECT_EQ(IKE_MALFORMED, ike_notify_parse(BYTES_NONE, &notify, NULL));
	EXPECT_EQ(77, notify.type);
}

FIXTURE(written)
{
	uint8_t buf[2048], data_buf[512], spi_buf[255];
	struct writer w;
	struct rng rng;
	struct bytes data;
};

FIXTURE_SETUP(written)
{
	self->rng.state = 0x696b657632;
}

FIXTURE_TEARDOWN(written)
{
}

#define ROUNDS 500

/* A fresh writer, and data of at least min bytes. */
#define NEXT_ROUND(min)                                                                            \
	do {                                                                                       \
		writer_init_fixed(&self->w, self->buf, sizeof(self->buf));                         \
		self->data =                                                                       \
			rng_bytes(&self->rng, self->data_buf, (min) + rng_below(&self->rng, 250)); \
	} while (0)

TEST_F(written, ke_reads_back)
{
	for (int i = 0; i < ROUNDS; i++) {
		uint16_t method = (uint16_t)rng_next(&self->rng);
		struct ike_ke ke;

		NEXT_ROUND(1);
		ike_ke_write(&self->w, method, self->data);
		ASSERT_EQ(IKE_OK, ike_ke_parse(writer_view(&self->w), &ke, NULL));
		EXPECT_EQ(method, ke.method);
		EXPECT_TRUE(bytes_equal(self->data, ke.data));
	}
}

TEST_F(written, id_auth_and_cert_read_back)
{
	for (int i = 0; i < ROUNDS; i++) {
		uint8_t type = (uint8_t)rng_next(&self->rng);
		struct ike_auth auth;
		struct ike_cert cert;
		struct ike_id id;

		if (type == IKE_ID_IPV4_ADDR || type == IKE_ID_IPV6_ADDR)
			type = IKE_ID_FQDN;
		NEXT_ROUND(0);
		ike_id_write(&self->w, type, self->data);
		ASSERT_EQ(IKE_OK, ike_id_parse(writer_view(&self->w), &id, NULL));
		EXPECT_EQ(type, id.type);
		EXPECT_TRUE(bytes_equal(self->data, id.data));

		NEXT_ROUND(0);
		ike_auth_write(&self->w, type, self->data);
		ASSERT_EQ(IKE_OK, ike_auth_parse(writer_view(&self->w), &auth, NULL));
		EXPECT_EQ(type, auth.method);
		EXPECT_TRUE(bytes_equal(self->data, auth.data));

		NEXT_ROUND(0);
		ike_cert_write(&self->w, type, self->data);
		ASSERT_EQ(IKE_OK, ike_cert_parse(writer_view(&self->w), &cert, NULL));
		EXPECT_EQ(type, cert.encoding);
		EXPECT_TRUE(bytes_equal(self->data, cert.data));
	}
}

TEST_F(written, notify_reads_back)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct ike_notify in, out;

		NEXT_ROUND(0);
		in.protocol = (uint8_t)rng_below(&self->rng, 4);
		in.type = (uint16_t)(30000 + rng_below(&self->rng, 1000));
		in.spi = rng_bytes(&self->rng, self->spi_buf, rng_below(&self->rng, 256));
		in.data = self->data;
		ike_notify_write(&self->w, &in);
		ASSERT_EQ(IKE_OK, ike_notify_parse(writer_view(&self->w), &out, NULL));
		EXPECT_EQ(in.protocol, out.protocol);
		EXPECT_EQ(in.type, out.type);
		EXPECT_TRUE(bytes_equal(in.spi, out.spi));
		EXPECT_TRUE(bytes_equal(in.data, out.data));
	}
}

TEST_F(written, delete_reads_back)
{
	uint32_t spis[60];
	struct ike_delete d;

	for (uint16_t n = 0; n < ARRAY_SIZE(spis); n++) {
		NEXT_ROUND(0);
		for (size_t i = 0; i < n; i++)
			spis[i] = (uint32_t)rng_next(&self->rng);
		ike_delete_write_spis(&self->w, IKE_PROTOCOL_ESP, spis, n);
		ASSERT_EQ(IKE_OK, ike_delete_parse(writer_view(&self->w), &d, NULL));
		EXPECT_EQ(IKE_PROTOCOL_ESP, d.protocol);
		ASSERT_EQ(n, d.n_spis);
		for (size_t i = 0; i < n; i++) {
			EXPECT_EQ(spis[i], ike_delete_spi(&d, i));
		}
	}
	NEXT_ROUND(0);
	ike_delete_write_ike(&self->w);
	ASSERT_EQ(IKE_OK, ike_delete_parse(writer_view(&self->w), &d, NULL));
	EXPECT_EQ(IKE_PROTOCOL_IKE, d.protocol);
	EXPECT_EQ(0, d.n_spis);
}

TEST_F(written, configuration_reads_back)
{
	for (int i = 0; i < ROUNDS; i++) {
		unsigned n = rng_below(&self->rng, 6), seen = 0;
		struct ike_cfg_attr attr;
		struct ike_cfg cfg;
		size_t pos = 0;

		NEXT_ROUND(0);
		ike_cfg_write(&self->w, IKE_CFG_REPLY);
		for (unsigned k = 0; k < n; k++)
			ike_cfg_write_attr(&self->w, (uint16_t)(k + 1), self->data);
		ASSERT_EQ(IKE_OK, ike_cfg_parse(writer_view(&self->w), &cfg, NULL));
		EXPECT_EQ(IKE_CFG_REPLY, cfg.type);
		while (ike_cfg_next(&cfg, &pos, &attr)) {
			EXPECT_EQ(++seen, attr.type);
			EXPECT_TRUE(bytes_equal(self->data, attr.value));
		}
		EXPECT_EQ(n, seen);
	}
}

TEST(reserved_bit_of_configuration_attributes_is_ignored)
{
	struct bytes body = from_hex("01000000 80030000");
	struct ike_cfg_attr attr;
	struct ike_cfg cfg;
	size_t pos = 0;

	ASSERT_EQ(IKE_OK, ike_cfg_parse(body, &cfg, NULL));
	ASSERT_TRUE(ike_cfg_next(&cfg, &pos, &attr));
	EXPECT_EQ(IKE_CFG_ATTR_INTERNAL_IP4_DNS, attr.type);
	EXPECT_FALSE(ike_cfg_next(&cfg, &pos, &attr));
	exact_free(body);
}

TEST(numbers_in_notifies_are_read_only_when_they_fit)
{
	struct ike_notify n = { .protocol = IKE_PROTOCOL_ESP,
				.spi = BYTES("\x01\x02\x03\x04", 4),
				.data = BYTES("\x00\x1f", 2) };
	uint16_t group = 0;
	uint32_t spi = 0;

	EXPECT_TRUE(ike_notify_esp_spi(&n, &spi));
	EXPECT_EQ(0x01020304u, spi);
	EXPECT_TRUE(ike_notify_u16(&n, &group));
	EXPECT_EQ(31, group);
	n.protocol = IKE_PROTOCOL_IKE;
	EXPECT_FALSE(ike_notify_esp_spi(&n, &spi));
	n.protocol = IKE_PROTOCOL_AH;
	n.spi.len = 3;
	EXPECT_FALSE(ike_notify_esp_spi(&n, &spi));
	n.data.len = 1;
	EXPECT_FALSE(ike_notify_u16(&n, &group));
}

TEST_HARNESS_MAIN
