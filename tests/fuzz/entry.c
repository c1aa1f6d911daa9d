/* SPDX-License-Identifier: MIT */
/* What libFuzzer wants, for the one target that FUZZ names. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	return FUZZ(data, len);
}
