/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/keymat.h"

#include <errno.h>

#define NONCE_MAX 256 /* RFC 7296 3.9 */

static const char key_pad[] = "Key Pad for IKEv2"; /* RFC 7296 2.15: used without the NUL */

static bool nonces_fit(const struct keymat_input *in)
{
	return in->ni.len <= NONCE_MAX && in->nr.len <= NONCE_MAX;
}

/*
 * SKEYSEED = prf(Ni | Nr, g^ir). A PRF with a fixed key length takes half of it from each nonce,
 * which for those of AES is 64 bits; all others take the nonces whole (RFC 7296 2.14).
 */
static int skeyseed_first(struct crypto_ctx *ctx, enum crypto_prf prf,
			  const struct keymat_input *in, uint8_t *ret_seed)
{
	size_t half = crypto_prf_key_len(prf) / 2, most = half ? half : NONCE_MAX;
	uint8_t nonces[2 * NONCE_MAX];
	struct writer w;

	writer_init_fixed(&w, nonces, sizeof(nonces));
	writer_bytes(&w, BYTES(in->ni.data, in->ni.len < most ? in->ni.len : most));
	writer_bytes(&w, BYTES(in->nr.data, in->nr.len < most ? in->nr.len : most));
	return crypto_prf(ctx, prf, writer_view(&w), &in->shared, 1, ret_seed);
}

/* SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr), RFC 7296 2.18. */
static int skeyseed_rekey(struct crypto_ctx *ctx, const struct keymat *old,
			  const struct keymat_input *in, uint8_t *ret_seed)
{
	const struct bytes parts[] = { in->shared, in->ni, in->nr };

	return crypto_prf(ctx, old->prf, old->sk_d, parts, ARRAY_SIZE(parts), ret_seed);
}

/* Cut the material into keys, in order. */
static struct bytes next_key(struct reader *r, size_t len)
{
	return len ? reader_take(r, len) : BYTES_NONE;
}

/* {SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr} = prf+(SKEYSEED, Ni | Nr | SPIi | SPIr) */
static int keymat_expand(struct crypto_ctx *ctx, enum crypto_prf prf,
			 const struct crypto_suite *suite, const struct keymat_input *in,
			 struct bytes skeyseed, struct keymat *ret_keymat)
{
	size_t prf_len = crypto_prf_len(prf);
	size_t encr_len = crypto_suite_encr_key_len(suite);
	size_t integ_len = crypto_suite_integ_key_len(suite);
	struct keymat k = { .prf = prf, .suite = *suite };
	uint8_t spis[16];
	const struct bytes seed[] = { in->ni, in->nr, BYTES_OF(spis) };
	struct writer w;
	struct reader r;
	int err;

	writer_init_fixed(&w, spis, sizeof(spis));
	writer_u64(&w, in->spi_i);
	writer_u64(&w, in->spi_r);
	err = secret_init(&k.material, 3 * prf_len + 2 * (encr_len + integ_len));
	if (err)
		return err;
	err = crypto_prf_plus(ctx, prf, skeyseed, seed, ARRAY_SIZE(seed), k.material.data,
			      k.material.len);
	if (err) {
		secret_fini(&k.material);
		return err;
	}
	reader_init(&r, secret_bytes(&k.material));
	k.sk_d = next_key(&r, prf_len);
	k.sk_ai = next_key(&r, integ_len);
	k.sk_ar = next_key(&r, integ_len);
	k.sk_ei = next_key(&r, encr_len);
	k.sk_er = next_key(&r, encr_len);
	k.sk_pi = next_key(&r, prf_len);
	k.sk_pr = next_key(&r, prf_len);
	*ret_keymat = k;
	return 0;
}

int keymat_init(struct crypto_ctx *ctx, enum crypto_prf prf, const struct crypto_suite *suite,
		const struct keymat_input *in, struct keymat *ret_keymat)
{
	uint8_t seed[CRYPTO_PRF_MAX];
	int err;

	if (!crypto_suite_valid(suite) || !nonces_fit(in))
		return -EINVAL;
	err = skeyseed_first(ctx, prf, in, seed);
	if (!err)
		err = keymat_expand(ctx, prf, suite, in, BYTES(seed, crypto_prf_len(prf)),
				    ret_keymat);
	secret_wipe(seed, sizeof(seed));
	return err;
}

int keymat_init_rekey(struct crypto_ctx *ctx, const struct keymat *old, enum crypto_prf prf,
		      const struct crypto_suite *suite, const struct keymat_input *in,
		      struct keymat *ret_keymat)
{
	uint8_t seed[CRYPTO_PRF_MAX];
	int err;

	if (!crypto_suite_valid(suite) || !nonces_fit(in))
		return -EINVAL;
	err = skeyseed_rekey(ctx, old, in, seed);
	if (!err)
		err = keymat_expand(ctx, prf, suite, in, BYTES(seed, crypto_prf_len(old->prf)),
				    ret_keymat);
	secret_wipe(seed, sizeof(seed));
	return err;
}

void keymat_fini(struct keymat *keymat)
{
	secret_fini(&keymat->material);
	*keymat = (struct keymat){ 0 };
}

/* KEYMAT = prf+(SK_d, [g^ir (new)] | Ni | Nr); encryption keys before integrity keys. */
int keymat_child_init(struct crypto_ctx *ctx, const struct keymat *ike,
		      const struct keymat_input *in, size_t encr_key_len, size_t integ_key_len,
		      struct keymat_child *ret_child)
{
	const struct bytes seed[] = { in->shared, in->ni, in->nr };
	struct keymat_child k = { 0 };
	struct reader r;
	int err;

	if (!nonces_fit(in))
		return -EINVAL;
	err = secret_init(&k.material, 2 * (encr_key_len + integ_key_len));
	if (err)
		return err;
	err = crypto_prf_plus(ctx, ike->prf, ike->sk_d, seed, ARRAY_SIZE(seed), k.material.data,
			      k.material.len);
	if (err) {
		secret_fini(&k.material);
		return err;
	}
	reader_init(&r, secret_bytes(&k.material));
	k.encr_i = next_key(&r, encr_key_len);
	k.integ_i = next_key(&r, integ_key_len);
	k.encr_r = next_key(&r, encr_key_len);
	k.integ_r = next_key(&r, integ_key_len);
	*ret_child = k;
	return 0;
}

void keymat_child_fini(struct keymat_child *child)
{
	secret_fini(&child->material);
	*child = (struct keymat_child){ 0 };
}

int keymat_octets_init(struct crypto_ctx *ctx, const struct keymat *keymat, enum keymat_side side,
		       struct bytes message, struct bytes nonce, struct bytes id,
		       struct bytes int_auth, struct keymat_octets *ret_octets)
{
	struct bytes sk_p = side == KEYMAT_INITIATOR ? keymat->sk_pi : keymat->sk_pr;
	int err = crypto_prf(ctx, keymat->prf, sk_p, &id, 1, ret_octets->maced_id);

	if (err)
		return err;
	ret_octets->parts[0] = message;
	ret_octets->parts[1] = nonce;
	ret_octets->parts[2] = BYTES(ret_octets->maced_id, crypto_prf_len(keymat->prf));
	ret_octets->parts[3] = int_auth;
	ret_octets->n = ARRAY_SIZE(ret_octets->parts);
	return 0;
}

int keymat_auth_shared(struct crypto_ctx *ctx, const struct keymat *keymat, struct bytes key,
		       const struct keymat_octets *octets, uint8_t *ret_auth)
{
	const struct bytes pad = bytes_str(key_pad);
	uint8_t padded[CRYPTO_PRF_MAX];
	int err;

	err = crypto_prf(ctx, keymat->prf, key, &pad, 1, padded);
	if (!err)
		err = crypto_prf(ctx, keymat->prf, BYTES(padded, crypto_prf_len(keymat->prf)),
				 octets->parts, octets->n, ret_auth);
	secret_wipe(padded, sizeof(padded));
	return err;
}
