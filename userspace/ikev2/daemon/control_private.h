/* SPDX-License-Identifier: MIT */
#pragma once
/* What the files behind control.h share. */
#include "ikev2/vici/backend.h"

/* vici_backend.pool and .leases */
bool control_pool(void *ctx, const char *name, struct vici_pool *ret_pool);
void control_leases(void *ctx, const char *name, uint64_t skip, vici_lease_fn fn, void *data);

/* vici_backend.list_sas */
void control_list_sas(void *ctx, const struct vici_sa_filter *filter, uint64_t cursor,
		      struct vici_request *req);

/* control_token.c */
void control_load_token(void *ctx, const char *uri, const char *pin, struct vici_request *req);
