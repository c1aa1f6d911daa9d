/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/algorithms.h"

#include <errno.h>

#include "ikev2/policy/proposal_match.h"

struct mapping {
	uint16_t id;
	int value;
};

static const struct mapping encr_map[] = {
	{ IKE_ENCR_AES_CBC, CRYPTO_ENCR_AES_CBC },
	{ IKE_ENCR_AES_GCM_8, CRYPTO_ENCR_AES_GCM_8 },
	{ IKE_ENCR_AES_GCM_12, CRYPTO_ENCR_AES_GCM_12 },
	{ IKE_ENCR_AES_GCM_16, CRYPTO_ENCR_AES_GCM_16 },
	{ IKE_ENCR_AES_CCM_8, CRYPTO_ENCR_AES_CCM_8 },
	{ IKE_ENCR_AES_CCM_12, CRYPTO_ENCR_AES_CCM_12 },
	{ IKE_ENCR_AES_CCM_16, CRYPTO_ENCR_AES_CCM_16 },
	{ IKE_ENCR_CHACHA20_POLY1305, CRYPTO_ENCR_CHACHA20_POLY1305 },
};

static const struct mapping integ_map[] = {
	{ IKE_INTEG_NONE, CRYPTO_INTEG_NONE },
	{ IKE_INTEG_HMAC_SHA1_96, CRYPTO_INTEG_HMAC_SHA1_96 },
	{ IKE_INTEG_HMAC_SHA2_256_128, CRYPTO_INTEG_HMAC_SHA256_128 },
	{ IKE_INTEG_HMAC_SHA2_384_192, CRYPTO_INTEG_HMAC_SHA384_192 },
	{ IKE_INTEG_HMAC_SHA2_512_256, CRYPTO_INTEG_HMAC_SHA512_256 },
};

static const struct mapping prf_map[] = {
	{ IKE_PRF_HMAC_SHA1, CRYPTO_PRF_HMAC_SHA1 },
	{ IKE_PRF_HMAC_SHA2_256, CRYPTO_PRF_HMAC_SHA256 },
	{ IKE_PRF_HMAC_SHA2_384, CRYPTO_PRF_HMAC_SHA384 },
	{ IKE_PRF_HMAC_SHA2_512, CRYPTO_PRF_HMAC_SHA512 },
};

static const struct mapping kex_map[] = {
	{ IKE_KE_MODP_2048, CRYPTO_KEX_MODP_2048 }, { IKE_KE_MODP_3072, CRYPTO_KEX_MODP_3072 },
	{ IKE_KE_MODP_4096, CRYPTO_KEX_MODP_4096 }, { IKE_KE_ECP_256, CRYPTO_KEX_ECP_256 },
	{ IKE_KE_ECP_384, CRYPTO_KEX_ECP_384 },	    { IKE_KE_ECP_521, CRYPTO_KEX_ECP_521 },
	{ IKE_KE_CURVE_25519, CRYPTO_KEX_X25519 },  { IKE_KE_CURVE_448, CRYPTO_KEX_X448 },
};

/* The crypto layer's number, or -ENOTSUP. */
static int map_id(const struct mapping *map, size_t n, uint16_t id)
{
	for (size_t i = 0; i < n; i++)
		if (map[i].id == id)
			return map[i].value;
	return -ENOTSUP;
}

int algorithms_of_esp(const struct proposal *p, struct crypto_suite *ret_suite)
{
	const struct transform *encr = proposal_transform(p, IKE_TRANSFORM_ENCR, 0);
	int encr_value, integ_value;

	if (!encr)
		return -ENOTSUP;
	encr_value = map_id(encr_map, ARRAY_SIZE(encr_map), encr->id);
	integ_value = map_id(integ_map, ARRAY_SIZE(integ_map),
			     proposal_id(p, IKE_TRANSFORM_INTEG));
	if (encr_value < 0 || integ_value < 0)
		return -ENOTSUP;

	const struct crypto_suite suite = {
		.encr = (enum crypto_encr)encr_value,
		.key_bits = encr->key_bits,
		.integ = (enum crypto_integ)integ_value,
	};

	if (!crypto_suite_valid(&suite))
		return -ENOTSUP;
	*ret_suite = suite;
	return 0;
}

int algorithms_of_ike(const struct proposal *p, struct crypto_suite *ret_suite,
		      enum crypto_prf *ret_prf)
{
	int prf = map_id(prf_map, ARRAY_SIZE(prf_map), proposal_id(p, IKE_TRANSFORM_PRF));
	int err;

	if (prf < 0)
		return prf;
	err = algorithms_of_esp(p, ret_suite);
	if (err == 0)
		*ret_prf = (enum crypto_prf)prf;
	return err;
}

int algorithms_kex(uint16_t method, enum crypto_kex *ret_kex)
{
	int kex = map_id(kex_map, ARRAY_SIZE(kex_map), method);

	if (kex < 0)
		return kex;
	*ret_kex = (enum crypto_kex)kex;
	return 0;
}
