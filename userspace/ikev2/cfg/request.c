/* SPDX-License-Identifier: MIT */
#include "ikev2/cfg/cfg.h"

#include <stdlib.h>

struct cfg_request *cfg_request_new(enum cfg_request_type type, const struct connection *conn)
{
	struct cfg_request *req = calloc(1, sizeof(*req));

	if (!req)
		return NULL;
	req->type = type;
	req->conn = connection_ref(conn);
	writer_init_heap(&req->attrs, CFG_ATTRS_MAX);
	list_init(&req->link);
	return req;
}

struct cfg_request *cfg_request_free(struct cfg_request *req)
{
	if (!req)
		return NULL;
	connection_unref(req->conn);
	writer_fini(&req->attrs);
	free(req);
	return NULL;
}

bool cfg_request_has_address(const struct cfg_request *req)
{
	for (size_t i = 0; i < req->n_addrs; i++)
		if (netaddr_is_set(&req->addrs[i].addr))
			return true;
	return false;
}

bool cfg_request_lacks_address(const struct cfg_request *req)
{
	for (size_t i = 0; i < req->n_addrs; i++)
		if (!netaddr_is_set(&req->addrs[i].addr))
			return true;
	return false;
}
