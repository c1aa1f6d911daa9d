/* SPDX-License-Identifier: MIT */
#pragma once
/* The one line that says why: the first reason stays. */
#include "pdk/base/cleanup.h"

#define REASON_LEN 1024

struct reason {
	char text[REASON_LEN]; /* empty: none yet */
};

/* Sets the reason unless there is one; returns err, so that a check can end in it. */
int reason_set(struct reason *reason, int err, const char *fmt, ...) _printf_(3, 4);
/* Appends to it, "; " between. */
void reason_append(struct reason *reason, const char *fmt, ...) _printf_(2, 3);
