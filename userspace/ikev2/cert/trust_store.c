/* SPDX-License-Identifier: MIT */
/*
 * A store is three lists of certificates, a list of CRLs and a list of URIs. A gateway knows some
 * dozens of CAs, so a search walks the list; the key hash, which peers choose, is compared in
 * bytes.
 */
#include "ikev2/cert/trust_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "ikev2/cert/dn.h"
#include "ikev2/cert/pem.h"
#include "ikev2/cert/trust_store_private.h"
#include "ikev2/cert/x509_private.h"

#define N_KINDS (TRUST_END_ENTITY + 1)
#define URI_MAX 1000

struct cert_list {
	struct certificate **v;
	size_t n;
};

struct crl_list {
	X509_CRL **v;
	size_t n;
};

struct trust_uri_entry {
	struct certificate *ca;
	enum trust_uri kind;
	char *uri;
};

struct uri_list {
	struct trust_uri_entry *v;
	size_t n;
};

struct trust_store {
	unsigned refs; /* atomic */
	struct cert_list certs[N_KINDS];
	struct crl_list crls;
	struct uri_list uris;
	X509_STORE *anchors; /* the same as in certs, by subject */
};

struct trust_store_builder {
	struct trust_store *store;
};

/* -------- lists -------- */

static int grow(void **v, size_t n, size_t size)
{
	void *grown;

	if (n >= TRUST_STORE_MAX)
		return -ENOSPC;
	if (n & (n - 1)) /* room up to the next power of two */
		return 0;
	grown = reallocarray(*v, n ? 2 * n : 1, size);
	if (!grown)
		return -ENOMEM;
	*v = grown;
	return 0;
}

static bool list_has(const struct cert_list *list, const struct certificate *cert)
{
	for (size_t i = 0; i < list->n; i++)
		if (certificate_equal(list->v[i], cert))
			return true;
	return false;
}

static void certs_cut(struct cert_list *list, size_t n)
{
	while (list->n > n)
		certificate_unref(list->v[--list->n]);
}

static void crls_cut(struct crl_list *list, size_t n)
{
	while (list->n > n)
		X509_CRL_free(list->v[--list->n]);
}

static struct trust_store *store_new(void)
{
	struct trust_store *store = calloc(1, sizeof(*store));

	if (!store)
		return NULL;
	store->refs = 1;
	store->anchors = X509_STORE_new();
	if (!store->anchors) {
		free(store);
		return NULL;
	}
	return store;
}

struct trust_store *trust_store_ref(struct trust_store *store)
{
	__atomic_add_fetch(&store->refs, 1, __ATOMIC_RELAXED);
	return store;
}

struct trust_store *trust_store_unref(struct trust_store *store)
{
	if (!store || __atomic_sub_fetch(&store->refs, 1, __ATOMIC_ACQ_REL))
		return NULL;
	for (size_t kind = 0; kind < N_KINDS; kind++) {
		certs_cut(&store->certs[kind], 0);
		free(store->certs[kind].v);
	}
	crls_cut(&store->crls, 0);
	free(store->crls.v);
	for (size_t i = 0; i < store->uris.n; i++) {
		certificate_unref(store->uris.v[i].ca);
		free(store->uris.v[i].uri);
	}
	free(store->uris.v);
	X509_STORE_free(store->anchors);
	free(store);
	return NULL;
}

/* -------- building -------- */

int trust_store_builder_new(struct trust_store_builder **ret_builder)
{
	struct trust_store_builder *builder = calloc(1, sizeof(*builder));

	if (builder)
		builder->store = store_new();
	if (!builder || !builder->store) {
		free(builder);
		return -ENOMEM;
	}
	*ret_builder = builder;
	return 0;
}

struct trust_store_builder *trust_store_builder_free(struct trust_store_builder *builder)
{
	if (!builder)
		return NULL;
	trust_store_unref(builder->store);
	free(builder);
	return NULL;
}

int trust_store_build(struct trust_store_builder *builder, struct trust_store **ret_store)
{
	struct cert_list *anchors = &builder->store->certs[TRUST_ANCHOR];
	struct trust_store *next = store_new();
	OPENSSL_SCOPE;

	/* What was added by a try that failed here isn't added twice. */
	for (size_t i = 0; i < anchors->n && next; i++)
		if (!X509_STORE_add_cert(builder->store->anchors, certificate_x509(anchors->v[i])))
			next = trust_store_unref(next);
	if (!next)
		return -ENOMEM;
	*ret_store = builder->store;
	builder->store = next;
	return 0;
}

int trust_store_add_certificate(struct trust_store_builder *builder, enum trust_kind kind,
				struct certificate *cert)
{
	struct cert_list *list = &builder->store->certs[kind];
	int err;

	if (kind == TRUST_ANCHOR && !certificate_is_ca(cert))
		return -EINVAL;
	if (list_has(list, cert))
		return 0;
	err = grow((void **)&list->v, list->n, sizeof(list->v[0]));
	if (err)
		return err;
	list->v[list->n++] = certificate_ref(cert);
	return 0;
}

/* What an error of adding means, for those who fix the file. */
static const char *why(int err)
{
	switch (err) {
	case -EBADMSG:
		return "not what it should hold: neither PEM nor DER of it, or damaged";
	case -EINVAL:
		return "a certificate in it is no CA (basicConstraints)";
	case -ENOSPC:
		return "too many";
	case -EMSGSIZE:
		return "too long";
	case -ENOTSUP:
		return "its key is of a kind that is not supported";
	case -ENOENT:
		return "nothing of the kind in it";
	}
	return strerror(-err);
}

struct adding {
	struct trust_store_builder *builder;
	enum trust_kind kind;
};

static int add_certificate_der(struct bytes der, void *data)
{
	struct adding *adding = data;
	struct certificate *cert;
	int err = certificate_parse(der, &cert);

	if (err)
		return err;
	err = trust_store_add_certificate(adding->builder, adding->kind, cert);
	certificate_unref(cert);
	return err;
}

int trust_store_add(struct trust_store_builder *builder, enum trust_kind kind, struct bytes data,
		    unsigned *ret_n, const char **ret_why)
{
	static const char *const labels[] = { "CERTIFICATE", "X509 CERTIFICATE", NULL };
	struct adding adding = { builder, kind };
	size_t before = builder->store->certs[kind].n;
	unsigned n = 0;
	int err;

	err = pem_or_der_for_each(data, labels, add_certificate_der, &adding, &n);
	if (err) {
		certs_cut(&builder->store->certs[kind], before);
		if (ret_why)
			*ret_why = why(err);
		return err == -ENOENT ? -EBADMSG : err;
	}
	if (ret_n)
		*ret_n = n;
	return 0;
}

static int add_crl_der(struct bytes der, void *data)
{
	struct trust_store_builder *builder = data;
	struct crl_list *list = &builder->store->crls;
	const unsigned char *pos = der.data;
	OPENSSL_SCOPE;
	X509_CRL *crl;
	int err;

	crl = d2i_X509_CRL(NULL, &pos, (long)der.len);
	if (!crl || pos != der.data + der.len) {
		X509_CRL_free(crl);
		return -EBADMSG;
	}
	for (size_t i = 0; i < list->n; i++)
		if (X509_CRL_match(list->v[i], crl) == 0) {
			X509_CRL_free(crl);
			return 0;
		}
	err = grow((void **)&list->v, list->n, sizeof(list->v[0]));
	if (err)
		X509_CRL_free(crl);
	else
		list->v[list->n++] = crl;
	return err;
}

int trust_store_add_crl(struct trust_store_builder *builder, struct bytes data, unsigned *ret_n,
			const char **ret_why)
{
	static const char *const labels[] = { "X509 CRL", NULL };
	size_t before = builder->store->crls.n;
	unsigned n = 0;
	int err = -EMSGSIZE;

	if (data.len <= TRUST_STORE_CRL_MAX)
		err = pem_or_der_for_each(data, labels, add_crl_der, builder, &n);
	if (err) {
		crls_cut(&builder->store->crls, before);
		if (ret_why)
			*ret_why = why(err);
		return err == -ENOENT ? -EBADMSG : err;
	}
	if (ret_n)
		*ret_n = n;
	return 0;
}

bool trust_store_uri_fits(const char *uri)
{
	return (strncasecmp(uri, "http://", 7) == 0 || strncasecmp(uri, "https://", 8) == 0) &&
	       strlen(uri) <= URI_MAX;
}

int trust_store_add_uri(struct trust_store_builder *builder, const struct certificate *ca,
			enum trust_uri kind, const char *uri)
{
	struct uri_list *list = &builder->store->uris;
	char *copy;
	int err;

	if (!trust_store_uri_fits(uri))
		return -EINVAL;
	err = grow((void **)&list->v, list->n, sizeof(list->v[0]));
	if (err)
		return err;
	copy = strdup(uri);
	if (!copy)
		return -ENOMEM;
	list->v[list->n++] =
		(struct trust_uri_entry){ certificate_ref((struct certificate *)ca), kind, copy };
	return 0;
}

/* -------- use -------- */

size_t trust_store_count(const struct trust_store *store, enum trust_kind kind)
{
	return store->certs[kind].n;
}

struct certificate *trust_store_get(const struct trust_store *store, enum trust_kind kind, size_t i)
{
	return store->certs[kind].v[i];
}

X509_STORE *trust_store_anchors(const struct trust_store *store)
{
	return store->anchors;
}

size_t trust_store_n_crls(const struct trust_store *store)
{
	return store->crls.n;
}

X509_CRL *trust_store_crl(const struct trust_store *store, size_t i)
{
	return store->crls.v[i];
}

struct certificate *trust_store_by_key_hash(const struct trust_store *store, struct bytes hash)
{
	static const enum trust_kind cas[] = { TRUST_ANCHOR, TRUST_INTERMEDIATE };

	for (size_t k = 0; k < ARRAY_SIZE(cas); k++) {
		const struct cert_list *list = &store->certs[cas[k]];

		for (size_t i = 0; i < list->n; i++)
			if (bytes_equal(certificate_key_hash(list->v[i]), hash))
				return list->v[i];
	}
	return NULL;
}

struct certificate *trust_store_by_subject(const struct trust_store *store, struct bytes subject,
					   size_t n)
{
	for (size_t kind = 0; kind < N_KINDS; kind++) {
		const struct cert_list *list = &store->certs[kind];

		for (size_t i = 0; i < list->n; i++)
			if (dn_equal(certificate_subject(list->v[i]), subject) && n-- == 0)
				return list->v[i];
	}
	return NULL;
}

struct certificate *trust_store_issuer(const struct trust_store *store,
				       const struct certificate *cert)
{
	static const enum trust_kind cas[] = { TRUST_ANCHOR, TRUST_INTERMEDIATE };
	OPENSSL_SCOPE;

	if (certificate_is_self_signed(cert))
		return NULL;
	for (size_t k = 0; k < ARRAY_SIZE(cas); k++) {
		const struct cert_list *list = &store->certs[cas[k]];

		for (size_t i = 0; i < list->n; i++)
			if (certificate_is_ca(list->v[i]) &&
			    X509_check_issued(certificate_x509(list->v[i]),
					      certificate_x509(cert)) == X509_V_OK &&
			    X509_verify(certificate_x509(cert),
					certificate_public_key(list->v[i])) == 1)
				return list->v[i];
	}
	return NULL;
}

bool trust_store_has(const struct trust_store *store, enum trust_kind kind,
		     const struct certificate *cert)
{
	return list_has(&store->certs[kind], cert);
}

const char *trust_store_uri(const struct trust_store *store, const struct certificate *ca,
			    enum trust_uri kind, size_t i)
{
	const struct uri_list *list = &store->uris;

	for (size_t j = 0; j < list->n; j++)
		if (list->v[j].kind == kind &&
		    dn_equal(certificate_subject(list->v[j].ca), certificate_subject(ca)) &&
		    bytes_equal(certificate_key_hash(list->v[j].ca), certificate_key_hash(ca)) &&
		    i-- == 0)
			return list->v[j].uri;
	return NULL;
}
