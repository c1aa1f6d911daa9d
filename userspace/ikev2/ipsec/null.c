/* SPDX-License-Identifier: MIT */
/*
 * The backend that installs nothing: for simulation, benchmarks and machines without IPsec. All it
 * is asked for succeeds, nothing is protected, and it says so.
 */
#include <errno.h>
#include <stdlib.h>

#include "ikev2/ipsec/request.h"
#include "pdk/log/log.h"

LOG_USE(ipsec);

static int null_open(struct loop *loop, const struct ipsec_events *events, struct ipsec **ret_ipsec)
{
	struct ipsec *ipsec = calloc(1, sizeof(*ipsec));

	if (!ipsec)
		return -ENOMEM;
	ipsec->ops = &ipsec_null_ops;
	log_warning(ipsec,
		    "null backend: NO SA AND NO POLICY IS INSTALLED, TRAFFIC IS NOT PROTECTED");
	*ret_ipsec = ipsec;
	return 0;
}

static void null_submit(struct ipsec *ipsec, struct ipsec_request *req)
{
	req->ipsec = ipsec;
	req->err = 0;
	req->error_text[0] = '\0';
	for (size_t i = 0; i < req->n_ops; i++) {
		struct ipsec_op *op = &req->ops[i];

		op->err = 0;
		op->usage = (struct ipsec_usage){ 0 };
	}
	ipsec_request_complete(req);
}

static int null_prepare_socket(struct ipsec *ipsec, int fd, int family, bool udp_encap)
{
	return 0;
}

static void null_close(struct ipsec *ipsec)
{
	free(ipsec);
}

static const char *null_features(struct ipsec *ipsec)
{
	return "none (installs nothing)";
}

const struct ipsec_ops ipsec_null_ops = {
	.name = "null",
	.open = null_open,
	.submit = null_submit,
	.prepare_socket = null_prepare_socket,
	.close = null_close,
	.features = null_features,
};
