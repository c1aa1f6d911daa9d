/* SPDX-License-Identifier: MIT */
/*
 * Private keys from files and from stores. OpenSSL's decoders tell PEM and DER and all the forms
 * apart; what they ask for is the password, and whether they did tells a wrong one from no key.
 */
#include "pdk/crypto/private_key.h"

#include <errno.h>
#include <stdlib.h>

#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <openssl/ui.h>

#include "pdk/crypto/key_impl.h"

struct asked {
	struct bytes password;
	bool asked;
};

/* pem_password_cb, but also what decoders of DER call. */
static int give_password(char *buf, size_t size, size_t *len, const OSSL_PARAM params[], void *data)
{
	struct asked *asked = data;

	asked->asked = true;
	if (!asked->password.data || asked->password.len > size)
		return 0;
	memcpy(buf, asked->password.data, asked->password.len);
	*len = asked->password.len;
	return 1;
}

int private_key_from_file(struct bytes data, struct bytes password, struct private_key **ret_key)
{
	struct asked asked = { .password = password };
	const unsigned char *at = data.data;
	size_t left = data.len;
	OSSL_DECODER_CTX *ctx;
	EVP_PKEY *pkey = NULL;
	int ok;

	if (!data.len)
		return -EBADMSG;
	ctx = OSSL_DECODER_CTX_new_for_pkey(&pkey, NULL, NULL, NULL, EVP_PKEY_KEYPAIR, NULL, NULL);
	if (!ctx)
		return crypto_error(-ENOMEM);
	OSSL_DECODER_CTX_set_passphrase_cb(ctx, give_password, &asked);
	ok = OSSL_DECODER_from_data(ctx, &at, &left);
	OSSL_DECODER_CTX_free(ctx);
	if (ok && pkey) {
		ERR_clear_error();
		return private_key_new_take(pkey, false, ret_key);
	}
	EVP_PKEY_free(pkey);
	if (!asked.asked)
		return crypto_error(-EBADMSG);
	return crypto_error(password.data ? -EKEYREJECTED : -ENOKEY);
}

/* -------- stores -------- */

static int ui_open(UI *ui)
{
	return 1;
}

static int ui_read(UI *ui, UI_STRING *s)
{
	const struct asked *asked = UI_get0_user_data(ui);
	char pin[256];
	int err;

	if (UI_get_string_type(s) != UIT_PROMPT)
		return 1;
	if (!asked->password.len || asked->password.len >= sizeof(pin))
		return 0;
	memcpy(pin, asked->password.data, asked->password.len);
	pin[asked->password.len] = '\0';
	err = UI_set_result(ui, s, pin);
	OPENSSL_cleanse(pin, sizeof(pin));
	return err == 0;
}

/* The key of the first object that is one. */
static EVP_PKEY *store_load(OSSL_STORE_CTX *store)
{
	EVP_PKEY *pkey = NULL;

	while (!pkey && !OSSL_STORE_eof(store)) {
		OSSL_STORE_INFO *info = OSSL_STORE_load(store);

		if (info && OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
			pkey = OSSL_STORE_INFO_get1_PKEY(info);
		OSSL_STORE_INFO_free(info);
		if (!info && OSSL_STORE_error(store))
			break;
	}
	return pkey;
}

/* "pkcs11" of "pkcs11:token=x". */
static bool scheme_of(const char *uri, char *buf, size_t size)
{
	size_t len = strcspn(uri, ":");

	if (!uri[len] || !len || len >= size)
		return false;
	memcpy(buf, uri, len);
	buf[len] = '\0';
	return true;
}

int private_key_from_uri(const char *uri, struct bytes pin, struct private_key **ret_key)
{
	struct asked asked = { .password = pin };
	OSSL_STORE_LOADER *loader;
	OSSL_STORE_CTX *store = NULL;
	EVP_PKEY *pkey = NULL;
	UI_METHOD *ui;
	char scheme[32];

	/* Files have a function of their own, which tells more. */
	if (!scheme_of(uri, scheme, sizeof(scheme)) || strcmp(scheme, "file") == 0)
		return -EINVAL;
	/* Unless openssl.cnf has done so: the provider of a scheme often has its name. */
	if (!OSSL_PROVIDER_available(NULL, scheme))
		OSSL_PROVIDER_try_load(NULL, scheme, 1);
	loader = OSSL_STORE_LOADER_fetch(NULL, scheme, NULL);
	if (!loader)
		return crypto_error(-ENOTSUP);
	OSSL_STORE_LOADER_free(loader);
	ui = UI_create_method("PIN");
	if (ui) {
		UI_method_set_opener(ui, ui_open);
		UI_method_set_reader(ui, ui_read);
		store = OSSL_STORE_open(uri, ui, &asked, NULL, NULL);
	}
	if (store && OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY) == 1)
		pkey = store_load(store);
	OSSL_STORE_close(store);
	UI_destroy_method(ui);
	if (!pkey)
		return crypto_error(-ENOENT);
	ERR_clear_error();
	return private_key_new_take(pkey, true, ret_key);
}
