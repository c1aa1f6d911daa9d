/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Shared by the parts of the option tables.
 */
#include "pdk/conf/options.h"

#define CONF_EXPECTED_LEN 400

/* "a number from 1 to 10", for messages and for documentation. Returns buf of CONF_EXPECTED_LEN. */
char *conf_option_expected(const struct conf_option *option, char *buf);

/* Is this the option's name, or does the '*' in it make it so? */
bool conf_option_matches(const struct conf_option *option, const char *name);

/* Report a node that no option of the table takes, with the names that come near. */
void conf_option_report_unknown(const struct conf_option *options, const struct conf_node *node,
				struct conf_report *report);
