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

/* "child rekeyed: net #1 -> #2, in ..., out ..." */
static void print_rekey(const char *what, struct bytes name, struct bytes section, bool is_child)
{
	struct bytes old, new;

	if (!vici_get(section, VICI_SECTION_START, "old", &old) ||
	    !vici_get(section, VICI_SECTION_START, "new", &new))
		return;
	printf("%s rekeyed: ", what);
	text_print(name);
	fputs(" #", stdout);
	text_value(old, "uniqueid", "?");
	fputs(" -> #", stdout);
	text_value(new, "uniqueid", "?");
	if (is_child) {
		fputs(", in ", stdout);
		text_value(new, "spi-in", "?");
		fputs(", out ", stdout);
		text_value(new, "spi-out", "?");
	}
	putchar('\n');
}

static void print_rekeys(struct bytes message, bool is_child)
{
	struct vici_item item, child;
	struct bytes children;

	while (vici_next(&message, &item)) {
		if (item.type != VICI_SECTION_START)
			continue;
		if (!is_child)
			print_rekey("ike", item.name, item.content, false);
		else if (vici_get(item.content, VICI_SECTION_START, "child-sas", &children))
			while (vici_next(&children, &child))
				print_rekey("child", child.name, child.content, true);
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
	} else if (vici_bytes_are(name, "ike-rekey") || vici_bytes_are(name, "child-rekey")) {
		print_rekeys(message, vici_bytes_are(name, "child-rekey"));
	} else {
		print_updown(message, vici_bytes_are(name, "child-updown"));
	}
	/* Whoever reads us through a pipe wants it now, and when the pipe is gone we are done. */
	return fflush(stdout) ? POSTERN_FAILED : 0;
}

int cmd_monitor(struct postern *p)
{
	static const char *const events[] = { "ike-updown", "child-updown", "ike-rekey",
					      "child-rekey" };
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_SIZE(events); i++)
		err = vici_client_register(p->client, events[i]);
	if (!err && p->log)
		err = vici_client_register(p->client, "log");
	if (!err)
		err = vici_client_events(p->client, monitor_event, p);
	return err < 0 ? postern_error(p, err) : err;
}
