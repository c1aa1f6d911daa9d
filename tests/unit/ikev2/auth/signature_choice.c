/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <kselftest_harness.h>

#include "ikev2/auth/signature_alg.h"
#include "ikev2/auth/signature_choice.h"
#include "pdk/crypto/private_key.h"
#include "tests/unit/pdk/crypto/keys.h"

#define H256 (1u << IKE_SIG_HASH_SHA2_256)
#define H384 (1u << IKE_SIG_HASH_SHA2_384)
#define H512 (1u << IKE_SIG_HASH_SHA2_512)
#define HID  (1u << IKE_SIG_HASH_IDENTITY)
#define ALL  (H256 | H384 | H512 | HID)
#define H1   (1u << IKE_SIG_HASH_SHA1)
/* Hashes that we don't know. */
#define HNEW SIGNATURE_HASHES_SAID

TEST(way_to_sign_follows_key_peer_and_constraints)
{
	static const struct {
		const char *auth;
		enum crypto_key_type type;
		unsigned bits, hashes;
		int method; /* or -ENOTSUP */
		struct crypto_sign_scheme scheme;
	} cases[] = {
		{ "pubkey", CRYPTO_KEY_RSA, 2048, ALL, 14, { CRYPTO_PSS, CRYPTO_HASH_SHA256, 0 } },
		{ "pubkey", CRYPTO_KEY_RSA, 4096, ALL, 14, { CRYPTO_PSS, CRYPTO_HASH_SHA384, 0 } },
		{ "pubkey", CRYPTO_KEY_RSA, 2048, H512, 14, { CRYPTO_PSS, CRYPTO_HASH_SHA512, 0 } },
		{ "pubkey", CRYPTO_KEY_RSA, 2048, 0, 1, { CRYPTO_PKCS1, CRYPTO_HASH_SHA1, 0 } },
		/* RFC 7427 3: no old method for who has announced; RFC 8247 3.2: no SHA-1. */
		{ "pubkey", CRYPTO_KEY_RSA, 2048, H1, -ENOTSUP },
		{ "pubkey", CRYPTO_KEY_RSA, 2048, HNEW, -ENOTSUP },
		{ "rsa-sha1", CRYPTO_KEY_RSA, 2048, H1 | H256, 14, { CRYPTO_PKCS1, CRYPTO_HASH_SHA1, 0 } },
		{ "rsa-sha1", CRYPTO_KEY_RSA, 2048, H256, -ENOTSUP },
		{ "rsa-sha1", CRYPTO_KEY_RSA, 2048, 0, 1, { CRYPTO_PKCS1, CRYPTO_HASH_SHA1, 0 } },
		{ "pubkey", CRYPTO_KEY_ECDSA_P256, 256, HNEW, -ENOTSUP },
		{ "pubkey", CRYPTO_KEY_ECDSA_P256, 256, 0, 9, { CRYPTO_ECDSA_RAW, CRYPTO_HASH_SHA256, 0 } },
		{ "rsa-sha384", CRYPTO_KEY_RSA, 2048, ALL, 14, { CRYPTO_PKCS1, CRYPTO_HASH_SHA384, 0 } },
		{ "ike:rsa/pss-sha512", CRYPTO_KEY_RSA, 2048, ALL, 14, { CRYPTO_PSS, CRYPTO_HASH_SHA512, 0 } },
		{ "ike:rsa/pss-sha512", CRYPTO_KEY_RSA, 2048, H256, -ENOTSUP },
		{ "rsa/pss", CRYPTO_KEY_RSA, 2048, 0, -ENOTSUP },
		{ "pubkey-sha512-ike:pubkey-sha256", CRYPTO_KEY_RSA, 2048, ALL, 14, { CRYPTO_PSS, CRYPTO_HASH_SHA256, 0 } },
		{ "pubkey", CRYPTO_KEY_ECDSA_P256, 256, ALL, 14, { CRYPTO_ECDSA_DER, CRYPTO_HASH_SHA256, 0 } },
		{ "pubkey", CRYPTO_KEY_ECDSA_P384, 384, ALL, 14, { CRYPTO_ECDSA_DER, CRYPTO_HASH_SHA384, 0 } },
		{ "pubkey", CRYPTO_KEY_ECDSA_P384, 384, H256 | H512, 14, { CRYPTO_ECDSA_DER, CRYPTO_HASH_SHA256, 0 } },
		{ "pubkey", CRYPTO_KEY_ECDSA_P521, 521, 0, 11, { CRYPTO_ECDSA_RAW, CRYPTO_HASH_SHA512, 0 } },
		{ "pubkey-sha384", CRYPTO_KEY_ECDSA_P384, 384, 0, 10, { CRYPTO_ECDSA_RAW, CRYPTO_HASH_SHA384, 0 } },
		{ "pubkey-sha256", CRYPTO_KEY_ECDSA_P384, 384, 0, -ENOTSUP },
		{ "pubkey", CRYPTO_KEY_ED25519, 256, ALL, 14, { CRYPTO_EDDSA, CRYPTO_HASH_SHA256, 0 } },
		{ "pubkey", CRYPTO_KEY_ED25519, 256, H256, -ENOTSUP },
		{ "pubkey", CRYPTO_KEY_ED448, 448, 0, -ENOTSUP },
		{ "ed448-identity", CRYPTO_KEY_ED448, 448, HID, 14, { CRYPTO_EDDSA, CRYPTO_HASH_SHA256, 0 } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct auth_constraints c;
		struct signature_choice choice = { 0 };
		int err;

		ASSERT_EQ(0, auth_constraints_parse(cases[i].auth, &c, NULL));
		err = signature_choose(cases[i].type, cases[i].bits, cases[i].hashes, &c, &choice);
		EXPECT_EQ(cases[i].method, err ? err : (int)choice.method)
		{
			TH_LOG("case %zu, %s", i, cases[i].auth);
		}
		if (err || cases[i].method < 0)
			continue;
		EXPECT_EQ(cases[i].scheme.padding, choice.scheme.padding)
		{
			TH_LOG("case %zu, %s", i, cases[i].auth);
		}
		if (choice.scheme.padding != CRYPTO_EDDSA)
			EXPECT_EQ(cases[i].scheme.hash, choice.scheme.hash)
			{
				TH_LOG("case %zu, %s", i, cases[i].auth);
			}
	}
}

static struct private_key *make_key(enum crypto_key_type type)
{
	EVP_PKEY *pkey = test_pkey(type);
	struct bytes data = test_pkcs8(pkey, false, NULL);
	struct private_key *key = NULL;

	private_key_from_file(data, BYTES_NONE, &key);
	EVP_PKEY_free(pkey);
	free((void *)data.data);
	return key;
}

/* The body of an AUTH payload by this choice over octets, read again. buf: its memory. */
static int make_auth(const struct private_key *key, const struct signature_choice *choice,
		     const struct bytes *octets, size_t n, uint8_t *buf, size_t size,
		     struct ike_auth *ret_auth)
{
	enum crypto_key_type type = public_key_type(private_key_public(key));
	struct writer w, body;
	int err;

	writer_init_heap(&w, CRYPTO_SIGNATURE_MAX);
	writer_init_fixed(&body, buf, size);
	err = private_key_sign(key, &choice->scheme, octets, n, &w);
	if (err == 0)
		err = signature_write(&body, type, choice, writer_view(&w));
	writer_fini(&w);
	if (err == 0)
		ike_auth_parse(writer_view(&body), ret_auth, NULL);
	return err;
}

/* RFC 8247 3.1, 3.2 */
TEST(every_key_is_verified_by_the_methods_it_signs_with)
{
	const struct bytes octets[] = { bytes_str("message"), bytes_str("nonce") };
	const struct bytes others[] = { bytes_str("message"), bytes_str("nonse") };

	for (enum crypto_key_type type = 0; type < CRYPTO_KEY_N; type++) {
		struct private_key *key = make_key(type), *other = make_key(type);
		const struct public_key *public = private_key_public(key);

		for (int old = 0; old < 2; old++) {
			const struct auth_constraints none = AUTH_CONSTRAINTS_NONE;
			unsigned hashes = old ? 0 : ALL;
			struct signature_choice choice;
			struct ike_auth auth;
			uint8_t buf[1024];
			const char *why = NULL;

			if (signature_choose(type, public_key_bits(public), old ? 0 : ALL, &none,
					     &choice))
				continue;
			ASSERT_EQ(0, make_auth(key, &choice, octets, 2, buf, sizeof(buf), &auth));
			EXPECT_EQ(0, signature_check(&auth, public, hashes, &none, octets, 2, &why))
			{
				TH_LOG("type %d, old %d: %s", type, old, why);
			}
			EXPECT_EQ(1, signature_check(&auth, public, hashes, &none, others, 2, &why));
			EXPECT_NE(NULL, why);
			EXPECT_EQ(1, signature_check(&auth, private_key_public(other), hashes, &none,
						     octets, 2, &why));
		}
		private_key_unref(key);
		private_key_unref(other);
	}
}

/* What the verifier refuses although the signature is right. */
TEST(what_constraints_forbid_is_refused)
{
	static const struct {
		const char *auth;
		enum crypto_key_type type;
		struct signature_choice choice;
		int result;
		unsigned hashes;
	} cases[] = {
		{ "pubkey", CRYPTO_KEY_RSA, { 14, { CRYPTO_PKCS1, CRYPTO_HASH_SHA1, 0 } }, 1 },
		{ "rsa-sha1", CRYPTO_KEY_RSA, { 14, { CRYPTO_PKCS1, CRYPTO_HASH_SHA1, 0 } }, 0 },
		{ "pubkey", CRYPTO_KEY_RSA, { 1, { CRYPTO_PKCS1, CRYPTO_HASH_SHA1, 0 } }, 0 },
		{ "pubkey", CRYPTO_KEY_RSA, { 1, { CRYPTO_PKCS1, CRYPTO_HASH_SHA512, 0 } }, 0 },
		{ "pubkey-sha256", CRYPTO_KEY_RSA, { 1, { CRYPTO_PKCS1, CRYPTO_HASH_SHA1, 0 } }, 1 },
		{ "pubkey-sha256", CRYPTO_KEY_RSA, { 1, { CRYPTO_PKCS1, CRYPTO_HASH_SHA256, 0 } }, 0 },
		{ "rsa/pss-sha256", CRYPTO_KEY_RSA, { 14, { CRYPTO_PKCS1, CRYPTO_HASH_SHA256, 0 } }, 1 },
		{ "rsa/pss-sha256", CRYPTO_KEY_RSA, { 14, { CRYPTO_PSS, CRYPTO_HASH_SHA256, 0 } }, 0 },
		{ "pubkey", CRYPTO_KEY_RSA, { 14, { CRYPTO_PSS, CRYPTO_HASH_SHA256, 8 } }, 1 },
		{ "rsa-3072", CRYPTO_KEY_RSA, { 14, { CRYPTO_PSS, CRYPTO_HASH_SHA256, 0 } }, 1 },
		{ "ecdsa", CRYPTO_KEY_RSA, { 14, { CRYPTO_PSS, CRYPTO_HASH_SHA256, 0 } }, 1 },
		{ "rsa-ecdsa", CRYPTO_KEY_RSA, { 14, { CRYPTO_PSS, CRYPTO_HASH_SHA256, 0 } }, 0 },
		{ "ecdsa-384", CRYPTO_KEY_ECDSA_P256, { 14, { CRYPTO_ECDSA_DER, CRYPTO_HASH_SHA256, 0 } }, 1 },
		{ "ecdsa-256-sha384", CRYPTO_KEY_ECDSA_P256, { 9, { CRYPTO_ECDSA_RAW, CRYPTO_HASH_SHA256, 0 } }, 1 },
		/* Who announces hashes has better ones than SHA-1: RFC 7427 3. */
		{ "pubkey", CRYPTO_KEY_RSA, { 1, { CRYPTO_PKCS1, CRYPTO_HASH_SHA1, 0 } }, 1, ALL },
		{ "pubkey", CRYPTO_KEY_RSA, { 1, { CRYPTO_PKCS1, CRYPTO_HASH_SHA1, 0 } }, 1, HNEW },
		{ "rsa-sha1", CRYPTO_KEY_RSA, { 1, { CRYPTO_PKCS1, CRYPTO_HASH_SHA1, 0 } }, 0, ALL },
		{ "pubkey", CRYPTO_KEY_RSA, { 1, { CRYPTO_PKCS1, CRYPTO_HASH_SHA256, 0 } }, 0, ALL },
		{ "pubkey", CRYPTO_KEY_ECDSA_P256, { 9, { CRYPTO_ECDSA_RAW, CRYPTO_HASH_SHA256, 0 } }, 0, ALL },
		/* Another curve's method. */
		{ "pubkey", CRYPTO_KEY_ECDSA_P256, { 10, { CRYPTO_ECDSA_RAW, CRYPTO_HASH_SHA384, 0 } }, 1 },
		{ "pubkey", CRYPTO_KEY_ECDSA_P256, { 2, { CRYPTO_ECDSA_RAW, CRYPTO_HASH_SHA256, 0 } }, 1 },
	};
	const struct bytes octets = bytes_str("octets");

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct private_key *key = make_key(cases[i].type);
		struct auth_constraints c;
		const char *why = NULL;
		struct ike_auth auth;
		uint8_t buf[1024];

		ASSERT_EQ(0, auth_constraints_parse(cases[i].auth, &c, NULL));
		ASSERT_EQ(0, make_auth(key, &cases[i].choice, &octets, 1, buf, sizeof(buf), &auth));
		EXPECT_EQ(cases[i].result, signature_check(&auth, private_key_public(key), cases[i].hashes,
							   &c, &octets, 1, &why))
		{
			TH_LOG("case %zu, %s: %s", i, cases[i].auth, why);
		}
		private_key_unref(key);
	}
}

TEST(words_that_mean_nothing_are_refused)
{
	static const char *const bad[] = { "",	      "rsa-",	     "rsa--sha256", "2048",
					   "sha256",  "rsa-sha3",    "pubkey-2048", "ed25519-256",
					   "rsa-1x",  "ike:",	     "ike:2048",    "ike:rsa-2048",
					   "rsa-9999999", "psk", "pubkey-aaaaaaaaaaaaaaaaaaaaaaaa" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct auth_constraints c;
		const char *expected = NULL;

		EXPECT_EQ(-EINVAL, auth_constraints_parse(bad[i], &c, &expected))
		{
			TH_LOG("%s", bad[i]);
		}
		EXPECT_NE(NULL, expected);
	}
}

TEST_HARNESS_MAIN
