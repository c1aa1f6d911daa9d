/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "tools/postern.h"

void text_print(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		putchar(text.data[i] < 0x20 || text.data[i] == 0x7f ? '?' : text.data[i]);
}

bool text_has(struct bytes section, const char *key)
{
	struct bytes value;

	return vici_get(section, VICI_KEY_VALUE, key, &value);
}

void text_value(struct bytes section, const char *key, const char *fallback)
{
	struct bytes value;

	text_print(vici_get(section, VICI_KEY_VALUE, key, &value) ? value : bytes_str(fallback));
}

void text_list(struct bytes section, const char *key)
{
	const char *gap = "";
	struct bytes list, value;

	if (!vici_get(section, VICI_LIST_START, key, &list))
		return;
	while (vici_next_item(&list, &value)) {
		fputs(gap, stdout);
		text_print(value);
		gap = " ";
	}
}

void text_age(struct bytes section, const char *key)
{
	int64_t s;

	if (!text_has(section, key) || vici_get_int(section, key, 0, &s)) {
		putchar('?');
		return;
	}
	if (s < 120)
		printf("%" PRId64 "s", s);
	else if (s < 2 * 3600)
		printf("%" PRId64 "m %" PRId64 "s", s / 60, s % 60);
	else if (s < 48 * 3600)
		printf("%" PRId64 "h %" PRId64 "m", s / 3600, s / 60 % 60);
	else
		printf("%" PRId64 "d %" PRId64 "h", s / 86400, s / 3600 % 24);
}

void text_tree(struct bytes section, unsigned indent)
{
	struct vici_item item;

	while (vici_next(&section, &item)) {
		printf("%*s", (int)(2 * indent), "");
		text_print(item.name);
		if (item.type == VICI_SECTION_START) {
			puts(":");
			text_tree(item.content, indent + 1);
			continue;
		}
		fputs(" = ", stdout);
		if (item.type == VICI_LIST_START) {
			const char *gap = "";
			struct bytes value;

			while (vici_next_item(&item.content, &value)) {
				fputs(gap, stdout);
				text_print(value);
				gap = ", ";
			}
		} else {
			text_print(item.content);
		}
		putchar('\n');
	}
}
