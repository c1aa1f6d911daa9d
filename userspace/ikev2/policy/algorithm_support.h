/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What of the table of algorithms OpenSSL has, as it is configured on this machine: its FIPS
 * provider, say, has neither ChaCha20 nor Brainpool curves.
 */
#include "ikev2/codec/algorithm.h"

/*
 * Can the daemon compute it where it has to: all in IKE, the key exchange in ESP? What the kernel
 * computes is the kernel's to refuse. OpenSSL is asked once, and what it lacks is logged then. True
 * as well when there is no memory to ask. Any thread.
 */
bool algorithm_supported(const struct algorithm *a, uint8_t protocol, uint16_t key_bits);
