/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * How reading of what a peer sent ends. Every parser of this folder returns a verdict: 0, or one of
 * the positive values, and then says why in a struct ike_fault. No parser of this folder fails in
 * another way; those that use crypto may return -errno besides.
 */
#include <stddef.h>
#include <stdint.h>
#include "pdk/base/cleanup.h"

enum ike_verdict {
	IKE_OK = 0,
	/* Against the format: INVALID_SYNTAX when authenticated (2.21.3), else dropped. */
	IKE_MALFORMED,
	/* Not for us, or not known to be from the peer: dropped without an answer. */
	IKE_IGNORE,
	/* In good form as far as it was read, but more than our fixed limits hold. */
	IKE_TOO_MANY,
	/* Major version above 2: INVALID_MAJOR_VERSION (2.5). */
	IKE_UNSUPPORTED_VERSION,
	/* Critical payload of an unknown type: UNSUPPORTED_CRITICAL_PAYLOAD (2.5). */
	IKE_UNSUPPORTED_CRITICAL,
};

struct ike_fault {
	const char *reason;   /* static text, lower case, no full stop */
	size_t offset;        /* in bytes, into what the parser was given */
	uint8_t payload_type; /* with IKE_UNSUPPORTED_CRITICAL: the type to report */
};

/* "malformed", "ignore", ... */
const char *ike_verdict_name(enum ike_verdict verdict);

/* For parsers: note why, return the verdict. fault may be NULL. */
static inline int ike_fault_set(struct ike_fault *fault, enum ike_verdict verdict, size_t offset,
				const char *reason)
{
	if (fault)
		*fault = (struct ike_fault){ .reason = reason, .offset = offset };
	return verdict;
}
