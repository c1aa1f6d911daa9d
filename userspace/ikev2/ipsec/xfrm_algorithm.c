/* SPDX-License-Identifier: MIT */
#include "ikev2/ipsec/xfrm_algorithm.h"

#include "ikev2/codec/ikev2.h"
#include "pdk/base/cleanup.h"

#define AES_BITS                                                                                   \
	{                                                                                          \
		128, 192, 256                                                                      \
	}

static const struct xfrm_encr encrs[] = {
	{ IKE_ENCR_3DES, false, 0, 0, { 192 }, "cbc(des3_ede)" },
	{ IKE_ENCR_NULL, false, 0, 0, { 0 }, "ecb(cipher_null)" },
	{ IKE_ENCR_AES_CBC, false, 0, 0, AES_BITS, "cbc(aes)" },
	{ IKE_ENCR_AES_CTR, false, 4, 0, AES_BITS, "rfc3686(ctr(aes))" },
	{ IKE_ENCR_AES_CCM_8, true, 3, 64, AES_BITS, "rfc4309(ccm(aes))" },
	{ IKE_ENCR_AES_CCM_12, true, 3, 96, AES_BITS, "rfc4309(ccm(aes))" },
	{ IKE_ENCR_AES_CCM_16, true, 3, 128, AES_BITS, "rfc4309(ccm(aes))" },
	{ IKE_ENCR_AES_GCM_8, true, 4, 64, AES_BITS, "rfc4106(gcm(aes))" },
	{ IKE_ENCR_AES_GCM_12, true, 4, 96, AES_BITS, "rfc4106(gcm(aes))" },
	{ IKE_ENCR_AES_GCM_16, true, 4, 128, AES_BITS, "rfc4106(gcm(aes))" },
	{ IKE_ENCR_NULL_AUTH_AES_GMAC, true, 4, 128, AES_BITS, "rfc4543(gcm(aes))" },
	{ IKE_ENCR_CAMELLIA_CBC, false, 0, 0, AES_BITS, "cbc(camellia)" },
	{ IKE_ENCR_CHACHA20_POLY1305, true, 4, 128, { 256 }, "rfc7539esp(chacha20,poly1305)" },
};

static const struct xfrm_integ integs[] = {
	{ IKE_INTEG_HMAC_SHA1_96, 160, 96, "hmac(sha1)" },
	{ IKE_INTEG_AES_XCBC_96, 128, 96, "xcbc(aes)" },
	{ IKE_INTEG_AES_CMAC_96, 128, 96, "cmac(aes)" },
	{ IKE_INTEG_HMAC_SHA2_256_128, 256, 128, "hmac(sha256)" },
	{ IKE_INTEG_HMAC_SHA2_384_192, 384, 192, "hmac(sha384)" },
	{ IKE_INTEG_HMAC_SHA2_512_256, 512, 256, "hmac(sha512)" },
};

const struct xfrm_encr *xfrm_encr_by_id(uint16_t id)
{
	for (size_t i = 0; i < ARRAY_SIZE(encrs); i++)
		if (encrs[i].id == id)
			return &encrs[i];
	return NULL;
}

const struct xfrm_integ *xfrm_integ_by_id(uint16_t id)
{
	for (size_t i = 0; i < ARRAY_SIZE(integs); i++)
		if (integs[i].id == id)
			return &integs[i];
	return NULL;
}

bool xfrm_encr_key_fits(const struct xfrm_encr *e, size_t key_len, unsigned bits)
{
	size_t own_bits;

	if (key_len < e->salt || key_len > 64)
		return false;
	own_bits = 8 * (key_len - e->salt);
	if (bits != 0 && bits != own_bits)
		return false;
	if (e->key_bits[0] == 0)
		return own_bits == 0;
	for (size_t i = 0; i < ARRAY_SIZE(e->key_bits); i++)
		if (e->key_bits[i] != 0 && e->key_bits[i] == own_bits)
			return true;
	return false;
}
