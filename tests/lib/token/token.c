/* SPDX-License-Identifier: MIT */
/*
 * A token for tests: an OpenSSL provider with a store for URIs "pkcs11:object=NAME...", which has
 * the key of the file $TOKEN_DIR/NAME.key, but gives nobody more of it than its public half. Who
 * wants a signature has to ask the provider for it. The PIN is 1234; each signature adds a byte to
 * the file $TOKEN_DIR/signed; while $TOKEN_DIR/broken exists the token refuses to sign.
 *
 * Key and signatures are made by OpenSSL's own provider in a library context that nobody else has.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>

#define SCHEME "pkcs11:"
#define PIN    "1234"

typedef void (*any_fn)(void);
#define FN(id, fn)                                                                                 \
	{                                                                                          \
		OSSL_FUNC_##id, (any_fn)(fn)                                                       \
	}

struct token {
	OSSL_LIB_CTX *lib;
};

static int path_of(const char *name, const char *ending, char *buf, size_t size)
{
	const char *dir = getenv("TOKEN_DIR");

	return dir && (size_t)snprintf(buf, size, "%s/%s%s", dir, name, ending) < size;
}

/* -------- keys: EVP_PKEY of the token's own context -------- */

static void *key_load(const void *reference, size_t size)
{
	EVP_PKEY *key;

	if (size != sizeof(EVP_PKEY *))
		return NULL;
	key = *(EVP_PKEY *const *)reference;
	EVP_PKEY_up_ref(key);
	return key;
}

static void key_free(void *key)
{
	EVP_PKEY_free(key);
}

static int key_has(const void *key, int selection)
{
	return 1;
}

static int key_match(const void *a, const void *b, int selection)
{
	return EVP_PKEY_eq(a, b) == 1;
}

static int key_get_params(void *key, OSSL_PARAM params[])
{
	return EVP_PKEY_get_params(key, params);
}

static const OSSL_PARAM *key_gettable_params(void *unused)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_END,
	};

	return params;
}

/* The public half, and nothing more. */
static int key_export(void *key, int selection, OSSL_CALLBACK *callback, void *arg)
{
	OSSL_PARAM *params = NULL;
	int ok;

	if (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY ||
	    EVP_PKEY_todata(key, EVP_PKEY_PUBLIC_KEY, &params) != 1)
		return 0;
	ok = callback(params, arg);
	OSSL_PARAM_free(params);
	return ok;
}

static const OSSL_PARAM *key_export_types(int selection)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
		OSSL_PARAM_END,
	};

	return selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY ? NULL : params;
}

static const char *ec_operation_name(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? "ECDSA" : "EC";
}

#define KEYMGMT                                                                                    \
	FN(KEYMGMT_LOAD, key_load), FN(KEYMGMT_FREE, key_free), FN(KEYMGMT_HAS, key_has),          \
		FN(KEYMGMT_MATCH, key_match), FN(KEYMGMT_GET_PARAMS, key_get_params),              \
		FN(KEYMGMT_GETTABLE_PARAMS, key_gettable_params), FN(KEYMGMT_EXPORT, key_export),  \
		FN(KEYMGMT_EXPORT_TYPES, key_export_types)

static const OSSL_DISPATCH rsa_keymgmt[] = { KEYMGMT, { 0, NULL } };
static const OSSL_DISPATCH ec_keymgmt[] = { KEYMGMT,
					    FN(KEYMGMT_QUERY_OPERATION_NAME, ec_operation_name),
					    { 0, NULL } };

/* -------- signatures -------- */

struct signing {
	struct token *token;
	EVP_MD_CTX *ctx;
	EVP_PKEY_CTX *pctx; /* of ctx */
};

static void *sign_new(void *provider, const char *properties)
{
	struct signing *s = calloc(1, sizeof(*s));

	if (s) {
		s->token = provider;
		s->ctx = EVP_MD_CTX_new();
	}
	return s;
}

static void sign_free(void *signing)
{
	struct signing *s = signing;

	EVP_MD_CTX_free(s->ctx);
	free(s);
}

static int sign_set_params(void *signing, const OSSL_PARAM params[])
{
	struct signing *s = signing;

	return !params || !s->pctx || EVP_PKEY_CTX_set_params(s->pctx, params) == 1;
}

static const OSSL_PARAM *sign_settable_params(void *signing, void *provider)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL, 0),
		OSSL_PARAM_END,
	};

	return params;
}

static int sign_init(void *signing, const char *digest, void *key, const OSSL_PARAM params[])
{
	struct signing *s = signing;

	return EVP_DigestSignInit_ex(s->ctx, &s->pctx, digest, s->token->lib, NULL, key, NULL) ==
		       1 &&
	       sign_set_params(s, params);
}

static int count_signature(void)
{
	char path[256];
	int fd;

	if (!path_of("broken", "", path, sizeof(path)) || access(path, F_OK) == 0 ||
	    !path_of("signed", "", path, sizeof(path)))
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, ".", 1) != 1)
		return 0;
	close(fd);
	return 1;
}

static int sign(void *signing, unsigned char *out, size_t *len, size_t size,
		const unsigned char *data, size_t data_len)
{
	struct signing *s = signing;

	*len = size;
	return (!out || count_signature()) && EVP_DigestSign(s->ctx, out, len, data, data_len) == 1;
}

static const OSSL_DISPATCH signature[] = {
	FN(SIGNATURE_NEWCTX, sign_new),
	FN(SIGNATURE_FREECTX, sign_free),
	FN(SIGNATURE_DIGEST_SIGN_INIT, sign_init),
	FN(SIGNATURE_DIGEST_SIGN, sign),
	FN(SIGNATURE_SET_CTX_PARAMS, sign_set_params),
	FN(SIGNATURE_SETTABLE_CTX_PARAMS, sign_settable_params),
	{ 0, NULL },
};

/* -------- the store -------- */

struct store {
	struct token *token;
	char name[64];
	int done;
};

static void *store_open(void *provider, const char *uri)
{
	const char *name = strstr(uri, "object=");
	struct store *store;

	if (strncmp(uri, SCHEME, strlen(SCHEME)) != 0 || !name)
		return NULL;
	store = calloc(1, sizeof(*store));
	if (store) {
		store->token = provider;
		name += strlen("object=");
		snprintf(store->name, sizeof(store->name), "%.*s", (int)strcspn(name, ";?"), name);
	}
	return store;
}

static int store_eof(void *loader)
{
	struct store *store = loader;

	return store->done;
}

static int store_close(void *loader)
{
	free(loader);
	return 1;
}

static int store_set_params(void *loader, const OSSL_PARAM params[])
{
	return 1;
}

static const OSSL_PARAM *store_settable_params(void *provider)
{
	static const OSSL_PARAM params[] = { OSSL_PARAM_int(OSSL_STORE_PARAM_EXPECT, NULL),
					     OSSL_PARAM_END };

	return params;
}

static EVP_PKEY *read_key(const struct store *store)
{
	EVP_PKEY *key = NULL;
	char path[256];
	FILE *f = NULL;

	if (path_of(store->name, ".key", path, sizeof(path)))
		f = fopen(path, "re");
	if (f) {
		key = PEM_read_PrivateKey_ex(f, NULL, NULL, NULL, store->token->lib, NULL);
		fclose(f);
	}
	return key;
}

static int store_load(void *loader, OSSL_CALLBACK *object_cb, void *object_arg,
		      OSSL_PASSPHRASE_CALLBACK *pin_cb, void *pin_arg)
{
	int type = OSSL_OBJECT_PKEY, ok;
	struct store *store = loader;
	OSSL_PARAM params[4];
	char pin[64] = "";
	size_t len = 0;
	EVP_PKEY *key;

	store->done = 1;
	if (!pin_cb(pin, sizeof(pin) - 1, &len, NULL, pin_arg) || len != strlen(PIN) ||
	    memcmp(pin, PIN, len) != 0)
		return 0;
	key = read_key(store);
	if (!key)
		return 0;
	params[0] = OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type);
	params[1] = OSSL_PARAM_construct_utf8_string(
		OSSL_OBJECT_PARAM_DATA_TYPE,
		EVP_PKEY_is_a(key, "RSA") ? (char *)"RSA" : (char *)"EC", 0);
	params[2] =
		OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_REFERENCE, &key, sizeof(key));
	params[3] = OSSL_PARAM_construct_end();
	ok = object_cb(params, object_arg);
	EVP_PKEY_free(key);
	return ok;
}

static const OSSL_DISPATCH store[] = {
	FN(STORE_OPEN, store_open),
	FN(STORE_LOAD, store_load),
	FN(STORE_EOF, store_eof),
	FN(STORE_CLOSE, store_close),
	FN(STORE_SET_CTX_PARAMS, store_set_params),
	FN(STORE_SETTABLE_CTX_PARAMS, store_settable_params),
	{ 0, NULL },
};

/* -------- the provider -------- */

static const OSSL_ALGORITHM stores[] = { { "pkcs11", "provider=token", store, NULL }, { 0 } };
static const OSSL_ALGORITHM keymgmts[] = {
	{ "RSA:rsaEncryption:1.2.840.113549.1.1.1", "provider=token", rsa_keymgmt, NULL },
	{ "EC:id-ecPublicKey:1.2.840.10045.2.1", "provider=token", ec_keymgmt, NULL },
	{ 0 },
};
static const OSSL_ALGORITHM signatures[] = {
	{ "RSA:rsaEncryption:1.2.840.113549.1.1.1", "provider=token", signature, NULL },
	{ "ECDSA", "provider=token", signature, NULL },
	{ 0 },
};

static const OSSL_ALGORITHM *query(void *provider, int operation, int *no_cache)
{
	*no_cache = 0;
	switch (operation) {
	case OSSL_OP_STORE:
		return stores;
	case OSSL_OP_KEYMGMT:
		return keymgmts;
	case OSSL_OP_SIGNATURE:
		return signatures;
	}
	return NULL;
}

static void teardown(void *provider)
{
	struct token *token = provider;

	OSSL_LIB_CTX_free(token->lib);
	free(token);
}

static const OSSL_DISPATCH provider_functions[] = {
	FN(PROVIDER_QUERY_OPERATION, query),
	FN(PROVIDER_TEARDOWN, teardown),
	{ 0, NULL },
};

OSSL_provider_init_fn OSSL_provider_init;

int OSSL_provider_init(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in,
		       const OSSL_DISPATCH **out, void **ret_provider)
{
	struct token *token = calloc(1, sizeof(*token));

	if (!token)
		return 0;
	token->lib = OSSL_LIB_CTX_new();
	*out = provider_functions;
	*ret_provider = token;
	return token->lib != NULL;
}
