/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A fuzz target is one function over bytes that nobody has looked at. libFuzzer calls it (entry.c),
 * and replay.c calls it with every file of its corpus in each run of the tests. What must hold of
 * the parser's result besides not crashing is said with FUZZ_CHECK.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "pdk/base/bytes.h"

#define FUZZ_CHECK(what)                                                                           \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #what);       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#define FUZZ_TARGETS(X)                                                                            \
	X(fragment)                                                                                \
	X(message)                                                                                 \
	X(sk)                                                                                      \
	X(sa)                                                                                      \
	X(ts)                                                                                      \
	X(payload)                                                                                 \
	X(conf)                                                                                    \
	X(vici)                                                                                    \
	X(dn)                                                                                      \
	X(certificate)                                                                             \
	X(crl)                                                                                     \
	X(ocsp)                                                                                    \
	X(signature)                                                                               \
	X(configuration)                                                                           \
	X(responder)

#define FUZZ_DECLARE(name) int fuzz_##name(const uint8_t *data, size_t len);
FUZZ_TARGETS(FUZZ_DECLARE)
