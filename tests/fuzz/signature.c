/* SPDX-License-Identifier: MIT */
/*
 * The Authentication Data of a Digital Signature (RFC 7427 3): an AlgorithmIdentifier, which comes
 * from somebody who has not shown yet who it is. One that is taken can be written, and means the
 * same then.
 */
#include "fuzz.h"

#include "ikev2/auth/signature_alg.h"

static void same_when_written(enum crypto_key_type type, const struct crypto_sign_scheme *scheme)
{
	struct crypto_sign_scheme again;
	uint8_t buf[256];
	struct bytes signature;
	struct writer w;
	unsigned types;

	writer_init_fixed(&w, buf, sizeof(buf));
	FUZZ_CHECK(signature_alg_write(&w, type, scheme) == 0 && !w.err);
	FUZZ_CHECK(signature_alg_parse(writer_view(&w), &again, &types, &signature) == 0);
	FUZZ_CHECK(types & 1u << type && signature.len == 0);
	FUZZ_CHECK(again.padding == scheme->padding);
	FUZZ_CHECK(again.hash == scheme->hash || scheme->padding == CRYPTO_EDDSA);
	FUZZ_CHECK(again.salt_len == scheme->salt_len);
}

/* An ECDSA value goes from one form to the other and back. */
static void convert(struct bytes der, size_t value_len)
{
	uint8_t raw[2 * 66], again[2 * 66];
	uint8_t buf[256];
	struct writer w;

	if (crypto_ecdsa_to_raw(der, value_len, raw) < 0)
		return;
	writer_init_fixed(&w, buf, sizeof(buf));
	if (crypto_ecdsa_to_der(BYTES(raw, 2 * value_len), value_len, &w) < 0)
		return;
	FUZZ_CHECK(crypto_ecdsa_to_raw(writer_view(&w), value_len, again) == 0);
	FUZZ_CHECK(memcmp(raw, again, 2 * value_len) == 0);
}

int fuzz_signature(const uint8_t *data, size_t len)
{
	struct crypto_sign_scheme scheme;
	struct bytes signature = BYTES(data, len);
	char text[SIGNATURE_ALG_STRLEN];
	unsigned types = 0;

	signature_hashes_parse(signature);
	if (signature_alg_parse(signature, &scheme, &types, &signature) == 0) {
		FUZZ_CHECK(types && signature.len < len);
		signature_alg_str(&scheme, text);
		signature_alg_hash(&scheme);
	}
	for (enum crypto_key_type type = 0; type < CRYPTO_KEY_N; type++) {
		if (types & 1u << type)
			same_when_written(type, &scheme);
		if (crypto_ecdsa_value_len(type))
			convert(signature, crypto_ecdsa_value_len(type));
	}
	return 0;
}
