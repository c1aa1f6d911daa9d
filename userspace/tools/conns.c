/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "tools/postern.h"

/* postern list-conns */

static void print_auth(struct bytes conn, const char *label, const char *section)
{
	struct bytes auth;

	if (!vici_get(conn, VICI_SECTION_START, section, &auth))
		return;
	printf("  %-6s '", label);
	text_value(auth, "id", "%any");
	fputs("' by ", stdout);
	text_value(auth, "class", "?");
	putchar('\n');
}

static void print_children(struct bytes conn)
{
	struct vici_item item;
	struct bytes children;

	if (!vici_get(conn, VICI_SECTION_START, "children", &children))
		return;
	while (vici_next(&children, &item)) {
		fputs("  ", stdout);
		text_print(item.name);
		fputs(": ", stdout);
		text_value(item.content, "mode", "?");
		fputs(", start ", stdout);
		text_value(item.content, "start_action", "none");
		fputs("\n    local  ", stdout);
		text_list(item.content, "local-ts");
		fputs("\n    remote ", stdout);
		text_list(item.content, "remote-ts");
		putchar('\n');
	}
}

static int list_conn(struct postern *p, struct bytes name, struct bytes conn, void *data)
{
	size_t *n = data;

	if (p->json) {
		fputs(*n > 0 ? ",\n  " : "\n  ", stdout);
		json_named_section(name, conn, 1);
		(*n)++;
		return 0;
	}
	(*n)++;
	text_print(name);
	fputs(": ", stdout);
	text_value(conn, "version", "?");
	fputs(", ", stdout);
	text_list(conn, "local_addrs");
	fputs(" - ", stdout);
	text_list(conn, "remote_addrs");
	putchar('\n');
	print_auth(conn, "local", "local-1");
	print_auth(conn, "remote", "remote-1");
	print_children(conn);
	return 0;
}

int cmd_list_conns(struct postern *p)
{
	size_t n = 0;
	struct writer w;
	int rc;

	writer_init_heap(&w, VICI_PACKET_MAX);
	vici_put_str(&w, "ike", p->ike);
	if (p->json)
		putchar('[');
	rc = postern_stream(p, "list-conns", "list-conn", &w, list_conn, &n);
	if (p->json)
		puts(n > 0 ? "\n]" : "]");
	writer_fini(&w);
	return rc;
}
