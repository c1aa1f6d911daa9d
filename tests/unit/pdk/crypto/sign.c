/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include "pdk/crypto/private_key.h"
#include "fixture.h"
#include "keys.h"

struct sig_case {
	int tc;
	const char *spki, *message, *signature;
	int valid;
};

#define SIG(...) { __VA_ARGS__ },
static const struct sig_case ecdsa_p256[] = {
#include "tests/vectors/wycheproof_ecdsa_p256.inc"
}, ed25519[] = {
#include "tests/vectors/wycheproof_ed25519.inc"
}, ed448[] = {
#include "tests/vectors/wycheproof_ed448.inc"
}, rsa_pkcs1[] = {
#include "tests/vectors/wycheproof_rsa_pkcs1.inc"
}, rsa_pss[] = {
#include "tests/vectors/wycheproof_rsa_pss.inc"
};

static void check_cases(struct __test_metadata *_metadata, const struct sig_case *cases, size_t n,
			enum crypto_padding padding)
{
	const struct crypto_sign_scheme scheme = { padding, CRYPTO_HASH_SHA256, 0 };
	struct public_key *key = NULL;

	for (size_t i = 0; i < n; i++) {
		struct bytes message = HEX(cases[i].message), cut[2];
		int err;

		if (*cases[i].spki) {
			key = public_key_unref(key);
			ASSERT_EQ(0, public_key_from_spki(HEX(cases[i].spki), &key));
		}
		/* In two parts, as AUTH has its input in parts. */
		cut[0] = BYTES(message.data, message.len / 2);
		cut[1] = BYTES(message.data + message.len / 2, message.len - message.len / 2);
		err = public_key_verify(key, &scheme, cut, 2, HEX(cases[i].signature));
		EXPECT_EQ(cases[i].valid ? 0 : -EBADMSG, err)
		{
			TH_LOG("case %d", cases[i].tc);
		}
	}
	public_key_unref(key);
}

TEST_F(crypto, wycheproof_signatures_are_told_apart)
{
	check_cases(_metadata, ecdsa_p256, ARRAY_SIZE(ecdsa_p256), CRYPTO_ECDSA_DER);
	check_cases(_metadata, ed25519, ARRAY_SIZE(ed25519), CRYPTO_EDDSA);
	check_cases(_metadata, ed448, ARRAY_SIZE(ed448), CRYPTO_EDDSA);
	check_cases(_metadata, rsa_pkcs1, ARRAY_SIZE(rsa_pkcs1), CRYPTO_PKCS1);
	check_cases(_metadata, rsa_pss, ARRAY_SIZE(rsa_pss), CRYPTO_PSS);
}

/* RFC 4754 8.1: the signature of "abc" by ECDSA-256, r | s. */
TEST_F(crypto, rfc4754_signature_verifies_raw)
{
	static const char spki[] =
		"3059301306072a8648ce3d020106082a8648ce3d03010703420004"
		"2442A5CC0ECD015FA3CA31DC8E2BBC70BF42D60CBCA20085E0822CB04235E970"
		"6FC98BD7E50211A4A27102FA3549DF79EBCB4BF246B80945CDDFE7D509BBFD7D";
	static const char rs[] =
		"CB28E0999B9C7715FD0A80D8E47A77079716CBBF917DD72E97566EA1C066957C"
		"86FA3BB4E26CAD5BF90B7F81899256CE7594BB1EA0C89212748BFF3B3D5B0315";
	const struct crypto_sign_scheme scheme = { CRYPTO_ECDSA_RAW, CRYPTO_HASH_SHA256, 0 };
	const struct bytes abc = bytes_str("abc");
	struct public_key *key;

	ASSERT_EQ(0, public_key_from_spki(HEX(spki), &key));
	EXPECT_EQ(0, public_key_verify(key, &scheme, &abc, 1, HEX(rs)));
	EXPECT_EQ(-EBADMSG,
		  public_key_verify(key, &scheme, &abc, 1, BYTES(HEX(rs).data, 63)));
	public_key_unref(key);
}

static const struct crypto_sign_scheme schemes[] = {
	{ CRYPTO_PKCS1, CRYPTO_HASH_SHA1, 0 },	    { CRYPTO_PKCS1, CRYPTO_HASH_SHA512, 0 },
	{ CRYPTO_PSS, CRYPTO_HASH_SHA256, 0 },	    { CRYPTO_PSS, CRYPTO_HASH_SHA384, 20 },
	{ CRYPTO_ECDSA_DER, CRYPTO_HASH_SHA256, 0 }, { CRYPTO_ECDSA_DER, CRYPTO_HASH_SHA512, 0 },
	{ CRYPTO_ECDSA_RAW, CRYPTO_HASH_SHA384, 0 }, { CRYPTO_EDDSA, CRYPTO_HASH_SHA1, 0 },
};

static struct private_key *make_key(enum crypto_key_type type)
{
	EVP_PKEY *pkey = test_pkey(type);
	struct bytes data = test_pkcs8(pkey, true, NULL);
	struct private_key *key = NULL;

	private_key_from_file(data, BYTES_NONE, &key);
	EVP_PKEY_free(pkey);
	free((void *)data.data);
	return key;
}

TEST_F(crypto, every_key_signs_by_its_schemes_and_no_other)
{
	const struct bytes parts[] = { bytes_str("real message"), BYTES_NONE, bytes_str("octets") };
	const struct bytes other[] = { bytes_str("real message"), BYTES_NONE, bytes_str("octet5") };

	for (enum crypto_key_type type = 0; type < CRYPTO_KEY_N; type++) {
		struct private_key *key = make_key(type);

		ASSERT_NE(NULL, key);
		EXPECT_EQ(type, public_key_type(private_key_public(key)));
		EXPECT_FALSE(private_key_blocks(key));
		for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
			const struct public_key *public = private_key_public(key);
			struct writer w;
			int err;

			writer_init_heap(&w, CRYPTO_SIGNATURE_MAX);
			err = private_key_sign(key, &schemes[i], parts, 3, &w);
			if (!crypto_scheme_fits(&schemes[i], type)) {
				EXPECT_EQ(-EINVAL, err);
				writer_fini(&w);
				continue;
			}
			EXPECT_EQ(0, err);
			EXPECT_EQ(0, public_key_verify(public, &schemes[i], parts, 3,
						       writer_view(&w)));
			EXPECT_EQ(-EBADMSG, public_key_verify(public, &schemes[i], other, 3,
							      writer_view(&w)));
			EXPECT_EQ(-EBADMSG,
				  public_key_verify(public, &schemes[i], parts, 3, BYTES_NONE));
			writer_fini(&w);
		}
		private_key_unref(key);
	}
}

TEST_F(crypto, keys_come_from_every_form_of_file)
{
	for (enum crypto_key_type type = 0; type < CRYPTO_KEY_N; type++) {
		EVP_PKEY *pkey = test_pkey(type);

		for (int form = 0; form < 5; form++) {
			const char *password = form & 1 ? "some secret" : NULL;
			struct private_key *key = NULL;
			struct bytes data;
			BIO *bio;

			if (form < 4) {
				data = test_pkcs8(pkey, form & 2, password);
			} else if (type == CRYPTO_KEY_ED25519 || type == CRYPTO_KEY_ED448) {
				continue; /* there is no older form of these */
			} else {
				bio = BIO_new(BIO_s_mem());
				PEM_write_bio_PrivateKey_traditional(bio, pkey, NULL, NULL, 0, NULL,
								     NULL);
				data = test_bio_bytes(bio);
			}
			EXPECT_EQ(0, private_key_from_file(
					     data, password ? bytes_str(password) : BYTES_NONE,
					     &key))
			{
				TH_LOG("type %d, form %d", type, form);
			}
			if (key)
				EXPECT_EQ(type, public_key_type(private_key_public(key)));
			private_key_unref(key);
			if (password) {
				EXPECT_EQ(-ENOKEY, private_key_from_file(data, BYTES_NONE, &key));
				EXPECT_EQ(-EKEYREJECTED,
					  private_key_from_file(data, bytes_str("other"), &key));
			}
			free((void *)data.data);
		}
		EVP_PKEY_free(pkey);
	}
}

TEST_F(crypto, what_is_no_key_is_refused)
{
	static const char *const bad[] = {
		"", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
	};
	EVP_PKEY *dh = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	EVP_PKEY *k1 = EVP_EC_gen("secp256k1");
	struct private_key *key;
	struct public_key *public;
	struct bytes data;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EBADMSG, private_key_from_file(bytes_str(bad[i]), BYTES_NONE, &key));
		EXPECT_EQ(-EBADMSG, public_key_from_file(bytes_str(bad[i]), &public));
		EXPECT_EQ(-EBADMSG, public_key_from_spki(bytes_str(bad[i]), &public));
	}
	data = test_pkcs8(dh, true, NULL);
	EXPECT_EQ(-ENOTSUP, private_key_from_file(data, BYTES_NONE, &key));
	free((void *)data.data);
	data = test_pkcs8(k1, false, NULL);
	EXPECT_EQ(-ENOTSUP, private_key_from_file(data, BYTES_NONE, &key));
	free((void *)data.data);
	EVP_PKEY_free(dh);
	EVP_PKEY_free(k1);
}

/* A verification costs as many multiplications as the exponent has bits. */
TEST_F(crypto, rsa_keys_that_take_long_are_refused)
{
	static const struct {
		int modulus, exponent, result;
	} cases[] = {
		{ 3072, 17, 0 },
		{ 3072, CRYPTO_RSA_EXPONENT_BITS_MAX, 0 },
		{ 3072, CRYPTO_RSA_EXPONENT_BITS_MAX + 1, -ENOTSUP },
		{ 3072, 3071, -ENOTSUP },
		{ CRYPTO_RSA_BITS_MAX, 17, 0 },
		{ CRYPTO_RSA_BITS_MAX + 8, 17, -ENOTSUP },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		EVP_PKEY *pkey = test_rsa_public(cases[i].modulus, cases[i].exponent);
		struct public_key *key = NULL;

		EXPECT_EQ(cases[i].result, public_key_from_evp(pkey, &key)) TH_LOG("%zu", i);
		EXPECT_EQ(cases[i].result != 0, public_key_is_slow(pkey)) TH_LOG("%zu", i);
		public_key_unref(key);
		EVP_PKEY_free(pkey);
	}
}

/* RFC 8017 9.2 */
TEST_F(crypto, a_pkcs1_signature_says_its_hash)
{
	struct private_key *key = make_key(CRYPTO_KEY_RSA), *other = make_key(CRYPTO_KEY_RSA),
			   *ec = make_key(CRYPTO_KEY_ECDSA_P256);
	const struct bytes data = bytes_str("message");
	enum crypto_hash hash;
	struct writer w;

	for (enum crypto_hash i = 0; i < CRYPTO_HASH_N; i++) {
		const struct crypto_sign_scheme scheme = { CRYPTO_PKCS1, i, 0 };

		writer_init_heap(&w, CRYPTO_SIGNATURE_MAX);
		ASSERT_EQ(0, private_key_sign(key, &scheme, &data, 1, &w));
		EXPECT_EQ(0,
			  public_key_pkcs1_hash(private_key_public(key), writer_view(&w), &hash));
		EXPECT_EQ(i, hash);
		EXPECT_EQ(-EBADMSG,
			  public_key_pkcs1_hash(private_key_public(other), writer_view(&w), &hash));
		EXPECT_EQ(-EINVAL,
			  public_key_pkcs1_hash(private_key_public(ec), writer_view(&w), &hash));
		writer_fini(&w);
	}
	EXPECT_EQ(-EBADMSG, public_key_pkcs1_hash(private_key_public(key), BYTES_NONE, &hash));
	EXPECT_EQ(-EBADMSG, public_key_pkcs1_hash(private_key_public(key), data, &hash));
	private_key_unref(key);
	private_key_unref(other);
	private_key_unref(ec);
}

TEST_F(crypto, uri_without_a_provider_says_so)
{
	struct private_key *key;

	EXPECT_EQ(-ENOTSUP, private_key_from_uri("pkcs8tok:object=x", BYTES_NONE, &key));
	EXPECT_EQ(-EINVAL, private_key_from_uri("file:/etc/passwd", BYTES_NONE, &key));
	EXPECT_EQ(-EINVAL, private_key_from_uri("no uri", BYTES_NONE, &key));
}

TEST_F(crypto, public_keys_read_back_with_the_same_hashes)
{
	struct private_key *key = make_key(CRYPTO_KEY_ECDSA_P384);
	const struct public_key *public = private_key_public(key);
	struct bytes spki = public_key_spki(public);
	struct public_key *again, *longer;
	uint8_t more[256];

	ASSERT_EQ(0, public_key_from_spki(spki, &again));
	EXPECT_TRUE(public_key_equal(public, again));
	EXPECT_EQ(384, public_key_bits(again));
	EXPECT_TRUE(bytes_equal(public_key_id(public), public_key_id(again)));
	EXPECT_FALSE(bytes_equal(public_key_id(public), public_key_spki_hash(again)));
	memcpy(more, spki.data, spki.len);
	more[spki.len] = 0;
	EXPECT_EQ(-EBADMSG, public_key_from_spki(BYTES(more, spki.len + 1), &longer));
	public_key_unref(again);
	private_key_unref(key);
}

TEST_F(crypto, ecdsa_values_have_one_form)
{
	static const struct {
		const char *der;
		int err;
	} cases[] = {
		{ "3006020101020102", 0 },
		{ "300602010102010200", -EBADMSG }, /* something behind */
		{ "30070201010202 0002", -EBADMSG },
		{ "3006028001020102", -EBADMSG },
		{ "308106020101020102", -EBADMSG }, /* length not in the shortest form */
		{ "3006020181020102", -EBADMSG },   /* negative */
		{ "30050201010200", -EBADMSG },
		{ "3003020101", -EBADMSG },
		{ "3009020401020304 020101", -EBADMSG }, /* too long for 3 bytes */
		{ "", -EBADMSG },
	};
	uint8_t raw[6], der[32];
	struct writer w;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[64], *to = text;

		for (const char *c = cases[i].der; *c; c++)
			if (*c != ' ')
				*to++ = *c;
		*to = '\0';
		EXPECT_EQ(cases[i].err, crypto_ecdsa_to_raw(HEX(text), 3, raw))
		{
			TH_LOG("case %zu", i);
		}
	}
	EXPECT_EQ(0, memcmp(raw, "\0\0\1\0\0\2", 6));
	writer_init_fixed(&w, der, sizeof(der));
	EXPECT_EQ(0, crypto_ecdsa_to_der(BYTES("\0\0\x81\0\0\0", 6), 3, &w));
	EXPECT_BYTES(HEX("300702020081020100"), writer_view(&w));
	EXPECT_EQ(-EBADMSG, crypto_ecdsa_to_der(BYTES(raw, 5), 3, &w));
}

TEST_HARNESS_MAIN
