/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The table of algorithms for people: what --algorithms prints, and docs/algorithms.md is.
 */
#include <stdio.h>

/* In Markdown. It says what the program knows, not what this machine's OpenSSL and kernel have. */
void algorithm_page_print(FILE *out);
