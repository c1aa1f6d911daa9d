/* SPDX-License-Identifier: MIT */
#include "ikev2/codec/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void text_init(struct text *t, char *buf, size_t size)
{
	*t = (struct text){ .buf = buf, .size = size };
	buf[0] = '\0';
}

void text_add(struct text *t, const char *fmt, ...)
{
	va_list args;
	int n;

	if (t->cut)
		return;
	va_start(args, fmt);
	n = vsnprintf(t->buf + t->len, t->size - t->len, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= t->size - t->len) {
		t->cut = true;
		t->len = t->size - 1;
	} else {
		t->len += (size_t)n;
	}
}

const char *text_end(struct text *t)
{
	static const char dots[] = "...";

	if (t->cut && t->size >= sizeof(dots))
		memcpy(t->buf + t->size - sizeof(dots), dots, sizeof(dots));
	return t->buf;
}
