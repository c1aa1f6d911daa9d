/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Random octets from the kernel (getrandom). Good for keys, nonces and SPIs. Any thread.
 */
#include <stddef.h>
#include <stdint.h>

/* Fill buf. There is no error: a process that gets no randomness ends here, with a message. */
void random_fill(void *buf, size_t len);

uint32_t random_u32(void);
uint64_t random_u64(void);
/* Uniform in 0 ... n - 1; n > 0. */
uint32_t random_below(uint32_t n);
