/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Stateless cookies against floods of IKE_SA_INIT from made-up addresses: RFC 7296 2.6.
 */
#include "ikev2/sa/core.h"

/* Version of the secret, then the hash over nonce, address and SPI of the initiator. */
#define COOKIE_LEN 9

/* The cookie that remote has to bring along; rotates the secret when it is time to. */
void cookie_make(struct ike_core *core, const struct netaddr *remote, uint64_t spi_i,
		 struct bytes nonce_i, uint8_t ret_cookie[COOKIE_LEN]);

/* It is one of ours for exactly this request, from the present secret or the one before. */
bool cookie_valid(struct ike_core *core, const struct netaddr *remote, uint64_t spi_i,
		  struct bytes nonce_i, struct bytes cookie);
