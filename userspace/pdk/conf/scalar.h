/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Text to single values, for the option tables. The public ones stand in options.h.
 */
#include "pdk/conf/options.h"

/* Thousandths: "1.8" is 1800; at most three digits behind the point. -EINVAL. */
int conf_parse_decimal(const char *text, uint64_t *ret_thousandths);
/* With a suffix k, m or g: powers of 1024. -EINVAL. */
int conf_parse_size(const char *text, uint64_t *ret);
