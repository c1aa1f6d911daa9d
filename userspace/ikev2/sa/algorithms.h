/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * From the transforms of a chosen proposal (RFC 7296 3.3.2) to what pdk/crypto computes with.
 */
#include "pdk/crypto/aead.h"
#include "pdk/crypto/kex.h"
#include "pdk/crypto/prf.h"
#include "ikev2/codec/proposal.h"

/* What protects the messages of an IKE SA. -ENOTSUP: an algorithm that we don't have. */
int algorithms_of_ike(const struct proposal *p, struct crypto_suite *ret_suite,
		      enum crypto_prf *ret_prf);

/* The keys that the kernel needs for ESP: octets, the encryption key with its salt. -ENOTSUP. */
int algorithms_of_esp(const struct proposal *p, size_t *ret_encr_key_len,
		      size_t *ret_integ_key_len);

/* The key exchange of an IKE_KE_* number. -ENOTSUP. */
int algorithms_kex(uint16_t method, enum crypto_kex *ret_kex);
