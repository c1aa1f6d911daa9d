/* SPDX-License-Identifier: MIT */
/*
 * Real messages: two conversations of another implementation, and the example of RFC 7634. They are
 * read, opened, summed up as the other side's log did, written again to the same bytes, and then
 * cut and bent in every place.
 */
#include <kselftest_harness.h>

#include "ikev2/codec/builder.h"
#include "ikev2/codec/dump.h"
#include "ikev2/codec/proposal.h"
#include "ikev2/codec/sk.h"
#include "ikev2/codec/ts.h"
#include "common.h"
#include "golden.h"

static const struct conversation {
	struct crypto_suite suite;
	const struct golden_keys *keys;
	const struct golden_message *v;
	size_t n;
} conversations[] = {
	{ { CRYPTO_ENCR_AES_GCM_16, 256, CRYPTO_INTEG_NONE },
	  &golden_gcm_keys,
	  golden_gcm,
	  ARRAY_SIZE(golden_gcm) },
	{ { CRYPTO_ENCR_AES_CBC, 128, CRYPTO_INTEG_HMAC_SHA256_128 },
	  &golden_cbc_keys,
	  golden_cbc,
	  ARRAY_SIZE(golden_cbc) },
};

FIXTURE(golden)
{
	struct crypto_ctx *ctx;
	struct aead_key *key[ARRAY_SIZE(conversations)][2]; /* [...][sent by the initiator?] */
	uint8_t plain[2048], again[2048];
	struct ike_message m;
};

FIXTURE_SETUP(golden)
{
	ASSERT_EQ(0, crypto_ctx_new(NULL, &self->ctx));
	for (size_t c = 0; c < ARRAY_SIZE(conversations); c++) {
		const struct golden_keys *keys = conversations[c].keys;

		for (int i = 0; i < 2; i++) {
			struct bytes encr = from_hex(i ? keys->encr_i : keys->encr_r);
			struct bytes integ = from_hex(i ? keys->integ_i : keys->integ_r);

			ASSERT_EQ(0, aead_key_new(self->ctx, &conversations[c].suite, encr, integ,
						  &self->key[c][i]));
			exact_free(encr);
			exact_free(integ);
		}
	}
}

FIXTURE_TEARDOWN(golden)
{
	for (size_t c = 0; c < ARRAY_SIZE(conversations); c++) {
		aead_key_free(self->key[c][0]);
		aead_key_free(self->key[c][1]);
	}
	crypto_ctx_free(self->ctx);
}

/* From our line of a message to what strongSwan logs: types of payloads and of notifies alone. */
static void simplify(const char *line, char *out)
{
	const char *p = strchr(line, '[');
	bool notify = false, skip = false;
	char *start = out;

	for (p += 2; *p && *p != ']'; p++) {
		if (strncmp(p, "SK { ", 5) == 0) {
			p += 4;
			continue;
		}
		if (*p == '}')
			break;
		if (*p == '(') {
			notify = p[-1] == 'N';
			skip = !notify;
		}
		if (notify && *p == ' ')
			skip = true;
		if (!skip || (notify && *p == ')'))
			*out++ = *p;
		if (*p == ')')
			notify = skip = false;
	}
	while (out > start && out[-1] == ' ')
		out--;
	*out = '\0';
}

TEST_F(golden, every_message_is_opened_and_says_what_the_peer_logged)
{
	for (size_t c = 0; c < ARRAY_SIZE(conversations); c++) {
		for (size_t i = 0; i < conversations[c].n; i++) {
			const struct golden_message *g = &conversations[c].v[i];
			struct bytes datagram = from_hex(g->hex);
			char line[IKE_DUMP_LEN], simple[IKE_DUMP_LEN];
			struct ike_message *m = &self->m;

			ASSERT_EQ(IKE_OK, ike_message_parse(datagram, m, NULL));
			EXPECT_EQ(g->exchange, m->header.exchange);
			EXPECT_EQ(g->message_id, m->header.message_id);
			EXPECT_EQ(g->response, ike_header_is_response(&m->header));
			EXPECT_EQ(g->from_initiator, ike_header_from_initiator(&m->header));
			if (g->exchange == IKE_EXCHANGE_IKE_SA_INIT) {
				EXPECT_EQ(IKE_PAYLOAD_NONE, m->encrypted_type);
			} else {
				ASSERT_EQ(IKE_OK, ike_sk_open(m, self->key[c][g->from_initiator],
							      self->plain, NULL));
			}
			EXPECT_EQ(IKE_OK, ike_message_check(m, NULL));
			simplify(ike_message_dump(m, line, sizeof(line)), simple);
			EXPECT_STREQ(g->summary, simple);
			exact_free(datagram);
		}
	}
}

TEST_F(golden, contents_are_what_was_configured)
{
	struct bytes init = from_hex(golden_gcm[0].hex), auth = from_hex(golden_gcm[2].hex);
	const struct ike_message *m = &self->m;
	char text[PROPOSAL_STRLEN];
	struct proposal_list proposals;
	struct ts_list selectors;
	struct ike_ke ke;
	struct ike_id id;

	ASSERT_EQ(IKE_OK, ike_message_parse(init, &self->m, NULL));
	ASSERT_EQ(IKE_OK,
		  sa_payload_parse(ike_message_find(m, IKE_PAYLOAD_SA, 0)->body, &proposals, NULL));
	ASSERT_EQ(1, proposals.n);
	EXPECT_STREQ("IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/ECP_384",
		     proposal_str(&proposals.v[0], text, sizeof(text)));
	ASSERT_EQ(IKE_OK, ike_ke_parse(ike_message_find(m, IKE_PAYLOAD_KE, 0)->body, &ke, NULL));
	EXPECT_EQ(IKE_KE_ECP_384, ke.method);
	EXPECT_EQ(96, ke.data.len);

	ASSERT_EQ(IKE_OK, ike_message_parse(auth, &self->m, NULL));
	ASSERT_EQ(IKE_OK, ike_sk_open(&self->m, self->key[0][1], self->plain, NULL));
	ASSERT_EQ(IKE_OK, ike_id_parse(ike_message_find(m, IKE_PAYLOAD_IDI, 0)->body, &id, NULL));
	EXPECT_EQ(IKE_ID_FQDN, id.type);
	EXPECT_TRUE(bytes_equal(bytes_str("left.example"), id.data));
	ASSERT_EQ(IKE_OK, ts_payload_parse(ike_message_find(m, IKE_PAYLOAD_TSI, 0)->body,
					   &selectors, NULL));
	ASSERT_EQ(1, selectors.n);
	EXPECT_STREQ("10.1.0.0/24", ts_str(&selectors.v[0], (char[TS_STRLEN]){ 0 }));
	exact_free(init);
	exact_free(auth);
}

/* Read a body as what it is, and write that; the bodies without a form of their own as they are. */
static void write_again(struct __test_metadata *_metadata, struct writer *w, uint8_t type,
			struct bytes body)
{
	struct proposal_list proposals;
	struct ts_list selectors;
	struct ike_notify notify;
	struct ike_delete delete;
	struct ike_auth auth;
	struct bytes nonce;
	struct ike_ke ke;
	struct ike_id id;

	switch (type) {
	case IKE_PAYLOAD_SA:
		ASSERT_EQ(IKE_OK, sa_payload_parse(body, &proposals, NULL));
		sa_payload_write(w, &proposals);
		break;
	case IKE_PAYLOAD_KE:
		ASSERT_EQ(IKE_OK, ike_ke_parse(body, &ke, NULL));
		ike_ke_write(w, ke.method, ke.data);
		break;
	case IKE_PAYLOAD_IDI:
	case IKE_PAYLOAD_IDR:
		ASSERT_EQ(IKE_OK, ike_id_parse(body, &id, NULL));
		ike_id_write(w, id.type, id.data);
		break;
	case IKE_PAYLOAD_AUTH:
		ASSERT_EQ(IKE_OK, ike_auth_parse(body, &auth, NULL));
		ike_auth_write(w, auth.method, auth.data);
		break;
	case IKE_PAYLOAD_NONCE:
		ASSERT_EQ(IKE_OK, ike_nonce_parse(body, &nonce, NULL));
		ike_nonce_write(w, nonce);
		break;
	case IKE_PAYLOAD_N:
		ASSERT_EQ(IKE_OK, ike_notify_parse(body, &notify, NULL));
		ike_notify_write(w, &notify);
		break;
	case IKE_PAYLOAD_D:
		ASSERT_EQ(IKE_OK, ike_delete_parse(body, &delete, NULL));
		if (delete.protocol == IKE_PROTOCOL_IKE) {
			ike_delete_write_ike(w);
		} else {
			uint32_t spis[8];

			ASSERT_LE(delete.n_spis, ARRAY_SIZE(spis));
			for (size_t i = 0; i < delete.n_spis; i++)
				spis[i] = ike_delete_spi(&delete, i);
			ike_delete_write_spis(w, delete.protocol, spis, delete.n_spis);
		}
		break;
	case IKE_PAYLOAD_TSI:
	case IKE_PAYLOAD_TSR:
		ASSERT_EQ(IKE_OK, ts_payload_parse(body, &selectors, NULL));
		ts_payload_write(w, &selectors);
		break;
	default:
		ASSERT_TRUE(false) TH_LOG("no writer for payload %u", type);
	}
}

/* For encrypted messages: the plaintext that was opened is compared, up to its padding. */
TEST_F(golden, every_message_is_written_again_to_the_same_bytes)
{
	for (size_t c = 0; c < ARRAY_SIZE(conversations); c++) {
		for (size_t i = 0; i < conversations[c].n; i++) {
			const struct golden_message *g = &conversations[c].v[i];
			struct bytes datagram = from_hex(g->hex), again, want = datagram;
			struct ike_message *m = &self->m;
			struct ike_builder b;
			struct writer w;

			ASSERT_EQ(IKE_OK, ike_message_parse(datagram, m, NULL));
			if (m->encrypted_type == IKE_PAYLOAD_SK) {
				ASSERT_EQ(IKE_OK, ike_sk_open(m, self->key[c][g->from_initiator],
							      self->plain, NULL));
			}
			writer_init_fixed(&w, self->again, sizeof(self->again));
			ike_builder_init(&b, &w, &m->header);
			for (size_t p = 0; p < m->n; p++) {
				write_again(_metadata, ike_builder_payload(&b, m->v[p].type),
					    m->v[p].type, m->v[p].body);
			}
			ASSERT_EQ(0, ike_builder_finish(&b, &again));
			if (m->opened) {
				again = BYTES(again.data + IKE_HEADER_LEN,
					      again.len - IKE_HEADER_LEN);
				want = BYTES(self->plain, again.len);
			}
			EXPECT_TRUE(bytes_equal(want, again))
			{
				TH_LOG("conversation %zu, message %zu", c, i);
			}
			exact_free(datagram);
		}
	}
}

/* RFC 7634 Appendix B. */
TEST_F(golden, chacha20_poly1305_example_of_the_rfc_is_opened)
{
	struct crypto_suite suite = { CRYPTO_ENCR_CHACHA20_POLY1305, 256, CRYPTO_INTEG_NONE };
	struct bytes encr = from_hex("808182838485868788898a8b8c8d8e8f"
				     "909192939495969798999a9b9c9d9e9f a0a1a2a3");
	struct bytes datagram = from_hex("c0c1c2c3c4c5c6c7d0d1d2d3d4d5d6d7"
					 "2e202500000000090000004529000029"
					 "101112131415161761039470 1f8d017f"
					 "7c129248896b71bfe25236efd7cdc670"
					 "66906315b2");
	struct ike_notify notify;
	struct aead_key *key;

	ASSERT_EQ(0, aead_key_new(self->ctx, &suite, encr, BYTES_NONE, &key));
	ASSERT_EQ(IKE_OK, ike_message_parse(datagram, &self->m, NULL));
	ASSERT_EQ(IKE_OK, ike_sk_open(&self->m, key, self->plain, NULL));
	ASSERT_EQ(1, self->m.n);
	ASSERT_TRUE(ike_message_find_notify(&self->m, IKE_NOTIFY_SET_WINDOW_SIZE, 0, &notify));
	EXPECT_TRUE(bytes_equal(BYTES("\0\0\0\x0a", 4), notify.data));
	aead_key_free(key);
	exact_free(encr);
	exact_free(datagram);
}

/* Everything that is done with bytes from a peer; returns the verdict of the first step. */
static int take_all(FIXTURE_DATA(golden) * self, size_t c, bool from_initiator,
		    struct bytes datagram)
{
	struct bytes exact = exact_copy(datagram);
	char line[IKE_DUMP_LEN];
	int verdict = ike_message_parse(exact, &self->m, NULL);

	if (verdict != IKE_IGNORE) {
		if (self->m.encrypted_type == IKE_PAYLOAD_SK)
			ike_sk_open(&self->m, self->key[c][from_initiator], self->plain, NULL);
		ike_message_check(&self->m, NULL);
		ike_message_dump(&self->m, line, sizeof(line));
	}
	exact_free(exact);
	return verdict;
}

TEST_F(golden, no_truncated_message_is_taken)
{
	for (size_t c = 0; c < ARRAY_SIZE(conversations); c++) {
		for (size_t i = 0; i < conversations[c].n; i++) {
			const struct golden_message *g = &conversations[c].v[i];
			struct bytes datagram = from_hex(g->hex);
			uint8_t *data = (uint8_t *)datagram.data;

			for (size_t len = 0; len < datagram.len; len++) {
				/* As it is, and with the header's length made to agree. */
				EXPECT_NE(IKE_OK,
					  take_all(self, c, g->from_initiator, BYTES(data, len)));
				if (len < IKE_HEADER_LEN)
					continue;
				data[26] = (uint8_t)(len >> 8);
				data[27] = (uint8_t)len;
				EXPECT_NE(IKE_OK,
					  take_all(self, c, g->from_initiator, BYTES(data, len)));
				data[26] = (uint8_t)(datagram.len >> 8);
				data[27] = (uint8_t)datagram.len;
			}
			exact_free(datagram);
		}
	}
}

/*
 * Bits of the clear bytes, and then of the decrypted ones, where no integrity check stands before
 * the parsers.
 */
TEST_F(golden, flipped_bits_never_open_and_never_harm)
{
	for (size_t c = 0; c < ARRAY_SIZE(conversations); c++) {
		for (size_t i = 0; i < conversations[c].n; i++) {
			const struct golden_message *g = &conversations[c].v[i];
			struct bytes datagram = from_hex(g->hex);
			uint8_t *data = (uint8_t *)datagram.data;

			for (size_t bit = 0; bit < datagram.len * 8; bit++) {
				data[bit / 8] ^= 1 << bit % 8;
				take_all(self, c, g->from_initiator, datagram);
				EXPECT_FALSE(self->m.opened);
				data[bit / 8] ^= 1 << bit % 8;
			}
			exact_free(datagram);
		}
	}
}

TEST_F(golden, flipped_bits_of_the_plaintext_never_harm)
{
	for (size_t c = 0; c < ARRAY_SIZE(conversations); c++) {
		for (size_t i = 2; i < conversations[c].n; i++) {
			const struct golden_message *g = &conversations[c].v[i];
			struct bytes datagram = from_hex(g->hex);
			struct ike_message *m = &self->m;
			size_t len;

			ASSERT_EQ(IKE_OK, ike_message_parse(datagram, m, NULL));
			ASSERT_EQ(IKE_OK, ike_sk_open(m, self->key[c][g->from_initiator],
						      self->plain, NULL));
			if (m->n == 0) {
				exact_free(datagram);
				continue;
			}
			len = (size_t)(m->v[m->n - 1].body.data + m->v[m->n - 1].body.len -
				       self->plain);
			for (size_t bit = 0; bit < len * 8; bit++) {
				char line[IKE_DUMP_LEN];
				struct bytes chain;

				self->plain[bit / 8] ^= 1 << bit % 8;
				chain = exact_copy(BYTES(self->plain, len));
				m->n = 0;
				ike_message_append_inner(m, chain, NULL);
				ike_message_check(m, NULL);
				ike_message_dump(m, line, sizeof(line));
				self->plain[bit / 8] ^= 1 << bit % 8;
				exact_free(chain);
			}
			exact_free(datagram);
		}
	}
}

TEST_HARNESS_MAIN
