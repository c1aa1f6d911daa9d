/* SPDX-License-Identifier: MIT */
#include "ikev2/ipsec/request.h"

#include <stdlib.h>
#include <string.h>

struct ipsec_request *ipsec_request_new(size_t n_ops)
{
	struct ipsec_request *req;
	size_t size;

	if (__builtin_mul_overflow(n_ops, sizeof(req->ops[0]), &size) ||
	    __builtin_add_overflow(size, sizeof(*req), &size))
		return NULL;
	req = calloc(1, size);
	if (req)
		req->n_ops = n_ops;
	return req;
}

struct ipsec_request *ipsec_request_free(struct ipsec_request *req)
{
	if (req) {
		explicit_bzero(req, sizeof(*req) + req->n_ops * sizeof(req->ops[0]));
		free(req);
	}
	return NULL;
}

static void deliver(struct mail *mail)
{
	struct ipsec_request *req = container_of(mail, struct ipsec_request, mail);

	req->done(req, req->data);
}

void ipsec_request_complete(struct ipsec_request *req)
{
	if (req->reply_to)
		mailbox_post(req->reply_to, &req->mail, deliver);
	else
		ipsec_request_free(req);
}
