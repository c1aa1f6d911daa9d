/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Shared by the parts of the option tables.
 */
#include "pdk/conf/options.h"

#define CONF_EXPECTED_LEN 400

/* "a number from 1 to 10", for messages and for documentation. Returns buf of CONF_EXPECTED_LEN. */
char *conf_option_expected(const struct conf_option *option, char *buf);
