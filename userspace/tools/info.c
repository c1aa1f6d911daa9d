/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>

#include "tools/postern.h"

/* postern version, stats, monitor */

static int show(struct postern *p, const char *command)
{
	struct bytes response;
	int rc = postern_call(p, command, NULL, NULL, &response);

	if (rc != POSTERN_OK)
		return rc;
	if (p->json) {
		json_section(response, 0);
		putchar('\n');
	} else {
		text_tree(response, 0);
	}
	return POSTERN_OK;
}

int cmd_version(struct postern *p)
{
	struct bytes r;
	int rc;

	if (p->json)
		return show(p, "version");
	rc = postern_call(p, "version", NULL, NULL, &r);
	if (rc != POSTERN_OK)
		return rc;
	text_value(r, "daemon", "?");
	putchar(' ');
	text_value(r, "version", "?");
	fputs(" (", stdout);
	text_value(r, "sysname", "?");
	putchar(' ');
	text_value(r, "release", "?");
	putchar(' ');
	text_value(r, "machine", "?");
	puts(")");
	return POSTERN_OK;
}

int cmd_stats(struct postern *p)
{
	return show(p, "stats");
}

/* -------- monitor -------- */

static void print_log_line(struct bytes message)
{
	text_value(message, "group", "?");
	fputs(": ", stdout);
	if (text_has(message, "object")) {
		text_value(message, "object", "");
		fputs(": ", stdout);
	}
	text_value(message, "msg", "");
	putchar('\n');
}

static void print_child_lines(struct bytes ike, bool up)
{
	struct bytes children;
	struct vici_item item;

	if (!vici_get(ike, VICI_SECTION_START, "child-sas", &children))
		return;
	while (vici_next(&children, &item)) {
		printf("child %s: ", up ? "up" : "down");
		text_print(item.name);
		fputs(", in ", stdout);
		text_value(item.content, "spi-in", "?");
		fputs(", out ", stdout);
		text_value(item.content, "spi-out", "?");
		fputs(", ", stdout);
		text_list(item.content, "local-ts");
		fputs(" - ", stdout);
		text_list(item.content, "remote-ts");
		putchar('\n');
	}
}

static void print_updown(struct bytes message, bool is_child)
{
	bool up = vici_get_bool(message, "up");
	struct vici_item item;

	while (vici_next(&message, &item)) {
		if (item.type != VICI_SECTION_START)
			continue;
		if (is_child) {
			print_child_lines(item.content, up);
			continue;
		}
		printf("ike %s: ", up ? "up" : "down");
		text_print(item.name);
		fputs(" #", stdout);
		text_value(item.content, "uniqueid", "?");
		fputs(", '", stdout);
		text_value(item.content, "remote-id", "?");
		fputs("' @ ", stdout);
		text_value(item.content, "remote-host", "?");
		putchar('\n');
	}
}

static int monitor_event(struct bytes name, struct bytes message, void *data)
{
	struct postern *p = data;

	if (p->json) {
		fputs("{\"event\": ", stdout);
		json_string(name);
		fputs(", \"data\": ", stdout);
		json_section(message, 0);
		puts("}");
	} else if (vici_bytes_are(name, "log")) {
		print_log_line(message);
	} else {
		print_updown(message, vici_bytes_are(name, "child-updown"));
	}
	/* Whoever reads us through a pipe wants it now, and when the pipe is gone we are done. */
	return fflush(stdout) ? POSTERN_FAILED : 0;
}

int cmd_monitor(struct postern *p)
{
	int err;

	err = vici_client_register(p->client, "ike-updown");
	if (!err)
		err = vici_client_register(p->client, "child-updown");
	if (!err && p->log)
		err = vici_client_register(p->client, "log");
	if (!err)
		err = vici_client_events(p->client, monitor_event, p);
	return err < 0 ? postern_error(p, err) : err;
}
