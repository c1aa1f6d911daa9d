/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Takes everything with a reqid of ours out of the kernel: at start what a killed predecessor left,
 * at the end what is left of our own. Waits for the kernel.
 */
#include <stddef.h>
#include "ikev2/ipsec/xfrm_apply.h"

struct xfrm_swept {
	size_t sas, policies; /* removed */
};

/* 0 or -errno; what could be removed is removed either way. */
int xfrm_sweep(struct xfrm_kernel *k, struct xfrm_swept *ret_swept);
