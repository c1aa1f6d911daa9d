/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A context for each test; afterwards nothing may be left in OpenSSL's error queue or on the heap.
 */
#include <errno.h>
#include <openssl/err.h>
#include "pdk/crypto/ctx.h"
#include "tests/unit/pdk/leaks.h"
#include "tests/vectors/hex.h"

FIXTURE(crypto)
{
	struct crypto_ctx *ctx;
	struct crypto_ctx *poor; /* whose provider has nothing */
};

FIXTURE_SETUP(crypto)
{
	ASSERT_EQ(0, crypto_ctx_new(NULL, &self->ctx));
	ASSERT_EQ(0, crypto_ctx_new("provider=none", &self->poor));
}

FIXTURE_TEARDOWN(crypto)
{
	crypto_ctx_free(self->ctx);
	crypto_ctx_free(self->poor);
	EXPECT_EQ(0, ERR_peek_error());
	EXPECT_NO_LEAKS();
}

#define EXPECT_BYTES(expected, seen)                                                               \
	do {                                                                                       \
		struct bytes _e = (expected), _s = (seen);                                         \
		bool _same = bytes_equal(_e, _s);                                                  \
		EXPECT_TRUE(_same)                                                                 \
		{                                                                                  \
			char _eh[160], _sh[160];                                                   \
			TH_LOG("expected %s", bytes_hex(_e, _eh, 160));                            \
			TH_LOG("seen     %s", bytes_hex(_s, _sh, 160));                            \
		}                                                                                  \
	} while (0)
