/* SPDX-License-Identifier: MIT */
/*
 * pdk/crypto/kex.h for fuzzing: Diffie-Hellman in a group that anybody can break, since a fuzzer
 * that does real ones does little else. Lengths on the wire and refusals are those of the real
 * methods. The linker takes this instead of the library's; nothing of kex.c may be missing here.
 */
#include "pdk/crypto/kex.h"

#include <errno.h>
#include <stdlib.h>

#include "pdk/base/random.h"

#define PRIME     ((UINT64_C(1) << 61) - 1)
#define GENERATOR 37

#define MODP(bits)                                                                                 \
	{                                                                                          \
		"modp" #bits, bits / 8, bits / 8                                                   \
	}
#define ECP(name, len)                                                                             \
	{                                                                                          \
		name, 2 * len, len                                                                 \
	}

static const struct {
	const char *name;
	size_t public_len, shared_len;
} traits[] = {
	[CRYPTO_KEX_MODP_1024] = MODP(1024),
	[CRYPTO_KEX_MODP_1536] = MODP(1536),
	[CRYPTO_KEX_MODP_2048] = MODP(2048),
	[CRYPTO_KEX_MODP_3072] = MODP(3072),
	[CRYPTO_KEX_MODP_4096] = MODP(4096),
	[CRYPTO_KEX_MODP_6144] = MODP(6144),
	[CRYPTO_KEX_MODP_8192] = MODP(8192),
	[CRYPTO_KEX_ECP_256] = ECP("ecp256", 32),
	[CRYPTO_KEX_ECP_384] = ECP("ecp384", 48),
	[CRYPTO_KEX_ECP_521] = ECP("ecp521", 66),
	[CRYPTO_KEX_ECP_224] = ECP("ecp224", 28),
	[CRYPTO_KEX_ECP_224_BP] = ECP("ecp224bp", 28),
	[CRYPTO_KEX_ECP_256_BP] = ECP("ecp256bp", 32),
	[CRYPTO_KEX_ECP_384_BP] = ECP("ecp384bp", 48),
	[CRYPTO_KEX_ECP_512_BP] = ECP("ecp512bp", 64),
	[CRYPTO_KEX_X25519] = { "x25519", 32, 32 },
	[CRYPTO_KEX_X448] = { "x448", 56, 56 },
};
_Static_assert(ARRAY_SIZE(traits) == CRYPTO_KEX_N && CRYPTO_KEX_N == 17, "all methods are here");

struct kex {
	enum crypto_kex method;
	uint64_t x;
	uint8_t value[CRYPTO_KEX_PUBLIC_MAX];
};

static uint64_t power(uint64_t base, uint64_t exponent)
{
	__extension__ typedef unsigned __int128 wide;
	uint64_t result = 1;

	for (; exponent; exponent >>= 1) {
		if (exponent & 1)
			result = (uint64_t)((wide)result * base % PRIME);
		base = (uint64_t)((wide)base * base % PRIME);
	}
	return result;
}

/* A number in the last octets of a value of len octets, whose others are zero; and back. */
static void put(uint64_t n, uint8_t *value, size_t len)
{
	for (size_t i = 1; i <= 8; i++, n >>= 8)
		value[len - i] = (uint8_t)n;
}

static uint64_t take(struct bytes value)
{
	uint64_t n = 0;

	for (size_t i = value.len - 8; i < value.len; i++)
		n = n << 8 | value.data[i];
	return n;
}

const char *crypto_kex_name(enum crypto_kex method)
{
	return traits[method].name;
}

size_t crypto_kex_public_len(enum crypto_kex method)
{
	return traits[method].public_len;
}

size_t crypto_kex_shared_len(enum crypto_kex method)
{
	return traits[method].shared_len;
}

bool crypto_kex_supported(const struct crypto_ctx *ctx, enum crypto_kex method)
{
	return true;
}

int kex_new(struct crypto_ctx *ctx, enum crypto_kex method, struct kex **ret_kex)
{
	struct kex *kex = calloc(1, sizeof(*kex));

	if (!kex)
		return -ENOMEM;
	kex->method = method;
	kex->x = random_u64() % (PRIME - 2) + 1;
	put(power(GENERATOR, kex->x), kex->value, traits[method].public_len);
	*ret_kex = kex;
	return 0;
}

int kex_new_private(struct crypto_ctx *ctx, enum crypto_kex method, struct bytes priv,
		    struct kex **ret_kex)
{
	return -ENOTSUP;
}

struct kex *kex_free(struct kex *kex)
{
	free(kex);
	return NULL;
}

enum crypto_kex kex_method(const struct kex *kex)
{
	return kex->method;
}

struct bytes kex_public(const struct kex *kex)
{
	return BYTES(kex->value, traits[kex->method].public_len);
}

int kex_derive(const struct kex *kex, struct bytes peer_public, struct secret *ret_secret)
{
	struct secret out;
	uint64_t y;
	int err;

	if (peer_public.len != traits[kex->method].public_len)
		return -EBADMSG;
	y = take(peer_public);
	if (y < 2 || y >= PRIME - 1)
		return -EBADMSG;
	err = secret_init(&out, traits[kex->method].shared_len);
	if (err)
		return err;
	put(power(y, kex->x), out.data, out.len);
	*ret_secret = out;
	return 0;
}
