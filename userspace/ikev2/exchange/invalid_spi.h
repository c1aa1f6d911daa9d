/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * INVALID_SPI within an IKE SA (RFC 7296 1.5): one side tells the other that ESP comes in that no SA
 * takes.
 */
#include <stdint.h>
#include "ikev2/codec/payload.h"

struct ike_sa;

/*
 * ESP with this SPI came from where the peer of sa is, and the kernel has no SA for it. What is no
 * accident (see the source) is told to the peer. Nothing of the packet is authentic.
 */
void invalid_spi_seen(struct ike_sa *sa, uint32_t spi);

/*
 * The peer says so of ESP of ours: it has lost a Child SA. Asked to rekey it, it says so, and a new
 * one is made, or it has it after all: either way both have the same pair then.
 */
void invalid_spi_take(struct ike_sa *sa, const struct ike_notify *notify);
