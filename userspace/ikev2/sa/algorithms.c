/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/algorithms.h"

#include <errno.h>

#include "ikev2/codec/algorithm.h"

/* The row of the transform of a type; NULL: there is none, or we don't have it. */
static const struct algorithm *row_of(const struct proposal *p, uint8_t type, uint16_t *ret_bits)
{
	const struct transform *t = proposal_transform(p, type, 0);
	const struct algorithm *a = t ? algorithm_by_id(type, t->id) : NULL;

	if (!a || !algorithm_usable(a, p->protocol, t->key_bits))
		return NULL;
	*ret_bits = t->key_bits;
	return a;
}

/* Cipher and integrity fit: RFC 7296 3.3.3, RFC 8247 2.1, RFC 8221 4. ret_integ: NULL for NONE. */
static int rows_of(const struct proposal *p, const struct algorithm **ret_encr,
		   uint16_t *ret_key_bits, const struct algorithm **ret_integ)
{
	const struct transform *integ = proposal_transform(p, IKE_TRANSFORM_INTEG, 0);
	uint16_t none;

	*ret_encr = row_of(p, IKE_TRANSFORM_ENCR, ret_key_bits);
	*ret_integ = NULL;
	if (!*ret_encr)
		return -ENOTSUP;
	if (integ && integ->id != IKE_INTEG_NONE) {
		*ret_integ = row_of(p, IKE_TRANSFORM_INTEG, &none);
		if (!*ret_integ)
			return -ENOTSUP;
	}
	return algorithm_is_aead(*ret_encr) == !*ret_integ ? 0 : -ENOTSUP;
}

int algorithms_of_esp(const struct proposal *p, size_t *ret_encr_key_len, size_t *ret_integ_key_len)
{
	const struct algorithm *encr, *integ;
	uint16_t key_bits;
	int err = rows_of(p, &encr, &key_bits, &integ);

	if (err < 0)
		return err;
	*ret_encr_key_len = algorithm_key_len(encr, key_bits);
	*ret_integ_key_len = integ ? algorithm_key_len(integ, 0) : 0;
	return 0;
}

int algorithms_of_ike(const struct proposal *p, struct crypto_suite *ret_suite,
		      enum crypto_prf *ret_prf)
{
	const struct algorithm *encr, *integ, *prf;
	uint16_t key_bits, none;
	int err = rows_of(p, &encr, &key_bits, &integ);

	prf = row_of(p, IKE_TRANSFORM_PRF, &none);
	if (err < 0 || !prf)
		return -ENOTSUP;
	*ret_suite = (struct crypto_suite){
		.encr = (enum crypto_encr)encr->crypto,
		.key_bits = key_bits,
		.integ = integ ? (enum crypto_integ)integ->crypto : CRYPTO_INTEG_NONE,
	};
	*ret_prf = (enum crypto_prf)prf->crypto;
	return 0;
}

int algorithms_kex(uint16_t method, enum crypto_kex *ret_kex)
{
	const struct algorithm *a = algorithm_by_id(IKE_TRANSFORM_KE, method);

	if (!a)
		return -ENOTSUP;
	*ret_kex = (enum crypto_kex)a->crypto;
	return 0;
}
