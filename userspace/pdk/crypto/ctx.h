/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The cryptographic context of one thread: the algorithms of OpenSSL 3, fetched once, and scratch
 * objects that the one-shot functions of this folder use again and again. Every worker has its own;
 * nothing in it is locked.
 *
 * Errors of the whole folder: -ENOMEM; -EINVAL, a parameter of the wrong length or value;
 * -ENOTSUP, no loaded provider offers the algorithm; -EBADMSG, what the peer sent was refused;
 * -EIO, the provider failed for a reason of its own. No call leaves anything in OpenSSL's error
 * queue. An output is untouched when the call fails, or wiped where it says so.
 */
#include <stddef.h>
#include "pdk/base/bytes.h"

struct crypto_ctx;

/*
 * Fetch what the providers offer. An algorithm that is missing is no failure here: whoever uses it
 * later gets -ENOTSUP. properties is an OpenSSL property query such as "fips=yes", NULL for none.
 * -ENOMEM, -EINVAL (the query has no valid syntax).
 */
int crypto_ctx_new(const char *properties, struct crypto_ctx **ret_ctx);

/*
 * Wipes the scratch objects, which until then hold the last key they were used with. Every key
 * object made from the context must be gone before. Takes NULL, returns NULL.
 */
struct crypto_ctx *crypto_ctx_free(struct crypto_ctx *ctx);

/*
 * Fill buf with bytes that nobody can predict, from OpenSSL's generator. Any thread. -EIO: there is
 * no entropy; buf is then all zero and must not be used.
 */
int crypto_random(void *buf, size_t len);
