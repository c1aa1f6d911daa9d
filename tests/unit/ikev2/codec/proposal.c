/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include "ikev2/codec/proposal.h"
#include "common.h"

/* Transforms: ENCR AES_GCM_16 with a key length, and KE CURVE_25519. */
#define GCM_256(more) more "00000c 01000014 800e0100"
#define X25519(more)  more "000008 0400001f"

static const struct {
	const char *what, *hex;
	int verdict;
	size_t offset;
	const char *reason;
} cases[] = {
	{ "one proposal", "0000001c 01010002" GCM_256("03") X25519("00"), IKE_OK, 0, "" },
	{ "an ESP proposal with its SPI", "00000018 01030401 01020304" GCM_256("00"), IKE_OK, 0,
	  "" },
	{ "an answer may have any number", "0000001c 07010002" GCM_256("03") X25519("00"), IKE_OK,
	  0, "" },
	{ "two proposals", "02000010 01010001" X25519("00") "00000010 02010001" X25519("00"),
	  IKE_OK, 0, "" },
	{ "reserved octets", "00ff001c 01010002 03ff000c 01ff0014 800e0100" X25519("00"), IKE_OK, 0,
	  "" },
	{ "no transforms", "00000008 01010000", IKE_OK, 0, "" },
	{ "nothing", "", IKE_MALFORMED, 0, "SA payload ends where a proposal should begin" },
	{ "half a header", "00000008 010100", IKE_MALFORMED, 0,
	  "SA payload ends where a proposal should begin" },
	{ "the promised second is missing", "02000010 01010001" X25519("00"), IKE_MALFORMED, 16,
	  "SA payload ends where a proposal should begin" },
	{ "a second after the last",
	  "00000010 01010001" X25519("00") "00000010 02010001" X25519("00"), IKE_MALFORMED, 16,
	  "bytes after the last proposal" },
	{ "last octet 3", "03000010 01010001" X25519("00"), IKE_MALFORMED, 0,
	  "last-substructure octet of a proposal is wrong" },
	{ "proposal length 7", "00000007 01010000", IKE_MALFORMED, 2, "proposal length below 8" },
	{ "proposal beyond the payload", "00000011 01010001" X25519("00"), IKE_MALFORMED, 2,
	  "proposal longer than its SA payload" },
	{ "numbers from 0", "02000010 00010001" X25519("00") "00000010 01010001" X25519("00"),
	  IKE_MALFORMED, 4, "proposal number out of order" },
	{ "numbers with a gap", "02000010 01010001" X25519("00") "00000010 03010001" X25519("00"),
	  IKE_MALFORMED, 20, "proposal number out of order" },
	{ "same number twice", "02000010 01010001" X25519("00") "00000010 01010001" X25519("00"),
	  IKE_MALFORMED, 20, "proposal number out of order" },
	{ "SPI of 9", "00000011 01030900 010203040506070809", IKE_MALFORMED, 6,
	  "SPI of a proposal longer than 8 octets" },
	{ "SPI beyond the proposal", "0000000b 01030400 010203", IKE_MALFORMED, 6,
	  "SPI longer than its proposal" },
	{ "fewer transforms than counted", "00000010 01010002" X25519("03"), IKE_MALFORMED, 16,
	  "fewer transforms than counted" },
	{ "more transforms than counted", "00000018 01010001" X25519("00") X25519("00"),
	  IKE_MALFORMED, 16, "more transforms than counted" },
	{ "transform length 7", "00000010 01010001 00000007 0400001f", IKE_MALFORMED, 10,
	  "transform length below 8" },
	{ "transform beyond the proposal", "00000010 01010001 00000009 0400001f", IKE_MALFORMED, 10,
	  "transform longer than its proposal" },
	{ "the only transform says more", "00000010 01010001" X25519("03"), IKE_MALFORMED, 8,
	  "last-substructure octet contradicts the transform count" },
	{ "the first of two says last", "00000018 01010002" X25519("00") X25519("00"),
	  IKE_MALFORMED, 8, "last-substructure octet contradicts the transform count" },
	{ "half an attribute", "00000013 01010001 0000000b 01000014 800e01", IKE_MALFORMED, 16,
	  "attribute longer than its transform" },
	{ "long attribute beyond the transform",
	  "00000016 01010001 0000000e 01000014 000e0003 0100", IKE_MALFORMED, 16,
	  "attribute longer than its transform" },
	{ "65 transforms", "00000008 01010041", IKE_TOO_MANY, 7,
	  "too many transforms in a proposal" },
};

TEST(payloads_get_the_verdict_and_reason_of_the_table)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bytes body = from_hex(cases[i].hex);
		struct ike_fault fault = { .reason = "" };
		struct proposal_list list;
		int verdict = sa_payload_parse(body, &list, &fault);

		EXPECT_EQ(cases[i].verdict, verdict)
		{
			TH_LOG("%s", cases[i].what);
		}
		EXPECT_EQ(cases[i].offset, fault.offset)
		{
			TH_LOG("%s", cases[i].what);
		}
		EXPECT_STREQ(cases[i].reason, fault.reason)
		{
			TH_LOG("%s", cases[i].what);
		}
		EXPECT_EQ(verdict, sa_payload_parse(body, &list, NULL));
		exact_free(body);
	}
}

TEST(fields_of_proposals_and_transforms_are_read)
{
	struct bytes body = from_hex(
		"02000020 01030402 a1a2a3a4" GCM_256("03") "00000008 05000001"
							   "00000010 02010001" X25519("00"));
	const struct transform *t;
	struct proposal_list list;
	uint64_t spi64;
	uint32_t spi;

	ASSERT_EQ(IKE_OK, sa_payload_parse(body, &list, NULL));
	ASSERT_EQ(2, list.n);
	EXPECT_EQ(1, list.v[0].number);
	EXPECT_EQ(IKE_PROTOCOL_ESP, list.v[0].protocol);
	ASSERT_TRUE(proposal_spi32(&list.v[0], &spi));
	EXPECT_EQ(0xa1a2a3a4u, spi);
	EXPECT_FALSE(proposal_spi64(&list.v[0], &spi64));
	EXPECT_FALSE(proposal_spi32(&list.v[1], &spi));
	t = proposal_transform(&list.v[0], IKE_TRANSFORM_ENCR, 0);
	ASSERT_NE(NULL, t);
	EXPECT_EQ(IKE_ENCR_AES_GCM_16, t->id);
	EXPECT_EQ(256, t->key_bits);
	EXPECT_FALSE(t->unusable);
	EXPECT_EQ(NULL, proposal_transform(&list.v[0], IKE_TRANSFORM_ENCR, 1));
	t = proposal_transform(&list.v[0], IKE_TRANSFORM_ESN, 0);
	ASSERT_NE(NULL, t);
	EXPECT_EQ(IKE_ESN_EXT_SEQ, t->id);
	EXPECT_EQ(0, t->key_bits);
	EXPECT_EQ(2, list.v[1].number);
	exact_free(body);
}

TEST(attribute_that_means_nothing_to_us_takes_only_its_transform_out)
{
	static const struct {
		const char *attributes, *len;
		bool unusable;
		unsigned key_bits;
	} each[] = {
		{ "800e0080", "000c", false, 128 },
		{ "800f0080", "000c", true, 0 },           /* unknown type */
		{ "000e00020080", "000e", true, 0 },       /* KEY_LENGTH in the long form */
		{ "000f0000", "000c", true, 0 },           /* unknown and empty */
		{ "800e0000", "000c", true, 0 },           /* no key at all */
		{ "800e0080800e0100", "0010", true, 128 }, /* two lengths */
		{ "800e0080000f0000", "0010", true, 128 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(each); i++) {
		struct proposal_list list;
		struct bytes body;
		char hex[128];

		snprintf(hex, sizeof(hex), "0000%04zx 01010002 0300%s 0100000c %s" X25519("00"),
			 8 + 8 + strlen(each[i].attributes) / 2 + 8, each[i].len,
			 each[i].attributes);
		body = from_hex(hex);
		ASSERT_EQ(IKE_OK, sa_payload_parse(body, &list, NULL))
		{
			TH_LOG("%s", hex);
		}
		ASSERT_EQ(2, list.v[0].n);
		EXPECT_EQ(each[i].unusable, list.v[0].v[0].unusable)
		{
			TH_LOG("%s", hex);
		}
		EXPECT_EQ(each[i].key_bits, list.v[0].v[0].key_bits);
		EXPECT_FALSE(list.v[0].v[1].unusable);
		exact_free(body);
	}
}

TEST(proposals_are_bounded_in_number)
{
	for (size_t n = PROPOSALS_MAX; n <= PROPOSALS_MAX + 1; n++) {
		uint8_t buf[8 * (PROPOSALS_MAX + 1)];
		struct proposal_list list;
		struct writer w;

		writer_init_fixed(&w, buf, sizeof(buf));
		for (size_t i = 1; i <= n; i++) {
			writer_u32(&w, (i < n ? 0x02000000 : 0) + 8);
			writer_u32(&w, (uint32_t)i << 24 | 0x00010000);
		}
		EXPECT_EQ(n == PROPOSALS_MAX ? IKE_OK : IKE_TOO_MANY,
			  sa_payload_parse(writer_view(&w), &list, NULL));
	}
}

TEST(any_list_reads_back)
{
	static struct proposal_list in, out;
	static uint8_t buf[IKE_MESSAGE_MAX];
	struct rng rng = { 0x7361 };
	struct writer w;

	for (int round = 0; round < 300; round++) {
		in.n = 1 + rng_below(&rng, PROPOSALS_MAX);
		for (size_t i = 0; i < in.n; i++) {
			struct proposal *p = &in.v[i];
			size_t n = rng_below(&rng, TRANSFORMS_MAX + 1);

			proposal_init(p, (uint8_t)(i + 1), (uint8_t)rng_next(&rng));
			p->spi_len = (uint8_t)rng_below(&rng, IKE_SPI_MAX + 1);
			rng_bytes(&rng, p->spi, p->spi_len);
			while (p->n < n) {
				ASSERT_TRUE(proposal_add(
					p, (uint8_t)rng_next(&rng), (uint16_t)rng_next(&rng),
					rng_below(&rng, 2) ? (uint16_t)rng_next(&rng) : 0));
			}
		}
		writer_init_fixed(&w, buf, sizeof(buf));
		sa_payload_write(&w, &in);
		ASSERT_EQ(0, w.err);
		ASSERT_EQ(IKE_OK, sa_payload_parse(writer_view(&w), &out, NULL));
		ASSERT_EQ(in.n, out.n);
		for (size_t i = 0; i < in.n; i++) {
			const struct proposal *a = &in.v[i], *b = &out.v[i];

			EXPECT_EQ(a->number, b->number);
			EXPECT_EQ(a->protocol, b->protocol);
			EXPECT_TRUE(
				bytes_equal(BYTES(a->spi, a->spi_len), BYTES(b->spi, b->spi_len)));
			ASSERT_EQ(a->n, b->n);
			for (size_t k = 0; k < a->n; k++) {
				EXPECT_TRUE(transform_equal(&a->v[k], &b->v[k]));
			}
		}
	}
}

TEST(spis_of_both_lengths_read_back)
{
	struct proposal p;
	uint64_t spi64 = 0;
	uint32_t spi32 = 0;

	proposal_init(&p, 1, IKE_PROTOCOL_IKE);
	proposal_set_spi64(&p, 0x0102030405060708u);
	EXPECT_EQ(8, p.spi_len);
	EXPECT_EQ(0x01, p.spi[0]);
	EXPECT_TRUE(proposal_spi64(&p, &spi64));
	EXPECT_EQ(0x0102030405060708u, spi64);
	proposal_set_spi32(&p, 0xa1a2a3a4u);
	EXPECT_EQ(4, p.spi_len);
	EXPECT_TRUE(proposal_spi32(&p, &spi32));
	EXPECT_EQ(0xa1a2a3a4u, spi32);
}

TEST(answer_is_one_proposal_with_the_number_of_the_offered)
{
	struct proposal_list list;
	struct proposal p;
	uint8_t buf[64];
	struct writer w;

	proposal_init(&p, 3, IKE_PROTOCOL_ESP);
	proposal_set_spi32(&p, 0xa1a2a3a4u);
	proposal_add(&p, IKE_TRANSFORM_ENCR, IKE_ENCR_AES_GCM_16, 128);
	writer_init_fixed(&w, buf, sizeof(buf));
	sa_payload_write_one(&w, &p);
	ASSERT_EQ(IKE_OK, sa_payload_parse(writer_view(&w), &list, NULL));
	ASSERT_EQ(1, list.n);
	EXPECT_EQ(3, list.v[0].number);
	ASSERT_EQ(1, list.v[0].n);
	EXPECT_TRUE(transform_equal(&p.v[0], &list.v[0].v[0]));
}

TEST(no_transform_is_added_to_a_full_proposal)
{
	struct proposal p;

	proposal_init(&p, 1, IKE_PROTOCOL_IKE);
	for (size_t i = 0; i < TRANSFORMS_MAX; i++) {
		ASSERT_TRUE(proposal_add(&p, IKE_TRANSFORM_KE, (uint16_t)i, 0));
	}
	EXPECT_FALSE(proposal_add(&p, IKE_TRANSFORM_KE, 31, 0));
	EXPECT_EQ(TRANSFORMS_MAX, p.n);
}

TEST(text_of_a_proposal_names_everything_and_is_bounded)
{
	char buf[PROPOSAL_STRLEN];
	struct proposal p;

	proposal_init(&p, 1, IKE_PROTOCOL_IKE);
	EXPECT_STREQ("IKE:", proposal_str(&p, buf, sizeof(buf)));
	proposal_add(&p, IKE_TRANSFORM_ENCR, IKE_ENCR_AES_CBC, 128);
	proposal_add(&p, IKE_TRANSFORM_INTEG, IKE_INTEG_HMAC_SHA2_256_128, 0);
	proposal_add(&p, IKE_TRANSFORM_PRF, IKE_PRF_HMAC_SHA2_256, 0);
	proposal_add(&p, IKE_TRANSFORM_KE, IKE_KE_MODP_2048, 0);
	EXPECT_STREQ("IKE:AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048",
		     proposal_str(&p, buf, sizeof(buf)));
	EXPECT_STREQ("IKE:AES_...", proposal_str(&p, buf, 12));
	EXPECT_STREQ("IK", proposal_str(&p, buf, 3));
	EXPECT_STREQ("", proposal_str(&p, buf, 1));
}

TEST_HARNESS_MAIN
