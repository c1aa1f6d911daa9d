/* SPDX-License-Identifier: MIT */
/*
 * What the builder writes, the parser and ike_sk_open() read; and what ike_sk_open() must refuse.
 */
#include <kselftest_harness.h>

#include <errno.h>

#include "ikev2/codec/builder.h"
#include "ikev2/codec/dump.h"
#include "ikev2/codec/sk.h"
#include "common.h"
#include "../../pdk/leaks.h"

static const struct crypto_suite suites[] = {
	{ CRYPTO_ENCR_AES_GCM_16, 256, CRYPTO_INTEG_NONE },
	{ CRYPTO_ENCR_AES_GCM_8, 128, CRYPTO_INTEG_NONE },
	{ CRYPTO_ENCR_CHACHA20_POLY1305, 256, CRYPTO_INTEG_NONE },
	{ CRYPTO_ENCR_AES_CBC, 128, CRYPTO_INTEG_HMAC_SHA256_128 },
	{ CRYPTO_ENCR_AES_CBC, 256, CRYPTO_INTEG_HMAC_SHA512_256 },
};

static const struct ike_header header = {
	.spi_i = 0x0102030405060708u,
	.spi_r = 0x1112131415161718u,
	.exchange = IKE_EXCHANGE_INFORMATIONAL,
	.flags = IKE_FLAG_INITIATOR,
	.message_id = 7,
};

/* One key to seal and one to open with, for each suite. */
FIXTURE(sealed)
{
	struct crypto_ctx *ctx;
	struct aead_key *seal[ARRAY_SIZE(suites)], *open[ARRAY_SIZE(suites)];
	uint8_t buf[IKE_MESSAGE_MAX + 4], plain[IKE_MESSAGE_MAX];
	struct writer w;
	struct ike_builder b;
	struct bytes message;
	struct ike_message m;
	struct ike_fault fault;
};

FIXTURE_SETUP(sealed)
{
	uint8_t key[CRYPTO_INTEG_KEY_MAX];

	ASSERT_EQ(0, crypto_ctx_new(NULL, &self->ctx));
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(0x80 + i);
	for (size_t i = 0; i < ARRAY_SIZE(suites); i++) {
		struct bytes encr = BYTES(key, crypto_suite_encr_key_len(&suites[i]));
		struct bytes integ = BYTES(key, crypto_suite_integ_key_len(&suites[i]));

		ASSERT_EQ(0, aead_key_new(self->ctx, &suites[i], encr, integ, &self->seal[i]));
		ASSERT_EQ(0, aead_key_new(self->ctx, &suites[i], encr, integ, &self->open[i]));
	}
	writer_init_fixed(&self->w, self->buf, sizeof(self->buf));
}

FIXTURE_TEARDOWN(sealed)
{
	for (size_t i = 0; i < ARRAY_SIZE(suites); i++) {
		aead_key_free(self->seal[i]);
		aead_key_free(self->open[i]);
	}
	crypto_ctx_free(self->ctx);
	EXPECT_NO_LEAKS();
}

TEST_F(sealed, message_in_clear_reads_back)
{
	const struct ike_payload *p;

	ike_builder_init(&self->b, &self->w, &header);
	writer_bytes(ike_builder_payload(&self->b, IKE_PAYLOAD_V), bytes_str("vendor"));
	ike_nonce_write(ike_builder_payload(&self->b, IKE_PAYLOAD_NONCE),
			bytes_str("0123456789abcdef"));
	ike_builder_notify(&self->b, IKE_NOTIFY_COOKIE, bytes_str("cookie"));
	ASSERT_EQ(0, ike_builder_finish(&self->b, &self->message));
	ASSERT_EQ(IKE_OK, ike_message_parse(self->message, &self->m, NULL));
	EXPECT_EQ(header.spi_i, self->m.header.spi_i);
	EXPECT_EQ(header.spi_r, self->m.header.spi_r);
	EXPECT_EQ(header.exchange, self->m.header.exchange);
	EXPECT_EQ(header.flags, self->m.header.flags);
	EXPECT_EQ(header.message_id, self->m.header.message_id);
	EXPECT_EQ(IKE_VERSION, self->m.header.version);
	ASSERT_EQ(3, self->m.n);
	EXPECT_EQ(IKE_OK, ike_message_check(&self->m, NULL));
	EXPECT_TRUE(bytes_equal(bytes_str("vendor"), self->m.v[0].body));
	p = ike_message_find(&self->m, IKE_PAYLOAD_NONCE, 0);
	ASSERT_NE(NULL, p);
	EXPECT_TRUE(bytes_equal(bytes_str("0123456789abcdef"), p->body));
	EXPECT_TRUE(ike_message_find_notify(&self->m, IKE_NOTIFY_COOKIE, 0, NULL));
}

TEST_F(sealed, message_without_payloads_is_a_header)
{
	ike_builder_init(&self->b, &self->w, &header);
	ASSERT_EQ(0, ike_builder_finish(&self->b, &self->message));
	EXPECT_EQ(IKE_HEADER_LEN, self->message.len);
	EXPECT_EQ(IKE_OK, ike_message_parse(self->message, &self->m, NULL));
}

TEST_F(sealed, message_begins_behind_what_the_writer_holds)
{
	static const uint8_t non_esp_marker[4];

	writer_bytes(&self->w, BYTES_OF(non_esp_marker));
	ike_builder_init(&self->b, &self->w, &header);
	ike_builder_encrypt(&self->b, self->seal[0]);
	ike_builder_notify(&self->b, IKE_NOTIFY_INITIAL_CONTACT, BYTES_NONE);
	ASSERT_EQ(0, ike_builder_finish(&self->b, &self->message));
	EXPECT_EQ(self->w.data + 4, self->message.data);
	EXPECT_EQ(self->w.len - 4, self->message.len);
	ASSERT_EQ(IKE_OK, ike_message_parse(self->message, &self->m, NULL));
	EXPECT_EQ(IKE_OK, ike_sk_open(&self->m, self->open[0], self->plain, NULL));
}

/* Every length of content, so every length of padding; in a buffer of its own and in place. */
TEST_F(sealed, encrypted_messages_read_back_with_every_suite)
{
	uint8_t body[40];
	struct rng rng = { 0x736b };

	for (size_t i = 0; i < ARRAY_SIZE(suites); i++) {
		for (size_t len = 0; len < sizeof(body); len++) {
			struct bytes vendor = rng_bytes(&rng, body, len);

			writer_init_fixed(&self->w, self->buf, sizeof(self->buf));
			ike_builder_init(&self->b, &self->w, &header);
			ike_builder_encrypt(&self->b, self->seal[i]);
			writer_bytes(ike_builder_payload(&self->b, IKE_PAYLOAD_V), vendor);
			ike_builder_notify(&self->b, IKE_NOTIFY_INITIAL_CONTACT, BYTES_NONE);
			ASSERT_EQ(0, ike_builder_finish(&self->b, &self->message));
			for (int in_place = 0; in_place < 2; in_place++) {
				struct ike_message *m = &self->m;

				ASSERT_EQ(IKE_OK, ike_message_parse(self->message, m, NULL));
				EXPECT_EQ(IKE_PAYLOAD_V, m->encrypted_first);
				ASSERT_EQ(IKE_OK,
					  ike_sk_open(m, self->open[i],
						      in_place ? (uint8_t *)m->encrypted.data
							       : self->plain,
						      NULL));
				EXPECT_TRUE(m->opened);
				ASSERT_EQ(2, m->n);
				EXPECT_TRUE(m->v[0].encrypted);
				EXPECT_TRUE(m->v[1].encrypted);
				EXPECT_TRUE(bytes_equal(vendor, m->v[0].body));
			}
		}
	}
}

TEST_F(sealed, empty_encrypted_payload_reads_back)
{
	for (size_t i = 0; i < ARRAY_SIZE(suites); i++) {
		writer_init_fixed(&self->w, self->buf, sizeof(self->buf));
		ike_builder_init(&self->b, &self->w, &header);
		ike_builder_encrypt(&self->b, self->seal[i]);
		ASSERT_EQ(0, ike_builder_finish(&self->b, &self->message));
		ASSERT_EQ(IKE_OK, ike_message_parse(self->message, &self->m, NULL));
		EXPECT_EQ(IKE_PAYLOAD_NONE, self->m.encrypted_first);
		ASSERT_EQ(IKE_OK, ike_sk_open(&self->m, self->open[i], self->plain, NULL));
		EXPECT_EQ(0, self->m.n);
		EXPECT_TRUE(self->m.opened);
	}
}

TEST_F(sealed, payloads_in_clear_before_sk_are_protected_too)
{
	for (size_t i = 0; i < ARRAY_SIZE(suites); i++) {
		writer_init_fixed(&self->w, self->buf, sizeof(self->buf));
		ike_builder_init(&self->b, &self->w, &header);
		writer_bytes(ike_builder_payload(&self->b, IKE_PAYLOAD_V), bytes_str("clear"));
		ike_builder_encrypt(&self->b, self->seal[i]);
		writer_bytes(ike_builder_payload(&self->b, IKE_PAYLOAD_V), bytes_str("inner"));
		ASSERT_EQ(0, ike_builder_finish(&self->b, &self->message));
		ASSERT_EQ(IKE_OK, ike_message_parse(self->message, &self->m, NULL));
		ASSERT_EQ(IKE_OK, ike_sk_open(&self->m, self->open[i], self->plain, NULL));
		ASSERT_EQ(2, self->m.n);
		EXPECT_FALSE(self->m.v[0].encrypted);
		EXPECT_TRUE(self->m.v[1].encrypted);

		self->buf[IKE_HEADER_LEN + 4] ^= 1;
		ASSERT_EQ(IKE_OK, ike_message_parse(self->message, &self->m, NULL));
		EXPECT_EQ(IKE_IGNORE, ike_sk_open(&self->m, self->open[i], self->plain, NULL));
	}
}

/* RFC 7296 2.5: what stands beside the encrypted payload belongs to the message, too. */
TEST_F(sealed, unknown_critical_payload_before_sk_rejects_the_message)
{
	for (size_t i = 0; i < ARRAY_SIZE(suites); i++) {
		writer_init_fixed(&self->w, self->buf, sizeof(self->buf));
		ike_builder_init(&self->b, &self->w, &header);
		writer_bytes(ike_builder_payload(&self->b, 200), bytes_str("clear"));
		self->buf[IKE_HEADER_LEN + 1] = 0x80;
		ike_builder_encrypt(&self->b, self->seal[i]);
		writer_bytes(ike_builder_payload(&self->b, IKE_PAYLOAD_V), bytes_str("inner"));
		ASSERT_EQ(0, ike_builder_finish(&self->b, &self->message));
		ASSERT_EQ(IKE_UNSUPPORTED_CRITICAL,
			  ike_message_parse(self->message, &self->m, NULL));
		EXPECT_EQ(IKE_UNSUPPORTED_CRITICAL,
			  ike_sk_open(&self->m, self->open[i], self->plain, &self->fault));
		EXPECT_TRUE(self->m.opened);
		EXPECT_EQ(2, self->m.n);
		EXPECT_EQ(200, self->fault.payload_type);
		EXPECT_EQ(IKE_HEADER_LEN, self->fault.offset);
	}
}

/* The whole message is covered: no bit of it can change and still open. */
TEST_F(sealed, no_flipped_bit_opens)
{
	for (size_t i = 0; i < ARRAY_SIZE(suites); i++) {
		writer_init_fixed(&self->w, self->buf, sizeof(self->buf));
		ike_builder_init(&self->b, &self->w, &header);
		ike_builder_encrypt(&self->b, self->seal[i]);
		ike_builder_notify(&self->b, IKE_NOTIFY_INITIAL_CONTACT, BYTES_NONE);
		ASSERT_EQ(0, ike_builder_finish(&self->b, &self->message));
		for (size_t bit = 0; bit < self->message.len * 8; bit++) {
			self->buf[bit / 8] ^= 1 << bit % 8;
			if (ike_message_parse(self->message, &self->m, NULL) == IKE_OK) {
				size_t n = self->m.n;

				ASSERT_EQ(IKE_IGNORE,
					  ike_sk_open(&self->m, self->open[i], self->plain, NULL))
				{
					TH_LOG("suite %zu, bit %zu", i, bit);
				}
				EXPECT_FALSE(self->m.opened);
				EXPECT_EQ(n, self->m.n);
			}
			self->buf[bit / 8] ^= 1 << bit % 8;
		}
	}
}

/* Seals any content as SK: the padding and the chain are the test's own. */
static void seal_content(struct __test_metadata *_metadata, FIXTURE_DATA(sealed) * self, size_t i,
			 uint8_t first, struct bytes content)
{
	size_t iv_len = crypto_suite_iv_len(&suites[i]), icv_len = crypto_suite_icv_len(&suites[i]);
	size_t sk_len = 4 + iv_len + content.len + icv_len;
	size_t text_at = IKE_HEADER_LEN + 4 + iv_len;
	struct writer *w = &self->w;

	writer_init_fixed(w, self->buf, sizeof(self->buf));
	writer_u64(w, header.spi_i);
	writer_u64(w, header.spi_r);
	writer_u32(w, 0x2e202508);
	writer_u32(w, header.message_id);
	writer_u32(w, (uint32_t)(IKE_HEADER_LEN + sk_len));
	writer_u8(w, first);
	writer_u8(w, 0);
	writer_u16(w, (uint16_t)sk_len);
	writer_zeros(w, iv_len);
	writer_bytes(w, content);
	writer_zeros(w, icv_len);
	self->message = writer_view(w);
	ASSERT_EQ(0, aead_seal(self->seal[i], BYTES(self->buf, IKE_HEADER_LEN + 4),
			       self->buf + text_at, content.len, self->buf + IKE_HEADER_LEN + 4,
			       self->buf + text_at + content.len));
	ASSERT_EQ(IKE_OK, ike_message_parse(self->message, &self->m, NULL));
}

TEST_F(sealed, verified_content_gets_the_verdict_of_the_table)
{
	static const struct {
		size_t suite;
		uint8_t first;
		const char *hex;
		int verdict;
		size_t offset, n;
	} cases[] = {
		/* No padding but its length. */
		{ 0, 0, "00", IKE_OK, 0, 0 },
		{ 0, 0x2b, "00000004 00", IKE_OK, 0, 1 },
		/* Padding of any length and value. */
		{ 0, 0x2b, "00000004 deadbeef04", IKE_OK, 0, 1 },
		{ 3, 0x2b, "00000004 a1a2a3a4a5a6a7a8a9aaab0b", IKE_OK, 0, 1 },
		{ 3, 0x2b, "00000004 0000000000000000000000000000000000000000000000000000001b",
		  IKE_OK, 0, 1 },
		/* More padding than content. */
		{ 0, 0, "01", IKE_MALFORMED, 0, 0 },
		{ 0, 0x2b, "00000004 05", IKE_MALFORMED, 4, 0 },
		{ 0, 0x2b, "00000004 ff", IKE_MALFORMED, 4, 0 },
		/* Padding into the payload. */
		{ 0, 0x2b, "00000005 aa01", IKE_MALFORMED, 2, 0 },
		/* Chains that don't fill the content. */
		{ 0, 0, "aa00", IKE_MALFORMED, 0, 0 },
		{ 0, 0x2b, "00", IKE_MALFORMED, 0, 0 },
		{ 0, 0x2b, "00000003 00", IKE_MALFORMED, 2, 0 },
		{ 0, 0x2e, "00000004 00", IKE_MALFORMED, 0, 0 },
		/* Unknown payloads. */
		{ 0, 0xc8, "00000004 00", IKE_OK, 0, 1 },
		{ 0, 0xc8, "00800004 00", IKE_UNSUPPORTED_CRITICAL, 0, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bytes content = from_hex(cases[i].hex);
		int verdict;

		seal_content(_metadata, self, cases[i].suite, cases[i].first, content);
		memset(&self->fault, 0, sizeof(self->fault));
		verdict = ike_sk_open(&self->m, self->open[cases[i].suite], self->plain,
				      &self->fault);
		EXPECT_EQ(cases[i].verdict, verdict)
		{
			TH_LOG("case %zu", i);
		}
		EXPECT_EQ(cases[i].offset, self->fault.offset)
		{
			TH_LOG("case %zu", i);
		}
		EXPECT_EQ(cases[i].n, self->m.n);
		EXPECT_TRUE(self->m.opened);
		exact_free(content);
	}
}

TEST_F(sealed, what_is_not_shown_to_be_the_peers_is_ignored)
{
	uint8_t content[] = { 0 };

	/* The other key. */
	seal_content(_metadata, self, 0, IKE_PAYLOAD_NONE, BYTES_OF(content));
	EXPECT_EQ(IKE_IGNORE, ike_sk_open(&self->m, self->open[2], self->plain, &self->fault));
	EXPECT_STREQ("integrity check failed", self->fault.reason);

	/* Opened twice. */
	seal_content(_metadata, self, 0, IKE_PAYLOAD_NONE, BYTES_OF(content));
	EXPECT_EQ(IKE_OK, ike_sk_open(&self->m, self->open[0], self->plain, NULL));
	EXPECT_EQ(IKE_IGNORE, ike_sk_open(&self->m, self->open[0], self->plain, &self->fault));

	/* No SK, and SKF. */
	self->m.opened = false;
	self->m.encrypted_type = IKE_PAYLOAD_NONE;
	EXPECT_EQ(IKE_IGNORE, ike_sk_open(&self->m, self->open[0], self->plain, &self->fault));
	self->m.encrypted_type = IKE_PAYLOAD_SKF;
	EXPECT_EQ(IKE_IGNORE, ike_sk_open(&self->m, self->open[0], self->plain, &self->fault));

	/* Shorter than IV, pad length and ICV; and no multiple of the cipher's block. */
	for (size_t i = 0; i < ARRAY_SIZE(suites); i++) {
		for (size_t len = 0; len < 49; len++) {
			struct bytes body = exact_copy(BYTES(self->buf, len));

			self->m.encrypted_type = IKE_PAYLOAD_SK;
			self->m.encrypted = self->m.raw = body;
			EXPECT_EQ(IKE_IGNORE,
				  ike_sk_open(&self->m, self->open[i], self->plain, NULL));
			EXPECT_FALSE(self->m.opened);
			exact_free(body);
		}
	}
}

TEST_F(sealed, message_that_does_not_fit_fails_at_every_size)
{
	for (size_t i = 0; i < ARRAY_SIZE(suites); i++) {
		size_t full = SIZE_MAX;

		for (size_t cap = 0; cap < full; cap++) {
			uint8_t *exact = malloc(cap ? cap : 1);
			int err;

			ASSERT_NE(NULL, exact);
			writer_init_fixed(&self->w, exact, cap);
			ike_builder_init(&self->b, &self->w, &header);
			ike_builder_notify(&self->b, IKE_NOTIFY_COOKIE, bytes_str("c"));
			ike_builder_encrypt(&self->b, self->seal[i]);
			ike_builder_notify(&self->b, IKE_NOTIFY_INITIAL_CONTACT, BYTES_NONE);
			err = ike_builder_finish(&self->b, &self->message);
			if (!err) {
				EXPECT_EQ(cap, self->message.len);
				full = cap;
			} else {
				EXPECT_EQ(-EMSGSIZE, err);
			}
			ASSERT_LT(cap, 200);
			free(exact);
		}
	}
}

TEST_F(sealed, messages_and_payloads_beyond_16_bits_are_refused)
{
	uint8_t *big = calloc(1, 100000);

	ASSERT_NE(NULL, big);
	for (int payloads = 1; payloads < 3; payloads++) {
		writer_init_heap(&self->w, 1 << 20);
		ike_builder_init(&self->b, &self->w, &header);
		for (int i = 0; i < payloads; i++) {
			writer_bytes(ike_builder_payload(&self->b, IKE_PAYLOAD_V),
				     BYTES(big, payloads == 1 ? 65532 : 40000));
		}
		EXPECT_EQ(-EMSGSIZE, ike_builder_finish(&self->b, &self->message));
		writer_fini(&self->w);
	}
	free(big);
}

TEST_F(sealed, message_may_grow_on_the_heap)
{
	uint8_t *data;
	size_t len;

	writer_init_heap(&self->w, IKE_MESSAGE_MAX);
	ike_builder_init(&self->b, &self->w, &header);
	ike_builder_encrypt(&self->b, self->seal[3]);
	for (int i = 0; i < 50; i++)
		ike_builder_notify(&self->b, IKE_NOTIFY_INITIAL_CONTACT, BYTES_NONE);
	ASSERT_EQ(0, ike_builder_finish(&self->b, &self->message));
	ASSERT_EQ(0, writer_steal(&self->w, &data, &len));
	ASSERT_EQ(IKE_OK, ike_message_parse(BYTES(data, len), &self->m, NULL));
	ASSERT_EQ(IKE_OK, ike_sk_open(&self->m, self->open[3], self->plain, NULL));
	EXPECT_EQ(50, self->m.n);
	free(data);
}

TEST_F(sealed, dump_shows_what_is_inside_only_when_opened)
{
	char line[IKE_DUMP_LEN];
	uint32_t spi = 0xc0ffee01;

	ike_builder_init(&self->b, &self->w, &header);
	writer_bytes(ike_builder_payload(&self->b, 200), BYTES_NONE);
	ike_builder_encrypt(&self->b, self->seal[0]);
	ike_delete_write_spis(ike_builder_payload(&self->b, IKE_PAYLOAD_D), IKE_PROTOCOL_ESP, &spi,
			      1);
	ike_cfg_write(ike_builder_payload(&self->b, IKE_PAYLOAD_CP), IKE_CFG_REQUEST);
	ike_id_write(ike_builder_payload(&self->b, IKE_PAYLOAD_IDI), IKE_ID_KEY_ID, BYTES_NONE);
	writer_bytes(ike_builder_payload(&self->b, IKE_PAYLOAD_KE), BYTES_NONE);
	ASSERT_EQ(0, ike_builder_finish(&self->b, &self->message));
	ASSERT_EQ(IKE_OK, ike_message_parse(self->message, &self->m, NULL));
	EXPECT_STREQ("INFORMATIONAL request 7 [ 200 SK ]",
		     ike_message_dump(&self->m, line, sizeof(line)));
	ASSERT_EQ(IKE_OK, ike_sk_open(&self->m, self->open[0], self->plain, NULL));
	EXPECT_STREQ("INFORMATIONAL request 7 [ 200 SK { D(ESP c0ffee01) CP(REQUEST) IDi(KEY_ID) "
		     "KE(malformed) } ]",
		     ike_message_dump(&self->m, line, sizeof(line)));
	EXPECT_STREQ("INFORM...", ike_message_dump(&self->m, line, 10));
	EXPECT_STREQ("", ike_message_dump(&self->m, line, 1));
}

TEST_F(sealed, dump_marks_unknown_critical_payloads)
{
	char line[IKE_DUMP_LEN];

	ike_builder_init(&self->b, &self->w, &header);
	writer_bytes(ike_builder_payload(&self->b, 200), BYTES_NONE);
	ASSERT_EQ(0, ike_builder_finish(&self->b, &self->message));
	self->buf[IKE_HEADER_LEN + 1] = 0x80;
	ASSERT_EQ(IKE_UNSUPPORTED_CRITICAL, ike_message_parse(self->message, &self->m, NULL));
	EXPECT_STREQ("INFORMATIONAL request 7 [ 200(critical) ]",
		     ike_message_dump(&self->m, line, sizeof(line)));
}

TEST_HARNESS_MAIN
