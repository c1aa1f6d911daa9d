/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "tools/postern.h"

/* postern list-sas */

static void print_algs(struct bytes section, const char *prefix)
{
	static const char *const keys[] = { "integ-alg", "prf-alg", "dh-group" };

	fputs(prefix, stdout);
	text_value(section, "encr-alg", "?");
	if (text_has(section, "encr-keysize")) {
		putchar('-');
		text_value(section, "encr-keysize", "");
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (text_has(section, keys[i])) {
			putchar('/');
			text_value(section, keys[i], "");
		}
	}
}

static void print_end(struct bytes ike, const char *label, const char *id, const char *host,
		      const char *port, const char *vips)
{
	struct bytes list;

	printf("  %-6s '", label);
	text_value(ike, id, "%any");
	fputs("' @ ", stdout);
	text_value(ike, host, "?");
	putchar('[');
	text_value(ike, port, "?");
	putchar(']');
	if (vici_get(ike, VICI_LIST_START, vips, &list)) {
		fputs(" internal ", stdout);
		text_list(ike, vips);
	}
	putchar('\n');
}

static void print_traffic(struct bytes child, const char *label, const char *spi, const char *bytes,
			  const char *packets, const char *use)
{
	printf("    %-3s ", label);
	text_value(child, spi, "?");
	fputs(": ", stdout);
	text_value(child, bytes, "0");
	fputs(" bytes, ", stdout);
	text_value(child, packets, "0");
	fputs(" packets", stdout);
	if (text_has(child, use)) {
		fputs(", last ", stdout);
		text_age(child, use);
		fputs(" ago", stdout);
	}
	putchar('\n');
}

static void print_child(struct bytes name, struct bytes child)
{
	struct bytes value;

	fputs("  ", stdout);
	text_print(vici_get(child, VICI_KEY_VALUE, "name", &value) ? value : name);
	fputs(": #", stdout);
	text_value(child, "uniqueid", "?");
	putchar(' ');
	text_value(child, "state", "?");
	fputs(", reqid ", stdout);
	text_value(child, "reqid", "?");
	fputs(", ", stdout);
	text_value(child, "mode", "?");
	if (text_has(child, "encr-alg"))
		print_algs(child, ", ESP:");
	if (text_has(child, "esn"))
		fputs("/ESN", stdout);
	if (vici_get_bool(child, "encap"))
		fputs(" in UDP", stdout);
	putchar('\n');
	if (text_has(child, "install-time")) {
		fputs("    installed ", stdout);
		text_age(child, "install-time");
		fputs(" ago", stdout);
		if (text_has(child, "rekey-time")) {
			fputs(", rekeyed in ", stdout);
			text_age(child, "rekey-time");
		}
		putchar('\n');
	}
	print_traffic(child, "in", "spi-in", "bytes-in", "packets-in", "use-in");
	print_traffic(child, "out", "spi-out", "bytes-out", "packets-out", "use-out");
	fputs("    local  ", stdout);
	text_list(child, "local-ts");
	fputs("\n    remote ", stdout);
	text_list(child, "remote-ts");
	putchar('\n');
}

/* The side that began the IKE SA has the star. */
static void print_spis(struct bytes ike)
{
	bool initiator = vici_get_bool(ike, "initiator");

	text_value(ike, "initiator-spi", "?");
	fputs(initiator ? "_i* " : "_i ", stdout);
	text_value(ike, "responder-spi", "?");
	fputs(initiator ? "_r" : "_r*", stdout);
}

static void print_ike(struct bytes name, struct bytes ike)
{
	struct vici_item item;
	struct bytes children, dns;

	text_print(name);
	fputs(": #", stdout);
	text_value(ike, "uniqueid", "?");
	putchar(' ');
	text_value(ike, "state", "?");
	fputs(", IKEv", stdout);
	text_value(ike, "version", "?");
	fputs(", ", stdout);
	print_spis(ike);
	putchar('\n');
	print_end(ike, "local", "local-id", "local-host", "local-port", "local-vips");
	print_end(ike, "remote", "remote-id", "remote-host", "remote-port", "remote-vips");
	if (vici_get(ike, VICI_LIST_START, "dns", &dns)) {
		fputs("  dns    ", stdout);
		text_list(ike, "dns");
		putchar('\n');
	}
	if (text_has(ike, "encr-alg")) {
		print_algs(ike, "  ");
		fputs(", worker ", stdout);
		text_value(ike, "worker", "?");
		putchar('\n');
	}
	if (text_has(ike, "established")) {
		fputs("  established ", stdout);
		text_age(ike, "established");
		fputs(" ago", stdout);
		if (text_has(ike, "rekey-time")) {
			fputs(", rekeyed in ", stdout);
			text_age(ike, "rekey-time");
		}
		if (vici_get_bool(ike, "nat-any"))
			fputs(", NAT in between", stdout);
		putchar('\n');
	}
	if (vici_get(ike, VICI_SECTION_START, "child-sas", &children))
		while (vici_next(&children, &item))
			if (item.type == VICI_SECTION_START)
				print_child(item.name, item.content);
}

static int list_sa(struct postern *p, struct bytes name, struct bytes content, void *data)
{
	size_t *n = data;

	if (p->json) {
		fputs(*n > 0 ? ",\n  " : "\n  ", stdout);
		json_named_section(name, content, 1);
	} else {
		print_ike(name, content);
	}
	(*n)++;
	return 0;
}

int cmd_list_sas(struct postern *p)
{
	size_t n = 0;
	struct writer w;
	int rc;

	writer_init_heap(&w, VICI_PACKET_MAX);
	vici_put_str(&w, "ike", p->ike);
	vici_put_str(&w, "child", p->child);
	vici_put_str(&w, "ike-id", p->ike_id);
	vici_put_str(&w, "child-id", p->child_id);
	if (p->json)
		putchar('[');
	rc = postern_stream(p, "list-sas", "list-sa", &w, list_sa, &n);
	if (p->json)
		puts(n > 0 ? "\n]" : "]");
	writer_fini(&w);
	return rc;
}
