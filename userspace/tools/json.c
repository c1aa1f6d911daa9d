/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "tools/postern.h"

/* Keys whose values are numbers, so that they come out as such; names of ours and of users are
 * always strings. */
static const char *const number_keys[] = {
	"uniqueid",    "version",    "local-port",     "remote-port", "encr-keysize",
	"established", "rekey-time", "reauth-time",    "worker",      "reqid",
	"bytes-in",    "packets-in", "use-in",         "bytes-out",   "packets-out",
	"use-out",     "life-time",  "install-time",   "local_port",  "remote_port",
	"dpd_delay",   "total",      "half-open",      "idle",        "connected",
	"outstanding", "level",      "ikesa-uniqueid", "size",      "online",
	"offline",
};

static const char *const flag_keys[] = {
	"initiator", "nat-local", "nat-remote", "nat-any", "encap", "esn", "success", "up", "more",
};

static bool listed(struct bytes key, const char *const *keys, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (vici_bytes_are(key, keys[i]))
			return true;
	return false;
}

static bool is_number(struct bytes value)
{
	if (value.len == 0 || value.len > 20 || (value.len > 1 && value.data[0] == '0'))
		return false;
	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] < '0' || value.data[i] > '9')
			return false;
	return true;
}

/* Octets of the UTF-8 sequence at the start of b (RFC 3629), 0: none. */
static size_t utf8_len(struct bytes b)
{
	uint8_t lead = b.data[0];
	uint8_t low = 0x80, high = 0xbf;
	size_t len;

	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		len = 2;
	else if (lead >= 0xe0 && lead <= 0xef)
		len = 3;
	else if (lead >= 0xf0 && lead <= 0xf4)
		len = 4;
	else
		return 0;
	if (lead == 0xe0)
		low = 0xa0; /* shorter forms, and the surrogates */
	else if (lead == 0xed)
		high = 0x9f;
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	if (b.len < len || b.data[1] < low || b.data[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((b.data[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

void json_string(struct bytes text)
{
	size_t len;

	putchar('"');
	for (size_t i = 0; i < text.len; i += len) {
		uint8_t c = text.data[i];

		len = utf8_len(BYTES(text.data + i, text.len - i));
		if (len == 0) {
			fputs("\\ufffd", stdout);
			len = 1;
		} else if (c == '"' || c == '\\') {
			printf("\\%c", c);
		} else if (c < 0x20 || c == 0x7f) {
			printf("\\u%04x", c);
		} else {
			fwrite(text.data + i, 1, len, stdout);
		}
	}
	putchar('"');
}

static void indent_line(unsigned indent)
{
	printf("\n%*s", (int)(2 * indent), "");
}

static void json_list(struct bytes content)
{
	const char *comma = "";
	struct bytes value;

	putchar('[');
	while (vici_next_item(&content, &value)) {
		fputs(comma, stdout);
		json_string(value);
		comma = ", ";
	}
	putchar(']');
}

static void json_value(struct bytes key, struct bytes value)
{
	if (listed(key, number_keys, ARRAY_SIZE(number_keys)) && is_number(value))
		fwrite(value.data, 1, value.len, stdout);
	else if (listed(key, flag_keys, ARRAY_SIZE(flag_keys)))
		fputs(vici_bytes_are(value, "yes") || vici_bytes_are(value, "1") ? "true" : "false",
		      stdout);
	else
		json_string(value);
}

static void json_members(struct bytes content, unsigned indent, const char *comma)
{
	struct vici_item item;

	while (vici_next(&content, &item)) {
		fputs(comma, stdout);
		comma = ",";
		indent_line(indent + 1);
		json_string(item.name);
		fputs(": ", stdout);
		if (item.type == VICI_SECTION_START)
			json_section(item.content, indent + 1);
		else if (item.type == VICI_LIST_START)
			json_list(item.content);
		else
			json_value(item.name, item.content);
	}
	if (comma[0])
		indent_line(indent);
	putchar('}');
}

void json_section(struct bytes content, unsigned indent)
{
	putchar('{');
	json_members(content, indent, "");
}

void json_named_section(struct bytes name, struct bytes content, unsigned indent)
{
	putchar('{');
	indent_line(indent + 1);
	fputs("\"name\": ", stdout);
	json_string(name);
	json_members(content, indent, ",");
}
