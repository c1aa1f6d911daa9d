/* SPDX-License-Identifier: MIT */
#pragma once
/* The one source of chance of a simulated peer; see sim_random.c. */
#include <stdint.h>

void sim_random_seed(uint64_t seed);
