/* SPDX-License-Identifier: MIT */
/*
 * The encrypted payload under fixed keys. The first octet chooses: a datagram as it came, which
 * must not open; or content that is sealed first, so that what lies behind the integrity check is
 * reached. The second is then the type of the first inner payload.
 */
#include "fuzz.h"

#include "ikev2/codec/builder.h"
#include "ikev2/codec/sk.h"

static const struct crypto_suite suites[] = {
	{ CRYPTO_ENCR_AES_GCM_16, 256, CRYPTO_INTEG_NONE },
	{ CRYPTO_ENCR_AES_CBC, 128, CRYPTO_INTEG_HMAC_SHA256_128 },
};

static struct aead_key *key_of(size_t suite)
{
	static const uint8_t bytes[CRYPTO_INTEG_KEY_MAX] = "a key that everybody knows";
	static struct aead_key *keys[ARRAY_SIZE(suites)];
	static struct crypto_ctx *ctx;
	const struct crypto_suite *s = &suites[suite];

	if (!ctx)
		FUZZ_CHECK(crypto_ctx_new(NULL, &ctx) == 0);
	if (!keys[suite])
		FUZZ_CHECK(aead_key_new(ctx, s, BYTES(bytes, crypto_suite_encr_key_len(s)),
					BYTES(bytes, crypto_suite_integ_key_len(s)),
					&keys[suite]) == 0);
	return keys[suite];
}

static void open_datagram(struct bytes datagram, struct aead_key *key)
{
	struct ike_message m;
	uint8_t *plain;

	if (ike_message_parse(datagram, &m, NULL) != IKE_OK)
		return;
	plain = malloc(m.encrypted.len + 1);
	FUZZ_CHECK(plain);
	FUZZ_CHECK(ike_sk_open(&m, key, plain, NULL) == IKE_IGNORE);
	FUZZ_CHECK(!m.opened);
	free(plain);
}

/* The builder's padding stands behind the content's own. */
static void open_content(uint8_t first, struct bytes content, struct aead_key *key)
{
	struct ike_header header = { .spi_i = 1, .spi_r = 2 };
	static uint8_t buf[IKE_MESSAGE_MAX];
	struct ike_fault fault = { 0 };
	struct bytes message;
	struct ike_builder b;
	struct ike_message m;
	struct writer w;
	int verdict;

	writer_init_fixed(&w, buf, sizeof(buf));
	ike_builder_init(&b, &w, &header);
	ike_builder_encrypt(&b, key);
	writer_bytes(&w, content);
	writer_patch_u8(&w, b.sk_at, first);
	if (ike_builder_finish(&b, &message))
		return;
	FUZZ_CHECK(ike_message_parse(message, &m, NULL) == IKE_OK);
	verdict = ike_sk_open(&m, key, (uint8_t *)m.encrypted.data, &fault);
	FUZZ_CHECK(m.opened && verdict != IKE_IGNORE);
	FUZZ_CHECK((verdict == IKE_OK) == (fault.reason == NULL));
	for (size_t i = 0; i < m.n; i++)
		FUZZ_CHECK(m.v[i].encrypted);
	ike_message_check(&m, NULL);
}

int fuzz_sk(const uint8_t *data, size_t len)
{
	struct aead_key *key;

	if (len < 2)
		return 0;
	key = key_of(data[0] & 1);
	if (data[0] & 2)
		open_content(data[1], BYTES(data + 2, len - 2), key);
	else
		open_datagram(BYTES(data + 1, len - 1), key);
	return 0;
}
