/* SPDX-License-Identifier: MIT */
#pragma once
/* What the tests of checks have in common: a store, a run, and who is asked to be freed at the end.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "ikev2/cert/cert_check.h"
#include "ikev2/codec/ikev2.h"
#include "pki.h"
#include "../../pdk/leaks.h"

static inline struct trust_store *store_with(enum trust_kind kind, const struct pki_cert *a,
					     const struct pki_cert *b)
{
	struct trust_store_builder *builder;
	struct trust_store *store = NULL;

	if (trust_store_builder_new(&builder) < 0)
		abort();
	if (trust_store_add(builder, kind, a->der, NULL, NULL) < 0 ||
	    (b && trust_store_add(builder, kind, b->der, NULL, NULL) < 0) ||
	    trust_store_build(builder, &store) < 0)
		abort();
	trust_store_builder_free(builder);
	return store;
}

/* A check of certificates in this order, NULL at the end. */
static inline struct cert_check *check_of(const struct cert_check_conf *conf, ...)
{
	const struct pki_cert *cert;
	struct cert_check *check;
	va_list args;

	if (cert_check_new(conf, &check) < 0)
		abort();
	va_start(args, conf);
	while ((cert = va_arg(args, const struct pki_cert *)))
		if (cert_check_add(check, CERT_CHECK_CERTIFICATE, cert->der) < 0)
			abort();
	va_end(args);
	return check;
}

static inline int run(struct cert_check *check)
{
	cert_check_run(&check->job);
	if (check->reason[0])
		printf("# %d: %s\n", check->verdict, check->reason);
	return check->verdict;
}
