/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A private key: decoded once, shared by counting, wiped when the last reference goes. Any thread
 * may sign with it, several at a time. Where it lies on a token the key itself never comes to us,
 * and signing may block. Errors are those of ctx.h.
 */
#include "pdk/base/bytes.h"
#include "pdk/crypto/public_key.h"
#include "pdk/crypto/signature.h"

struct private_key;

/*
 * From the content of a file: PEM or DER; PKCS#8, encrypted or not, or the older forms of RSA and
 * EC keys. password: BYTES_NONE for none. 0; -ENOKEY: it is encrypted, and no password was given;
 * -EKEYREJECTED: the password is wrong; -EBADMSG: there is no private key in it; -ENOTSUP: one of a
 * kind that we can't use; -ENOMEM. Takes long where the password goes through many rounds.
 */
int private_key_from_file(struct bytes data, struct bytes password, struct private_key **ret_key);

/*
 * By URI from a store of OpenSSL: "pkcs11:..." (RFC 7512) where its provider is installed. pin may
 * be empty. May block on the token. 0; -ENOTSUP: no provider knows the URI's scheme; -ENOENT: there
 * is no private key at that URI, or the PIN is wrong; -ENOMEM.
 */
int private_key_from_uri(const char *uri, struct bytes pin, struct private_key **ret_key);

struct private_key *private_key_ref(const struct private_key *key);
/* Takes NULL, returns NULL. */
struct private_key *private_key_unref(const struct private_key *key);

/* The other half; lives as long as key. */
const struct public_key *private_key_public(const struct private_key *key);
/* Signing may block: it is a job's work. */
bool private_key_blocks(const struct private_key *key);

/*
 * Sign parts[0] | ... | parts[n - 1]; the signature is appended to w. 0; -EINVAL: scheme doesn't go
 * with the key (an RSA key that is too short for hash and salt among it); -EIO: the token, or
 * whoever has the key, refuses; -ENOTSUP, -ENOMEM.
 */
int private_key_sign(const struct private_key *key, const struct crypto_sign_scheme *scheme,
		     const struct bytes *parts, size_t n, struct writer *w);
