/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * IKE SAs that are made without a Child SA (RFC 6023).
 */
#include <stdint.h>

struct connection;
struct ike_core;
struct netaddr;

/* Begin one, unless an IKE SA of conn is up already. token: who is told how it went; 0. */
void childless_initiate(struct ike_core *core, const struct connection *conn,
			const struct netaddr *local, const struct netaddr *remote, uint64_t token);
