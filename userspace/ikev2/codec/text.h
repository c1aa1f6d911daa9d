/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A bounded line of text that is added to; inside this folder only.
 */
#include <stdbool.h>
#include <stddef.h>
#include "pdk/base/cleanup.h"

struct text {
	char *buf;
	size_t size, len;
	bool cut; /* something did not fit */
};

/* size is at least 1; the text is empty and terminated from here on. */
void text_init(struct text *t, char *buf, size_t size);
/* Once something did not fit, nothing more is added. */
void text_add(struct text *t, const char *fmt, ...) _printf_(2, 3);
/* The text; with "..." at its end when it was cut. */
const char *text_end(struct text *t);
