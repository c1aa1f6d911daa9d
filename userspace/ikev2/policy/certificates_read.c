/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/certificates_read.h"

#include <errno.h>

#include "ikev2/cert/pem.h"

struct reading {
	struct certificate **certs;
	size_t max, n;
};

static int add(struct bytes der, void *data)
{
	struct reading *r = data;
	int err;

	if (r->n == r->max)
		return -E2BIG;
	err = certificate_parse(der, &r->certs[r->n]);
	r->n += err == 0;
	return err;
}

int certificates_read(struct bytes data, struct certificate **ret_certs, size_t max, size_t *ret_n)
{
	static const char *const labels[] = { "CERTIFICATE", "X509 CERTIFICATE", NULL };
	struct reading r = { ret_certs, max, 0 };
	unsigned n;
	int err = pem_or_der_for_each(data, labels, add, &r, &n);

	if (err == 0) {
		*ret_n = r.n;
		return 0;
	}
	while (r.n--)
		certificate_unref(ret_certs[r.n]);
	return err == -ENOENT ? -EBADMSG : err;
}
