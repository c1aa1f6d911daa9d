/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What public_key.c and the parts of private_key.h share; nobody else includes it.
 */
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include "pdk/crypto/ctx_impl.h"
#include "pdk/crypto/private_key.h"
#include "pdk/crypto/public_key.h"

/* -ENOTSUP: none of ours. */
int key_type_of(EVP_PKEY *pkey, enum crypto_key_type *ret_type);

/* The digest's name for EVP_DigestSign and EVP_DigestVerify, NULL for EdDSA. */
const char *key_md_name(const struct crypto_sign_scheme *scheme);
bool key_set_padding(EVP_PKEY_CTX *ctx, const struct crypto_sign_scheme *scheme);

/* One piece of memory of all parts. -ENOMEM. */
int key_join(const struct bytes *parts, size_t n, uint8_t **ret_data, size_t *ret_len);

/* A private key of pkey, which it takes over, also when it fails. */
int private_key_new_take(EVP_PKEY *pkey, bool blocks, struct private_key **ret_key);
