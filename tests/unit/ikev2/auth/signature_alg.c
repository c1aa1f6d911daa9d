/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <kselftest_harness.h>

#include "ikev2/auth/signature_alg.h"
#include "tests/vectors/hex.h"

#define RSA   CRYPTO_KEY_RSA
#define P256  CRYPTO_KEY_ECDSA_P256
#define P521  CRYPTO_KEY_ECDSA_P521
#define PSS256_TAIL "0609608648016503040201"

static const struct {
	const char *der; /* with the length octet */
	enum crypto_key_type type;
	struct crypto_sign_scheme scheme;
} known[] = {
	/* RFC 7427 A.1.1 to A.1.4 */
	{ "0f300d06092a864886f70d0101050500", RSA, { CRYPTO_PKCS1, CRYPTO_HASH_SHA1, 0 } },
	{ "0f300d06092a864886f70d01010b0500", RSA, { CRYPTO_PKCS1, CRYPTO_HASH_SHA256, 0 } },
	{ "0f300d06092a864886f70d01010c0500", RSA, { CRYPTO_PKCS1, CRYPTO_HASH_SHA384, 0 } },
	{ "0f300d06092a864886f70d01010d0500", RSA, { CRYPTO_PKCS1, CRYPTO_HASH_SHA512, 0 } },
	/* A.3.1 to A.3.4 */
	{ "0b300906072a8648ce3d0401", P256, { CRYPTO_ECDSA_DER, CRYPTO_HASH_SHA1, 0 } },
	{ "0c300a06082a8648ce3d040302", P256, { CRYPTO_ECDSA_DER, CRYPTO_HASH_SHA256, 0 } },
	{ "0c300a06082a8648ce3d040303", P521, { CRYPTO_ECDSA_DER, CRYPTO_HASH_SHA384, 0 } },
	{ "0c300a06082a8648ce3d040304", P521, { CRYPTO_ECDSA_DER, CRYPTO_HASH_SHA512, 0 } },
	/* A.4.3, but in DER: without the trailer's default value */
	{ "43304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f7"
	  "0d010108300d06096086480165030402010500a203020120",
	  RSA, { CRYPTO_PSS, CRYPTO_HASH_SHA256, 32 } },
	/* RFC 8420 A.1, A.2 */
	{ "07300506032b6570", CRYPTO_KEY_ED25519, { CRYPTO_EDDSA, CRYPTO_HASH_SHA512, 0 } },
	{ "07300506032b6571", CRYPTO_KEY_ED448, { CRYPTO_EDDSA, CRYPTO_HASH_SHA512, 0 } },
};

TEST(identifiers_of_the_rfcs_are_written_and_read)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		struct bytes expected = HEX(known[i].der), signature;
		struct crypto_sign_scheme scheme;
		uint8_t buf[256];
		struct writer w;
		unsigned types;

		writer_init_fixed(&w, buf, sizeof(buf));
		EXPECT_EQ(0, signature_alg_write(&w, known[i].type, &known[i].scheme));
		EXPECT_TRUE(bytes_equal(expected, writer_view(&w)))
		{
			TH_LOG("case %zu", i);
		}
		writer_bytes(&w, bytes_str("signature"));
		ASSERT_EQ(0, signature_alg_parse(writer_view(&w), &scheme, &types, &signature));
		EXPECT_EQ(known[i].scheme.padding, scheme.padding);
		EXPECT_EQ(known[i].scheme.hash, scheme.hash);
		EXPECT_EQ(known[i].scheme.salt_len, scheme.salt_len);
		EXPECT_TRUE(types & 1u << known[i].type);
		EXPECT_TRUE(bytes_equal(bytes_str("signature"), signature));
	}
}

TEST(pss_parameters_may_leave_defaults_out)
{
	static const struct {
		const char *der;
		int err;
		enum crypto_hash hash;
		size_t salt;
	} cases[] = {
		/* RFC 7427 A.4.1, A.4.2: SHA-1 */
		{ "0f300d06092a864886f70d01010a3000", 0, CRYPTO_HASH_SHA1, 20 },
		{ "40303e06092a864886f70d01010a3031a00b300906052b0e03021a0500a118301606092a864886f7"
		  "0d010108300906052b0e03021a0500a203020114a303020101",
		  0, CRYPTO_HASH_SHA1, 20 },
		/* A.4.3: all of it */
		{ "48304606092a864886f70d01010a3039a00f300d06096086480165030402010500a11c301a06092a"
		  "864886f70d010108300d06096086480165030402010500a203020120a303020101",
		  0, CRYPTO_HASH_SHA256, 32 },
		/* SHA-256 without the trailer and without the NULLs, a salt of 48 */
		{ "3f303d06092a864886f70d01010a3030a00d300b0609608648016503040201a11a301806092a8648"
		  "86f70d010108300b0609608648016503040201a203020130",
		  0, CRYPTO_HASH_SHA256, 48 },
		/* SHA-256, but MGF1 with SHA-1 */
		{ "23302106092a864886f70d01010a3014a00d300b0609608648016503040201a203020120", -ENOTSUP,
		  0, 0 },
		/* no parameters at all, an unknown trailer, something behind */
		{ "0d300b06092a864886f70d01010a", -EBADMSG, 0, 0 },
		{ "14301206092a864886f70d01010a3005a303020102", -ENOTSUP, 0, 0 },
		{ "14301206092a864886f70d01010a3005a403020102", -EBADMSG, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct crypto_sign_scheme scheme = { 0 };
		struct bytes signature;
		unsigned types;

		EXPECT_EQ(cases[i].err, signature_alg_parse(HEX(cases[i].der), &scheme, &types,
							    &signature))
		{
			TH_LOG("case %zu", i);
		}
		if (cases[i].err)
			continue;
		EXPECT_EQ(CRYPTO_PSS, scheme.padding);
		EXPECT_EQ(cases[i].hash, scheme.hash);
		EXPECT_EQ(cases[i].salt, scheme.salt_len);
	}
}

TEST(malformed_and_unknown_identifiers_are_told_apart)
{
	static const struct {
		const char *der;
		int err;
	} cases[] = {
		{ "", -EBADMSG },
		{ "00", -EBADMSG },
		{ "0f300d", -EBADMSG },
		{ "07310506032b6570", -EBADMSG },
		{ "07300406032b6570", -EBADMSG },
		{ "09300706032b65700100", -EBADMSG },  /* a BOOLEAN for parameters */
		{ "09300706032b65700500", 0 },	       /* NULL where none belongs */
		{ "0d300b06092a864886f70d01010b", 0 }, /* none where NULL belongs */
		{ "07300506032b6572", -ENOTSUP },
		{ "09300706052b24030201", -ENOTSUP },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct crypto_sign_scheme scheme;
		struct bytes data = HEX(cases[i].der), signature;
		/* Exactly as long as it is, for AddressSanitizer. */
		uint8_t *exact = malloc(data.len ? data.len : 1);
		unsigned types;

		memcpy(exact, data.data, data.len);
		EXPECT_EQ(cases[i].err,
			  signature_alg_parse(BYTES(exact, data.len), &scheme, &types, &signature))
		{
			TH_LOG("case %zu", i);
		}
		free(exact);
	}
}

/* RFC 8247 3.2, RFC 7427 4 */
TEST(hash_algorithms_are_announced_without_sha1)
{
	uint8_t buf[32];
	struct writer w;
	unsigned set;

	writer_init_fixed(&w, buf, sizeof(buf));
	signature_hashes_write(&w);
	EXPECT_TRUE(bytes_equal(HEX("0002000300040005"), writer_view(&w)));
	set = signature_hashes_parse(writer_view(&w));
	EXPECT_EQ(1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5, set);
	EXPECT_EQ(1 | 1u << 4, signature_hashes_parse(HEX("0400000404ff12")));
	EXPECT_EQ(1, signature_hashes_parse(BYTES_NONE));
}

TEST_HARNESS_MAIN
