/* SPDX-License-Identifier: MIT */
/*
 * Fragments as they are written and read: RFC 7383 2.5; and what must not pass for one: 2.6.
 */
#include <kselftest_harness.h>

#include <errno.h>

#include "ikev2/codec/builder.h"
#include "ikev2/codec/dump.h"
#include "ikev2/codec/sk.h"
#include "ikev2/codec/skf.h"
#include "common.h"
#include "../../pdk/leaks.h"

static const struct crypto_suite suites[] = {
	{ CRYPTO_ENCR_AES_GCM_16, 256, CRYPTO_INTEG_NONE },
	{ CRYPTO_ENCR_CHACHA20_POLY1305, 256, CRYPTO_INTEG_NONE },
	{ CRYPTO_ENCR_AES_CBC, 128, CRYPTO_INTEG_HMAC_SHA256_128 },
	{ CRYPTO_ENCR_AES_CBC, 256, CRYPTO_INTEG_HMAC_SHA512_256 },
};

static const struct ike_header header = {
	.spi_i = 0x0102030405060708u,
	.spi_r = 0x1112131415161718u,
	.exchange = IKE_EXCHANGE_IKE_AUTH,
	.flags = IKE_FLAG_INITIATOR,
	.message_id = 1,
};

#define NEXT_PAYLOAD_AT IKE_HEADER_LEN /* of the SKF payload's header */
#define NUMBER_AT	(IKE_HEADER_LEN + IKE_PAYLOAD_HEADER_LEN)

FIXTURE(skf)
{
	struct crypto_ctx *ctx;
	struct aead_key *seal[ARRAY_SIZE(suites)], *open[ARRAY_SIZE(suites)];
	uint8_t buf[2048];
	struct writer w;
	struct ike_message m;
	struct ike_fragment f;
	struct ike_fault fault;
	struct bytes chunk;
};

FIXTURE_SETUP(skf)
{
	uint8_t key[CRYPTO_INTEG_KEY_MAX] = "a key";

	ASSERT_EQ(0, crypto_ctx_new(NULL, &self->ctx));
	for (size_t i = 0; i < ARRAY_SIZE(suites); i++) {
		struct bytes encr = BYTES(key, crypto_suite_encr_key_len(&suites[i]));
		struct bytes integ = BYTES(key, crypto_suite_integ_key_len(&suites[i]));

		ASSERT_EQ(0, aead_key_new(self->ctx, &suites[i], encr, integ, &self->seal[i]));
		ASSERT_EQ(0, aead_key_new(self->ctx, &suites[i], encr, integ, &self->open[i]));
	}
}

FIXTURE_TEARDOWN(skf)
{
	for (size_t i = 0; i < ARRAY_SIZE(suites); i++) {
		aead_key_free(self->seal[i]);
		aead_key_free(self->open[i]);
	}
	crypto_ctx_free(self->ctx);
	EXPECT_NO_LEAKS();
}

/* Write one and parse it; it lies in self->buf. */
static void make(struct __test_metadata *_metadata, FIXTURE_DATA(skf) * self, size_t suite,
		 struct ike_fragment f, struct bytes chunk)
{
	writer_init_fixed(&self->w, self->buf, sizeof(self->buf));
	ASSERT_EQ(0, ike_skf_write(&self->w, &header, &f, chunk, self->seal[suite]));
	ASSERT_EQ(IKE_OK, ike_message_parse(writer_view(&self->w), &self->m, NULL));
}

static int open_it(FIXTURE_DATA(skf) * self, size_t suite)
{
	return ike_skf_open(&self->m, self->open[suite], (uint8_t *)self->m.encrypted.data,
			    &self->chunk, &self->fault);
}

TEST_F(skf, what_is_written_reads_back)
{
	for (size_t i = 0; i < ARRAY_SIZE(suites); i++) {
		for (size_t len = 0; len < 70; len++) {
			uint8_t text[70];
			uint16_t n = len % 3 + 1;

			memset(text, (int)len, sizeof(text));
			make(_metadata, self, i,
			     (struct ike_fragment){ n, 3, n == 1 ? IKE_PAYLOAD_IDI : 0 },
			     BYTES(text, len));
			EXPECT_EQ(IKE_PAYLOAD_SKF, self->m.encrypted_type);
			EXPECT_EQ(1, self->m.header.message_id);
			ASSERT_EQ(IKE_OK, ike_skf_parse(&self->m, &self->f, NULL));
			EXPECT_EQ(n, self->f.number);
			EXPECT_EQ(3, self->f.total);
			EXPECT_EQ(n == 1 ? IKE_PAYLOAD_IDI : 0, self->f.first);
			EXPECT_EQ(n == 1 ? IKE_PAYLOAD_IDI : 0, self->buf[NEXT_PAYLOAD_AT]);
			ASSERT_EQ(IKE_OK, open_it(self, i));
			EXPECT_TRUE(self->m.opened);
			EXPECT_TRUE(bytes_equal(BYTES(text, len), self->chunk));
		}
	}
}

TEST_F(skf, the_longest_chunk_fills_the_message_and_one_octet_more_does_not_fit)
{
	static const uint8_t text[2048];

	for (size_t i = 0; i < ARRAY_SIZE(suites); i++) {
		for (size_t max = 0; max < 1500; max += 7) {
			size_t chunk = ike_skf_chunk_max(&suites[i], max);
			struct ike_fragment f = { 2, 2, 0 };

			if (!chunk) {
				EXPECT_GT(120, max);
				continue;
			}
			make(_metadata, self, i, f, BYTES(text, chunk));
			EXPECT_GE(max, self->w.len);
			make(_metadata, self, i, f, BYTES(text, chunk + 1));
			EXPECT_LT(max, self->w.len);
		}
	}
}

/* 2.5: each has its own IV, or two chunks would share a key stream. */
TEST_F(skf, every_fragment_has_its_own_iv)
{
	uint8_t first[8];
	static const uint8_t text[32];

	for (size_t i = 0; i < ARRAY_SIZE(suites); i++) {
		make(_metadata, self, i, (struct ike_fragment){ 2, 3, 0 }, BYTES_OF(text));
		memcpy(first, self->buf + NUMBER_AT + 4, sizeof(first));
		make(_metadata, self, i, (struct ike_fragment){ 2, 3, 0 }, BYTES_OF(text));
		EXPECT_NE(0, memcmp(first, self->buf + NUMBER_AT + 4, sizeof(first)));
	}
}

TEST_F(skf, numbers_out_of_range_are_ignored)
{
	static const uint16_t bad[][2] = { { 0, 0 }, { 0, 1 }, { 1, 0 }, { 2, 1 }, { 65535, 1 } };
	static const uint8_t text[8];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		make(_metadata, self, 0, (struct ike_fragment){ bad[i][0], bad[i][1], 0 },
		     BYTES_OF(text));
		self->f.number = 77;
		EXPECT_EQ(IKE_IGNORE, ike_skf_parse(&self->m, &self->f, &self->fault));
		EXPECT_STREQ("fragment numbers out of range", self->fault.reason);
		EXPECT_EQ(77, self->f.number);
	}
	make(_metadata, self, 0, (struct ike_fragment){ 65535, 65535, 0 }, BYTES_OF(text));
	EXPECT_EQ(IKE_OK, ike_skf_parse(&self->m, &self->f, NULL));
}

/* The type of the first payload counts in the first fragment only. */
TEST_F(skf, next_payload_of_later_fragments_is_not_looked_at)
{
	static const uint8_t text[8];

	make(_metadata, self, 0, (struct ike_fragment){ 2, 2, IKE_PAYLOAD_AUTH }, BYTES_OF(text));
	EXPECT_EQ(IKE_PAYLOAD_AUTH, self->m.encrypted_first);
	ASSERT_EQ(IKE_OK, ike_skf_parse(&self->m, &self->f, NULL));
	EXPECT_EQ(0, self->f.first);
}

/* Header, numbers, IV, text and ICV: not one octet of it may be another. */
TEST_F(skf, every_octet_is_authenticated)
{
	static const uint8_t text[20];
	uint8_t good[2048];
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(suites); i++) {
		make(_metadata, self, i, (struct ike_fragment){ 1, 2, IKE_PAYLOAD_IDI },
		     BYTES_OF(text));
		len = self->w.len;
		memcpy(good, self->buf, len);
		for (size_t at = 0; at < len; at++) {
			memcpy(self->buf, good, len);
			self->buf[at] ^= 0x01;
			if (ike_message_parse(BYTES(self->buf, len), &self->m, NULL) != IKE_OK ||
			    self->m.encrypted_type != IKE_PAYLOAD_SKF)
				continue;
			EXPECT_EQ(IKE_IGNORE, open_it(self, i)) {
				TH_LOG("suite %zu, octet %zu", i, at);
			}
			EXPECT_FALSE(self->m.opened);
		}
	}
}

TEST_F(skf, a_fragment_is_no_message_and_a_message_no_fragment)
{
	static const uint8_t text[20];
	struct ike_builder b;
	struct bytes message;

	make(_metadata, self, 0, (struct ike_fragment){ 1, 1, IKE_PAYLOAD_NONE }, BYTES_OF(text));
	EXPECT_EQ(IKE_IGNORE, ike_sk_open(&self->m, self->open[0], self->buf + 64, NULL));
	EXPECT_FALSE(self->m.opened);

	writer_init_fixed(&self->w, self->buf, sizeof(self->buf));
	ike_builder_init(&b, &self->w, &header);
	ike_builder_encrypt(&b, self->seal[0]);
	ASSERT_EQ(0, ike_builder_finish(&b, &message));
	ASSERT_EQ(IKE_OK, ike_message_parse(message, &self->m, NULL));
	EXPECT_EQ(IKE_IGNORE, ike_skf_parse(&self->m, &self->f, NULL));
	EXPECT_EQ(IKE_IGNORE, open_it(self, 0));
}

TEST_F(skf, too_short_ones_are_ignored)
{
	static const uint8_t body[80];

	memset(&self->m, 0, sizeof(self->m));
	self->m.encrypted_type = IKE_PAYLOAD_SKF;
	for (size_t i = 0; i < ARRAY_SIZE(suites); i++) {
		for (size_t len = 0; len < 60; len++) {
			struct bytes exact = exact_copy(BYTES(body, len));

			self->m.raw = self->m.encrypted = exact;
			EXPECT_EQ(IKE_IGNORE, ike_skf_parse(&self->m, &self->f, NULL));
			EXPECT_EQ(IKE_IGNORE, open_it(self, i));
			exact_free(exact);
		}
	}
}

/* What the builder would have sent whole is the same that is cut. */
TEST_F(skf, the_inner_payloads_are_what_the_whole_message_has)
{
	struct ike_builder b;
	struct bytes inner, message;
	uint8_t first, copy[64];
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(suites); i++) {
		writer_init_fixed(&self->w, self->buf, sizeof(self->buf));
		ike_builder_init(&b, &self->w, &header);
		ike_builder_encrypt(&b, self->seal[i]);
		ike_id_write(ike_builder_payload(&b, IKE_PAYLOAD_IDI), IKE_ID_KEY_ID,
			     bytes_str("some id"));
		writer_bytes(ike_builder_payload(&b, IKE_PAYLOAD_V), bytes_str("vendor"));
		len = ike_builder_len(&b);
		ASSERT_EQ(0, ike_builder_inner(&b, &first, &inner));
		EXPECT_EQ(IKE_PAYLOAD_IDI, first);
		ASSERT_GE(sizeof(copy), inner.len);
		memcpy(copy, inner.data, inner.len);
		ASSERT_EQ(0, ike_builder_finish(&b, &message));
		EXPECT_EQ(len, message.len);
		ASSERT_EQ(IKE_OK, ike_message_parse(message, &self->m, NULL));
		ASSERT_EQ(IKE_OK, ike_sk_open_body(&self->m, self->m.encrypted, self->open[i],
						   (uint8_t *)self->m.encrypted.data, &self->chunk,
						   NULL));
		EXPECT_TRUE(bytes_equal(self->chunk, BYTES(copy, inner.len)));
	}
}

TEST_HARNESS_MAIN
