/* SPDX-License-Identifier: MIT */
#include "ikev2/cert/reason.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Parts of it come from certificates and servers: no control characters, whatever they hold. */
static void clean(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

int reason_set(struct reason *reason, int err, const char *fmt, ...)
{
	va_list args;

	if (reason->text[0])
		return err;
	va_start(args, fmt);
	vsnprintf(reason->text, sizeof(reason->text), fmt, args);
	va_end(args);
	clean(reason->text);
	return err;
}

void reason_append(struct reason *reason, const char *fmt, ...)
{
	size_t len = strlen(reason->text);
	va_list args;

	if (len && len + 3 < sizeof(reason->text)) {
		strcpy(reason->text + len, "; ");
		len += 2;
	}
	va_start(args, fmt);
	vsnprintf(reason->text + len, sizeof(reason->text) - len, fmt, args);
	va_end(args);
	clean(reason->text + len);
}
